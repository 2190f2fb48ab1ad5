"""The catalog as columns, gathered in one pass over the records: what every check reads.

Of long texts only the start is kept, after a look at their language. So a million products with nineteen
attributes each fit into two to three gigabytes.
"""

from __future__ import annotations

from array import array
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Protocol, TypeAlias

import numpy as np
import numpy.typing as npt

from kg.doctor.attribute_groups import NameStats, stats_of, variant_names
from kg.doctor.cells import Cells, CellsDraft, Rows
from kg.doctor.languages import UNKNOWN, language_of, subtag
from kg.doctor.report import Items
from kg.doctor.spelling import words
from kg.records import CATEGORY_SEPARATOR, Fact, Interaction, Product
from kg.texts import Texts

Progress: TypeAlias = Callable[[str, int, int], None]

_EVERY = 10_000
"""How often progress is told, in records."""
_START = 200
_CATEGORY_FACT = "subcategory_of"


class Source(Protocol):
    """Where the records come from: a GraphStore, or `Records`."""

    def products(self) -> Iterator[Product]: ...

    def facts(self) -> Iterator[Fact]: ...

    def interactions(self) -> Iterator[Interaction]: ...


@dataclass(frozen=True, kw_only=True, eq=False)
class Coded:
    """A column of names that repeat: numbers int32 [n] into `names`; names[0] is ''."""

    numbers: Rows
    names: list[str]


@dataclass(kw_only=True, eq=False)
class Mentions:
    """What facts and interactions name: unknown products with relation → edges, categories, brands."""

    facts: int = 0
    interactions: int = 0
    by_facts: dict[str, dict[str, int]] = field(default_factory=dict)
    by_interactions: dict[str, dict[str, int]] = field(default_factory=dict)
    dangling_facts: int = 0
    dangling_interactions: int = 0
    categories: dict[str, None] = field(default_factory=dict)
    parents: dict[str, str] = field(default_factory=dict)
    brands: dict[str, int] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True, eq=False)
class Catalog:
    """One row per product, in the order of the source. Prices are NaN where there is none.

    `title_language` and `text_language` are what the words look like ('' where they do not say). Of a
    description the start is kept, 200 characters.
    """

    id: Texts
    title: Texts
    brand: Coded
    category: Coded
    labels: Coded
    collections: Coded
    currency: Coded
    language: Coded
    title_language: Coded
    text_language: Coded
    description: Texts
    price: npt.NDArray[np.float64]
    image: Texts
    gtin: Texts
    cells: Cells
    mentions: Mentions
    pictures: Path | None
    tell: Progress
    notes: list[str] = field(default_factory=list)

    def __len__(self) -> int:
        return len(self.id)

    @cached_property
    def name_stats(self) -> list[NameStats]:
        """What is known of each attribute name, in the order of `cells.names`."""
        return stats_of(self.cells)

    @cached_property
    def name_groups(self) -> list[list[int]]:
        """The attribute names that are one attribute, as numbers in `cells.names`."""
        return variant_names(self.cells, self.name_stats, self.title_words)

    @cached_property
    def title_words(self) -> Counter[str]:
        """In how many titles each folded word stands."""
        return Counter(word for title in self.title for word in set(words(title)))

    def items(
        self,
        groups: Iterable[tuple[Iterable[int], str] | tuple[Iterable[int], str, str]],
        *,
        names: Texts | None = None,
    ) -> Items:
        """Items from (rows, what is wrong[, subject]); `names` where numbers are no rows of the catalog."""
        numbers, ends = array("i"), array("q", [0])
        values, subjects = [], []
        for rows, value, *subject in groups:
            numbers.extend(rows)
            ends.append(len(numbers))
            values.append(value)
            subjects.append(subject[0] if subject else "")
        return Items(
            numbers=np.array(numbers, dtype=np.int32),
            indptr=np.array(ends, dtype=np.int64),
            values=Texts.of(values),
            names=self.id if names is None else names,
            titles=self.title if names is None else None,
            subjects=Texts.of(subjects),
        )


class _Codes:
    """Names to numbers, while a column is gathered."""

    def __init__(self) -> None:
        self.numbers = array("i")
        self._known: dict[str, int] = {"": 0}

    def add(self, name: str) -> None:
        self.numbers.append(self._known.setdefault(name, len(self._known)))

    def column(self) -> Coded:
        return Coded(numbers=np.array(self.numbers, dtype=np.int32), names=list(self._known))


def gather(source: Source, *, reads: frozenset[str], pictures: Path | None, tell: Progress) -> Catalog:
    """Read the source once. `reads` names what else than the plain fields is wanted."""
    coded = {name: _Codes() for name in _CODED}
    texts: dict[str, list[str]] = {name: [] for name in ("id", "title", "image", "gtin")}
    prices = array("d")
    starts: list[str] = []
    cells = CellsDraft()
    for number, product in enumerate(source.products(), start=1):
        for name, column in texts.items():
            column.append(getattr(product, name))
        coded["brand"].add(product.brand.strip())
        coded["category"].add(CATEGORY_SEPARATOR.join(product.category))
        coded["labels"].add("\x1f".join(product.labels))
        coded["collections"].add("\x1f".join(product.collections))
        coded["currency"].add(product.currency)
        coded["language"].add(subtag(product.language))
        wanted = "languages" in reads
        coded["title_language"].add(language_of(product.title, product.brand) if wanted else UNKNOWN)
        coded["text_language"].add(language_of(product.description, product.brand) if wanted else UNKNOWN)
        starts.append(product.description[:_START])
        prices.append(float("nan") if product.price is None else float(product.price))
        cells.add(product if "attributes" in reads else None)
        if number % _EVERY == 0:
            tell("products", number, 0)
    tell("products", len(prices), len(prices))
    columns = {name: codes.column() for name, codes in coded.items()}
    return Catalog(
        id=Texts.of(texts["id"]),
        title=Texts.of(texts["title"]),
        brand=columns["brand"],
        category=columns["category"],
        labels=columns["labels"],
        collections=columns["collections"],
        currency=columns["currency"],
        language=columns["language"],
        title_language=columns["title_language"],
        text_language=columns["text_language"],
        image=Texts.of(texts["image"]),
        gtin=Texts.of(texts["gtin"]),
        description=Texts.of(starts),
        price=np.array(prices, dtype=np.float64),
        cells=cells.column(),
        mentions=_mentions(source, set(texts["id"]), reads, tell),
        pictures=pictures,
        tell=tell,
    )


_CODED = (
    "brand",
    "category",
    "labels",
    "collections",
    "currency",
    "language",
    "title_language",
    "text_language",
)


def _mentions(source: Source, known: set[str], reads: frozenset[str], tell: Progress) -> Mentions:
    found = Mentions()
    if "facts" in reads:
        for fact in source.facts():
            found.facts += 1
            dangling = False
            for kind, name in ((fact.head_kind, fact.head), (fact.tail_kind, fact.tail)):
                if kind == "product":
                    if name not in known:
                        dangling = True
                        edges = found.by_facts.setdefault(name, {})
                        edges[fact.relation] = edges.get(fact.relation, 0) + 1
                elif kind == "category":
                    found.categories[name] = None
                elif kind == "brand":
                    found.brands[name] = found.brands.get(name, 0) + 1
            found.dangling_facts += dangling
            if fact.relation == _CATEGORY_FACT and fact.head_kind == fact.tail_kind == "category":
                found.parents[fact.head] = fact.tail
            if found.facts % _EVERY == 0:
                tell("facts", found.facts, 0)
        tell("facts", found.facts, found.facts)
    if "interactions" in reads:
        for interaction in source.interactions():
            found.interactions += 1
            if interaction.product not in known:
                found.dangling_interactions += 1
                edges = found.by_interactions.setdefault(interaction.product, {})
                edges[interaction.kind] = edges.get(interaction.kind, 0) + 1
            if found.interactions % _EVERY == 0:
                tell("interactions", found.interactions, 0)
        tell("interactions", found.interactions, found.interactions)
    return found
