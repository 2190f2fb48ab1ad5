"""What comes back: hits in order, each with its product, score and signals."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from html import escape
from typing import overload

import numpy as np
import numpy.typing as npt

from kg.records import Product
from recommend.query import Query
from recommend.shopfront.correction import Correction
from recommend.shopfront.facet import Facet
from recommend.understand.reading import Reading

_WIDTH = 60


@dataclass(frozen=True, kw_only=True)
class Hit:
    """One answer. `signals` are the contributions of the channels and of the shop's rules; with the
    `adjustment` by a learned ranking, if there is one, they add up to `score`. `pinned` names the rule that
    put it there."""

    product: Product
    score: float
    signals: Mapping[str, float]
    adjustment: float = 0.0
    pinned: str = ""

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


def _name(product: Product) -> str:
    name = product.title or " ".join(filter(None, (product.brand, " / ".join(product.labels)))) or product.id
    return name if len(name) <= _WIDTH else name[: _WIDTH - 1] + "…"


def _price(product: Product) -> str:
    return "" if product.price is None else f"{product.price} {product.currency}".strip()


def _top(hit: Hit) -> str:
    best = sorted(hit.signals.items(), key=lambda item: (-item[1], item[0]))[:3]
    return " ".join(f"{name} {value:.3f}" for name, value in best if value > 0)
