"""Scores are the same whether channels are added up before or on the way."""

from __future__ import annotations

import numpy as np
import pytest

from recommend.rank.additive import Additive
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
