"""RDF: products with what is said of them, or the triples between nodes as facts.

A product's id is its full address: it is the only name that cannot clash. Brands, categories and
collections are called as in the catalog, by their names. What a node is, its rdf:type says
(`vocabularies.KINDS`); else the predicate that leads to it; else it is a product in a file that types no
products, and a node of its own ('entity=' and its address) in one that does.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace

from kg.errors import DataError
from kg.reading.feeds import vocabularies as words
from kg.reading.feeds.base import Feed, Sample
from kg.reading.feeds.linked_data import RELATIONS, Document
from kg.reading.feeds.nodes import Nodes
from kg.reading.feeds.schema_product import cells_of
from kg.reading.feeds.statements import Statement, Statements
from kg.reading.formats.base import BadRow, Cells, Row, Table
from kg.records import NodeKind, RecordKind

_REVERSED = {
    "https://schema.org/hasVariant": "https://schema.org/isVariantOf",
    "http://schema.org/hasVariant": "https://schema.org/isVariantOf",
    "https://schema.org/itemOffered": "https://schema.org/offers",
    "http://schema.org/itemOffered": "https://schema.org/offers",
    "http://purl.org/goodrelations/v1#includes": "https://schema.org/offers",
}
"""What is said of a product from the other end."""

_NO_FACTS = frozenset({
    "url", "image", "logo", "photo", "thumbnailUrl", "contentUrl", "mainEntityOfPage", "sameAs",
    "additionalType", "offers", "availability", "itemCondition", "unitCode", "priceSpecification",
    "aggregateRating", "review", "additionalProperty", "hasMeasurement",
})  # fmt: skip
"""Properties that lead to no other thing worth knowing."""

_FACT = ("head", "relation", "tail", "head_kind", "tail_kind")
_TAILS: dict[str, tuple[str, NodeKind]] = {
    "brand": ("made_by", "brand"),
    "manufacturer": ("made_by", "brand"),
    "category": ("in_category", "category"),
    "isVariantOf": ("in_collection", "collection"),
}
"""Property → the relation that the catalog has for it, and what it leads to."""


def _claims(sample: Sample) -> bool:
    return sample.format in ("N-Triples", "Turtle")


def _convert(table: Table, kind: RecordKind) -> Table:
    columns = _FACT if kind == "facts" else None
    return replace(table, columns=columns, rows=_rows(table, kind), typed=True)


def _rows(table: Table, kind: RecordKind) -> Iterator[Row]:
    with closing(Statements()) as said:
        for line, cells in table.rows:
            if isinstance(cells, BadRow):
                yield line, cells
                continue
            subject, predicate, value, form = (
                str(cells.get(c, "")) for c in ("subject", "predicate", "object", "form")
            )
            said.add(subject, predicate, value, form, line)
            if form == "node" and predicate in _REVERSED:
                said.add(value, _REVERSED[predicate], subject, form, line)
        said.settle()
        yield from _facts(said, table) if kind == "facts" else _products(said, table.name)


def _products(said: Statements, name: str) -> Iterator[Row]:
    nodes = Nodes(said)
    document = Document(language=nodes.language.partition("-")[0].lower())
    none = True
    for statement in said.subjects(words.TYPE, nodes.classes("product")):
        none = False
        cells = cells_of(nodes.product(statement.subject), document)
        if not statement.subject.startswith("_:"):
            cells["id"] = statement.subject
        yield statement.line, cells
    if none:
        types = ", ".join(said.common(words.TYPE, 5)) or "nothing"
        raise DataError(
            f"{name} has no products: what it types is {types}; give products the type "
            'https://schema.org/Product, or load it with kind="facts"'
        )


def _facts(said: Statements, table: Table) -> Iterator[Row]:
    nodes = Nodes(said)
    typed = next(said.subjects(words.TYPE, nodes.classes("product")), None) is not None
    nameless = 0
    for one in said.every():
        if one.form != "node" or one.predicate in _REVERSED:  # those are there from the other end, too
            continue
        if words.is_about_data(one.predicate) and one.predicate not in words.BROADER:
            continue
        if words.property_of(one.predicate) in _NO_FACTS:
            continue
        if one.subject.startswith("_:") or one.value.startswith("_:"):
            nameless += 1
            continue
        if (fact := _fact(one, nodes, typed)) is not None:
            yield one.line, fact
    if nameless:
        table.late_notes.append(
            f"{table.name}: {nameless:,} triples with a blank node are no facts; blank nodes have no ids"
        )


def _fact(one: Statement, nodes: Nodes, typed: bool) -> Cells | None:
    name = words.property_of(one.predicate)
    relation, expected = _TAILS.get(name, (name or words.short(one.predicate), None))
    unknown: NodeKind = "product" if name in RELATIONS or not typed else "attribute"
    head = nodes.kind_of(one.subject) or ("product" if expected else unknown)
    tail = nodes.kind_of(one.value) or expected or unknown
    if one.predicate in words.BROADER:
        if "category" not in (nodes.kind_of(one.subject), nodes.kind_of(one.value)):
            return None
        relation, head, tail = "subcategory_of", "category", "category"
    elif expected and tail != expected:
        relation = name
    return {
        "head": nodes.id_of(one.subject, head),
        "relation": relation,
        "tail": nodes.id_of(one.value, tail),
        "head_kind": head,
        "tail_kind": tail,
    }


FEED = Feed(
    name="rdf",
    title="RDF",
    kinds=("products", "facts"),
    claims=_claims,
    convert=_convert,
    mapping="schema_org",
)
