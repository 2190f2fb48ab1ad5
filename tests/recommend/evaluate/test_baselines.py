"""Ranking many users together gives what each would get alone; baselines do what their papers say."""

from __future__ import annotations

import numpy as np
import pytest

from kg.records import Interaction, Product
from kg.snapshot import assemble
from kg.split import hold_out
from recommend.behaviour import Behaviour
from recommend.evaluate.baselines import popularity, tuned_item_knn, tuned_transitions
from recommend.evaluate.ranking import rank
from recommend.measure.units import Units
from recommend.rank.additive import Additive
from recommend.recommender import Recommender


@pytest.mark.parametrize("name", ["hand", "shop"])
@pytest.mark.parametrize("k", [3, 10, 1_000])
def test_together_is_as_alone(name: str, k: int, request: pytest.FixtureRequest) -> None:
    model: Recommender = request.getfixturevalue(name)
    graph, fitted = model.graph, model.fitted
    users = [*graph.nodes["user"], "nobody knows me"]
    numbers = graph.nodes["user"].numbers(users)
    hidden = hold_out(graph).hidden
    units = Units(
        users=numbers,
        behaviour=fitted.behaviour,
        relevant=hidden[np.maximum(numbers, 0)].tocsr(),
        wanted=np.ones(len(users), dtype=np.int64),
    )
    own = Additive.of(fitted.links, fitted.priors, model.weights["history"], products=graph.product_count)
    lists = rank(own, units, k=k, listed=graph.products.listed, ties="id")
    for user, row in zip(users, lists, strict=True):
        assert tuple(graph.nodes["product"][p] for p in row if p >= 0) == model.recommend(user, k=k).ids


BASKETS = ["ab", "abc", "abcd", "bd", "cd", "ad", "ace", "be", "abe", "cde"]


def baskets() -> Behaviour:
    items = sorted({item for basket in BASKETS for item in basket})
    interactions = [
        Interaction(user=f"u{user}", product=item) for user, basket in enumerate(BASKETS) for item in basket
    ]
    return Behaviour.of(assemble([Product(id=item) for item in items], [], interactions))


def test_item_knn_is_what_a_pencil_gives() -> None:
    behaviour = baskets()
    listed = np.ones(5, dtype=np.bool_)
    hidden = behaviour.weight[np.arange(len(BASKETS))].astype(np.bool_)
    units = Units.of_hidden(behaviour, hidden.tocsr())
    found = tuned_item_knn(behaviour, units, listed=listed, k=3)
    exponent, shrinkage, power = (found.chosen[name] for name in ("exponent", "shrinkage", "user_exponent"))
    count = {item: sum(item in basket for basket in BASKETS) for item in "abcde"}

    def similarity(i: str, j: str) -> float:
        met = sum(len(basket) ** -power for basket in BASKETS if i in basket and j in basket)
        return float(met / ((count[i] * count[j]) ** exponent + shrinkage)) if met else 0.0

    expected = []
    for basket in BASKETS:
        scores = {j: sum(similarity(i, j) for i in basket) for j in "abcde" if j not in basket}
        # float32, as the model counts
        order = sorted(scores, key=lambda j: (-np.float32(scores[j]), j))
        expected.append("".join(order)[:3])
    lists = rank(found.model, units, k=3, listed=listed, ties="id")
    assert ["".join("abcde"[p] for p in row if p >= 0) for row in lists] == expected


def test_popularity_leaves_out_what_a_user_has() -> None:
    behaviour = baskets()
    units = Units.of_hidden(behaviour, behaviour.weight.astype(np.bool_).tocsr())
    lists = rank(popularity(behaviour).model, units, k=2, listed=np.ones(5, dtype=np.bool_), ties="id")
    count = np.asarray(behaviour.weight.sum(axis=0)).ravel()
    for basket, row in zip(BASKETS, lists, strict=True):
        others = sorted((j for j in range(5) if "abcde"[j] not in basket), key=lambda j: (-count[j], j))
        assert [p for p in row if p >= 0] == others[:2]


def test_what_is_not_listed_is_never_ranked() -> None:
    behaviour = baskets()
    units = Units.of_hidden(behaviour, behaviour.weight.astype(np.bool_).tocsr())
    listed = np.array([True, True, False, True, True])
    assert 2 not in rank(popularity(behaviour).model, units, k=5, listed=listed)


def test_transitions_need_an_order() -> None:
    behaviour = baskets()
    units = Units.of_hidden(behaviour, behaviour.weight.astype(np.bool_).tocsr())
    assert tuned_transitions(behaviour, units, listed=np.ones(5, dtype=np.bool_)) is None
