"""What would have to be missing for a product to leave a list: found by asking again without it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from itertools import combinations
from typing import Any

from kg.records import Product
from recommend.explain.explanation import ExplainedNode
from recommend.explain.phrases import Missing, Phrasebook, packaged_phrases
from recommend.explain.shopper import title
from recommend.query import Query

_SINGLES = 60
_PAIRED = 12
"""Pairs are tried among so many of the strongest."""


@dataclass(frozen=True, kw_only=True)
class Counterfactual:
    """The fewest products of the history, or words of the search, without which a product leaves the list.

    `place` is its place now (None: it is not in the list), `missing` what has to go (empty: nothing that was
    tried is enough), `without` the query that was asked to verify it and `instead` the products that are in
    its list and not in the other. `looked` is how many answers were looked at.
    """

    query: Query
    product: Product
    place: int | None
    missing: tuple[ExplainedNode, ...] = ()
    without: Query | None = None
    instead: tuple[str, ...] = ()
    looked: int = 0
    phrases: Phrasebook = field(default_factory=packaged_phrases, repr=False, compare=False)

    def sentence(self, *, language: str = "en") -> str:
        """What a shopper may read."""
        marks = self.phrases.marks(language)
        names = [marks.quoted(title(node)) for node in self.missing]
        said = self.phrases.missing(self._kind, language).format(source=marks.listed(names))
        return marks.sentence(said)

    @property
    def _kind(self) -> Missing:
        if self.place is None:
            return "absent"
        if self.missing:
            return "one" if len(self.missing) == 1 else "several"
        return "none" if self.looked else "alone"

    @property
    def text(self) -> str:
        """The same with places and counts."""
        if self.place is None:
            return f"{self.product.id} is not among the {self.query.k}"
        said = f"{self.product.id} is at place {self.place} of {self.query.k}"
        if not self.looked:
            return f"{said}; the question holds nothing that could be left out"
        looked = f"({self.looked} answer{'' if self.looked == 1 else 's'} looked at)"
        if not self.missing:
            return f"{said}; nothing that was left out takes it from the list {looked}"
        names = " and ".join(f"“{node.label}” [{node.id}]" for node in self.missing)
        return f"{said}; without {names} it is not among them {looked}"

    def __str__(self) -> str:
        return self.text

    def plain(self) -> dict[str, Any]:
        """JSON values."""
        return {
            "product": self.product.id,
            "place": self.place,
            "missing": [{"kind": n.kind, "id": n.id, "label": n.label} for n in self.missing],
            "instead": list(self.instead),
            "looked": self.looked,
            "text": self.text,
            "sentences": {language: self.sentence(language=language) for language in self.phrases.languages},
        }


class Search:
    """Looks for the smallest set of `items` (the strongest first) without which a product is gone.

    `gone` asks again without some of them, named by their places. Single items are tried first, then pairs of
    the strongest; then as many of the strongest are left out as it takes, and put back one by one where
    the product stays away all the same.
    """

    def __init__(self, items: int, gone: Callable[[Sequence[int]], bool]) -> None:
        self._items = items
        self._gone = gone
        self.looked = 0

    def smallest(self) -> tuple[int, ...]:
        """The places of the items to leave out; empty if the product stays without all of them."""
        for one in range(min(self._items, _SINGLES)):
            if self._without((one,)):
                return (one,)
        for pair in combinations(range(min(self._items, _PAIRED)), 2):
            if self._without(pair):
                return pair
        return self._grown()

    def _grown(self) -> tuple[int, ...]:
        if self._items < 3 or not self._without(tuple(range(self._items))):
            return ()
        # how many of the strongest it takes: fewer at least than all
        few, most = 2, self._items
        while most - few > 1:
            half = (few + most) // 2
            if self._without(tuple(range(half))):
                most = half
            else:
                few = half
        left_out = tuple(range(most))
        for one in reversed(range(most)):
            fewer = tuple(place for place in left_out if place != one)
            if self._without(fewer):
                left_out = fewer
        return left_out

    def _without(self, places: Sequence[int]) -> bool:
        self.looked += 1
        return self._gone(places)
