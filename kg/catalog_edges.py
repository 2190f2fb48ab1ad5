"""The edges that the catalog itself makes: brand, category tree, attributes, collections.

They are computed from the columns of the product table, so that a graph that is read anew and one that
is amended (`kg.amending`) get them from the same place.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import numpy.typing as npt

from kg.attribute_table import BOOLEAN, TEXT, AttributeTable
from kg.graph import HAS_ATTRIBUTE, IN_CATEGORY, IN_COLLECTION, MADE_BY, SUBCATEGORY_OF, EdgeType
from kg.product_table import ProductTable, split_names
from kg.ragged import spans
from kg.records import CATEGORY_SEPARATOR, AttributeValue, NodeKind
from kg.texts import Texts

ATTRIBUTE_SHARE = 0.2
"""An attribute value that more than this share of the products have says nothing about any of them."""
ATTRIBUTE_FLOOR = 50
"""…but in a small shop a value may always link this many products."""
ATTRIBUTE_LENGTH = 80
"""A longer text is a description, not a value that products share."""

BRANDED = EdgeType("product", MADE_BY, "brand")
FILED = EdgeType("product", IN_CATEGORY, "category")
BELOW = EdgeType("category", SUBCATEGORY_OF, "category")
DESCRIBED = EdgeType("product", HAS_ATTRIBUTE, "attribute")
COLLECTED = EdgeType("product", IN_COLLECTION, "collection")
CATALOG_EDGES = (BRANDED, FILED, BELOW, DESCRIBED, COLLECTED)
"""The types of edges that the catalog makes; facts may add to them."""


@dataclass(frozen=True, kw_only=True, eq=False)
class Pairs:
    """Distinct edges, sorted: heads and tails int64 [m], numbers of nodes."""

    heads: npt.NDArray[np.int64]
    tails: npt.NDArray[np.int64]


@dataclass(frozen=True, kw_only=True, eq=False)
class CatalogEdges:
    """The nodes of a catalog beside its products (ids in order), and its edges, by these numbers.

    Products are numbered by their rows in the table.
    """

    nodes: Mapping[NodeKind, Sequence[str]]
    edges: Mapping[EdgeType, Pairs]


def attribute_node(name: str, value: AttributeValue) -> str | None:
    """The id of the node that an attribute value makes, or None if it makes none.

    Only short texts and true booleans do: "both weigh 1.23 kg" is no reason to like a product.
    """
    if isinstance(value, bool):
        return f"{name}=yes" if value else None
    if isinstance(value, str) and len(value) <= ATTRIBUTE_LENGTH:
        return f"{name}={value}"
    return None


def catalog_edges(table: ProductTable, *, attribute_share: float = ATTRIBUTE_SHARE) -> CatalogEdges:
    """What the products of a table say by themselves, without facts."""
    most = max(ATTRIBUTE_FLOOR, int(attribute_share * int(np.count_nonzero(table.listed))))
    brands, made_by = _names(table.brand, lambda brand: [brand] if brand else [])
    collections, in_collection = _names(table.collections, split_names)
    categories, in_category, tree = _categories(table)
    attributes, has_attribute = _attributes(table.attributes, most)
    return CatalogEdges(
        nodes={
            "brand": brands,
            "category": categories,
            "attribute": attributes,
            "collection": collections,
        },
        edges={
            BRANDED: made_by,
            FILED: in_category,
            BELOW: tree,
            DESCRIBED: has_attribute,
            COLLECTED: in_collection,
        },
    )


def _categories(table: ProductTable) -> tuple[list[str], Pairs, Pairs]:
    """(ids, product → category, category → the one above it)."""
    paths, path_of = table.category.distinct()
    labels, labels_of = table.labels.distinct()
    branches = [_branch(split_names(path)) for path in paths]
    lists = [split_names(names) for names in labels]
    ids = sorted(
        {*(node for branch in branches for node in branch), *(name for some in lists for name in some)}
    )
    numbers = {node: number for number, node in enumerate(ids)}
    rows, leaves = _spread(path_of, [[numbers[branch[0]]] if branch else [] for branch in branches])
    label_rows, label_leaves = _spread(labels_of, [[numbers[name] for name in some] for some in lists])
    links = {(numbers[child], numbers[parent]) for branch in branches for child, parent in pairwise(branch)}
    tree = np.array(sorted(links), dtype=np.int64).reshape(-1, 2)
    filed = _distinct(
        np.concatenate((rows, label_rows)), np.concatenate((leaves, label_leaves)), count=len(ids)
    )
    return ids, filed, Pairs(heads=tree[:, 0], tails=tree[:, 1])


def _branch(path: Sequence[str]) -> list[str]:
    """The ids of a category and of all above it, from the leaf to the root."""
    return [CATEGORY_SEPARATOR.join(path[:depth]) for depth in range(len(path), 0, -1)]


def _names(column: Texts, names_of: Callable[[str], Sequence[str]]) -> tuple[list[str], Pairs]:
    """(distinct names, product → name) of a column whose texts hold any number of names."""
    texts, text_of = column.distinct()
    lists = [names_of(text) for text in texts]
    ids = sorted({name for some in lists for name in some})
    numbers = {name: number for number, name in enumerate(ids)}
    rows, found = _spread(text_of, [[numbers[name] for name in some] for some in lists])
    return ids, _distinct(rows, found, count=len(ids))


def _attributes(table: AttributeTable, most: int) -> tuple[list[str], Pairs]:
    """(ids, product → attribute) of the values that make nodes and that at most `most` products have."""
    names, texts = list(table.names), list(table.texts)
    short = np.fromiter((len(text) <= ATTRIBUTE_LENGTH for text in texts), dtype=np.bool_, count=len(texts))
    # a text by its number, "yes" by the number behind them all; -1 for what makes no node
    value = np.full(len(table.name), -1, dtype=np.int64)
    textual = np.flatnonzero(table.form == TEXT)
    value[textual] = np.where(short[table.text[textual]], table.text[textual], -1) if len(texts) else -1
    value[(table.form == BOOLEAN) & (table.number != 0)] = len(texts)
    cells = np.flatnonzero(value >= 0)
    keys = table.name[cells] * np.int64(len(texts) + 1) + value[cells]
    kinds, kind_of = np.unique(keys, return_inverse=True)
    texts.append("yes")
    name_numbers, value_numbers = np.divmod(kinds, len(texts))
    nodes = [
        f"{names[name]}={texts[number]}"
        for name, number in zip(name_numbers.tolist(), value_numbers.tolist(), strict=True)
    ]
    ids = sorted(set(nodes))  # two cells may look alike as nodes: true, and the text "yes"
    numbers = {node: number for number, node in enumerate(ids)}
    node_of = np.fromiter((numbers[node] for node in nodes), dtype=np.int64, count=len(nodes))
    pairs = _distinct(table.rows[cells], node_of[kind_of], count=len(ids))
    rare = np.bincount(pairs.tails, minlength=len(ids)) <= most
    if rare.all():
        return ids, pairs
    kept = rare[pairs.tails]
    renumbered = np.cumsum(rare) - 1
    return (
        [ids[number] for number in np.flatnonzero(rare).tolist()],
        Pairs(heads=pairs.heads[kept], tails=renumbered[pairs.tails[kept]]),
    )


def _spread(
    code: npt.NDArray[np.int64], lists: Sequence[Sequence[int]]
) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]:
    """(rows, numbers): row r comes once with each number of the list lists[code[r]]."""
    lengths = np.array([len(some) for some in lists], dtype=np.int64)
    flat = np.array([number for some in lists for number in some], dtype=np.int64)
    starts = (np.cumsum(lengths) - lengths)[code]
    counts = lengths[code]
    rows = np.repeat(np.arange(len(code), dtype=np.int64), counts)
    return rows, flat[spans(starts, counts)]


def _distinct(heads: npt.NDArray[np.int64], tails: npt.NDArray[np.int64], *, count: int) -> Pairs:
    """The distinct pairs in order; `count` is how many tails there may be."""
    keys = np.sort(heads * np.int64(max(1, count)) + tails, kind="stable")  # quick: heads come in order
    keys = keys[np.diff(keys, prepend=-1) != 0]
    pair_heads, pair_tails = np.divmod(keys, max(1, count))
    return Pairs(heads=pair_heads, tails=pair_tails)
