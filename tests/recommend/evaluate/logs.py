"""Small logs for the harness: random ones, and units that want what they are told to want."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import numpy as np
import scipy.sparse as sp

from kg.graph import Graph
from kg.records import Fact, Interaction, Product
from kg.snapshot import assemble
from recommend.behaviour import Behaviour
from recommend.measure.units import Units

DAY = 86_400.0
START = 1_600_000_000.0


def random_log(
    users: int,
    products: int,
    *,
    seed: int,
    most: int = 6,
    times: bool = False,
    facts: Iterable[Fact] = (),
) -> Graph:
    """Everybody buys up to `most` products at random: nothing can be learned from it."""
    rng = np.random.default_rng(seed)
    interactions = []
    for user in range(users):
        bought = rng.choice(products, int(rng.integers(1, most + 1)), replace=False)
        interactions += [
            Interaction(
                user=f"u{user:04d}",
                product=f"p{p:03d}",
                time=START + DAY * float(rng.integers(300)) if times else None,
            )
            for p in bought.tolist()
        ]
    return assemble([Product(id=f"p{p:03d}") for p in range(products)], facts, interactions)


def units_of(behaviour: Behaviour, wanted: Sequence[Sequence[int]]) -> Units:
    """User i wants the products wanted[i]."""
    relevant = sp.lil_array((len(wanted), behaviour.weight.shape[1]), dtype=np.bool_)
    for row, products in enumerate(wanted):
        relevant[row, list(products)] = True
    return Units(
        users=np.arange(len(wanted)),
        behaviour=behaviour,
        relevant=relevant.tocsr(),
        wanted=np.array([len(set(products)) for products in wanted], dtype=np.int64),
    )
