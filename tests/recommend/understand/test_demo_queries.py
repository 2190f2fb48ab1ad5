"""The demo's own queries, read by its own catalog."""

from __future__ import annotations

import csv
from pathlib import Path

import pytest

from kg import Shop
from kg.resources import data_folder
from recommend.understand.reader import Reader
from tests.recommend.understand.saying import conditions, named

DEMO = data_folder() / "demo"


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Reader:
    shop = Shop.create(tmp_path_factory.mktemp("demo") / "shop")
    shop.load(DEMO / "products.jsonl")
    return Reader.of(shop.graph())


@pytest.mark.parametrize(
    ("query", "types"),
    [
        ("4K monitor", ["Monitors"]),
        ("coffe grinder", ["Coffee grinders"]),
        ("hedphones over ear", ["Headphones"]),
        ("keybord tenkeyless", ["Keyboards"]),
        ("runing shoes", ["Running shoes"]),
        ("cushon linen", ["Cushions"]),
        ("computer screen", ["Monitors"]),
        ("skillet", ["Frying pans"]),
        ("rucksack", ["Backpacks"]),
        ("anorak", ["Rain jackets"]),
        ("diary for bullet journaling", ["Planners"]),
        ("light bulb that fits Brightbee Zigzag pendant lamp", ["Light bulbs"]),
        ("台灯", ["Table lamps"]),
        ("键盘", ["Keyboards"]),
        ("咖啡滤纸", ["Coffee filters"]),
        ("跑步鞋", ["Running shoes"]),
        ("书法钢笔", ["Fountain pens"]),
        ("粗陶茶壶", ["Teapots"]),
        ("通勤双肩包", ["Backpacks"]),
        ("头戴式耳机", ["Headphones"]),
        ("送礼咖啡杯", ["Mugs"]),
        ("保温杯", ["Water bottles"]),
    ],
)
def test_the_kind_of_thing(demo: Reader, query: str, types: list[str]) -> None:
    assert named(demo.read(query), "type") == types


def test_what_else_they_say(demo: Reader) -> None:
    bulb = demo.read("bulb for Lumera Prisma table lamp, grey")
    assert (named(bulb, "type"), named(bulb, "target")) == (["Light bulbs"], ["Lumera", "Table lamps"])
    assert named(bulb, "attribute") == ["colour: grey"]
    vegan = demo.read("vegan leather-free sneakers")
    assert (named(vegan, "attribute"), named(vegan, "excluded")) == (["vegan: yes"], ["material: leather"])
    assert named(demo.read("E27 dimmable bulb"), "attribute") == ["socket: E27", "dimmable: yes"]
    assert demo.read("coffe grinder").corrected == "coffee grinder"
    assert conditions(demo.read("backpack under 1 kg, at least 20 l")) == [
        "attr.weight<=1 kg",
        "attr.volume>=20 l",
    ]
    assert conditions(demo.read("100元以下的台灯")) == ["price<=100.0"]


def test_most_queries_name_a_kind_of_thing(demo: Reader) -> None:
    with (DEMO / "queries.csv").open(encoding="utf-8", newline="") as file:
        queries = sorted({row["query"] for row in csv.DictReader(file)})
    assert len(queries) > 50
    silent = [query for query in queries if not demo.read(query).of_role("type")]
    assert len(silent) <= 0.2 * len(queries), silent


def test_no_query_of_right_words_is_mended(demo: Reader) -> None:
    with (DEMO / "queries.csv").open(encoding="utf-8", newline="") as file:
        queries = {row["query"] for row in csv.DictReader(file)}
    mended = {query for query in queries if demo.read(query).corrected}
    wrong = {"coffe grinder", "hedphones over ear", "keybord tenkeyless", "runing shoes", "cushon linen"}
    assert wrong <= mended
    assert len(mended - wrong) <= 2, mended - wrong


def test_the_folder_is_the_packaged_one() -> None:
    assert (data_folder() / "language" / "grammar.toml").is_file()
    assert Path(DEMO).is_dir()
