"""Scores are the same whether channels are added up before or on the way."""

from __future__ import annotations

import numpy as np
import pytest

from recommend.rank.additive import Additive, Newcomers
from recommend.recommender import Recommender
from tests.recommend.shops import PLAIN, planted


@pytest.fixture(scope="module")
def model() -> Recommender:
    return Recommender.fit(planted(), settings=PLAIN)


@pytest.mark.parametrize("task", ["history", "product"])
def test_merged_links_give_the_same_scores(model: Recommender, task: str) -> None:
    fitted = model.fitted
    weights = fitted.weights["history" if task == "history" else "product"]
    additive = Additive.of(fitted.links, fitted.priors, weights, products=model.graph.product_count)
    for user in range(min(100, len(model.graph.nodes["user"]))):
        history = fitted.behaviour.history(user)
        one_by_one, merged = additive.scores(history), additive.scores_by_merged(history)
        assert merged.dtype == np.float32
        np.testing.assert_allclose(merged, one_by_one, rtol=1e-6)


def test_many_users_get_what_each_gets(model: Recommender, monkeypatch: pytest.MonkeyPatch) -> None:
    users = list(model.graph.nodes["user"])
    apart = model.recommend_many(users)
    monkeypatch.setattr("recommend.recommending._MANY", 1)
    together = model.recommend_many(users)
    np.testing.assert_array_equal(together.ids, apart.ids)
    np.testing.assert_allclose(together.scores, apart.scores, rtol=1e-5)


def test_newcomers_have_their_own_weights_and_nothing_is_copied_for_them(model: Recommender) -> None:
    fitted, n = model.fitted, model.graph.product_count
    usual = {one.name: 1.0 for one in fitted.links}
    theirs = {
        one.name: float(place % 3) for place, one in enumerate(fitted.links)
    }  # every third says nothing
    others = {one.name: float((place + 1) % 3) for place, one in enumerate(fitted.links)}
    new, strange = np.arange(n) % 5 == 0, np.arange(n) % 5 == 1
    before = [one.matrix.copy() for one in fitted.links]
    plain, own, apart = (Additive.of(fitted.links, (), some, products=n) for some in (usual, theirs, others))
    groups = [Newcomers(products=new, weights=theirs), Newcomers(products=strange, weights=others)]
    both = Additive.of(fitted.links, (), usual, products=n, newcomers=groups)
    for user in range(20):
        history = fitted.behaviour.history(user)
        wanted = np.where(new, own.scores(history), plain.scores(history))
        wanted = np.where(strange, apart.scores(history), wanted)
        np.testing.assert_allclose(both.scores(history), wanted, rtol=1e-6)
        np.testing.assert_allclose(both.scores_by_merged(history), wanted, rtol=1e-6)
        signals = both.signals(history, np.arange(n))
        np.testing.assert_allclose(np.sum(list(signals.values()), axis=0), wanted, rtol=1e-5)
        for name, weight in theirs.items():
            assert weight or not signals.get(name, np.zeros(n))[new].any()
            assert others[name] or not signals.get(name, np.zeros(n))[strange].any()
    for one, matrix in zip(fitted.links, before, strict=True):
        np.testing.assert_array_equal(one.matrix.data, matrix.data)
        np.testing.assert_array_equal(one.matrix.indices, matrix.indices)
