"""A disposable graph server for the tests of this folder."""

from __future__ import annotations

import os
import socket
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest

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
    folder = tmp_path_factory.mktemp("neo4j")
    # each test empties the database, which would make the server plan every query anew
    calm = ("dbms.cypher.min_replan_interval=1h", "dbms.cypher.statistics_divergence_threshold=1.0")
    options = [option for setting in calm for option in ("--set", setting)]
    started = _launch(launcher, "start", folder, "--port", str(free_port()), "--password", PASSWORD, *options)
    try:
        yield ServerAddress(url=started.splitlines()[-1], password=PASSWORD)
    finally:
        _launch(launcher, "stop", folder)


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _launch(launcher: str, verb: str, folder: Path, *options: str) -> str:
    done = subprocess.run(
        [launcher, verb, str(folder), *options], capture_output=True, text=True, timeout=180, check=False
    )
    assert done.returncode == 0, f"{launcher} {verb}: {done.stderr}"
    return done.stdout
