"""KGCN's protocol: what is drawn, what teaches, and what is measured."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kg.errors import DataError
from kg.graph import Graph
from kg.records import Interaction, Product
from kg.snapshot import assemble
from recommend.behaviour import Behaviour
from recommend.evaluate.ctr import evaluate_ctr
from recommend.evaluate.pair_features import Reader, out_of_fold
from recommend.evaluate.pair_metrics import auc, best_threshold, f1
from recommend.evaluate.pairs import drawn, of_listed, without
from tests.recommend.shops import PLAIN, planted

QUICK = replace(PLAIN, best_lists=0, search_queries=0)


@pytest.fixture(scope="module")
def graph() -> Graph:
    return of_listed(planted(60, 40))


def test_each_user_has_as_many_of_either_kind(graph: Graph) -> None:
    behaviour = Behaviour.of(graph)
    sides = drawn(behaviour, graph.products.listed, seed=3)
    met = behaviour.weight.toarray() > 0
    every = [sides.train, sides.check, sides.test]
    for one in every:
        np.testing.assert_array_equal(met[one.users, one.products], one.taken)
        assert graph.products.listed[one.products].all()
    users = np.concatenate([one.users for one in every])
    taken = np.concatenate([one.taken for one in every])
    np.testing.assert_array_equal(np.bincount(users[taken]), np.bincount(users[~taken]))
    keys = np.concatenate([one.keys(graph.product_count) for one in every])
    assert len(np.unique(keys)) == len(keys) == 2 * behaviour.weight.nnz
    assert len(sides.train) == pytest.approx(0.6 * len(keys), abs=2)


@settings(max_examples=5, deadline=None)
@given(place=st.integers(0, 10_000))
def test_features_never_see_their_own_interaction(graph: Graph, place: int) -> None:
    """A taken pair is read in the same way whether it ever happened or not."""
    sides = drawn(Behaviour.of(graph), graph.products.listed, seed=0)
    n = graph.product_count
    known = without(graph, np.concatenate([o.keys(n)[o.taken] for o in (sides.check, sides.test)]))
    like = Reader.of(known, QUICK, seed=0).features
    taken = np.flatnonzero(sides.train.taken)
    row = int(taken[place % len(taken)])
    never = without(known, sides.train.of(np.array([row])).keys(n))
    seen = out_of_fold(known, sides.train, QUICK, seed=0, like=like, folds=3)
    unseen = out_of_fold(never, sides.train, QUICK, seed=0, like=like, folds=3)
    np.testing.assert_array_equal(seen[row], unseen[row])


def test_a_feature_in_fold_would_show_the_label(graph: Graph) -> None:
    """What the test above guards against: read from a graph that has them, taken pairs look different."""
    sides = drawn(Behaviour.of(graph), graph.products.listed, seed=0)
    reader = Reader.of(graph, QUICK, seed=0)
    honest = out_of_fold(graph, sides.train, QUICK, seed=0, like=reader.features, folds=3)
    at = list(reader.features.signs).index("people")
    leaked = auc(reader.features_of(sides.train)[:, at], sides.train.taken)
    assert leaked > auc(honest[:, at], sides.train.taken) + 0.1


def test_auc_and_f1_by_hand() -> None:
    said, taken = np.array([0.9, 0.8, 0.8, 0.1]), np.array([True, True, False, False])
    assert auc(said, taken) == pytest.approx(3.5 / 4)
    assert best_threshold(said, taken) == 0.8
    assert f1(said, taken, 0.8) == pytest.approx(2 * 2 / (3 + 2))
    assert np.isnan(auc(said, np.ones(4, dtype=np.bool_)))
    # pairs of one value are called together, whatever their order
    assert best_threshold(np.zeros(4), np.array([True, True, False, False])) == 0.0


@given(st.lists(st.tuples(st.integers(0, 4), st.booleans()), min_size=2, max_size=25))
def test_the_best_threshold_is_the_best(rows: list[tuple[int, bool]]) -> None:
    said = np.array([float(value) for value, _ in rows])
    taken = np.array([label for _, label in rows])
    best = max(f1(said, taken, value) for value in said.tolist())
    assert f1(said, taken, best_threshold(said, taken)) == pytest.approx(best)


@pytest.mark.long
def test_trees_beat_what_they_are_made_of() -> None:
    report = evaluate_ctr(planted(120, 150), seeds=(0, 1), settings=QUICK)
    best = report.row("best").means
    for name in ("popularity", "item_knn", "exact"):
        assert best["auc"] > report.row(name).means["auc"]
        assert best["log_loss"] < report.row(name).means["log_loss"]
    assert best["auc_sd"] >= 0
    assert 0 < best["recall@10"] <= best["recall@20"] <= 1
    assert report.row("balance").means["auc"] < 0.7


def test_too_few_users_are_an_error() -> None:
    lonely = assemble([Product(id="a"), Product(id="b")], [], [Interaction(user="u", product="a")])
    with pytest.raises(DataError, match="load more"):
        evaluate_ctr(lonely)
