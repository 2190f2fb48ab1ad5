"""What teaches: hidden from whom, and from what."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

import recommend.folds
from kg.graph import Graph
from kg.records import Interaction, Product
from kg.snapshot import assemble
from recommend.behaviour import Behaviour
from recommend.folds import Blind, Folds
from recommend.recommender import Recommender
from tests.recommend.shops import PLAIN

PRODUCTS = 12


def log(users: int, *, times: bool) -> Graph:
    rng = np.random.default_rng(0)
    bought = [
        Interaction(user=f"u{user:03d}", product=f"p{one:02d}", time=float(place) if times else None)
        for user in range(users)
        for place, one in enumerate(rng.permutation(PRODUCTS)[: int(rng.integers(1, 7))].tolist())
    ]
    return assemble([Product(id=f"p{i:02d}", brand=f"B{i % 3}") for i in range(PRODUCTS)], [], bought)


def folds_of(graph: Graph, *, best_lists: int = 0) -> Folds:
    return Folds.of(graph, Behaviour.of(graph), replace(PLAIN, best_lists=best_lists), seed=0)


@pytest.mark.parametrize("times", [True, False])
def test_few_users_all_teach_each_in_one_fold(times: bool) -> None:
    graph = log(90, times=times)
    behaviour, folds = Behaviour.of(graph), folds_of(graph)
    assert folds.few
    able = np.flatnonzero(np.diff(behaviour.weight.indptr) >= 2)
    splits = [folds.first, *folds.others()]
    assert len(splits) == 3
    taught = np.concatenate([one.users for one in splits])
    np.testing.assert_array_equal(np.sort(taught), able)


def test_of_many_users_a_third_teaches(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(recommend.folds, "FEW", 20)
    graph = log(90, times=False)
    folds = folds_of(graph, best_lists=100)
    assert not folds.few
    assert not list(folds.others())
    assert folds.unseen is folds.first.graph


def test_in_an_order_only_what_is_latest_is_hidden(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(recommend.folds, "FEW", 20)
    graph = log(90, times=True)
    whole = Behaviour.of(graph)
    assert not list(folds_of(graph).others())  # nobody needs them without trees
    folds = folds_of(graph, best_lists=100)
    splits = [folds.first, *folds.others()]
    assert len(splits) == 3
    for split in splits:
        for user in split.users.tolist():
            history = whole.history(user)
            hidden = split.hidden.indices[split.hidden.indptr[user] : split.hidden.indptr[user + 1]]
            assert hidden.tolist() == history.products[-1:].tolist()
    known = Behaviour.of(folds.unseen).weight.toarray() > 0
    everything = whole.weight.toarray() > 0
    hidden_by_any = np.logical_or.reduce([one.hidden.toarray() for one in splits])
    np.testing.assert_array_equal(known, everything & ~hidden_by_any)


def test_a_channel_that_a_fold_does_not_have_says_nothing_there() -> None:
    graph = log(90, times=True)
    model = Recommender.fit(graph, settings=replace(PLAIN, search_queries=0, best_lists=0))
    names = {"co_purchase", "transitions"}
    first = folds_of(graph).first
    blind = Blind.of(first, {"co_purchase"}, PLAIN, seed=0)
    found = {one.name: one for one in blind.known(model.fitted.links, names)}
    whole = {one.name: one for one in model.fitted.links}
    assert names <= set(found)
    assert found["transitions"].matrix.nnz == 0
    assert found["co_purchase"].matrix is blind.links[0].matrix
    assert found["made_by"].matrix is whole["made_by"].matrix
    assert found["co_purchase"].memory == whole["co_purchase"].memory


def test_embeddings_see_nothing_that_teaches(monkeypatch: pytest.MonkeyPatch) -> None:
    import recommend.fitting as fitting

    seen: list[Graph] = []
    monkeypatch.setattr(fitting, "learn_graph", lambda graph, *args, **more: seen.append(graph))
    graph = log(90, times=False)
    model = Recommender.fit(graph, settings=replace(PLAIN, search_queries=0, best_lists=0))
    folds = folds_of(graph)
    (given,) = seen
    known = Behaviour.of(given).weight.toarray() > 0
    for split in (folds.first, *folds.others()):
        assert not (known & split.hidden.toarray()).any()
    assert model.card["validation"]["users"] == sum(
        len(split.users) for split in (folds.first, *folds.others())
    )
