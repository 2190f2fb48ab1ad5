"""The embedded graph store: one SQLite file, nothing to install, nothing committed is ever lost.

Rows carry text ids and are clustered by what identifies them, so that every stream comes out in
order without sorting. Brand, category and attribute edges are fields of the product's row: they change with
it in one write, and the snapshot makes edges of them.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from contextlib import closing, contextmanager
from pathlib import Path
from types import TracebackType
from typing import Self

import numpy as np
import numpy.typing as npt

from kg.errors import StoreError
from kg.filters import Filter, FilterIndex, Where, parse_where
from kg.graph import Graph
from kg.lock import writer_lock
from kg.paths import Path as GraphPath
from kg.paths import check_search, find_paths
from kg.records import Fact, Interaction, NodeKind, Product, ProductPatch, Record
from kg.store.base import Retire, Snapshot, StoreCounts, WriteCounts
from kg.store.counting import count_graph
from kg.store.embedded_journal import Change, changed_products, next_revision, revision, start_journal
from kg.store.embedded_rows import (
    ADD_RANK,
    SCHEMA,
    batches,
    delete,
    product_ids,
    read_product,
    stream_facts,
    stream_interactions,
    stream_products,
    write,
)
from kg.store.embedded_snapshot import read_snapshot
from kg.store.embedded_vectors import (
    DROP_LOST_VECTORS,
    nearest,
    stream_vectors,
    vector_dim,
    vector_names,
    write_vectors,
)
from kg.store.vector_sets import blocks_of, checked_name
from kg.vectors import Vectors

SCHEMA_VERSION = 3


_CACHE_KIB = 128 << 10
"""Pages that a writer may hold, as it needs them: a large log touches its tables all over, and pages that
are written out early are written again and again."""


class EmbeddedStore:
    """A GraphStore in one SQLite file. Any number of readers, one writer at a time (the others wait)."""

    def __init__(self, path: Path, *, read_only: bool = False, lock_timeout: float = 10.0) -> None:
        self._path = path
        self._read_only = read_only
        self._lock_timeout = lock_timeout
        self._snapshot: tuple[tuple[int, int], Graph] | None = None
        self._db = self._connect()

    @classmethod
    def open(cls, path: Path, *, read_only: bool = False, lock_timeout: float = 10.0) -> EmbeddedStore:
        """Open the store at `path`, making it if need be (never when `read_only`).

        `lock_timeout` is how long, in seconds, a write waits for another writer.
        """
        return cls(path, read_only=read_only, lock_timeout=lock_timeout)

    @property
    def url(self) -> str:
        return f"sqlite:///{self._path}"

    def upsert(
        self, records: Iterable[Record | ProductPatch], *, retire: Retire | None = None
    ) -> WriteCounts:
        written = seen = deleted = 0
        with self._changing("load") as (db, change):
            listed = product_ids(db) if retire is not None else ()
            for kind, batch in batches(records):
                seen += len(batch)
                rows = write(db, kind, batch)
                change.others |= rows > 0 and kind in (Interaction, Fact)
                written += rows
            if retire is not None:
                deleted = self._delete(db, change, products=retire(listed))
        return WriteCounts(written=written, unchanged=seen - written, deleted=deleted)

    def delete(self, *, products: Collection[str] = (), users: Collection[str] = ()) -> WriteCounts:
        with self._changing("delete") as (db, change):
            deleted = self._delete(db, change, products=products, users=users)
        return WriteCounts(deleted=deleted)

    @staticmethod
    def _delete(
        db: sqlite3.Connection, change: Change, *, products: Collection[str], users: Collection[str] = ()
    ) -> int:
        listed, others = delete(db, "product", products)
        others += delete(db, "user", users)[1]
        change.others |= others > 0
        db.execute(DROP_LOST_VECTORS)
        return listed + others

    def products(self) -> Iterator[Product]:
        with closing(self._connect()) as db:
            yield from stream_products(db)

    def facts(self) -> Iterator[Fact]:
        with closing(self._connect()) as db:
            yield from stream_facts(db)

    def interactions(self) -> Iterator[Interaction]:
        with closing(self._connect()) as db:
            yield from stream_interactions(db)

    def product(self, product_id: str) -> Product | None:
        return read_product(self._db, product_id)

    def stub_count(self) -> int:
        (count,) = self._db.execute(
            "SELECT count(*) FROM (SELECT product FROM interaction "
            "UNION SELECT head FROM fact WHERE head_kind = 'product' "
            "UNION SELECT tail FROM fact WHERE tail_kind = 'product' "
            "EXCEPT SELECT id FROM product)"
        ).fetchone()
        return int(count)

    def counts(self) -> StoreCounts:
        return count_graph(self.snapshot())

    def unfinished_load(self) -> str:
        return ""  # a load is one transaction

    def snapshot(self) -> Graph:
        (mine,) = self._db.execute("SELECT total_changes()").fetchone()
        (others,) = self._db.execute("PRAGMA data_version").fetchone()
        if self._snapshot is None or self._snapshot[0] != (mine, others):
            self._snapshot = (mine, others), self.current().graph
        return self._snapshot[1]

    def current(self, since: Snapshot | None = None) -> Snapshot:
        with closing(self._connect()) as db:
            db.execute("BEGIN")  # one read transaction: products, facts and log of the same moment
            return read_snapshot(db, since)

    def revision(self) -> str:
        return revision(self._db)

    def changed_products(self, since: str) -> tuple[str, ...] | None:
        return changed_products(self._db, since)

    def paths(
        self,
        start: tuple[NodeKind, str],
        end: tuple[NodeKind, str],
        *,
        max_hops: int = 3,
        relations: Collection[str] | None = None,
        limit: int = 10,
    ) -> list[GraphPath]:
        check_search(max_hops, limit)
        return find_paths(self.snapshot(), start, end, max_hops=max_hops, relations=relations, limit=limit)

    def put_vectors(self, name: str, vectors: Vectors | Iterable[Vectors]) -> None:
        checked_name(name)
        dim, blocks = blocks_of(vectors)
        with self._writing("vectors") as db:
            write_vectors(db, name, dim, blocks)

    def drop_vectors(self, name: str) -> None:
        with self._writing("vectors") as db:
            db.execute("DELETE FROM vector_set WHERE name = ?", (checked_name(name),))

    def vector_names(self) -> tuple[str, ...]:
        return vector_names(self._db)

    def vectors(self, name: str) -> Iterator[Vectors]:
        dim = vector_dim(self._db, self.url, name)
        with closing(self._connect()) as db:
            yield from stream_vectors(db, name, dim)

    def nearest(
        self, name: str, query: npt.NDArray[np.float32], *, k: int = 10, where: Where = ()
    ) -> Sequence[tuple[str, float]]:
        dim = vector_dim(self._db, self.url, name)
        if query.shape != (dim,):
            raise StoreError(f"vectors named {name!r} have {dim} numbers, the query has shape {query.shape}")
        filters = parse_where(where)
        return nearest(self._db, name, query, k, self._meant(filters) if filters else None)

    def _meant(self, filters: Sequence[Filter]) -> Callable[[Sequence[str]], npt.NDArray[np.bool_]]:
        """Which of some products the filters let through."""
        graph = self.snapshot()
        mask = FilterIndex.of(graph).mask(filters)

        def meant(ids: Sequence[str]) -> npt.NDArray[np.bool_]:
            numbers = graph.nodes["product"].numbers(ids)
            return (numbers >= 0) & mask[np.maximum(numbers, 0)] if len(mask) else numbers >= 0

        return meant

    def close(self) -> None:
        self._db.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _connect(self) -> sqlite3.Connection:
        if self._read_only and not self._path.exists():
            raise StoreError(f"there is no graph at {self._path}; load something first")
        try:
            mode = "ro" if self._read_only else "rwc"
            db = sqlite3.connect(
                f"{self._path.absolute().as_uri()}?mode={mode}",
                uri=True,
                isolation_level=None,
                timeout=self._lock_timeout,
                check_same_thread=False,
            )
            if not self._read_only:
                db.execute("PRAGMA journal_mode = WAL")
                db.execute("PRAGMA synchronous = FULL")
                db.execute(f"PRAGMA cache_size = -{_CACHE_KIB}")
            db.execute("PRAGMA foreign_keys = ON")
            self._migrate(db)
        except sqlite3.Error as error:
            raise StoreError(
                f"{self._path} cannot be opened as a graph ({error}); restore it from a copy, "
                "or move it away and load the catalog again"
            ) from error
        return db

    def _migrate(self, db: sqlite3.Connection) -> None:
        (version,) = db.execute("PRAGMA user_version").fetchone()
        if version == SCHEMA_VERSION or (self._read_only and 0 < version < SCHEMA_VERSION):
            return
        if version > SCHEMA_VERSION:
            raise StoreError(
                f"{self._path} was written by a newer Shelfgraph (schema {version}, this one knows "
                f"{SCHEMA_VERSION}); upgrade the package"
            )
        with writer_lock(self._lock_file, purpose="make the graph", timeout=self._lock_timeout):
            db.execute("BEGIN IMMEDIATE")
            # read again: another process may have made it while we waited
            (version,) = db.execute("PRAGMA user_version").fetchone()
            if version < 1:
                for statement in SCHEMA.split(";"):
                    db.execute(statement)
            if version < 2:
                start_journal(db)
            if version < SCHEMA_VERSION:
                db.execute(ADD_RANK)
                db.execute(f"PRAGMA user_version = {SCHEMA_VERSION}")
            db.execute("COMMIT")

    @property
    def _lock_file(self) -> Path:
        return self._path.with_name(self._path.name + ".lock")

    @contextmanager
    def _writing(self, purpose: str) -> Iterator[sqlite3.Connection]:
        """One transaction under the writer's lock: all of it is kept, or nothing."""
        if self._read_only:
            raise StoreError(f"{self.url} was opened for reading only; open it again to write")
        with writer_lock(self._lock_file, purpose=purpose, timeout=self._lock_timeout):
            try:
                self._db.execute("BEGIN IMMEDIATE")
                yield self._db
                self._db.execute("COMMIT")
            except sqlite3.Error as error:
                raise StoreError(
                    f"{self.url} refused the {purpose} ({error}); nothing of it was kept"
                ) from error
            finally:
                if self._db.in_transaction:
                    self._db.execute("ROLLBACK")

    @contextmanager
    def _changing(self, purpose: str) -> Iterator[tuple[sqlite3.Connection, Change]]:
        """One transaction that makes a new revision of the graph."""
        with self._writing(purpose) as db, next_revision(db) as change:
            yield db, change
