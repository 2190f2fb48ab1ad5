"""The lamp shop on disk, built without any model."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from kg import Shop
from recommend import build
from tests.recommend.cli.lampshop import PLAIN, behaviour, catalog


@pytest.fixture(scope="session")
def pristine(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The built shop; nobody may change it."""
    folder = tmp_path_factory.mktemp("cli") / "shop"
    shop = Shop.create(folder)
    shop.load(catalog())
    shop.load(behaviour())
    build(shop, settings=PLAIN)
    return folder


@pytest.fixture
def shop(pristine: Path, tmp_path: Path) -> Path:
    """A copy of the built shop, to be changed at will."""
    return Path(shutil.copytree(pristine, tmp_path / "shop"))
