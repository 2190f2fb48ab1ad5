"""Weights for products that nobody met yet, learned in a build on some products that play such.

Some of them are linked to other products by relations, such as also_viewed; what arrives with a feed is known
by its brand, categories and attributes alone. A missing relation says nothing against a product, but weights
that were learned with relations leave little to all else. So the lesson is given twice, the second time
without them, and a product has the weights that were learned with as much as is known of it.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from kg.graph import CATALOG_RELATIONS, USER_RELATIONS, EdgeType, Graph
from kg.split import without_behaviour
from recommend.channels import FitContext, Links, Task
from recommend.channels.base import fit_newcomer_links
from recommend.channels.neighbours import channels_of_spaces, neighbours
from recommend.history_lessons import Taught, told_by_log
from recommend.index.vector_index import SpaceIndex
from recommend.rank.newcomers import Lesson, Mask, Welcome, without_products

if TYPE_CHECKING:
    from recommend.vector_stages import Made

KNOWING = ("kge", "fused")
"""The spaces whose vectors know what was done with a product, and cannot be had without."""
_MADE_AGAIN = "gnn"
"""Its network was taught by nothing that was done with the products that play new (`learn_graph`), so that
their vectors are those of new products, once these edges are left out."""


def welcome(
    taught: Taught, new: Mask, unseen: Graph, context: FitContext, made: Made
) -> Iterator[tuple[Task, Welcome]]:
    """The weights of links to products that nobody met, and where products are linked by relations also those
    for strangers, that no relation links to any: nothing where there is too little to learn from.

    `new` bool [n] are the products that play new, then also strangers; `unseen` is the graph that the vectors
    of `made` know, `context` that of the first fold. Channels of vectors that know what was done with such
    products teach nothing; they keep their usual weight, times the factor.
    """
    fold, usual = taught.first, taught.weights
    left = replace(context, behaviour=without_products(fold.behaviour, new))
    told = [one for one in taught.blind if "history" in one.defaults]
    spaces = channels_of_spaces(told)
    knowing = {name for space in KNOWING for name in spaces.get(space, ())}
    again = {name: one for one in told for name in spaces.get(_MADE_AGAIN, ()) if one.name == name}
    behavioural = told_by_log(told)
    links = [one for one in told if one.name not in {*knowing, *again, *behavioural}]
    links += fit_newcomer_links(left)
    graph = without_behaviour(unseen, new)
    lesson = Lesson(
        behaviour=fold.behaviour,
        hidden=fold.hidden,
        new=new,
        told=told,
        usual=usual,
        listed=context.graph.products.listed,
        seed=context.seed,
    )

    def learned(some: Sequence[Links], beside: Welcome | None = None) -> Welcome | None:
        found = lesson.learned(some, beside)
        if found is None:
            return None
        kept = {name: usual.get(name, 0.0) * found.factor for name in knowing - found.weights.keys()}
        return replace(found, weights={**kept, **found.weights})

    first = learned([*links, *_made_again(again, graph, left, made)])
    if first is None:
        return
    yield "newcomer", first
    bare = [one for one in links if not one.trace.of_relations]
    if len(bare) < len(links):
        vectors = _made_again(again, first_day(graph, new), left, made)
        strange = learned([*bare, *vectors], first)
        if strange is not None:
            yield "stranger", strange


def linked(graph: Graph) -> Mask:
    """bool [n]: the products that a relation links to another product."""
    found = np.zeros(graph.product_count, dtype=np.bool_)
    for edge_type, relation in graph.relations.items():
        if edge_type.head == "product" == edge_type.tail:
            apart = relation.heads != relation.tails
            found[relation.heads[apart]] = True
            found[relation.tails[apart]] = True
    return found


def first_day(graph: Graph, new: Mask) -> Graph:
    """The graph with nothing between products where one of the two is new (bool [n])."""
    kept = CATALOG_RELATIONS | set(USER_RELATIONS.values())
    gone: dict[EdgeType, Mask] = {}
    for edge_type, relation in graph.relations.items():
        if edge_type.name in kept:
            continue
        mask = np.zeros(len(relation), dtype=np.bool_)
        if edge_type.head == "product":
            mask |= new[relation.heads]
        if edge_type.tail == "product":
            mask |= new[relation.tails]
        gone[edge_type] = mask
    return graph.without(edges=gone)


def _made_again(again: dict[str, Links], graph: Graph, context: FitContext, made: Made) -> Iterator[Links]:
    """The channels of the space that can be made again, of vectors that know `graph` and no more; in the size
    of those that will serve, for which the weights are meant."""
    if not again:
        return
    vectors = made.models[_MADE_AGAIN].extend(graph, tuple(graph.products.id))
    index = SpaceIndex.of(vectors, seed=context.seed)
    for one in neighbours(replace(context, vectors={_MADE_AGAIN: vectors}, indexes={_MADE_AGAIN: index})):
        if one.name in again:
            yield replace(one, scale=again[one.name].scale)
