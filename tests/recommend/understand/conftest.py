"""The readers that the tests of this folder share."""

from __future__ import annotations

import pytest

from recommend.understand.reader import Reader
from tests.recommend.understand.gadgets import gadgets


@pytest.fixture(scope="session")
def reader() -> Reader:
    """A reader of the shop of gadgets, with the word lists that come along."""
    return Reader.of(gadgets())
