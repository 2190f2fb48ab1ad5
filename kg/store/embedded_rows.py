"""Records as rows of the embedded store, and back: the tables, the statements, the streams."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from decimal import Decimal
from itertools import chain
from types import MappingProxyType
from typing import Any

from kg.errors import StoreError
from kg.records import AttributeValue, Fact, Interaction, NodeKind, Product, ProductPatch, Quantity, Record
from kg.store.patching import patched

_BATCH = 2_000
_NO_MOMENT = float("-inf")

SCHEMA = """
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
"""The tables of schema version 1; `embedded_journal` has what version 2 adds."""

ADD_RANK = "ALTER TABLE interaction ADD COLUMN rank INTEGER"
"""What version 3 adds."""

PRODUCT_COLUMNS = (
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
_UPSERT_PRODUCT = _upsert_sql("product", PRODUCT_COLUMNS, ("id",))
_UPSERT_INTERACTION = _upsert_sql(
    "interaction", (*_INTERACTION_KEY, "position", "value", "rank"), _INTERACTION_KEY
)
_UPSERT_FACT = _upsert_sql("fact", (*_FACT_KEY, "weight"), _FACT_KEY)


def batches(
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


def write(db: sqlite3.Connection, kind: type, batch: Sequence[Any]) -> int:
    """Upsert records of one kind; how many rows changed."""
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
    before = read_product(db, patch.product.id) or Product(id=patch.product.id)
    return db.execute(_UPSERT_PRODUCT, _product_row(patched(before, patch))).rowcount


def delete(db: sqlite3.Connection, kind: NodeKind, ids: Iterable[str]) -> tuple[int, int]:
    """Delete products or users and what touches them: how many (products, interactions and facts)."""
    rows = [(node_id,) for node_id in dict.fromkeys(ids)]
    products = 0
    if kind == "product":
        products = max(0, db.executemany("DELETE FROM product WHERE id = ?", rows).rowcount)
    statements = (
        f"DELETE FROM interaction WHERE {kind} = ?",
        f"DELETE FROM fact WHERE head_kind = '{kind}' AND head = ?",
        f"DELETE FROM fact WHERE tail_kind = '{kind}' AND tail = ?",
    )
    return products, sum(max(0, db.executemany(statement, rows).rowcount) for statement in statements)


def product_ids(db: sqlite3.Connection) -> list[str]:
    """The ids of all listed products."""
    return [node_id for (node_id,) in db.execute("SELECT id FROM product")]


def read_product(db: sqlite3.Connection, product_id: str) -> Product | None:
    row = db.execute(
        f"SELECT {', '.join(PRODUCT_COLUMNS)} FROM product WHERE id = ?", (product_id,)
    ).fetchone()
    return None if row is None else product_of(row)


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


def _names(text: str) -> tuple[str, ...]:
    return () if text == "[]" else tuple(json.loads(text))


def product_of(row: Sequence[Any]) -> Product:
    attributes = json.loads(row[6])
    for name, value in attributes.items():
        if type(value) is dict:
            attributes[name] = _value(value)
        elif type(value) is list:
            attributes[name] = tuple(map(_value, value))
    return Product(
        id=row[0],
        title=row[1],
        description=row[2],
        brand=row[3],
        category=_names(row[4]),
        labels=_names(row[5]),
        attributes=MappingProxyType(attributes),
        price=None if row[7] is None else Decimal(row[7]),
        currency=row[8],
        image=row[9],
        url=row[10],
        gtin=row[11],
        availability=row[12],
        language=row[13],
        collections=_names(row[14]),
    )


def _interaction_row(i: Interaction) -> tuple[object, ...]:
    is_time = i.time is not None
    moment = i.time if is_time else (_NO_MOMENT if i.position is None else float(i.position))
    return (i.user, moment, i.product, i.kind, i.query, i.order, is_time, i.position, float(i.value), i.rank)


def _fact_row(f: Fact) -> tuple[object, ...]:
    return (f.head_kind, f.head, f.relation, f.tail_kind, f.tail, f.source, float(f.weight))


def _rows(db: sqlite3.Connection, sql: str, values: Sequence[str] = ()) -> Iterator[Any]:
    cursor = db.execute(sql, values)
    return chain.from_iterable(iter(lambda: cursor.fetchmany(_BATCH), []))


def stream_products(db: sqlite3.Connection) -> Iterator[Product]:
    return map(product_of, _rows(db, f"SELECT {', '.join(PRODUCT_COLUMNS)} FROM product ORDER BY id"))


def stream_facts(db: sqlite3.Connection, *, relations: Collection[str] | None = None) -> Iterator[Fact]:
    """All facts in order, or only those of some relations."""
    key = ", ".join(_FACT_KEY)
    chosen = "" if relations is None else f"WHERE relation IN ({', '.join('?' * len(relations))})"
    for head_kind, head, relation, tail_kind, tail, source, weight in _rows(
        db, f"SELECT {key}, weight FROM fact {chosen} ORDER BY {key}", tuple(relations or ())
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


def stream_interactions(db: sqlite3.Connection) -> Iterator[Interaction]:
    key = ", ".join(_INTERACTION_KEY)
    columns = {name for _, name, *_ in db.execute("PRAGMA table_info(interaction)")}
    ranks = "rank" if "rank" in columns else "NULL"  # an older file, opened for reading only
    for user, moment, product, kind, query, basket, is_time, position, value, rank in _rows(
        db, f"SELECT {key}, position, value, {ranks} FROM interaction ORDER BY {key}"
    ):
        yield Interaction(
            user=user,
            product=product,
            kind=kind,
            time=moment if is_time else None,
            position=position,
            value=value,
            query=query,
            rank=rank,
            order=basket,
        )
