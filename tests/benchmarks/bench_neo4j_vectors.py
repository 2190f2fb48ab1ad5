"""Nearest vectors in Neo4j, beside an exact FAISS scan: recall, latency, and how long writing takes."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from functools import partial

import numpy as np
import numpy.typing as npt
import pytest

from kg import Shop, Vectors
from kg.filters import FilterIndex, parse_where
from kg.store import server_vectors
from kg.store.server import ServerStore
from kg.texts import Vocabulary
from recommend.index.vector_index import SpaceIndex
from tests.benchmarks.table import show
from tests.graph_servers import ServerAddress
from tests.kg.store.emptied import emptied

DIM, CLUSTERS, QUERIES, K = 384, 400, 200, 10
WHERE = ((), ("price<=50",), ("brand=HP",), ("brand!=HP",), ("brand=Kensington",), ("price<=5",))


@pytest.fixture(scope="module")
def filled(graph_server: ServerAddress, icecat: Shop) -> Iterator[ServerStore]:
    with emptied(graph_server) as server, icecat.store(read_only=True) as embedded:
        server.upsert(embedded.products())
        yield server


@pytest.mark.neo4j
def test_nearest_in_neo4j(filled: ServerStore, icecat: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    graph = icecat.graph()
    vectors, queries = clustered(tuple(graph.products.id))
    started = time.perf_counter()
    filled.put_vectors("text", vectors)
    written = time.perf_counter() - started
    local = SpaceIndex.of(vectors)
    filters = FilterIndex(graph.products)
    ids = graph.nodes["product"]
    rows = []
    for where in WHERE:
        allowed = filters.mask(parse_where(where))
        name = " and ".join(where) or "no filter"
        exact, spent = asked(partial(in_memory, local, allowed), queries)
        found, taken = asked(partial(in_neo4j, filled, ids, where), queries)
        rows.append((f"{name} ({allowed.mean():.1%}): FAISS, exact", 1.0, *spent, 1.0))
        rows.append((f"{name}: Neo4j", recall(exact, found), *taken, taken[0] / spent[0]))
    # what the index saves
    monkeypatch.setattr(server_vectors, "EXACT", len(ids))
    _, taken = asked(partial(in_neo4j, filled, ids, ()), queries[:20])
    rows.append(("no filter: Neo4j, compared one by one", 1.0, *taken, taken[0] / rows[0][2]))
    show(
        f"Icecat, {len(vectors):,} vectors of {DIM} numbers in {CLUSTERS} clusters, {K} nearest of "
        f"{QUERIES} queries; written and indexed in {written:.1f} s ({len(vectors) / written:,.0f}/s) "
        "(ratio: FAISS under the same filter)",
        ("method", f"recall@{K}", "p50 ms", "p95 ms", "ratio"),
        rows,
    )


def clustered(ids: tuple[str, ...]) -> tuple[Vectors, npt.NDArray[np.float32]]:
    """Unit vectors around centres, as encodings of products lie, and queries that lie between them."""
    rng = np.random.default_rng(0)
    centres = rng.normal(size=(CLUSTERS, DIM))
    matrix = centres[rng.integers(CLUSTERS, size=len(ids))] + 0.7 * rng.normal(size=(len(ids), DIM))
    queries = centres[rng.integers(CLUSTERS, size=QUERIES)] + rng.normal(size=(QUERIES, DIM))
    matrix, queries = (m / np.linalg.norm(m, axis=1, keepdims=True) for m in (matrix, queries))
    present = np.ones(len(ids), dtype=np.bool_)
    return Vectors(ids=ids, matrix=matrix.astype(np.float32), present=present), queries.astype(np.float32)


def in_memory(
    local: SpaceIndex, allowed: npt.NDArray[np.bool_], query: npt.NDArray[np.float32]
) -> npt.NDArray[np.int64]:
    found: npt.NDArray[np.int64] = local.search(query[None, :], K, allowed=allowed)[1][0]
    return found


def in_neo4j(
    store: ServerStore, ids: Vocabulary, where: tuple[str, ...], query: npt.NDArray[np.float32]
) -> npt.NDArray[np.int64]:
    return ids.numbers(node_id for node_id, _ in store.nearest("text", query, k=K, where=where))


def asked(
    ask: Callable[[npt.NDArray[np.float32]], npt.NDArray[np.int64]], queries: npt.NDArray[np.float32]
) -> tuple[list[set[int]], tuple[float, float]]:
    """What was found for each query, and the time it took: p50 and p95, in ms. The first warms up."""
    ask(queries[0])
    found, taken = [], []
    for query in queries:
        started = time.perf_counter()
        found.append(set(ask(query).tolist()) - {-1})
        taken.append((time.perf_counter() - started) * 1e3)
    return found, (float(np.percentile(taken, 50)), float(np.percentile(taken, 95)))


def recall(exact: Sequence[set[int]], found: Sequence[set[int]]) -> float:
    return float(
        np.mean([len(one & other) / max(1, len(one)) for one, other in zip(exact, found, strict=True)])
    )
