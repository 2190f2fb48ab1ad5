"""A fitted model, seen from a newer graph: what of it still holds, and where it has moved to.

Products are numbered in the order of their ids, so one that comes or goes moves all that follow. The order
itself stays, which is why rows and columns can be carried over without sorting them again.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt
import scipy.sparse as sp

from kg.arrays import Arrays, load_arrays
from kg.graph import USER_RELATIONS, EdgeType, Graph, Relation
from kg.records import NodeKind
from kg.table_changes import LINKING, TOLD, changed_rows
from kg.vectors import Vectors
from recommend.sparse import csr

if TYPE_CHECKING:
    from recommend.channels.base import Links
    from recommend.channels.queries import QueryChannel
    from recommend.channels.traces import Trace
    from recommend.fitting import Fitted

Numbers = npt.NDArray[np.int64]

_USER_TYPES = frozenset(EdgeType("user", name, "product") for name in USER_RELATIONS.values())


class Earlier:
    """`fitted` is the earlier model, `graph` the newer graph, `folder` where the model lies on disk.

    `written` are ids of products that may have changed since; None means that nobody kept account, and all
    are compared.
    """

    def __init__(
        self, fitted: Fitted, graph: Graph, *, folder: Path, written: tuple[str, ...] | None = None
    ) -> None:
        self.fitted = fitted
        self.graph = graph
        self.folder = folder
        self._written = written
        self.fresh: dict[str, Numbers] = {}
        """Space → the products (int64) whose vector came, went or was made anew; filled as that is done."""
        self._same: dict[EdgeType, bool] = {}
        self._places: dict[NodeKind, Numbers] = {}

    @property
    def moved(self) -> Numbers:
        """int64 [earlier products]: the number each has now, -1 if it is gone."""
        return self._moved("product")

    @cached_property
    def renumbered(self) -> bool:
        """True if any product came, went or moved."""
        return not self.same_nodes("product")

    @cached_property
    def origin(self) -> Numbers:
        """int64 [products]: the number each product had, -1 if it is new."""
        found = np.full(self.graph.product_count, -1, dtype=np.int64)
        old = np.flatnonzero(self.moved >= 0)
        found[self.moved[old]] = old
        return found

    @cached_property
    def changed(self) -> Numbers:
        """int64: numbers of products that are new or whose record differs, ascending."""
        now, before = self.graph.products, self.fitted.graph.products
        if self._written is None:
            return changed_rows(before, now, self.origin)
        rows = self.graph.nodes["product"].numbers(self._written)
        rows = np.union1d(rows[rows >= 0], np.flatnonzero(self.origin < 0))
        return changed_rows(before, now, self.origin, among=rows)

    @cached_property
    def relinked(self) -> Numbers:
        """int64: those of `changed` whose edges differ: brand, categories, attributes, collections."""
        now, before = self.graph.products, self.fitted.graph.products
        return changed_rows(before, now, self.origin, among=self.changed, fields=LINKING)

    @cached_property
    def retold(self) -> Numbers:
        """int64: those of `changed` of which more differs than a price, a picture or whether it is there."""
        now, before = self.graph.products, self.fitted.graph.products
        return changed_rows(before, now, self.origin, among=self.changed, fields=TOLD)

    @cached_property
    def says_the_same(self) -> bool:
        """True if no product says anything new of itself, and all nodes and edges are the same, but for what
        users did."""
        edges = {edge for one in (self.fitted.graph, self.graph) for edge in one.relations}
        return (
            not len(self.retold)
            and all(map(self.same_nodes, self.graph.nodes))
            and all(map(self.same, edges - _USER_TYPES))
        )

    def summary(self) -> dict[str, int]:
        """How many listed products came, changed and went; how many updates there were since the build."""
        listed, was = self.graph.products.listed, self.fitted.graph.products.listed
        rows = self.changed[listed[self.changed]]
        origin = self.origin[rows]
        new = (origin < 0) | ~was[np.maximum(origin, 0)]
        stays = (self.moved >= 0) & listed[np.maximum(self.moved, 0)]
        return {
            "added": int(new.sum()),
            "changed": int((~new).sum()),
            "removed": int((was & ~stays).sum()),
            "since_build": int(self.fitted.card.get("update", {}).get("since_build", 0)) + 1,
        }

    def same_nodes(self, kind: NodeKind) -> bool:
        """True if the nodes of a kind are the same, and so their numbers."""
        old, new = self.fitted.graph.nodes[kind].texts, self.graph.nodes[kind].texts
        return np.array_equal(old.offsets, new.offsets) and np.array_equal(old.data, new.data)

    def same(self, edge_type: EdgeType) -> bool:
        """True if the edges of a type are the same, whatever the numbers of their nodes."""
        if edge_type not in self._same:
            self._same[edge_type] = self._compare(edge_type)
        return self._same[edge_type]

    @cached_property
    def same_behaviour(self) -> bool:
        """True if no interaction came or went."""
        return all(self.same(edge_type) for edge_type in _USER_TYPES)

    @cached_property
    def same_newcomers(self) -> bool:
        """True if the same products are listed that nobody met yet, users did nothing else, and all products
        have the numbers that they had."""
        now, before = self.graph.products.listed, self.fitted.graph.products.listed
        return self.same_behaviour and not self.renumbered and np.array_equal(now, before)

    def found(self, trace: Trace) -> Links | None:
        """The earlier links that are read aloud in the same way, as they were; None without such."""
        wanted = trace.plain()
        return next((links for links in self.fitted.links if links.trace.plain() == wanted), None)

    def channel(self, trace: Trace) -> Links | None:
        """The earlier links of the same channel. Its name may have been another: names are kept apart by
        what else there is, and 'bought' becomes 'met' once somebody only looks."""
        wanted = _evidence(trace)
        return next((links for links in self.fitted.links if _evidence(links.trace) == wanted), None)

    def links(self, trace: Trace) -> Links | None:
        """The same with the numbers of now; entries from and to products that are gone are left out."""
        links = self.found(trace)
        return None if links is None else replace(links, matrix=self.carried(links.matrix))

    def carried(self, matrix: sp.csr_array) -> sp.csr_array:
        """A matrix [products, products] with the numbers of now; the very same one if none has moved."""
        if not self.renumbered:
            return matrix
        n = self.graph.product_count
        rows = np.repeat(self.moved, np.diff(matrix.indptr))
        columns = self.moved[matrix.indices]
        kept = (rows >= 0) & (columns >= 0)
        indptr = np.zeros(n + 1, dtype=np.int64)
        np.cumsum(np.bincount(rows[kept], minlength=n), out=indptr[1:])
        return csr(matrix.data[kept], columns[kept].astype(np.int32), indptr, (n, n))

    def vectors(self, space: str) -> Vectors | None:
        """The unit vectors of a space for the products of now; absent for those that are new."""
        index = self.fitted.indexes.get(space)
        if index is None:
            return None
        ids = tuple(self.graph.products.id)
        rows = index.index.rows(np.arange(len(index.products)))
        matrix = np.zeros((len(ids), rows.shape[1]), dtype=np.float32)
        present = np.zeros(len(ids), dtype=np.bool_)
        there = self.moved[index.products]
        matrix[there[there >= 0]] = rows[there >= 0]
        present[there[there >= 0]] = True
        return Vectors(ids=ids, matrix=matrix, present=present)

    def same_space(self, space: str) -> bool:
        """True if all vectors of a space are the same, and where they were."""
        known = space in self.fresh and space in self.fitted.indexes
        return known and not len(self.fresh[space]) and not self.renumbered

    def query_channel(self, name: str) -> QueryChannel | None:
        """A query channel of the earlier model."""
        return next((one for _, one in self.fitted.query_channels if one.name == name), None)

    def notes(self, name: str) -> Arrays | None:
        """What a channel left for its next update."""
        path = self.folder / "notes" / f"{name}.safetensors"
        return load_arrays(path) if path.is_file() else None

    def _compare(self, edge_type: EdgeType) -> bool:
        old = self.fitted.graph.relations.get(edge_type)
        new = self.graph.relations.get(edge_type)
        if old is None or new is None:
            return old is new
        if len(old) != len(new) or not _equal(old.weight, new.weight):
            return False
        heads, tails = self._moved(edge_type.head)[old.heads], self._moved(edge_type.tail)[old.tails]
        return (
            np.array_equal(heads, new.heads)
            and np.array_equal(tails, new.tails)
            and _same_columns(old, new, lambda relation: relation.time)
            and _same_columns(old, new, lambda relation: relation.order)
            and _same_columns(old, new, lambda relation: relation.times)
        )

    def _moved(self, kind: NodeKind) -> Numbers:
        if kind not in self._places:
            old, new = self.fitted.graph.nodes[kind], self.graph.nodes[kind]
            same = self.same_nodes(kind)
            self._places[kind] = np.arange(len(old), dtype=np.int64) if same else new.numbers(old)
        return self._places[kind]


def _evidence(trace: Trace) -> dict[str, Any]:
    """What a channel is made from, in plain values: edges, a vector space, or what users did."""
    plain = trace.plain()
    return {**plain, "relation": ""} if plain["trace"] in ("behaviour", "learned") else plain


def _same_columns(
    old: Relation, new: Relation, column: Callable[[Relation], npt.NDArray[np.generic] | None]
) -> bool:
    one, other = column(old), column(new)
    return one is other if one is None or other is None else _equal(one, other)


def _equal(one: npt.NDArray[np.generic], other: npt.NDArray[np.generic]) -> bool:
    return np.array_equal(one, other, equal_nan=np.issubdtype(one.dtype, np.floating))
