"""The forward pass of encoders.gnn_network in NumPy: a later product is placed without loading torch."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TypeAlias

import numpy as np
import numpy.typing as npt
import scipy.sparse as sp

from encoders.base import Matrix
from kg.graph import EdgeType, Graph
from kg.records import NODE_KINDS, NodeKind
from kg.texts import Vocabulary
from kg.vectors import Vectors

State: TypeAlias = Mapping[str, Matrix]
"""The parameters of a trained network, by name."""


def project(
    state: State, graph: Graph, features: Mapping[str, Vectors], dim: int
) -> tuple[Matrix, npt.NDArray[np.bool_]]:
    """(float32 [products, dim]: the sum of the projected features, bool [products]: which have any)."""
    total = np.zeros((graph.product_count, dim), dtype=np.float32)
    covered = np.zeros(graph.product_count, dtype=np.bool_)
    for name, vectors in features.items():
        rows = graph.nodes["product"].numbers(vectors.ids)
        there = (rows >= 0) & vectors.present
        total[rows[there]] += vectors.unit()[there] @ state[f"project.{name}.weight"].T
        covered[rows[there]] = True
    return total, covered


def forward(
    state: State,
    graph: Graph,
    types: Sequence[EdgeType],
    anchored: Mapping[NodeKind, Vocabulary],
    content: Matrix,
) -> Matrix:
    """float32 [nodes, dim]: unit rows, as the trained network gives them.

    `anchored` are the nodes that had an anchor when it was trained, `content` float32 [products, dim].
    """
    kinds = np.zeros((len(NODE_KINDS), state["kind"].shape[1]), dtype=np.float32)
    kinds[: len(state["kind"])] = state["kind"]  # an older network knows fewer kinds
    base = np.repeat(kinds, [len(graph.nodes[kind]) for kind in NODE_KINDS], axis=0)
    products = graph.offsets["product"]
    base[products : products + graph.product_count] += content
    anchors = np.zeros_like(base)
    own = np.zeros_like(base)
    first = 0
    for kind, vocabulary in anchored.items():
        known = vocabulary.numbers(graph.nodes[kind])
        rows = graph.offsets[kind] + np.flatnonzero(known >= 0)
        anchors[rows] = state["anchors"][known[known >= 0] + first]
        if kind != "product":
            own[rows] = anchors[rows]
        first += len(vocabulary)
    ways = _ways(graph, types)
    said = base + anchors
    for number, way in enumerate(ways):
        if way is not None and _into(types, number) not in anchored:
            heard = said.copy()
            heard[way.targets] += way.mean(said)
            said = heard
    scale = _inverse_relation_count(ways, len(base))
    depth = state["depth"]
    total = (base + own) * depth[0]
    for layer in range(len(depth) - 1):
        share, basis = state[f"layers.{layer}.share"], state[f"layers.{layer}.basis"]
        matrices = np.einsum("rb,bij->rij", share, basis)
        out = np.zeros_like(said)
        for number, way in enumerate(ways):
            if way is not None:
                out[way.targets] += way.mean(said) @ matrices[number]
        said = out * scale
        total = total + said * depth[layer + 1]
    norms = np.maximum(np.linalg.norm(total, axis=1, keepdims=True), 1e-12)
    unit: Matrix = (total / norms).astype(np.float32)
    return unit


class _Way:
    """One direction of one relation: rows that sum to 1, and where its two kinds are among all nodes."""

    def __init__(self, matrix: sp.csr_array, target_start: int, source_start: int) -> None:
        self.targets = slice(target_start, target_start + matrix.shape[0])
        self.sources = slice(source_start, source_start + matrix.shape[1])
        self.degree = np.diff(matrix.indptr)
        weight = np.repeat(1.0 / np.maximum(self.degree, 1), self.degree).astype(np.float32)
        self._means = sp.csr_array((weight, matrix.indices, matrix.indptr), shape=matrix.shape)

    def mean(self, said: Matrix) -> Matrix:
        """float32 [targets, dim]: the mean of what the neighbours said."""
        means: Matrix = np.asarray(self._means @ said[self.sources], dtype=np.float32)
        return means


def _ways(graph: Graph, types: Sequence[EdgeType]) -> list[_Way | None]:
    """Along the arrows, then against them, as encoders.gnn_network.adjacencies has them."""
    along: list[_Way | None] = []
    against: list[_Way | None] = []
    for edge_type in types:
        relation = graph.relations.get(edge_type)
        if relation is None or not len(relation):
            along.append(None)
            against.append(None)
            continue
        head, tail = graph.offsets[edge_type.head], graph.offsets[edge_type.tail]
        along.append(_Way(relation.backward, tail, head))
        against.append(_Way(relation.matrix, head, tail))
    return along + against


def _into(types: Sequence[EdgeType], number: int) -> NodeKind:
    return types[number].tail if number < len(types) else types[number - len(types)].head


def _inverse_relation_count(ways: Sequence[_Way | None], nodes: int) -> Matrix:
    count = np.zeros(nodes, dtype=np.float32)
    for way in ways:
        if way is not None:
            count[way.targets] += way.degree > 0
    inverse: Matrix = (1.0 / np.maximum(count, 1.0))[:, None].astype(np.float32)
    return inverse
