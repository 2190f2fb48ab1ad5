"""The embedded graph store: one SQLite file, nothing to install, nothing committed is ever lost.

Rows carry text ids and are clustered by what identifies them, so that every stream comes out in
order without sorting. Brand, category and attribute edges are fields of the product's row: they change with
it in one write, and the snapshot makes edges of them.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Collection, Iterable, Iterator, Sequence
from contextlib import closing, contextmanager
from pathlib import Path
from types import TracebackType
from typing import Self

import numpy as np
import numpy.typing as npt

from kg.errors import StoreError
from kg.graph import Graph
from kg.lock import writer_lock
from kg.paths import Path as GraphPath
from kg.paths import check_search, find_paths
from kg.records import Fact, Interaction, NodeKind, Product, ProductPatch, Record
from kg.snapshot import assemble
from kg.store.base import StoreCounts, WriteCounts
from kg.store.counting import count_graph
from kg.store.embedded_rows import (
    PRODUCT_COLUMNS,
    SCHEMA,
    batches,
    product_of,
    stream_facts,
    stream_interactions,
    stream_products,
    write,
)
from kg.vectors import Vectors

SCHEMA_VERSION = 1


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

    def upsert(self, records: Iterable[Record | ProductPatch]) -> WriteCounts:
        written = seen = 0
        with self._writing("load") as db:
            for kind, batch in batches(records):
                seen += len(batch)
                written += write(db, kind, batch)
        return WriteCounts(written=written, unchanged=seen - written)

    def delete(self, *, products: Collection[str] = (), users: Collection[str] = ()) -> WriteCounts:
        deleted = 0
        wanted: tuple[tuple[NodeKind, Collection[str]], ...] = (("product", products), ("user", users))
        with self._writing("delete") as db:
            for kind, ids in wanted:
                rows = [(node_id,) for node_id in dict.fromkeys(ids)]
                statements = [f"DELETE FROM interaction WHERE {kind} = ?"]
                if kind == "product":
                    db.executemany("DELETE FROM vector WHERE product = ?", rows)
                    statements.append("DELETE FROM product WHERE id = ?")
                statements += [
                    f"DELETE FROM fact WHERE head_kind = '{kind}' AND head = ?",
                    f"DELETE FROM fact WHERE tail_kind = '{kind}' AND tail = ?",
                ]
                for statement in statements:
                    deleted += max(0, db.executemany(statement, rows).rowcount)
        return WriteCounts(deleted=deleted)

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
        row = self._db.execute(
            f"SELECT {', '.join(PRODUCT_COLUMNS)} FROM product WHERE id = ?", (product_id,)
        ).fetchone()
        return None if row is None else product_of(row)

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

    def snapshot(self) -> Graph:
        (mine,) = self._db.execute("SELECT total_changes()").fetchone()
        (others,) = self._db.execute("PRAGMA data_version").fetchone()
        if self._snapshot is None or self._snapshot[0] != (mine, others):
            with closing(self._connect()) as db:
                db.execute("BEGIN")  # one read transaction: products, facts and log of the same moment
                graph = assemble(stream_products(db), stream_facts(db), stream_interactions(db))
            self._snapshot = (mine, others), graph
        return self._snapshot[1]

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

    def put_vectors(self, name: str, vectors: Vectors) -> None:
        rows = (
            (name, vectors.ids[i], vectors.matrix[i].astype("<f4").tobytes())
            for i in np.flatnonzero(vectors.present).tolist()
        )
        with self._writing("vectors") as db:
            db.execute("DELETE FROM vector WHERE name = ?", (name,))
            db.execute("INSERT OR REPLACE INTO vector_set VALUES (?, ?)", (name, vectors.dim))
            db.executemany("INSERT INTO vector VALUES (?, ?, ?)", rows)

    def nearest(
        self, name: str, query: npt.NDArray[np.float32], *, k: int = 10
    ) -> Sequence[tuple[str, float]]:
        known = self._db.execute("SELECT dim FROM vector_set WHERE name = ?", (name,)).fetchone()
        if known is None:
            names = [n for (n,) in self._db.execute("SELECT name FROM vector_set ORDER BY name")]
            raise StoreError(
                f"no vectors named {name!r} in {self.url}; there are: {', '.join(names) or 'none'}"
            )
        if query.shape != (known[0],):
            raise StoreError(
                f"vectors named {name!r} have {known[0]} numbers, the query has shape {query.shape}"
            )
        rows = self._db.execute(
            "SELECT product, data FROM vector WHERE name = ? ORDER BY product", (name,)
        ).fetchall()
        if not rows:
            return []
        matrix = np.frombuffer(b"".join(data for _, data in rows), dtype="<f4").reshape(len(rows), -1)
        norms = np.linalg.norm(matrix, axis=1) * np.linalg.norm(query)
        # row by row: BLAS rounds equal rows differently, and equal vectors must tie
        dots = np.einsum("ij,j->i", matrix, query)
        scores = np.divide(dots, norms, out=np.zeros(len(rows), dtype=np.float32), where=norms > 0)
        best = np.argsort(-scores, kind="stable")[:k]
        return [(rows[i][0], float(scores[i])) for i in best.tolist()]

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
        if version == SCHEMA_VERSION:
            return
        if version > SCHEMA_VERSION:
            raise StoreError(
                f"{self._path} was written by a newer Shelfgraph (schema {version}, this one knows "
                f"{SCHEMA_VERSION}); upgrade the package"
            )
        with writer_lock(self._lock_file, purpose="make the graph", timeout=self._lock_timeout):
            if db.execute("PRAGMA user_version").fetchone()[0] == SCHEMA_VERSION:
                return  # another process made it while we waited
            db.execute("BEGIN IMMEDIATE")
            for statement in SCHEMA.split(";"):
                db.execute(statement)
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
