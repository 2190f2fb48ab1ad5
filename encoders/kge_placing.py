"""Trained vectors of nodes, and where the edges of a node say that it should be.

In all models of encoders.kge an edge h --r--> t asks for a t that looks like q(h, r): the *query*. Every
relation has an operator for each direction; numbers r + R stand for the inverses. NumPy only.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import scipy.sparse as sp

from encoders.base import Matrix
from kg.graph import EdgeType, Graph
from kg.records import NodeKind

Numbers = npt.NDArray[np.int64]

SAMPLE = 4096
"""Products that are looked at together; the combination is fitted on so many."""
_RIDGE = 1e-2


@dataclass(frozen=True, kw_only=True, eq=False)
class Embedding:
    """Trained vectors. Nodes are numbered in one row, kinds in the order of NODE_KINDS.

    nodes float32 [nodes, dim]; operators float32 [2 relations, dim], for TuckER [2 relations, dim, dim];
    offsets and counts say where each kind begins and how many nodes it has.
    """

    model: str
    types: tuple[EdgeType, ...]
    offsets: Mapping[NodeKind, int]
    counts: Mapping[NodeKind, int]
    nodes: Matrix
    operators: Matrix

    @property
    def by_distance(self) -> bool:
        """Whether a query is a place; otherwise it is a direction."""
        return self.model in ("transe", "rotate")

    def queries(self, rows: Numbers, way: int) -> Matrix:
        """float32 [len(rows), dim]: what the other end should look like."""
        return query(self.model, self.nodes[rows], self.operators[way])

    def tail_scores(self, edge_type: EdgeType, heads: Numbers) -> Matrix:
        """float32 [len(heads), nodes of the tail's kind]; all 0 for a relation that was not trained."""
        start, count = self.offsets[edge_type.tail], self.counts[edge_type.tail]
        if edge_type not in self.types:
            return np.zeros((len(heads), count), dtype=np.float32)
        tails = self.nodes[start : start + count]
        queries = self.queries(heads + self.offsets[edge_type.head], self.types.index(edge_type))
        product: Matrix = queries @ tails.T
        if not self.by_distance:
            return product
        square = (queries**2).sum(axis=1, keepdims=True) + (tails**2).sum(axis=1) - 2 * product
        distance: Matrix = np.sqrt(np.maximum(square, 0, out=square), out=square)
        return -distance


def query(model: str, nodes: Matrix, operator: Matrix) -> Matrix:
    """float32 [n, dim]: q(h, r) for each row.

    transe: h + r; distmult: h * r; rotate, complex: h * r in pairs of (real, imaginary); tucker: h @ W_r.
    """
    if model == "transe":
        return nodes + operator
    if model == "distmult":
        return nodes * operator
    if model == "tucker":
        product: Matrix = nodes @ operator
        return product
    result = np.empty_like(nodes)
    real, imaginary = operator[0::2], operator[1::2]
    result[:, 0::2] = nodes[:, 0::2] * real - nodes[:, 1::2] * imaginary
    result[:, 1::2] = nodes[:, 0::2] * imaginary + nodes[:, 1::2] * real
    return result


def sums_of_queries(
    embedding: Embedding, graph: Graph, products: Numbers, known: Callable[[NodeKind, Numbers], Numbers]
) -> tuple[Matrix, Matrix]:
    """(float32 [2 relations, n, dim], float32 [2 relations, n]): sums of the queries into some products, and
    how many there were, per relation and direction. `known` turns numbers of the graph into rows of
    the embedding, -1 where there is none.
    """
    types = embedding.types
    sums = np.zeros((2 * len(types), len(products), embedding.nodes.shape[1]), dtype=np.float32)
    counts = np.zeros((2 * len(types), len(products)), dtype=np.float32)
    for number, edge_type in enumerate(types):
        relation = graph.relations.get(edge_type)
        if relation is None:
            continue
        ways: list[tuple[int, NodeKind, sp.csr_array]] = []
        if edge_type.tail == "product":
            ways.append((number, edge_type.head, relation.backward))
        if edge_type.head == "product":
            ways.append((number + len(types), edge_type.tail, relation.matrix))
        for way, kind, matrix in ways:
            part = matrix[products].tocoo()
            neighbours, where = np.unique(part.col, return_inverse=True)
            rows = known(kind, neighbours.astype(np.int64))[where]
            there = rows >= 0
            if there.any():
                np.add.at(sums[way], part.row[there], embedding.queries(rows[there], way))
                counts[way] = np.bincount(part.row[there], minlength=len(products))
    return sums, counts


@dataclass(frozen=True, kw_only=True, eq=False)
class Combination:
    """How much each relation and direction (float32 [2 relations]) has to say, and a usual length."""

    weights: npt.NDArray[np.float32]
    norm: float

    def apply(self, embedding: Embedding, sums: Matrix, counts: Matrix) -> Matrix:
        """float32 [n, dim]: one place for each product; zero where it has no edge."""
        if embedding.by_distance:  # every query is a place: the mean, weighted by precision
            total = np.einsum("r,rn->n", self.weights, counts)
            placed = np.einsum("r,rnd->nd", self.weights, sums)
            mean: Matrix = placed / np.maximum(total, 1e-12)[:, None]
            return mean.astype(np.float32)
        # a query is only a direction: one mean per relation, then a length as other products have
        means = sums / np.maximum(counts, 1.0)[:, :, None]
        placed = np.einsum("r,rnd->nd", self.weights, means)
        length = np.linalg.norm(placed, axis=1, keepdims=True)
        return np.asarray(placed * (self.norm / np.maximum(length, 1e-12)), dtype=np.float32)


def fit_combination(
    embedding: Embedding, graph: Graph, placed: npt.NDArray[np.bool_], *, seed: int
) -> Combination:
    """Learn from trained products, whose place is known, how far to trust each relation."""
    offsets, types = embedding.offsets, embedding.types
    start = offsets["product"]
    products = np.flatnonzero(placed[start : start + graph.product_count])
    if len(products) > SAMPLE:
        products = np.sort(np.random.default_rng(seed).choice(products, SAMPLE, replace=False))
    if not len(products):
        return Combination(weights=np.ones(2 * len(types), dtype=np.float32), norm=1.0)
    truth = embedding.nodes[products + start]
    sums, counts = sums_of_queries(embedding, graph, products, lambda kind, numbers: numbers + offsets[kind])
    norm = float(np.median(np.linalg.norm(truth, axis=1)))
    means = sums / np.maximum(counts, 1.0)[:, :, None]
    there = counts > 0
    if embedding.by_distance:
        errors = ((means - truth) ** 2).sum(axis=2) * counts  # a mean of c queries errs by 1 / c of one
        variance = (errors * there).sum(axis=1) / np.maximum(there.sum(axis=1), 1)
        usual = float(variance[there.any(axis=1)].mean()) if there.any() else 1.0
        weights = np.where(there.any(axis=1), 1.0 / np.maximum(variance, 1e-3 * usual + 1e-12), 0.0)
        weights /= max(float(weights.max()), 1e-12)
        return Combination(weights=weights.astype(np.float32), norm=norm)
    gram = np.einsum("rnd,snd->rs", means, means)
    target = np.einsum("rnd,nd->r", means, truth)
    gram += np.eye(len(gram)) * (_RIDGE * max(float(np.trace(gram)) / max(1, len(gram)), 1e-12))
    weights = np.linalg.solve(gram, target)
    # every relation may be all that a later product has; it must not be silenced or reversed
    floor = 1e-3 * max(float(np.abs(weights).max()), 1e-12)
    return Combination(weights=np.maximum(weights, floor).astype(np.float32), norm=norm)
