"""Loading into Neo4j, beside the embedded store in the same run: Icecat, and a made-up shop.

The made-up shop has SHELFGRAPH_BENCH_SCALE million nodes and five times as many relations; 0.1 if that is
not set, which takes a minute or two.
"""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from tests.benchmarks import synthetic
from tests.benchmarks.alone import alone
from tests.benchmarks.synthetic import Measured
from tests.benchmarks.table import show
from tests.graph_servers import ServerAddress
from tests.kg.store.emptied import driver_of, empty

SCALE = float(os.environ.get("SHELFGRAPH_BENCH_SCALE", "0.1"))
MEMORY = 1_024  # MB that the client may take
HEAD = ("step", "seconds", "nodes/s", "relations/s", "client peak MB", "ratio")


@pytest.fixture
def server(graph_server: ServerAddress) -> ServerAddress:
    with driver_of(graph_server) as driver, driver.session() as session:
        session.run("MATCH (n) CALL (n) { DETACH DELETE n } IN TRANSACTIONS OF 10000 ROWS").consume()
        empty(driver)
    return graph_server


@pytest.mark.neo4j
def test_load_icecat_into_neo4j(server: ServerAddress, test_data: Path, tmp_path: Path) -> None:
    source = test_data / "icecat" / "products.jsonl.gz"
    file = tmp_path / "graph.sqlite"
    embedded = alone(synthetic.load_icecat, None, file, "", source)
    loaded = alone(synthetic.load_icecat, server.url, file, server.password, source)
    assert [step.written for step in loaded] == [step.written for step in embedded] == [19_406, 0, 195, 0]
    size = size_of(server)
    names = ("load, new", "load, again", "load, 1 % changed", "snapshot")
    show(
        f"Icecat into Neo4j, {size[0]:,} nodes, {size[1]:,} relations (ratio: embedded store, same run)",
        HEAD,
        [
            row
            for name, here, there in zip(names, embedded, loaded, strict=True)
            for row in (of(f"{name}: embedded", here, size, here), of(f"{name}: Neo4j", there, size, here))
        ],
    )
    assert not any(step.peak > MEMORY for step in loaded)


@pytest.mark.neo4j
@pytest.mark.timeout(3_600)
def test_load_a_large_shop_into_neo4j(server: ServerAddress, tmp_path: Path) -> None:
    file = tmp_path / "graph.sqlite"
    (embedded,) = alone(synthetic.load_synthetic, None, file, "", SCALE)
    (loaded,) = alone(synthetic.load_synthetic, server.url, file, server.password, SCALE)
    assert loaded.written == embedded.written
    size = size_of(server)
    show(
        f"A made-up shop into Neo4j, {size[0]:,} nodes, {size[1]:,} relations "
        f"(SHELFGRAPH_BENCH_SCALE={SCALE:g}; ratio: embedded store, same run)",
        HEAD,
        [
            of("load, new: embedded", embedded, size, embedded),
            of("load, new: Neo4j", loaded, size, embedded),
        ],
    )
    assert not loaded.peak > MEMORY


def size_of(server: ServerAddress) -> tuple[int, int]:
    """How many nodes and relations the graph has, without our own notes."""
    with driver_of(server) as driver:
        nodes = driver.execute_query("MATCH (n) WHERE NOT n:Shelfgraph RETURN count(n)").records[0][0]
        return nodes, driver.execute_query("MATCH ()-[r]->() RETURN count(r)").records[0][0]


def of(name: str, step: Measured, size: tuple[int, int], beside: Measured) -> tuple[object, ...]:
    nodes, relations = size
    ratio = step.seconds / beside.seconds
    rates = (int(nodes / step.seconds), int(relations / step.seconds))
    return (name, step.seconds, *rates, step.peak, ratio)
