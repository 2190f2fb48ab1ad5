"""Whom a model is tested on: what it may know of each user, and what it should find."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt
import scipy.sparse as sp

from recommend.behaviour import Behaviour
from recommend.rank.memory import Memory, faded
from recommend.sparse import rows_of


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

    def some(self, rows: npt.NDArray[np.int64]) -> Units:
        """Only some of the units."""
        return Units(
            users=self.users[rows],
            behaviour=self.behaviour,
            relevant=self.relevant[rows].tocsr(),
            wanted=self.wanted[rows],
        )

    @cached_property
    def owned(self) -> sp.csr_array:
        """float64 CSR [u, products]: 1 for what each user has; it is not recommended again."""
        return self._rows(np.ones(self.behaviour.weight.nnz), self.behaviour.owned)

    @cached_property
    def _histories(self) -> dict[Memory, sp.csr_array]:
        return {}

    def histories(self, memory: Memory) -> sp.csr_array:
        """float64 CSR [u, products]: how much each product of a history counts."""
        known = self._histories.get(memory)
        if known is None:
            data = faded(self.behaviour.weight.data, self.behaviour.age, memory)
            known = self._histories[memory] = self._rows(data.astype(np.float64))
        return known

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


def has_entries(
    matrix: sp.csr_array, rows: npt.NDArray[np.integer], columns: npt.NDArray[np.integer]
) -> npt.NDArray[np.bool_]:
    """bool [m]: which (row, column) have an entry."""
    width = np.int64(matrix.shape[1])
    entries = rows_of(matrix) * width
    found: npt.NDArray[np.bool_] = np.isin(rows.astype(np.int64) * width + columns, entries + matrix.indices)
    return found
