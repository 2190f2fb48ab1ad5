"""Ties are chance, memory changes nothing, and every place is accounted for."""

from __future__ import annotations

import numpy as np
import pytest

from recommend.behaviour import Behaviour
from recommend.channels.base import Prior
from recommend.channels.co_purchase import item_knn
from recommend.evaluate.baselines import popularity, single
from recommend.evaluate.ranking import Dense, rank, tie_keys
from recommend.linear import ease
from recommend.measure.metrics import find_hits, recall
from recommend.rank.additive import Additive
from recommend.rank.memory import ALL, Memory
from tests.recommend.evaluate.logs import random_log, units_of


def constant(products: int, value: float = 1.0) -> Additive:
    prior = Prior(name="all alike", values=np.full(products, value, dtype=np.float32))
    return Additive.of((), (prior,), {"all alike": 1.0}, products=products)


@pytest.mark.parametrize("wanted", ["the first by id", "the last by id"])
def test_a_scorer_that_knows_nothing_is_at_chance(wanted: str) -> None:
    """Whoever has low ids gains nothing by them."""
    users, products, k = 600, 50, 10
    behaviour = Behaviour.of(random_log(users, products, seed=1))
    target = 0 if wanted == "the first by id" else products - 1
    units = units_of(behaviour, [[target]] * users)
    free = np.array([target not in behaviour.history(user).products for user in range(users)])
    listed = np.ones(products, dtype=np.bool_)
    lists = rank(constant(products), units, k=k, listed=listed)
    found = recall(find_hits(lists, units.relevant), units.wanted)[free]
    owned = float(np.diff(behaviour.weight.indptr)[free].mean())
    assert found.mean() == pytest.approx(k / (products - owned), abs=4 * 0.4 / np.sqrt(free.sum()))
    by_id = rank(constant(products), units, k=k, listed=listed, ties="id")
    cheated = recall(find_hits(by_id, units.relevant), units.wanted)[free].mean()
    assert cheated == (1.0 if target == 0 else 0.0)


def test_the_first_place_is_as_good_as_the_tenth() -> None:
    behaviour = Behaviour.of(random_log(500, 20, seed=2, most=1))
    units = units_of(behaviour, [[]] * 500)
    lists = rank(constant(20), units, k=20, listed=np.ones(20, dtype=np.bool_))
    places = np.array([row.tolist().index(7) for row in lists if 7 in row])
    assert np.bincount(places, minlength=19)[:19].std() < 12  # some 26 users for each place
    assert abs(places.mean() - 9) < 1


def test_ties_are_settled_by_the_seed() -> None:
    keys = [tie_keys(seed, unit, np.arange(9)).tolist() for seed in (0, 1) for unit in (0, 1)]
    assert len({tuple(np.argsort(one)) for one in keys}) == 4
    assert tie_keys(3, 5, np.array([4, 8])).tolist() == tie_keys(3, 5, np.arange(9))[[4, 8]].tolist()


def test_what_scores_nothing_leaves_its_place_empty() -> None:
    behaviour = Behaviour.of(random_log(5, 8, seed=0))
    units = units_of(behaviour, [[1]] * 5)
    lists = rank(constant(8, 0.0), units, k=4, listed=np.ones(8, dtype=np.bool_))
    assert (lists == -1).all()


@pytest.mark.parametrize("decay", [1.0, 0.5])
def test_the_lists_are_the_same_under_any_memory(decay: float) -> None:
    behaviour = Behaviour.of(random_log(300, 60, seed=3, times=True))
    units = units_of(behaviour, [[user % 60] for user in range(300)])
    listed = np.arange(60) % 7 != 0
    memory = Memory(decay=decay)
    models = {
        "popularity": popularity(behaviour).model,
        "neighbours": single("x", item_knn(behaviour.weight), memory),
        "dense": Dense(matrix=ease(behaviour.weight, 10.0), memory=memory),
    }
    for name, model in models.items():
        wide, narrow, one = (
            rank(model, units, k=10, listed=listed, memory=memory)
            for memory in (10**9, 64 * 60 * 7, 1)  # all at once, seven users at a time, one by one
        )
        assert np.array_equal(wide, narrow), name
        assert np.array_equal(wide, one), name
        assert listed[wide[wide >= 0]].all()


def test_some_units_are_those_units() -> None:
    behaviour = Behaviour.of(random_log(30, 12, seed=4))
    units = units_of(behaviour, [[user % 12] for user in range(30)])
    some = units.some(np.array([4, 9]))
    model = single("x", item_knn(behaviour.weight), ALL)
    listed = np.ones(12, dtype=np.bool_)
    all_lists, lists = (rank(model, of, k=3, listed=listed, ties="id") for of in (units, some))
    assert np.array_equal(all_lists[[4, 9]], lists)


def test_units_can_be_of_nobody() -> None:
    behaviour = Behaviour.of(random_log(3, 8, seed=0))
    lists = rank(constant(8), units_of(behaviour, []), k=2, listed=np.ones(8, dtype=np.bool_))
    assert lists.shape == (0, 2)
