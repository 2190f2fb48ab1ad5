"""What a graph store does: keep records durably and give them back in order.

One protocol; `embedded` (SQLite, a file in the shop) and `server` (Neo4j, by URL) pass the same
contract tests. A snapshot is assembled from the ordered streams by one function (`kg.snapshot`), so two
stores with the same records give the same arrays.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from types import TracebackType
from typing import Protocol, Self

import numpy as np
import numpy.typing as npt

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


class GraphStore(Protocol):
    """A durable graph of products. All methods raise StoreError when the store cannot be used."""

    @property
    def url(self) -> str:
        """Where it is, without secrets: 'sqlite:///…' or 'neo4j://host:7687'."""
        ...

    def upsert(self, records: Iterable[Record | ProductPatch]) -> WriteCounts:
        """Write records of any kind, in order; a later record with the same key wins.

        A Product replaces its own fields and catalog edges (brand, category, labels, attributes,
        collections), a ProductPatch the named fields only (a patch of an unknown product makes it). If the
        iterable raises, an embedded store keeps nothing of this call; a server keeps the batches written so
        far and its unfinished-load marker.
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

    def snapshot(self) -> Graph:
        """All of it as arrays, read at one moment."""
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

    def put_vectors(self, name: str, vectors: Vectors) -> None:
        """Keep vectors of products beside the graph, under a name; replaces those of that name."""
        ...

    def nearest(
        self, name: str, query: npt.NDArray[np.float32], *, k: int = 10
    ) -> Sequence[tuple[str, float]]:
        """(product id, cosine) of the k nearest present vectors, best first, ties by id."""
        ...

    def close(self) -> None: ...

    def __enter__(self) -> Self: ...

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None: ...
