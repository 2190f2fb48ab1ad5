"""A graph with something taken away: all that is known of products, one relation, or only its meaning."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace

import numpy as np

from kg.attribute_table import AttributeTable
from kg.graph import FOUND, USER_RELATIONS, Graph, Relation
from kg.product_table import ProductTable
from recommend.settings import Settings

_BEHAVIOUR = frozenset({FOUND, *USER_RELATIONS.values()})


def product_relations(graph: Graph) -> tuple[str, ...]:
    """The names of the relations that say something of products, and are no behaviour."""
    found = {one.name for one in graph.relations if "product" in (one.head, one.tail)}
    return tuple(sorted(found - _BEHAVIOUR))


def behaviour_only(graph: Graph) -> Graph:
    """The graph as if products were numbers: what users did is left, and which products there are."""
    bare = ProductTable.of(graph.products.id, [None] * graph.product_count)
    table = replace(
        bare, listed=graph.products.listed, attributes=AttributeTable.of([None] * graph.product_count)
    )
    left = graph.without(relations=[one.name for one in graph.relations if one.name not in _BEHAVIOUR])
    return replace(left, products=table)


def without_vectors(settings: Settings) -> Settings:
    """The settings of a build that has nothing but behaviour to learn from."""
    return replace(settings, text=False, image=False, kge=False, gnn=False, fusion=None)


def shuffled(graph: Graph, relations: Collection[str], *, seed: int) -> Graph:
    """The graph with the tails of some relations permuted: as many edges for every node, between others."""
    rng = np.random.default_rng(seed)
    changed = {}
    for edge_type, relation in sorted(graph.relations.items()):
        wanted = edge_type.name in relations and "product" in (edge_type.head, edge_type.tail)
        changed[edge_type] = _permuted(relation, rng) if wanted else relation
    return replace(graph, relations=changed)


def _permuted(relation: Relation, rng: np.random.Generator) -> Relation:
    tails = relation.tails[rng.permutation(len(relation))]
    order = np.lexsort((tails, relation.heads))  # rows stay sorted, and weights with their heads
    return Relation(
        type=relation.type,
        indptr=relation.indptr,
        tails=tails[order],
        weight=relation.weight[order],
        tail_count=relation.tail_count,
    )
