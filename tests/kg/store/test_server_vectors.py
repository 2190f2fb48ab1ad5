"""Vectors in Neo4j keep the contract; where there are many, the index finds nearly all of the nearest."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from itertools import pairwise
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest

from kg.filters import Filter
from kg.records import Product
from kg.store import server_vectors
from kg.store.base import GraphStore
from kg.store.server import ServerStore
from kg.vectors import Vectors
from tests.graph_servers import ServerAddress
from tests.kg.store.contract import Fresh
from tests.kg.store.emptied import driver_of, emptied
from tests.kg.store.vector_contract import VectorContract, vectors_of

pytestmark = pytest.mark.neo4j


@pytest.fixture
def fresh(graph_server: ServerAddress) -> Iterator[Fresh]:
    with ExitStack() as opened:
        yield lambda: opened.enter_context(emptied(graph_server))


class TestServerVectors(VectorContract):
    @pytest.fixture
    def store(self, fresh: Fresh) -> GraphStore:
        return fresh()


def test_an_interrupted_put_leaves_no_name(fresh: Fresh, graph_server: ServerAddress) -> None:
    store = fresh()
    store.upsert([Product(id=i) for i in "abc"])
    store.put_vectors("v", vectors_of("abc"))

    def broken() -> Iterator[Vectors]:
        yield vectors_of("ab", seed=1)
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        store.put_vectors("v", broken())
    assert store.vector_names() == ()  # better none than half of them
    store.put_vectors("v", vectors_of("c", seed=2))
    assert [block.ids for block in store.vectors("v")] == [("c",)]
    store.drop_vectors("v")
    with driver_of(graph_server) as driver:
        assert driver.execute_query("SHOW VECTOR INDEXES YIELD name").records == []
        found = driver.execute_query("MATCH (p:Product) WHERE p.vector_v IS NOT NULL RETURN p").records
        assert found == []


# many of them

COUNT, DIM = 4_000, 48


@pytest.fixture(scope="class")
def many(graph_server: ServerAddress) -> Iterator[tuple[ServerStore, Vectors]]:
    """Vectors in eighty clusters, of products of ten brands and prices up to COUNT."""
    rng = np.random.default_rng(0)
    centres = rng.normal(size=(80, DIM))
    matrix = (centres[rng.integers(80, size=COUNT)] + 0.6 * rng.normal(size=(COUNT, DIM))).astype(np.float32)
    ids = tuple(f"p{n:05}" for n in range(COUNT))
    vectors = Vectors(ids=ids, matrix=matrix, present=np.ones(COUNT, dtype=np.bool_))
    with emptied(graph_server) as store:
        store.upsert(Product(id=i, brand=f"Brand {n % 10}", price=n) for n, i in enumerate(ids))  # type: ignore[arg-type]
        store.put_vectors("v", vectors)
        yield store, vectors


def brute_force(
    vectors: Vectors, query: npt.NDArray[np.float32], allowed: Sequence[int], k: int
) -> list[str]:
    cosine = vectors.unit()[allowed] @ query
    return [vectors.ids[allowed[i]] for i in np.argsort(-cosine, kind="stable")[:k].tolist()]


class TestManyVectors:
    def asked(self, store: ServerStore, query: npt.NDArray[np.float32], *where: str) -> tuple[list[str], str]:
        """(what is found, how): through the index, unless the filters leave little."""
        queries: list[str] = []

        def noting(text: str, /, **parameters: Any) -> list[dict[str, Any]]:
            queries.append(text)
            return store._read(text, **parameters)

        filters = tuple(map(Filter.parse, where))
        found = server_vectors.nearest(noting, store._products_by_id, store.url, "v", query, 10, filters)
        assert all(one >= other for (_, one), (_, other) in pairwise(found))
        return [i for i, _ in found], "index" if "queryNodes" in queries[-1] else "scan"

    @pytest.mark.parametrize(
        ("where", "way"), [((), "index"), (("brand=brand 3",), "index"), (("price<2000",), "index")]
    )
    def test_the_index_finds_nearly_all(
        self, many: tuple[ServerStore, Vectors], where: tuple[str, ...], way: str
    ) -> None:
        store, vectors = many
        rng = np.random.default_rng(1)
        allowed = [
            n for n in range(COUNT) if not where or (n % 10 == 3 if "brand" in where[0] else n < 2_000)
        ]
        shares, ways = [], []
        for query in rng.normal(size=(40, DIM)).astype(np.float32):
            found, how = self.asked(store, query, *where)
            shares.append(len(set(found) & set(brute_force(vectors, query, allowed, 10))) / 10)
            ways.append(how)
        assert ways.count(way) >= 35
        assert np.mean(shares) >= 0.95

    def test_a_narrow_filter_is_answered_exactly(self, many: tuple[ServerStore, Vectors]) -> None:
        store, vectors = many
        rng = np.random.default_rng(2)
        for query in rng.normal(size=(5, DIM)).astype(np.float32):
            found, how = self.asked(store, query, "price<12", "brand!=Brand 1")
            allowed = [n for n in range(12) if n % 10 != 1]
            assert found == brute_force(vectors, query, allowed, 10)
            assert how == "scan"
            wanted = tuple(f"p{n:05}" for n in range(0, COUNT, 7))
            chosen = store.nearest("v", query, k=20, where=Filter(field="id", op="in", value=wanted))
            assert [i for i, _ in chosen] == brute_force(vectors, query, range(0, COUNT, 7), 20)

    def test_all_of_them_can_be_asked_for(self, many: tuple[ServerStore, Vectors]) -> None:
        store, vectors = many
        query = vectors.matrix[5]
        found = store.nearest("v", query, k=COUNT)
        assert len(found) == COUNT
        assert found[0][0] == "p00005"
        assert found[0][1] == pytest.approx(1.0, abs=1e-5)
