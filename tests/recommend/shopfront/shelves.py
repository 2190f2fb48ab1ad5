"""A shelf of products with given scores, and the pages that a shop makes of them."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from decimal import Decimal

import numpy as np

from kg.filters import FilterIndex, parse_where
from kg.graph import Graph
from kg.records import Product
from kg.snapshot import assemble
from recommend.behaviour import Behaviour
from recommend.channels.signals import DenseSignal
from recommend.rank.blend import Part
from recommend.rank.shelf import GraphShelf
from recommend.rank.top import top
from recommend.shopfront import Page, Ranking, Rulebook, Shopfront
from recommend.shopfront.relevance import Mask, Numbers, Rank, Scores
from recommend.shopfront.rules_file import rules_of

TODAY = date(2026, 3, 15)


def by(scores: Sequence[float]) -> Rank:
    """A ranking by given scores: only those above 0, ties by number."""

    def rank(k: int, allowed: Mask) -> tuple[Numbers, Scores]:
        values = np.array(scores, dtype=np.float32)
        best = top(np.where(allowed & (values > 0), values, -np.inf).astype(np.float32), k)
        return best, values[best]

    return rank


def ranking(scores: Sequence[float]) -> Ranking:
    values = np.array(scores, dtype=np.float32)
    return Ranking(best=by(scores), scores=lambda products: values[products], parts=[dense(scores)])


def rounded(scores: Sequence[float]) -> list[float]:
    """Scores as float32 keeps them."""
    values: list[float] = np.array(scores, dtype=np.float32).tolist()
    return values


def shelf(count: int = 6) -> Graph:
    """Products p0, p1 …: brands A and B by turns; prices 60, 50 … down to 10, the last without one."""
    return assemble(
        [
            Product(
                id=f"p{i}",
                title=f"Thing {count - i}",
                brand="AB"[i % 2],
                price=None if i == count - 1 else Decimal(10 * (count - i)),
            )
            for i in range(count)
        ],
        [],
        [],
    )


def front(graph: Graph, rules: str = "") -> Shopfront:
    filters = FilterIndex.of(graph)
    book = Rulebook(rules_of(rules), graph, filters, channels=("lexical", "text"))
    kind = np.zeros(graph.product_count, dtype=np.int64)
    return Shopfront(
        graph,
        filters,
        book,
        popularity=lambda: np.arange(graph.product_count, dtype=np.float32) % 4,
        shelf=lambda: GraphShelf(graph, Behaviour.of(graph), {}, kind=lambda: kind, shown=lambda most: ()),
    )


def page(
    scores: Sequence[float],
    rules: str = "",
    text: str = "lamp",
    *,
    k: int = 10,
    where: Sequence[str] = (),
    **more: object,
) -> Page:
    shop = front(shelf(len(scores)), rules)
    return shop.page(
        ranking(scores),
        k=k,
        where=parse_where(where),
        active=shop.rules.active(text, TODAY, types=lambda: ["Lamp"]),
        hidden=shop.rules.hidden(TODAY, text),
        **more,  # type: ignore[arg-type]
    )


def dense(scores: Sequence[float], weight: float = 1.0) -> Part:
    values = np.maximum(np.array(scores, dtype=np.float32), 0)
    return Part(name="words", weight=weight, signal=DenseSignal(values))


SIX = (0.9, 0.8, 0.7, 0.6, 0.5, 0.1)
