"""What was derived from a graph: edges with a confidence and a source, and what new products are read by."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from kg.arrays import Arrays
from kg.derive.adding import added, unstated
from kg.derive.assembling import between_types, number_found, vocabularies
from kg.derive.categories import category_links
from kg.derive.edges import OWN, SOURCES, TYPED, Alias, Edges
from kg.derive.naming import type_aliases
from kg.derive.reader import ProductReader
from kg.derive.saving import (
    aliases_arrays,
    aliases_from,
    edges_arrays,
    edges_from,
    reader_arrays,
    reader_from,
)
from kg.derive.source import source_of
from kg.graph import IN_CATEGORY, EdgeType, Graph
from kg.records import Fact, NodeKind
from kg.texts import Vocabulary


@dataclass(frozen=True, kw_only=True, slots=True)
class Count:
    """How many edges of a relation one source gave, and their mean confidence."""

    relation: str
    head: NodeKind
    tail: NodeKind
    source: str
    edges: int
    confidence: float


@dataclass(frozen=True, kw_only=True, slots=True)
class DerivedSummary:
    """What was derived. `typed` is the share of listed products that have a category or a type, stated or
    derived; 0 of an empty shop."""

    counts: tuple[Count, ...]
    types: int
    series: int
    typed: float


@dataclass(frozen=True, kw_only=True, eq=False)
class Derived:
    """Edges that nobody stated, for one stated graph; see `kg.derive`.

    `nodes` are the OWN kinds in no special order; `ids` the other kinds as the graph numbers them.
    `stated_type` bool [products]: has a category or a stated type. `reader` reads products that come later.
    """

    nodes: Mapping[NodeKind, Vocabulary]
    ids: Mapping[NodeKind, Vocabulary]
    edges: Mapping[EdgeType, Edges]
    aliases: tuple[Alias, ...]
    listed: npt.NDArray[np.bool_]
    placed: npt.NDArray[np.bool_]
    reader: ProductReader

    def facts(self) -> Iterator[Fact]:
        """Every edge as a fact whose weight is its confidence and whose source says how it was found."""
        names = {kind: list(vocabulary) for kind, vocabulary in {**self.ids, **self.nodes}.items()}
        for edge_type, edges in sorted(self.edges.items()):
            heads, tails = names[edge_type.head], names[edge_type.tail]
            for head, tail, weight, source in zip(
                edges.heads.tolist(),
                edges.tails.tolist(),
                edges.weight.tolist(),
                edges.source.tolist(),
                strict=True,
            ):
                yield Fact(
                    head=heads[head],
                    relation=edge_type.name,
                    tail=tails[tail],
                    weight=round(weight, 4),
                    source=f"derived:{SOURCES[source]}",
                    head_kind=edge_type.head,
                    tail_kind=edge_type.tail,
                )

    def summary(self) -> DerivedSummary:
        """Counts and mean confidence by relation and source."""
        counts = []
        for edge_type, edges in sorted(self.edges.items()):
            number = np.bincount(edges.source, minlength=len(SOURCES))
            total = np.bincount(edges.source, weights=edges.weight, minlength=len(SOURCES))
            counts += [
                Count(
                    relation=edge_type.name,
                    head=edge_type.head,
                    tail=edge_type.tail,
                    source=SOURCES[source],
                    edges=int(number[source]),
                    confidence=float(total[source] / number[source]),
                )
                for source in np.flatnonzero(number).tolist()
            ]
        typed = self.placed.copy()
        of_type = self.edges.get(TYPED)
        if of_type is not None:
            typed[of_type.heads] = True
        count = int(np.count_nonzero(self.listed))
        return DerivedSummary(
            counts=tuple(counts),
            types=len(self.nodes["type"]),
            series=len(self.nodes["series"]),
            typed=float(np.count_nonzero(typed & self.listed) / count) if count else 0.0,
        )

    def added_to(self, graph: Graph) -> Graph:
        """The graph with these edges; `graph` is the one that they were derived from.

        What is stated wins: a product with a stated type keeps only that, a stated edge replaces a derived
        one between the same nodes, and one of weight 0 denies it (and is gone from the result).
        """
        return added(graph, self.nodes, self.edges)

    def renewed(self, before: Graph, graph: Graph, rows: npt.NDArray[np.int64]) -> Derived:
        """What is derived of a graph in which only the products `rows` (numbers in `graph`) differ from
        `before`.

        What was learnt stays: only these products are read again. Both graphs are stated ones.
        """
        own: dict[NodeKind, dict[str, int]] = {
            kind: {node_id: number for number, node_id in enumerate(nodes)}
            for kind, nodes in self.nodes.items()
        }
        placed = placed_products(graph)
        kept = _kept(self.edges, before, graph, rows, placed)
        source = source_of(graph, rows[graph.products.listed[rows]])
        reader = replace(self.reader, brands=reader_brands(graph))
        found = number_found(graph, source, reader.read(source, ~placed[source.rows] & source.told), own)
        edges = {
            edge_type: Edges.join([part[edge_type] for part in (kept, found) if edge_type in part])
            for edge_type in sorted(kept.keys() | found.keys())
        }
        edges |= between_types(reader, own["type"]) | category_links(graph)
        aliases = self.aliases
        if reader.inventory is not None:
            fresh = [name for name in own["type"] if name not in self.nodes["type"]]
            aliases += tuple(type_aliases(reader.inventory, reader.names, fresh, ()))
        nodes = vocabularies(own)
        return Derived(
            nodes=nodes,
            ids=ids_of(graph),
            edges=dict(sorted(unstated(graph, nodes, edges).items())),
            aliases=aliases,
            listed=graph.products.listed,
            placed=placed,
            reader=reader,
        )

    def arrays(self) -> Arrays:
        """Everything as named arrays; `from_arrays` turns them back."""
        arrays = edges_arrays(self.edges) | aliases_arrays(self.aliases) | reader_arrays(self.reader)
        for kind, nodes in self.nodes.items():
            arrays |= nodes.texts.arrays(f"nodes.{kind}")
        return arrays

    @classmethod
    def from_arrays(cls, arrays: Arrays, graph: Graph) -> Derived:
        """`graph` is the stated graph that they were derived from."""
        return cls(
            nodes={kind: Vocabulary.from_arrays(arrays, f"nodes.{kind}") for kind in OWN},
            ids=ids_of(graph),
            edges=edges_from(arrays),
            aliases=aliases_from(arrays),
            listed=graph.products.listed,
            placed=placed_products(graph),
            reader=reader_from(arrays, reader_brands(graph)),
        )


def ids_of(graph: Graph) -> dict[NodeKind, Vocabulary]:
    """The nodes of the graph that derived edges touch."""
    return {kind: graph.nodes[kind] for kind in ("product", "brand", "category")}


def placed_products(graph: Graph) -> npt.NDArray[np.bool_]:
    """bool [products]: those of which the shop says what they are, by a category or a type."""
    placed = filed_products(graph)
    stated = graph.relations.get(TYPED)
    if stated is not None:
        placed[stated.heads[stated.weight > 0]] = True
    return placed


def filed_products(graph: Graph) -> npt.NDArray[np.bool_]:
    """bool [products]: those with a category."""
    filed = np.zeros(graph.product_count, dtype=np.bool_)
    relation = graph.relation(IN_CATEGORY, "product")
    if relation is not None:
        filed[relation.heads] = True
    return filed


def reader_brands(graph: Graph) -> dict[str, str]:
    """Folded names of one word → brand."""
    names = (name for name in reversed(list(graph.nodes["brand"])) if " " not in name and len(name) > 1)
    return {name.casefold(): name for name in names}


def _kept(
    edges: Mapping[EdgeType, Edges],
    before: Graph,
    graph: Graph,
    rows: npt.NDArray[np.int64],
    placed: npt.NDArray[np.bool_],
) -> dict[EdgeType, Edges]:
    """The edges of products that did not change, by the numbers of the new graph."""
    moved: dict[NodeKind, npt.NDArray[np.int64]] = {}
    for kind in ids_of(graph):
        same = before.nodes[kind] is graph.nodes[kind]
        moved[kind] = (
            np.arange(len(graph.nodes[kind])) if same else graph.nodes[kind].numbers(before.nodes[kind])
        )
    fresh = ~graph.products.listed
    fresh[rows] = True
    kept: dict[EdgeType, Edges] = {}
    for edge_type, old in edges.items():
        if edge_type.head != "product":
            continue
        heads = moved["product"][old.heads]
        tails = old.tails if edge_type.tail in OWN else moved[edge_type.tail][old.tails]
        here = (heads >= 0) & (tails >= 0)
        here[here] = ~fresh[heads[here]]
        if edge_type == TYPED:
            here[here] = ~placed[heads[here]]
        if here.any():
            kept[edge_type] = replace(old.keep(here), heads=heads[here], tails=tails[here])
    return kept
