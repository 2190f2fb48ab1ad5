"""The demo shop keeps the promises of data/README.md, and comes out of its generator byte for byte."""

from __future__ import annotations

import csv
import json
import subprocess
import sys
from collections import defaultdict
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

ROOT = Path(__file__).parents[2]
DEMO = ROOT / "data" / "demo"
TABLES = ("products.jsonl", "interactions.csv", "facts.csv", "queries.csv", "faulty.csv", "faults.json")
DRAWN = 10


def table(name: str) -> list[dict[str, str]]:
    with (DEMO / name).open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


@pytest.fixture(scope="module")
def products() -> list[dict[str, Any]]:
    return [json.loads(line) for line in (DEMO / "products.jsonl").read_text(encoding="utf-8").splitlines()]


@pytest.fixture(scope="module")
def ids(products: list[dict[str, Any]]) -> set[str]:
    return {product["id"] for product in products}


@pytest.fixture(scope="module")
def interactions() -> list[dict[str, str]]:
    return table("interactions.csv")


def test_catalog_has_the_promised_size(products: list[dict[str, Any]], ids: set[str]) -> None:
    assert len(products) == len(ids) >= 600
    assert len({product["category"] for product in products}) >= 30
    assert all(len(product["category"].split(" > ")) == 3 for product in products)
    assert len({product["brand"] for product in products}) >= 40
    chinese = sum(product["language"] == "zh" for product in products) / len(products)
    assert 0.05 <= chinese <= 0.10


def test_fields_have_their_types(products: list[dict[str, Any]]) -> None:
    keys = {
        "id", "title", "description", "brand", "category", "attributes", "price", "currency", "image", "gtin",
        "availability", "language",
    }  # fmt: skip
    for product in products:
        assert set(product) == keys
        assert product["price"] > 0
        assert product["currency"] == "EUR"
        assert product["availability"] in {"in_stock", "out_of_stock", "preorder"}
        assert len(product["attributes"]) >= 2
        for value in product["attributes"].values():
            if isinstance(value, dict):
                assert set(value) == {"number", "unit"}
            elif isinstance(value, list):
                assert value
                assert all(isinstance(part, str) for part in value)
            else:
                assert isinstance(value, str | int | float | bool)
                assert value != ""


def test_gtins_are_unique_and_their_check_digits_right(products: list[dict[str, Any]]) -> None:
    gtins = [product["gtin"] for product in products]
    assert len(set(gtins)) == len(gtins)
    for gtin in gtins:
        assert len(gtin) == 13
        assert sum(int(digit) * (3 if at % 2 else 1) for at, digit in enumerate(gtin)) % 10 == 0


def test_descriptions_vary_and_do_not_repeat_the_title(products: list[dict[str, Any]]) -> None:
    assert len({product["description"] for product in products}) >= 0.99 * len(products)
    assert len({product["title"] for product in products}) == len(products)
    for product in products:
        assert product["title"].casefold() not in product["description"].casefold()


def test_every_product_has_its_own_picture(products: list[dict[str, Any]]) -> None:
    size = 0
    for product in products:
        path = DEMO / product["image"]
        size += path.stat().st_size
        with Image.open(path) as picture:
            picture.load()
            assert picture.format == "WEBP"
            assert min(picture.size) >= 160
    assert size <= 10_000_000
    assert len(list((DEMO / "pictures").iterdir())) == len(products)


def test_behaviour_is_dated_and_about_known_products(
    interactions: list[dict[str, str]], ids: set[str]
) -> None:
    assert {row["product"] for row in interactions} <= ids
    assert {row["kind"] for row in interactions} == {"view", "cart", "purchase", "rating", "click"}
    times = [datetime.fromisoformat(row["time"]) for row in interactions]
    assert times == sorted(times)
    assert all(time.tzinfo is not None for time in times)
    assert 300 <= (times[-1] - times[0]).days <= 366
    for row in interactions:
        assert bool(row["order"]) == (row["kind"] == "purchase")
        assert bool(row["query"]) == (row["kind"] == "click")
        assert row["kind"] != "rating" or 1 <= int(row["value"]) <= 5
    keys = {
        tuple(row[k] for k in ("user", "product", "kind", "time", "query", "order")) for row in interactions
    }
    assert len(keys) == len(interactions)


def test_shoppers_buy_enough_to_learn_from(interactions: list[dict[str, str]]) -> None:
    bought: dict[str, int] = defaultdict(int)
    for row in interactions:
        bought[row["user"]] += row["kind"] == "purchase"
    assert len(bought) >= 400
    assert sum(count >= 8 for count in bought.values()) >= 0.85 * len(bought)


def test_purchases_follow_taste_and_complements(
    products: list[dict[str, Any]], interactions: list[dict[str, str]]
) -> None:
    """A shopper's brands repeat far more than chance would have it, and a bulb fits a lamp bought before."""
    by_id = {product["id"]: product for product in products}
    baskets: dict[str, list[dict[str, Any]]] = defaultdict(list)
    for row in interactions:
        if row["kind"] == "purchase":
            baskets[row["user"]].append(by_id[row["product"]])
    everything = [product["brand"] for basket in baskets.values() for product in basket]
    chance = sum((everything.count(brand) / len(everything)) ** 2 for brand in set(everything))
    same = [
        a["brand"] == b["brand"] for basket in baskets.values() for a in basket for b in basket if a is not b
    ]
    assert sum(same) / len(same) > 2 * chance
    fitting = bulbs = 0
    for basket in baskets.values():
        sockets: set[str] = set()
        for product in basket:
            socket = product["attributes"].get("socket")
            if product["category"].endswith("Light bulbs"):
                bulbs += bool(sockets)
                fitting += socket in sockets
            elif socket:
                sockets.add(socket)
    assert fitting / bulbs > 0.75  # by chance it would be near one half


def test_facts_are_about_what_the_catalog_knows(products: list[dict[str, Any]], ids: set[str]) -> None:
    known = {
        "product": ids,
        "brand": {product["brand"] for product in products},
        "category": {product["category"] for product in products},
        "attribute": {
            f"{name}={value}"
            for product in products
            for name, value in product["attributes"].items()
            if isinstance(value, str)
        },
    }
    facts = table("facts.csv")
    assert 200 <= len(facts) <= 1500
    for row in facts:
        assert 0 < float(row["weight"]) <= 1
        for end in ("head", "tail"):
            kind = row[f"{end}_kind"]
            assert kind == "collection" or row[end] in known[kind]
    assert len({(row["head"], row["relation"], row["tail"], row["source"]) for row in facts}) == len(facts)


def test_queries_are_graded_with_relevant_and_irrelevant_products(ids: set[str]) -> None:
    judged: dict[str, dict[str, int]] = defaultdict(dict)
    rows = table("queries.csv")
    for row in rows:
        judged[row["query"]][row["product_id"]] = int(row["rating"])
    assert len(judged) >= 60
    assert sum(not query.isascii() for query in judged) >= 6
    assert sum(map(len, judged.values())) == len(rows)
    for grades in judged.values():
        assert set(grades) <= ids
        assert 10 <= len(grades) <= 60
        assert set(grades.values()) <= {0, 1, 2, 3}
        assert max(grades.values()) >= 2
        assert min(grades.values()) == 0


def test_planted_faults_are_where_the_list_says() -> None:
    lines = (DEMO / "faulty.csv").read_text(encoding="utf-8").splitlines()
    rows = list(csv.DictReader(lines))
    assert len(rows) == len(lines) - 1
    plan = json.loads((DEMO / "faults.json").read_text(encoding="utf-8"))
    values = {fault["line"]: rows[fault["line"] - 2][fault["field"]] for fault in plan["faults"]}
    assert len(values) == len(plan["faults"]) == 6
    assert "-12.50" in values.values()
    assert "abc" in values.values()
    assert "" in values.values()
    assert any("\x07" in value for value in values.values())
    assert [row["id"] for row in rows].count("FX-004") == 2


def test_generator_writes_the_same_bytes(tmp_path: Path) -> None:
    command = [
        sys.executable,
        "-m",
        "data.generator",
        "--seed",
        "0",
        "--out",
        str(tmp_path),
        "--pictures",
        str(DRAWN),
    ]
    subprocess.run(command, cwd=ROOT, check=True, capture_output=True)
    for name in TABLES:
        assert (tmp_path / name).read_bytes() == (DEMO / name).read_bytes(), name
    drawn = sorted((tmp_path / "pictures").iterdir())
    assert len(drawn) == DRAWN
    for path in drawn:
        assert path.read_bytes() == (DEMO / "pictures" / path.name).read_bytes(), path.name
