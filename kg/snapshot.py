"""From the ordered streams of a store to the arrays of a Graph."""

from __future__ import annotations

from array import array
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence

import numpy as np
import numpy.typing as npt

from kg.graph import (
    FOUND,
    HAS_ATTRIBUTE,
    IN_CATEGORY,
    IN_COLLECTION,
    MADE_BY,
    SUBCATEGORY_OF,
    USER_RELATIONS,
    EdgeType,
    Graph,
    Relation,
)
from kg.product_table import ProductTable
from kg.records import (
    CATEGORY_SEPARATOR,
    NODE_KINDS,
    AttributeValue,
    Fact,
    Interaction,
    NodeKind,
    Product,
)
from kg.texts import Texts, Vocabulary

ATTRIBUTE_SHARE = 0.2
"""An attribute value that more than this share of the products have says nothing about any of them."""
ATTRIBUTE_FLOOR = 50
"""…but in a small shop a value may always link this many products."""
ATTRIBUTE_LENGTH = 80
"""A longer text is a description, not a value that products share."""
_TIMED = frozenset(USER_RELATIONS.values())


def attribute_node(name: str, value: AttributeValue) -> str | None:
    """The id of the node that an attribute value makes, or None if it makes none.

    Only short texts and true booleans do: "both weigh 1.23 kg" is no reason to like a product.
    """
    if isinstance(value, bool):
        return f"{name}=yes" if value else None
    if isinstance(value, str) and len(value) <= ATTRIBUTE_LENGTH:
        return f"{name}={value}"
    return None


def assemble(
    products: Iterable[Product],
    facts: Iterable[Fact],
    interactions: Iterable[Interaction],
    *,
    attribute_share: float = ATTRIBUTE_SHARE,
) -> Graph:
    """Build the graph. The order of the records does not matter; their keys must be distinct.

    Products that only facts and interactions mention become stubs. An edge that several sources state
    appears once, with the largest weight.
    """
    builder = _Builder()
    records: dict[int, Product] = {}
    for product in products:
        records[builder.product(product)] = product
    builder.drop_common_attributes(max(ATTRIBUTE_FLOOR, int(attribute_share * len(records))))
    for fact in facts:
        builder.fact(fact)
    for interaction in interactions:
        builder.interaction(interaction)
    return builder.graph(records)


class _Columns:
    """The edges of one type while they are collected, as provisional numbers."""

    def __init__(self) -> None:
        self.heads = array("q")
        self.tails = array("q")
        self.weight = array("d")
        self.time = array("d")
        self.order = array("q")

    def add(self, head: int, tail: int, weight: float = 1.0) -> None:
        self.heads.append(head)
        self.tails.append(tail)
        self.weight.append(weight)


class _Builder:
    def __init__(self) -> None:
        self.numbers: dict[NodeKind, dict[str, int]] = {kind: {} for kind in NODE_KINDS}
        self.edges: dict[EdgeType, _Columns] = {}
        self.orders: dict[str, int] = {}
        self._attribute_use: Counter[int] = Counter()

    def node(self, kind: NodeKind, node_id: str) -> int:
        numbers = self.numbers[kind]
        return numbers.setdefault(node_id, len(numbers))

    def columns(self, head: NodeKind, name: str, tail: NodeKind) -> _Columns:
        edge_type = EdgeType(head, name, tail)
        if edge_type not in self.edges:
            self.edges[edge_type] = _Columns()
        return self.edges[edge_type]

    def product(self, product: Product) -> int:
        number = self.node("product", product.id)
        if product.brand:
            self.columns("product", MADE_BY, "brand").add(number, self.node("brand", product.brand))
        for category in self._categories(product):
            self.columns("product", IN_CATEGORY, "category").add(number, category)
        for collection in dict.fromkeys(product.collections):
            self.columns("product", IN_COLLECTION, "collection").add(
                number, self.node("collection", collection)
            )
        for node_id in attribute_nodes(product):
            attribute = self.node("attribute", node_id)
            self._attribute_use[attribute] += 1
            self.columns("product", HAS_ATTRIBUTE, "attribute").add(number, attribute)
        return number

    def _categories(self, product: Product) -> Iterable[int]:
        leaves = [*dict.fromkeys(product.labels)]
        if product.category:
            child = CATEGORY_SEPARATOR.join(product.category)
            leaves = [child, *(label for label in leaves if label != child)]
            for depth in range(len(product.category) - 1, 0, -1):
                parent = CATEGORY_SEPARATOR.join(product.category[:depth])
                self.columns("category", SUBCATEGORY_OF, "category").add(
                    self.node("category", child), self.node("category", parent)
                )
                child = parent
        return [self.node("category", leaf) for leaf in leaves]

    def drop_common_attributes(self, most: int) -> None:
        common = {number for number, count in self._attribute_use.items() if count > most}
        columns = self.edges.get(EdgeType("product", HAS_ATTRIBUTE, "attribute"))
        if not common or columns is None:
            return
        kept = _Columns()
        for head, tail in zip(columns.heads, columns.tails, strict=True):
            if tail not in common:
                kept.add(head, tail)
        self.edges[EdgeType("product", HAS_ATTRIBUTE, "attribute")] = kept
        names = [name for name, number in self.numbers["attribute"].items() if number not in common]
        renumbered = {self.numbers["attribute"][name]: new for new, name in enumerate(names)}
        kept.tails = array("q", (renumbered[tail] for tail in kept.tails))
        self.numbers["attribute"] = {name: new for new, name in enumerate(names)}

    def fact(self, fact: Fact) -> None:
        columns = self.columns(fact.head_kind, fact.relation, fact.tail_kind)
        columns.add(self.node(fact.head_kind, fact.head), self.node(fact.tail_kind, fact.tail), fact.weight)
        if (fact.head_kind, fact.tail_kind) == ("user", "product") and fact.relation in _TIMED:
            # stated, not seen: such an edge stands among the interactions, at no known time
            columns.time.append(float("nan"))
            columns.order.append(-1)

    def interaction(self, interaction: Interaction) -> None:
        product = self.node("product", interaction.product)
        columns = self.columns("user", USER_RELATIONS[interaction.kind], "product")
        columns.add(self.node("user", interaction.user), product, interaction.value)
        when = interaction.time if interaction.time is not None else interaction.position
        columns.time.append(float("nan") if when is None else float(when))
        order = interaction.order
        columns.order.append(self.orders.setdefault(order, len(self.orders)) if order else -1)
        if interaction.query:
            self.columns("query", FOUND, "product").add(self.node("query", interaction.query), product)

    def graph(self, records: Mapping[int, Product]) -> Graph:
        nodes: dict[NodeKind, Vocabulary] = {}
        new: dict[NodeKind, npt.NDArray[np.int64]] = {}
        for kind, numbers in self.numbers.items():
            ids = sorted(numbers)
            nodes[kind] = Vocabulary(Texts.of(ids))
            new[kind] = np.empty(len(ids), dtype=np.int64)
            new[kind][[numbers[node_id] for node_id in ids]] = np.arange(len(ids))
        by_row: list[Product | None] = [None] * len(nodes["product"])
        for number, product in records.items():
            by_row[int(new["product"][number])] = product
        order_rank = _ranks(self.orders)
        relations = {
            edge_type: _relation(edge_type, self.edges[edge_type], new, order_rank)
            for edge_type in sorted(self.edges)
            if len(self.edges[edge_type].heads)
        }
        table = ProductTable.of(nodes["product"].texts, by_row)
        return Graph(nodes=nodes, relations=relations, products=table)


def attribute_nodes(product: Product) -> Iterable[str]:
    """The distinct attribute nodes of a product, sorted by name."""
    found: dict[str, None] = {}
    for name in sorted(product.attributes):
        for value in product.values(name):
            node_id = attribute_node(name, value)
            if node_id is not None:
                found[node_id] = None
    return found


def _ranks(numbers: Mapping[str, int]) -> npt.NDArray[np.int64]:
    ranks = np.empty(len(numbers), dtype=np.int64)
    ranks[[numbers[name] for name in sorted(numbers)]] = np.arange(len(numbers))
    return ranks


def _relation(
    edge_type: EdgeType,
    columns: _Columns,
    new: Mapping[NodeKind, npt.NDArray[np.int64]],
    order_rank: npt.NDArray[np.int64],
) -> Relation:
    heads = new[edge_type.head][_int64(columns.heads)]
    tails = new[edge_type.tail][_int64(columns.tails)]
    weight = np.frombuffer(columns.weight, dtype=np.float64)
    timed = len(columns.time) > 0
    if timed:
        time = np.frombuffer(columns.time, dtype=np.float64)
        order = _int64(columns.order)
        known = order >= 0
        order = np.where(known, order_rank[order] if len(order_rank) else -1, -1)
        # rows in the order of time (unknown first), so that a user's history reads as a sequence
        rank = np.lexsort((weight, order, tails, np.where(np.isnan(time), -np.inf, time), heads))
    else:
        # one edge per pair; queries add up what several interactions say, facts keep the strongest
        rank = np.lexsort((weight, tails, heads))
        pair_heads, pair_tails, pair_weight = heads[rank], tails[rank], weight[rank]
        first = np.ones(len(rank), dtype=np.bool_)
        first[1:] = (pair_heads[1:] != pair_heads[:-1]) | (pair_tails[1:] != pair_tails[:-1])
        starts = np.flatnonzero(first)
        merge = np.add.reduceat if edge_type.name == FOUND else np.maximum.reduceat
        weight = merge(pair_weight, starts)
        heads, tails = pair_heads[starts], pair_tails[starts]
        rank = np.arange(len(starts))
    indptr = np.zeros(len(new[edge_type.head]) + 1, dtype=np.int64)
    np.cumsum(np.bincount(heads, minlength=len(new[edge_type.head])), out=indptr[1:])
    return Relation(
        type=edge_type,
        indptr=indptr,
        tails=tails[rank].astype(np.int32),
        weight=weight[rank].astype(np.float32),
        tail_count=len(new[edge_type.tail]),
        time=time[rank] if timed and not np.isnan(time).all() else None,
        order=order[rank].astype(np.int32) if timed and (order >= 0).any() else None,
    )


def _int64(numbers: Sequence[int]) -> npt.NDArray[np.int64]:
    return np.frombuffer(numbers, dtype=np.int64)  # type: ignore[call-overload, no-any-return]
