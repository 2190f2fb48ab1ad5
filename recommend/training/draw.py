"""What the templates of queries draw from."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt

from kg.attribute_table import NUMBER
from kg.graph import Graph, Relation
from kg.units import find_unit, is_doubtful
from recommend.training.kinds import SURE, Kinds
from recommend.training.names import Names, drawn, odds, weighted
from recommend.training.titles import Titles
from recommend.training.wanted import Measure, Wanted
from recommend.understand.tokens import tokens

_LEAST_KIND = 3
_MEASURED = re.compile(r"(?<![\w.,])(\d+(?:[.,]\d+)?)\s?([a-zA-Z\"″µ²³一-鿿]{1,6})(?![\w])")
_COUNTED = frozenset({"count", "pairs", "packs", "sheets"})


@dataclass(frozen=True, kw_only=True)
class Draft:
    """A query before it is typed: its words, what it wants, and whether typing may change it."""

    text: str
    wanted: Wanted
    exact: bool = False


class Draw:
    """What templates draw from. All drawing goes through `rng`."""

    def __init__(
        self, graph: Graph, kinds: Kinds, titles: Titles, names: Names, rng: np.random.Generator
    ) -> None:
        self.graph = graph
        self.kinds = kinds
        self.titles = titles
        self.names = names
        self.rng = rng
        self._sure: dict[int, npt.NDArray[np.int64]] = {}

    @cached_property
    def _able(self) -> npt.NDArray[np.int64]:
        """The kinds that may be asked for: neither nearly empty nor most of the shop."""
        able = [k for k in np.flatnonzero(self.kinds.sizes >= _LEAST_KIND).tolist() if self.kinds.narrow(k)]
        return np.array(able, dtype=np.int64)

    @cached_property
    def _odds(self) -> npt.NDArray[np.float64]:
        return odds(np.sqrt(self.kinds.sizes[self._able]))

    def kind(self) -> int | None:
        """A kind; larger ones more often."""
        return int(self._able[drawn(self.rng, self._odds)]) if len(self._able) else None

    def product_of(self, kind: int) -> int:
        if kind not in self._sure:
            self._sure[kind] = np.flatnonzero(self.kinds.sure(kind))
        return int(self.rng.choice(self._sure[kind]))

    def name(self, kind: int) -> str:
        return weighted(self.rng, self.names.of_kind(kind))

    def edge(self, relation: str, product: int, tail: str) -> int | None:
        """A random sure edge of a product: the number of the node that it leads to."""
        edges = self.graph.relation(relation, "product", tail)  # type: ignore[arg-type]
        if edges is None:
            return None
        row = edges.row(product)
        tails = edges.tails[row][edges.weight[row] >= SURE]
        return int(self.rng.choice(tails)) if len(tails) else None

    @cached_property
    def brands(self) -> frozenset[str]:
        """The names of all brands, folded."""
        return frozenset(name.casefold() for name in self.graph.nodes["brand"])

    @cached_property
    def listed(self) -> npt.NDArray[np.int64]:
        return np.flatnonzero(self.graph.products.listed)

    def of_relation(self, relation: Relation) -> int | None:
        """A random sure edge: its place."""
        places = np.flatnonzero(relation.weight >= SURE)
        return int(self.rng.choice(places)) if len(places) else None

    def kind_of(self, product: int) -> int | None:
        """The narrowest sure kind of a product."""
        own = self.kinds.direct
        cells = slice(int(own.indptr[product]), int(own.indptr[product + 1]))
        sure = own.indices[cells][own.data[cells] >= SURE].tolist()
        able = [kind for kind in sure if self.kinds.narrow(kind)]
        return min(able, key=lambda kind: (int(self.kinds.sizes[kind]), kind)) if able else None

    def measures(self, product: int) -> list[Measure]:
        """The numbers with units that a product's title and attributes say."""
        table, title = self.graph.products.attributes, self.graph.products.title[product]
        said = [(m[1].replace(",", "."), m[2]) for m in _MEASURED.finditer(title)]
        for cell in range(int(table.indptr[product]), int(table.indptr[product + 1])):
            if table.form[cell] == NUMBER and table.text[cell] >= 0:
                said.append((f"{float(table.number[cell]):g}", table.texts[int(table.text[cell])]))
        return [
            Measure(number=float(n), unit=u, phrases=(tuple(tokens(f"{n} {u}")), tuple(tokens(f"{n}{u}"))))
            for n, u in said
            if _is_measure(u)
        ]


def _is_measure(unit: str) -> bool:
    """Whether a word after a number is surely a unit, and not a count ('1 pc') or part of a name ('824A')."""
    found = find_unit(unit)
    return found is not None and found.dimension not in _COUNTED and not is_doubtful(unit)
