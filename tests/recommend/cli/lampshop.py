"""A small shop for lamps and pans, and a way to call commands on it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from decimal import Decimal
from typing import Any, NamedTuple

from click.testing import CliRunner

from kg import Interaction, Product
from recommend import Settings
from recommend.cli.group import shelfgraph

PLAIN = Settings(text=False, image=False, kge=False, gnn=False, fusion=None)

KINDS = {
    "lamp": ("Home", "Lighting", "Lamps"),
    "bulb": ("Home", "Lighting", "Bulbs"),
    "pan": ("Kitchen", "Pans"),
}
CATALOG = [
    ("L1", "brass desk lamp", "Lumo", "lamp", "49.00", "brass"),
    ("L2", "oak desk lamp", "Lumo", "lamp", "59.00", "oak"),
    ("L3", "brass floor lamp", "Norr", "lamp", "120.00", "brass"),
    ("L4", "paper floor lamp", "Norr", "lamp", "80.00", "paper"),
    ("L5", "oak table lamp", "Lumo", "lamp", "39.00", "oak"),
    ("B1", "warm bulb", "Lumo", "bulb", "4.50", "glass"),
    ("B2", "cold bulb", "Lumo", "bulb", "4.00", "glass"),
    ("B3", "filament bulb", "Norr", "bulb", "7.90", "glass"),
    ("B4", "[smart] bulb", "Norr", "bulb", "19.00", "glass"),
    ("P1", "iron frying pan", "Ferro", "pan", "45.00", "iron"),
    ("P2", "steel frying pan", "Ferro", "pan", "55.00", "steel"),
    ("P3", "铸铁煎锅", "Ferro", "pan", "65.00", "iron"),
    ("P4", "copper sauce pan", "Norr", "pan", "95.00", "copper"),
    ("P5", "grill pan", "Ferro", "pan", "35.00", "iron"),
]
BASKETS = {
    "anna": ["L1", "B1"],
    "ben": ["L2", "B1", "B2"],
    "cleo": ["L1", "B1", "B3"],
    "dan": ["P1", "P2"],
    "eve": ["P1", "P2", "P3"],
    "finn": ["L3", "B3"],
}


class Ran(NamedTuple):
    """What a command did: its exit status, stdout and stderr."""

    status: int
    out: str
    err: str

    @property
    def document(self) -> Any:
        """Stdout as the one JSON document that it must be."""
        return json.loads(self.out)


def run(*args: object, env: dict[str, str] | None = None) -> Ran:
    """Call `shelfgraph args…` in this process. Only an interrupt or an error of ours may end it."""
    result = CliRunner().invoke(
        shelfgraph, [str(arg) for arg in args], env={"SHELFGRAPH_SHOP": None, **(env or {})}
    )
    assert result.exception is None or isinstance(result.exception, SystemExit), result.exception
    assert "Traceback" not in result.output
    return Ran(result.exit_code, result.stdout, result.stderr)


def catalog() -> Iterator[Product]:
    for product_id, title, brand, kind, price, material in CATALOG:
        yield Product(
            id=product_id,
            title=title,
            brand=brand,
            category=KINDS[kind],
            attributes={"material": material},
            price=Decimal(price),
            currency="EUR",
        )


def behaviour() -> Iterator[Interaction]:
    for user, basket in BASKETS.items():
        for day, product in enumerate(basket):
            yield Interaction(user=user, product=product, time=86_400.0 * day)
