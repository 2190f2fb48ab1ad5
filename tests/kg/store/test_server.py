"""The Neo4j store keeps the same contract on a real server, and speaks plainly when the server does not."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Protocol

import neo4j
import pytest
from hypothesis import given

from kg.errors import DataError, StoreError
from kg.records import Interaction, Product, Record
from kg.store.base import WriteCounts
from kg.store.embedded import EmbeddedStore
from kg.store.server import ServerStore
from kg.store.server_access import Credentials, credentials, server_url
from tests import strategies
from tests.graph_servers import ServerAddress
from tests.kg.store.contract import (
    BOUGHT,
    DESK,
    FITS,
    LAMP,
    Fresh,
    StoreContract,
    assert_same_graph,
    everything,
    several_examples,
)


@pytest.fixture(scope="module")
def driver(graph_server: ServerAddress) -> Iterator[neo4j.Driver]:
    with neo4j.GraphDatabase.driver(
        graph_server.url,
        auth=(graph_server.username, graph_server.password),
        notifications_min_severity="OFF",
    ) as driver:
        yield driver


class Opens(Protocol):
    """Opens the emptied database; options are those of ServerStore.open."""

    def __call__(self, *, batch: int = 1_000) -> ServerStore: ...


def known(server: ServerAddress) -> Credentials:
    return Credentials(username=server.username, password=server.password)


@pytest.fixture
def fresh(driver: neo4j.Driver, graph_server: ServerAddress) -> Iterator[Opens]:
    opened: list[ServerStore] = []

    def fresh(*, batch: int = 1_000) -> ServerStore:
        driver.execute_query("MATCH (n) DETACH DELETE n")
        opened.append(ServerStore.open(graph_server.url, credentials=known(graph_server), batch=batch))
        return opened[-1]

    yield fresh
    for store in opened:
        store.close()


@pytest.mark.neo4j
class TestServerStore(StoreContract):
    @pytest.fixture
    def fresh(self, fresh: Opens) -> Fresh:
        return fresh


CYPHER: list[tuple[str, *tuple[object, ...]]] = [
    # a query, and its one answer for the records of the contract
    ("MATCH (:Brand {id: 'Lumo'})<-[:MADE_BY]-(p:Product) WHERE p.price < 20 RETURN p.title", "Desk lamp"),
    ("MATCH (:Product {id: 'lamp'})-[:IN_CATEGORY]->()-[:SUBCATEGORY_OF*]->(c) RETURN c.name", "Home"),
    (
        "MATCH (p:Product)-[h:HAS_ATTRIBUTE {name: 'weight'}]->(a:Attribute) WHERE h.value < 2 "
        "RETURN p.id, a.name, a.value, a.unit",
        *("lamp", "weight", 1.23, "kg"),
    ),
    ("MATCH (a:Attribute {id: 'colour=brass'})<--(p) RETURN p.id", "lamp"),
    (
        "MATCH (:User {id: 'ann'})-[r:PURCHASED]->(p:Product) RETURN p.id, r.time, r.order",
        "lamp",
        100.0,
        "o1",
    ),
    ("MATCH (q:Query)-[:FOUND]->(p:Product) RETURN q.id, p.id", "a lamp", "lamp"),
    (
        "MATCH (:Product {id: 'lamp'})-[r:COMPATIBLE_WITH]->(p) RETURN p.id, r.weight, r.source, r.fact",
        *("desk", 2.0, "expert", True),
    ),
    ("MATCH (p:Product)-[:IN_COLLECTION]->(:Collection {id: 'study'}) RETURN count(p)", 2),
]


@pytest.mark.neo4j
class TestOnlyOnAServer:
    @several_examples
    @given(before=strategies.records, after=strategies.records)
    def test_the_same_snapshot_as_the_embedded_store(
        self,
        fresh: Opens,
        tmp_path_factory: pytest.TempPathFactory,
        before: list[Record],
        after: list[Record],
    ) -> None:
        server = fresh()
        with EmbeddedStore.open(tmp_path_factory.mktemp("store") / "graph.sqlite") as embedded:
            for records in (before, after):
                assert server.upsert(records) == embedded.upsert(records)
                assert_same_graph(server.snapshot(), embedded.snapshot())
                assert server.counts() == embedded.counts()
            assert server.delete(products=["p1"], users=["u1"]) == embedded.delete(
                products=["p1"], users=["u1"]
            )
            assert_same_graph(server.snapshot(), embedded.snapshot())

    def test_it_looks_as_a_neo4j_user_would_write_it(self, fresh: Opens, driver: neo4j.Driver) -> None:
        store = fresh()
        store.upsert([LAMP, DESK, replace(BOUGHT, kind="click", query="a lamp"), BOUGHT, FITS])
        for query, *expected in CYPHER:
            assert [list(row) for row in driver.execute_query(query).records] == [expected], query

    def test_every_id_is_unique(self, fresh: Opens, driver: neo4j.Driver) -> None:
        fresh().upsert([LAMP])
        constraints = driver.execute_query("SHOW CONSTRAINTS YIELD type, labelsOrTypes, properties").records
        unique = {c["labelsOrTypes"][0] for c in constraints if c["properties"] == ["id"]}
        assert {"Product", "Brand", "Category", "Attribute", "User", "Query", "Collection"} <= unique

    def test_nothing_lies_about_when_all_is_deleted(self, fresh: Opens, driver: neo4j.Driver) -> None:
        store = fresh()
        deep = Product(id="deep", category=("Home", "Lighting", "Desk", "LED"))
        clicks = [Interaction(user=u, product="lamp", kind="click", query=q) for u in "ab" for q in ("x", u)]
        store.upsert([LAMP, deep, *clicks, FITS])
        store.upsert([replace(deep, category=("Home",))])
        left = driver.execute_query("MATCH (c:Category) RETURN c.id AS id ORDER BY id").records
        assert [r["id"] for r in left] == ["Home", "Home > Lighting", "Office", "Sale"]
        store.delete(users=["a"])
        left = driver.execute_query("MATCH (q:Query)-->() RETURN q.id AS id ORDER BY id").records
        assert [r["id"] for r in left] == ["b", "x"]
        store.delete(products=["lamp", "deep"], users=["b"])
        left = driver.execute_query("MATCH (n) WHERE NOT n:Shelfgraph RETURN n").records
        assert left == []

    def test_a_price_changed_in_cypher_is_read_and_can_be_put_right(
        self, fresh: Opens, driver: neo4j.Driver
    ) -> None:
        store = fresh()
        store.upsert([LAMP])
        driver.execute_query("MATCH (p:Product {id: 'lamp'}) SET p.price = 5.5, p.note = 'mine'")
        found = store.product("lamp")
        assert found is not None
        assert str(found.price) == "5.5"
        assert store.upsert([LAMP]) == WriteCounts(written=1)
        assert store.product("lamp") == LAMP
        # what is not ours stays
        assert driver.execute_query("MATCH (p:Product {note: 'mine'}) RETURN p.id").records[0][0] == "lamp"

    def test_a_relation_that_is_no_plain_name_is_refused(self, fresh: Opens) -> None:
        store = fresh()
        for relation in ("x`) DETACH DELETE n //", "Compatible", "", "9a", "a-b"):
            with pytest.raises(DataError, match="compatible_with"):
                store.upsert([replace(FITS, relation=relation)])
        assert everything(store) == []

    def test_an_id_that_is_too_long_is_refused(self, fresh: Opens) -> None:
        store = fresh()
        store.upsert([Product(id="x" * 8_000)])
        with pytest.raises(DataError, match="8,000 bytes"):
            store.upsert([Product(id="é" * 4_001)])

    def test_half_characters_are_refused(self, fresh: Opens) -> None:
        with pytest.raises(DataError, match="half characters"):
            fresh().upsert([Product(id="p", title="\ud800")])

    def test_reading_only(self, fresh: Opens, graph_server: ServerAddress) -> None:
        fresh().upsert([LAMP])
        with ServerStore.open(graph_server.url, credentials=known(graph_server), read_only=True) as store:
            assert everything(store) == [LAMP]
            with pytest.raises(StoreError, match="reading only"):
                store.upsert([DESK])


def test_credentials_are_asked_for_before_anything_is_sent() -> None:
    with pytest.raises(StoreError, match="NEO4J_PASSWORD"):
        ServerStore.open("neo4j://127.0.0.1:1")


@pytest.mark.parametrize(
    ("url", "problem"),
    [
        ("neo4j://neo4j:hunter2@host:7687", "environment"),
        ("http://host:7474", "neo4j://"),
        ("host", "neo4j://"),
        ("neo4j://", "host"),
        ("neo4j://host:99999", "understood"),
        ("neo4j://host/shop", "NEO4J_DATABASE"),
    ],
)
def test_a_url_that_will_not_do(url: str, problem: str) -> None:
    with pytest.raises(StoreError, match=problem) as error:
        server_url(url)
    assert "hunter2" not in str(error.value)


def test_a_url_in_its_plain_form() -> None:
    assert server_url("neo4j+s://Host/") == "neo4j+s://host:7687"
    assert server_url("bolt://[::1]:7700") == "bolt://[::1]:7700"


def test_credentials_from_the_environment_or_a_file(tmp_path: Path) -> None:
    env = {"NEO4J_USERNAME": "kim", "NEO4J_PASSWORD": "a=b/c", "NEO4J_DATABASE": "shop"}
    assert credentials(env) == Credentials(username="kim", password="a=b/c", database="shop")
    assert credentials({}) is None
    assert credentials({"NEO4J_AUTH": "neo4j/pass/word"}) == Credentials(password="pass/word")
    file = tmp_path / "aura.txt"
    file.write_text(
        "# from Aura\nNEO4J_URI=neo4j+s://x\nexport NEO4J_PASSWORD='from file'\n", encoding="utf-8"
    )
    assert credentials(env, file) == Credentials(password="from file")
    file.write_text("NEO4J_USERNAME=kim\n", encoding="utf-8")
    with pytest.raises(StoreError, match="NEO4J_PASSWORD"):
        credentials(env, file)
    with pytest.raises(StoreError, match=r"nothing\.txt"):
        credentials(env, tmp_path / "nothing.txt")


def test_a_password_is_never_shown() -> None:
    assert "hunter2" not in repr(Credentials(password="hunter2"))
