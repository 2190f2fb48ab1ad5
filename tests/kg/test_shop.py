"""A shop from creating it to loading, correcting, deleting and going back."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from decimal import Decimal
from pathlib import Path

import pytest

from kg.errors import DataError, MappingError, SettingsError, ShopError, StoreError, VersionError
from kg.records import Fact, Interaction, Product, Record
from kg.shop import Shop
from tests.kg.store.contract import assert_same_graph
from tests.tiny import FACTS, INTERACTIONS, PRODUCTS, tiny_graph


@pytest.fixture
def shop(tmp_path: Path) -> Shop:
    return Shop.create(tmp_path / "shop")


def write(path: Path, text: str) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")
    return path


def products(shop: Shop) -> dict[str, Product]:
    with shop.store() as store:
        return {p.id: p for p in store.products()}


# creating and opening


def test_create_and_open(tmp_path: Path) -> None:
    assert not Shop.exists(tmp_path / "shop")
    Shop.create(str(tmp_path / "shop")).load(PRODUCTS)
    assert Shop.exists(tmp_path / "shop")
    assert Shop.open(str(tmp_path / "shop")).counts().products == 12
    (tmp_path / "empty").mkdir()
    assert Shop.create(tmp_path / "empty").counts().products == 0
    assert Shop.create(tmp_path / "a" / "deep" / "one").versions() == ()


def test_where_no_shop_can_be(tmp_path: Path) -> None:
    Shop.create(tmp_path / "shop")
    with pytest.raises(ShopError, match="already is a shop"):
        Shop.create(tmp_path / "shop")
    file = write(tmp_path / "file", "x")
    with pytest.raises(ShopError, match="is a file"):
        Shop.create(file)
    with pytest.raises(ShopError, match="not empty"):
        Shop.create(tmp_path)
    with pytest.raises(ShopError, match="choose another folder"):
        Shop.create(file / "inside")
    with pytest.raises(StoreError, match="credentials"):
        Shop.create(tmp_path / "far", graph="neo4j://localhost:1")
    assert not (tmp_path / "far").exists()


def test_a_crash_while_it_was_made_is_no_obstacle(tmp_path: Path) -> None:
    write(tmp_path / "shop" / ".shop.json", "{")
    with pytest.raises(ShopError, match="not a shop"):
        Shop.open(tmp_path / "shop")
    assert Shop.create(tmp_path / "shop").counts().products == 0


def test_what_cannot_be_opened(tmp_path: Path) -> None:
    with pytest.raises(ShopError, match="not a shop"):
        Shop.open(tmp_path / "nowhere")
    for text, words in [
        ("{", "cannot be read"),
        ("[]", "another format"),
        ('{"format": 99}', "another format"),
    ]:
        write(tmp_path / "shop" / "shop.json", text)
        with pytest.raises(ShopError, match=words):
            Shop.open(tmp_path / "shop")
    (tmp_path / "shop" / "shop.json").write_bytes(b"\xff\xfe")
    with pytest.raises(ShopError, match=r"shop\.json cannot be read"):
        Shop.open(tmp_path / "shop")


# loading


def test_records_of_every_kind_make_the_graph(shop: Shop) -> None:
    for records in (INTERACTIONS, FACTS, PRODUCTS):
        assert shop.load(records).ok
    assert_same_graph(shop.graph(), tiny_graph())
    counts = shop.counts()
    assert (counts.products, counts.stubs) == (12, 2)
    assert counts.edges["purchased"] == 9


def test_a_file_loaded_twice_changes_nothing(shop: Shop, tmp_path: Path) -> None:
    file = write(tmp_path / "c.csv", "id,title,brand,price\n1,Lamp,Lumo,9.50\n2,Desk,,\n")
    first = shop.load(file)
    assert (first.loaded, first.unchanged, first.stubs) == (2, 0, 0)
    before = shop.graph()
    second = shop.load(file)
    assert (second.loaded, second.unchanged, second.rejected) == (2, 2, 0)
    assert_same_graph(before, shop.graph())


def test_a_product_is_replaced_whole(shop: Shop, tmp_path: Path) -> None:
    shop.load(PRODUCTS)
    shop.load(write(tmp_path / "c.csv", "id,title\nlamp-black,New name\n"))
    assert products(shop)["lamp-black"] == Product(id="lamp-black", title="New name")
    assert shop.counts().products == 12


def test_a_patch_changes_what_it_names(shop: Shop, tmp_path: Path) -> None:
    shop.load(PRODUCTS)
    before = products(shop)["lamp-black"]
    report = shop.load(
        write(tmp_path / "p.csv", "id,price,brand\nlamp-black,44.00,\nlamp-new,1.00,Lumo\n"), mode="patch"
    )
    assert (report.loaded, report.rejected) == (2, 0)
    after = products(shop)
    assert after["lamp-black"] == replace(before, price=Decimal("44.00"), brand="")
    assert after["lamp-new"] == Product(id="lamp-new", price=Decimal("1.00"), brand="Lumo")
    assert after["desk-oak"] == {p.id: p for p in PRODUCTS}["desk-oak"]


def test_the_last_row_of_an_id_wins(shop: Shop, tmp_path: Path) -> None:
    report = shop.load(write(tmp_path / "c.csv", "id,title\n1,first\n2,other\n1,last\n"))
    assert (report.read, report.loaded, report.duplicates) == (3, 2, 1)
    assert [(r.line, r.value) for r in report.replaced] == [(2, "1")]
    assert {p.id: p.title for p in products(shop).values()} == {"1": "last", "2": "other"}


def test_rejected_rows_are_kept_with_their_reasons(shop: Shop, tmp_path: Path) -> None:
    file = write(tmp_path / "c.csv", "id,title,price\n1,Lamp,9\n,No id,9\n3,Desk,-4\n4,Rug,7\n")
    report = shop.load(file)
    assert (report.read, report.loaded, report.rejected, report.ok) == (4, 2, 2, False)
    assert sorted(products(shop)) == ["1", "4"]
    assert report.rejects_file is not None
    assert report.rejects_file.parent == shop.path / "rejects"
    kept = [json.loads(line) for line in report.rejects_file.read_text(encoding="utf-8").splitlines()]
    assert [entry["line"] for entry in kept] == [3, 4]
    assert kept[1]["row"] == {"id": "3", "title": "Desk", "price": "-4"}
    assert [reason["field"] for reason in kept[1]["reasons"]] == ["price"]
    # a second load keeps the rejects of the first
    assert shop.load(file).rejects_file != report.rejects_file
    assert len(list((shop.path / "rejects").iterdir())) == 2


def test_a_load_without_faults_leaves_no_rejects(shop: Shop) -> None:
    assert shop.load(PRODUCTS).rejects_file is None
    assert not (shop.path / "rejects").exists()


def test_a_category_cycle_is_rejected_and_reported(shop: Shop, tmp_path: Path) -> None:
    header = "head,relation,tail,head_kind,tail_kind\n"

    def fact(head: str, tail: str) -> str:
        return f"{head},subcategory_of,{tail},category,category\n"

    shop.load(PRODUCTS)
    first = write(tmp_path / "f1.csv", header + fact("Home", "Everything") + fact("Bulbs", "Sale"))
    assert shop.load(first, kind="facts").ok
    second = write(
        tmp_path / "f2.csv",
        header
        + fact("Everything", "Home > Lighting > Table lamps")  # closes a circle through the names of a path
        + fact("Sale", "Bulbs")  # … and through what is stored
        + fact("Sale", "Everything"),
    )
    report = shop.load(second, kind="facts")
    assert (report.loaded, report.rejected) == (1, 2)
    assert {r.value for r in report.rejections} == {"Home > Lighting > Table lamps", "Bulbs"}
    assert all("category cycle" in r.rule for r in report.rejections)
    assert "category cycle" in str(report)
    assert report.rejects_file is not None
    assert len(report.rejects_file.read_text().splitlines()) == 2
    tree = shop.graph().relation("subcategory_of")
    assert tree is not None
    names = shop.graph().nodes["category"]
    pairs = {(names[h], names[t]) for h, t in zip(tree.heads.tolist(), tree.tails.tolist(), strict=True)}
    assert {("Home", "Everything"), ("Bulbs", "Sale"), ("Sale", "Everything")} < pairs
    assert ("Sale", "Bulbs") not in pairs


@pytest.mark.parametrize(
    ("load", "error"),
    [
        (lambda shop, folder: shop.load(folder / "missing.csv"), DataError),
        (lambda shop, folder: shop.load(write(folder / "c.csv", "colour,size\nred,1\n")), DataError),
        (lambda shop, folder: shop.load(PRODUCTS, mapping="no such mapping"), MappingError),
        (lambda shop, folder: shop.load(PRODUCTS, mapping=folder / "missing.toml"), MappingError),
        (lambda shop, folder: shop.load(PRODUCTS, mode="merge"), SettingsError),
        (lambda shop, folder: shop.load(42), DataError),
    ],
)
def test_a_load_that_makes_no_sense_keeps_nothing(
    shop: Shop, tmp_path: Path, load: Callable[[Shop, Path], object], error: type[Exception]
) -> None:
    shop.load([Product(id="before")])
    with pytest.raises(error):
        load(shop, tmp_path)
    assert list(products(shop)) == ["before"]


def test_a_source_that_fails_half_way_keeps_nothing(shop: Shop, tmp_path: Path) -> None:
    good = write(tmp_path / "a.csv", "id\n" + "".join(f"p{n}\n" for n in range(5_000)))
    with pytest.raises(DataError, match=r"missing\.csv"):
        shop.load([good, tmp_path / "missing.csv"])
    assert products(shop) == {}
    assert shop.load([good, write(tmp_path / "b.csv", "id\nlast\n")]).loaded == 5_001


# deleting


def test_deleting(shop: Shop) -> None:
    for records in (PRODUCTS, FACTS, INTERACTIONS):
        shop.load(records)
    assert shop.delete(products=["lamp-black"], users=["cid"]).deleted > 0

    def touches(record: Record) -> bool:
        if isinstance(record, Product):
            return record.id == "lamp-black"
        if isinstance(record, Interaction):
            return record.product == "lamp-black" or record.user == "cid"
        assert isinstance(record, Fact)
        return "lamp-black" in (record.head, record.tail)

    other = Shop.create(shop.path.parent / "other")
    for records in (PRODUCTS, FACTS, INTERACTIONS):
        other.load([r for r in records if not touches(r)])
    assert_same_graph(shop.graph(), other.graph())
    assert shop.delete(products=["lamp-black"]).deleted == 0
    assert shop.delete().deleted == 0


def test_one_id_is_not_its_letters(shop: Shop) -> None:
    shop.load([Product(id=i) for i in ("ab", "a", "b")])
    shop.delete(products="ab")  # a str is a collection of strings too
    assert list(products(shop)) == ["a", "b"]


# going back


def built(shop: Shop, *, times: int) -> None:
    for n in range(times):
        shop.built.write(lambda folder: None, settings={"n": n}, card={})


def test_rollback_is_to_the_version_before(shop: Shop) -> None:
    with pytest.raises(VersionError, match="shelfgraph build"):
        shop.rollback()
    built(shop, times=3)
    assert [(v.name, v.current) for v in shop.versions()] == [
        ("0001", False),
        ("0002", False),
        ("0003", True),
    ]
    back = shop.rollback()
    assert (back.name, back.current) == ("0002", True)
    assert shop.rollback().name == "0001"
    with pytest.raises(ShopError, match="oldest"):
        shop.rollback()
    assert shop.rollback("0003").name == "0003"
    assert shop.built.current().settings == {"n": 2}
    with pytest.raises(VersionError, match="no version '0009'"):
        shop.rollback("0009")
    assert shop.built.current().name == "0003"


def test_rollback_from_a_version_that_is_damaged(shop: Shop) -> None:
    built(shop, times=3)
    (shop.built.root / "0003" / "manifest.json").write_text("{")
    with pytest.raises(VersionError, match=r"0003/manifest\.json"):
        shop.built.current()
    assert shop.rollback().name == "0002"
    (shop.built.root / "0002" / "manifest.sha256").unlink()
    assert shop.rollback().name == "0001"
    (shop.built.root / "current").write_text("?")
    assert shop.rollback("0001").current


def test_a_load_touches_nothing_that_serves(shop: Shop) -> None:
    built(shop, times=1)
    before = {p: p.read_bytes() for p in shop.built.root.rglob("*") if p.is_file()}
    shop.load(PRODUCTS)
    shop.delete(products=["rake"])
    assert {p: p.read_bytes() for p in shop.built.root.rglob("*") if p.is_file()} == before
