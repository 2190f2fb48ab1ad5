"""Putting derived edges into a graph, where what is stated wins."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import numpy as np
import numpy.typing as npt

from kg.derive.edges import TYPED, Edges
from kg.graph import DERIVED_RELATIONS, EdgeType, Graph, Relation
from kg.records import NodeKind
from kg.texts import Vocabulary

Numbers = npt.NDArray[np.int64]


def unstated(
    graph: Graph, nodes: Mapping[NodeKind, Vocabulary], edges: Mapping[EdgeType, Edges]
) -> dict[EdgeType, Edges]:
    """The derived edges about which the graph states nothing: neither the edge, nor that it is none (weight
    0), nor another type of the product."""
    kept: dict[EdgeType, Edges] = {}
    for edge_type, some in edges.items():
        stated = graph.relations.get(edge_type)
        if stated is not None:
            ends = ((edge_type.head, some.heads), (edge_type.tail, some.tails))
            heads, tails = (
                graph.nodes[kind].numbers(nodes[kind])[number] if kind in nodes else number
                for kind, number in ends
            )
            known = (heads >= 0) & (tails >= 0)
            width = np.int64(stated.tail_count)
            told = np.isin(heads * width + tails, stated.heads * width + stated.tails) & known
            if edge_type == TYPED:
                told |= np.isin(heads, stated.heads[stated.weight > 0])
            some = some.keep(~told)
        if len(some):
            kept[edge_type] = some
    return kept


def added(graph: Graph, nodes: Mapping[NodeKind, Vocabulary], edges: Mapping[EdgeType, Edges]) -> Graph:
    """The graph with derived nodes and edges (see `Derived.added_to`)."""
    edges = unstated(graph, nodes, edges)
    merged: dict[NodeKind, Vocabulary] = dict(graph.nodes)
    stated_at: dict[NodeKind, Numbers] = {}
    derived_at: dict[NodeKind, Numbers] = {}
    for kind, more in nodes.items():
        merged[kind] = everything = Vocabulary.of(sorted({*graph.nodes[kind], *more}))
        stated_at[kind] = everything.numbers(graph.nodes[kind])
        derived_at[kind] = everything.numbers(more)
    relations = {t: _moved(relation, stated_at, merged) for t, relation in graph.relations.items()}
    for edge_type in edges.keys() | {t for t in relations if t.name in DERIVED_RELATIONS}:
        shape = len(merged[edge_type.head]), len(merged[edge_type.tail])
        found = _joined(edge_type, relations.get(edge_type), edges.get(edge_type), derived_at, shape)
        relations.pop(edge_type, None)
        if len(found):
            relations[edge_type] = found
    return replace(graph, nodes=merged, relations=dict(sorted(relations.items())))


def _moved(
    relation: Relation, places: Mapping[NodeKind, Numbers], nodes: Mapping[NodeKind, Vocabulary]
) -> Relation:
    """A stated relation by the new numbers. They grow with the old ones, so its edges stay in order."""
    heads, tails = places.get(relation.type.head), places.get(relation.type.tail)
    if heads is None and tails is None:
        return relation
    indptr = relation.indptr
    if heads is not None:
        counts = np.zeros(len(nodes[relation.type.head]), dtype=np.int64)
        counts[heads] = np.diff(indptr)
        indptr = np.concatenate(([0], np.cumsum(counts)))
    return replace(
        relation,
        indptr=indptr,
        tails=relation.tails if tails is None else tails[relation.tails].astype(np.int32),
        tail_count=len(nodes[relation.type.tail]),
    )


def _joined(
    edge_type: EdgeType,
    stated: Relation | None,
    derived: Edges | None,
    places: Mapping[NodeKind, Numbers],
    shape: tuple[int, int],
) -> Relation:
    """Stated and derived edges as one relation; stated ones of weight 0 have done their work."""
    heads: list[Numbers] = []
    tails: list[Numbers] = []
    weight: list[npt.NDArray[np.float32]] = []
    if stated is not None:
        true = stated.weight > 0
        heads.append(stated.heads[true].astype(np.int64))
        tails.append(stated.tails[true].astype(np.int64))
        weight.append(stated.weight[true])
    if derived is not None:
        head_at, tail_at = places.get(edge_type.head), places.get(edge_type.tail)
        heads.append(derived.heads if head_at is None else head_at[derived.heads])
        tails.append(derived.tails if tail_at is None else tail_at[derived.tails])
        weight.append(derived.weight)
    head, tail = np.concatenate(heads), np.concatenate(tails)
    order = np.lexsort((tail, head))
    indptr = np.zeros(shape[0] + 1, dtype=np.int64)
    np.cumsum(np.bincount(head, minlength=shape[0]), out=indptr[1:])
    return Relation(
        type=edge_type,
        indptr=indptr,
        tails=tail[order].astype(np.int32),
        weight=np.concatenate(weight)[order],
        tail_count=shape[1],
    )
