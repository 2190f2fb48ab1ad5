"""A graph or a model with something taken away: all that is known of products, a relation, its meaning, or
a vector space."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import replace

import numpy as np

from kg.attribute_table import AttributeTable
from kg.graph import FOUND, USER_RELATIONS, Graph, Relation
from kg.product_table import ProductTable
from recommend.channels import Links
from recommend.channels.neighbours import channels_of_spaces
from recommend.rank.additive import Additive
from recommend.recommender import Recommender
from recommend.settings import Settings

ONLY, WITHOUT = "only ", "without "
NO_SPACE = f"{WITHOUT}vectors"
RELEARNED = (
    "one model, its weights learned again as if some vector spaces had no neighbours ('only' one: even if a "
    "build does not keep it); where products that nobody met have weights of their own, those of the other "
    "channels stay; the fused space still knows what it was fused from"
)
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


def space_variants(links: Iterable[Links]) -> dict[str, tuple[str, ...]]:
    """Which channels a model goes without, by the name of the variant: 'without vectors', 'only gnn' (and no
    other space) for each vector space, and if there are several 'without gnn'. Empty without spaces."""
    spaces = channels_of_spaces(links)
    every = tuple(name for names in spaces.values() for name in names)
    if not spaces:
        return {}
    found = {NO_SPACE: every}
    for space, names in spaces.items():
        found[f"{ONLY}{space}"] = tuple(name for name in every if name not in names)
    if len(spaces) > 1:
        found |= {f"{WITHOUT}{space}": names for space, names in spaces.items()}
    return found


def additive(model: Recommender, weights: Mapping[str, float], *, gone: Collection[str] = ()) -> Additive:
    """The sum of a model's channels with some weights; what has lost all of its weight, or is `gone`, says
    nothing of products that nobody met either."""
    fitted = model.fitted
    usual = fitted.weights["history"]
    gone = {*gone, *(name for name, weight in usual.items() if weight > 0 and not weights.get(name))}
    newcomers = [
        replace(one, weights={name: weight for name, weight in one.weights.items() if name not in gone})
        for one in fitted.newcomers
    ]
    return Additive.of(
        fitted.links, fitted.priors, weights, products=model.graph.product_count, newcomers=newcomers
    )


def relearned(model: Recommender) -> dict[str, dict[str, float]]:
    """The weights for histories of each of the `space_variants` of a model that kept its lessons."""
    variants = space_variants(model.fitted.links)
    lessons, kept = model.fitted.lessons, dict(model.weights["history"])
    if lessons is None:  # too few users to learn from: a channel is just not there
        return {name: {**kept, **dict.fromkeys(gone, 0.0)} for name, gone in variants.items()}
    every = variants.get(NO_SPACE, ())
    return {
        name: lessons.weights_without(
            gone, heard=set(every).difference(gone) if name.startswith(ONLY) else ()
        )
        for name, gone in variants.items()
    }


def with_and_without(name: str, model: Recommender) -> dict[str, Additive]:
    """The sum of a model, and of the same without some of its vector spaces."""
    found = {name: additive(model, model.weights["history"])}
    gone = space_variants(model.fitted.links)
    for variant, weights in relearned(model).items():
        found[f"{name}, {variant}"] = additive(model, weights, gone=gone[variant])
    return found


def against_variants(name: str, variants: Collection[str]) -> list[tuple[str, str]]:
    """Which models to compare to see what spaces add: each alone to what needs no vectors, then all of them
    and each to all the rest."""
    core = f"{name}, {NO_SPACE}"
    found = [(f"{name}, {one}", core) for one in variants if one.startswith(ONLY)]
    return found + [(name, f"{name}, {one}") for one in variants if one.startswith(WITHOUT)]


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
