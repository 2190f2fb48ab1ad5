"""A shop of electronics, small enough to know what every query means.

Two words are meant to be doubtful: 'switch' is a network device and the name of Acme's consoles, 'berry' a
maker of phones and a colour.
"""

from __future__ import annotations

import re
from decimal import Decimal

from kg.graph import Graph
from kg.records import AttributeValue, Fact, NodeKind, Product, Quantity
from kg.snapshot import assemble

_ROWS = """
l1 | Acme Book 15 laptop | Acme | laptop | 499 | screen=15.6 in; memory=16 GB; colour=black; fanless=yes
l2 | Acme Book 13 laptop | Acme | laptop | 399 | screen=13.3 in; memory=8 GB; colour=silver; cooling=fan
l3 | Nordwind Air laptop | Nordwind | laptop | 899 | screen=14 in; memory=32 GB; colour=silver; cooling=fan
l4 | Nordwind laptop with touchscreen | Nordwind | laptop | 1299 | screen=17 in; touchscreen=yes; colour=black
b1 | Parcel laptop bag 15 | Parcel | laptop bag | 39 | colour=black; material=nylon; weight=0.9 kg
b2 | Parcel leather laptop bag | Parcel | laptop bag | 99 | colour=brown; material=leather; weight=1.4 kg
m1 | Acme wireless mouse | Acme | mouse | 19 | colour=black; connection=wireless; weight=90 g
m2 | Parcel wireless mouse | Parcel | mouse | 15 | colour=white; connection=wireless; weight=80 g
m3 | Nordwind mouse with cable | Nordwind | mouse | 9 | colour=black; connection=USB-C
h1 | Tonwerk headset | Tonwerk | headset | 59 | connection=Bluetooth; channels=5.1; noise cancelling=yes
h2 | Tonwerk headset USB-C | Tonwerk | headset | 49 | connection=USB-C; channels=2.0
h3 | Tonwerk 头戴式耳机 | Tonwerk | headset | 45 | connection=Bluetooth
h4 | Tonwerk 无线耳机 | Tonwerk | headset | 35 | connection=Bluetooth
s1 | Linkwell network switch 8 port | Linkwell | network switch | 29 | ports=#8
s2 | Linkwell network switch 24 port | Linkwell | network switch | 129 | ports=#24
s3 | Linkwell Pro network switch 48 port | Linkwell | network switch | 329 | ports=#48
s4 | Linkwell Max network switch 48 port | Linkwell | network switch | 429 | ports=#48
g1 | Acme Switch console | Acme | console | 299 | colour=red
g2 | Acme Switch Mini console | Acme | console | 199 | colour=blue
c1 | Linkwell USB-C cable 1 m | Linkwell | cable | 9 | connector=USB-C; length=1 m
c2 | Linkwell HDMI cable 2 m | Linkwell | cable | 12 | connector=HDMI; length=200 cm
c3 | 3M HDMI cable 5 m | Linkwell | cable | 22 | connector=HDMI; length=5 m
t1 | 3M tape | 3M | tape | 3 | length=10 m
p1 | Berry One phone | Berry | phone | 799 | colour=black; memory=128 GB
p2 | Berry Two phone | Berry | phone | 999 | colour=white; memory=256 GB
k1 | Parcel phone case black | Parcel | phone case | 19 | colour=black; material=leather
k2 | Parcel phone case berry | Parcel | phone case | 19 | colour=berry
d1 | Flash micro SD card 64 GB | Flash & Co. Ltd | micro sd card | 15 | capacity=64 GB
d2 | Flash micro SD card 128 GB | Flash & Co. Ltd | micro sd card | 25 | capacity=128 GB
f1 | Nordwind desk fan | Nordwind | fan | 29 | colour=white; power=40 W
"""
"""id | title | brand | type | price | attributes (#: a number without a unit)."""

_AMOUNT = re.compile(r"([\d.]+) (in|GB|kg|g|m|cm|W)")


def _value(text: str) -> AttributeValue:
    amount = _AMOUNT.fullmatch(text)
    if amount is not None:
        return Quantity(number=float(amount[1]), unit=amount[2])
    if text.startswith("#"):
        return float(text[1:])
    return True if text == "yes" else text


def _attributes(text: str) -> dict[str, AttributeValue]:
    pairs = (pair.split("=") for pair in text.split("; ") if pair)
    return {name: _value(value) for name, value in pairs}


_TABLE = tuple(tuple(cell.strip() for cell in row.split("|")) for row in _ROWS.strip().splitlines())

PRODUCTS: tuple[Product, ...] = tuple(
    Product(id=number, title=title, brand=brand, price=Decimal(price), attributes=_attributes(attributes))
    for number, title, brand, _, price, attributes in _TABLE
)


def fact(head: str, relation: str, tail: str, tail_kind: NodeKind, head_kind: NodeKind = "product") -> Fact:
    """An edge of the shop."""
    return Fact(head=head, relation=relation, tail=tail, head_kind=head_kind, tail_kind=tail_kind)


FACTS: tuple[Fact, ...] = (
    *(fact(number, "of_type", kind, "type") for number, _, _, kind, _, _ in _TABLE),
    fact("g1", "in_series", "Acme Switch", "series"),
    fact("g2", "in_series", "Acme Switch", "series"),
    fact("l1", "in_series", "Acme Book", "series"),
    fact("l2", "in_series", "Acme Book", "series"),
    fact("p1", "in_series", "Berry One", "series"),
    fact("k1", "compatible_with", "Berry", "brand"),
    fact("k1", "compatible_with", "Berry One", "series"),
    fact("k2", "compatible_with", "Berry One", "series"),
    fact("laptop bag", "accessory_of", "laptop", "type", "type"),
)


def gadgets(more: tuple[Product, ...] = (), facts: tuple[Fact, ...] = ()) -> Graph:
    """The graph of the shop."""
    return assemble((*PRODUCTS, *more), (*FACTS, *facts), ())
