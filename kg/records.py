"""What a catalog, a log and an expert can say: products, interactions and facts.

Records are plain frozen dataclasses. They are checked where they enter a shop (`kg.reading`), not
where they are made, so that reading one back costs nothing.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from types import MappingProxyType
from typing import Literal, TypeAlias, get_args

NodeKind: TypeAlias = Literal[
    "product", "brand", "category", "attribute", "user", "query", "collection", "type", "series"
]
NODE_KINDS: tuple[NodeKind, ...] = get_args(NodeKind)

InteractionKind: TypeAlias = Literal["view", "cart", "purchase", "rating", "click"]
INTERACTION_KINDS: tuple[InteractionKind, ...] = get_args(InteractionKind)

RecordKind: TypeAlias = Literal["products", "interactions", "facts"]

CATEGORY_SEPARATOR = " > "
"""Joins the names of a category path into the id of its node: 'Home > Lighting > Table lamps'."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Quantity:
    """A number with its unit, as an attribute value: `Quantity(number=1.2, unit="kg")`."""

    number: float
    unit: str

    def __str__(self) -> str:
        return f"{self.number:g} {self.unit}"


AttributeValue: TypeAlias = bool | float | str | Quantity


def _no_attributes() -> Mapping[str, AttributeValue | tuple[AttributeValue, ...]]:
    return MappingProxyType({})


@dataclass(frozen=True, kw_only=True, slots=True)
class Product:
    """One thing a shop sells. Only `id` is required.

    `category` is one path from the root ('Home', 'Lighting', 'Table lamps'); `labels` are categories
    without an order, as catalogs without a tree have them. An attribute has one value or a tuple of them.
    """

    id: str
    title: str = ""
    description: str = ""
    brand: str = ""
    category: tuple[str, ...] = ()
    labels: tuple[str, ...] = ()
    attributes: Mapping[str, AttributeValue | tuple[AttributeValue, ...]] = field(
        default_factory=_no_attributes
    )
    price: Decimal | None = None
    currency: str = ""
    image: str = ""
    url: str = ""
    gtin: str = ""
    availability: str = ""
    language: str = ""
    collections: tuple[str, ...] = ()

    def values(self, name: str) -> tuple[AttributeValue, ...]:
        """All values of one attribute; empty if the product does not have it."""
        value = self.attributes.get(name, ())
        return value if isinstance(value, tuple) else (value,)


@dataclass(frozen=True, kw_only=True, slots=True)
class Interaction:
    """One user met one product. `time` is in seconds since 1970 (UTC).

    `position` stands in where a log has an order but no time: it counts up within one user.
    `value` is the rating of a rating, else a quantity. `rank` is where in the list of results the
    product stood, 1: first. The key is (user, product, kind, time or position, query, order): a second
    interaction with the same key replaces the first.
    """

    user: str
    product: str
    kind: InteractionKind = "purchase"
    time: float | None = None
    position: int | None = None
    value: float = 1.0
    query: str = ""
    rank: int | None = None
    order: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class Fact:
    """An edge that an expert or another catalog states: A --compatible_with--> B.

    `relation` is a name in lower case with underscores. Several sources may state the same edge; the
    key is (head, relation, tail, source). A weight of 0 denies an edge that would otherwise be derived
    (`kg.derive`).
    """

    head: str
    relation: str
    tail: str
    weight: float = 1.0
    source: str = ""
    head_kind: NodeKind = "product"
    tail_kind: NodeKind = "product"


Record: TypeAlias = Product | Interaction | Fact


@dataclass(frozen=True, kw_only=True, slots=True)
class ProductPatch:
    """New values for the named fields of one product; all other fields stay.

    `fields` holds names of Product fields, or `attr.NAME` for a single attribute.
    """

    product: Product
    fields: frozenset[str]
