"""A shop of twelve products, four users and a few facts, small enough to know every answer by heart.

    Home > Lighting > Table lamps   lamp-black, lamp-brass (Lumo), lamp-paper (Nori)
    Home > Lighting > Floor lamps   floor-arc (Lumo)
    Home > Tables > Desks           desk-oak (Holt), desk-white (Nori)
    Home > Tables > Side tables     side-oak (Holt)
    Garden > Tools                  spade, rake (Holt)
    labels only                     bulb-warm (Lumo: Sale, Bulbs), bulb-cold (Lumo: Bulbs)
    nothing but an id               mystery

Two stubs are only mentioned: dimmer (by a fact) and rug (by a purchase).
"""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from types import MappingProxyType

from kg.graph import Graph
from kg.records import AttributeValue, Fact, Interaction, InteractionKind, Product, Quantity, Record
from kg.snapshot import assemble

TABLE_LAMPS = ("Home", "Lighting", "Table lamps")
DESKS = ("Home", "Tables", "Desks")


def _attributes(
    **values: AttributeValue | tuple[AttributeValue, ...],
) -> Mapping[str, AttributeValue | tuple[AttributeValue, ...]]:
    return MappingProxyType(values)


PRODUCTS: tuple[Product, ...] = (
    Product(
        id="lamp-black",
        title="Black desk lamp",
        description="Bends where you need it.",
        brand="Lumo",
        category=TABLE_LAMPS,
        attributes=_attributes(
            colour=("black", "brass"), dimmable=True, weight=Quantity(number=1.2, unit="kg")
        ),
        price=Decimal("39.90"),
        currency="EUR",
        availability="in_stock",
        language="en",
        collections=("study",),
    ),
    Product(
        id="lamp-brass",
        title="Brass desk lamp",
        brand="Lumo",
        category=TABLE_LAMPS,
        attributes=_attributes(colour="brass", dimmable=False, weight=Quantity(number=1.9, unit="kg")),
        price=Decimal("59.00"),
        currency="EUR",
        availability="sold_out",
        language="en",
    ),
    Product(
        id="lamp-paper",
        title="纸灯",
        brand="Nori",
        category=TABLE_LAMPS,
        attributes=_attributes(colour="white", material="paper"),
        price=Decimal("19.00"),
        currency="EUR",
        availability="in_stock",
        language="zh",
    ),
    Product(
        id="floor-arc",
        title="Arc floor lamp",
        brand="Lumo",
        category=("Home", "Lighting", "Floor lamps"),
        attributes=_attributes(colour="black", height=180.0),
        price=Decimal("149.00"),
        currency="EUR",
        availability="in_stock",
        language="en",
    ),
    Product(
        id="desk-oak",
        title="Oak desk",
        brand="Holt",
        category=DESKS,
        attributes=_attributes(material="oak", height=74.0),
        price=Decimal("399.00"),
        currency="EUR",
        availability="in_stock",
        language="en",
        collections=("study",),
    ),
    Product(
        id="desk-white",
        title="White desk",
        brand="Nori",
        category=DESKS,
        attributes=_attributes(material="steel", colour="white", height=72.0),
        price=Decimal("249.00"),
        currency="EUR",
        language="en",
    ),
    Product(
        id="side-oak",
        title="Oak side table",
        brand="Holt",
        category=("Home", "Tables", "Side tables"),
        attributes=_attributes(material="oak"),
        price=Decimal("99.50"),
        currency="EUR",
        language="en",
    ),
    Product(id="spade", title="Spade", brand="Holt", category=("Garden", "Tools"), price=Decimal("25")),
    Product(id="rake", title="Rake", brand="Holt", category=("Garden", "Tools"), price=Decimal("22")),
    Product(id="bulb-warm", title="Warm bulb", brand="Lumo", labels=("Sale", "Bulbs"), price=Decimal("4.99")),
    Product(id="bulb-cold", title="Cold bulb", brand="Lumo", labels=("Bulbs",), price=Decimal("4.99")),
    Product(id="mystery"),
)

FACTS: tuple[Fact, ...] = (
    Fact(head="bulb-warm", relation="compatible_with", tail="lamp-black", weight=0.5, source="supplier"),
    Fact(head="bulb-warm", relation="compatible_with", tail="lamp-black", weight=2.0, source="expert"),
    Fact(head="bulb-warm", relation="compatible_with", tail="lamp-brass", source="expert"),
    Fact(head="dimmer", relation="compatible_with", tail="lamp-black", source="expert"),
)


def _met(
    user: str,
    product: str,
    time: float,
    *,
    kind: InteractionKind = "purchase",
    value: float = 1.0,
    query: str = "",
    order: str = "",
) -> Interaction:
    return Interaction(
        user=user, product=product, kind=kind, time=time, value=value, query=query, order=order
    )


INTERACTIONS: tuple[Interaction, ...] = (
    _met("ann", "lamp-black", 100, order="o1"),
    _met("ann", "desk-oak", 100, order="o1"),
    _met("ann", "bulb-warm", 200, order="o2"),
    _met("ann", "side-oak", 300, order="o3"),
    _met("bob", "lamp-black", 150, order="o4"),
    _met("bob", "bulb-warm", 250, order="o5"),
    _met("bob", "lamp-brass", 240, kind="click", query="brass lamp"),
    _met("cid", "spade", 50),
    _met("cid", "rake", 60),
    _met("cid", "rug", 70),
    _met("dee", "lamp-brass", 500, kind="click", query="brass lamp"),
    _met("dee", "lamp-black", 510, kind="click", query="desk lamp"),
    _met("dee", "lamp-paper", 520, kind="rating", value=4.0),
)

RECORDS: tuple[Record, ...] = (*PRODUCTS, *FACTS, *INTERACTIONS)
STUBS = ("dimmer", "rug")


def tiny_graph() -> Graph:
    """The graph of all of it."""
    return assemble(PRODUCTS, FACTS, INTERACTIONS)


def neighbours(graph: Graph, relation: str, head: str) -> list[tuple[str, float]]:
    """(tail id, weight) of one node's edges, in the order in which the graph keeps them."""
    found = graph.relation(relation)
    if found is None:
        return []
    number = graph.nodes[found.type.head].number(head)
    assert number is not None, head
    row = found.row(number)
    tails = graph.nodes[found.type.tail].texts.take(found.tails[row])
    return list(zip(tails, found.weight[row].tolist(), strict=True))
