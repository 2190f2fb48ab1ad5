"""Whatever breaks while a graph server is loaded: a clear error or none, and the same graph in the end.

The tests share one server of their own and run in an order in which it is restarted seldom.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial

import neo4j
import pytest

from kg.errors import StoreError
from kg.graph import Graph
from kg.records import Product
from kg.store.base import WriteCounts
from kg.store.server import ServerStore
from kg.store.server_access import Credentials
from tests import crashing
from tests.graph_servers import BreakableServer, free_port
from tests.kg.store import loading
from tests.kg.store.contract import assert_same_graph, snapshot_of
from tests.kg.store.loading import PRODUCTS, breaking, catalog

LITTLE_MEMORY = "db.memory.transaction.max=32m"
READ_ONLY = "server.databases.default_to_read_only=true"


@pytest.fixture(scope="module")
def whole() -> Graph:
    """The graph that an undisturbed load gives."""
    return snapshot_of(catalog())


@pytest.fixture
def server(spare_server: BreakableServer) -> BreakableServer:
    """The spare server, running and empty, with little memory for a transaction."""
    spare_server.start(LITTLE_MEMORY)
    with driver_of(spare_server) as driver, driver.session() as session:
        for what in ("()-[x]->()", "(x)"):
            session.run(f"MATCH {what} CALL (x) {{ DELETE x }} IN TRANSACTIONS OF 500 ROWS").consume()
    return spare_server


def driver_of(server: BreakableServer) -> neo4j.Driver:
    return neo4j.GraphDatabase.driver(
        server.url, auth=("neo4j", server.password), notifications_min_severity="OFF"
    )


def eventually(condition: Callable[[], object], seconds: float = 120.0) -> None:
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "it did not happen in time"
        time.sleep(0.05)


def in_background(work: Callable[[], object]) -> threading.Thread:
    thread = threading.Thread(target=work)
    thread.start()
    return thread


@pytest.mark.neo4j
class TestFaults:
    def test_a_wrong_password(self, server: BreakableServer) -> None:
        with pytest.raises(StoreError, match=r"127\.0\.0\.1.*user 'neo4j'.*check.*NEO4J_PASSWORD") as error:
            ServerStore.open(server.url, credentials=Credentials(password="sesame"))
        assert "sesame" not in str(error.value)

    def test_a_wrong_database(self, server: BreakableServer) -> None:
        credentials = Credentials(password=server.password)
        with pytest.raises(StoreError, match=r"127\.0\.0\.1.*'nowhere'.*NEO4J_DATABASE"):
            ServerStore.open(server.url, credentials=credentials, database="nowhere")

    def test_too_little_memory_for_a_batch(
        self, server: BreakableServer, whole: Graph, caplog: pytest.LogCaptureFixture
    ) -> None:
        caplog.set_level(logging.INFO, "kg.store.server_load")
        credentials = Credentials(password=server.password)
        with ServerStore.open(server.url, credentials=credentials, batch=100_000, batch_bytes=10**9) as store:
            counts = store.upsert(catalog())
            assert counts == WriteCounts(written=len(catalog()))
            assert "at once were too many" in caplog.text
            assert_same_graph(store.snapshot(), whole)
            assert store.unfinished_load() == ""

    def test_too_little_memory_for_one_record(self, server: BreakableServer) -> None:
        giant = Product(id="giant", attributes={f"attribute {n}": f"value {n}" for n in range(40_000)})
        with server.open(batch=2) as store:
            began = time.monotonic()
            with pytest.raises(
                StoreError, match=r"'giant' alone.*127\.0\.0\.1.*raise db\.memory.*2 records.*kept"
            ):
                store.upsert([Product(id="a"), Product(id="b"), giant, Product(id="c"), Product(id="d")])
            assert (
                time.monotonic() - began < 60
            )  # the server calls it transient, but it is not tried for long
            assert [p.id for p in store.products()] == ["a", "b"]
            assert "kept 2 records" in store.unfinished_load()

    def test_a_deadlock(self, server: BreakableServer, caplog: pytest.LogCaptureFixture) -> None:
        """A stranger has locked a product that the load changes, and waits for what the load has locked."""
        caplog.set_level(logging.INFO, "kg.store.server_connection")
        lamp, lamps = Product(id="lamp"), Product(id="lamp", title="Lamp")
        blocked = "SHOW TRANSACTIONS YIELD status WHERE status STARTS WITH 'Blocked' RETURN count(*)"
        with server.open() as store, driver_of(server) as driver, driver.session() as session:
            store.upsert([lamp])
            with session.begin_transaction() as stranger:
                stranger.run("MATCH (p:Product {id: 'lamp'}) SET p.note = 'mine'").consume()
                load = in_background(partial(store.upsert, [lamps]))
                eventually(lambda: driver.execute_query(blocked).records[0][0])
                stranger.run("MATCH (g:Shelfgraph {id: 'graph'}) SET g.note = 'mine'").consume()
                stranger.commit()
            load.join()
            assert "Deadlock" in caplog.text
            assert list(store.products()) == [lamps]

    def test_two_processes_load_different_and_the_same_products(
        self, server: BreakableServer, whole: Graph
    ) -> None:
        third = PRODUCTS // 3
        parts = [(0, 2 * third, False), (third, PRODUCTS, True)]
        with ThreadPoolExecutor(2) as pool:
            exits = pool.map(
                lambda part: crashing.run(loading.load, server.url, server.password, *part, -1), parts
            )
            assert list(exits) == [0, 0]
        with server.open() as store:
            assert store.unfinished_load() == ""
            assert_same_graph(store.snapshot(), whole)
            assert store.upsert(catalog()) == WriteCounts(unchanged=len(catalog()))

    def test_a_loader_killed_in_mid_load(
        self, server: BreakableServer, whole: Graph, caplog: pytest.LogCaptureFixture
    ) -> None:
        arguments = (server.url, server.password, 0, PRODUCTS, False, 1_500)
        assert crashing.run(loading.load, *arguments) == crashing.KILLED
        with server.open() as store:
            assert "may be incomplete: a load begun" in caplog.text
            assert store.unfinished_load()
            some_new = [Product(id=f"n{n}") for n in range(20_000)]
            with server.open(batch=10_000) as other:
                other.upsert(some_new)
            assert store.unfinished_load(), "a longer load of something else does not make it good"
            other_ids = [product.id for product in some_new]
            store.delete(products=other_ids)
            store.upsert(catalog())
            assert store.unfinished_load() == ""
            assert_same_graph(store.snapshot(), whole)

    def test_a_restart_in_mid_load_is_survived(self, server: BreakableServer, whole: Graph) -> None:
        restarts: list[threading.Thread] = []

        def restart() -> None:
            restarts.append(in_background(partial(server.start)))  # with more memory

        with server.open() as store:
            assert store.upsert(breaking(catalog(), 4_000, restart)) == WriteCounts(written=len(catalog()))
            restarts[0].join()
            assert store.unfinished_load() == ""
            assert_same_graph(store.snapshot(), whole)

    def test_a_server_killed_in_mid_load(self, spare_server: BreakableServer, whole: Graph) -> None:
        spare_server.start()
        with driver_of(spare_server) as driver:
            driver.execute_query("MATCH (n) DETACH DELETE n")
        with spare_server.open(retry=0.5) as store:
            with pytest.raises(StoreError, match=r"127\.0\.0\.1.*start Neo4j.*records of this load are kept"):
                store.upsert(breaking(catalog(), 4_000, spare_server.kill))
            with pytest.raises(StoreError, match="start Neo4j"):
                store.counts()
        spare_server.start()
        restarts: list[threading.Thread] = []

        def kill() -> None:
            spare_server.kill()
            restarts.append(in_background(spare_server.start))

        with spare_server.open() as store:
            assert store.unfinished_load()
            store.upsert(
                breaking(catalog(), 4_000, kill)
            )  # once more, and this time it comes back soon enough
            restarts[0].join()
            assert store.unfinished_load() == ""
            assert_same_graph(store.snapshot(), whole)
            assert store.upsert(catalog()) == WriteCounts(unchanged=len(catalog()))

    def test_a_read_only_database(self, spare_server: BreakableServer, whole: Graph) -> None:
        spare_server.start(READ_ONLY)
        with spare_server.open() as store:
            assert_same_graph(store.snapshot(), whole)
            with pytest.raises(StoreError, match=r"127\.0\.0\.1.*for reading only; make it writable"):
                store.upsert([Product(id="new")])
            with pytest.raises(StoreError, match="for reading only"):
                store.delete(products=["p00001"])
            assert store.product("p00001") is not None


def test_no_server() -> None:
    port = free_port()
    for scheme in ("neo4j", "bolt"):
        with pytest.raises(StoreError, match=rf"127\.0\.0\.1:{port}.*start Neo4j"):
            ServerStore.open(f"{scheme}://127.0.0.1:{port}", credentials=Credentials(password="secret"))
