"""Records on their way to a graph server: prepared one by one, cut into batches of bounded size."""

from __future__ import annotations

import zlib
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import TypeAlias

from kg.errors import StoreError
from kg.records import Fact, Interaction, Product, ProductPatch, Record
from kg.store.server_rows import ProductRow, row_of

Content: TypeAlias = ProductRow | ProductPatch | Interaction | Fact

_NODE = 300
_EDGE = 200
"""Bytes that a transaction of the server needs for a node or an edge beside its texts, roughly."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Entry:
    """One record of a batch; `bytes` is an estimate, to keep batches of large records short."""

    content: Content
    bytes: int


def entry_of(record: Record | ProductPatch) -> Entry:
    """A record made ready; StoreError for something else, DataError for an id that cannot be indexed."""
    if isinstance(record, Product):
        row = row_of(record)
        return Entry(content=row, bytes=_row_bytes(row))
    if isinstance(record, Interaction):
        texts = len(record.user) + len(record.product) + len(record.query) + len(record.order)
        return Entry(content=record, bytes=_NODE + _EDGE + texts)
    if isinstance(record, Fact):
        return Entry(content=record, bytes=2 * _NODE + len(record.head) + len(record.tail))
    if isinstance(record, ProductPatch):
        return Entry(content=record, bytes=_row_bytes(row_of(record.product)))
    raise StoreError(f"a store keeps products, interactions and facts, not {type(record).__name__}")


def size(entries: Sequence[Entry]) -> int:
    """The estimated bytes of a batch."""
    return sum(entry.bytes for entry in entries)


def batches(
    entries: Iterable[Entry], most: int, most_bytes: Callable[[], int]
) -> Iterator[tuple[list[Entry], bool]]:
    """(batch, is it the last?) in order; one record may be larger than `most_bytes`, not two together."""
    batch: list[Entry] = []
    ready: list[Entry] = []
    held = 0
    for entry in entries:
        if batch and (len(batch) == most or held + entry.bytes > most_bytes()):
            if ready:
                yield ready, False
            ready, batch, held = batch, [], 0
        batch.append(entry)
        held += entry.bytes
    if ready:
        yield ready, not batch
    if batch:
        yield batch, True


def sign(content: Content) -> int:
    """A number that tells a record from almost all others by its key."""
    key: tuple[str, ...]
    match content:
        case Interaction():
            key = ("i", content.user, content.product, content.kind, str(content.time), str(content.position))
        case Fact():
            key = ("f", content.head, content.relation, content.tail, content.source)
        case ProductPatch():
            key = ("p", content.product.id)
        case ProductRow():
            key = ("p", content.id)
    return zlib.crc32("\x00".join(key).encode("utf-8", "replace"))


def name(content: Content) -> str:
    """A record in a message."""
    match content:
        case Interaction():
            return f"the interaction of {content.user[:80]!r} with {content.product[:80]!r}"
        case Fact():
            return f"the fact {content.head[:80]!r} {content.relation} {content.tail[:80]!r}"
        case ProductPatch():
            return f"the product {content.product.id[:80]!r}"
        case ProductRow():
            return f"the product {content.id[:80]!r}"


def _row_bytes(row: ProductRow) -> int:
    texts = sum(len(value) for value in row.properties if isinstance(value, str))
    attributes = row.edges["HAS_ATTRIBUTE"]
    values = sum(
        len(edge[0]) + len(edge[1]) if isinstance(edge[1], str) else len(edge[0]) for edge in attributes
    )
    others = sum(len(edges) for edges in row.edges.values()) - len(attributes)
    return _NODE + texts + (_NODE + _EDGE) * len(attributes) + 2 * values + _EDGE * others
