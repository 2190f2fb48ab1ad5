"""How much of what is recommended can be explained by the graph, and how closely."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
import scipy.sparse as sp

from kg.graph import MADE_BY, EdgeType, Graph
from recommend.explain.explanation import ExplainedEdge, ExplainedPath
from recommend.measure.units import Units, has_entries
from recommend.query import Query
from recommend.recommender import Recommender
from recommend.stages import Progress

HOPS = 3
_CHUNK = 2_000
_ALL_PATHS = 1_000
DEFINITIONS = {
    "direct_edge": "share of recommended products with a stored edge, in either direction, to one the user "
    "bought",
    "direct_or_shared_brand": "that, or made by the same brand as a product that the user bought",
    "within_3_hops": "share of recommended products with an explanation path of at most 3 hops from the "
    "user, the purchase being the first; 'bought together' counts as its two stored hops, a vector neighbour "
    "as one",
    "stored_within_3_hops": "the same, paths over vector neighbours left out",
}


def direct_shares(graph: Graph, units: Units, lists: npt.NDArray[np.int64]) -> dict[str, float]:
    """`direct_edge` and `direct_or_shared_brand` over all recommended products of lists int64 [u, k]."""
    n = graph.product_count
    linked = sp.csr_array((n, n), dtype=np.int32)
    for edge_type, relation in graph.relations.items():
        if edge_type.head == edge_type.tail == "product":
            both = relation.matrix + relation.backward
            both.data = np.ones(both.nnz, dtype=np.float32)
            linked = linked + both.astype(np.int32)
    made_by = graph.relations.get(EdgeType("product", MADE_BY, "brand"))
    brands = None if made_by is None else made_by.matrix.astype(np.int32)
    total = direct = either = 0
    for first in range(0, len(units), _CHUNK):
        rows = slice(first, min(first + _CHUNK, len(units)))
        part = lists[rows]
        filled = part >= 0
        users, products = np.repeat(np.arange(len(part)), filled.sum(axis=1)), part[filled]
        owned = units.owned[rows].astype(np.int32)
        has_edge = has_entries((owned @ linked).tocsr(), users, products)
        shares_brand = np.zeros_like(has_edge)
        if brands is not None:
            bought = (owned @ brands).tocsr()
            shares_brand = np.asarray(bought[users].multiply(brands[products]).sum(axis=1)).ravel() > 0
        total += len(users)
        direct += int(has_edge.sum())
        either += int((has_edge | shares_brand).sum())
    if not total:
        return {"direct_edge": 0.0, "direct_or_shared_brand": 0.0}
    return {"direct_edge": round(direct / total, 6), "direct_or_shared_brand": round(either / total, 6)}


def path_shares(
    model: Recommender,
    units: Units,
    lists: npt.NDArray[np.int64],
    *,
    users: int,
    seed: int,
    progress: Progress | None = None,
) -> dict[str, float | int]:
    """`within_3_hops` and `stored_within_3_hops`, from the explanations of the lists of a sample of users."""
    known = np.flatnonzero(units.users >= 0)
    sample = np.sort(np.random.default_rng(seed).permutation(known)[:users])
    names, products = model.graph.nodes["user"], model.graph.nodes["product"]
    total = near = stored = 0
    for done, unit in enumerate(sample.tolist()):
        if progress is not None:
            progress("explain", done, len(sample))
        query = Query(user=names[int(units.users[unit])])
        for product in lists[unit][lists[unit] >= 0].tolist():
            explanation = model.explain(query, products[product], paths=_ALL_PATHS)
            short = [path for path in explanation.paths if hops(path) <= HOPS]
            total += 1
            near += bool(short)
            stored += any(not any(_similar(edge) for edge in path.edges) for path in short)
    found: dict[str, float | int] = {"explained_users": len(sample), "explained_products": total}
    for name, count in (("within_3_hops", near), ("stored_within_3_hops", stored)):
        found[name] = round(count / total, 6) if total else 0.0
    return found


def hops(path: ExplainedPath) -> int:
    """The length of a path from the user; behaviour that links two products is two hops, over its users."""
    return sum(2 if not edge.stored and edge.support_unit == "users" else 1 for edge in path.edges)


def _similar(edge: ExplainedEdge) -> bool:
    return not edge.stored and edge.support_unit != "users"


def measured(
    model: Recommender,
    units: Units,
    lists: npt.NDArray[np.int64],
    *,
    users: int,
    seed: int,
    progress: Progress | None = None,
) -> dict[str, Any]:
    """All path figures, with what they mean. `users` bounds how many users' lists are explained."""
    found: dict[str, Any] = dict(direct_shares(model.graph, units, lists))
    found.update(path_shares(model, units, lists, users=users, seed=seed, progress=progress))
    found["definitions"] = {name: text for name, text in DEFINITIONS.items() if name in found}
    return found
