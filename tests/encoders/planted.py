"""A small graph with a known structure: products come in groups, and everything follows the groups."""

from __future__ import annotations

import csv
import gzip
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from kg.graph import Graph
from kg.records import Fact, Interaction, Product
from kg.snapshot import assemble

GROUPS, SIZE = 12, 20


def group(product_id: str) -> int:
    return int(product_id[1:3])


def planted(*, seed: int = 0, newcomer: bool = False) -> Graph:
    """240 products in 12 groups; brand, views and purchases stay within a group nine times in ten.

    With `newcomer` there is one more product, p03new, which belongs to group 3 in every way.
    """
    rng = np.random.default_rng(seed)
    ids = [f"p{g:02}{i:02}" for g in range(GROUPS) for i in range(SIZE)]

    def near(g: int) -> str:
        g = g if rng.random() < 0.9 else int(rng.integers(GROUPS))
        return ids[g * SIZE + int(rng.integers(SIZE))]

    products = [Product(id=p, brand=f"brand {group(p)}-{i % 2}", labels=("all",)) for i, p in enumerate(ids)]
    viewed = {(p, near(group(p))) for p in ids for _ in range(8)}
    facts = [Fact(head=a, relation="also_viewed", tail=b) for a, b in sorted(viewed) if a != b]
    bought = sorted({(f"u{u:03}", near(u % GROUPS)) for u in range(240) for _ in range(5)})
    if newcomer:
        products.append(Product(id="p03new", brand="brand 3-0", labels=("all",)))
        facts += [Fact(head="p03new", relation="also_viewed", tail=ids[3 * SIZE + i]) for i in range(3)]
        bought.append(("u003", "p03new"))
    return assemble(products, facts, [Interaction(user=u, product=p) for u, p in bought])


def tiny(products: int = 5, facts: int = 0, purchases: int = 0) -> Graph:
    """Products of which the first few are linked in a row, or were bought by one user."""
    return assemble(
        [Product(id=f"p{i}") for i in range(products)],
        [Fact(head=f"p{i}", relation="like", tail=f"p{i + 1}") for i in range(facts)],
        [Interaction(user="u", product=f"p{i}") for i in range(purchases)],
    )


def siblings_first(matrix: np.ndarray, vector: np.ndarray, ids: list[str], own: int) -> float:
    """The share of the ten nearest products (by cosine) that are of the group `own`."""
    unit = matrix / np.maximum(np.linalg.norm(matrix, axis=1, keepdims=True), 1e-12)
    nearest = np.argsort(-(unit @ vector), kind="stable")[:10]
    return float(np.mean([group(ids[i]) == own for i in nearest]))


def beauty(folder: Path) -> Graph:
    """Amazon Beauty with purchases and relations, but without also_bought."""

    def rows(name: str) -> Iterator[dict[str, str]]:
        with gzip.open(folder / "beauty" / f"{name}.csv.gz", "rt", encoding="utf-8", newline="") as file:
            yield from csv.DictReader(file)

    products = [
        Product(
            id=row["id"],
            brand=row["brand"],
            labels=tuple(dict.fromkeys(label for label in row["categories"].split("|") if label)),
        )
        for row in rows("products")
    ]
    facts = [
        Fact(head=row["id"], relation=name, tail=row["related_id"])
        for name in ("also_viewed", "bought_together")
        for row in rows(name)
    ]
    taken = [Interaction(user=row["user"], product=row["product_id"]) for row in rows("purchases_train")]
    return assemble(products, facts, taken)
