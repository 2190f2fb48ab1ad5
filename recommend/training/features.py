"""What the ranker looks at: numbers about a query and each of some products.

Everything is read from rows of arrays that are made once, so that a hundred products cost well under a
millisecond.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Protocol

import numpy as np
import numpy.typing as npt
import scipy.sparse as sp

from kg.graph import HAS_ATTRIBUTE, IN_SERIES, MADE_BY, Graph, Node
from kg.ragged import spans
from recommend.sparse import csr
from recommend.training.cells import best_of_rows, edges_to, weighed
from recommend.training.kinds import SURE, Kinds, for_kinds
from recommend.training.titles import Titles
from recommend.training.wanted import GOES_WITH

Values = npt.NDArray[np.float32]
Numbers = npt.NDArray[np.int64]

GIVEN: Mapping[str, int] = {
    "kind": 1,  # how surely the product is of the kind that the query names
    "kind beside": 0,  # … of a sibling kind
    "kind other": -1,  # it is surely of other kinds than the one named
    "accessory": -1,  # it is an accessory of, or a service for, the kind that is named
    "brand": 1,
    "series": 1,
    "attributes": 1,  # share of the attribute values that it has
    "target": 1,  # it goes with what stands after 'for'
    "is target": -1,  # it is what stands after 'for'
    "excluded": -1,
    "unmet": -1,  # how many of the named things it is not, has not, does not go with
    "title words": 1,  # share of the query's words in the title, rare words counting more
    "popularity": 1,
    "price": 0,  # doublings above the median of its kind
    "query words": 0,
    "query kind": 0,  # how surely the query names a kind
    "query entities": 0,
    "query unknown": 0,  # share of the query's words that the shop does not know
}
"""The features beside the channels' signals, and the direction in which each may move a score: 1 up,
-1 down, 0 either."""
AGREED: Mapping[str, int] = {
    "exact": 1,  # the additive score as a share of the best one
    "kind shared": 1,  # how many of the best products are of its kind
    "family shared": 0,  # … of a kind that shares a narrow parent with its own
}
"""The features that follow from the additive scores of all candidates. What most of the best products are is
what the query means, even where none of its words is known."""
_LEADERS = 20

_RELATION = {"brand": MADE_BY, "series": IN_SERIES, "attribute": HAS_ATTRIBUTE}
_ROLES = ("type", "brand", "series", "attribute", "target")
_MET = 0.5
_DOUBLINGS = 4.0


class Named(Protocol):
    """Some words of a query and the nodes that they may mean, with weights that add up to 1."""

    @property
    def role(self) -> str: ...

    @property
    def nodes(self) -> Sequence[tuple[Node, float]]: ...


class Read(Protocol):
    """How a query was understood; see `recommend.understand`."""

    @property
    def entities(self) -> Sequence[Named]: ...

    @property
    def excluded(self) -> Sequence[Named]: ...

    @property
    def unknown(self) -> Sequence[object]: ...


def signs(channels: Iterable[str]) -> dict[str, int]:
    """All features in order, with their directions: signals and the additive score only ever speak for a
    product."""
    return {**GIVEN, **{f"signal {name}": 1 for name in channels}, **AGREED}


@dataclass(frozen=True, kw_only=True, eq=False)
class Features:
    """What is read about products. `popularity` float32 [products], 0 to 1."""

    graph: Graph
    titles: Titles
    popularity: Values

    @cached_property
    def kinds(self) -> Kinds:
        return Kinds.of(self.graph)

    @classmethod
    def of(cls, graph: Graph, *, popularity: Values | None = None, titles: Titles | None = None) -> Features:
        """With `titles` read before, this costs nothing: the rest is made when it is first asked for."""
        nothing = np.zeros(graph.product_count, dtype=np.float32)
        return cls(
            graph=graph,
            titles=titles or Titles.of(graph.products),
            popularity=nothing if popularity is None else popularity,
        )

    def table(self, given: Values, values: Values, products: Numbers, exact: Values) -> Values:
        """float32 [m, f]: all features of the candidates of one query. `given` [m, g] are those of `given`,
        `values` [m, c] what each channel says (the value, not times its weight), `exact` [m] the additive
        scores."""
        best = float(exact.max(initial=0.0))
        share = exact / np.float32(best) if best > 0 else np.zeros_like(exact)
        agreed = np.stack([share, *self._shared(products, exact)], axis=1)
        return np.concatenate([given, values, agreed], axis=1).astype(np.float32)

    def _shared(self, products: Numbers, exact: Values) -> tuple[Values, Values]:
        """(float32 [m]: the share of the best products that are of each product's kind, of its family)."""
        leaders = products[np.lexsort((products, -exact))[:_LEADERS]]
        weight = 1.0 / np.log2(np.arange(2, len(leaders) + 2))
        weight = weight / weight.sum() if len(weight) else weight
        found = []
        for kinds in (self.kinds.direct, self._families):
            starts = kinds.indptr[leaders].astype(np.int64)
            lengths = kinds.indptr[leaders + 1] - starts
            cells = spans(starts, lengths)
            mass = np.bincount(
                kinds.indices[cells],
                np.repeat(weight, lengths) * kinds.data[cells],
                minlength=len(self.kinds),
            )
            found.append(weighed(kinds, mass.astype(np.float32), products))
        return found[0], found[1]

    @cached_property
    def _families(self) -> sp.csr_array:
        """float32 [products, kinds]: the narrow kinds above each product's own."""
        kinds = self.kinds
        pairs = [(k, one) for k in range(len(kinds)) for one in self._narrow_above(k) if one != k]
        lower, upper = np.array(pairs, dtype=np.int64).reshape(-1, 2).T
        above = sp.csr_array(
            (np.ones(len(pairs), dtype=np.float32), (lower, upper)), shape=(len(kinds), len(kinds))
        )
        total = (kinds.direct @ above).tocsr()
        total.sum_duplicates()
        size = (kinds.direct.shape[0], len(kinds))
        return csr(np.minimum(total.data, 1.0).astype(np.float32), total.indices, total.indptr, size)

    def given(self, words: Sequence[str], read: Read | None, products: Numbers) -> Values:
        """float32 [m, len(GIVEN)]: the features of some products for a query with these tokens; without a
        reading, as if no word were known."""
        columns = {name: np.zeros(len(products), dtype=np.float32) for name in GIVEN}
        if len(products):
            self._of_products(columns, products)
            self._of_titles(columns, words, products)
            columns["query words"][:] = len(words)
            if read is not None:
                self._of_reading(columns, read, products)
                columns["query unknown"][:] = len(read.unknown) / max(len(words), 1)
        return np.stack(list(columns.values()), axis=1)

    def _of_products(self, columns: dict[str, Values], products: Numbers) -> None:
        columns["popularity"][:] = self.popularity[products]
        columns["price"][:] = self._price[products]

    def _of_titles(self, columns: dict[str, Values], words: Sequence[str], products: Numbers) -> None:
        corpus = self.titles.corpus
        starts = corpus.indptr[products]
        lengths = corpus.indptr[products + 1] - starts
        token = corpus.token[spans(starts, lengths)]
        numbers = corpus.words.numbers(dict.fromkeys(words))
        rarity = self.titles.rarity
        total, share = 0.0, columns["title words"]
        for number in numbers.tolist():
            total += float(rarity[number])  # -1, a word that no title has, finds the last: the rarest
            if number >= 0:
                share += rarity[number] * best_of_rows((token == number).astype(np.float32), lengths)
        if total > 0:
            share /= np.float32(total)

    def _of_reading(self, columns: dict[str, Values], read: Read, products: Numbers) -> None:
        met: dict[str, list[Values]] = {role: [] for role in _ROLES}
        wanted: dict[int, float] = {}
        for entity in read.entities:
            if entity.role not in met:
                continue
            met[entity.role].append(self._met(entity, products, goes_with=entity.role == "target"))
            if entity.role == "type":
                for node, weight in entity.nodes:
                    number = self.kinds.number(node)
                    if number is not None:
                        wanted[number] = max(wanted.get(number, 0.0), weight)
            elif entity.role == "target":
                columns["is target"][:] = np.maximum(columns["is target"], self._met(entity, products))
        names = {"type": "kind", "attribute": "attributes"}
        for role, found in met.items():
            if found:
                columns[names.get(role, role)][:] = np.mean(found, axis=0)
        everything = [one for found in met.values() for one in found]
        columns["unmet"][:] = sum((one < _MET).astype(np.float32) for one in everything)
        columns["query entities"][:] = len(everything)
        for entity in read.excluded:
            columns["excluded"][:] = np.maximum(columns["excluded"], self._met(entity, products))
        if wanted:
            columns["query kind"][:] = min(sum(wanted.values()), 1.0)
            self._of_kinds(columns, wanted, products)

    def _of_kinds(self, columns: dict[str, Values], wanted: Mapping[int, float], products: Numbers) -> None:
        meant, beside = (np.zeros(len(self.kinds), dtype=np.float32) for _ in range(2))
        for kind, weight in wanted.items():
            for one in (*self.kinds.within(kind), *self._narrow_above(kind)):
                meant[one] = max(meant[one], weight)
            for one in self.kinds.siblings(kind):
                beside[one] = max(beside[one], weight)
        columns["kind beside"][:] = weighed(self.kinds.direct, beside, products)
        columns["accessory"][:] = weighed(self._for_kind, meant, products)
        own = columns["kind"] + columns["kind beside"]
        sure = self._kind_sure[products]
        columns["kind other"][:] = sure * (sure >= SURE) * (own == 0)

    def _narrow_above(self, kind: int) -> list[int]:
        return [one for one in self.kinds.above(kind) if self.kinds.narrow(one)]

    def _met(self, entity: Named, products: Numbers, *, goes_with: bool = False) -> Values:
        """float32 [m]: how surely each product is linked to what some words mean."""
        total = np.zeros(len(products), dtype=np.float32)
        for node, weight in entity.nodes:
            total += np.float32(weight) * (
                self._going_with(node, products) if goes_with else self._linked(node, products)
            )
        return np.minimum(total, 1.0)

    def _linked(self, node: Node, products: Numbers) -> Values:
        kind = self.kinds.number(node)
        if kind is not None:
            meant = np.zeros(len(self.kinds), dtype=np.float32)
            meant[list(self.kinds.within(kind))] = 1.0
            return weighed(self.kinds.direct, meant, products)
        relation = _RELATION.get(node.kind)
        edges = None if relation is None else self.graph.relation(relation, "product", node.kind)
        if edges is None:
            return np.zeros(len(products), dtype=np.float32)
        return edges_to(edges.indptr, edges.tails, edges.weight, node.number, products)

    def _going_with(self, node: Node, products: Numbers) -> Values:
        found = np.zeros(len(products), dtype=np.float32)
        for relation in GOES_WITH:
            edges = self.graph.relation(relation, "product", node.kind)
            if edges is not None:
                linked = edges_to(edges.indptr, edges.tails, edges.weight, node.number, products)
                found = np.maximum(found, linked)
        kind = self.kinds.number(node)
        if kind is not None:
            meant = np.zeros(len(self.kinds), dtype=np.float32)
            meant[[*self.kinds.within(kind), *self._narrow_above(kind)]] = 1.0
            found = np.maximum(found, weighed(self._for_kind, meant, products))
        return found

    @cached_property
    def _kind_sure(self) -> Values:
        direct = self.kinds.direct
        return best_of_rows(np.minimum(direct.data, 1.0), np.diff(direct.indptr))

    @cached_property
    def _for_kind(self) -> sp.csr_array:
        """float32 [products, kinds]: which kinds a product is an accessory of or a service for, itself or
        because its kind is."""
        kinds = self.kinds
        n, m = kinds.direct.shape
        own = sp.csr_array((n, m), dtype=np.float32)
        whole = sp.csr_array((m, m), dtype=np.float32)
        for relation in for_kinds(self.graph):
            tails = relation.tails + (0 if relation.type.tail == "type" else kinds.types)
            heads = relation.heads + (kinds.types if relation.type.head == "category" else 0)
            size = (n if relation.type.head == "product" else m, m)
            added = sp.csr_array((relation.weight, (heads, tails)), shape=size)
            if relation.type.head == "product":
                own = own + added
            else:
                whole = whole + added
        sure = kinds.direct.copy()
        sure.data = (sure.data >= SURE).astype(np.float32)
        total = (own + sure @ whole).tocsr()
        total.sum_duplicates()
        return csr(np.minimum(total.data, 1.0).astype(np.float32), total.indices, total.indptr, (n, m))

    @cached_property
    def _price(self) -> Values:
        """Doublings above the median price of the product's first sure kind; 0 where either is unknown."""
        price, direct = self.graph.products.price, self.kinds.direct
        found = np.zeros(len(price), dtype=np.float32)
        first = np.minimum(direct.indptr[:-1], max(direct.nnz - 1, 0))
        able = (np.diff(direct.indptr) > 0) & (price > 0)
        if not able.any():
            return found
        rows = np.flatnonzero(able)
        kind = direct.indices[first[rows]]
        order = np.lexsort((price[rows], kind))
        rows, kind = rows[order], kind[order]
        starts = np.flatnonzero(np.concatenate([[True], kind[1:] != kind[:-1]]))
        lengths = np.diff(np.append(starts, len(kind)))
        median = np.repeat(price[rows[starts + lengths // 2]], lengths)
        found[rows] = np.clip(np.log2(price[rows] / median), -_DOUBLINGS, _DOUBLINGS)
        return found
