"""The disposable graph server and the demo shop in it."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice
from pathlib import Path

import pytest

from kg import Shop
from kg.reading import read
from kg.records import Interaction, Product
from kg.resources import data_folder
from tests.graph_servers import ServerAddress
from tests.kg.store.emptied import credentials_of, emptied

_USERS = 250


def demo_records(*, products: int = 10_000, users: int = _USERS) -> list[object]:
    """The demo shop's first products, and what is said of them: facts, and the first users' interactions."""
    demo = data_folder() / "demo"
    catalog = list(islice(read(demo / "products.jsonl", kind="products"), products))
    known = {p.id for p in catalog if isinstance(p, Product)}
    facts = [f for f in read(demo / "facts.csv", kind="facts") if getattr(f, "head", "") in known]
    met = [i for i in read(demo / "interactions.csv", kind="interactions") if isinstance(i, Interaction)]
    few = set(sorted({i.user for i in met})[:users])
    return [*catalog, *facts, *(i for i in met if i.user in few and i.product in known)]


@pytest.fixture(scope="module")
def demo_on_server(graph_server: ServerAddress, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shop]:
    """The demo shop, all its products and some of its users, with its graph on the server."""
    with emptied(graph_server) as store:
        store.upsert(demo_records())  # type: ignore[arg-type]
        folder: Path = tmp_path_factory.mktemp("demo") / "shop"
        yield Shop.create(folder, graph=graph_server.url, credentials=credentials_of(graph_server))
