"""Opening a shop, or what it serves."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

from recommend.cli.failures import Failure

if TYPE_CHECKING:
    from kg import Credentials, GraphStore, Shop
    from recommend import Recommender


def credentials_of(file: Path | None) -> Credentials | None:
    """From the file, else from NEO4J_USERNAME and NEO4J_PASSWORD, else None."""
    from kg.store import credentials

    return credentials(os.environ, file)


def open_shop(path: Path, credentials: Path | None = None) -> Shop:
    """A shop; ShopError if there is none."""
    from kg import Shop

    return Shop.open(path, credentials=credentials_of(credentials))


def open_recommender(
    path: Path, *, vectors: GraphStore | None = None, rules: Path | None = None
) -> Recommender:
    """What a shop serves; the errors say whether the shop or its first build is missing."""
    from kg import Shop
    from recommend import Recommender

    Shop.open(path)
    return Recommender.open(path, vectors=vectors, rules=rules)


def picture(model: Recommender, image: Path | None) -> str | None:
    """A picture to search with, once it is sure that it can be."""
    if image is None:
        return None
    if not image.is_file():
        raise Failure(f"{image} is not a file; check the path")
    if not model.settings.image:
        raise Failure("what serves was built without pictures; run `shelfgraph build` with --profile full")
    return str(image)
