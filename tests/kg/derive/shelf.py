"""A shop without categories, small enough to know what everything is: four brands, eleven kinds of things."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import TypeAlias

from kg.derive import Derived
from kg.graph import Graph
from kg.records import AttributeValue, Fact, Product
from kg.snapshot import assemble

_Attributes: TypeAlias = Mapping[str, AttributeValue]

_LAMP: _Attributes = {"bulb": "E27", "dimmable": True, "lumen": 800.0}
_POT: _Attributes = {"capacity": "1 l", "dishwasher safe": True, "lid": "glass"}
_PHONE: _Attributes = {"screen size": 6.1, "battery life": 20.0, "sim slots": 2.0}
_SLEEVE: _Attributes = {"inner size": "13 inch", "zip": True}

TITLES: tuple[tuple[str, str, _Attributes], ...] = (
    ("Lumo", "Arc 100 desk lamp, black", _LAMP),
    ("Nori", "Ito desk lamp", _LAMP),
    ("Holt", "Oak desk lamp 40 W", _LAMP),
    ("Lumo", "Arc 200 floor lamp black", _LAMP),
    ("Nori", "Aki floor lamp", _LAMP),
    ("Holt", "Ash floor lamps, pair", _LAMP),
    ("Lumo", "Arc 300 wall lamp white", _LAMP),
    ("Nori", "Umi wall lamp", _LAMP),
    ("Holt", "Elm wall lamp white", _LAMP),
    ("Holt", "Rok teapot 1 l", _POT),
    ("Nori", "Sei teapot, white", _POT),
    ("Vell", "Tam teapot", _POT),
    ("Vell", "Tam saucepan black", _POT),
    ("Holt", "Rok saucepan", _POT),
    ("Nori", "Sei saucepans, set of 3", _POT),
    ("Vell", "ZenFone 5 phone 128 GB", _PHONE),
    ("Vell", "ZenFone 6 phone 256 GB", _PHONE),
    ("Vell", "ZenFone 7 phone", _PHONE),
    ("Lumo", "Ray phone white", _PHONE),
    ("Nori", "Kai phones, 2 pieces", _PHONE),
    ("Holt", "leather phone case for ZenFone 5", _SLEEVE),
    ("Nori", "phone case black for ZenFone 6", _SLEEVE),
    ("Lumo", "phone case, white", _SLEEVE),
    ("Vell", "cover for Vell phones", _SLEEVE),
    ("Holt", "cover for phones", _SLEEVE),
    ("Nori", "covers for tablets", _SLEEVE),
    ("Vell", "phone warranty 3 years", {}),
    ("Nori", "phone warranty 2 years", {}),
    ("Holt", "phone warranty", {}),
)

MUTE = Product(id="mute", title="Lumo Arc 400", brand="Lumo", attributes=MappingProxyType(_LAMP))
"""No word of its title says what it is; its attributes do."""


def products() -> list[Product]:
    named = [
        Product(
            id=f"{number:02} {title}",
            title=f"{brand} {title}",
            brand=brand,
            attributes=MappingProxyType(dict(attributes)),
        )
        for number, (brand, title, attributes) in enumerate(TITLES)
    ]
    return [*named, MUTE]


def shelf(*facts: Fact, more: tuple[Product, ...] = ()) -> Graph:
    """The graph of all of it."""
    return assemble([*products(), *more], facts, [])


def tails(derived: Derived, relation: str, head: str) -> dict[str, float]:
    """What a node is linked to: the first node whose id ends so."""
    return {
        fact.tail: fact.weight
        for fact in derived.facts()
        if fact.relation == relation and fact.head.endswith(head)
    }


def type_of(derived: Derived, product: str) -> str | None:
    return next(iter(tails(derived, "of_type", product)), None)
