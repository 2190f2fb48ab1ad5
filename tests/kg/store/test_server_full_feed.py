"""A full feed for a graph on a server, which cannot take back what it has written."""

from __future__ import annotations

from pathlib import Path

import pytest

from kg.errors import DataError
from kg.records import Product
from kg.shop import Shop
from tests.graph_servers import ServerAddress
from tests.kg.store.emptied import credentials_of, driver_of, empty

IDS = tuple(f"p{n:02}" for n in range(30))


@pytest.fixture
def shop(graph_server: ServerAddress, tmp_path: Path) -> Shop:
    with driver_of(graph_server) as driver:
        empty(driver)
    made = Shop.create(tmp_path / "shop", graph=graph_server.url, credentials=credentials_of(graph_server))
    made.load([Product(id=node_id) for node_id in IDS])
    return made


def titles(shop: Shop) -> dict[str, str]:
    with shop.store() as store:
        return {product.id: product.title for product in store.products()}


@pytest.mark.neo4j
def test_what_the_feed_does_not_name_goes(shop: Shop) -> None:
    report = shop.load([Product(id=i, title="new") for i in IDS[2:]], full_feed=True)
    assert (report.loaded, report.deleted) == (28, 2)
    assert titles(shop) == dict.fromkeys(IDS[2:], "new")


@pytest.mark.neo4j
def test_a_feed_that_was_cut_short_is_refused_before_anything_is_written(shop: Shop, tmp_path: Path) -> None:
    with shop.store() as store:
        revision = store.revision()
    feed = tmp_path / "feed.csv"
    feed.write_text("id,title\n" + "".join(f"{i},new\n" for i in IDS[:12]))
    with pytest.raises(DataError, match=r"60 % of the catalog \(18 of 30 products\)"):
        shop.load(feed, full_feed=True)
    with shop.store() as store:
        assert store.revision() == revision
    # an iterator can be read only once: it is written, but nothing is deleted
    with pytest.raises(DataError, match="18 of 30"):
        shop.load(iter([Product(id=i, title="new") for i in IDS[:12]]), full_feed=True)
    assert titles(shop) == dict.fromkeys(IDS[:12], "new") | dict.fromkeys(IDS[12:], "")
    assert shop.load(feed, full_feed=True, confirm=True).deleted == 18
    assert titles(shop) == dict.fromkeys(IDS[:12], "new")
