"""A shop of computers whose types, accessories and services are stated, small enough to grade by hand.

computer > laptop > gaming laptop   l-black (HP), l-silver (HP), l-dell (Dell, black); g-red (Dell)
computer > tablet                   t-hp (HP), t-nori (Nori)
laptop bag (for laptops)            b-hp (for HP), b-any
nothing else                        s-care, a service for laptops; maybe, perhaps a laptop; thing, of no type
mug                                 40 of them, brand Terra
"""

from __future__ import annotations

from collections.abc import Iterator

from kg.graph import ACCESSORY_OF, COMPATIBLE_WITH, IN_SERIES, OF_TYPE, SERVICE_FOR, SUBTYPE_OF, Graph
from kg.records import AttributeValue, Fact, Product, Quantity
from kg.snapshot import assemble

MUGS = 40


def _products() -> Iterator[Product]:
    def made(product: str, title: str, brand: str, colour: str = "") -> Product:
        attributes: dict[str, AttributeValue | tuple[AttributeValue, ...]] = (
            {"colour": colour} if colour else {}
        )
        return Product(id=product, title=title, brand=brand, attributes=attributes)

    yield made("l-black", "HP Pavo 15 notebook 8 GB", "HP", "black")
    yield made("l-silver", "HP Pavo 17 notebook 4 GB", "HP", "silver")
    yield Product(
        id="l-dell",
        title="Dell Orion portable computer",
        brand="Dell",
        attributes={"colour": "black", "memory": Quantity(number=8, unit="GB")},
    )
    yield made("g-red", "Dell Fury 9000X gaming laptop", "Dell", "red")
    yield made("t-hp", "HP Slate tablet", "HP", "black")
    yield made("t-nori", "Nori 纸 tablet", "Nori")
    yield made("b-hp", "Laptop bag for HP Pavo", "Holt", "black")
    yield made("b-any", "Laptop sleeve bag, laptop 15", "Holt", "grey")
    yield made("s-care", "Laptop care pack", "HP")
    yield made("maybe", "Laptop thing", "Dell")
    yield made("thing", "Something else", "HP")
    for number in range(MUGS):
        colour = ("black", "white")[number % 2]
        yield made(f"m-{number:02}", f"Terra mug no {number}", "Terra", colour)


def _facts() -> Iterator[Fact]:
    def typed(product: str, kind: str, weight: float = 1.0) -> Fact:
        return Fact(head=product, relation=OF_TYPE, tail=kind, tail_kind="type", weight=weight)

    for product in ("l-black", "l-silver", "l-dell"):
        yield typed(product, "laptop", 0.9)
    yield typed("g-red", "gaming laptop")
    yield typed("t-hp", "tablet")
    yield typed("t-nori", "tablet")
    yield typed("b-hp", "laptop bag")
    yield typed("b-any", "laptop bag")
    yield typed("s-care", "care pack")
    yield typed("maybe", "laptop", 0.4)
    for number in range(MUGS):
        yield typed(f"m-{number:02}", "mug")
    for below, above in (("laptop", "computer"), ("tablet", "computer"), ("gaming laptop", "laptop")):
        yield Fact(head=below, relation=SUBTYPE_OF, tail=above, head_kind="type", tail_kind="type")
    yield Fact(head="laptop bag", relation=ACCESSORY_OF, tail="laptop", head_kind="type", tail_kind="type")
    yield Fact(head="s-care", relation=SERVICE_FOR, tail="laptop", tail_kind="type")
    yield Fact(head="b-hp", relation=COMPATIBLE_WITH, tail="HP", tail_kind="brand")
    yield Fact(head="b-hp", relation=COMPATIBLE_WITH, tail="HP Pavo", tail_kind="series")
    for product in ("l-black", "l-silver"):
        yield Fact(head=product, relation=IN_SERIES, tail="HP Pavo", tail_kind="series")


def computers() -> Graph:
    """The graph of all of it."""
    return assemble(_products(), _facts(), ())
