"""The ranking `best` of recommendations, from the fit to the answers."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import scipy.sparse as sp

import recommend.taste_lessons as lessons
from kg.errors import VersionError
from kg.graph import Graph
from recommend.behaviour import Behaviour
from recommend.boosted.again import DEPTH, best_products, rank_best
from recommend.boosted.lists import Fold, Lists
from recommend.boosted.teaching import teach
from recommend.channels import FitContext
from recommend.channels.base import fit_links
from recommend.measure.units import Units
from recommend.opening import open_fitted
from recommend.recommender import Recommender
from recommend.training.trees import Trees
from tests.recommend.boosted.shops import priced
from tests.recommend.shops import PLAIN

QUICK = replace(PLAIN, search_queries=0, best_lists=1_000)


@pytest.fixture(scope="module")
def graph() -> Graph:
    return priced()


@pytest.fixture(scope="module")
def taught(graph: Graph) -> tuple[Recommender, list[Fold]]:
    """The fitted model and the folds that its trees were taught with."""
    folds: list[Fold] = []

    def kept(given: Any, *args: Any, **more: Any) -> Any:
        def listed() -> Any:
            for fold in given:
                folds.append(fold)
                yield fold

        return teach(listed(), *args, **more)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(lessons, "teach", kept)
        return Recommender.fit(graph, settings=QUICK), folds


@pytest.fixture(scope="module")
def model(taught: tuple[Recommender, list[Fold]]) -> Recommender:
    return taught[0]


def test_trees_are_kept_where_they_surely_help(model: Recommender) -> None:
    card = model.card["best"]
    assert card["chosen"]
    assert card["gain"][1] > 0
    assert card["ndcg@10_after"] > 1.1 * card["ndcg@10_before"]
    assert card["log_loss"] < card["log_loss_before"]


def test_the_card_says_what_several_seeds_gained(model: Recommender) -> None:
    card = model.card["best"]["ensemble"]
    assert card["seeds"] == 2
    assert card["gain"] == pytest.approx(card["with"] - card["without"], abs=2e-6)
    assert card["interval"][0] <= card["gain"] <= card["interval"][1]
    assert card["kept"] == ("on" if card["gain"] >= 0 else "off")
    # what is said of all trees is said of those that are used
    used = card["with"] if card["kept"] == "on" else card["without"]
    assert model.card["best"]["ndcg@10_after"] == pytest.approx(used, abs=1e-5)
    ranker = model.fitted.taste_ranker
    assert ranker is not None
    assert len(ranker.trees.models) == (2 if card["kept"] == "on" else 1)


@pytest.mark.parametrize("worse", [True, False])
def test_several_seeds_are_used_only_where_they_do_not_lose(
    model: Recommender, taught: tuple[Recommender, list[Fold]], monkeypatch: pytest.MonkeyPatch, worse: bool
) -> None:
    """As if the mean of several models, or the first alone, said the contrary of what they learned."""
    ranker = model.fitted.taste_ranker
    assert ranker is not None
    said = Trees.said

    def lying(trees: Trees, table: Any) -> Any:
        return said(trees, table) * (-1 if (len(trees.models) > 1) == worse else 1)

    monkeypatch.setattr(Trees, "said", lying)
    found, card = teach(
        iter(taught[1]), ranker.features, model.graph.products.listed, lists=QUICK.best_lists, seed=0
    )
    assert card["ensemble"]["kept"] == ("off" if worse else "on")
    assert (card["ensemble"]["gain"] < 0) is worse
    assert found is not None
    assert len(found.trees.models) == (1 if worse else 2)


def test_trees_are_dropped_where_they_do_not_help() -> None:
    """Where everybody buys at random there is nothing to learn."""
    model = Recommender.fit(priced(1_200, choosy=False, seed=1), settings=QUICK)
    card = model.card["best"]
    assert not card["chosen"]
    assert card["why"]
    best, exact = model.recommend("u001", ranking="best"), model.recommend("u001")
    assert best.ids == exact.ids
    assert "ranked as 'exact'" in best.note
    assert not exact.note


def test_no_lists_no_trees(graph: Graph) -> None:
    model = Recommender.fit(graph, settings=replace(QUICK, best_lists=0))
    assert model.fitted.taste_ranker is None
    assert "best" not in model.card


def test_what_teaches_was_made_without_what_is_hidden(
    graph: Graph, taught: tuple[Recommender, list[Fold]]
) -> None:
    model, folds = taught
    assert len(folds) > 1
    whole = model.fitted.behaviour.weight
    for fold in folds:
        known = fold.behaviour.weight
        assert fold.hidden.nnz > 0
        assert not (known.toarray() > 0)[fold.hidden.toarray()].any()
        assert known.nnz + fold.hidden.nnz == whole.nnz
        stated = {t: r for t, r in model.graph.relations.items() if t.head == "user"}
        cells = np.flatnonzero(fold.hidden.toarray())
        without = model.graph.without(
            edges={
                t: np.isin(r.heads.astype(np.int64) * model.graph.product_count + r.tails, cells)
                for t, r in stated.items()
            }
        )
        context = FitContext(
            graph=without,
            behaviour=Behaviour.of(without),
            vectors={},
            indexes={},
            settings=QUICK,
            seed=0,
        )
        honest = {one.name: one for one in fit_links(context)}
        read = [one for one in (*fold.features.links, *fold.additive.links) if one is not None]
        assert read
        for one in read:
            assert _same(one.matrix, honest[one.name].matrix), one.name


def _same(one: sp.csr_array, other: sp.csr_array) -> bool:
    return all(
        np.array_equal(getattr(one, name), getattr(other, name)) for name in ("indptr", "indices", "data")
    )


def test_scores_are_dealt_out_anew(model: Recommender) -> None:
    moved = 0
    for user in range(0, 60, 5):
        exact = model.recommend(f"u{user:03d}", k=DEPTH)
        best = model.recommend(f"u{user:03d}", k=DEPTH, ranking="best")
        assert sorted(best.ids) == sorted(exact.ids)
        scores = [hit.score for hit in best]
        assert scores == sorted(scores, reverse=True)
        assert scores == pytest.approx([hit.score for hit in exact], rel=1e-4)
        for hit in best:
            assert hit.additive == pytest.approx(sum(hit.signals.values()), abs=1e-4)
            moved += hit.adjustment != 0
    assert moved > 0


def test_chances_fall_down_the_list_and_only_the_best_have_one(model: Recommender) -> None:
    best = model.recommend("u005", k=DEPTH + 20, ranking="best")
    chances = [hit.chance for hit in best]
    known = [one for one in chances[:DEPTH] if one is not None]
    assert len(known) == DEPTH
    assert known == sorted(known, reverse=True)
    assert 0 < known[-1] < known[0] < 1
    assert chances[DEPTH:] == [None] * (len(best) - DEPTH)
    assert len(best) > DEPTH
    assert all(hit.chance is None for hit in model.recommend("u005"))


def test_an_explanation_names_what_trees_did(model: Recommender) -> None:
    best = model.recommend("u005", ranking="best")
    hit = max(best, key=lambda one: abs(one.adjustment))
    assert hit.adjustment
    told = model.explain(best.query, hit.product.id)
    assert told.adjustment == pytest.approx(hit.adjustment, abs=1e-5)
    assert told.score == pytest.approx(hit.score, abs=1e-4)
    assert told.explained + sum(told.rests.values()) == pytest.approx(hit.score, abs=1e-4)


def test_single_equals_batch(model: Recommender) -> None:
    users = [f"u{user:03d}" for user in range(8)]
    found = model.recommend_many(users, ranking="best", k=20)
    for row, user in enumerate(users):
        one = model.recommend(user, ranking="best", k=20)
        assert tuple(found.ids[row][: len(one)]) == one.ids
        np.testing.assert_allclose(found.scores[row][: len(one)], [hit.score for hit in one], rtol=1e-5)


def test_filters_hold_and_strangers_are_served(model: Recommender) -> None:
    cheap = model.recommend("u003", ranking="best", where="price<=40")
    assert cheap.hits
    assert all(hit.product.price is not None and hit.product.price <= 40 for hit in cheap)
    assert model.recommend("nobody", ranking="best").hits
    assert model.recommend(history=["p0001", "p0002"], ranking="best").hits


def test_the_likely_is_taken_more_often(model: Recommender, taught: tuple[Recommender, list[Fold]]) -> None:
    """That the chances are calibrated for users who taught nothing is what the card's log loss says."""
    ranker = model.fitted.taste_ranker
    assert ranker is not None
    fold = taught[1][-1]
    listed = model.graph.products.listed
    chances, taken = [], []
    for user in fold.users.tolist()[:200]:
        history = fold.behaviour.history(user)
        products, scores = best_products(fold.additive, history, listed, DEPTH)
        ranked = replace(ranker, features=fold.features)
        chances.append(ranked.calibration.of(ranked.said(history, products, scores)))
        hidden = fold.hidden.indices[fold.hidden.indptr[user] : fold.hidden.indptr[user + 1]]
        taken.append(np.isin(products, hidden))
    chance, happened = np.concatenate(chances), np.concatenate(taken)
    likely = chance >= np.quantile(chance, 0.95)
    assert ((chance > 0) & (chance < 1)).all()
    assert happened[likely].mean() > 5 * happened[~likely].mean()


def test_saved_opened_and_brought_to_a_newer_graph(model: Recommender, graph: Graph, tmp_path: Path) -> None:
    model.save(tmp_path / "model")
    again = Recommender.open(tmp_path / "model")
    for user in ("u001", "u007", "nobody"):
        one, other = (r.recommend(user, ranking="best", k=50) for r in (model, again))
        assert [(hit.product.id, hit.score, hit.adjustment) for hit in one] == [
            (hit.product.id, hit.score, hit.adjustment) for hit in other
        ]
    again.save(tmp_path / "twice")
    for path in (tmp_path / "model" / "best_taste").iterdir():
        assert path.read_bytes() == (tmp_path / "twice" / "best_taste" / path.name).read_bytes()
    newer = priced(count=2_401)  # the last product is new, and others were bought
    updated = Recommender.refit(open_fitted(tmp_path / "model"), newer)
    assert updated.fitted.taste_ranker is not None
    assert updated.recommend("u001", ranking="best").hits
    same = Recommender.refit(open_fitted(tmp_path / "model"), graph)
    assert same.recommend("u001", ranking="best").ids == model.recommend("u001", ranking="best").ids


def test_damage_is_found(model: Recommender, tmp_path: Path) -> None:
    ranker = model.fitted.taste_ranker
    assert ranker is not None
    fitted = model.fitted
    ranker.save(tmp_path)
    trees = tmp_path / "trees.txt"
    whole = trees.read_text()
    trees.write_text(whole.replace("leaf_value=", "leaf_value=1", 1))
    with pytest.raises(VersionError, match="build the shop again"):
        type(ranker).load(tmp_path, fitted.graph, fitted.behaviour, fitted.links, fitted.priors)
    trees.write_text(whole)
    about = tmp_path / "ranker.json"
    about.write_text(about.read_text().replace("fans busy", "busy fans"))
    with pytest.raises(VersionError, match="other features"):
        type(ranker).load(tmp_path, fitted.graph, fitted.behaviour, fitted.links, fitted.priors)


def test_the_seed_decides(model: Recommender, graph: Graph) -> None:
    again = Recommender.fit(graph, settings=QUICK)
    one, other = model.fitted.taste_ranker, again.fitted.taste_ranker
    assert one is not None
    assert other is not None
    assert one.trees.models == other.trees.models


def test_lists_of_an_evaluation_are_those_that_are_served(model: Recommender) -> None:
    behaviour = model.fitted.behaviour
    users = np.array([3, 1, 250])
    units = Units(
        users=np.append(users, -1),
        behaviour=behaviour,
        relevant=behaviour.weight[:4].astype(np.bool_),
        wanted=np.ones(4, dtype=np.int64),
    )
    lists = rank_best(model.fitted, units, k=15)
    assert lists is not None
    names, products = model.graph.nodes["user"], model.graph.nodes["product"]
    for row, user in enumerate([*(names[int(one)] for one in users), "nobody"]):
        served = model.recommend(user, ranking="best", k=15).ids
        assert tuple(products[int(one)] for one in lists[row] if one >= 0) == served


def test_tables_are_copied_only_where_some_lists_go() -> None:
    """They are what teaching takes most memory for."""
    lists = Lists(
        table=np.zeros((6, 2), dtype=np.float32),
        taken=np.array([True, False, False, True, False, False]),
        sizes=np.array([3, 3]),
        user=np.array([4, 7]),
        wanted=np.array([1, 1]),
        read=np.array([4, 5, 7]),
    )
    assert np.shares_memory(lists.teaching.table, lists.table)
    assert lists.of(lists.hit).read.tolist() == [4, 7]
    assert len(lists.of(np.array([True, False])).table) == 3
