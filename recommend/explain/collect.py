"""Taking scores apart: every channel's contribution as the paths behind it.

The paths of all products of a list are found together, in numbers; only those that are shown get their names.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt

from kg.errors import SettingsError
from kg.records import Product
from recommend.behaviour import History
from recommend.explain.explanation import Asked, Explanation
from recommend.explain.phrases import Phrasebook
from recommend.explain.telling import Teller
from recommend.explain.tracing import Pattern, Traced, Values, by_pattern, traced
from recommend.fitting import Fitted
from recommend.query import PreparedQuery
from recommend.rank.additive import Additive


@dataclass(frozen=True, kw_only=True)
class Scored:
    """One product, its score and what this is made of: `signals` and the `adjustment` of a learned ranking
    add up to it. `told` are sentences on the shop's own rules; `record` is the product as it was loaded."""

    product: int
    record: Product
    score: float
    signals: Mapping[str, float]
    adjustment: float = 0.0
    told: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True, eq=False)
class Evidence:
    """What scores were made of: a history, query channels, or both. `user` is whose history it is; `prefix`
    begins the names of the history's channels in the signals; `viewed` are products that the question says
    were only looked at."""

    asked: Asked
    additive: Additive | None = None
    history: History | None = None
    user: int | None = None
    prefix: str = ""
    query: PreparedQuery | None = None
    viewed: frozenset[str] = frozenset()


@dataclass(frozen=True, kw_only=True, eq=False)
class Candidates:
    """All paths to one product, the strongest first, as arrays of one length.

    `contribution` float64; `pattern`: paths of one pattern have one number; `source`: the place in the
    history, oldest first (-1: a search); `block` and `place`: the path is the `place`-th of that block.
    """

    contribution: Values
    pattern: npt.NDArray[np.int64]
    source: npt.NDArray[np.int64]
    block: npt.NDArray[np.int64]
    place: npt.NDArray[np.int64]
    blocks: Sequence[Traced]

    def __len__(self) -> int:
        return len(self.contribution)


Choose: TypeAlias = Callable[[Candidates, int], Sequence[int]]
"""Which of the paths are shown, and in which order; so many at most."""


def explain(
    fitted: Fitted,
    evidence: Evidence,
    scored: Sequence[Scored],
    *,
    paths: int,
    phrases: Phrasebook,
    choose: Choose | None = None,
) -> tuple[Explanation, ...]:
    """One explanation for each product. `choose` picks what is shown, `different` if it is None."""
    if paths < 1:
        raise SettingsError(f"paths={paths} must be at least 1")
    if not scored:
        return ()
    blocks = [*_history_blocks(fitted, evidence, scored), *_query_blocks(fitted, evidence, scored)]
    teller = Teller(fitted, evidence.user, evidence.history)
    told = []
    for one, candidates in zip(scored, _weighed(blocks, scored), strict=True):
        shown = []
        for at in (choose or different)(candidates, paths):
            block = blocks[candidates.block[at]]
            edges = block.edges(int(candidates.place[at]))
            contribution, source = float(candidates.contribution[at]), int(candidates.source[at])
            shown.append(teller.path(block.channel, contribution, edges, source))
        told.append(
            Explanation(
                product=one.record,
                score=one.score,
                signals=one.signals,
                paths=tuple(shown),
                path_count=len(candidates),
                explained=float(candidates.contribution.sum()),
                rests=_rests(one, {blocks[number].channel for number in set(candidates.block.tolist())}),
                adjustment=one.adjustment,
                told=one.told,
                reading=None if evidence.query is None else evidence.query.reading,
                asked=evidence.asked,
                viewed=evidence.viewed,
                phrases=phrases,
            )
        )
    return tuple(told)


def different(candidates: Candidates, most: int) -> list[int]:
    """The strongest path of each pattern, then the strongest of the rest; in the order of strength."""
    if len(candidates) == 0:
        return []
    firsts = np.full(int(candidates.pattern.max()) + 1, -1)
    firsts[candidates.pattern[::-1]] = np.arange(len(candidates))[::-1]  # the last that is written stays
    chosen = np.sort(firsts[firsts >= 0])[:most].tolist()
    taken = set(chosen)
    rest = (place for place in range(len(candidates)) if place not in taken)
    chosen += [place for place, _ in zip(rest, range(most - len(chosen)), strict=False)]
    return sorted(chosen)


def _history_blocks(fitted: Fitted, evidence: Evidence, scored: Sequence[Scored]) -> list[Traced]:
    history = evidence.history
    if evidence.additive is None or history is None or len(history.products) == 0:
        return []
    products = np.array([one.product for one in scored], dtype=np.int64)
    found = traced(fitted, evidence.additive.links, history, products)
    return [replace(block, channel=evidence.prefix + block.channel) for block in found]


def _query_blocks(fitted: Fitted, evidence: Evidence, scored: Sequence[Scored]) -> list[Traced]:
    """The paths of a search, a block for each product and pattern of a channel."""
    found: list[Traced] = []
    if evidence.query is None:
        return found
    for target, one in enumerate(scored):
        for _, channel in fitted.query_channels:
            if one.signals.get(channel.name):
                paths = channel.paths(fitted.graph, evidence.query, one.product)
                found += by_pattern(channel.name, [(-1, target, path.share, path) for path in paths])
    return found


def _weighed(blocks: Sequence[Traced], scored: Sequence[Scored]) -> list[Candidates]:
    """The paths to each product; each has its part of what its channel adds to the score."""
    lengths = [len(block.target) for block in blocks]
    block = np.repeat(np.arange(len(blocks)), lengths)
    target = _joined([one.target for one in blocks])
    strength = _joined([one.strength for one in blocks]).astype(np.float64)
    source, node = (_joined([getattr(one, name) for one in blocks]) for name in ("source", "node"))
    place = _joined([np.arange(length) for length in lengths])
    names = sorted({one.channel for one in blocks})
    ranks = {name: rank for rank, name in enumerate(names)}
    channel = np.array([ranks[one.channel] for one in blocks], dtype=np.int64)[block]
    numbers: dict[Pattern, int] = {}
    pattern = np.array([numbers.setdefault(one.pattern, len(numbers)) for one in blocks], dtype=np.int64)[
        block
    ]

    cell = target * len(names) + channel
    total = np.bincount(cell, weights=strength, minlength=len(scored) * len(names))
    added = np.array([[one.signals.get(name, 0.0) for name in names] for one in scored]).ravel()
    factor = np.divide(added, total, out=np.zeros(len(total)), where=total != 0)
    contribution = strength * factor[cell]

    order = np.lexsort((node, pattern, source, channel, -contribution, target))
    order = order[contribution[order] != 0]
    ends = np.searchsorted(target[order], np.arange(1, len(scored)))
    return [
        Candidates(
            contribution=contribution[mine],
            pattern=pattern[mine],
            source=source[mine],
            block=block[mine],
            place=place[mine],
            blocks=blocks,
        )
        for mine in np.split(order, ends)
    ]


def _joined(parts: list[npt.NDArray[Any]]) -> npt.NDArray[Any]:
    return np.concatenate(parts) if parts else np.empty(0, dtype=np.int64)


def _rests(one: Scored, explained: Collection[str]) -> dict[str, float]:
    """What adds to a score without a path, by name."""
    found = {name: value for name, value in one.signals.items() if value and name not in explained}
    return {**found, "adjustment": one.adjustment} if one.adjustment else found
