"""Vectors of products in a graph server: a property of the product's node and a vector index over it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt

from kg.errors import StoreError
from kg.filters import Filter, FilterIndex
from kg.product_table import ProductTable
from kg.records import Product
from kg.store.server_filters import Conditions, settled
from kg.store.server_read import Read
from kg.store.server_schema import BOOK_LABEL, Row
from kg.store.vector_sets import blocks_of, checked_name
from kg.texts import Texts
from kg.vectors import Vectors

Execute: TypeAlias = Callable[..., Any]
"""Run one writing query, in a transaction of its own."""
Products: TypeAlias = Callable[[Sequence[str]], Mapping[str, Product]]
"""The listed ones of some products, by id."""

MAX_DIM = 4_096
EXACT = 1_000
"""Up to so many vectors all are compared; beyond, the index names the candidates."""
_BATCH = 500
_PAGE = 1_000
_REMOVED = 10_000
_REACH, _MORE = 110, 8
"""The index is asked for 2 k + 110 candidates first (it finds more of the nearest the more it is asked for),
then for 8 times as many …"""
_FARTHEST = 5_000
"""… up to so many; a filter that leaves less than k of these is narrow, and a scan is quicker."""
_SPARE = 10
"""So many more than k are looked at letter for letter, as a rule none of them in vain."""


@dataclass(frozen=True, kw_only=True, slots=True)
class _Set:
    """Vectors of one name, as our notes in the graph describe them."""

    dim: int
    count: int


def put_vectors(execute: Execute, read: Read, name: str, vectors: Vectors | Iterable[Vectors]) -> None:
    """Replace the vectors of that name. Vectors of products that the graph does not know are left out.

    The name is known only when all of them and the index are there.
    """
    checked_name(name)
    dim, blocks = blocks_of(vectors)
    if not 1 <= dim <= MAX_DIM:
        raise StoreError(f"vectors of {dim} numbers cannot be indexed; a graph server takes 1 to {MAX_DIM}")
    drop_vectors(execute, read, name)
    count = 0
    for block in blocks:
        rows = np.flatnonzero(block.present).tolist()
        count += len(rows)
        for start in range(0, len(rows), _BATCH):
            batch = rows[start : start + _BATCH]
            execute(
                "UNWIND $rows AS row MATCH (p:Product {id: row.id}) "
                "CALL db.create.setNodeVectorProperty(p, $property, row.vector)",
                rows=[{"id": block.ids[i], "vector": block.matrix[i].tolist()} for i in batch],
                property=_property(name),
            )
    execute(
        f"CREATE VECTOR INDEX `{_index(name)}` IF NOT EXISTS FOR (p:Product) ON (p.`{_property(name)}`) "
        f"OPTIONS {{indexConfig: {{`vector.dimensions`: {dim}, "
        "`vector.similarity_function`: 'cosine'}}"
    )
    execute("CALL db.awaitIndex($index, 3600)", index=_index(name))
    execute(
        f"MERGE (v:{BOOK_LABEL} {{id: $id}}) SET v.vectors = $name, v.dim = $dim, v.count = $count",
        id=f"vectors {name}",
        name=name,
        dim=dim,
        count=count,
    )


def drop_vectors(execute: Execute, read: Read, name: str) -> None:
    """Forget the vectors of that name, finished or not."""
    prop = f"p.`{_property(checked_name(name))}`"
    execute(f"MATCH (v:{BOOK_LABEL} {{id: $id}}) DELETE v", id=f"vectors {name}")
    execute(f"DROP INDEX `{_index(name)}` IF EXISTS")
    ids = [row["id"] for row in read(f"MATCH (p:Product) WHERE {prop} IS NOT NULL RETURN p.id AS id")]
    for start in range(0, len(ids), _REMOVED):
        execute(
            f"UNWIND $ids AS id MATCH (p:Product {{id: id}}) REMOVE {prop}", ids=ids[start : start + _REMOVED]
        )


def vector_names(read: Read) -> tuple[str, ...]:
    """The names of all vectors that are there, sorted."""
    return tuple(sorted(_sets(read)))


def stream_vectors(read: Read, url: str, name: str) -> Iterator[Vectors]:
    """The vectors of one name in blocks, ordered by id; one block at least."""
    known = _known(read, url, name)
    prop = f"p.`{_property(name)}`"
    ids = sorted(row["id"] for row in read(f"MATCH (p:Product) WHERE {prop} IS NOT NULL RETURN p.id AS id"))
    for start in range(0, max(1, len(ids)), _PAGE):
        page = ids[start : start + _PAGE]
        rows = read(
            f"UNWIND $ids AS id MATCH (p:Product {{id: id}}) WHERE {prop} IS NOT NULL "
            f"RETURN id, {prop} AS vector",
            ids=page,
        )
        found = {row["id"]: row["vector"] for row in rows}
        kept = tuple(node_id for node_id in page if node_id in found)
        yield Vectors(
            ids=kept,
            matrix=np.array([found[node_id] for node_id in kept], dtype=np.float32).reshape(-1, known.dim),
            present=np.ones(len(kept), dtype=np.bool_),
        )


def nearest(
    read: Read,
    products: Products,
    url: str,
    name: str,
    query: npt.NDArray[np.float32],
    k: int,
    where: Sequence[Filter],
) -> Sequence[tuple[str, float]]:
    """(product id, cosine), best first, ties by id."""
    known = _known(read, url, name)
    if query.shape != (known.dim,):
        raise StoreError(
            f"vectors named {name!r} have {known.dim} numbers, the query has shape {query.shape}"
        )
    conditions = settled(read, where)
    search = _Search(read, products, name, query, k, conditions)
    # named ids are sought one by one, whatever the index may find of them
    if known.count > EXACT and k * _MORE < known.count and np.any(query) and not conditions.names_ids:
        reach = 2 * k + _REACH
        while reach < min(known.count, _FARTHEST):
            # the last of the candidates are found least surely, so what passes a filter must not hang on them
            wanted = 2 * k if where else k
            found = search.through_index(reach, wanted)
            if len(found) == wanted:
                return found[:k]
            reach *= _MORE
    return search.through_all()


class _Search:
    """One question about vectors, in the two ways in which it can be answered."""

    def __init__(
        self,
        read: Read,
        products: Products,
        name: str,
        query: npt.NDArray[np.float32],
        k: int,
        where: Conditions,
    ) -> None:
        self._read = read
        self._products = products
        self._name = name
        self._k = k
        self._where = where
        self._condition, parameters = where.cypher("p")
        self._parameters = {**parameters, "query": query.astype(np.float64).tolist()}
        self._zero = not np.any(query)

    def through_index(self, reach: int, wanted: int) -> list[tuple[str, float]]:
        """The `wanted` best of the `reach` candidates that the index names."""
        found = "CALL db.index.vector.queryNodes($index, $reach, $query) YIELD node AS p"
        return self._best(found, wanted, index=_index(self._name), reach=reach)

    def through_all(self) -> list[tuple[str, float]]:
        """The best of all, compared one by one."""
        return self._best("MATCH (p:Product)", self._k)

    def _best(self, candidates: str, wanted: int, **parameters: object) -> list[tuple[str, float]]:
        exact = self._where.is_exact
        limit = wanted if exact else wanted + _SPARE
        while True:
            rows = self._rows(candidates, limit, **parameters)
            kept = rows if exact else self._meant(rows)
            if len(kept) >= wanted or len(rows) < limit:
                return [(row["id"], float(row["cosine"])) for row in kept[:wanted]]
            limit *= _MORE

    def _rows(self, candidates: str, limit: int, **parameters: object) -> list[Row]:
        prop = f"p.`{_property(self._name)}`"
        # the server refuses to compare vectors without a direction; ours are alike to nothing
        flat = "true" if self._zero else "all(x IN vector WHERE x = 0)"
        return self._read(
            f"{candidates} WHERE {prop} IS NOT NULL AND {self._condition} WITH p, {prop} AS vector "
            f"WITH p, CASE WHEN {flat} THEN 0.0 "
            "ELSE 2 * vector.similarity.cosine(vector, $query) - 1 END AS cosine "
            "RETURN p.id AS id, cosine ORDER BY cosine DESC, p.id LIMIT $limit",
            limit=limit,
            **parameters,
            **self._parameters,
        )

    def _meant(self, rows: Sequence[Row]) -> list[Row]:
        """Those that the filters mean, letter for letter."""
        ids = [row["id"] for row in rows]
        known = self._products(ids)
        table = ProductTable.of(Texts.of(ids), [known.get(node_id) for node_id in ids])
        mask = FilterIndex(table).mask(self._where.plain)
        return [row for row, good in zip(rows, mask.tolist(), strict=True) if good]


def _sets(read: Read) -> dict[str, _Set]:
    rows = read(
        f"MATCH (v:{BOOK_LABEL}) WHERE v.vectors IS NOT NULL "
        "RETURN v.vectors AS name, v.dim AS dim, coalesce(v.count, 0) AS count"
    )
    return {row["name"]: _Set(dim=row["dim"], count=row["count"]) for row in rows}


def _known(read: Read, url: str, name: str) -> _Set:
    sets = _sets(read)
    if name not in sets:
        raise StoreError(
            f"no vectors named {name!r} in {url}; there are: {', '.join(sorted(sets)) or 'none'}"
        )
    return sets[name]


def _property(name: str) -> str:
    return f"vector_{name}"


def _index(name: str) -> str:
    return f"shelfgraph_vector_{name}"
