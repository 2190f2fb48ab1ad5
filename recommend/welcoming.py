"""Weights for products that nobody met yet, learned in a build on some products that play such."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import TYPE_CHECKING

from kg.graph import Graph
from kg.split import without_behaviour
from recommend.channels import FitContext, Links
from recommend.channels.base import fit_newcomer_links
from recommend.channels.neighbours import channels_of_spaces, neighbours
from recommend.history_lessons import Taught, told_by_log
from recommend.index.vector_index import SpaceIndex
from recommend.rank.newcomers import Mask, Welcome, learn_newcomers, without_products

if TYPE_CHECKING:
    from recommend.vector_stages import Made

KNOWING = ("kge", "fused")
"""The spaces whose vectors know what was done with a product, and cannot be had without."""
_MADE_AGAIN = "gnn"
"""Its network was taught by nothing that was done with the products that play new (`learn_graph`), so that
their vectors are those of new products, once these edges are left out."""


def welcome(taught: Taught, new: Mask, unseen: Graph, context: FitContext, made: Made) -> Welcome | None:
    """The weights of links to products that nobody met; None where there is too little to learn from.

    `new` bool [n] are the products that play new, `unseen` is the graph that the vectors of `made` know,
    `context` that of the first fold. Channels of vectors that know what was done with such products teach
    nothing; they keep their usual weight, times the factor.
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
    links += _made_again(again, without_behaviour(unseen, new), left, made)
    found = learn_newcomers(
        links,
        usual,
        fold.behaviour,
        fold.hidden,
        new,
        told=told,
        listed=context.graph.products.listed,
        seed=context.seed,
    )
    if found is None:
        return None
    kept = {name: usual.get(name, 0.0) * found.factor for name in knowing - found.weights.keys()}
    return replace(found, weights={**kept, **found.weights})


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
