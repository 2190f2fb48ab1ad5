"""The embedded graph store: one SQLite file, nothing to install, nothing committed is ever lost.

Rows carry text ids and are clustered by what identifies them, so that every stream comes out in
order without sorting. Brand, category and attribute edges are fields of the product's row: they change with
it in one write, and the snapshot makes edges of them.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from decimal import Decimal
from itertools import chain
from pathlib import Path
from types import MappingProxyType, TracebackType
from typing import Any, Self

import numpy as np
import numpy.typing as npt

from kg.errors import StoreError
from kg.graph import Graph
from kg.lock import writer_lock
from kg.paths import Path as GraphPath
from kg.paths import check_search, find_paths
from kg.records import (
    AttributeValue,
    Fact,
    Interaction,
    NodeKind,
    Product,
    ProductPatch,
    Quantity,
    Record,
)
from kg.snapshot import assemble
from kg.store.base import StoreCounts, WriteCounts
from kg.store.counting import count_graph
from kg.store.patching import patched
from kg.vectors import Vectors

SCHEMA_VERSION = 1
_BATCH = 2_000
_NO_MOMENT = float("-inf")

_SCHEMA = """
CREATE TABLE product (
    id TEXT NOT NULL PRIMARY KEY, title TEXT NOT NULL, description TEXT NOT NULL, brand TEXT NOT NULL,
    category TEXT NOT NULL, labels TEXT NOT NULL, attributes TEXT NOT NULL, price TEXT, currency TEXT NOT
    NULL, image TEXT NOT NULL, url TEXT NOT NULL, gtin TEXT NOT NULL, availability TEXT NOT NULL, language
    TEXT NOT NULL, collections TEXT NOT NULL ); CREATE TABLE interaction ( user TEXT NOT NULL, moment REAL
    NOT NULL, product TEXT NOT NULL, kind TEXT NOT NULL, query TEXT NOT NULL, basket TEXT NOT NULL, is_time
    INTEGER NOT NULL, position INTEGER, value REAL NOT NULL, PRIMARY KEY (user, moment, product, kind,
    query, basket, is_time) ) WITHOUT ROWID; CREATE INDEX interaction_product ON interaction (product);
    CREATE TABLE fact ( head_kind TEXT NOT NULL, head TEXT NOT NULL, relation TEXT NOT NULL, tail_kind TEXT
    NOT NULL, tail TEXT NOT NULL, source TEXT NOT NULL, weight REAL NOT NULL, PRIMARY KEY (head_kind, head,
    relation, tail_kind, tail, source) ) WITHOUT ROWID; CREATE INDEX fact_tail ON fact (tail_kind, tail);
    CREATE TABLE vector_set (name TEXT NOT NULL PRIMARY KEY, dim INTEGER NOT NULL); CREATE TABLE vector (
    name TEXT NOT NULL REFERENCES vector_set ON DELETE CASCADE, product TEXT NOT NULL, data BLOB NOT NULL,
    PRIMARY KEY (name, product) ) WITHOUT ROWID;
"""

_PRODUCT_COLUMNS = (
    "id",
    "title",
    "description",
    "brand",
    "category",
    "labels",
    "attributes",
    "price",
    "currency",
    "image",
    "url",
    "gtin",
    "availability",
    "language",
    "collections",
)


def _upsert_sql(table: str, columns: Sequence[str], key: Sequence[str]) -> str:
    """An upsert that touches (and so counts) a row only if something in it changes."""
    values = [c for c in columns if c not in key]
    differs = " OR ".join(f"{table}.{c} IS NOT excluded.{c}" for c in values)
    return (
        f"INSERT INTO {table} ({', '.join(columns)}) VALUES ({', '.join('?' * len(columns))}) "
        f"ON CONFLICT ({', '.join(key)}) DO UPDATE SET {', '.join(f'{c} = excluded.{c}' for c in values)} "
        f"WHERE {differs}"
    )


_INTERACTION_KEY = ("user", "moment", "product", "kind", "query", "basket", "is_time")
_FACT_KEY = ("head_kind", "head", "relation", "tail_kind", "tail", "source")
_UPSERT_PRODUCT = _upsert_sql("product", _PRODUCT_COLUMNS, ("id",))
_UPSERT_INTERACTION = _upsert_sql("interaction", (*_INTERACTION_KEY, "position", "value"), _INTERACTION_KEY)
_UPSERT_FACT = _upsert_sql("fact", (*_FACT_KEY, "weight"), _FACT_KEY)


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
            for kind, batch in _batches(records):
                seen += len(batch)
                written += _write(db, kind, batch)
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
            yield from _stream_products(db)

    def facts(self) -> Iterator[Fact]:
        with closing(self._connect()) as db:
            yield from _stream_facts(db)

    def interactions(self) -> Iterator[Interaction]:
        with closing(self._connect()) as db:
            yield from _stream_interactions(db)

    def product(self, product_id: str) -> Product | None:
        row = self._db.execute(
            f"SELECT {', '.join(_PRODUCT_COLUMNS)} FROM product WHERE id = ?", (product_id,)
        ).fetchone()
        return None if row is None else _product(row)

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
                graph = assemble(_stream_products(db), _stream_facts(db), _stream_interactions(db))
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
            for statement in _SCHEMA.split(";"):
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


def _batches(
    records: Iterable[Record | ProductPatch],
) -> Iterator[tuple[type, list[Record | ProductPatch]]]:
    """Runs of records of one type, at most _BATCH long."""
    batch: list[Record | ProductPatch] = []
    for record in records:
        if batch and (type(record) is not type(batch[0]) or len(batch) == _BATCH):
            yield type(batch[0]), batch
            batch = []
        batch.append(record)
    if batch:
        yield type(batch[0]), batch


def _write(db: sqlite3.Connection, kind: type, batch: Sequence[Any]) -> int:
    if kind is Product:
        return db.executemany(_UPSERT_PRODUCT, map(_product_row, batch)).rowcount
    if kind is Interaction:
        return db.executemany(_UPSERT_INTERACTION, map(_interaction_row, batch)).rowcount
    if kind is Fact:
        return db.executemany(_UPSERT_FACT, map(_fact_row, batch)).rowcount
    if kind is ProductPatch:
        return sum(_write_patch(db, patch) for patch in batch)
    raise StoreError(f"a store keeps products, interactions and facts, not {kind.__name__}")


def _write_patch(db: sqlite3.Connection, patch: ProductPatch) -> int:
    row = db.execute(
        f"SELECT {', '.join(_PRODUCT_COLUMNS)} FROM product WHERE id = ?", (patch.product.id,)
    ).fetchone()
    before = Product(id=patch.product.id) if row is None else _product(row)
    return db.execute(_UPSERT_PRODUCT, _product_row(patched(before, patch))).rowcount


def _product_row(product: Product) -> tuple[object, ...]:
    return (
        product.id,
        product.title,
        product.description,
        product.brand,
        json.dumps(product.category, ensure_ascii=False),
        json.dumps(product.labels, ensure_ascii=False),
        _attributes_json(product.attributes),
        None if product.price is None else str(product.price),
        product.currency,
        product.image,
        product.url,
        product.gtin,
        product.availability,
        product.language,
        json.dumps(product.collections, ensure_ascii=False),
    )


def _attributes_json(attributes: Mapping[str, AttributeValue | tuple[AttributeValue, ...]]) -> str:
    plain = {
        name: [_plain(v) for v in value] if isinstance(value, tuple) else _plain(value)
        for name, value in attributes.items()
    }
    return json.dumps(plain, ensure_ascii=False, sort_keys=True)


def _plain(value: AttributeValue) -> object:
    return {"number": value.number, "unit": value.unit} if isinstance(value, Quantity) else value


def _value(plain: Any) -> AttributeValue:
    return Quantity(number=plain["number"], unit=plain["unit"]) if isinstance(plain, dict) else plain


def _product(row: Sequence[Any]) -> Product:
    attributes = {
        name: tuple(_value(v) for v in value) if isinstance(value, list) else _value(value)
        for name, value in json.loads(row[6]).items()
    }
    return Product(
        id=row[0],
        title=row[1],
        description=row[2],
        brand=row[3],
        category=tuple(json.loads(row[4])),
        labels=tuple(json.loads(row[5])),
        attributes=MappingProxyType(attributes),
        price=None if row[7] is None else Decimal(row[7]),
        currency=row[8],
        image=row[9],
        url=row[10],
        gtin=row[11],
        availability=row[12],
        language=row[13],
        collections=tuple(json.loads(row[14])),
    )


def _interaction_row(i: Interaction) -> tuple[object, ...]:
    is_time = i.time is not None
    moment = i.time if is_time else (_NO_MOMENT if i.position is None else float(i.position))
    return (i.user, moment, i.product, i.kind, i.query, i.order, is_time, i.position, float(i.value))


def _fact_row(f: Fact) -> tuple[object, ...]:
    return (f.head_kind, f.head, f.relation, f.tail_kind, f.tail, f.source, float(f.weight))


def _rows(db: sqlite3.Connection, sql: str) -> Iterator[Any]:
    cursor = db.execute(sql)
    return chain.from_iterable(iter(lambda: cursor.fetchmany(_BATCH), []))


def _stream_products(db: sqlite3.Connection) -> Iterator[Product]:
    return map(_product, _rows(db, f"SELECT {', '.join(_PRODUCT_COLUMNS)} FROM product ORDER BY id"))


def _stream_facts(db: sqlite3.Connection) -> Iterator[Fact]:
    key = ", ".join(_FACT_KEY)
    for head_kind, head, relation, tail_kind, tail, source, weight in _rows(
        db, f"SELECT {key}, weight FROM fact ORDER BY {key}"
    ):
        yield Fact(
            head=head,
            relation=relation,
            tail=tail,
            weight=weight,
            source=source,
            head_kind=head_kind,
            tail_kind=tail_kind,
        )


def _stream_interactions(db: sqlite3.Connection) -> Iterator[Interaction]:
    key = ", ".join(_INTERACTION_KEY)
    for user, moment, product, kind, query, basket, is_time, position, value in _rows(
        db, f"SELECT {key}, position, value FROM interaction ORDER BY {key}"
    ):
        yield Interaction(
            user=user,
            product=product,
            kind=kind,
            time=moment if is_time else None,
            position=position,
            value=value,
            query=query,
            order=basket,
        )
