"""Pairs of users and products: what was taken, and as much that was not, drawn by chance."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
import numpy.typing as npt

from kg.graph import USER_RELATIONS, Graph
from recommend.behaviour import Behaviour
from recommend.sparse import rows_of

Numbers: TypeAlias = npt.NDArray[np.int64]
Mask: TypeAlias = npt.NDArray[np.bool_]

SHARE = 0.2
"""The share of the pairs that choose, and of those that test."""


@dataclass(frozen=True, kw_only=True, eq=False)
class Pairs:
    """Users and products, int64 [m] each, and whether the user took the product."""

    users: Numbers
    products: Numbers
    taken: Mask

    def __len__(self) -> int:
        return len(self.users)

    def of(self, chosen: npt.NDArray[np.integer] | Mask) -> Pairs:
        return Pairs(users=self.users[chosen], products=self.products[chosen], taken=self.taken[chosen])

    def by_user(self) -> Iterator[tuple[int, Numbers]]:
        """(user, places of their pairs), user after user."""
        order = np.argsort(self.users, kind="stable")
        users, starts = np.unique(self.users[order], return_index=True)
        yield from zip(users.tolist(), np.split(order, starts[1:]), strict=True)

    def keys(self, products: int) -> Numbers:
        """int64 [m]: one number for each pair."""
        return self.users * products + self.products


@dataclass(frozen=True, kw_only=True, eq=False)
class Sides:
    """The pairs that teach, choose and test."""

    train: Pairs
    check: Pairs
    test: Pairs


def drawn(behaviour: Behaviour, listed: Mask, *, seed: int) -> Sides:
    """What each user took, as many listed products that they did not take, and a random split of all."""
    rng = np.random.default_rng(seed)
    weight, catalog = behaviour.weight, np.flatnonzero(listed)
    users = rows_of(weight)
    others, left = [], []
    for user in np.unique(users).tolist():
        mine = weight.indices[behaviour.row(user)]
        free = np.setdiff1d(catalog, mine)
        found = rng.choice(free, min(len(mine), len(free)), replace=False)
        others.append(np.full(len(found), user, dtype=np.int64))
        left.append(found.astype(np.int64))
    pairs = Pairs(
        users=np.concatenate([users, *others]),
        products=np.concatenate([weight.indices.astype(np.int64), *left]),
        taken=np.arange(len(users) + sum(len(one) for one in left)) < len(users),
    )
    order = rng.permutation(len(pairs))
    part = int(len(pairs) * SHARE)
    return Sides(
        test=pairs.of(order[:part]), check=pairs.of(order[part : 2 * part]), train=pairs.of(order[2 * part :])
    )


def of_listed(graph: Graph) -> Graph:
    """The graph without what users did with products that are only mentioned."""
    listed = graph.products.listed
    return graph.without(edges={t: ~listed[r.tails] for t, r in graph.relations.items() if _is_users(t.name)})


def without(graph: Graph, keys: Numbers) -> Graph:
    """The graph as if some pairs (see `Pairs.keys`) had never met."""
    n = graph.product_count
    return graph.without(
        edges={
            t: np.isin(r.heads.astype(np.int64) * n + r.tails, keys)
            for t, r in graph.relations.items()
            if _is_users(t.name)
        }
    )


def _is_users(relation: str) -> bool:
    return relation in USER_RELATIONS.values()
