"""What every test shares: the hypothesis profile, the real catalogs, and who runs beside whom."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from hypothesis import settings

from tests.graph_servers import graph_server, spare_server

__all__ = ["graph_server", "spare_server"]

# A shared machine has slow moments, so no deadline. CI repeats the same examples: red means changed.
settings.register_profile("shelfgraph", deadline=None, derandomize=bool(os.environ.get("CI")))
settings.load_profile("shelfgraph")

_SERVERS = ("graph_server", "spare_server")


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Files run side by side (`--dist loadgroup`), but whatever shares a server one after the other.

    The tests of the whole product go first: they are the longest, and the last to end should be short.
    """
    if not hasattr(config, "workerinput"):
        return
    items.sort(key=lambda item: item.path.parent != Path(__file__).parent)
    for item in items:
        served = any(name in getattr(item, "fixturenames", ()) for name in _SERVERS)
        served |= item.path.parent.name == "server"  # these ask for it by name
        item.add_marker(pytest.mark.xdist_group("servers" if served else item.nodeid.partition("::")[0]))


@pytest.fixture(scope="session")
def test_data() -> Path:
    """The folder of real catalogs (icecat, beauty …) named by SHELFGRAPH_TEST_DATA."""
    named = os.environ.get("SHELFGRAPH_TEST_DATA")
    if not named:
        pytest.skip("no real catalogs: set SHELFGRAPH_TEST_DATA to their folder")
    folder = Path(named)
    assert folder.is_dir(), f"SHELFGRAPH_TEST_DATA={named} is not a folder"
    return folder
