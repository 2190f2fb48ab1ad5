"""What a full feed does not name is deleted, unless that would be too much to be meant."""

from __future__ import annotations

import gzip
import json
from collections.abc import Iterable
from pathlib import Path

import pandas as pd
import pytest

from kg.errors import DataError, SettingsError
from kg.full_feed import MOST_DELETED
from kg.records import Fact, Interaction, Product
from kg.shop import Shop
from tests.kg.store.contract import assert_same_graph
from tests.tiny import FACTS, INTERACTIONS, PRODUCTS

IDS = tuple(f"p{n:02}" for n in range(40))


@pytest.fixture
def shop(tmp_path: Path) -> Shop:
    made = Shop.create(tmp_path / "shop")
    made.load([Product(id=node_id, title=f"Product {node_id}") for node_id in IDS])
    return made


def listed(shop: Shop) -> list[str]:
    with shop.store() as store:
        return [product.id for product in store.products()]


def feed(folder: Path, ids: Iterable[str], *more: str) -> Path:
    path = folder / "feed.csv"
    path.write_text("\n".join(["id,title,price", *(f"{i},New {i},1.50" for i in ids), *more]) + "\n")
    return path


def test_what_the_feed_does_not_name_goes(shop: Shop, tmp_path: Path) -> None:
    report = shop.load(feed(tmp_path, [*IDS[3:], "new"]), full_feed=True)
    assert (report.loaded, report.deleted, report.ok) == (38, 3, True)
    assert "3 deleted" in str(report)
    assert listed(shop) == sorted([*IDS[3:], "new"])
    again = shop.load(feed(tmp_path, [*IDS[3:], "new"]), full_feed=True)
    assert (again.unchanged, again.deleted) == (38, 0)


def test_a_load_deletes_nothing_by_itself(shop: Shop, tmp_path: Path) -> None:
    assert shop.load(feed(tmp_path, IDS[:2])).deleted == 0
    assert len(listed(shop)) == 40


def test_a_feed_that_was_cut_short_changes_nothing(shop: Shop, tmp_path: Path) -> None:
    with shop.store() as store:
        before, revision = list(store.products()), store.revision()
    with pytest.raises(DataError, match=r"would delete 62 % of the catalog \(25 of 40 products\).*--confirm"):
        shop.load(feed(tmp_path, [*IDS[:15], "new"]), full_feed=True)
    with shop.store() as store:
        assert list(store.products()) == before
        assert store.revision() == revision
    report = shop.load(feed(tmp_path, [*IDS[:15], "new"]), full_feed=True, confirm=True)
    assert (report.loaded, report.deleted) == (16, 25)
    assert listed(shop) == sorted([*IDS[:15], "new"])


def test_the_limit(shop: Shop, tmp_path: Path) -> None:
    most = int(MOST_DELETED * len(IDS))
    many_new = [f"new{n}" for n in range(500)]  # new ones do not make the share of the old ones smaller
    with pytest.raises(DataError, match=f"{most + 1} of 40"):
        shop.load(feed(tmp_path, [*IDS[most + 1 :], *many_new]), full_feed=True)
    assert shop.load(feed(tmp_path, IDS[most:]), full_feed=True).deleted == most


def test_a_rejected_row_names_its_product_too(shop: Shop, tmp_path: Path) -> None:
    report = shop.load(feed(tmp_path, IDS[2:], " p00 ,Bad price,-1"), full_feed=True)
    assert (report.rejected, report.deleted) == (1, 1)
    assert listed(shop) == [IDS[0], *IDS[2:]]
    with shop.store() as store:
        kept = store.product("p00")
    assert kept is not None
    assert kept.title == "Product p00"


@pytest.mark.parametrize("stray", [",No id,1.50", '{"id": "p00", "title'])
def test_a_row_that_names_no_product_may_be_any(shop: Shop, tmp_path: Path, stray: str) -> None:
    if stray.startswith("{"):
        path = tmp_path / "feed.jsonl"
        path.write_text("\n".join([*(json.dumps({"id": i}) for i in IDS[2:]), stray]))
    else:
        path = feed(tmp_path, IDS[2:], stray)
    report = shop.load(path, full_feed=True)
    assert (report.loaded, report.rejected, report.deleted) == (38, 1, 0)
    assert "1 rows do not say which product" in str(report)
    assert len(listed(shop)) == 40
    assert shop.load(path, full_feed=True, confirm=True).deleted == 2
    assert listed(shop) == list(IDS[2:])


def test_a_feed_without_rows_deletes_nothing(shop: Shop, tmp_path: Path) -> None:
    for confirm in (False, True):
        assert shop.load(feed(tmp_path, []), full_feed=True, confirm=confirm).deleted == 0
        assert shop.load([], full_feed=True, confirm=confirm).deleted == 0
    assert len(listed(shop)) == 40


@pytest.mark.parametrize("confirm", [False, True])
def test_a_broken_archive_changes_nothing(shop: Shop, tmp_path: Path, confirm: bool) -> None:
    rows = "".join(f"{i},{'x' * 50}{n}\n" for n, i in enumerate(IDS))
    whole = gzip.compress(f"id,title\n{rows}".encode())
    path = tmp_path / "feed.csv.gz"
    for content in (whole[:20], whole[: len(whole) // 2], whole[:-4]):
        path.write_bytes(content)
        with pytest.raises(DataError, match=r"feed\.csv"):
            shop.load(path, full_feed=True, confirm=confirm)
        assert len(listed(shop)) == 40
    path.write_bytes(gzip.compress(b"id,title\n"))
    assert shop.load(path, full_feed=True, confirm=confirm).deleted == 0
    path.write_bytes(whole)
    assert shop.load(path, full_feed=True).loaded == 40


def test_any_source_can_be_a_full_feed(shop: Shop) -> None:
    frame = pd.DataFrame({"id": IDS[1:], "title": "Frame"})
    assert shop.load(frame, full_feed=True).deleted == 1
    assert shop.load(iter([Product(id=i) for i in IDS[2:]]), full_feed=True).deleted == 1
    assert shop.load([{"id": i} for i in IDS[3:]], full_feed=True).deleted == 1
    assert listed(shop) == list(IDS[3:])


def test_it_is_as_if_it_had_been_deleted(tmp_path: Path) -> None:
    one, other = Shop.create(tmp_path / "one"), Shop.create(tmp_path / "other")
    for shop in (one, other):
        for records in (PRODUCTS, FACTS, INTERACTIONS):
            shop.load(records)
    one.load(PRODUCTS[1:], full_feed=True)
    other.delete(products=[PRODUCTS[0].id])
    assert_same_graph(one.graph(), other.graph())


def test_stubs_are_not_listed_and_do_not_count(shop: Shop) -> None:
    shop.load([Fact(head=f"stub{n}", relation="next_to", tail="p00") for n in range(50)])
    shop.load([Interaction(user="u", product="other stub")])
    assert shop.load([Product(id=i) for i in IDS[1:]], full_feed=True, confirm=True).deleted == 1
    assert shop.counts().stubs == 1  # the facts went with p00, and their stubs with them


def test_what_makes_no_sense(shop: Shop) -> None:
    some = [Product(id="p00")]
    with pytest.raises(SettingsError, match="not 'patch'"):
        shop.load([{"id": "p00"}], mode="patch", full_feed=True)
    with pytest.raises(SettingsError, match="not interactions"):
        shop.load([Interaction(user="u", product="p00")], full_feed=True)
    with pytest.raises(SettingsError, match="confirm=True"):
        shop.load(some, confirm=True)
    assert len(listed(shop)) == 40
