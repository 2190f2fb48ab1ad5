"""Loads into a real graph server: only what changed is written, in batches, and a broken one is known."""

from __future__ import annotations

import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from decimal import Decimal
from pathlib import Path

import neo4j
import pytest

from kg import Shop
from kg.errors import StoreError
from kg.reading import Mapping, read
from kg.records import Fact, Interaction, Product, ProductPatch, Record
from kg.store.base import WriteCounts
from kg.store.embedded import EmbeddedStore
from kg.store.server import ServerStore
from kg.store.server_batches import batches, entry_of, size
from recommend import build
from tests.crashing import QUICK
from tests.graph_servers import ServerAddress
from tests.kg.store.contract import LAMP, assert_same_graph, snapshot_of
from tests.kg.store.emptied import credentials_of, driver_of, empty
from tests.recommend.cli.lampshop import run
from tests.tiny import RECORDS, tiny_graph

EDGES = "MATCH (p:Product)-[r]->() RETURN p.id AS id, type(r) AS type, collect(elementId(r)) AS edges"


@pytest.fixture(scope="module")
def driver(graph_server: ServerAddress) -> Iterator[neo4j.Driver]:
    with driver_of(graph_server) as driver:
        yield driver


@pytest.fixture
def server(graph_server: ServerAddress, driver: neo4j.Driver) -> ServerAddress:
    """The server, with nothing in it."""
    empty(driver)
    return graph_server


def opened(server: ServerAddress, *, batch: int = 10_000, batch_bytes: int = 4_000_000) -> ServerStore:
    credentials = credentials_of(server)
    return ServerStore.open(server.url, credentials=credentials, batch=batch, batch_bytes=batch_bytes)


def edges_of(driver: neo4j.Driver) -> dict[tuple[str, str], set[str]]:
    """The edges themselves by product and type: one that is replaced by its like is another."""
    return {(row["id"], row["type"]): set(row["edges"]) for row in driver.execute_query(EDGES).records}


def half_of(records: list[Record]) -> Iterator[Record]:
    yield from records[: len(records) // 2]
    raise ValueError("the file ends here")


def breaks(store: ServerStore, records: list[Record]) -> None:
    """Load the first half of the records and no more."""
    with pytest.raises(ValueError, match="ends here"):
        store.upsert(half_of(records))


@pytest.mark.neo4j
class TestLoads:
    def test_the_tiny_graph_is_the_same_on_a_server(self, server: ServerAddress) -> None:
        with opened(server, batch=7) as store:
            assert store.upsert(RECORDS) == WriteCounts(written=len(RECORDS))
            assert_same_graph(store.snapshot(), tiny_graph())

    def test_only_what_changed_is_written(self, server: ServerAddress, driver: neo4j.Driver) -> None:
        products = [replace(LAMP, id=f"p{n}", price=Decimal(n)) for n in range(50)]
        with opened(server, batch=20) as store:
            store.upsert(products)
            before = edges_of(driver)
            assert store.upsert(products) == WriteCounts(unchanged=50)
            assert edges_of(driver) == before
            products[3] = replace(products[3], price=Decimal("99.90"))
            products[4] = replace(products[4], attributes={**LAMP.attributes, "bulbs": 3.0})
            products[5] = replace(products[5], brand="Other")
            assert store.upsert(products) == WriteCounts(written=3, unchanged=47)
            after = edges_of(driver)
            assert {name for name in before if before[name] != after[name]} == {
                ("p4", "HAS_ATTRIBUTE"),
                ("p5", "MADE_BY"),
            }
            assert_same_graph(store.snapshot(), snapshot_of(products))

    def test_changes_made_in_cypher_are_put_right(self, server: ServerAddress, driver: neo4j.Driver) -> None:
        with opened(server) as store:
            for change in (
                "MATCH (:Product)-[r:HAS_ATTRIBUTE {name: 'bulbs'}]->() SET r.value = 3.0",
                "MATCH (:Product)-[r:HAS_ATTRIBUTE {name: 'dimmable'}]->() SET r.value = 1.0",
                "MATCH (:Product)-[r:MADE_BY]->() DELETE r",
                "MATCH (p:Product) SET p.title = null",
            ):
                store.upsert([LAMP])
                driver.execute_query(change)
                assert store.upsert([LAMP]) == WriteCounts(written=1), change
                assert store.product("lamp") == LAMP

    def test_a_batch_is_bounded_by_its_size_too(self, server: ServerAddress, driver: neo4j.Driver) -> None:
        long = [Product(id=f"p{n}", description="x" * 100_000) for n in range(10)]
        with opened(server, batch_bytes=250_000) as store:
            store.upsert(long)
        (row,) = driver.execute_query("MATCH (g:Shelfgraph {id: 'graph'}) RETURN g.changes").records
        assert row[0] == 5

    def test_two_stores_load_at_once(self, server: ServerAddress) -> None:
        products = [replace(LAMP, id=f"p{n}", brand=f"b{n % 3}") for n in range(200)]
        facts = [Fact(head=f"p{n}", relation="next_to", tail=f"p{n + 1}") for n in range(200)]
        with (
            opened(server, batch=20) as one,
            opened(server, batch=30) as two,
            ThreadPoolExecutor(2) as pool,
        ):
            first = pool.submit(one.upsert, [*products, *facts])
            second = pool.submit(two.upsert, [*reversed(facts), *reversed(products)])
            counts = first.result(), second.result()
            assert sum(c.written for c in counts) == 400
            assert sum(c.unchanged for c in counts) == 400
            assert one.unfinished_load() == ""
            assert_same_graph(two.snapshot(), snapshot_of([*products, *facts]))

    # unfinished loads

    def test_a_load_under_way_is_seen_as_unfinished(self, server: ServerAddress) -> None:
        with opened(server, batch=2) as store:
            seen = []

            def watching() -> Iterator[Record]:
                for n in range(6):
                    yield Product(id=f"p{n}")
                end = time.monotonic() + 60
                while not (found := store.unfinished_load()) and time.monotonic() < end:
                    time.sleep(0.02)
                seen.append(found)

            store.upsert(watching())
            assert "kept 2 records" in seen[0]
            assert store.unfinished_load() == ""

    def test_a_broken_load_leaves_a_marker_until_it_is_run_again(self, server: ServerAddress) -> None:
        records: list[Record] = [Product(id=f"p{n}") for n in range(14)]
        with opened(server, batch=2) as store:
            breaks(store, records)
            # the batch in hand is not written: only the reader knows whether it was whole
            assert [p.id for p in store.products()] == ["p0", "p1", "p2", "p3"]
            assert "kept 4 records" in store.unfinished_load()
            assert store.counts().unfinished_load == store.unfinished_load()
            other = [LAMP, *(Product(id=f"other {n}") for n in range(20))]
            store.upsert(other)  # another load does not make it good, however long
            assert "kept 4 records" in store.unfinished_load()
            assert store.upsert(records) == WriteCounts(written=10, unchanged=4)
            assert store.unfinished_load() == ""
            assert_same_graph(store.snapshot(), snapshot_of([*other, *records]))

    def test_a_load_of_the_same_catalog_a_little_later_makes_it_good(self, server: ServerAddress) -> None:
        log: list[Record] = [Interaction(user=f"u{n % 7}", product="p", time=float(n)) for n in range(40)]
        with opened(server, batch=2) as store:
            for _ in range(2):  # twice, each leaves a marker
                breaks(store, log)
            assert store.unfinished_load().count("a load begun") == 2
            store.upsert([Interaction(user="new", product="p"), *log[2:]])
            assert store.unfinished_load() == ""

    def test_a_patch_may_be_broken_off_too(self, server: ServerAddress) -> None:
        patches = [
            ProductPatch(product=Product(id=f"p{n}", title="new"), fields=frozenset({"title"}))
            for n in range(8)
        ]
        with opened(server, batch=1) as store:
            breaks(store, patches)  # type: ignore[arg-type]
            assert store.unfinished_load()
            store.upsert(patches)
            assert store.unfinished_load() == ""

    def test_half_a_catalog_is_reported_and_not_built(
        self, server: ServerAddress, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setenv("NEO4J_USERNAME", server.username)
        monkeypatch.setenv("NEO4J_PASSWORD", server.password)
        shop = Shop.create(tmp_path / "shop", graph=server.url, credentials=credentials_of(server))
        with opened(server, batch=4) as store:
            breaks(store, list(RECORDS))
            told = store.unfinished_load()
            with pytest.raises(StoreError, match=r"incomplete.*run that load again.*--allow-partial"):
                build(shop, settings=QUICK)
            assert shop.versions() == ()
            counted = run("stats", "--shop", shop.path)
            assert counted.status == 1
            assert counted.err.count(told) == 1
            refused = run("build", "--profile", "fast", "--without", "text", "--shop", shop.path)
            assert refused.status == 2
            assert "--allow-partial" in refused.err
            ran = run(
                *("build", "--profile", "fast", "--without", "text", "--allow-partial", "--shop", shop.path)
            )
            assert (ran.status, len(shop.versions())) == (0, 1)
            assert told in ran.err
            store.upsert(RECORDS)
            assert build(shop, settings=QUICK).current
            assert run("stats", "--shop", shop.path).err == ""


@pytest.mark.neo4j
@pytest.mark.data
@pytest.mark.long  # 90 s
def test_icecat_is_the_same_on_a_server(
    server: ServerAddress, driver: neo4j.Driver, test_data: Path, tmp_path: Path
) -> None:
    file = test_data / "icecat" / "products.jsonl.gz"
    mapping = Mapping.builtin("icecat")
    with opened(server) as store, EmbeddedStore.open(tmp_path / "graph.sqlite") as embedded:
        written = store.upsert(read(file, mapping=mapping))
        assert written == embedded.upsert(read(file, mapping=mapping)) == WriteCounts(written=19_406)
        (values,) = driver.execute_query("MATCH ()-[:HAS_ATTRIBUTE]->() RETURN count(*)").records
        assert values[0] == 371_405
        assert_same_graph(store.snapshot(), embedded.snapshot())
        products = [p for p in read(file, mapping=mapping) if isinstance(p, Product)]
        changed = [replace(p, price=Decimal(1)) if n % 200 == 7 else p for n, p in enumerate(products)]
        assert store.upsert(changed) == embedded.upsert(changed)
        assert_same_graph(store.snapshot(), embedded.snapshot())


def test_batches_are_bounded_by_records_and_by_bytes() -> None:
    small = [entry_of(Product(id=f"p{n}")) for n in range(7)]
    assert [([e.content.id for e in batch], last) for batch, last in batches(small, 3, lambda: 10**9)] == [  # type: ignore[union-attr]
        (["p0", "p1", "p2"], False),
        (["p3", "p4", "p5"], False),
        (["p6"], True),
    ]
    large = [entry_of(Product(id=f"p{n}", title="x" * (1_000 if n % 2 else 50_000))) for n in range(8)]
    cut = [batch for batch, _ in batches(large, 100, lambda: 60_000)]
    assert [entry for batch in cut for entry in batch] == large
    assert all(size(batch) <= 60_000 for batch in cut)
    assert len(cut) == 4
    assert [len(batch) for batch, _ in batches(large, 100, lambda: 10)] == [1] * 8  # one always goes
    assert list(batches([], 3, lambda: 10)) == []
