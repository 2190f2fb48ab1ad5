"""`shelfgraph evaluate` by time, for new products and under a cap of memory."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from kg import Interaction, Shop
from recommend import build
from tests.recommend.cli.lampshop import BASKETS, PLAIN, catalog, run
from tests.recommend.evaluate.logs import DAY, START


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    made = tmp_path_factory.mktemp("protocols") / "shop"
    shop = Shop.create(made)
    shop.load(catalog())
    shop.load(
        Interaction(user=f"{user}{copy}", product=product, time=START + DAY * (10 * copy + 3 * step))
        for copy in range(4)
        for user, basket in BASKETS.items()
        for step, product in enumerate(basket)
    )
    build(shop, settings=PLAIN)
    return made


def figures(document: dict[str, Any]) -> list[dict[str, Any]]:
    return [{name: value for name, value in row.items() if name != "about"} for row in document["rows"]]


def test_simple_methods_bands_and_warnings_are_beside(folder: Path) -> None:
    ran = run("evaluate", "--shop", folder, "--holdout", ".3", "--json")
    assert ran.status == 0, ran.err
    models = [row["model"] for row in ran.document["rows"]]
    assert [one for one in models if one != "best"] == [
        "exact",
        "popularity",
        "item_knn",
        "transitions",
        "ease",
        "knn_kg",
    ]
    bands = ran.document["bands"]
    assert sum(band["pairs"] for band in bands) == ran.document["protocol"]["hidden_pairs"]
    assert set(bands[0]["recall@10"]) == set(models)
    kinds = {one["kind"] for one in ran.document["cautions"]}
    assert {"later_interactions", "duplicate_users"} <= kinds  # four of each user, ten days apart


def test_the_screen_has_them_too(folder: Path) -> None:
    ran = run("evaluate", "--shop", folder, "--holdout", ".3")
    assert ran.status == 0, ran.err
    for word in (
        "be careful: 2 warnings",
        "later interactions: ",
        "purchases of the product",
        ">50",
        "knn_kg",
    ):
        assert word in ran.out
    assert ran.out.index("be careful") < ran.out.index("ndcg@10, 95 %")


def test_figures_are_the_same_under_any_memory(folder: Path) -> None:
    wide, narrow = (
        run("evaluate", "--shop", folder, "--holdout", ".3", "--memory", size, "--json").document
        for size in ("4GB", "1MB")
    )
    assert figures(wide) == figures(narrow)
    assert wide["bands"] == narrow["bands"]
    assert wide["protocol"]["memory"] != narrow["protocol"]["memory"]


@pytest.mark.parametrize("asked", [("--until", "2020-09-30"), ("--holdout", ".4", "--protocol", "time")])
def test_one_moment_for_everybody(asked: tuple[str, ...], folder: Path) -> None:
    ran = run("evaluate", "--shop", folder, *asked, "--json")
    assert ran.status == 0, ran.err
    protocol = ran.document["protocol"]
    assert protocol["kind"] == "time"
    assert protocol["until"].startswith("2020-")
    assert protocol["users_unknown_before"] > 0
    assert "later_interactions" not in {one["kind"] for one in ran.document["cautions"]}


def test_new_products(folder: Path) -> None:
    ran = run("evaluate", "--shop", folder, "--cold", ".4", "--json")
    assert ran.status == 0, ran.err
    assert ran.document["protocol"]["kind"] == "cold"
    assert ran.document["protocol"]["share"] == 0.25
    assert ran.document["rows"][0]["model"] == "exact"
    assert ran.document["rows"][-1]["model"] == "random"
    shown = run("evaluate", "--shop", folder, "--cold", ".4", "--holdout", ".3")
    assert shown.status == 0, shown.err
    assert "exact, catalog only" in shown.out
