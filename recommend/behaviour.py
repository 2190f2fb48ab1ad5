"""What users did, as one matrix: who met which products, how seriously, and in which order."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
import numpy.typing as npt
import scipy.sparse as sp

from kg.graph import CARTED, CLICKED, PURCHASED, RATED, VIEWED, EdgeType, Graph
from recommend.sparse import csr, empty, rows_of

SERIOUSNESS: Mapping[str, float] = {PURCHASED: 1.0, RATED: 1.0, CARTED: 0.5, CLICKED: 0.2, VIEWED: 0.2}
"""How much an interaction of each kind says about taste, a purchase being 1."""

JUST_SEEN = 0.5
"""How much a product says that somebody looks at now: as much as one in a cart."""

OWNING = (PURCHASED, RATED)
"""Who bought or rated a product does not want it recommended again."""


@dataclass(frozen=True, kw_only=True, eq=False)
class Behaviour:
    """Users × products. `weight` float32 CSR: the most serious interaction of each pair.

    `moment` float64 [nnz], aligned with weight.data: the time (or position) of the last interaction
    of the pair, NaN where unknown. `owned` bool [nnz]: the user bought or rated the product.
    """

    weight: sp.csr_array
    moment: npt.NDArray[np.float64]
    owned: npt.NDArray[np.bool_]

    @classmethod
    def of(cls, graph: Graph) -> Behaviour:
        shape = (len(graph.nodes["user"]), graph.product_count)
        users, products, weights, moments, owned = [], [], [], [], []
        for name, seriousness in SERIOUSNESS.items():
            relation = graph.relations.get(EdgeType("user", name, "product"))
            if relation is None:
                continue
            users.append(relation.heads.astype(np.int64))
            products.append(relation.tails.astype(np.int64))
            weights.append(np.full(len(relation), seriousness, dtype=np.float32))
            moments.append(np.full(len(relation), np.nan) if relation.time is None else relation.time)
            owned.append(np.full(len(relation), name in OWNING))
        if not users:
            return cls(weight=empty(*shape), moment=np.empty(0), owned=np.empty(0, dtype=np.bool_))
        user, product = np.concatenate(users), np.concatenate(products)
        moment = np.concatenate(moments)
        order = np.lexsort((product, user))
        user, product, moment = user[order], product[order], moment[order]
        weight, own = np.concatenate(weights)[order], np.concatenate(owned)[order]
        first = np.ones(len(user), dtype=np.bool_)
        first[1:] = (user[1:] != user[:-1]) | (product[1:] != product[:-1])
        starts = np.flatnonzero(first)
        indptr = np.zeros(shape[0] + 1, dtype=np.int64)
        np.cumsum(np.bincount(user[starts], minlength=shape[0]), out=indptr[1:])
        matrix = csr(np.maximum.reduceat(weight, starts), product[starts].astype(np.int32), indptr, shape)
        return cls(
            weight=matrix,
            moment=np.fmax.reduceat(moment, starts),
            owned=np.logical_or.reduceat(own, starts),
        )

    @property
    def has_times(self) -> bool:
        return bool(np.isfinite(self.moment).any())

    @property
    def verb(self) -> str:
        """What the users did with the products, in one word: 'bought', or 'met' where some only looked."""
        return "bought" if self.owned.all() else "met"

    def only(self, mask: npt.NDArray[np.bool_]) -> Behaviour:
        """The pairs of users and products where mask (bool [nnz]) is True."""
        whole, at = self.weight, np.flatnonzero(mask)
        return Behaviour(
            weight=csr(whole.data[at], whole.indices[at], np.searchsorted(at, whole.indptr), whole.shape),
            moment=self.moment[at],
            owned=self.owned[at],
        )

    def row(self, user: int) -> slice:
        return slice(int(self.weight.indptr[user]), int(self.weight.indptr[user + 1]))

    @cached_property
    def popularity(self) -> npt.NDArray[np.float32]:
        """float32 [products]: total weight of the users who met each."""
        return np.asarray(self.weight.sum(axis=0), dtype=np.float32).ravel()

    @cached_property
    def unmet(self) -> npt.NDArray[np.bool_]:
        """bool [products]: nobody met them yet."""
        met = np.bincount(self.weight.indices, minlength=self.weight.shape[1])
        found: npt.NDArray[np.bool_] = met == 0
        return found

    @cached_property
    def _by_product(self) -> sp.csc_array:
        """The matrix by column; its data are positions in `weight.data`."""
        positions = sp.csr_array(
            (np.arange(self.weight.nnz, dtype=np.int64), self.weight.indices, self.weight.indptr),
            shape=self.weight.shape,
        )
        return positions.tocsc()

    @cached_property
    def age(self) -> npt.NDArray[np.int64]:
        """int64 [nnz], aligned with weight.data: how many of its user's moments are later (see
        `History.age`)."""
        users = rows_of(self.weight)
        known = np.where(np.isnan(self.moment), -np.inf, self.moment)
        order = np.lexsort((-known, users))
        user, moment = users[order], known[order]
        first = np.ones(len(user), dtype=np.bool_)
        first[1:] = user[1:] != user[:-1]
        steps = np.cumsum(np.concatenate([[False], moment[1:] != moment[:-1]]) & ~first)
        age = np.empty(len(user), dtype=np.int64)
        age[order] = steps - np.repeat(steps[first], np.diff(np.append(np.flatnonzero(first), len(user))))
        return age

    def users_of(self, product: int) -> npt.NDArray[np.int32]:
        """int32 [m]: the users who met a product, in ascending order."""
        columns = self._by_product
        users: npt.NDArray[np.int32] = columns.indices[columns.indptr[product] : columns.indptr[product + 1]]
        return users

    def moments_of(self, product: int) -> npt.NDArray[np.float64]:
        """float64 [m]: when each of `users_of` last met the product (NaN: unknown)."""
        columns = self._by_product
        found: npt.NDArray[np.float64] = self.moment[
            columns.data[columns.indptr[product] : columns.indptr[product + 1]]
        ]
        return found

    def history(self, user: int) -> History:
        """One user's products, oldest first (unknown moments before known ones)."""
        row = self.row(user)
        moment = self.moment[row]
        order = np.argsort(np.where(np.isnan(moment), -np.inf, moment), kind="stable")
        return History(
            products=self.weight.indices[row][order].astype(np.int64),
            weight=self.weight.data[row][order].astype(np.float32),
            moment=moment[order],
            owned=self.owned[row][order],
        )


@dataclass(frozen=True, kw_only=True, eq=False)
class History:
    """What one user met, oldest first: products int64 [m], weight float32 [m], moment float64 [m] (NaN:
    unknown), owned bool [m]."""

    products: npt.NDArray[np.int64]
    weight: npt.NDArray[np.float32]
    moment: npt.NDArray[np.float64]
    owned: npt.NDArray[np.bool_]

    @classmethod
    def of(cls, products: npt.NDArray[np.int64]) -> History:
        """A history given as products alone, oldest first; they count as owned."""
        m = len(products)
        return cls(
            products=products,
            weight=np.ones(m, dtype=np.float32),
            moment=np.arange(m, dtype=np.float64),
            owned=np.ones(m, dtype=np.bool_),
        )

    @classmethod
    def unordered(cls, products: npt.NDArray[np.int64]) -> History:
        """A history of products that are owned, none before another."""
        return replace(cls.of(products), moment=np.full(len(products), np.nan))

    @classmethod
    def seen(cls, products: npt.NDArray[np.int64]) -> History:
        """A history of products that were only looked at, oldest first."""
        found = cls.of(products)
        return replace(
            found,
            weight=np.full(len(products), JUST_SEEN, dtype=np.float32),
            owned=np.zeros(len(products), dtype=np.bool_),
        )

    def only(self, mask: npt.NDArray[np.bool_]) -> History:
        """The part of it where mask (bool [m]) is True."""
        return History(
            products=self.products[mask],
            weight=self.weight[mask],
            moment=self.moment[mask],
            owned=self.owned[mask],
        )

    def then(self, later: History) -> History:
        """This history followed by another; a product of both counts as met later, and stays owned."""
        kept, had = ~np.isin(self.products, later.products), self.products[self.owned]
        start = float(np.nanmax(self.moment, initial=0.0)) + 1.0 if np.isfinite(self.moment).any() else 0.0
        return History(
            products=np.concatenate([self.products[kept], later.products]),
            weight=np.concatenate([self.weight[kept], later.weight]),
            moment=np.concatenate([self.moment[kept], later.moment + start]),
            owned=np.concatenate([self.owned[kept], later.owned | np.isin(later.products, had)]),
        )

    @cached_property
    def age(self) -> npt.NDArray[np.int64]:
        """int64 [m]: 0 for the latest moment, 1 for the one before …; 0 for all without moments."""
        if not np.isfinite(self.moment).any():
            return np.zeros(len(self.products), dtype=np.int64)
        known = np.where(np.isnan(self.moment), -np.inf, self.moment)
        distinct = np.unique(known)
        return len(distinct) - 1 - np.searchsorted(distinct, known)
