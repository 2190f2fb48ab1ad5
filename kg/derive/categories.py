"""Links between categories, by their names: 'Laptop bags' are for 'Laptops'."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping

import numpy as np

from kg.derive.edges import SOURCES, Edges
from kg.derive.tokens import WORD, words_of
from kg.derive.word_counts import singulars
from kg.derive.words import ACCESSORIES, GENERAL, SERVICES
from kg.graph import ACCESSORY_OF, SERVICE_FOR, EdgeType, Graph
from kg.records import CATEGORY_SEPARATOR

_CATEGORY = SOURCES.index("category")
_WEIGHT = 0.8


def category_links(graph: Graph) -> dict[EdgeType, Edges]:
    """Categories whose name is that of another one with the name of an accessory or a service behind it."""
    names = [name.rsplit(CATEGORY_SEPARATOR, 1)[-1] for name in graph.nodes["category"]]
    words = [_lemmas(name) for name in names]
    by_words: dict[tuple[str, ...], list[int]] = defaultdict(list)
    for number, some in enumerate(words):
        by_words[some].append(number)
    found: Mapping[str, list[tuple[int, int]]] = {ACCESSORY_OF: [], SERVICE_FOR: []}
    for number, some in enumerate(words):
        if len(some) < 2 or some[-1] in GENERAL or "&" in names[number]:
            continue
        relation = SERVICE_FOR if some[-1] in SERVICES else ACCESSORY_OF if some[-1] in ACCESSORIES else ""
        if relation and some[:-1] and some[-2] not in ACCESSORIES:
            found[relation] += ((number, other) for other in by_words.get(some[:-1], ()) if other != number)
    edges: dict[EdgeType, Edges] = {}
    for relation, pairs in found.items():
        if pairs:
            heads, tails = np.array(pairs, dtype=np.int64).T
            edges[EdgeType("category", relation, "category")] = Edges.of(
                heads, tails, np.full(len(pairs), _WEIGHT), np.full(len(pairs), _CATEGORY)
            )
    return edges


def _lemmas(name: str) -> tuple[str, ...]:
    """The folded words of a name in the singular, as far as a rule can tell."""
    words = [written.casefold() for written, kind, _ in words_of(name) if kind == WORD]
    return tuple(
        (singulars(word) or [word])[0] if len(word) > 3 and word.endswith("s") else word for word in words
    )
