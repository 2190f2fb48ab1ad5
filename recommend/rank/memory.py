"""How a history counts: what a user met long ago says less of what comes next."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import scipy.sparse as sp

from recommend.behaviour import Behaviour, History
from recommend.sparse import csr


@dataclass(frozen=True, kw_only=True)
class Memory:
    """A product counts `decay` times what the next later moment counts: 1 for all alike, near 0 for almost
    only the last. Moments without a time count as the oldest; without any time all count alike."""

    decay: float = 1.0

    def weights(self, age: npt.NDArray[np.int64]) -> npt.NDArray[np.float64]:
        """float64 [m]: how much counts what lies `age` moments before the latest."""
        return np.power(self.decay, age.astype(np.float64))

    def plain(self) -> dict[str, Any]:
        """JSON values; `Memory(**plain)` makes it again."""
        return {"decay": self.decay}


ALL = Memory()
"""Every product alike."""


def remembered(history: History, memory: Memory) -> npt.NDArray[np.float32]:
    """float32 [m]: how much each product of a history counts."""
    # the age of each is only worked out where it matters
    return history.weight if memory == ALL else faded(history.weight, history.age, memory)


def remembered_rows(behaviour: Behaviour, users: npt.NDArray[np.int64], memory: Memory) -> sp.csr_array:
    """float32 CSR [users, products]: the same for all that some users met, aligned with
    `behaviour.weight[users]`."""
    rows: sp.csr_array = behaviour.weight[users].tocsr()
    if memory == ALL:
        return rows
    starts = behaviour.weight.indptr[users] - rows.indptr[:-1]
    ages = behaviour.age[np.arange(rows.nnz) + np.repeat(starts, np.diff(rows.indptr))]
    return csr(faded(rows.data, ages, memory), rows.indices, rows.indptr, rows.shape)


def faded(
    weight: npt.NDArray[np.float32], age: npt.NDArray[np.int64], memory: Memory
) -> npt.NDArray[np.float32]:
    """float32 [m]: weights of products that lie `age` moments back."""
    return weight if memory == ALL else (weight * memory.weights(age)).astype(np.float32)
