"""Hiding a part of what users did, so that a model can be tested on what it never saw."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt
import scipy.sparse as sp

from kg.errors import SettingsError
from kg.graph import FOUND, PURCHASED, RATED, USER_RELATIONS, EdgeType, Graph, Relation
from kg.texts import Vocabulary


@dataclass(frozen=True, kw_only=True, eq=False)
class HoldOut:
    """`graph` without the hidden interactions, and `hidden` (bool CSR [users, products]) with them."""

    graph: Graph
    hidden: sp.csr_array

    @property
    def users(self) -> npt.NDArray[np.int64]:
        """int64 [m]: the users of whom something is hidden."""
        return np.flatnonzero(np.diff(self.hidden.indptr))

    def only(self, users: npt.NDArray[np.integer]) -> HoldOut:
        """The same graph, and what is hidden of some users."""
        wanted = np.zeros(self.hidden.shape[0], dtype=np.bool_)
        wanted[users] = True
        counts = np.diff(self.hidden.indptr)
        kept = self.hidden.indices[np.repeat(wanted, counts)]
        indptr = np.concatenate([[0], np.cumsum(np.where(wanted, counts, 0))])
        data = np.ones(len(kept), dtype=np.bool_)
        return replace(self, hidden=sp.csr_array((data, kept, indptr), shape=self.hidden.shape))


def hold_out(
    graph: Graph,
    *,
    share: float = 0.25,
    seed: int = 0,
    users: npt.NDArray[np.integer] | None = None,
    relations: Collection[str] = (PURCHASED, RATED),
    only_last: bool = False,
) -> HoldOut:
    """Hide `share` of each user's products (at least one, never all): the latest where times are known,
    else random ones. What a user did later than the first of them is left out, too: it would tell of them.

    `only_last` hides of users with several moments the products of the last one instead: what came next.
    `relations` says which interactions can be hidden; where a graph has none of them, all kinds can. A
    hidden pair of user and product loses every interaction, and since queries and products are linked by
    the same log, those links go too. `users` limits the hiding to some (default: everybody).
    """
    if not 0 < share < 1:
        raise SettingsError(f"share={share} must lie between 0 and 1")
    found = [EdgeType("user", name, "product") for name in USER_RELATIONS.values()]
    found = [t for t in found if t in graph.relations]
    chosen = [t for t in found if t.name in relations] or found
    shape = (len(graph.nodes["user"]), graph.product_count)
    if not chosen:
        return HoldOut(graph=graph, hidden=sp.csr_array(shape, dtype=np.bool_))
    heads = np.concatenate([graph.relations[t].heads for t in chosen]).astype(np.int64)
    tails = np.concatenate([graph.relations[t].tails for t in chosen]).astype(np.int64)
    moments = np.concatenate([_times(graph, t) for t in chosen])
    keys, inverse = np.unique(heads * shape[1] + tails, return_inverse=True)
    latest = np.full(len(keys), -np.inf)
    np.maximum.at(latest, inverse, np.where(np.isnan(moments), -np.inf, moments))
    pair_users = keys // shape[1]
    random = np.random.default_rng(seed).permutation(len(keys))
    order = np.lexsort((random, -latest, pair_users))
    counts = np.bincount(pair_users, minlength=shape[0])
    starts = np.concatenate([[0], np.cumsum(counts)[:-1]])
    rank = np.arange(len(keys)) - starts[pair_users[order]]
    quota = np.where(counts >= 2, np.maximum(1, (counts * share).astype(np.int64)), 0)
    if only_last:
        newest = np.full(shape[0], -np.inf)
        np.maximum.at(newest, pair_users, latest)
        last = np.bincount(pair_users[latest == newest[pair_users]], minlength=shape[0])
        quota = np.where(np.isfinite(newest) & (last < counts), last, quota)
    if users is not None:
        wanted = np.zeros(shape[0], dtype=np.bool_)
        wanted[users] = True
        quota = np.where(wanted, quota, 0)
    chosen_pairs = order[rank < quota[pair_users[order]]]
    hidden_keys = np.sort(keys[chosen_pairs])
    first = np.full(shape[0], np.inf)
    known = chosen_pairs[np.isfinite(latest[chosen_pairs])]
    np.minimum.at(first, pair_users[known], latest[known])
    masks = {
        t: np.isin(
            graph.relations[t].heads.astype(np.int64) * shape[1] + graph.relations[t].tails, hidden_keys
        )
        | (_times(graph, t) > first[graph.relations[t].heads])
        for t in found
    }
    hidden = sp.csr_array(
        (np.ones(len(hidden_keys), dtype=np.bool_), (hidden_keys // shape[1], hidden_keys % shape[1])),
        shape=shape,
    )
    return HoldOut(graph=graph.without(edges=masks, relations=(FOUND,)), hidden=hidden)


def _times(graph: Graph, edge_type: EdgeType) -> npt.NDArray[np.float64]:
    relation = graph.relations[edge_type]
    return np.full(len(relation), np.nan) if relation.time is None else relation.time


def without_behaviour(graph: Graph, products: npt.NDArray[np.bool_]) -> Graph:
    """The graph as if nobody had ever met some products (bool [n]), or found them by a query."""
    types = [EdgeType("user", name, "product") for name in USER_RELATIONS.values()]
    types.append(EdgeType("query", FOUND, "product"))
    masks = {one: products[graph.relations[one].tails] for one in types if one in graph.relations}
    return graph.without(edges=masks)


def before_products(graph: Graph, gone: npt.NDArray[np.bool_]) -> Graph:
    """The graph as it was before some products (bool [n]) came: they have no number, others move up."""
    left = np.flatnonzero(~gone)
    number = np.cumsum(~gone) - 1
    relations: dict[EdgeType, Relation] = {}
    for edge_type, whole in graph.relations.items():
        keep = np.ones(len(whole), dtype=np.bool_)
        if edge_type.head == "product":
            keep &= ~gone[whole.heads]
        if edge_type.tail == "product":
            keep &= ~gone[whole.tails]
        one = whole.keep(keep)
        if edge_type.head == "product":
            one = replace(one, indptr=np.append(one.indptr[:-1][left], one.indptr[-1]))
        if edge_type.tail == "product":
            one = replace(one, tails=number[one.tails].astype(np.int32), tail_count=len(left))
        relations[edge_type] = one
    table = graph.products.merged(graph.products, left)
    return replace(
        graph, nodes={**graph.nodes, "product": Vocabulary(table.id)}, relations=relations, products=table
    )
