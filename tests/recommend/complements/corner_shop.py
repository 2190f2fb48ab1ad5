"""A shop of lamps, bulbs, desks and nail polish: lamps are bought with bulbs, polish with more polish."""

from __future__ import annotations

from kg.graph import Graph
from kg.records import Fact, Interaction, Product
from kg.snapshot import assemble
from recommend.settings import Settings

PLAIN = Settings(text=False, image=False, kge=False, gnn=False, fusion=None, search_queries=0)
LAMPS, BULBS, DESKS, POLISH = "Lamps", "Bulbs", "Desks", "Nail polish"
MEMBERS = {LAMPS: "lamp", BULBS: "bulb", DESKS: "desk", POLISH: "polish"}
EACH = 6


def products() -> list[Product]:
    return [
        Product(
            id=f"{name}{i}",
            title=f"{name} {i}",
            brand=f"Brand{i % 3}",
            category=("Shop", category),
            attributes={"fitting": ("E14", "E27")[i % 2]} if name in ("lamp", "bulb") else {},
            availability="out_of_stock" if i == 5 else "in_stock",
        )
        for category, name in MEMBERS.items()
        for i in range(EACH)
    ]


def facts() -> list[Fact]:
    return [Fact(head=f"bulb{i}", relation="compatible_with", tail=f"lamp{i}") for i in (0, 1)]


def log(*, orders: bool = True) -> list[Interaction]:
    """Forty users order a lamp with a bulb, forty a polish with two others; some look around."""
    found: list[Interaction] = []

    def order(user: str, number: int, day: float, *ids: str) -> None:
        found.extend(
            Interaction(
                user=user,
                product=p,
                kind="purchase",
                time=1.7e9 + day,
                order=f"{user}-{number}" if orders else "",
            )
            for p in ids
        )

    for i in range(40):
        lamp, polish = i % EACH, i % EACH
        user = f"u{i:02d}"
        found.append(Interaction(user=user, product=f"lamp{(lamp + 1) % EACH}", kind="view", time=1.7e9 + i))
        order(user, 1, 100 + i, f"lamp{lamp}", f"bulb{(lamp + 2 * (i % 2)) % EACH}")
        order(f"v{i:02d}", 1, 200 + i, *(f"polish{(polish + step) % EACH}" for step in range(3)))
        if i % 4 == 0:
            order(user, 2, 300 + i, f"desk{i % EACH}", f"lamp{(lamp + 3) % EACH}")
    return found


def corner_shop(*, orders: bool = True) -> Graph:
    return assemble(products(), facts(), log(orders=orders))


def kind(product_id: str) -> str:
    return product_id.rstrip("0123456789")
