"""Vectors of products in the embedded store: a row each, compared one by one."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterable, Iterator, Sequence

import numpy as np
import numpy.typing as npt

from kg.errors import StoreError
from kg.vectors import Vectors

_PAGE = 1_000

_KNOWN = """(EXISTS (SELECT 1 FROM product WHERE id = {0})
  OR EXISTS (SELECT 1 FROM interaction WHERE product = {0})
  OR EXISTS (SELECT 1 FROM fact WHERE head_kind = 'product' AND head = {0})
  OR EXISTS (SELECT 1 FROM fact WHERE tail_kind = 'product' AND tail = {0}))"""

_INSERT = f"INSERT OR REPLACE INTO vector SELECT ?1, ?2, ?3 WHERE {_KNOWN.format('?2')}"

DROP_LOST_VECTORS = f"DELETE FROM vector WHERE NOT {_KNOWN.format('vector.product')}"
"""A vector goes with the last that was known of its product."""


def write_vectors(db: sqlite3.Connection, name: str, dim: int, blocks: Iterable[Vectors]) -> None:
    """Replace the vectors of a name; those of unknown products are left out."""
    db.execute("DELETE FROM vector WHERE name = ?", (name,))
    db.execute("INSERT OR REPLACE INTO vector_set VALUES (?, ?)", (name, dim))
    for block in blocks:
        present = np.flatnonzero(block.present).tolist()
        db.executemany(
            _INSERT, ((name, block.ids[i], block.matrix[i].astype("<f4").tobytes()) for i in present)
        )


def vector_names(db: sqlite3.Connection) -> tuple[str, ...]:
    return tuple(name for (name,) in db.execute("SELECT name FROM vector_set ORDER BY name"))


def vector_dim(db: sqlite3.Connection, url: str, name: str) -> int:
    """How many numbers the vectors of a name have; StoreError if there are none."""
    known = db.execute("SELECT dim FROM vector_set WHERE name = ?", (name,)).fetchone()
    if known is None:
        raise StoreError(
            f"no vectors named {name!r} in {url}; there are: {', '.join(vector_names(db)) or 'none'}"
        )
    return int(known[0])


def stream_vectors(db: sqlite3.Connection, name: str, dim: int) -> Iterator[Vectors]:
    """In blocks, ordered by id; one block at least."""
    cursor = db.execute("SELECT product, data FROM vector WHERE name = ? ORDER BY product", (name,))
    rows = cursor.fetchmany(_PAGE)
    yield _block(rows, dim)
    while rows := cursor.fetchmany(_PAGE):
        yield _block(rows, dim)


def nearest(
    db: sqlite3.Connection,
    name: str,
    query: npt.NDArray[np.float32],
    k: int,
    meant: Callable[[Sequence[str]], npt.NDArray[np.bool_]] | None,
) -> Sequence[tuple[str, float]]:
    """(product id, cosine), best first, ties by id; `meant` tells which of some products may be named."""
    rows = db.execute("SELECT product, data FROM vector WHERE name = ? ORDER BY product", (name,)).fetchall()
    block = _block(rows, len(query))
    ids, matrix = block.ids, block.matrix
    if meant is not None:
        kept = np.flatnonzero(meant(ids))
        ids, matrix = tuple(ids[i] for i in kept.tolist()), matrix[kept]
    norms = np.linalg.norm(matrix, axis=1) * np.linalg.norm(query)
    # row by row: BLAS rounds equal rows differently, and equal vectors must tie
    dots = np.einsum("ij,j->i", matrix, query)
    scores = np.divide(dots, norms, out=np.zeros(len(ids), dtype=np.float32), where=norms > 0)
    best = np.argsort(-scores, kind="stable")[:k]
    return [(ids[i], float(scores[i])) for i in best.tolist()]


def _block(rows: Sequence[tuple[str, bytes]], dim: int) -> Vectors:
    matrix = np.frombuffer(b"".join(data for _, data in rows), dtype="<f4").reshape(len(rows), dim)
    return Vectors(
        ids=tuple(product for product, _ in rows),
        matrix=matrix.astype(np.float32, copy=False),
        present=np.ones(len(rows), dtype=np.bool_),
    )
