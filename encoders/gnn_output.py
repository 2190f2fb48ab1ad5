"""What the network of encoders.gnn said about a graph, as arrays: answering needs no torch."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from encoders.base import Matrix
from encoders.gnn_inference import State
from encoders.link_prediction import Numbers
from kg.arrays import Arrays
from kg.graph import EdgeType, Graph
from kg.records import NodeKind
from kg.vectors import Vectors


@dataclass(frozen=True, kw_only=True, eq=False)
class Output:
    """What the network said about one graph, as arrays: vectors of all nodes, and how to score edges."""

    vectors: Vectors
    types: tuple[EdgeType, ...]
    starts: Mapping[NodeKind, int]
    counts: Mapping[NodeKind, int]
    nodes: Matrix  # float32 [nodes, dim]
    diagonal: Matrix  # float32 [relations, dim], times the sharpness
    popular: Matrix  # float32 [relations, largest kind]: what is added for the degree of a tail

    @classmethod
    def of(
        cls,
        graph: Graph,
        types: tuple[EdgeType, ...],
        nodes: Matrix,
        state: State,
        content: Matrix | None = None,
    ) -> Output:
        rows = slice(0, len(types))
        popular = np.zeros((len(types), max(len(v) for v in graph.nodes.values())), dtype=np.float32)
        start = graph.offsets["product"]
        present = np.zeros(graph.node_count, dtype=np.bool_)
        for number, edge_type in enumerate(types):
            relation = graph.relations.get(edge_type)
            if relation is None:
                continue
            tails = len(graph.nodes[edge_type.tail])
            degree = np.bincount(relation.matrix.indices, minlength=tails)
            popular[number, :tails] = np.log1p(degree) * state["popular"][number]
            present[relation.heads + graph.offsets[edge_type.head]] = True
            present[relation.tails + graph.offsets[edge_type.tail]] = True
        shown = present[start : start + graph.product_count]
        if content is not None:
            shown = shown | content.any(axis=1)
        matrix = np.where(shown[:, None], nodes[start : start + graph.product_count], np.float32(0))
        return cls(
            vectors=Vectors(ids=tuple(graph.nodes["product"]), matrix=matrix, present=shown),
            types=types,
            starts=dict(graph.offsets),
            counts={kind: len(v) for kind, v in graph.nodes.items()},
            nodes=nodes,
            diagonal=state["diagonal"][rows] * np.exp(state["sharpness"][rows, None]),
            popular=popular,
        )

    @classmethod
    def nothing(cls, graph: Graph, dim: int) -> Output:
        count = graph.product_count
        return cls(
            vectors=Vectors(
                ids=tuple(graph.nodes["product"]),
                matrix=np.zeros((count, dim), dtype=np.float32),
                present=np.zeros(count, dtype=np.bool_),
            ),
            types=(),
            starts=dict(graph.offsets),
            counts={kind: len(v) for kind, v in graph.nodes.items()},
            nodes=np.zeros((graph.node_count, dim), dtype=np.float32),
            diagonal=np.zeros((0, dim), dtype=np.float32),
            popular=np.zeros((0, 0), dtype=np.float32),
        )

    def rows(self, ids: Sequence[str], numbers: Numbers) -> Vectors:
        return Vectors(
            ids=tuple(ids), matrix=self.vectors.matrix[numbers], present=self.vectors.present[numbers]
        )

    def tail_scores(self, edge_type: EdgeType, heads: Numbers) -> Matrix:
        start, count = self.starts[edge_type.tail], self.counts[edge_type.tail]
        if edge_type not in self.types:
            return np.zeros((len(heads), count), dtype=np.float32)
        row = self.types.index(edge_type)
        queries = self.nodes[heads + self.starts[edge_type.head]] * self.diagonal[row]
        scores: Matrix = queries @ self.nodes[start : start + count].T + self.popular[row, :count]
        return scores

    def arrays(self) -> Arrays:
        own = {"nodes": self.nodes, "diagonal": self.diagonal, "popular": self.popular}
        return {**own, **{f"vectors.{n}": a for n, a in self.vectors.arrays().items()}}

    @classmethod
    def from_arrays(
        cls,
        arrays: Arrays,
        types: tuple[EdgeType, ...],
        starts: Mapping[NodeKind, int],
        counts: Mapping[NodeKind, int],
    ) -> Output:
        vectors = {n.removeprefix("vectors."): a for n, a in arrays.items() if n.startswith("vectors.")}
        return cls(
            vectors=Vectors.from_arrays(vectors),
            types=types,
            starts=starts,
            counts=counts,
            nodes=arrays["nodes"].astype(np.float32, copy=False),
            diagonal=arrays["diagonal"].astype(np.float32, copy=False),
            popular=arrays["popular"].astype(np.float32, copy=False),
        )
