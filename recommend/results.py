"""What comes back: hits in order, each with its product, score and signals."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from html import escape
from types import MappingProxyType
from typing import overload

import numpy as np
import numpy.typing as npt

from kg.graph import Graph
from kg.product_table import ProductTable
from kg.records import Product
from recommend.query import Query
from recommend.rank.balance import Balanced
from recommend.shopfront.correction import Correction
from recommend.shopfront.facet import Facet
from recommend.understand.reading import Reading

_WIDTH = 60


@dataclass(frozen=True, kw_only=True)
class Hit:
    """One answer. `signals` are the contributions of the channels and of the shop's rules; with the
    `adjustment` by a learned ranking, if there is one, they add up to `score`. `chance` is how likely it is
    to be taken next, as far as hidden interactions tell, where a learned ranking recommends (else None).
    `pinned` names the rule that put it there.

    In a list with a balance, the order is not that of the scores: `by_score` is the place that the product
    would have by score alone (0 in other lists, and for what a rule put there), and `balance` what each goal
    added to its share of the best score when it was chosen."""

    product: Product
    score: float
    signals: Mapping[str, float]
    adjustment: float = 0.0
    chance: float | None = None
    pinned: str = ""
    by_score: int = 0
    balance: Mapping[str, float] = field(default_factory=dict)

    @property
    def additive(self) -> float:
        """The score without the adjustment: the sum of the signals."""
        return self.score - self.adjustment


@dataclass(frozen=True, kw_only=True)
class Results(Sequence[Hit]):
    """Hits, best first. `note` says what a reader should know: that nothing was known of the user, say.

    Of searches: `reading` is what the words were taken to mean, `correction` says if they seem misspelt;
    `facets` count the result's `total` products, where they were asked for.
    """

    query: Query
    hits: tuple[Hit, ...]
    note: str = ""
    reading: Reading | None = None
    correction: Correction | None = None
    facets: tuple[Facet, ...] = ()
    total: int | None = None

    def __len__(self) -> int:
        return len(self.hits)

    @overload
    def __getitem__(self, index: int) -> Hit: ...
    @overload
    def __getitem__(self, index: slice) -> tuple[Hit, ...]: ...
    def __getitem__(self, index: int | slice) -> Hit | tuple[Hit, ...]:
        return self.hits[index]

    @property
    def ids(self) -> tuple[str, ...]:
        return tuple(hit.product.id for hit in self.hits)

    def __str__(self) -> str:
        lines = [self.note] if self.note else []
        if not self.hits:
            lines.append("(no products)")
        for place, hit in enumerate(self.hits, start=1):
            lines.append(
                f"{place:>3}  {hit.score:8.4f}  {_name(hit.product)}  [{hit.product.id}]  {_top(hit)}"
            )
        return "\n".join(lines)

    def _repr_html_(self) -> str:
        """A table for notebooks."""
        rows = "".join(
            f"<tr><td>{place}</td><td>{escape(hit.product.id)}</td><td>{escape(_name(hit.product))}</td>"
            f"<td>{escape(hit.product.brand)}</td><td>{_price(hit.product)}</td><td>{hit.score:.4f}</td>"
            f"<td>{escape(_top(hit))}</td></tr>"
            for place, hit in enumerate(self.hits, start=1)
        )
        head = "".join(f"<th>{h}</th>" for h in ("", "id", "product", "brand", "price", "score", "why"))
        note = f"<caption>{escape(self.note)}</caption>" if self.note else ""
        return f"<table>{note}<thead><tr>{head}</tr></thead><tbody>{rows}</tbody></table>"


@dataclass(frozen=True, kw_only=True, eq=False)
class Ranking:
    """Answers to many questions at once: ids [n, k] (object; '' where there are no more), scores float32
    [n, k] (-inf there)."""

    ids: npt.NDArray[np.object_]
    scores: npt.NDArray[np.float32]

    def __len__(self) -> int:
        return len(self.ids)


def hits_of(
    table: ProductTable,
    products: npt.NDArray[np.int64],
    scores: npt.NDArray[np.float32],
    signals: Mapping[str, npt.NDArray[np.float32]],
    *,
    adjustment: npt.NDArray[np.float32] | None = None,
    pinned: Mapping[int, str] = MappingProxyType({}),
    chances: npt.NDArray[np.float32] | None = None,
    balanced: Balanced | None = None,
) -> tuple[Hit, ...]:
    """Products (int64 [m]) with their scores and signals (float32 [m] each), as hits in this order.
    `adjustment` and `chances` are float32 [m] (NaN: unknown), `pinned` names a rule by place, `balanced` says
    how they were re-ranked."""
    moved = [0.0] * len(products) if adjustment is None else adjustment.tolist()
    columns = [(name, values.tolist()) for name, values in signals.items()]
    return tuple(
        Hit(
            product=table.product(product),
            score=score,
            signals={name: values[place] for name, values in columns if values[place]},
            adjustment=moved[place],
            chance=None if chances is None or np.isnan(chances[place]) else float(chances[place]),
            pinned=pinned.get(place, ""),
            by_score=0 if balanced is None else int(balanced.by_score[place]),
            balance={} if balanced is None else balanced.added(place),
        )
        for place, (product, score) in enumerate(zip(products.tolist(), scores.tolist(), strict=True))
    )


def ranking_of(
    graph: Graph, found: Sequence[tuple[npt.NDArray[np.int64], npt.NDArray[np.float32]]], k: int
) -> Ranking:
    """Products with their scores, once for each question, as one table."""
    ids = np.full((len(found), k), "", dtype=object)
    scores = np.full((len(found), k), -np.inf, dtype=np.float32)
    names = graph.nodes["product"]
    for row, (products, values) in enumerate(found):
        ids[row, : len(products)] = [names[int(p)] for p in products]
        scores[row, : len(values)] = values
    return Ranking(ids=ids, scores=scores)


def _name(product: Product) -> str:
    name = product.title or " ".join(filter(None, (product.brand, " / ".join(product.labels)))) or product.id
    return name if len(name) <= _WIDTH else name[: _WIDTH - 1] + "…"


def _price(product: Product) -> str:
    return "" if product.price is None else f"{product.price} {product.currency}".strip()


def _top(hit: Hit) -> str:
    best = sorted(hit.signals.items(), key=lambda item: (-item[1], item[0]))[:3]
    return " ".join(f"{name} {value:.3f}" for name, value in best if value > 0)
