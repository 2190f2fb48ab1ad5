"""What teaches: hidden from whom, and from what."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

import recommend.folds
from kg.graph import Graph
from kg.records import Interaction, Product
from kg.snapshot import assemble
from kg.time_split import last_share, moment_of
from recommend.behaviour import Behaviour
from recommend.evaluate.baselines import mean_ndcg
from recommend.evaluate.variants import additive
from recommend.folds import Blind, Folds
from recommend.measure.units import Units
from recommend.recommender import Recommender
from tests.recommend.evaluate.logs import DAY, START
from tests.recommend.shops import PLAIN

PRODUCTS = 12
CATEGORIES, TASTES = 8, 4


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


def visits(users: int, *, seed: int = 0) -> Graph:
    """Everybody comes back each month for something of another category, looks at two products of it that
    are not to their taste, and buys what is. Only who buys what tells of tastes."""
    rng = np.random.default_rng(seed)
    of_both = np.arange(CATEGORIES * TASTES * 3).reshape(CATEGORIES, TASTES, 3)
    log = []
    for user in range(users):
        name, taste = f"u{user:03d}", user % TASTES
        for month, category in enumerate(rng.permutation(CATEGORIES)[:5].tolist()):
            now = START + DAY * (30 * month + float(rng.integers(30)))
            seen = rng.choice(np.delete(of_both[category], taste, axis=0).ravel(), 2, replace=False)
            log += [
                Interaction(user=name, product=f"p{one:03d}", kind="view", time=now - 600) for one in seen
            ]
            log.append(
                Interaction(user=name, product=f"p{rng.choice(of_both[category, taste]):03d}", time=now)
            )
    products = [Product(id=f"p{one:03d}", category=(f"C{one // (TASTES * 3)}",)) for one in of_both.ravel()]
    return assemble(products, [], log)


def test_with_times_everything_after_a_moment_is_hidden() -> None:
    graph = visits(200)
    folds, split = folds_of(graph, best_lists=100), last_share(graph, PLAIN.learn_share)
    assert split is not None
    assert not list(folds.others())
    assert folds.unseen is folds.first.graph
    first = Behaviour.of(folds.first.graph)
    known = np.diff(first.weight.indptr) > 0
    assert folds.first.users.tolist() == split.users[known[split.users]].tolist()
    users = folds.first.users
    np.testing.assert_array_equal(folds.first.hidden[users].toarray(), split.hidden[users].toarray())
    moment = moment_of(graph, share=PLAIN.learn_share)
    assert np.nanmax(first.moment) < moment


def test_no_more_users_teach_than_were_asked_for() -> None:
    graph = visits(200)
    folds = Folds.of(graph, Behaviour.of(graph), replace(PLAIN, learn_users=120), seed=0)
    assert len(folds.first.users) == 120


def test_where_too_few_come_again_users_teach_by_their_latest() -> None:
    graph = visits(60)
    splits = [(folds := folds_of(graph)).first, *folds.others()]
    assert len(splits) == 3
    assert sum(len(one.users) for one in splits) == 60


def test_what_is_wanted_weeks_later_is_not_what_was_just_looked_at(monkeypatch: pytest.MonkeyPatch) -> None:
    graph = visits(300)
    test = last_share(graph, 0.2)
    assert test is not None
    settings = replace(PLAIN, search_queries=0, best_lists=0)

    def found() -> tuple[float, float]:
        """NDCG@10 after the moment, and what a category is worth beside co-purchase."""
        model = Recommender.fit(test.graph, settings=settings)
        units = Units.of_hidden(model.fitted.behaviour, test.hidden)
        weights = model.weights["history"]
        value = mean_ndcg(additive(model, weights), units, listed=model.graph.products.listed, k=10)
        return value, weights["in_category"] / weights["co_purchase"]

    value, worth = found()
    monkeypatch.setattr(recommend.folds, "_later", lambda *_: None)
    by_latest, worth_by_latest = found()
    assert worth < 0.5 * worth_by_latest
    assert value > 1.2 * by_latest
