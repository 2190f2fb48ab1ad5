"""What a graph store does: keep records durably and give them back in order.

One protocol; `embedded` (SQLite, a file in the shop) and `server` (Neo4j, by URL) pass the same
contract tests. A snapshot is assembled from the ordered streams by one function (`kg.snapshot`), so two
stores with the same records give the same arrays.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from types import TracebackType
from typing import Protocol, Self, TypeAlias

import numpy as np
import numpy.typing as npt

from kg.filters import Where
from kg.graph import Graph
from kg.paths import Path
from kg.records import Fact, Interaction, NodeKind, Product, ProductPatch, Record
from kg.vectors import Vectors


@dataclass(frozen=True, kw_only=True)
class WriteCounts:
    """What one write did. `unchanged` rows were already there, letter for letter."""

    written: int = 0
    unchanged: int = 0
    deleted: int = 0


@dataclass(frozen=True, kw_only=True)
class StoreCounts:
    """How much a store holds: nodes by kind, edges by relation name."""

    products: int
    stubs: int
    nodes: dict[str, int]
    edges: dict[str, int]
    unfinished_load: str = ""


@dataclass(frozen=True, kw_only=True, eq=False)
class Snapshot:
    """The graph at one moment. `revision` names that moment; see `GraphStore.revision`.

    `changed` are the products that were written or deleted since an earlier snapshot, ordered by id, or None
    if there was none to compare with, or more changed than products.
    """

    graph: Graph
    revision: str
    changed: tuple[str, ...] | None = None


Retire: TypeAlias = Callable[[Collection[str]], Collection[str]]
"""Told the ids of the products that were listed before a write; says which of them to delete after it."""


class GraphStore(Protocol):
    """A durable graph of products. All methods raise StoreError when the store cannot be used."""

    @property
    def url(self) -> str:
        """Where it is, without secrets: 'sqlite:///…' or 'neo4j://host:7687'."""
        ...

    def upsert(
        self, records: Iterable[Record | ProductPatch], *, retire: Retire | None = None
    ) -> WriteCounts:
        """Write records of any kind, in order; a later record with the same key wins.

        A Product replaces its own fields and catalog edges (brand, category, labels, attributes,
        collections), a ProductPatch the named fields only (a patch of an unknown product makes it). If the
        iterable raises, an embedded store keeps nothing of this call; a server keeps the batches written so
        far and its unfinished-load marker.

        `retire` is asked once the records are exhausted; if it raises, that is as if the iterable had.
        """
        ...

    def delete(self, *, products: Collection[str] = (), users: Collection[str] = ()) -> WriteCounts:
        """Remove products and users with every edge that touches them. Unknown ids are ignored."""
        ...

    def products(self) -> Iterator[Product]:
        """All listed products, ordered by id (code points)."""
        ...

    def facts(self) -> Iterator[Fact]:
        """All facts, ordered by (head_kind, head, relation, tail_kind, tail, source)."""
        ...

    def interactions(self) -> Iterator[Interaction]:
        """All interactions, ordered by (user, time or position with missing first, product, kind, query,
        order)."""
        ...

    def product(self, product_id: str) -> Product | None:
        """One listed product, or None."""
        ...

    def stub_count(self) -> int:
        """How many products are only mentioned, by facts and interactions."""
        ...

    def counts(self) -> StoreCounts:
        """Nodes by kind and edges by relation, as a snapshot has them."""
        ...

    def unfinished_load(self) -> str:
        """What to tell about loads into a server that have begun and not ended; empty if there are none.
        Cheap."""
        ...

    def snapshot(self) -> Graph:
        """All of it as arrays, read at one moment."""
        ...

    def current(self, since: Snapshot | None = None) -> Snapshot:
        """All of it as arrays and the name of that moment.

        With an earlier snapshot, a store that can tell what changed reads only that; what did not change is
        shared with it. The graph is the same, array for array, either way.
        """
        ...

    def revision(self) -> str:
        """The name of the present state of the graph: equal names mean that nothing was written between.

        Names are never used again, not even by a graph that was restored from a copy or made anew. Only
        writes through this interface count.
        """
        ...

    def changed_products(self, since: str) -> tuple[str, ...] | None:
        """Ids of the products that were written or deleted since a revision, ordered.

        None if the store cannot tell, or if facts or interactions changed as well.
        """
        ...

    def paths(
        self,
        start: tuple[NodeKind, str],
        end: tuple[NodeKind, str],
        *,
        max_hops: int = 3,
        relations: Collection[str] | None = None,
        limit: int = 10,
    ) -> list[Path]:
        """Paths between two nodes: shortest first, then by node ids; see `kg.paths.find_paths`."""
        ...

    def put_vectors(self, name: str, vectors: Vectors | Iterable[Vectors]) -> None:
        """Keep vectors of products beside the graph, under a name; replaces those of that name.

        They may come in blocks. Vectors of products that the graph does not know are left out; those of a
        product go with it. A name has letters, digits, _ and -.
        """
        ...

    def drop_vectors(self, name: str) -> None:
        """Forget the vectors of a name; nothing happens if there are none."""
        ...

    def vector_names(self) -> tuple[str, ...]:
        """The names of all vectors that are kept, sorted."""
        ...

    def vectors(self, name: str) -> Iterator[Vectors]:
        """The present vectors of a name in blocks, ordered by id; one block at least, if need be of none."""
        ...

    def nearest(
        self, name: str, query: npt.NDArray[np.float32], *, k: int = 10, where: Where = ()
    ) -> Sequence[tuple[str, float]]:
        """(product id, cosine) of the k nearest present vectors, best first, ties by id.

        `where` are filters, as everywhere; see `kg.filters`. A server may find neighbours through an index
        that misses some of them, where there are many.
        """
        ...

    def close(self) -> None: ...

    def __enter__(self) -> Self: ...

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None: ...
