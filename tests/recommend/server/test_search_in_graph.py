"""A search that retrieves from the graph gives the answers that the version's own index gives."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from kg import Shop, VersionError
from kg.store import server_vectors
from recommend import Recommender, Settings, build
from tests.graph_servers import ServerAddress
from tests.kg.store.emptied import credentials_of, emptied
from tests.recommend.cli.lampshop import run
from tests.recommend.server.conftest import demo_records
from tests.recommend.shops import FEW_QUERIES

WORDS = Settings(image=False, kge=False, gnn=False, fusion=None, threads=1, search_queries=FEW_QUERIES)
ASKED: tuple[tuple[str, tuple[str, ...]], ...] = (
    ("lamp for reading in bed", ()),
    ("煎锅", ()),
    ("something to sit on", ("price<=200",)),
    ("black chair", ("attr.colour=black", "brand!=Nordhem")),
    ("frying pan", ("category=Kitchen", "price>50")),
    ("anything", ("id in SG-0001,SG-0002,SG-0003",)),
    ("anything", ("brand=nobody",)),
)


@pytest.fixture(scope="module", params=["embedded", pytest.param("server", marks=pytest.mark.neo4j)])
def shop(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shop]:
    """Two hundred products of the demo, built, with their vectors in the graph."""
    folder: Path = tmp_path_factory.mktemp("graph-search") / "shop"
    records = demo_records(products=200, users=20)
    if request.param == "embedded":
        shop = Shop.create(folder)
        with shop.store() as store:
            store.upsert(records)  # type: ignore[arg-type]
            build(shop, settings=WORDS, vectors_to_graph=True)
            yield shop
        return
    server: ServerAddress = request.getfixturevalue("graph_server")
    with emptied(server) as store:
        store.upsert(records)  # type: ignore[arg-type]
        shop = Shop.create(folder, graph=server.url, credentials=credentials_of(server))
        build(shop, settings=WORDS, vectors_to_graph=True)
        yield shop


def assert_alike(shop: Shop, *, least: float = 1.0) -> None:
    """At least this share of the ten best is the same; and all of it but ties of rounding, if least is 1."""
    local = Recommender.open(shop.path)
    with shop.store(read_only=True) as store:
        there = Recommender.open(shop.path, vectors=store)
        for text, where in ASKED:
            one, other = local.search(text, where=where, k=10), there.search(text, where=where, k=10)
            assert len(one) == len(other)
            assert len(set(one.ids) & set(other.ids)) >= least * len(one), (text, where)
            scores = {hit.product.id: hit.score for hit in one}
            for hit in other:
                if hit.product.id in scores:
                    assert hit.score == pytest.approx(scores[hit.product.id], abs=1e-4)
            if other and least == 1.0:
                told = there.explain(other.query, other[0].product.id, paths=50)
                assert told.explained == pytest.approx(
                    local.explain(one.query, one[0].product.id).explained, abs=1e-4
                )


def test_the_same_answers(shop: Shop) -> None:
    assert_alike(shop)


def test_through_the_index_nearly_the_same(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(server_vectors, "EXACT", 0)
    assert_alike(shop, least=0.9)


def test_by_the_command(shop: Shop, graph_server_env: dict[str, str]) -> None:
    asked = ("search", "desk lamp", "--where", "price<=150", "--json", "--shop", shop.path)
    local = run(*asked)
    there = run(*asked, "--vectors", "graph", env=graph_server_env)
    assert there.status == 0, there.err
    assert [hit["id"] for hit in there.document["hits"]] == [hit["id"] for hit in local.document["hits"]]
    assert local.document["hits"]


def test_another_version_is_a_clear_error(shop: Shop, graph_server_env: dict[str, str]) -> None:
    first = shop.built.current()
    with shop.store(read_only=True) as store:
        names = store.vector_names()
    assert [name for name in names if f"_v{first.name}_" in name] == list(names) != []
    build(shop, settings=WORDS)
    with shop.store(read_only=True) as store, pytest.raises(VersionError, match="--vectors-to-graph"):
        Recommender.open(shop.path, vectors=store)
    ran = run("search", "desk", "--vectors", "graph", "--shop", shop.path, env=graph_server_env)
    assert ran.status == 2
    assert "--vectors-to-graph" in ran.err
    second = build(shop, settings=WORDS, vectors_to_graph=True)
    with shop.store(read_only=True) as store:
        assert all(f"_v{second.name}_" in name for name in store.vector_names())
        assert Recommender.open(shop.path, vectors=store).search("desk")


@pytest.fixture
def graph_server_env(request: pytest.FixtureRequest) -> dict[str, str]:
    """Credentials in the environment, where there is a server."""
    if "server" not in request.node.name:
        return {}
    server: ServerAddress = request.getfixturevalue("graph_server")
    return {"NEO4J_USERNAME": server.username, "NEO4J_PASSWORD": server.password}
