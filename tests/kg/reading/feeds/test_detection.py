"""Which feed a file is found to be: each fixture its own, and ordinary tables none."""

from __future__ import annotations

import gzip
from pathlib import Path

import pytest

from kg.errors import DataError
from kg.reading import read
from kg.reading.feeds import FEEDS, NO_FEED, feed_of, look
from kg.records import Product
from kg.resources import data_folder
from tests.kg.reading.feeds.samples import FIXTURES, load, write_esci_examples, write_esci_products

CLAIMED = {
    "google_rss.xml": "google_merchant",
    "schema_page.html": "schema_org",
    "shop.nt": "rdf",
    "shop.ttl": "rdf",
    "shopify_older.csv": "shopify",
    "shopify_newer.csv": "shopify",
    "amazon_meta_2014.json": "amazon",
    "amazon_meta_2018.json": "amazon",
    "amazon_meta_2023.jsonl": "amazon",
    "amazon_reviews_2018.json": "amazon_reviews",
    "amazon_reviews_2023.jsonl": "amazon_reviews",
    "wands_product.csv": "wands",
    "wands_label.csv": "wands",
    "wands_query.csv": "wands",
    "kgat/kg_final.txt": "kgat",
    "kgat/item_list.txt": "kgat_items",
    "kgat/train.txt": "kgat_interactions",
    "kgat/test.txt": "kgat_interactions",
    "kgcn/kg.txt": "kgcn",
    "kgcn/kg_final.txt": "kgcn",
    "kgcn/item_index2entity_id.txt": "kgcn_items",
    "kgcn/user_artists.dat": "kgcn_interactions",
    "kgcn/ratings_final.txt": "kgcn_interactions",
}
UNCLAIMED = {
    "plain.csv": "id,title,description,brand,price,image_url,link\n1,Lamp,,Lumo,3,,\n",
    "german.csv": "Artikelnummer;Titel;Preis\n1;Lampe;3,50\n",
    "handles.csv": "handle,title,price\nlamp,Lamp,3\n",
    "inventory.csv": "Handle,Title,Option1 Name,Option1 Value,SKU,Location\nlamp,Lamp,Size,M,L,Oslo\n",
    "icecat.jsonl": '{"id": "1", "title": "Toner", "supplier": "Ink & Co", "attr_t_colour": "Black"}\n',
    "beauty.csv": "id,brand,categories\nB0001,Falk,Beauty|Irons\n",
    "edges.csv": "id,related_id\nB0001,B0002\n",
    "asins.csv": "asin,title,brand,price\nB0001,Comb,Falk,3\n",
    "asins.jsonl": '{"asin": "B0001", "title": "Comb", "brand": "Falk", "description": "", "category": []}\n',
    "log.csv": "user_id,product_id,rating,timestamp\nU,B0001,5,1600000000\n",
    "labels.csv": "query,product_id,label\nlamp,1,3\n",
    "products.csv": "product_id,product_name,product_description\n1,Lamp,bright\n",
    "facts.csv": "head,relation,tail\na,made_of,b\n",
    "train.txt": "0 1 2\n1 3\n",
    "kg_final.txt": "0 0 1\n",
    "kg.txt": "0\tmade of\t0\n",
    "literals.json": "{'id': '1', 'title': 'Comb'}\n",
}


def claims(path: Path) -> list[str]:
    """All feeds that claim a file, not only the first."""
    sample = look(path, "")
    return [feed.name for feed in FEEDS if feed.claims is not None and feed.claims(sample)]


@pytest.mark.parametrize(("name", "feed"), CLAIMED.items())
def test_each_fixture_is_claimed_by_its_feed_only(name: str, feed: str) -> None:
    path = FIXTURES / name
    assert claims(path) == [feed]
    found = feed_of(path, "", None)
    assert found is not None
    assert found.name == feed


def test_esci_is_claimed_by_its_feed_only(tmp_path: Path) -> None:
    assert claims(write_esci_products(tmp_path)) == ["esci"]
    assert claims(write_esci_examples(tmp_path)) == ["esci"]


def test_every_feed_that_claims_files_has_a_fixture() -> None:
    assert {feed.name for feed in FEEDS if feed.claims is not None} == {*CLAIMED.values(), "esci"}


@pytest.mark.parametrize("name", UNCLAIMED)
def test_ordinary_tables_are_claimed_by_none(name: str, tmp_path: Path) -> None:
    path = tmp_path / name
    path.write_text(UNCLAIMED[name])
    assert claims(path) == []


@pytest.mark.parametrize(
    "name", ["products.jsonl", "interactions.csv", "facts.csv", "queries.csv", "faulty.csv"]
)
def test_the_demo_is_claimed_by_none(name: str) -> None:
    assert claims(data_folder() / "demo" / name) == []


@pytest.mark.parametrize("name", ["shopify_older.csv", "amazon_meta_2014.json", "kgcn/user_artists.dat"])
def test_packed_files_are_claimed_the_same(name: str, tmp_path: Path) -> None:
    path = tmp_path / f"{Path(name).name}.gz"
    path.write_bytes(gzip.compress((FIXTURES / name).read_bytes()))
    assert claims(path) == [CLAIMED[name]]


def test_a_feed_is_found_for_what_it_can_be_loaded_as() -> None:
    path = FIXTURES / "amazon_meta_2018.json"
    for kind, name in (("products", "amazon"), ("facts", "amazon")):
        found = feed_of(path, "", kind)  # type: ignore[arg-type]
        assert found is not None
        assert found.name == name
    assert feed_of(path, "", "interactions") is None


def test_the_feed_can_be_turned_off() -> None:
    records, reading = load(FIXTURES / "shopify_newer.csv", feed=NO_FEED)
    # the SKU alone is an id to a plain table: rows of pictures and of products without one are lost
    assert [record.id for record in records if isinstance(record, Product)] == ["HC-NAT", "HC-BLK", "B-1"]
    assert reading.report().rejected == 2


def test_an_unknown_feed_is_refused_with_the_nearest_name() -> None:
    with pytest.raises(DataError, match="did you mean 'shopify'"):
        read(FIXTURES / "shopify_newer.csv", feed="shopfy")


def test_a_feed_that_holds_something_else_is_refused() -> None:
    with pytest.raises(DataError, match="Amazon reviews holds interactions, not products"):
        read(FIXTURES / "amazon_reviews_2018.json", feed="amazon_reviews", kind="products")
