"""The test server's database, emptied and opened."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import neo4j

from kg.store.server import ServerStore
from kg.store.server_access import Credentials
from tests.graph_servers import ServerAddress


def credentials_of(server: ServerAddress) -> Credentials:
    return Credentials(username=server.username, password=server.password)


@contextmanager
def driver_of(server: ServerAddress) -> Iterator[neo4j.Driver]:
    with neo4j.GraphDatabase.driver(
        server.url, auth=(server.username, server.password), notifications_min_severity="OFF"
    ) as driver:
        yield driver


@contextmanager
def emptied(server: ServerAddress, *, batch: int = 10_000) -> Iterator[ServerStore]:
    """A store whose database holds nothing; no vector index of another test either."""
    with driver_of(server) as driver:
        empty(driver)
        with ServerStore.open(server.url, credentials=credentials_of(server), batch=batch) as store:
            yield store


def empty(driver: neo4j.Driver) -> None:
    driver.execute_query("MATCH (n) DETACH DELETE n")
    for row in driver.execute_query("SHOW VECTOR INDEXES YIELD name").records:
        driver.execute_query(f"DROP INDEX `{row['name']}`")
