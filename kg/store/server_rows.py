"""Products as rows of a graph server, and back: the properties of the node and the edges of each type.

A row that was read and a row made from a product have the same form, so that they can be compared:
what is alike is not written.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from types import MappingProxyType
from typing import Any, TypeAlias

from kg.records import CATEGORY_SEPARATOR, AttributeValue, NodeKind, Product, Quantity
from kg.store.server_schema import LONG, Row, attribute_id, checked_id

Edge: TypeAlias = list[Any]
"""One catalog edge as a row: what each type holds is said in `CATALOG`."""

TEXT_FIELDS = ("title", "description", "currency", "image", "url", "gtin", "availability", "language")
PROPERTIES = (*TEXT_FIELDS, "price", "price_exact", "empty_attributes")
"""What a listed product's node holds beside `id` and `listed`, in the order of a row."""


@dataclass(frozen=True, kw_only=True, slots=True)
class CatalogType:
    """One type of catalog edges: where it leads, and what its rows hold.

    `properties` are those of the edge, the last columns of a row; a column before them is the id of the node.
    `node` gives id and properties of the node that a row leads to. Rows are sorted by `order`.
    """

    name: str
    kind: NodeKind
    properties: tuple[str, ...]
    node: Callable[[Edge], tuple[str, tuple[Any, ...]]]
    order: Callable[[Edge], Any]


@dataclass(frozen=True, kw_only=True, slots=True)
class ProductRow:
    """`properties` as PROPERTIES names them; the edges by the name of their type, sorted."""

    id: str
    properties: list[Any]
    edges: Mapping[str, list[Edge]]


def _category(edge: Edge) -> tuple[str, tuple[Any, ...]]:
    node_id, path, _ = edge
    return node_id, (path[-1] if path else node_id,)


def _attribute(edge: Edge) -> tuple[str, tuple[Any, ...]]:
    name, value, unit, _, _ = edge
    node_id = attribute_id(name, value if unit is None else Quantity(number=value, unit=unit))
    # a long text is kept once, on the edge
    return node_id, (name, value, unit) if len(str(value)) <= LONG else (name, None, None)


CATALOG: tuple[CatalogType, ...] = (
    CatalogType(
        name="MADE_BY",
        kind="brand",
        properties=(),
        node=lambda edge: (edge[0], ()),
        order=lambda edge: edge[0],
    ),
    CatalogType(
        name="IN_CATEGORY",
        kind="category",
        properties=("path", "position"),
        node=_category,
        order=lambda edge: (edge[1] is None, edge[2] or 0, edge[0]),
    ),
    CatalogType(
        name="HAS_ATTRIBUTE",
        kind="attribute",
        properties=("name", "value", "unit", "position", "many"),
        node=_attribute,
        order=lambda edge: (edge[0], edge[3] or 0),
    ),
    CatalogType(
        name="IN_COLLECTION",
        kind="collection",
        properties=("position",),
        node=lambda edge: (edge[0], ()),
        order=lambda edge: (edge[1] or 0, edge[0]),
    ),
)


def row_of(product: Product) -> ProductRow:
    """The row that a product makes; DataError for an id that the server cannot index."""
    price = product.price
    empty = sorted(name for name, value in product.attributes.items() if value == ())
    properties: list[Any] = [getattr(product, name) or None for name in TEXT_FIELDS]
    properties += (
        None if price is None else float(price),
        None if price is None else str(price),
        empty or None,
    )
    categories: list[Edge] = []
    if product.category:
        leaf = checked_id(CATEGORY_SEPARATOR.join(product.category))
        categories.append([leaf, list(product.category), None])
    categories += ([checked_id(label), None, position] for position, label in enumerate(product.labels))
    return ProductRow(
        id=checked_id(product.id),
        properties=properties,
        edges={
            "MADE_BY": [[checked_id(product.brand)]] if product.brand else [],
            "IN_CATEGORY": categories,
            "HAS_ATTRIBUTE": _attribute_edges(product),
            "IN_COLLECTION": [
                [checked_id(collection), position] for position, collection in enumerate(product.collections)
            ],
        },
    )


def _attribute_edges(product: Product) -> list[Edge]:
    edges: list[Edge] = []
    for name, value in sorted(product.attributes.items()):
        if isinstance(value, tuple):
            edges += ([name, *_plain(one), position, True] for position, one in enumerate(value))
        else:
            edges.append([name, *_plain(value), None, None])
    return edges


def _plain(value: AttributeValue) -> tuple[bool | float | str, str | None]:
    if isinstance(value, Quantity):
        return float(value.number), value.unit
    return (value if isinstance(value, (bool, str)) else float(value)), None


def stored_row(row: Row) -> ProductRow:
    """A row of the query for products (`server_read`)."""
    return ProductRow(
        id=row["id"],
        properties=row["properties"],
        edges={
            catalog.name: sorted(edges, key=catalog.order)
            for catalog, edges in zip(CATALOG, row["edges"], strict=True)
        },
    )


def same(one: ProductRow, other: ProductRow) -> bool:
    """Whether two rows are alike to the letter."""
    return one.properties == other.properties and all(
        same_edges(one.edges[catalog.name], other.edges[catalog.name]) for catalog in CATALOG
    )


def same_edges(one: Sequence[Edge], other: Sequence[Edge]) -> bool:
    """Whether the edges of one type are alike: to Python, True is 1.0 and 0.0 is -0.0, but not to us."""
    return one == other and all(
        len(a) == 1 or (type(a[1]) is type(b[1]) and (type(a[1]) is not float or str(a[1]) == str(b[1])))
        for a, b in zip(one, other, strict=True)
    )


def product_of(row: ProductRow) -> Product:
    """The product that a row holds."""
    known = dict(zip(PROPERTIES, row.properties, strict=True))
    brands, categories, edges, collections = (row.edges[catalog.name] for catalog in CATALOG)
    attributes: dict[str, AttributeValue | tuple[AttributeValue, ...]] = dict.fromkeys(
        known["empty_attributes"] or (), ()
    )
    many: dict[str, list[AttributeValue]] = {}
    for name, raw, unit, _, several in edges:
        value: AttributeValue = raw if unit is None else Quantity(number=raw, unit=unit)
        if several:
            many.setdefault(name, []).append(value)
        else:
            attributes[name] = value
    attributes.update((name, tuple(values)) for name, values in many.items())
    return Product(
        id=row.id,
        brand=brands[0][0] if brands else "",
        category=next((tuple(path) for _, path, _ in categories if path is not None), ()),
        labels=tuple(category for category, path, _ in categories if path is None),
        attributes=MappingProxyType({name: attributes[name] for name in sorted(attributes)}),
        price=_price(known["price"], known["price_exact"]),
        collections=tuple(collection for collection, _ in collections),
        **{name: known[name] or "" for name in TEXT_FIELDS},
    )


def _price(price: float | None, exact: str | None) -> Decimal | None:
    if price is None:
        return None
    # somebody who changes a price in Cypher changes the plain number only
    return Decimal(exact) if exact is not None and float(exact) == price else Decimal(repr(price))


def tree_edges(path: Sequence[str]) -> list[tuple[str, str, str, str]]:
    """(child, its name, parent, its name) from a category path up to the root."""
    ids = [checked_id(CATEGORY_SEPARATOR.join(path[: depth + 1])) for depth in range(len(path))]
    return [(ids[i], path[i], ids[i - 1], path[i - 1]) for i in range(1, len(path))]
