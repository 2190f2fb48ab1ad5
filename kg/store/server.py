"""The graph store in Neo4j, by URL, as a Neo4j user would have written it (`server_schema` shows how).

Writes go in batches, each in a transaction that is repeated when the trouble was transient
(`server_connection`). A load of more than one batch leaves a marker until it has ended (`server_load`).
"""

from __future__ import annotations

import logging
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import replace
from types import TracebackType
from typing import Self

import numpy as np
import numpy.typing as npt
from neo4j import ManagedTransaction

from kg.errors import StoreError
from kg.filters import Where, parse_where
from kg.graph import Graph
from kg.paths import Path
from kg.records import Fact, Interaction, NodeKind, Product, ProductPatch, Record
from kg.snapshot import assemble
from kg.store.base import Retire, Snapshot, StoreCounts, WriteCounts
from kg.store.counting import count_graph
from kg.store.server_access import Credentials, server_url
from kg.store.server_connection import Connection
from kg.store.server_load import in_parts, load
from kg.store.server_notes import revision, take_turn, unfinished_loads
from kg.store.server_paths import search_paths
from kg.store.server_read import (
    read_rows,
    stream_facts,
    stream_interactions,
    stream_products,
)
from kg.store.server_rows import product_of
from kg.store.server_schema import CONSTRAINTS
from kg.store.server_tidy import delete_nodes
from kg.store.server_vectors import drop_vectors, nearest, put_vectors, stream_vectors, vector_names
from kg.vectors import Vectors

BATCH = 10_000
BATCH_BYTES = 4_000_000
_DELETED = 1_000
"""A node goes with all its edges: so many at once."""
_TRIES = 3

log = logging.getLogger(__name__)


class ServerStore:
    """A GraphStore in a Neo4j database (5.18 or newer). Safe to use from several threads."""

    def __init__(
        self,
        connection: Connection,
        *,
        read_only: bool = False,
        batch: int = BATCH,
        batch_bytes: int = BATCH_BYTES,
    ) -> None:
        self._connection = connection
        self._read, self._execute = connection.read, connection.execute
        self._read_only = read_only
        self._batch = max(1, batch)
        self._batch_bytes = batch_bytes
        self._ready = False
        self._snapshot: Snapshot | None = None

    @classmethod
    def open(
        cls,
        url: str,
        *,
        credentials: Credentials | None = None,
        database: str | None = None,
        read_only: bool = False,
        timeout: float = 10.0,
        retry: float = 60.0,
        batch: int = BATCH,
        batch_bytes: int = BATCH_BYTES,
    ) -> ServerStore:
        """Connect to 'neo4j://host:7687' and see that the database answers.

        `timeout` is the longest wait for a connection, `retry` that for the end of transient trouble, a
        restart of the server above all (both in seconds). One transaction writes at most `batch` records
        of together some `batch_bytes`, and less where the server has not the memory.
        Raises StoreError that names host, cause and fix. Warns of a load that has not ended.
        """
        if credentials is None:
            raise StoreError(
                f"the graph server {server_url(url)} wants a user and a password; "
                "set NEO4J_USERNAME and NEO4J_PASSWORD or name a credentials file"
            )
        store = cls(
            Connection.open(url, credentials=credentials, database=database, timeout=timeout, retry=retry),
            read_only=read_only,
            batch=batch,
            batch_bytes=batch_bytes,
        )
        try:
            if unfinished := store.unfinished_load():
                log.warning("the graph at %s may be incomplete: %s; run it again", store.url, unfinished)
        except BaseException:
            store.close()
            raise
        return store

    @property
    def url(self) -> str:
        return self._connection.url

    def upsert(
        self, records: Iterable[Record | ProductPatch], *, retire: Retire | None = None
    ) -> WriteCounts:
        self._prepare()
        listed = self._listed() if retire is not None else ()
        counts = load(self._connection, records, batch=self._batch, batch_bytes=self._batch_bytes)
        if retire is None:
            return counts
        return replace(counts, deleted=self.delete(products=retire(listed)).deleted)

    def delete(self, *, products: Collection[str] = (), users: Collection[str] = ()) -> WriteCounts:
        self._prepare()
        wanted: tuple[tuple[NodeKind, Collection[str]], ...] = (("product", products), ("user", users))
        return WriteCounts(deleted=sum(self._delete(kind, list(dict.fromkeys(ids))) for kind, ids in wanted))

    def products(self) -> Iterator[Product]:
        return stream_products(self._read)

    def facts(self) -> Iterator[Fact]:
        return stream_facts(self._read)

    def interactions(self) -> Iterator[Interaction]:
        return stream_interactions(self._read)

    def product(self, product_id: str) -> Product | None:
        return self._products_by_id([product_id]).get(product_id)

    def stub_count(self) -> int:
        (row,) = self._read("MATCH (p:Product) WHERE NOT p.listed RETURN count(p) AS count")
        return int(row["count"])

    def unfinished_load(self) -> str:
        return unfinished_loads(self._read)

    def counts(self) -> StoreCounts:
        return count_graph(self.snapshot(), unfinished_load=self.unfinished_load())

    def snapshot(self) -> Graph:
        return self.current().graph

    def current(self, since: Snapshot | None = None) -> Snapshot:
        for _ in range(_TRIES):
            before = self.revision()
            if since is not None and since.revision == before:
                return Snapshot(graph=since.graph, revision=before, changed=())
            if self._snapshot is not None and self._snapshot.revision == before:
                return self._snapshot
            graph = assemble(self.products(), self.facts(), self.interactions())
            # so long a read is not one moment to the server: see whether anything was written meanwhile
            if self.revision() == before:
                self._snapshot = Snapshot(graph=graph, revision=before)
                return self._snapshot
        raise StoreError(
            f"the graph at {self.url} was written to during each of {_TRIES} attempts to read it; "
            "wait until the load has ended and try again"
        )

    def revision(self) -> str:
        return revision(self._read)

    def changed_products(self, since: str) -> tuple[str, ...] | None:
        """() if nothing was written since; else None: a server keeps no journal."""
        return () if self.revision() == since else None

    def paths(
        self,
        start: tuple[NodeKind, str],
        end: tuple[NodeKind, str],
        *,
        max_hops: int = 3,
        relations: Collection[str] | None = None,
        limit: int = 10,
    ) -> list[Path]:
        return search_paths(self._read, start, end, max_hops=max_hops, relations=relations, limit=limit)

    def put_vectors(self, name: str, vectors: Vectors | Iterable[Vectors]) -> None:
        self._prepare()
        put_vectors(self._execute, self._read, name, vectors)

    def drop_vectors(self, name: str) -> None:
        self._prepare()
        drop_vectors(self._execute, self._read, name)

    def vector_names(self) -> tuple[str, ...]:
        return vector_names(self._read)

    def vectors(self, name: str) -> Iterator[Vectors]:
        return stream_vectors(self._read, self.url, name)

    def nearest(
        self, name: str, query: npt.NDArray[np.float32], *, k: int = 10, where: Where = ()
    ) -> Sequence[tuple[str, float]]:
        return nearest(self._read, self._products_by_id, self.url, name, query, k, parse_where(where))

    def close(self) -> None:
        self._connection.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _listed(self) -> list[str]:
        return [row["id"] for row in self._read("MATCH (p:Product) WHERE p.listed RETURN p.id AS id")]

    def _delete(self, kind: NodeKind, ids: Sequence[str]) -> int:
        deleted: list[int] = []

        def delete(tx: ManagedTransaction, part: Sequence[str]) -> int:
            take_turn(tx)
            return delete_nodes(tx, kind, part)

        def write(part: Sequence[str], last: bool) -> None:
            tried: list[int] = []
            self._connection.write(lambda tx: tried.append(delete(tx, part)))
            deleted.append(max(tried))  # if the answer to a commit was lost, the second try found nothing

        for start in range(0, len(ids), _DELETED):
            in_parts(ids[start : start + _DELETED], write)
        return sum(deleted)

    def _prepare(self) -> None:
        """Refuse to write where we may only read; else see once that the constraints are there."""
        if self._read_only:
            raise StoreError(f"{self.url} was opened for reading only; open it again to write")
        if not self._ready:
            there = {row["name"] for row in self._read("SHOW CONSTRAINTS YIELD name")}
            for name, constraint in CONSTRAINTS.items():
                if name not in there:
                    self._execute(constraint)
            self._ready = True

    def _products_by_id(self, ids: Sequence[str]) -> dict[str, Product]:
        rows = self._connection.read_in(lambda tx: read_rows(tx, ids))
        return {node_id: product_of(row) for node_id, row in rows.items()}
