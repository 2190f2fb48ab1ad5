"""Vectors of products in a graph server: a property of the product's node and a vector index over it."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt

from kg.errors import StoreError
from kg.store.server_read import Read
from kg.store.server_schema import BOOK_LABEL
from kg.vectors import Vectors

Execute: TypeAlias = Callable[..., Any]
"""Run one writing query, in a transaction of its own."""

_NAME = re.compile(r"[A-Za-z][A-Za-z0-9_-]{0,59}\Z")
_MAX_DIM = 4_096
_BATCH = 500
EXACT = 20_000
"""Up to so many vectors all are compared; beyond, the index names the candidates."""
_CANDIDATES = 8


def put_vectors(execute: Execute, name: str, vectors: Vectors) -> None:
    """Replace the vectors of that name. Vectors of products that the graph does not know are left out."""
    if not _NAME.match(name):
        raise StoreError(f"{name!r} cannot name vectors; use letters, digits, _ and -, a letter first")
    if not 1 <= vectors.dim <= _MAX_DIM:
        raise StoreError(
            f"vectors of {vectors.dim} numbers cannot be indexed; a graph server takes 1 to {_MAX_DIM}"
        )
    execute(f"DROP INDEX `{_index(name)}` IF EXISTS")
    execute(f"MATCH (p:Product) WHERE p.`{_property(name)}` IS NOT NULL REMOVE p.`{_property(name)}`")
    execute(
        f"MERGE (v:{BOOK_LABEL} {{id: $id}}) SET v.vectors = $name, v.dim = $dim",
        id=f"vectors {name}",
        name=name,
        dim=vectors.dim,
    )
    rows = np.flatnonzero(vectors.present).tolist()
    for start in range(0, len(rows), _BATCH):
        batch = rows[start : start + _BATCH]
        execute(
            "UNWIND $rows AS row MATCH (p:Product {id: row.id}) "
            "CALL db.create.setNodeVectorProperty(p, $property, row.vector)",
            rows=[{"id": vectors.ids[i], "vector": vectors.matrix[i].tolist()} for i in batch],
            property=_property(name),
        )
    execute(
        f"CREATE VECTOR INDEX `{_index(name)}` IF NOT EXISTS FOR (p:Product) ON (p.`{_property(name)}`) "
        f"OPTIONS {{indexConfig: {{`vector.dimensions`: {vectors.dim}, "
        "`vector.similarity_function`: 'cosine'}}"
    )
    execute("CALL db.awaitIndex($index, 600)", index=_index(name))


def nearest(
    read: Read, url: str, name: str, query: npt.NDArray[np.float32], k: int
) -> Sequence[tuple[str, float]]:
    """(product id, cosine), best first, ties by id."""
    names = {
        row["name"]: row["dim"]
        for row in read(
            f"MATCH (v:{BOOK_LABEL}) WHERE v.vectors IS NOT NULL RETURN v.vectors AS name, v.dim AS dim"
        )
    }
    if name not in names:
        raise StoreError(
            f"no vectors named {name!r} in {url}; there are: {', '.join(sorted(names)) or 'none'}"
        )
    if query.shape != (names[name],):
        raise StoreError(
            f"vectors named {name!r} have {names[name]} numbers, the query has shape {query.shape}"
        )
    vector, prop = query.astype(np.float64).tolist(), f"p.`{_property(name)}`"
    zero = not np.any(query)
    (row,) = read(f"MATCH (p:Product) WHERE {prop} IS NOT NULL RETURN count(p) AS count")
    if row["count"] <= EXACT or zero:
        found = f"MATCH (p:Product) WHERE {prop} IS NOT NULL"
    else:
        found = "CALL db.index.vector.queryNodes($index, $candidates, $query) YIELD node AS p"
    # the server refuses to compare vectors without a direction; ours are alike to nothing
    flat = "true" if zero else f"all(x IN {prop} WHERE x = 0)"
    rows = read(
        f"{found} WITH p, CASE WHEN {flat} THEN 0.0 "
        f"ELSE 2 * vector.similarity.cosine({prop}, $query) - 1 END AS cosine "
        "RETURN p.id AS id, cosine ORDER BY cosine DESC, p.id LIMIT $k",
        index=_index(name),
        candidates=_CANDIDATES * k + 50,
        query=vector,
        k=k,
    )
    return [(row["id"], float(row["cosine"])) for row in rows]


def _property(name: str) -> str:
    return f"vector_{name}"


def _index(name: str) -> str:
    return f"shelfgraph_vector_{name}"
