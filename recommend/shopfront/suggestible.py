"""What a shop can suggest: its types, categories, brands and series, what of which brand it has, titles, and
what people searched for before."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Literal, NamedTuple, TypeAlias, get_args

import numpy as np
import numpy.typing as npt

from kg.graph import (
    FOUND,
    IN_CATEGORY,
    IN_SERIES,
    MADE_BY,
    OF_TYPE,
    SUBTYPE_OF,
    USER_RELATIONS,
    EdgeType,
    Graph,
    Node,
    Relation,
)
from kg.records import NodeKind
from kg.texts import Texts
from recommend.behaviour import Behaviour
from recommend.shopfront.value_sets import ValueSets
from recommend.understand.tokens import tokens

SuggestionKind: TypeAlias = Literal["type", "category", "brand", "series", "brand_type", "query", "product"]
KINDS: tuple[SuggestionKind, ...] = get_args(SuggestionKind)

_KINDS: tuple[NodeKind, ...] = ("product", "brand", "category", "attribute", "type", "series", "query")
_RELATIONS = frozenset(
    {MADE_BY, IN_CATEGORY, OF_TYPE, SUBTYPE_OF, IN_SERIES, FOUND, *USER_RELATIONS.values()}
)

MOST = 200_000
"""So many titles (those of the most popular products), searches and pairs of brand and type are suggested."""
LONGEST = 150
"""A longer title is no suggestion."""


class Entry(NamedTuple):
    """One suggestion with its node (of a 'brand_type' the type or category, and `brand` the brand), how many
    products stand behind it, and what it weighs among others of its kind."""

    text: str
    kind: SuggestionKind
    node: int
    products: int
    size: float
    brand: int = -1
    of_category: bool = False


def same_entries(before: Graph, graph: Graph) -> bool:
    """Whether two graphs give the same suggestions, as far as arrays tell: where only prices, stocks or
    descriptions changed, say."""
    names = ("title", "brand", "category", "labels")
    texts = [(getattr(before.products, name), getattr(graph.products, name)) for name in names]
    texts += [(before.nodes[kind].texts, graph.nodes[kind].texts) for kind in _KINDS]
    links = [
        (before.relations.get(edge), graph.relations.get(edge)) for edge in _links(before) | _links(graph)
    ]
    return (
        np.array_equal(before.products.listed, graph.products.listed)
        and all(_same_texts(one, other) for one, other in texts)
        and all(_same_links(one, other) for one, other in links)
    )


def _links(graph: Graph) -> set[EdgeType]:
    return {edge for edge in graph.relations if edge.name in _RELATIONS}


def _same_texts(one: Texts, other: Texts) -> bool:
    return one is other or (
        np.array_equal(one.offsets, other.offsets) and np.array_equal(one.data, other.data)
    )


def _same_links(one: Relation | None, other: Relation | None) -> bool:
    if one is None or other is None:
        return one is other
    return one is other or (
        np.array_equal(one.indptr, other.indptr)
        and np.array_equal(one.tails, other.tails)
        and np.array_equal(one.weight, other.weight)
    )


def entries(graph: Graph) -> Iterator[Entry]:
    """All suggestions of a shop, kind by kind."""
    listed = np.flatnonzero(graph.products.listed)
    yield from _named(graph, "type", ValueSets.of_types(graph), listed)
    yield from _named(graph, "category", ValueSets.of_categories(graph.products), listed)
    yield from _named(graph, "brand", ValueSets.of_column(graph.products.brand), listed)
    yield from _series(graph)
    yield from _brand_types(graph)
    yield from _queries(graph)
    yield from _titles(graph, listed)


def _named(
    graph: Graph, kind: Literal["type", "category", "brand"], sets: ValueSets, listed: npt.NDArray[np.int64]
) -> Iterator[Entry]:
    counts = sets.counts(listed).tolist()
    for text, label, count in zip(sets.texts, sets.labels, counts, strict=True):
        node = graph.nodes[kind].number(text)
        if count and node is not None:
            yield Entry(label, kind, node, count, count)


def _series(graph: Graph) -> Iterator[Entry]:
    relation = graph.relation(IN_SERIES, "product", "series")
    if relation is not None:
        listed = graph.products.listed[relation.heads]
        counts = np.bincount(relation.tails[listed], minlength=relation.tail_count)
        for node in np.flatnonzero(counts).tolist():
            yield Entry(graph.nodes["series"][node], "series", node, int(counts[node]), float(counts[node]))


def _brand_types(graph: Graph) -> Iterator[Entry]:
    """What of which brand the shop has: 'Lumo table lamps', counted with all below it."""
    made_by = graph.relation(MADE_BY, "product", "brand")
    if made_by is None:
        return
    brand_of = np.full(graph.product_count, -1, dtype=np.int64)
    brand_of[made_by.heads[::-1]] = made_by.tails[::-1]  # the first, if there are several
    brand_of[~graph.products.listed] = -1
    branded = np.flatnonzero(brand_of >= 0)
    yield from _pairs(graph, "type", OF_TYPE, ValueSets.of_types(graph), brand_of, branded)
    yield from _pairs(
        graph, "category", IN_CATEGORY, ValueSets.of_categories(graph.products), brand_of, branded
    )


def _pairs(
    graph: Graph,
    kind: Literal["type", "category"],
    relation: str,
    sets: ValueSets,
    brand_of: npt.NDArray[np.int64],
    branded: npt.NDArray[np.int64],
) -> Iterator[Entry]:
    """The pairs of brand and type (or category) that some product has directly."""
    direct = graph.relation(relation, "product", kind)
    if direct is None:
        return
    size = np.int64(max(1, len(sets.texts)))
    rows, codes = sets.pairs(branded)
    keys, counts = np.unique(brand_of[rows] * size + codes, return_counts=True)
    names = graph.nodes[kind]
    code = np.array([sets.numbers.get(name.casefold(), -1) for name in names], dtype=np.int64)
    brands = brand_of[direct.heads]
    kept = (brands >= 0) & (code[direct.tails] >= 0)
    found = np.unique(brands[kept] * np.int64(len(names)) + direct.tails[kept])
    brands, nodes = np.divmod(found, len(names)) if len(found) else (found, found)
    products = counts[np.searchsorted(keys, brands * size + code[nodes])]
    for place in np.sort(np.argsort(-products, kind="stable")[:MOST]).tolist():
        brand, node, count = int(brands[place]), int(nodes[place]), int(products[place])
        text = f"{graph.nodes['brand'][brand]} {graph.label(Node(kind, node))}"
        yield Entry(text, "brand_type", node, count, float(count), brand, kind == "category")


def _queries(graph: Graph) -> Iterator[Entry]:
    """Searches that led to products, if all their words occur in the catalog: so neither a misspelling nor
    what somebody told of himself is suggested to others. They weigh what was chosen after them, corrected for
    ranks."""
    relation = graph.relation(FOUND, "query", "product")
    if relation is None or len(relation) == 0:
        return
    known = _catalog_words(graph)
    listed = graph.products.listed[relation.tails]
    heads = relation.heads[listed]
    chosen = np.bincount(heads, weights=relation.weight[listed], minlength=relation.head_count)
    counts = np.bincount(heads, minlength=relation.head_count)
    frequent = np.argsort(-chosen, kind="stable")[:MOST]
    for node in np.sort(frequent[counts[frequent] > 0]).tolist():
        text = " ".join(graph.nodes["query"][node].split())
        words = tokens(text)
        if words and known.issuperset(words) and len(text) <= LONGEST:
            yield Entry(text, "query", node, int(counts[node]), float(chosen[node]))


def _catalog_words(graph: Graph) -> set[str]:
    found: set[str] = set()
    for text in graph.products.title:
        found.update(tokens(text))
    for kind in ("brand", "category", "attribute", "type", "series"):
        for text in graph.nodes[kind]:
            found.update(tokens(text))
    return found


def _titles(graph: Graph, listed: npt.NDArray[np.int64]) -> Iterator[Entry]:
    popularity = Behaviour.of(graph).popularity
    chosen = np.sort(listed[np.lexsort((listed, -popularity[listed]))][:MOST])
    seen: set[str] = set()
    for product, title in zip(chosen.tolist(), graph.products.title.pick(chosen), strict=True):
        if title and len(title) <= LONGEST and title not in seen:
            seen.add(title)
            yield Entry(title, "product", product, 1, float(popularity[product]))
