"""schema.org's products as JSON-LD: files, and what pages say of themselves.

One row of the file (or one page) is one document. As facts, what it says of products that belong together.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from kg.reading.feeds.base import Feed, Sample
from kg.reading.feeds.linked_data import RELATIONS, Document, Node, is_group, is_product
from kg.reading.feeds.schema_product import cells_of, group_id, groups_of, product_id
from kg.reading.formats.base import BadRow, Cells, Row, Table
from kg.records import RecordKind

FACT = ("head", "relation", "tail", "tail_kind", "source")
SOURCE = "schema.org"
IN_COLLECTION = "in_collection"


def _claims(sample: Sample) -> bool:
    if sample.format in ("HTML", "JSON-LD"):
        return True
    return sample.format == "JSON Lines" and bool(sample.columns & {"@type", "@graph"})


def _convert(table: Table, kind: RecordKind) -> Table:
    columns = FACT if kind == "facts" else None
    return replace(table, columns=columns, rows=_rows(table, kind), typed=True)


def _rows(table: Table, kind: RecordKind) -> Iterator[Row]:
    for line, cells in table.rows:
        if isinstance(cells, BadRow):
            yield line, cells
            continue
        try:
            document = Document.of(cells)
            found = list(_facts(document) if kind == "facts" else _products(document))
        except RecursionError:
            yield line, BadRow(text="", rule="JSON-LD must not be nested without end")
            continue
        for row in found:
            yield line, row


def _products(document: Document) -> Iterator[Cells]:
    for node in document.products:
        yield cells_of(node, document)
    with_variants = {id(group) for node in document.products for group in groups_of(node, document)}
    for group in document.groups:
        # a group whose variants are elsewhere, but that is offered itself, is all there is of a product
        if (
            id(group) not in with_variants
            and "offers" in group
            and not document.nodes(group.get("hasVariant"))
        ):
            yield cells_of(group, document)


def _facts(document: Document) -> Iterator[Cells]:
    for node in document.products:
        head = product_id(node, document)
        for relation in RELATIONS:
            for other in document.nodes(node.get(relation)):
                yield _fact(
                    head, relation, _any_id(other, document), "collection" if is_group(other) else "product"
                )
        for group in groups_of(node, document):
            if is_product(group):
                yield _fact(head, "isVariantOf", product_id(group, document), "product")
            else:
                yield _fact(head, IN_COLLECTION, group_id(group, document), "collection")


def _any_id(node: Node, document: Document) -> str:
    return group_id(node, document) if is_group(node) else product_id(node, document)


def _fact(head: str, relation: str, tail: str, tail_kind: str) -> Cells:
    return {"head": head, "relation": relation, "tail": tail, "tail_kind": tail_kind, "source": SOURCE}


FEED = Feed(
    name="schema_org",
    title="schema.org products (JSON-LD)",
    kinds=("products", "facts"),
    claims=_claims,
    convert=_convert,
    mapping="schema_org",
)
