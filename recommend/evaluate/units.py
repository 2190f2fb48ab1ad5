"""Whom a model is tested on: what it may know of each user, and what it should find."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt
import scipy.sparse as sp

from recommend.behaviour import Behaviour
from recommend.channels.base import Memory
from recommend.rank.additive import Additive, remembered
from recommend.rank.top import top
from recommend.stages import Progress

_CHUNK = 256


@dataclass(frozen=True, kw_only=True, eq=False)
class Units:
    """`users` int64 [u]: their numbers in `behaviour`, which is what the ranking may know (-1: an unknown
    user). `relevant` bool CSR [u, products]; `wanted` int64 [u] also counts relevant products that the
    graph does not have."""

    users: npt.NDArray[np.int64]
    behaviour: Behaviour
    relevant: sp.csr_array
    wanted: npt.NDArray[np.int64]

    @classmethod
    def of_hidden(
        cls, behaviour: Behaviour, hidden: sp.csr_array, users: npt.NDArray[np.int64] | None = None
    ) -> Units:
        """Test some users (default: all of whom something is hidden) on hidden bool CSR [all users,
        products]."""
        users = np.flatnonzero(np.diff(hidden.indptr)) if users is None else users
        relevant = hidden[users].tocsr()
        return cls(
            users=users,
            behaviour=behaviour,
            relevant=relevant,
            wanted=np.diff(relevant.indptr).astype(np.int64),
        )

    def __len__(self) -> int:
        return len(self.users)

    @cached_property
    def owned(self) -> sp.csr_array:
        """float64 CSR [u, products]: 1 for what each user has; it is not recommended again."""
        return self._rows(np.ones(self.behaviour.weight.nnz), self.behaviour.owned)

    @cached_property
    def histories(self) -> Mapping[Memory, sp.csr_array]:
        """float64 CSR [u, products] by memory: how much each product of a history counts."""
        weight = self.behaviour.weight
        found: dict[Memory, sp.csr_array] = {"all": self._rows(weight.data.astype(np.float64))}
        if not self.behaviour.has_times:
            found["recent"] = found["next"] = found["all"]
            return found
        memories: tuple[Memory, ...] = ("recent", "next")
        data = {memory: np.zeros(weight.nnz) for memory in memories}
        for user in np.unique(self.users[self.users >= 0]).tolist():
            row = self.behaviour.row(user)
            history = self.behaviour.history(user)
            # histories are in the order of time, the matrix in that of products
            order = np.argsort(history.products)
            for memory in memories:
                data[memory][row] = remembered(history, memory)[order]
        return {**found, **{memory: self._rows(data[memory]) for memory in memories}}

    def _rows(self, data: npt.NDArray[np.float64], keep: npt.NDArray[np.bool_] | None = None) -> sp.csr_array:
        """`data`, aligned with the behaviour's matrix, as rows of the units; nothing where not `keep`."""
        weight = self.behaviour.weight
        if len(self.users) == 0 or weight.shape[0] == 0:
            return sp.csr_array((len(self.users), weight.shape[1]), dtype=np.float64)
        kept = data if keep is None else np.where(keep, data, 0.0)
        whole = sp.csr_array((kept, weight.indices, weight.indptr), shape=weight.shape)
        rows = whole[np.maximum(self.users, 0)].tocsr()
        rows.data[np.repeat(self.users < 0, np.diff(rows.indptr))] = 0
        rows.eliminate_zeros()
        return rows


def rank(
    model: Additive,
    units: Units,
    *,
    k: int,
    listed: npt.NDArray[np.bool_],
    progress: Progress | None = None,
    stage: str = "rank",
) -> npt.NDArray[np.int64]:
    """int64 [u, k]: the best listed products of each unit as `Recommender.recommend` ranks them; -1: empty
    place.

    Scores are worked out for some users at a time, so memory does not grow with their number.
    """
    columns = np.flatnonzero(listed)
    merged = {memory: matrix.astype(np.float64)[:, columns] for memory, matrix in model.merged.items()}
    owned = units.owned[:, columns].tocsr()
    prior = model.prior[columns].astype(np.float64)
    by_prior = np.lexsort((np.arange(len(columns)), -prior))
    by_prior = by_prior[prior[by_prior] > 0]
    lists = np.full((len(units), k), -1, dtype=np.int64)
    for first in range(0, len(units), _CHUNK):
        if progress is not None:
            progress(stage, first, len(units))
        rows = slice(first, min(first + _CHUNK, len(units)))
        linked = sp.csr_array((rows.stop - first, len(columns)))
        for memory, matrix in merged.items():
            linked = linked + units.histories[memory][rows] @ matrix
        linked = linked.tocsr()
        for row in range(rows.stop - first):
            cells = slice(linked.indptr[row], linked.indptr[row + 1])
            known = owned.indices[owned.indptr[first + row] : owned.indptr[first + row + 1]]
            found = _best(linked.indices[cells], linked.data[cells], known, prior, by_prior, k)
            lists[first + row, : len(found)] = columns[found]
    if progress is not None:
        progress(stage, len(units), len(units))
    return lists


def _best(
    columns: npt.NDArray[np.int32],
    values: npt.NDArray[np.float64],
    known: npt.NDArray[np.int32],
    prior: npt.NDArray[np.float64],
    by_prior: npt.NDArray[np.int64],
    k: int,
) -> npt.NDArray[np.int64]:
    """int64 [<= k]: the best products of one unit. Of those that are not linked only the first k by the prior
    can be among them."""
    fresh = ~np.isin(columns, known)
    candidates, scores = columns[fresh].astype(np.int64), values[fresh] + prior[columns[fresh]]
    if len(by_prior):
        room = np.concatenate([columns, known])
        others = by_prior[: k + len(room)]
        others = others[~np.isin(others, room)][:k]
        candidates = np.concatenate([candidates, others])
        scores = np.concatenate([scores, prior[others]])
    order = np.argsort(candidates)
    single = scores[order].astype(np.float32)
    single[single <= 0] = -np.inf
    return candidates[order[top(single, k)]]
