"""How often the things that words may name go together: a brand that makes a type, a value that a type
has."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt
import scipy.sparse as sp

from kg.arrays import Arrays
from kg.graph import MEMBERSHIP, SERVING, TREES, EdgeType, Graph
from kg.records import NodeKind
from recommend.understand.names import KINDS_OF_THING

_DEEPEST = 12
"""Levels of a tree beyond these are not climbed."""


@dataclass(frozen=True, kw_only=True, eq=False)
class Agreement:
    """counts int64 [all nodes]: products of each node, for types and categories with those below.

    together, fitting: CSR int32 [all nodes, all nodes], rows only for types and categories: the products of
    a type that have a node, and those that are for it (compatible, accessory, service).
    """

    counts: npt.NDArray[np.int64]
    together: sp.csr_array
    fitting: sp.csr_array

    @classmethod
    def of(cls, graph: Graph, linked: sp.csr_array) -> Agreement:
        """linked: `product_nodes` of the graph."""
        things = np.zeros(graph.node_count, dtype=np.bool_)
        for kind in KINDS_OF_THING:
            things[graph.offsets[kind] : graph.offsets[kind] + len(graph.nodes[kind])] = True
        of_thing = _only(linked, things)
        return cls(
            counts=np.bincount(linked.indices, minlength=graph.node_count).astype(np.int64),
            together=_sorted(of_thing.T.tocsr() @ _only(linked, ~things)),
            fitting=_sorted(of_thing.T.tocsr() @ _meant_for(graph, "product") + _things_for(graph)),
        )

    def have(self, thing: int, node: int) -> int:
        """How many products of a type (or category) have another node."""
        return _cell(self.together, thing, node)

    def fit(self, thing: int, node: int) -> int:
        """How many products of a type (or category) are for a node."""
        return _cell(self.fitting, thing, node)

    def things_with(self, node: int, *, least: float = 0.0) -> list[tuple[int, int]]:
        """(type or category, how many of its products have a node: at least `least`), the most frequent
        first."""
        cells = slice(int(self._backward.indptr[node]), int(self._backward.indptr[node + 1]))
        things, counts = self._backward.indices[cells], self._backward.data[cells]
        if least > 0:
            enough = counts >= least
            things, counts = things[enough], counts[enough]
        return sorted(zip(things.tolist(), counts.tolist(), strict=True), key=lambda p: (-p[1], p[0]))

    @cached_property
    def _backward(self) -> sp.csr_array:
        return self.together.T.tocsr()

    def arrays(self) -> Arrays:
        found: Arrays = {"counts": self.counts}
        for name, matrix in (("together", self.together), ("fitting", self.fitting)):
            found[f"{name}.data"] = matrix.data
            found[f"{name}.indices"] = matrix.indices
            found[f"{name}.indptr"] = matrix.indptr
        return found

    @classmethod
    def from_arrays(cls, arrays: Arrays) -> Agreement:
        counts = arrays["counts"].astype(np.int64, copy=False)
        n = len(counts)

        def matrix(name: str) -> sp.csr_array:
            parts = (arrays[f"{name}.data"], arrays[f"{name}.indices"], arrays[f"{name}.indptr"])
            return sp.csr_array(parts, shape=(n, n))

        return cls(counts=counts, together=matrix("together"), fitting=matrix("fitting"))


def product_nodes(graph: Graph) -> sp.csr_array:
    """int32 [products, all nodes]: 1 where a product has a node, or one below it in a tree."""
    n, total = graph.product_count, graph.node_count
    rows: list[npt.NDArray[np.int64]] = [np.empty(0, np.int64)]
    columns: list[npt.NDArray[np.int64]] = [np.empty(0, np.int64)]
    for kind, name in MEMBERSHIP.items():
        relation = graph.relations.get(EdgeType("product", name, kind))
        if relation is None:
            continue
        said = relation.weight > 0
        heads, tails = relation.heads[said].astype(np.int64), relation.tails[said].astype(np.int64)
        if kind in KINDS_OF_THING:
            heads, tails = _climbed(graph, kind, heads, tails)
        rows.append(heads)
        columns.append(tails + graph.offsets[kind])
    row, column = np.concatenate(rows), np.concatenate(columns)
    matrix = sp.coo_array((np.ones(len(row), dtype=np.int32), (row, column)), shape=(n, total)).tocsr()
    matrix.sum_duplicates()
    matrix.data[:] = 1
    return matrix


def _climbed(
    graph: Graph, kind: NodeKind, heads: npt.NDArray[np.int64], tails: npt.NDArray[np.int64]
) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]:
    """The pairs (product, node) with those of all nodes above."""
    tree = graph.relations.get(EdgeType(kind, TREES[kind], kind))
    if tree is None or not len(tree):
        return heads, tails
    up = tree.matrix.astype(np.bool_).astype(np.int32)
    size = len(graph.nodes[kind])
    level = sp.coo_array(
        (np.ones(len(heads), np.int32), (heads, tails)), shape=(graph.product_count, size)
    ).tocsr()
    reached = level
    for _ in range(_DEEPEST):
        level = level @ up
        before = reached.nnz
        reached = reached + level
        reached.data[:] = 1
        if not level.nnz or reached.nnz == before:
            break
    found = reached.tocoo()
    return found.row.astype(np.int64), found.col.astype(np.int64)


def _meant_for(graph: Graph, head: NodeKind) -> sp.csr_array:
    """int32 [nodes of a kind, all nodes]: the brands, series, types and categories that they are compatible
    with, or an accessory of, or a service for."""
    shape = (len(graph.nodes[head]), graph.node_count)
    parts: list[sp.csr_array] = []
    for edge_type, relation in graph.relations.items():
        if edge_type.name not in SERVING or edge_type.head != head or edge_type.tail == "product":
            continue
        said = relation.weight > 0
        columns = relation.tails[said].astype(np.int64) + graph.offsets[edge_type.tail]
        ones = np.ones(len(columns), np.int32)
        parts.append(sp.coo_array((ones, (relation.heads[said], columns)), shape=shape).tocsr())
    return sp.csr_array(sum(parts, start=sp.csr_array(shape, dtype=np.int32)))


def _things_for(graph: Graph) -> sp.csr_array:
    """int32 [all nodes, all nodes]: the same of types and categories."""
    total = graph.node_count
    parts: list[sp.csr_array] = []
    for kind in KINDS_OF_THING:
        own = _meant_for(graph, kind).tocoo()
        moved = (own.data, (own.row.astype(np.int64) + graph.offsets[kind], own.col))
        parts.append(sp.coo_array(moved, shape=(total, total)).tocsr())
    return sp.csr_array(sum(parts, start=sp.csr_array((total, total), dtype=np.int32)))


def _only(matrix: sp.csr_array, columns: npt.NDArray[np.bool_]) -> sp.csr_array:
    """The same shape with only some columns filled."""
    kept = columns[matrix.indices]
    indptr = np.zeros(matrix.shape[0] + 1, dtype=np.int64)
    np.cumsum(
        np.bincount(
            np.repeat(np.arange(matrix.shape[0]), np.diff(matrix.indptr))[kept], minlength=matrix.shape[0]
        ),
        out=indptr[1:],
    )
    return sp.csr_array((matrix.data[kept], matrix.indices[kept], indptr), shape=matrix.shape)


def _sorted(matrix: sp.csr_array) -> sp.csr_array:
    matrix.sort_indices()
    return sp.csr_array(
        (matrix.data.astype(np.int32), matrix.indices.astype(np.int32), matrix.indptr.astype(np.int64)),
        shape=matrix.shape,
    )


def _cell(matrix: sp.csr_array, row: int, column: int) -> int:
    start, stop = matrix.indptr[row : row + 2].tolist()
    if start == stop:
        return 0
    columns = matrix.indices[start:stop]
    place = int(columns.searchsorted(column))
    return int(matrix.data[start + place]) if place < len(columns) and columns[place] == column else 0
