"""What a query asks for, by the meaning of its whole text: a probability for every type and category.

Each type is stood for by the mean of its products' text vectors (a prototype network without training; Snell
et al., "Prototypical networks for few-shot learning", 2017). How sharply similarities become probabilities is
settled on queries made from the catalog: names of types, words of titles, and words of titles and
descriptions among which no name of the type is, as if it had been called otherwise.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
import numpy.typing as npt
import scipy.sparse as sp

from kg.arrays import Arrays
from kg.graph import Graph, Node
from kg.records import NODE_KINDS
from kg.vectors import Vectors
from recommend.understand.agreement import product_nodes
from recommend.understand.names import KINDS_OF_THING, called
from recommend.understand.words import normal, split

Encode = Callable[[Sequence[str]], npt.NDArray[np.float32]]
"""Texts → float32 [n, d], in the space of the products' vectors."""

LEAST_PRODUCTS = 3
"""A type of fewer products has no prototype: one product is no mean."""
MOST_QUERIES = 400
_TITLE_WORDS = (2, 4)
_COLDEST, _HOTTEST, _STEPS = 0.005, 0.5, 40
_PRIORS = (0.0, 0.25, 0.5, 1.0)
_LEAST = 0.01
_LEAST_CHANCE = 1e-6
_DESCRIPTION = 400
_NEARLY = 0.95


@dataclass(frozen=True, kw_only=True, eq=False)
class IntentModel:
    """kind int8 [t], number int32 [t]: the types and categories; prototype float32 [t, d], of length 1; size
    int64 [t]: their products. probability ∝ size ^ prior · exp(similarity / temperature)."""

    kind: npt.NDArray[np.int8]
    number: npt.NDArray[np.int32]
    prototype: npt.NDArray[np.float32]
    size: npt.NDArray[np.int64]
    temperature: float
    prior: float

    @classmethod
    def fit(
        cls,
        graph: Graph,
        vectors: Vectors,
        *,
        encode: Encode | None = None,
        most_queries: int = MOST_QUERIES,
        seed: int = 0,
    ) -> IntentModel:
        """Prototypes from `vectors` (space 'text', of the graph's products in their order).

        Temperature and prior are those under which queries made from the catalog are likeliest; without
        `encode` they stay at 0.05 and 0.25.
        """
        linked = _leaves(graph)
        unit = vectors.unit()
        present = np.flatnonzero(vectors.present & graph.products.listed)
        of_thing = linked[present].T.tocsr()
        size = np.diff(of_thing.indptr)
        things = np.flatnonzero(size >= LEAST_PRODUCTS)
        sums = (of_thing[things] @ unit[present]).astype(np.float32)
        norms = np.linalg.norm(sums, axis=1, keepdims=True)
        prototype = np.divide(sums, norms, out=np.zeros_like(sums), where=norms > 0)
        nodes = [_node(graph, int(number)) for number in things]
        model = cls(
            kind=np.array([NODE_KINDS.index(node.kind) for node in nodes], dtype=np.int8),
            number=np.array([node.number for node in nodes], dtype=np.int32),
            prototype=prototype,
            size=size[things].astype(np.int64),
            temperature=0.05,
            prior=0.25,
        )
        if encode is None or len(nodes) < 2:
            return model
        return model._calibrated(graph, linked, things, encode, most_queries, np.random.default_rng(seed))

    def _calibrated(
        self,
        graph: Graph,
        linked: sp.csr_array,
        things: npt.NDArray[np.int64],
        encode: Encode,
        most: int,
        rng: np.random.Generator,
    ) -> IntentModel:
        asked = list(_pseudo_queries(graph, linked, things, most, rng))
        if not asked:
            return self
        vectors = encode([one.text for one in asked])
        likeness = _unit(vectors) @ self.prototype.T
        right = np.zeros(likeness.shape, dtype=np.bool_)
        for row, one in enumerate(asked):
            right[row, one.right] = True
        log_size = np.log(self.size)
        best = (np.inf, self.temperature, self.prior)
        for prior in _PRIORS:
            for temperature in np.geomspace(_COLDEST, _HOTTEST, _STEPS).tolist():
                logits = likeness / temperature + prior * log_size
                logits -= logits.max(axis=1, keepdims=True)
                chances = np.exp(logits)
                chance = (chances * right).sum(axis=1) / chances.sum(axis=1)
                loss = float(-np.log(np.maximum(chance, _LEAST_CHANCE)).mean())
                best = min(best, (loss, temperature, prior))
        return replace(self, temperature=best[1], prior=best[2])

    def moved(self, before: Graph, graph: Graph) -> IntentModel:
        """The same with the numbers of a newer graph; kinds that are gone are left out."""
        number = np.full(len(self.kind), -1, dtype=np.int32)
        for place, kind in enumerate(NODE_KINDS):
            own = self.kind == place
            if own.any():
                number[own] = graph.nodes[kind].numbers(before.nodes[kind].texts.take(self.number[own]))
        stays = number >= 0
        return replace(
            self,
            kind=self.kind[stays],
            number=number[stays],
            prototype=self.prototype[stays],
            size=self.size[stays],
        )

    def __len__(self) -> int:
        return len(self.kind)

    def of(self, vector: npt.NDArray[np.float32], *, least: float = _LEAST) -> tuple[tuple[Node, float], ...]:
        """(type or category, probability) for a query's vector (float32 [d]), the likeliest first, down to
        `least`."""
        if not len(self):
            return ()
        norm = float(np.linalg.norm(vector))
        if not norm > 0:
            return ()
        logits = self.prototype @ (vector / np.float32(norm * self.temperature)) + self._beforehand
        chances = np.exp(logits - logits.max())
        chances /= chances.sum()
        likely = np.flatnonzero(chances >= least)
        likely = likely[np.lexsort((likely, -chances[likely]))]
        nodes = self._nodes
        return tuple(
            (nodes[t], chance) for t, chance in zip(likely.tolist(), chances[likely].tolist(), strict=True)
        )

    @cached_property
    def _beforehand(self) -> npt.NDArray[np.float32]:
        """float32 [t]: what the sizes say, before anything is asked."""
        return (self.prior * np.log(self.size)).astype(np.float32)

    @cached_property
    def _nodes(self) -> tuple[Node, ...]:
        kinds = [NODE_KINDS[kind] for kind in self.kind.tolist()]
        return tuple(Node(kind, number) for kind, number in zip(kinds, self.number.tolist(), strict=True))

    def arrays(self) -> Arrays:
        return {
            "kind": self.kind,
            "number": self.number,
            "prototype": self.prototype,
            "size": self.size,
            "sharpness": np.array([self.temperature, self.prior]),
        }

    @classmethod
    def from_arrays(cls, arrays: Arrays) -> IntentModel:
        temperature, prior = arrays["sharpness"].astype(np.float64).tolist()
        return cls(
            kind=arrays["kind"].astype(np.int8, copy=False),
            number=arrays["number"].astype(np.int32, copy=False),
            prototype=arrays["prototype"].astype(np.float32, copy=False),
            size=arrays["size"].astype(np.int64, copy=False),
            temperature=temperature,
            prior=prior,
        )


def _leaves(graph: Graph) -> sp.csr_array:
    """products × all nodes: only types and categories, with those above."""
    linked = product_nodes(graph)
    kept = np.zeros(graph.node_count, dtype=np.bool_)
    for kind in KINDS_OF_THING:
        kept[graph.offsets[kind] : graph.offsets[kind] + len(graph.nodes[kind])] = True
    found = linked.tocoo()
    mask = kept[found.col]
    return sp.coo_array(
        (found.data[mask].astype(np.float32), (found.row[mask], found.col[mask])), shape=linked.shape
    ).tocsr()


def _node(graph: Graph, number: int) -> Node:
    kind = next(kind for kind in KINDS_OF_THING if 0 <= number - graph.offsets[kind] < len(graph.nodes[kind]))
    return Node(kind, number - graph.offsets[kind])


@dataclass(frozen=True, kw_only=True, slots=True)
class _Made:
    """A query, and the places in `things` of all types that answer it."""

    text: str
    right: list[int]


def _pseudo_queries(
    graph: Graph, linked: sp.csr_array, things: npt.NDArray[np.int64], most: int, rng: np.random.Generator
) -> Iterator[_Made]:
    """Half of them names, a quarter a few words of a title, a quarter a few words of a title or description
    without those of the names of the product's types.

    The types of a product are right for its words; for a name, the type and those below it.
    """
    linked = linked[:, things].tocsr()
    names = [called(graph, _node(graph, int(number))) for number in things]
    below = _below(linked)
    named = rng.permutation(len(things))[: most // 2]
    for place in named.tolist():
        right = below.indices[below.indptr[place] : below.indptr[place + 1]].tolist()
        yield _Made(text=names[place], right=right)
    products = rng.permutation(np.flatnonzero(np.diff(linked.indptr) > 0))[: most - len(named)]
    for turn, product in enumerate(products.tolist()):
        own = linked.indices[linked.indptr[product] : linked.indptr[product + 1]].tolist()
        text, said = graph.products.title[product], frozenset[str]()
        if turn % 2:
            said = frozenset(word.token for place in own for word in split(normal(names[place])))
            text = f"{graph.products.description[product][:_DESCRIPTION]} {text}" if turn % 4 == 3 else text
        words = [word.written for word in split(normal(text)) if word.token not in said]
        if not words:
            continue
        count = int(rng.integers(_TITLE_WORDS[0], _TITLE_WORDS[1] + 1))
        start = int(rng.integers(0, max(1, len(words) - count + 1)))
        yield _Made(text=" ".join(words[start : start + count]), right=own)


def _below(linked: sp.csr_array) -> sp.csr_array:
    """things × things: each with those whose products are nearly all of it."""
    held = (linked > 0).astype(np.float32)
    shared = (held.T @ held).tocoo()
    size = np.asarray(held.sum(axis=0)).ravel()
    inside = shared.data >= _NEARLY * size[shared.col]
    cells = (shared.data[inside], (shared.row[inside], shared.col[inside]))
    return sp.coo_array(cells, shape=shared.shape).tocsr()


def _unit(vectors: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
    norms = np.linalg.norm(vectors, axis=1, keepdims=True)
    found: npt.NDArray[np.float32] = np.divide(vectors, norms, out=np.zeros_like(vectors), where=norms > 0)
    return found
