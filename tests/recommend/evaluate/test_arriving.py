"""New products and users at once: the model from before never met them, and a new build has."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from kg import Shop
from kg.errors import SettingsError
from kg.graph import Graph
from kg.records import Fact, Interaction, Product
from kg.snapshot import assemble
from recommend.evaluate import Report, evaluate_arriving
from recommend.evaluate.cold import cold_products
from recommend.welcoming import first_day
from tests.recommend.cli.lampshop import run
from tests.recommend.evaluate.logs import random_log
from tests.recommend.evaluate.test_cold import of_brands
from tests.recommend.shops import PLAIN


@pytest.fixture(scope="module")
def report() -> Report:
    return evaluate_arriving(of_brands(users=600), arriving=0.2, settings=PLAIN, k=3)


def test_the_brand_alone_brings_a_product_that_just_arrived_to_those_who_buy_it(report: Report) -> None:
    values = {row.model: row.means["recall@3"] for row in report.rows}
    assert report.protocol["new_products"] == 24
    # two of 24 are of a user's brand, on average, and three places are given
    assert values["new products, updated"] > 0.8
    assert values["new products, random"] == pytest.approx(3 / 24, abs=0.1)
    assert abs(values["new products, updated"] - values["new products, built anew"]) < 0.1


def test_a_visitor_is_known_by_three_products_just_looked_at(report: Report) -> None:
    values = {row.model: row.means["recall@3"] for row in report.rows}
    assert report.protocol["new_users"] > 50
    for way in ("3 just looked at", "history told", "updated", "built anew"):
        # eight of 96 known products are of the brand, and four of these are known of the user
        assert values[f"new users, {way}"] > 4 * values["new users, popularity"]
    pairs = {(one.model, one.against) for one in report.comparisons}
    assert ("new users, 3 just looked at", "new users, built anew") in pairs
    assert ("new products, updated", "new products, built anew") in pairs


def test_an_update_takes_less_than_a_build(report: Report) -> None:
    assert 0 < report.speed["update_seconds"] < report.speed["build_seconds"]


def test_without_any_knowledge_a_new_product_is_chance() -> None:
    found = evaluate_arriving(random_log(400, 60, seed=0), arriving=0.3, settings=PLAIN, k=6)
    values = {row.model: row.means["recall@6"] for row in found.rows}
    assert values["new products, random"] == pytest.approx(6 / 18, abs=0.1)
    assert values["new products, updated"] == 0  # no link leads there: empty places, which are misses


def test_on_their_first_day_products_have_no_relation_to_others() -> None:
    graph = of_brands()
    new = cold_products(graph, 0.2, seed=0)
    first = first_day(graph, new)
    stated = graph.relation("goes_with")
    left = first.relation("goes_with")
    assert stated is not None
    assert left is not None
    touched = new[stated.heads] | new[stated.tails]
    assert len(left) == len(stated) - touched.sum() < len(stated)
    assert not (new[left.heads] | new[left.tails]).any()
    assert len(first.relation("made_by") or ()) == graph.product_count


def test_what_cannot_be_measured_is_told() -> None:
    with pytest.raises(SettingsError, match="arriving=0 must lie between 0 and 1"):
        evaluate_arriving(of_brands(), arriving=0)
    with pytest.raises(SettingsError, match="nothing that was hidden"):
        evaluate_arriving(one_product_each(), arriving=0.2, settings=PLAIN)


def one_product_each() -> Graph:
    products = [Product(id=f"p{i}") for i in range(10)]
    return assemble(products, [], [Interaction(user=f"u{i}", product=f"p{i}") for i in range(10)])


def test_the_command(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    shop = Shop.create(tmp_path / "shop")
    shop.load([Product(id=f"p{i:02d}", title=f"thing {i}", brand=f"b{i % 4}") for i in range(40)])
    shop.load(
        [Fact(head=f"p{i:02d}", relation="goes_with", tail=f"p{i + 4:02d}") for i in range(36)], kind="facts"
    )
    log = [
        Interaction(user=f"u{user:03d}", product=f"p{p:02d}", time=float(at))
        for user in range(120)
        for at, p in enumerate(rng.choice(np.arange(user % 4, 40, 4), 5, replace=False).tolist())
    ]
    shop.load(log, kind="interactions")
    asked = ("evaluate", "--shop", shop.path, "--arriving", ".2", "--profile", "fast", "--without", "text")
    told = run(*asked, "--json")
    assert told.status == 0, told.err
    assert told.document["protocol"]["kind"] == "arriving"
    models = {row["model"] for row in told.document["rows"]}
    assert models >= {"new products, updated", "new users, 3 just looked at"}
    wrong = run(*asked, "--ablation")
    assert wrong.status == 2
    assert "leave it out" in wrong.err
