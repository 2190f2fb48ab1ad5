"""A shop in which a sum is not enough: everybody buys at their own price, and no channel knows of prices."""

from __future__ import annotations

from decimal import Decimal

import numpy as np

from kg.graph import Graph
from kg.records import Interaction, Product
from kg.snapshot import assemble

KINDS, LEVELS = 12, 8


def priced(count: int = 2_400, users: int = 300, *, seed: int = 0, choosy: bool = True) -> Graph:
    """Users buy within a kind; if they are `choosy`, at one of eight price levels. Few of the many products
    were ever bought together."""
    rng = np.random.default_rng(seed)
    kind, level = rng.integers(KINDS, size=count), rng.integers(LEVELS, size=count)
    products = [
        Product(id=f"p{i:04d}", category=(f"Kind{kind[i]}",), price=Decimal(int(10 * 2 ** level[i])))
        for i in range(count)
    ]
    bought: list[Interaction] = []
    for user in range(users):
        odds = np.where(kind == rng.integers(KINDS), 1.0, 1e-3)
        if choosy:
            odds = odds * np.where(level == rng.integers(LEVELS), 1.0, 1e-3)
        chosen = rng.choice(count, int(rng.integers(4, 7)), replace=False, p=odds / odds.sum())
        bought += [Interaction(user=f"u{user:03d}", product=f"p{one:04d}") for one in chosen.tolist()]
    return assemble(products, [], bought)
