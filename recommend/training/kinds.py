"""What every product is: derived types and stated categories as one tree, with confidences.

A kind is a node of type 'type' or 'category'. Types come first in the numbering, then categories.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt
import scipy.sparse as sp

from kg.graph import ATTENDING, MEMBERSHIP, TREES, EdgeType, Graph, Node, Relation
from kg.records import NodeKind
from recommend.sparse import csr

Mask = npt.NDArray[np.bool_]

SURE = 0.6
"""From this confidence on, an edge counts as known."""
NARROW = 0.2
"""A kind that holds a larger share of the shop says too little: its children are no family."""
_LEVELS = 12

_KINDS: tuple[NodeKind, ...] = ("type", "category")
_PLACES = tuple((kind, MEMBERSHIP[kind], TREES[kind]) for kind in _KINDS)


@dataclass(frozen=True, kw_only=True, eq=False)
class Kinds:
    """`direct` float32 CSR [products, kinds]: the confidence of each edge. `parent` bool CSR [kinds, kinds]:
    kind → the wider kinds right above it. `listed` bool [products]."""

    direct: sp.csr_array
    parent: sp.csr_array
    types: int
    listed: Mask
    graph: Graph

    @classmethod
    def of(cls, graph: Graph) -> Kinds:
        """Read the types and categories of a graph."""
        types, n = len(graph.nodes["type"]), graph.product_count
        total = types + len(graph.nodes["category"])
        heads, tails, weights = [np.empty(0, np.int64)], [np.empty(0, np.int64)], [np.empty(0, np.float32)]
        lower, upper = [np.empty(0, np.int64)], [np.empty(0, np.int64)]
        for kind, belongs, below in _PLACES:
            first = 0 if kind == "type" else types
            edges = graph.relations.get(EdgeType("product", belongs, kind))
            if edges is not None:
                heads.append(edges.heads.astype(np.int64))
                tails.append(edges.tails.astype(np.int64) + first)
                weights.append(np.minimum(edges.weight, 1.0))
            tree = graph.relations.get(EdgeType(kind, below, kind))
            if tree is not None:
                lower.append(tree.heads.astype(np.int64) + first)
                upper.append(tree.tails.astype(np.int64) + first)
        return cls(
            direct=_matrix(np.concatenate(weights), np.concatenate(heads), np.concatenate(tails), (n, total)),
            parent=_matrix(
                np.ones(sum(map(len, lower)), np.float32),
                np.concatenate(lower),
                np.concatenate(upper),
                (total, total),
            ),
            types=types,
            listed=graph.products.listed,
            graph=graph,
        )

    def __len__(self) -> int:
        return int(self.direct.shape[1])

    def number(self, node: Node) -> int | None:
        """The number of a type or category; None for other nodes."""
        if node.kind == "type":
            return node.number
        return self.types + node.number if node.kind == "category" else None

    def node(self, kind: int) -> Node:
        return Node("type", kind) if kind < self.types else Node("category", kind - self.types)

    @cached_property
    def _child(self) -> sp.csr_array:
        return self.parent.T.tocsr()

    @cached_property
    def _holders(self) -> sp.csr_array:
        return self.direct.T.tocsr()

    def parents(self, kind: int) -> list[int]:
        found: list[int] = self.parent.indices[
            self.parent.indptr[kind] : self.parent.indptr[kind + 1]
        ].tolist()
        return found

    def children(self, kind: int) -> list[int]:
        child = self._child
        found: list[int] = child.indices[child.indptr[kind] : child.indptr[kind + 1]].tolist()
        return found

    def within(self, kind: int) -> tuple[int, ...]:
        """A kind and all kinds below it."""
        return tuple(_walk(kind, self.children))

    def above(self, kind: int) -> tuple[int, ...]:
        """A kind and all kinds above it."""
        return tuple(_walk(kind, self.parents))

    def members(self, kind: int) -> npt.NDArray[np.float32]:
        """float32 [products]: how surely each product is of a kind or one below it."""
        found = np.zeros(self.direct.shape[0], dtype=np.float32)
        held = self._holders
        for one in self.within(kind):
            cells = slice(held.indptr[one], held.indptr[one + 1])
            rows = held.indices[cells]
            found[rows] = np.maximum(found[rows], held.data[cells])
        return found

    def sure(self, kind: int) -> Mask:
        """bool [products]: the listed products that are known to be of a kind."""
        return (self.members(kind) >= SURE) & self.listed

    @cached_property
    def sizes(self) -> npt.NDArray[np.int64]:
        """int64 [kinds]: how many listed products are known to be of each kind or one below it."""
        pairs = [(kind, one) for kind in range(len(self)) for one in self.above(kind)]
        lower, upper = np.array(pairs, dtype=np.int64).reshape(-1, 2).T
        above = _matrix(np.ones(len(pairs), np.float32), lower, upper, (len(self), len(self)))
        sure = self.direct[np.flatnonzero(self.listed)]
        sure.data = (sure.data >= SURE).astype(np.float32)
        sure.eliminate_zeros()
        return np.bincount((sure @ above).indices, minlength=len(self)).astype(np.int64)

    @cached_property
    def known(self) -> Mask:
        """bool [products]: products of which at least one kind is known."""
        best = np.zeros(self.direct.shape[0], dtype=np.float32)
        rows = np.repeat(np.arange(self.direct.shape[0]), np.diff(self.direct.indptr))
        np.maximum.at(best, rows, self.direct.data)
        return best >= SURE

    @cached_property
    def _room(self) -> float:
        return max(NARROW * int(self.listed.sum()), 3)

    def narrow(self, kind: int) -> bool:
        """Whether a kind says something: it holds no large share of the shop."""
        return bool(self.sizes[kind] <= self._room)

    def siblings(self, kind: int) -> tuple[int, ...]:
        """The kinds that share a narrow parent with a kind, and that parent."""
        found: dict[int, None] = {}
        for parent in self.parents(kind):
            if self.narrow(parent):
                found[parent] = None
                found.update(dict.fromkeys(self.children(parent)))
        found.pop(kind, None)
        return tuple(found)

    def family(self, kind: int) -> Mask:
        """bool [products]: products known to be of a sibling kind or of the narrow parent itself."""
        found = np.zeros(self.direct.shape[0], dtype=np.bool_)
        for parent in self.parents(kind):
            if self.narrow(parent):
                found |= self.sure(parent)
        return found & ~self.sure(kind)

    def root(self, kind: int) -> int:
        """The highest narrow kind above a kind: all below it are one family."""
        top = [one for one in self.above(kind) if self.narrow(one)]
        return min(top, key=lambda one: (-int(self.sizes[one]), one)) if top else kind

    def accessories(self, kind: int) -> Mask:
        """bool [products]: accessories of, and services for, a kind, one below it or a narrow one above."""
        meant = set(self.within(kind)) | {one for one in self.above(kind) if self.narrow(one)}
        found = np.zeros(self.direct.shape[0], dtype=np.bool_)
        for relation in for_kinds(self.graph):
            shift = 0 if relation.type.tail == "type" else self.types
            of_meant = np.isin(relation.tails + shift, list(meant)) & (relation.weight >= SURE)
            heads = np.unique(relation.heads[of_meant]).tolist()
            if relation.type.head == "product":
                found[heads] = True
                continue
            below = 0 if relation.type.head == "type" else self.types
            for head in heads:
                found |= self.sure(head + below)
        return found & self.listed & ~self.sure(kind)


def for_kinds(graph: Graph) -> Iterator[Relation]:
    """The relations that say which kind something is an accessory of or a service for."""
    for edge_type in sorted(graph.relations):
        is_for = edge_type.name in ATTENDING and edge_type.tail in _KINDS
        if is_for and edge_type.head in ("product", *_KINDS):
            yield graph.relations[edge_type]


def _walk(start: int, onward: Callable[[int], list[int]]) -> Iterator[int]:
    seen, level = {start}, [start]
    for _ in range(_LEVELS):  # a tree that turns in circles ends here
        yield from level
        level = [kind for one in level for kind in onward(one) if kind not in seen]
        level = list(dict.fromkeys(level))
        seen.update(level)
        if not level:
            return


def _matrix(
    data: npt.NDArray[np.float32],
    rows: npt.NDArray[np.int64],
    columns: npt.NDArray[np.int64],
    shape: tuple[int, int],
) -> sp.csr_array:
    order = np.lexsort((columns, rows))
    indptr = np.zeros(shape[0] + 1, dtype=np.int64)
    np.cumsum(np.bincount(rows, minlength=shape[0]), out=indptr[1:])
    return csr(data[order].astype(np.float32), columns[order].astype(np.int32), indptr, shape)
