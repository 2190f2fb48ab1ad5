"""The result of a search: the products that are counted by facets and put into another order.

Every product is a little like every query, so a list that is sorted by price needs an end: a lamp for 1 €
must not lead it for 'laptop'. The result holds the products whose score is at least `SHARE` of the score that
the best product of the shop has for this query, and never more than `MOST`. It does not depend on filters,
on a user's taste, on business rules or on how many products are shown: what filters leave of it is what
facets count.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from typing import TypeAlias

import numpy as np
import numpy.typing as npt

from recommend.channels.signals import DenseSignal
from recommend.rank.blend import Part, blend, roughly, summed
from recommend.rank.top import kth_best, top

Numbers = npt.NDArray[np.int64]
Scores = npt.NDArray[np.float32]
Mask = npt.NDArray[np.bool_]

Rank: TypeAlias = Callable[[int, Mask], tuple[Numbers, Scores]]
"""The k best of the allowed products (bool [n]): product numbers and their scores, best first."""

SHARE = 0.6
MOST = 10_000
_FIRST, _MORE = 500, 5
_ROUNDING = 1e-4


def relevant(parts: Sequence[Part], listed: Mask, *, share: float = SHARE, most: int = MOST) -> Mask:
    """bool [n]: the result of a search among the listed products.

    `parts` are what its text and picture say (a user's taste is left out). Where the signals that are known
    for every product decide, the others are only asked about those that can reach the share.
    """
    parts = [part for part in parts if part.inner is None]
    products, best = blend(parts, 1, listed)
    if len(products) == 0:
        return np.zeros(len(listed), dtype=np.bool_)
    least = np.float32(share) * best[0]
    if all(part.leads for part in parts) and (known := roughly(parts, len(listed))) is not None:
        return _among(*known, partial(summed, parts), listed, least, most)
    others = sum(part.weight for part in parts if not isinstance(part.signal, DenseSignal))
    if least <= others + _ROUNDING:
        return _ranked(partial(blend, parts), listed, share=share, most=most)
    whole = [(part.signal, part.weight) for part in parts if isinstance(part.signal, DenseSignal)]
    total = DenseSignal.summed(whole).all
    able = np.flatnonzero(listed & (total >= least - others - _ROUNDING))
    scores = summed(parts, able)
    found = np.zeros(len(listed), dtype=np.bool_)
    enough = np.where(scores >= least, scores, -np.inf).astype(np.float32)
    found[able[top(enough, most)]] = True
    return found


def _among(
    total: Scores,
    error: float,
    scores: Callable[[Numbers], Scores],
    listed: Mask,
    least: np.float32,
    most: int,
) -> Mask:
    """The same where scores are roughly known: `total` float32 [n], off by no more than `error`. Those that
    this leaves open are worked out."""
    total[~listed] = -np.inf
    low, high = least - error, least + error
    if np.count_nonzero(total >= low) > most:  # those at the end of the result have to be told apart
        last = kth_best(total, most)
        low, high = max(low, last - 2 * error), max(high, last + 2 * error)
    found = total > high
    unsure = np.flatnonzero((total >= low) & ~found)
    exact = scores(unsure)
    enough = np.where((exact >= least) & (exact > 0), exact, -np.inf).astype(np.float32)
    found[unsure[top(enough, most - int(np.count_nonzero(found)))]] = True
    return found


def _ranked(rank: Rank, listed: Mask, *, share: float, most: int) -> Mask:
    """The same from a ranking, asked deeper and deeper."""
    wanted = min(_FIRST, most)
    while True:
        products, scores = rank(wanted, listed)
        least = np.float32(share) * scores[0] if len(scores) else np.float32(0)
        if len(products) < wanted or wanted >= most or scores[-1] < least:
            break
        wanted = min(most, wanted * _MORE)
    found = np.zeros(len(listed), dtype=np.bool_)
    found[products[scores >= least]] = True
    return found
