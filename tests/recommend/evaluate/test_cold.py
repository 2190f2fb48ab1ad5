"""New products: nothing of their behaviour is left, and only they are ranked."""

from __future__ import annotations

import numpy as np
import pytest

from kg.errors import SettingsError
from kg.graph import Graph
from kg.records import Fact, Interaction, Product
from kg.snapshot import assemble
from kg.split import without_behaviour
from recommend.behaviour import Behaviour
from recommend.evaluate import evaluate_cold
from recommend.evaluate.cold import (
    CATALOG,
    COSINE,
    RANDOM,
    SUM,
    WHOLE,
    catalog_only,
    cold_products,
)
from tests.recommend.evaluate.logs import random_log
from tests.recommend.shops import PLAIN


def of_brands(users: int = 200, products: int = 120, *, seed: int = 0) -> Graph:
    """Users buy one brand; a relation also links products of one brand, half of them."""
    rng = np.random.default_rng(seed)
    brand = np.arange(products) % 12
    facts = [
        Fact(head=f"p{i:03d}", relation="goes_with", tail=f"p{j:03d}")
        for i in range(products)
        for j in rng.choice(np.flatnonzero(brand == brand[i]), 3).tolist()
        if i != j
    ]
    log = [
        Interaction(user=f"u{user:03d}", product=f"p{p:03d}")
        for user in range(users)
        for p in rng.choice(np.flatnonzero(brand == user % 12), 6, replace=False).tolist()
    ]
    return assemble([Product(id=f"p{i:03d}", brand=f"b{brand[i]}") for i in range(products)], facts, log)


def test_what_a_product_is_carries_it_until_it_sells() -> None:
    report = evaluate_cold(of_brands(users=600), cold=0.2, settings=PLAIN, k=3)
    values = {row.model: row.means["recall@3"] for row in report.rows}
    assert set(values) == {WHOLE, CATALOG, SUM, COSINE, RANDOM}
    assert report.protocol["candidates"] == report.protocol["cold_products"] == 24
    # two of 24 are of the brand, on average, and three places are given
    assert values[COSINE] > 0.9
    assert values[WHOLE] > 0.8
    assert values[CATALOG] > 0.8
    assert values[RANDOM] == pytest.approx(3 / 24, abs=0.1)
    first = report.comparisons[0]
    assert (first.model, first.against, first.metric) == (WHOLE, SUM, "recall@3")


def test_without_any_knowledge_everything_is_chance() -> None:
    report = evaluate_cold(random_log(400, 60, seed=0), cold=0.3, settings=PLAIN, k=6)
    values = {row.model: row.means["recall@6"] for row in report.rows}
    assert values[RANDOM] == pytest.approx(6 / 18, abs=0.1)
    assert values[SUM] == values[COSINE] == 0  # no similarity: empty places, which are misses


def test_nothing_is_left_of_the_hidden_products() -> None:
    graph = of_brands()
    new = cold_products(graph, 0.15, seed=3)
    assert new.sum() == 18
    assert np.array_equal(new, cold_products(graph, 0.15, seed=3))
    assert not np.array_equal(new, cold_products(graph, 0.15, seed=4))
    left = without_behaviour(graph, new)
    assert Behaviour.of(left).weight[:, np.flatnonzero(new)].nnz == 0
    assert Behaviour.of(left).weight.nnz == Behaviour.of(graph).weight[:, np.flatnonzero(~new)].nnz
    assert left.products.listed[new].all()
    assert {one.name for one in catalog_only(graph).relations} == {"made_by", "purchased"}


def test_what_cannot_be_measured_is_told() -> None:
    with pytest.raises(SettingsError, match="between 0 and 1"):
        evaluate_cold(of_brands(), cold=1.5, settings=PLAIN)
    few = assemble(
        [Product(id="a"), Product(id="b"), Product(id="z")],
        [],
        [Interaction(user="u", product=p) for p in "ab"],
    )
    number = few.number("z")
    seed = next(seed for seed in range(99) if cold_products(few, 0.1, seed=seed)[number])
    with pytest.raises(SettingsError, match="raise --cold"):
        evaluate_cold(few, cold=0.1, settings=PLAIN, seed=seed)
