"""What the weights of channels are learned from: products that users may want, and what each channel says."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import scipy.sparse as sp

from recommend.behaviour import Behaviour
from recommend.channels.base import Links, Prior
from recommend.rank.memory import remembered_rows
from recommend.sparse import clear, empty, keep_best, rows_of, stacked, values_at

MOST = 200
_USERS_AT_ONCE = 1_000


@dataclass(frozen=True, kw_only=True, eq=False)
class Candidates:
    """Each user's candidates, padded: features float32 [u, m, c], products int32 [u, m], relevant bool
    [u, m], valid bool [u, m], wanted int64 [u] (how many products were hidden, found among the candidates or
    not). `users` int64 [u] are the users' numbers.

    The last `priors` features are priors: what a product is worth whoever asks. `lost` counts the users who
    are left out, because nothing that was hidden from them is among their candidates.
    """

    names: tuple[str, ...]
    priors: int
    users: npt.NDArray[np.int64]
    features: npt.NDArray[np.float32]
    products: npt.NDArray[np.int32]
    relevant: npt.NDArray[np.bool_]
    valid: npt.NDArray[np.bool_]
    wanted: npt.NDArray[np.int64]
    lost: int = 0


def candidates(
    links: Sequence[Links],
    priors: Sequence[Prior],
    behaviour: Behaviour,
    hidden: sp.csr_array,
    users: npt.NDArray[np.int64],
    *,
    listed: npt.NDArray[np.bool_],
    most: int = MOST,
) -> Candidates:
    """Take the `most` best products of each user by the default weights, and what every channel says of
    them."""
    best = _best(links, behaviour, users, listed, most)
    n = np.int64(behaviour.weight.shape[1])
    truth = hidden[users].tocsr()
    found = np.isin(_keys(best, n), _keys(truth, n))
    useful = np.flatnonzero(np.bincount(rows_of(best), weights=found, minlength=len(users)))
    best, users = best[useful].tocsr(), users[useful]
    rows, keys = rows_of(best), _keys(best, n)
    slots = np.arange(best.nnz) - best.indptr[rows]
    shape = (len(users), int(np.diff(best.indptr).max(initial=1)))
    features = np.zeros((*shape, len(links) + len(priors)), dtype=np.float32)
    for c, one in enumerate(links):
        features[rows, slots, c] = said_at(one, behaviour, users, rows, best.indices)
    for c, given in enumerate(priors, start=len(links)):
        features[rows, slots, c] = given.values[best.indices]
    valid, relevant = np.zeros(shape, dtype=np.bool_), np.zeros(shape, dtype=np.bool_)
    valid[rows, slots] = True
    products = np.zeros(shape, dtype=np.int32)
    products[rows, slots] = best.indices
    relevant[rows, slots] = np.isin(keys, _keys(truth[useful].tocsr(), n))
    return Candidates(
        names=(*(one.name for one in links), *(one.name for one in priors)),
        priors=len(priors),
        users=users,
        features=features,
        products=products,
        relevant=relevant,
        valid=valid,
        wanted=np.diff(truth.indptr).astype(np.int64)[useful],
        lost=truth.shape[0] - len(useful),
    )


def said_at(
    links: Links,
    behaviour: Behaviour,
    users: npt.NDArray[np.int64],
    rows: npt.NDArray[np.integer],
    products: npt.NDArray[np.integer],
) -> npt.NDArray[np.float32]:
    """float32 [m]: what links say of some products to some users, whose places in `users` are `rows`,
    ascending."""
    found = np.empty(len(rows), dtype=np.float32)
    for start in range(0, len(users), _USERS_AT_ONCE):
        some = slice(*np.searchsorted(rows, [start, start + _USERS_AT_ONCE]))
        theirs = remembered_rows(behaviour, users[start : start + _USERS_AT_ONCE], links.memory)
        found[some] = values_at((theirs @ links.matrix).tocsr(), rows[some] - start, products[some])
    return found * np.float32(links.scale)


def _best(
    links: Sequence[Links],
    behaviour: Behaviour,
    users: npt.NDArray[np.int64],
    listed: npt.NDArray[np.bool_],
    most: int,
) -> sp.csr_array:
    """float32 [users, products]: the best candidates of each by the default weights, none that they own."""
    n = behaviour.weight.shape[1]
    if not links:
        return empty(len(users), n)
    worth = [np.float32(one.scale * max(one.defaults.get("history", 0.0), 0.02)) for one in links]
    owned = behaviour.only(behaviour.owned).weight  # what was only looked at may still be wanted
    blocks = []
    for start in range(0, len(users), _USERS_AT_ONCE):
        some = users[start : start + _USERS_AT_ONCE]
        met = np.unique(behaviour.weight[some].tocsr().indices)
        # one product of all channels side by side: to add up their links first takes longer
        histories = {
            memory: remembered_rows(behaviour, some, memory)[:, met]
            for memory in {one.memory for one in links}
        }
        said: Any = sp.hstack([histories[one.memory] * w for one, w in zip(links, worth, strict=True)])
        blend = (said.tocsr() @ sp.vstack([one.matrix[met] for one in links], format="csr")).tocsr()
        blend.data[~listed[blend.indices]] = 0
        clear(blend, owned[some].tocsr())
        blocks.append(keep_best(blend, most))
    return stacked(blocks, n)


def _keys(matrix: sp.csr_array, columns: np.int64) -> npt.NDArray[np.int64]:
    """int64 [nnz]: a number for each cell; ascending where the entries of rows are sorted."""
    return rows_of(matrix) * columns + matrix.indices
