"""The graph as arrays: an immutable copy of what a store knows, for learning, ranking and paths.

Nodes are numbered per kind, in the order of their ids; edges are kept per relation in compressed
rows (CSR), sorted by head, time (if there is one) and tail. The same catalog gives the same arrays from
every store.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import scipy.sparse as sp

from kg.arrays import Arrays
from kg.errors import UnknownProductError
from kg.product_table import ProductTable
from kg.records import NODE_KINDS, NodeKind
from kg.texts import Vocabulary

MADE_BY = "made_by"
IN_CATEGORY = "in_category"
SUBCATEGORY_OF = "subcategory_of"
HAS_ATTRIBUTE = "has_attribute"
IN_COLLECTION = "in_collection"
OF_TYPE = "of_type"
"""Product → what it is: 'toner cartridge'."""
SUBTYPE_OF = "subtype_of"
"""Type → the wider type: 'patch cable' → 'cable'."""
IN_SERIES = "in_series"
"""Product → a brand's line or model that several products share: 'HP LaserJet 4700'."""
ACCESSORY_OF = "accessory_of"
SERVICE_FOR = "service_for"
"""Product, type or category → the type or category that it is for."""
COMPATIBLE_WITH = "compatible_with"
"""Product → the product, brand, series, type or category that it works with."""
FOUND = "found"
"""Query → what was chosen after it; the weight counts the choices, corrected for their ranks
(`kg.snapshot.choice_weight`)."""
VIEWED, CARTED, PURCHASED, RATED, CLICKED = "viewed", "carted", "purchased", "rated", "clicked"
USER_RELATIONS: Mapping[str, str] = {
    "view": VIEWED,
    "cart": CARTED,
    "purchase": PURCHASED,
    "rating": RATED,
    "click": CLICKED,
}
"""Interaction kind → name of its relation (user → product)."""

CATALOG_RELATIONS = frozenset({MADE_BY, IN_CATEGORY, SUBCATEGORY_OF, HAS_ATTRIBUTE, IN_COLLECTION})


DERIVED_RELATIONS = frozenset({OF_TYPE, SUBTYPE_OF, IN_SERIES, ACCESSORY_OF, SERVICE_FOR, COMPATIBLE_WITH})
"""What `kg.derive` finds where nobody states it; the weight of such an edge is a confidence in (0, 1]."""


MEMBERSHIP: Mapping[NodeKind, str] = {
    "brand": MADE_BY,
    "series": IN_SERIES,
    "attribute": HAS_ATTRIBUTE,
    "category": IN_CATEGORY,
    "type": OF_TYPE,
}
"""The relation by which a product belongs to a node of each kind."""
TREES: Mapping[NodeKind, str] = {"category": SUBCATEGORY_OF, "type": SUBTYPE_OF}
"""The relation that leads from a node to the one above it."""
ATTENDING = (ACCESSORY_OF, SERVICE_FOR)
"""The relations of what is for a thing and never the thing itself."""
SERVING = (COMPATIBLE_WITH, *ATTENDING)
"""The relations of what goes with a thing."""


class EdgeType(NamedTuple):
    """What a relation links: ('user', 'purchased', 'product')."""

    head: NodeKind
    name: str
    tail: NodeKind


class Node(NamedTuple):
    """A node by kind and number within its kind."""

    kind: NodeKind
    number: int


@dataclass(frozen=True, kw_only=True, eq=False)
class Relation:
    """All edges of one type, as CSR: indptr int64 [heads + 1], tails int32 [m], weight float32 [m].

    `time` (float64 [m]; seconds, or positions within a user; NaN where unknown) and `order` (int32
    [m]; numbers of baskets, -1 where unknown) are None for relations that have neither. Between the same two
    nodes there may be several edges, at different times. `times` (int32 [m]) is how many interactions an
    edge adds up; None where the weights say that.
    """

    type: EdgeType
    indptr: npt.NDArray[np.int64]
    tails: npt.NDArray[np.int32]
    weight: npt.NDArray[np.float32]
    tail_count: int
    time: npt.NDArray[np.float64] | None = None
    order: npt.NDArray[np.int32] | None = None
    times: npt.NDArray[np.int32] | None = None

    def __len__(self) -> int:
        return len(self.tails)

    @property
    def head_count(self) -> int:
        return len(self.indptr) - 1

    @cached_property
    def heads(self) -> npt.NDArray[np.int32]:
        """int32 [m]: the head of each edge."""
        return np.repeat(np.arange(self.head_count, dtype=np.int32), np.diff(self.indptr))

    def row(self, head: int) -> slice:
        """The positions of one head's edges."""
        return slice(int(self.indptr[head]), int(self.indptr[head + 1]))

    @cached_property
    def matrix(self) -> sp.csr_array:
        """float32 [heads, tails]: weights, those of repeated edges added up."""
        matrix = sp.csr_array(
            (self.weight, self.tails, self.indptr), shape=(self.head_count, self.tail_count), copy=True
        )
        matrix.sum_duplicates()
        return matrix

    @cached_property
    def backward(self) -> sp.csr_array:
        """float32 [tails, heads]: the matrix turned round, for walking against the arrow."""
        return self.matrix.T.tocsr()

    def keep(self, mask: npt.NDArray[np.bool_]) -> Relation:
        """The relation with only the edges where mask (bool [m]) is True."""
        counts = np.bincount(self.heads[mask], minlength=self.head_count)
        indptr = np.zeros(self.head_count + 1, dtype=np.int64)
        np.cumsum(counts, out=indptr[1:])
        return Relation(
            type=self.type,
            indptr=indptr,
            tails=self.tails[mask],
            weight=self.weight[mask],
            tail_count=self.tail_count,
            time=None if self.time is None else self.time[mask],
            order=None if self.order is None else self.order[mask],
            times=None if self.times is None else self.times[mask],
        )


@dataclass(frozen=True, kw_only=True, eq=False)
class Graph:
    """Nodes by kind, relations by type and the product table; see the module's docstring.

    Product number i is row i of `products` and node i of kind 'product'. Stubs (products that are
    only mentioned) have `products.listed[i]` False.
    """

    nodes: Mapping[NodeKind, Vocabulary]
    relations: Mapping[EdgeType, Relation]
    products: ProductTable

    @property
    def product_count(self) -> int:
        """Listed products and stubs together: the length of every product axis."""
        return len(self.nodes["product"])

    @property
    def node_count(self) -> int:
        return sum(len(v) for v in self.nodes.values())

    @property
    def edge_count(self) -> int:
        return sum(len(r) for r in self.relations.values())

    @cached_property
    def offsets(self) -> Mapping[NodeKind, int]:
        """Where each kind begins when all nodes are numbered in one row (the order of NODE_KINDS)."""
        offsets: dict[NodeKind, int] = {}
        total = 0
        for kind in NODE_KINDS:
            offsets[kind] = total
            total += len(self.nodes[kind])
        return offsets

    def relation(
        self, name: str, head: NodeKind | None = None, tail: NodeKind | None = None
    ) -> Relation | None:
        """The first relation of that name (and kinds, if given), or None."""
        for edge_type, relation in self.relations.items():
            if edge_type.name == name and head in (None, edge_type.head) and tail in (None, edge_type.tail):
                return relation
        return None

    def number(self, product_id: str) -> int:
        """The number of a listed product; UnknownProductError otherwise."""
        number = self.nodes["product"].number(product_id)
        if number is None:
            raise UnknownProductError(product_id)
        if not self.products.listed[number]:
            raise UnknownProductError(product_id, "it is only mentioned by other products; load its own row")
        return number

    def node_id(self, node: Node) -> str:
        return self.nodes[node.kind][node.number]

    def label(self, node: Node) -> str:
        """What to call a node in front of people: a title, the last name of a category path …"""
        text = self.node_id(node)
        if node.kind == "product":
            return self.products.title[node.number] or text
        if node.kind == "category":
            return text.rsplit(" > ", 1)[-1]
        return text.replace("=", ": ", 1) if node.kind == "attribute" else text

    def triples(
        self, wanted: Callable[[EdgeType], bool] | None = None
    ) -> tuple[npt.NDArray[np.int64], tuple[EdgeType, ...]]:
        """(int64 [m, 3] of head, relation, tail in one numbering, the types that the numbers stand for).

        Repeated edges (the same user and product at two times) appear once.
        """
        types = tuple(t for t in sorted(self.relations) if wanted is None or wanted(t))
        blocks = []
        for number, edge_type in enumerate(types):
            matrix = self.relations[edge_type].matrix.tocoo()
            block = np.empty((matrix.nnz, 3), dtype=np.int64)
            block[:, 0] = matrix.row + self.offsets[edge_type.head]
            block[:, 1] = number
            block[:, 2] = matrix.col + self.offsets[edge_type.tail]
            blocks.append(block)
        return (np.concatenate(blocks) if blocks else np.empty((0, 3), dtype=np.int64)), types

    def without(
        self,
        *,
        relations: Collection[str] = (),
        edges: Mapping[EdgeType, npt.NDArray[np.bool_]] | None = None,
        products: Collection[str] = (),
        users: Collection[str] = (),
    ) -> Graph:
        """The graph as it would be had some things never been known; numbering stays the same.

        `relations` drops whole relations by name, `edges` the edges where a mask (bool [m]) is True,
        `products` and `users` all edges of these nodes (such products are no longer listed).
        """
        kept: dict[EdgeType, Relation] = {}
        gone: dict[NodeKind, npt.NDArray[np.bool_]] = {}
        wanted_gone: tuple[tuple[NodeKind, Collection[str]], ...] = (("product", products), ("user", users))
        for kind, ids in wanted_gone:
            mask = np.zeros(len(self.nodes[kind]), dtype=np.bool_)
            numbers = self.nodes[kind].numbers(ids)
            mask[numbers[numbers >= 0]] = True
            if mask.any():
                gone[kind] = mask
        for edge_type, relation in self.relations.items():
            if edge_type.name in relations:
                continue
            drop = np.zeros(len(relation), dtype=np.bool_)
            if edges is not None and edge_type in edges:
                drop |= edges[edge_type]
            if edge_type.head in gone:
                drop |= gone[edge_type.head][relation.heads]
            if edge_type.tail in gone:
                drop |= gone[edge_type.tail][relation.tails]
            kept[edge_type] = relation.keep(~drop) if drop.any() else relation
        table = self.products
        if "product" in gone:
            table = replace(table, listed=table.listed & ~gone["product"])
        return replace(self, relations=kept, products=table)

    def arrays(self) -> Arrays:
        """Everything as named arrays; `from_arrays` turns them back."""
        arrays: Arrays = {}
        for kind, vocabulary in self.nodes.items():
            arrays.update(vocabulary.texts.arrays(f"nodes.{kind}"))
        for edge_type, relation in self.relations.items():
            prefix = f"edges.{edge_type.head}.{edge_type.name}.{edge_type.tail}"
            arrays[f"{prefix}.indptr"] = relation.indptr
            arrays[f"{prefix}.tails"] = relation.tails
            arrays[f"{prefix}.weight"] = relation.weight
            if relation.time is not None:
                arrays[f"{prefix}.time"] = relation.time
            if relation.order is not None:
                arrays[f"{prefix}.order"] = relation.order
            if relation.times is not None:
                arrays[f"{prefix}.times"] = relation.times
        arrays.update(self.products.arrays())
        return arrays

    @classmethod
    def from_arrays(cls, arrays: Arrays) -> Graph:
        nodes = {kind: Vocabulary.from_arrays(arrays, f"nodes.{kind}") for kind in NODE_KINDS}
        relations: dict[EdgeType, Relation] = {}
        for name in sorted(arrays):
            if not (name.startswith("edges.") and name.endswith(".indptr")):
                continue
            prefix = name.removesuffix(".indptr")
            _, head, relation_name, tail = prefix.split(".")
            edge_type = EdgeType(head, relation_name, tail)  # type: ignore[arg-type]
            time, order = arrays.get(f"{prefix}.time"), arrays.get(f"{prefix}.order")
            times = arrays.get(f"{prefix}.times")
            relations[edge_type] = Relation(
                type=edge_type,
                indptr=arrays[name].astype(np.int64, copy=False),
                tails=arrays[f"{prefix}.tails"].astype(np.int32, copy=False),
                weight=arrays[f"{prefix}.weight"].astype(np.float32, copy=False),
                tail_count=len(nodes[edge_type.tail]),
                time=None if time is None else time.astype(np.float64, copy=False),
                order=None if order is None else order.astype(np.int32, copy=False),
                times=None if times is None else times.astype(np.int32, copy=False),
            )
        return cls(nodes=nodes, relations=relations, products=ProductTable.from_arrays(arrays))
