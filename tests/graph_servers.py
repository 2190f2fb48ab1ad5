"""Disposable graph servers: one to work with, one to break."""

from __future__ import annotations

import os
import socket
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from kg.store.server import ServerStore
from kg.store.server_access import Credentials

PASSWORD = "shelfgraph"


@dataclass(frozen=True, kw_only=True)
class ServerAddress:
    """A server whose database may be emptied at will."""

    url: str
    username: str = "neo4j"
    password: str = field(repr=False)


@pytest.fixture(scope="session")
def graph_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ServerAddress]:
    """The server at SHELFGRAPH_TEST_NEO4J, else one started through SHELFGRAPH_NEO4J_LAUNCHER."""
    url, launcher = os.environ.get("SHELFGRAPH_TEST_NEO4J"), os.environ.get("SHELFGRAPH_NEO4J_LAUNCHER")
    if url:
        user, password = os.environ.get("NEO4J_USERNAME", "neo4j"), os.environ.get("NEO4J_PASSWORD", PASSWORD)
        yield ServerAddress(url=url, username=user, password=password)
        return
    if not launcher:
        pytest.skip(
            "no graph server: set SHELFGRAPH_TEST_NEO4J to its URL or SHELFGRAPH_NEO4J_LAUNCHER to a launcher"
        )
    server = BreakableServer(launcher, tmp_path_factory.mktemp("neo4j"))
    # each test empties the database, which would make the server plan every query anew
    server.start("dbms.cypher.min_replan_interval=1h", "dbms.cypher.statistics_divergence_threshold=1.0")
    try:
        yield ServerAddress(url=server.url, password=PASSWORD)
    finally:
        server.stop()


@pytest.fixture(scope="session")
def spare_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[BreakableServer]:
    """A second server, on its own folder and port, that tests may stop, kill and start as they like."""
    launcher = os.environ.get("SHELFGRAPH_NEO4J_LAUNCHER")
    if not launcher:
        pytest.skip("no graph server to break: set SHELFGRAPH_NEO4J_LAUNCHER to a launcher")
    server = BreakableServer(launcher, tmp_path_factory.mktemp("neo4j-spare"))
    try:
        yield server
    finally:
        server.kill()


class BreakableServer:
    """A server in a folder of its own, started and ended through the launcher."""

    def __init__(self, launcher: str, folder: Path) -> None:
        self.url = f"neo4j://127.0.0.1:{free_port()}"
        self.password = PASSWORD
        self._launcher = launcher
        self._folder = folder
        self._settings: tuple[str, ...] | None = None

    def start(self, *settings: str) -> None:
        """See that it runs with these settings, such as 'db.memory.transaction.max=64m'."""
        if self._settings == settings:
            return
        self.stop()
        options = [option for setting in settings for option in ("--set", setting)]
        port = self.url.rpartition(":")[2]
        self._run("start", "--port", port, "--password", PASSWORD, *options)
        self._settings = settings

    def stop(self) -> None:
        if self._settings is not None:
            self._run("stop")
        self._settings = None

    def kill(self) -> None:
        if self._settings is not None:
            self._run("kill")
        self._settings = None

    def open(self, *, batch: int = 500, retry: float = 300.0) -> ServerStore:
        return ServerStore.open(
            self.url, credentials=Credentials(password=PASSWORD), batch=batch, retry=retry
        )

    def _run(self, verb: str, *options: str) -> None:
        done = subprocess.run(
            [self._launcher, verb, str(self._folder), *options],
            capture_output=True,
            text=True,
            timeout=240,
            check=False,
        )
        assert done.returncode == 0, f"{self._launcher} {verb}: {done.stderr}"


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
