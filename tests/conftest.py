"""What every test shares: the hypothesis profile, the real catalogs, and who runs beside whom."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest
from hypothesis import settings

from tests.graph_servers import graph_server, spare_server

__all__ = ["graph_server", "spare_server"]

# A shared machine has slow moments, so no deadline. CI repeats the same examples: red means changed.
settings.register_profile("shelfgraph", deadline=None, derandomize=bool(os.environ.get("CI")))
settings.load_profile("shelfgraph")

_SERVERS = ("graph_server", "spare_server")
_SERVED = (
    "tests/kg/store/test_copying.py",
    "tests/kg/store/test_server",
    "tests/recommend/server/",
    "tests/benchmarks/bench_neo4j",
)
"""Where the tests are that need a server."""


def _group(nodeid: str) -> str:
    """Files run side by side, but whatever shares a server one after the other."""
    return "servers" if nodeid.startswith(_SERVED) else nodeid.partition("::")[0]


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> Any:
    """Deal out groups. (pytest-xdist 3.8 has marks for that, which it loses with pytest 9.2.)"""
    from xdist.scheduler import LoadScopeScheduling  # type: ignore[import-untyped]

    scheduler = LoadScopeScheduling(config, log)
    scheduler._split_scope = _group
    return scheduler


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """The servers go first, for they are the longest, then the files nearest the top: these test the most at
    once, and the last to end should be short."""
    for item in items:
        if any(name in getattr(item, "fixturenames", ()) for name in _SERVERS):
            assert _group(item.nodeid) == "servers", f"{item.nodeid} needs a server: add its file to _SERVED"
    if hasattr(config, "workerinput"):
        items.sort(key=lambda item: (_group(item.nodeid) != "servers", len(item.path.parts)))


@pytest.fixture(scope="session")
def test_data() -> Path:
    """The folder of real catalogs (icecat, beauty …) named by SHELFGRAPH_TEST_DATA."""
    named = os.environ.get("SHELFGRAPH_TEST_DATA")
    if not named:
        pytest.skip("no real catalogs: set SHELFGRAPH_TEST_DATA to their folder")
    folder = Path(named)
    assert folder.is_dir(), f"SHELFGRAPH_TEST_DATA={named} is not a folder"
    return folder
