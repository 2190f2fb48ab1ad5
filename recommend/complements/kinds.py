"""Which products may stand in for one another: those of one kind, unless people buy that kind by the set.

A desk lamp goes with bulbs, not with a second desk lamp; but who buys nail polish buys more nail polish. What
is bought together tells the two apart (McAuley et al., "Inferring networks of substitutable and complementary
products", 2015, learn the same from co-purchases and co-views): a kind that meets its own in a third of these
pairs may complete itself.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import scipy.sparse as sp

from kg.graph import IN_CATEGORY, OF_TYPE, PURCHASED, TREES, EdgeType, Graph, Relation
from recommend.channels.meaning import goes_with
from recommend.sparse import rows_of

Numbers = npt.NDArray[np.int64]
Mask = npt.NDArray[np.bool_]

OWN_SHARE = 1 / 3
"""From this share of pairs within a kind on, its products complete each other."""
DOUBT = 4.0
"""So many pairs between kinds are added to those seen: few pairs prove nothing."""
_LONGEST_ORDER = 50
"""Who orders more at once restocks a shop."""


@dataclass(frozen=True, kw_only=True, eq=False)
class Kinds:
    """The kind of each product, as numbers that mean the same only within one graph.

    `type` and `category` int64 [n]: what it is and where it stands, -1 where nobody says. `sets` bool [n]:
    its kind is bought by the set.
    """

    type: Numbers
    category: Numbers
    sets: Mask

    @classmethod
    def of(cls, graph: Graph) -> Kinds:
        """The most telling type and category of each product, and what the log and experts say of them."""
        types = _main_node(graph, EdgeType("product", OF_TYPE, "type"))
        categories = _main_node(graph, EdgeType("product", IN_CATEGORY, "category"))
        plain = cls(type=types, category=categories, sets=np.zeros(len(types), dtype=np.bool_))
        return cls(type=types, category=categories, sets=_bought_by_the_set(graph, plain))

    @cached_property
    def one(self) -> Numbers:
        """int64 [n]: one number for the kind of each product: its type, else its category; -1 for neither."""
        beyond = int(self.type.max(initial=-1)) + 1
        category = np.where(self.category >= 0, self.category + beyond, -1)
        return np.where(self.type >= 0, self.type, category)

    def alike(self, product: int) -> Mask:
        """bool [n]: the products of the same kind; by category where one of the two has no type."""
        kind, place = self.type[product], self.category[product]
        same_place: Mask = (self.category == place) & (place >= 0)
        if kind < 0:
            return same_place
        found: Mask = (self.type == kind) | ((self.type < 0) & same_place)
        return found

    def alike_pairs(self, heads: Numbers, tails: Numbers) -> Mask:
        """bool [m]: the same for pairs of products."""
        typed = (self.type[heads] >= 0) & (self.type[tails] >= 0)
        placed = (self.category[heads] == self.category[tails]) & (self.category[heads] >= 0)
        found: Mask = np.where(typed, self.type[heads] == self.type[tails], placed)
        return found

    def substitutes(self, products: Numbers) -> Mask:
        """bool [n]: what would stand in for one of these products, rather than complete them."""
        found = np.zeros(len(self.type), dtype=np.bool_)
        seen: set[tuple[int, int]] = set()
        for product in products.tolist():
            key = int(self.type[product]), int(self.category[product])
            if key not in seen and not self.sets[product]:
                found |= self.alike(product)
            seen.add(key)
        return found


def _main_node(graph: Graph, edge_type: EdgeType) -> Numbers:
    """int64 [n]: of the nodes that a product is linked to, one without another of them below it; the surest,
    then the rarest."""
    found = np.full(graph.product_count, -1, dtype=np.int64)
    relation = graph.relations.get(edge_type)
    if relation is None or not len(relation):
        return found
    matrix = relation.matrix
    heads = rows_of(matrix)
    nodes = matrix.indices.astype(np.int64)
    size = np.bincount(nodes, minlength=matrix.shape[1])
    above = _above(graph, edge_type, heads, nodes)
    order = np.lexsort((nodes, size[nodes], -np.minimum(matrix.data, 1.0), above, heads))
    first = np.ones(len(order), dtype=np.bool_)
    first[1:] = heads[order][1:] != heads[order][:-1]
    found[heads[order][first]] = nodes[order][first]
    return found


def _above(graph: Graph, edge_type: EdgeType, heads: Numbers, nodes: Numbers) -> Mask:
    """bool [m]: the product is also linked to a child of this node."""
    name = TREES.get(edge_type.tail)
    tree = None if name is None else graph.relations.get(EdgeType(edge_type.tail, name, edge_type.tail))
    if tree is None:
        return np.zeros(len(nodes), dtype=np.bool_)
    up = (tree.matrix > 0).astype(np.float32).tocsr()
    linked = sp.csr_array(
        (np.ones(len(nodes), dtype=np.float32), (heads, nodes)), shape=(graph.product_count, up.shape[0])
    )
    parents = (linked @ up).tocsr()
    keys = rows_of(parents) * up.shape[1] + parents.indices
    return np.isin(heads * up.shape[1] + nodes, keys)


def _bought_by_the_set(graph: Graph, kinds: Kinds) -> Mask:
    """bool [n]: a third of what is bought together with products of its kind is of that kind."""
    heads, tails = bought_together(graph)
    kind = kinds.one
    known = (kind[heads] >= 0) & (kind[tails] >= 0)
    heads, tails = heads[known], tails[known]
    count = int(kind.max(initial=-1)) + 1
    met = np.bincount(kind[heads], minlength=count)
    own = np.bincount(kind[heads[kinds.alike_pairs(heads, tails)]], minlength=count)
    by_kind = own >= OWN_SHARE * (met + DOUBT)
    found = np.zeros(len(kind), dtype=np.bool_)
    found[kind >= 0] = by_kind[kind[kind >= 0]]
    return found


def bought_together(graph: Graph) -> tuple[Numbers, Numbers]:
    """(heads, tails) int64: pairs of products in one order, and those that are said to be used together; each
    in both directions."""
    pairs = [_pairs_of_orders(graph)]
    for edge_type, relation in sorted(graph.relations.items()):
        if edge_type.head == edge_type.tail == "product" and goes_with(edge_type.name):
            pairs.append((relation.heads.astype(np.int64), relation.tails.astype(np.int64)))
    one = np.concatenate([heads for heads, _ in pairs])
    other = np.concatenate([tails for _, tails in pairs])
    apart = one != other
    one, other = one[apart], other[apart]
    return np.concatenate([one, other]), np.concatenate([other, one])


class Orders(NamedTuple):
    """The lines of orders, int64 [m] each, in the order of `order`, each product of an order once."""

    order: Numbers
    user: Numbers
    product: Numbers


def orders(graph: Graph, *, least: int = 2) -> Orders:
    """The orders of the log with at least so many products, but for huge ones."""
    relation: Relation | None = graph.relations.get(EdgeType("user", PURCHASED, "product"))
    if relation is None or relation.order is None:
        nothing = np.empty(0, dtype=np.int64)
        return Orders(nothing, nothing, nothing)
    known = relation.order >= 0
    users = relation.heads[known].astype(np.int64)
    # an order is one user's: the same number of two users would be a mistake of the log
    lines = np.stack([users, relation.order[known], relation.tails[known]], axis=1).astype(np.int64)
    lines = np.unique(lines, axis=0)
    first = np.ones(len(lines), dtype=np.bool_)
    first[1:] = (lines[1:, :2] != lines[:-1, :2]).any(axis=1)
    number = np.cumsum(first) - 1
    size = np.bincount(number)[number] if len(lines) else number
    kept = (size >= least) & (size <= _LONGEST_ORDER)
    return Orders(number[kept], lines[kept, 0], lines[kept, 2])


def _pairs_of_orders(graph: Graph) -> tuple[Numbers, Numbers]:
    """Each pair of one order once."""
    order, _, product = orders(graph)
    heads: list[Numbers] = []
    tails: list[Numbers] = []
    for step in range(1, _LONGEST_ORDER):
        together = order[step:] == order[:-step]
        if not together.any():
            break
        heads.append(product[:-step][together])
        tails.append(product[step:][together])
    nothing = np.empty(0, dtype=np.int64)
    return np.concatenate([nothing, *heads]), np.concatenate([nothing, *tails])
