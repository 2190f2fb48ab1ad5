"""Anonymous visitors, re-ranked lists and products that came a moment ago, with a fitted model."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from kg.errors import SettingsError
from kg.records import Fact, Interaction, Product
from kg.shop import Shop
from kg.snapshot import assemble
from recommend import Recommender, build, update
from recommend.behaviour import Behaviour
from recommend.complements import Kinds
from recommend.evaluate.balancing import evaluate_balance, gini
from recommend.rank.balance import Balance
from recommend.rank.shelf import GraphShelf
from tests.recommend.complements.corner_shop import (
    EACH,
    PLAIN,
    corner_shop,
    facts,
    kind,
    log,
    products,
)
from tests.recommend.shops import planted


@pytest.fixture(scope="module")
def corner() -> Recommender:
    return Recommender.fit(corner_shop(), settings=PLAIN)


@pytest.fixture(scope="module")
def shop() -> Recommender:
    return Recommender.fit(planted(120, 80), settings=PLAIN)


# --- who only looked ---


def test_what_was_only_looked_at_may_be_recommended(corner: Recommender) -> None:
    seen = corner.recommend(viewed=["lamp0", "lamp1", "bulb2"], k=24)
    owned = corner.recommend(history=["lamp0", "lamp1", "bulb2"], k=24)
    assert {"lamp0", "lamp1", "bulb2"} & set(seen.ids)
    assert not {"lamp0", "lamp1", "bulb2"} & set(owned.ids)
    for hit in seen:
        assert sum(hit.signals.values()) == pytest.approx(hit.score, rel=1e-5)
        assert corner.explain(seen.query, hit.product.id).score == pytest.approx(hit.score, rel=1e-5)


def test_looking_at_what_one_owns_does_not_bring_it_back() -> None:
    own = Interaction(user="me", product="lamp0", time=1.7e9)
    model = Recommender.fit(assemble(products(), facts(), [*log(), own]), settings=PLAIN)
    assert "lamp0" not in model.recommend("me", viewed=["lamp0", "lamp1"], k=24).ids
    assert "lamp1" in model.recommend("me", viewed=["lamp0", "lamp1"], k=24).ids


def test_a_look_says_half_of_what_a_purchase_says(corner: Recommender) -> None:
    bought = {hit.product.id: hit.signals for hit in corner.recommend(history=["lamp0"], k=24)}
    priors = {one.name for one in corner.fitted.priors}
    for hit in corner.recommend(viewed=["lamp0"], k=24):
        for name, value in hit.signals.items():
            if hit.product.id in bought and name not in priors:
                assert value == pytest.approx(bought[hit.product.id][name] / 2, rel=1e-5)


# --- lists that are more than relevant ---


def test_a_balance_moves_products_and_leaves_their_scores(corner: Recommender) -> None:
    plain = corner.recommend(history=["lamp0"], k=24)
    place = {one: at for at, one in enumerate(plain.ids, start=1)}
    score = {hit.product.id: hit.score for hit in plain}
    found = corner.recommend(history=["lamp0"], k=6, balance=Balance(diversity=0.6, in_stock=True))
    assert found.ids != plain.ids[:6]
    assert "re-ranked for diversity=0.6, in_stock" in found.note
    for hit in found:
        assert hit.by_score == place[hit.product.id]
        assert hit.score == score[hit.product.id]
        assert sum(hit.signals.values()) == pytest.approx(hit.score, rel=1e-5)
        assert set(hit.balance) <= {"diversity"}
        assert hit.product.availability == "in_stock"
    assert all(hit.by_score == 0 and not hit.balance for hit in plain)


def test_more_diversity_means_more_kinds(corner: Recommender) -> None:
    def kinds(strength: float) -> int:
        found = corner.recommend(history=["polish0"], k=4, balance=Balance(diversity=strength))
        return len({kind(one) for one in found.ids})

    assert kinds(1.0) > kinds(0.0)


def test_caps_hold_for_categories_and_sellers() -> None:
    sold = [replace(p, attributes={"Seller": f"shop {n % 2}"}) for n, p in enumerate(products())]
    model = Recommender.fit(assemble(sold, facts(), log()), settings=PLAIN)
    capped = model.recommend(history=["lamp0"], k=24, balance=Balance(per_category=2))
    assert max(np.unique([kind(one) for one in capped.ids], return_counts=True)[1]) == 2
    few = model.recommend(history=["lamp0"], k=24, balance=Balance(per_seller=3))
    assert max(np.unique([str(h.product.attributes["Seller"]) for h in few], return_counts=True)[1]) == 3


def test_newer_products_rise_by_their_dates() -> None:
    dated = [replace(p, attributes={"date added": f"2026-01-{n + 1:02d}"}) for n, p in enumerate(products())]
    model = Recommender.fit(assemble(dated, facts(), log()), settings=PLAIN)

    def mean_day(freshness: float) -> float:
        found = model.recommend(history=["lamp0"], k=4, balance=Balance(freshness=freshness))
        return float(np.mean([int(str(hit.product.attributes["date added"])[-2:]) for hit in found]))

    assert mean_day(1.0) > mean_day(0.3) >= mean_day(0.0)


def test_how_new_known_and_fairly_shown_products_are() -> None:
    graph = corner_shop()
    names = graph.nodes["product"]
    shown = [names.numbers(["lamp0", "lamp3", "lamp1"])]  # Brand0 twice, at the top; Brand2 never
    shelf = GraphShelf(
        graph, Behaviour.of(graph), {}, kind=lambda: Kinds.of(graph).one, shown=lambda most: shown
    )
    of_brands = shelf.fairness(names.numbers(["lamp0", "lamp1", "lamp2"]), "catalog").tolist()
    assert of_brands[0] < 0 < of_brands[2]
    assert of_brands[0] < of_brands[1] < of_brands[2]
    assert shelf.fair_share("catalog").tolist() == pytest.approx([1 / 3] * 3)
    lamp, desk = names.numbers(["lamp0", "desk1"])  # many bought the lamp, nobody the desk
    known, unknown = shelf.novelty(np.array([lamp, desk])).tolist()
    assert 0 < known < unknown == 1
    assert shelf.freshness(np.array([desk])).tolist() == [1]  # nobody has met it yet
    assert shelf.absent(names.numbers(["lamp4", "lamp5"])).tolist() == [False, True]
    near = shelf.likeness(names.numbers(["lamp0", "lamp3", "lamp1", "desk1"]))(0)
    assert near[0] == pytest.approx(1)
    assert near[0] == pytest.approx(near[1])
    assert near[1] > near[2] > near[3] == 0


@given(
    user=st.integers(0, 79),
    k=st.integers(1, 12),
    diversity=st.sampled_from([0.0, 0.3, 1.0]),
    cap=st.integers(0, 2),
    stock=st.booleans(),
)
def test_promises_hold_for_a_shop(
    shop: Recommender, user: int, k: int, diversity: float, cap: int, stock: bool
) -> None:
    name = f"u{user:03d}"
    asked = Balance(diversity=diversity, per_brand=cap, in_stock=stock)
    found, plain = shop.recommend(name, k=k, balance=asked), shop.recommend(name, k=10_000)
    assert set(found.ids) <= set(plain.ids)
    if not asked:
        assert found.ids == plain.ids[:k]
    if cap:
        assert max(np.unique([hit.product.brand for hit in found], return_counts=True)[1], default=0) <= cap
    gone = [hit.product.availability == "sold_out" for hit in found]
    if stock:
        assert gone == sorted(gone)
        if any(gone) and not cap:
            there = sum(hit.product.availability != "sold_out" for hit in plain)
            assert gone.count(False) == there


def test_the_price_of_a_balance() -> None:
    report = evaluate_balance(planted(120, 80), Balance(diversity=0.4), settings=PLAIN, users=60)
    by_score, *tried = report.rows
    assert [row.model for row in tried] == [f"balance x {factor}" for factor in ("0.25", "0.5", "1", "2")]
    assert tried[-1].means["diversity"] > by_score.means["diversity"]
    assert report.comparisons[0].against == "by score"
    assert report.protocol["balance"] == "diversity=0.4"
    stock = evaluate_balance(planted(120, 80), Balance(in_stock=True), settings=PLAIN, users=60)
    assert [row.model for row in stock.rows] == ["by score", "balance x 1"]
    assert stock.rows[1].means["out of stock"] < stock.rows[0].means["out of stock"]
    with pytest.raises(SettingsError, match="asks for nothing"):
        evaluate_balance(planted(20, 10), Balance(), settings=PLAIN)


def test_gini() -> None:
    assert gini([1, 1, 1, 1]) == pytest.approx(0)
    assert gini([0, 0, 0, 1]) == pytest.approx(0.75)
    assert gini([]) == gini([0, 0]) == 0


# --- what came a moment ago ---


def test_new_products_are_found_by_every_entrance_after_an_update(tmp_path: Path) -> None:
    shop = Shop.create(tmp_path / "shop")
    shop.load(products())
    shop.load(facts())
    shop.load(log())
    build(shop, settings=PLAIN)
    new = [
        Product(
            id="lamp9",
            title="lamp nine",
            brand="Brand0",
            category=("Shop", "Lamps"),
            attributes={"fitting": "E14"},
        ),
        Product(id="bulb9", title="bulb nine", brand="Brand0", category=("Shop", "Bulbs")),
    ]
    shop.load(new)
    shop.load([Fact(head="bulb9", relation="compatible_with", tail="lamp9")], kind="facts")
    assert update(shop).added == 2
    model = Recommender.open(shop.path)
    assert "lamp9" in model.similar("lamp0", k=EACH).ids
    assert "lamp9" in model.recommend(history=["lamp0", "lamp3"], k=24).ids
    assert "lamp9" in model.recommend(viewed=["lamp0", "lamp1", "lamp2"], k=24).ids
    assert "lamp9" in model.search("lamp nine", k=1).ids
    assert model.complete("lamp9", fits="lamp9").ids == ("bulb9",)
    assert kind(model.complete("lamp9")[0].product.id) == "bulb"
    assert "bulb9" in model.complete("lamp0", k=24).ids
    number = model.graph.number("lamp9")
    reached = {one.name for one in model.fitted.links if number in one.matrix.indices}
    assert {"in_category", "made_by", "has_attribute", "compatible_with", "kinds_together"} <= reached
    assert {"co_purchase", "transitions"}.isdisjoint(reached)  # nobody met it yet
