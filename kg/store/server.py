"""The graph store in Neo4j, by URL, as a Neo4j user would have written it (`server_schema` shows how).

Writes go in batches, each in a transaction that the driver repeats when the server says that the
trouble was transient. A load of more than one batch leaves a marker until it has ended.
"""

from __future__ import annotations

import uuid
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from types import TracebackType
from typing import Any, Self, TypeVar

import numpy as np
import numpy.typing as npt
from neo4j import (
    READ_ACCESS,
    WRITE_ACCESS,
    Driver,
    GraphDatabase,
    ManagedTransaction,
    NotificationMinimumSeverity,
)

from kg.errors import StoreError
from kg.graph import Graph
from kg.paths import Path, check_search, find_paths
from kg.records import Fact, Interaction, NodeKind, Product, ProductPatch, Record
from kg.snapshot import assemble
from kg.store.base import StoreCounts, WriteCounts
from kg.store.counting import count_graph
from kg.store.server_access import Credentials, server_url
from kg.store.server_errors import server_errors
from kg.store.server_read import (
    changes,
    read_products,
    run,
    stream_facts,
    stream_interactions,
    stream_products,
    unfinished_loads,
)
from kg.store.server_schema import CONSTRAINTS, Row
from kg.store.server_tidy import delete_nodes
from kg.store.server_vectors import nearest, put_vectors
from kg.store.server_write import Load, take_turn, write_batch
from kg.vectors import Vectors

BATCH = 1_000
_TRIES = 3
_T = TypeVar("_T")


class ServerStore:
    """A GraphStore in a Neo4j database (5.18 or newer). Safe to use from several threads."""

    def __init__(
        self,
        driver: Driver,
        *,
        url: str,
        username: str,
        database: str | None,
        read_only: bool,
        batch: int,
    ) -> None:
        self._driver = driver
        self._url = url
        self._username = username
        self._database = database
        self._read_only = read_only
        self._batch = batch
        self._ready = False
        self._snapshot: tuple[int, Graph] | None = None

    @classmethod
    def open(
        cls,
        url: str,
        *,
        credentials: Credentials | None = None,
        database: str | None = None,
        read_only: bool = False,
        timeout: float = 10.0,
        retry: float = 30.0,
        batch: int = BATCH,
    ) -> ServerStore:
        """Connect to 'neo4j://host:7687' and see that the database answers.

        `timeout` is the longest wait for a connection, `retry` that for a write that meets
        transient trouble (both in seconds); `batch` is how many records one transaction writes at most.
        Raises StoreError that names host, cause and fix.
        """
        plain = server_url(url)
        if credentials is None:
            raise StoreError(
                f"the graph server {plain} wants a user and a password; "
                "set NEO4J_USERNAME and NEO4J_PASSWORD or name a credentials file"
            )
        database = database or credentials.database
        with server_errors(plain, username=credentials.username, database=database):
            driver = GraphDatabase.driver(
                plain,
                auth=(credentials.username, credentials.password),
                connection_timeout=timeout,
                connection_acquisition_timeout=4 * timeout,
                max_transaction_retry_time=retry,
                notifications_min_severity=NotificationMinimumSeverity.OFF,
                user_agent="shelfgraph",
            )
            try:
                with driver.session(database=database, default_access_mode=READ_ACCESS) as session:
                    session.run("RETURN 1").consume()  # not retried: who asks is waiting
            except BaseException:
                driver.close()
                raise
        return cls(
            driver,
            url=plain,
            username=credentials.username,
            database=database,
            read_only=read_only,
            batch=max(1, batch),
        )

    @property
    def url(self) -> str:
        return self._url

    def upsert(self, records: Iterable[Record | ProductPatch]) -> WriteCounts:
        self._prepare()
        (row,) = self._read("RETURN timestamp() AS now")
        load = Load(id=uuid.uuid4().hex, started=row["now"], records=0)
        written = unchanged = 0
        # one batch behind, so that the last one is known as such: it takes the marker away with it
        before: list[Record | ProductPatch] = []
        for batch in _batches(records, self._batch):
            if before:
                counts = self._write(write_batch, before, load, False)
                written, unchanged = written + counts[0], unchanged + counts[1]
                load = Load(id=load.id, started=load.started, records=load.records + len(before))
            before = batch
        if before:
            counts = self._write(write_batch, before, load, True)
            written, unchanged = written + counts[0], unchanged + counts[1]
        return WriteCounts(written=written, unchanged=unchanged)

    def delete(self, *, products: Collection[str] = (), users: Collection[str] = ()) -> WriteCounts:
        self._prepare()
        deleted = 0
        wanted: tuple[tuple[NodeKind, Collection[str]], ...] = (("product", products), ("user", users))
        for kind, ids in wanted:
            distinct = list(dict.fromkeys(ids))
            for start in range(0, len(distinct), self._batch):
                deleted += self._write(_delete, kind, distinct[start : start + self._batch])
        return WriteCounts(deleted=deleted)

    def products(self) -> Iterator[Product]:
        return self._streaming(stream_products(self._read))

    def facts(self) -> Iterator[Fact]:
        return self._streaming(stream_facts(self._read))

    def interactions(self) -> Iterator[Interaction]:
        return self._streaming(stream_interactions(self._read))

    def product(self, product_id: str) -> Product | None:
        with self._errors(), self._driver.session(database=self._database) as session:
            return session.execute_read(read_products, [product_id]).get(product_id)

    def stub_count(self) -> int:
        (row,) = self._read("MATCH (p:Product) WHERE NOT p.listed RETURN count(p) AS count")
        return int(row["count"])

    def counts(self) -> StoreCounts:
        return count_graph(self.snapshot(), unfinished_load=unfinished_loads(self._read))

    def snapshot(self) -> Graph:
        for _ in range(_TRIES):
            before = changes(self._read)
            if self._snapshot is not None and self._snapshot[0] == before:
                return self._snapshot[1]
            graph = assemble(self.products(), self.facts(), self.interactions())
            # so long a read is not one moment to the server: see whether anything was written meanwhile
            if changes(self._read) == before:
                self._snapshot = before, graph
                return graph
        raise StoreError(
            f"the graph at {self._url} was written to during each of {_TRIES} attempts to read it; "
            "wait until the load has ended and try again"
        )

    def paths(
        self,
        start: tuple[NodeKind, str],
        end: tuple[NodeKind, str],
        *,
        max_hops: int = 3,
        relations: Collection[str] | None = None,
        limit: int = 10,
    ) -> list[Path]:
        check_search(max_hops, limit)
        return find_paths(self.snapshot(), start, end, max_hops=max_hops, relations=relations, limit=limit)

    def put_vectors(self, name: str, vectors: Vectors) -> None:
        self._prepare()
        put_vectors(self._execute, name, vectors)

    def nearest(
        self, name: str, query: npt.NDArray[np.float32], *, k: int = 10
    ) -> Sequence[tuple[str, float]]:
        return nearest(self._read, self._url, name, query, k)

    def close(self) -> None:
        self._driver.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _errors(self) -> Any:
        return server_errors(self._url, username=self._username, database=self._database)

    def _prepare(self) -> None:
        """Refuse to write where we may only read; else see once that the constraints are there."""
        if self._read_only:
            raise StoreError(f"{self._url} was opened for reading only; open it again to write")
        if not self._ready:
            there = {row["name"] for row in self._read("SHOW CONSTRAINTS YIELD name")}
            for name, constraint in CONSTRAINTS.items():
                if name not in there:
                    self._execute(constraint)
            self._ready = True

    def _read(self, query: str, /, **parameters: Any) -> list[Row]:
        with (
            self._errors(),
            self._driver.session(
                database=self._database, default_access_mode=READ_ACCESS, fetch_size=10_000
            ) as session,
        ):
            return session.execute_read(lambda tx: run(tx, query, **parameters))

    def _write(self, work: Callable[..., _T], *arguments: Any) -> _T:
        with (
            self._errors(),
            self._driver.session(database=self._database, default_access_mode=WRITE_ACCESS) as session,
        ):
            return session.execute_write(work, *arguments)

    def _execute(self, query: str, /, **parameters: Any) -> None:
        self._write(lambda tx: tx.run(query, parameters).consume())

    def _streaming(self, records: Iterator[_T]) -> Iterator[_T]:
        with self._errors():
            yield from records


def _delete(tx: ManagedTransaction, kind: NodeKind, ids: Sequence[str]) -> int:
    take_turn(tx)
    return delete_nodes(tx, kind, ids)


def _batches(records: Iterable[_T], most: int) -> Iterator[list[_T]]:
    batch: list[_T] = []
    for record in records:
        batch.append(record)
        if len(batch) == most:
            yield batch
            batch = []
    if batch:
        yield batch
