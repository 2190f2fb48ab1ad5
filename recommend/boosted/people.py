"""What users with similar histories met."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
import numpy.typing as npt
import scipy.sparse as sp

from kg.ragged import spans
from recommend.behaviour import Behaviour, History
from recommend.sparse import csr, rows_of

Values: TypeAlias = npt.NDArray[np.float32]
Numbers: TypeAlias = npt.NDArray[np.int64]

_NEAREST = 50


@dataclass(frozen=True, kw_only=True, eq=False)
class People:
    """`by_product` float32 CSR [products, users]: users as rows of length 1 where products that many met
    count less, turned; `by_user` float32 CSR [users, products]; `rarity` float32 [products]: how much each
    counts."""

    by_product: sp.csr_array
    by_user: sp.csr_array
    rarity: Values

    @classmethod
    def of(cls, behaviour: Behaviour) -> People:
        rarity = (1.0 / np.sqrt(np.log2(2.0 + behaviour.popularity))).astype(np.float32)
        weight = behaviour.weight
        data = weight.data * rarity[weight.indices]
        rows = rows_of(weight)
        size = np.sqrt(np.bincount(rows, weights=data.astype(np.float64) ** 2, minlength=weight.shape[0]))
        unit = csr((data / size[rows]).astype(np.float32), weight.indices, weight.indptr, weight.shape)
        return cls(by_product=unit.T.tocsr(), by_user=weight, rarity=rarity)

    def met(self, history: History, products: Numbers) -> tuple[Values | float, ...]:
        """(how much those with similar histories met each product, as a share of all of them, and the nearest
        alone). A user's own row adds nothing: products that they met already are no candidates."""
        past = history.products
        if not len(past):
            return 0.0, 0.0, 0.0
        starts = self.by_product.indptr[past].astype(np.int64)
        lengths = self.by_product.indptr[past + 1] - starts
        cells = spans(starts, lengths)
        counts = np.repeat(history.weight * self.rarity[past], lengths)
        users, where = np.unique(self.by_product.indices[cells], return_inverse=True)
        alike = np.bincount(where, weights=self.by_product.data[cells] * counts, minlength=len(users))
        near = (
            np.where(alike >= np.partition(alike, -_NEAREST)[-_NEAREST], alike, 0)
            if len(users) > _NEAREST
            else alike
        )
        begin = self.by_user.indptr[users].astype(np.int64)
        many = self.by_user.indptr[users + 1] - begin
        tails = self.by_user.indices[spans(begin, many)]
        n = self.by_user.shape[1]
        found = np.bincount(tails, weights=np.repeat(alike, many), minlength=n)[products]
        nearest = np.bincount(tails, weights=np.repeat(near, many), minlength=n)[products]
        return (
            found.astype(np.float32),
            (found / max(float(alike.sum()), 1e-9)).astype(np.float32),
            nearest.astype(np.float32),
        )
