"""An update of a shop whose graph is on a server: the same as with the embedded file."""

from __future__ import annotations

from pathlib import Path

import pytest

from kg import Product, Shop
from recommend import Recommender, build, update
from tests.graph_servers import ServerAddress
from tests.kg.store.emptied import credentials_of, emptied
from tests.recommend.shops import PLAIN
from tests.tiny import FACTS, INTERACTIONS, PRODUCTS

pytestmark = pytest.mark.neo4j

CHANGES = (
    Product(id="lamp-black", title="Green reading lantern", brand="Lumo"),
    Product(id="lantern", title="Paper lantern", brand="Nori", category=("Home", "Lighting")),
)


def updated(shop: Shop) -> Recommender:
    """The tiny shop, built, then changed."""
    for records in (PRODUCTS, FACTS, INTERACTIONS):
        shop.load(records)
    build(shop, settings=PLAIN)
    shop.delete(products=["rake"])
    done = update(shop, CHANGES)
    assert (done.added, done.changed, done.removed) == (1, 1, 1)
    assert update(shop).version == done.version  # nothing has changed since
    return Recommender.open(shop.path)


def test_an_update_from_a_server_answers_like_one_from_the_embedded_file(
    graph_server: ServerAddress, tmp_path: Path
) -> None:
    here = updated(Shop.create(tmp_path / "embedded"))
    with emptied(graph_server):
        there = updated(
            Shop.create(tmp_path / "server", graph=graph_server.url, credentials=credentials_of(graph_server))
        )
    for query in ("lantern", "oak desk", "Lumo"):
        assert [(hit.product, hit.score, hit.signals) for hit in there.search(query)] == [
            (hit.product, hit.score, hit.signals) for hit in here.search(query)
        ]
    assert [hit.product.id for hit in there.similar("lantern")] == [
        hit.product.id for hit in here.similar("lantern")
    ]
