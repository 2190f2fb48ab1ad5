"""What every test shares: the hypothesis profile and the real catalogs."""

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


@pytest.fixture(scope="session")
def test_data() -> Path:
    """The folder of real catalogs (icecat, beauty …) named by SHELFGRAPH_TEST_DATA."""
    named = os.environ.get("SHELFGRAPH_TEST_DATA")
    if not named:
        pytest.skip("no real catalogs: set SHELFGRAPH_TEST_DATA to their folder")
    folder = Path(named)
    assert folder.is_dir(), f"SHELFGRAPH_TEST_DATA={named} is not a folder"
    return folder
