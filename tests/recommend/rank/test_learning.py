"""Weights learned on planted shops, of which we know what is worth something."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from kg.graph import PURCHASED, EdgeType, Graph
from kg.split import hold_out
from recommend.behaviour import Behaviour, History
from recommend.query import Query
from recommend.rank.candidates import Candidates
from recommend.rank.learning import PRIOR_SHARE, learn, learn_evenly, value_of
from recommend.recommender import Recommender
from tests.recommend.shops import PLAIN, planted

NOISE = 4
SETTINGS = replace(PLAIN, search_queries=0, best_lists=0)


@pytest.fixture(scope="module")
def noisy() -> Graph:
    """Categories and colours say what users like; brands and 'random_link' facts say nothing."""
    return planted(240, 300, seed=5, noise=NOISE)


@pytest.fixture(scope="module")
def learned(noisy: Graph) -> Recommender:
    return Recommender.fit(noisy, settings=SETTINGS, seed=1)


def _ndcg(order: list[int], wanted: set[int]) -> float:
    gain = sum(1 / np.log2(place + 2) for place, product in enumerate(order[:10]) if product in wanted)
    return float(gain / sum(1 / np.log2(place + 2) for place in range(min(10, len(wanted)))))


def test_weights_are_not_negative_and_the_largest_is_one(learned: Recommender) -> None:
    weights = learned.weights["history"]
    assert min(weights.values()) >= 0
    assert max(weights.values()) == pytest.approx(1.0)
    names = {one.name for one in learned.fitted.links} | {one.name for one in learned.fitted.priors}
    assert set(weights) >= names


def test_noise_ends_near_nothing(learned: Recommender) -> None:
    """Compared by what they give to real hits: weights of channels of different density do not compare."""
    given = {"noise": 0.0, "category": 0.0}
    for user in range(60):
        for hit in learned.recommend(f"u{user:03d}"):
            for name, value in hit.signals.items():
                if name.startswith(("random_link", "made_by")):
                    given["noise"] += value
                elif name in ("in_category", "co_purchase", "transitions", "has_attribute"):
                    given["category"] += value
    assert given["noise"] < 0.15 * given["category"]
    assert given["category"] > 0


def test_what_was_learned_beats_popularity_on_purchases_never_seen(noisy: Graph) -> None:
    split = hold_out(noisy, share=0.25, seed=9)
    r = Recommender.fit(split.graph, settings=SETTINGS, seed=1)
    seen = Behaviour.of(split.graph)
    ours, popular = [], []
    for user in split.users.tolist():
        wanted = set(split.hidden.indices[split.hidden.indptr[user] : split.hidden.indptr[user + 1]].tolist())
        history = seen.history(user)
        ours.append(_ndcg(r.evaluate_history(history, k=10).tolist(), wanted))
        scores = seen.popularity.copy()
        scores[history.products] = -1
        popular.append(_ndcg(np.argsort(-scores, kind="stable").tolist(), wanted))
    assert np.mean(ours) > 2 * np.mean(popular)


def test_popularity_stays_small_beside_personal_reasons(learned: Recommender) -> None:
    behaviour = learned.fitted.behaviour
    additive = learned._recommending.additive(Query())
    without = replace(additive, prior=np.zeros_like(additive.prior))
    peaks = [
        float(without.scores(behaviour.history(user)).max())
        for user in range(len(learned.graph.nodes["user"]))
    ]
    # the bound is set on the users and channels of the learning split, not on these, hence the room
    assert additive.prior.max() <= 2 * PRIOR_SHARE * np.median(peaks)
    assert additive.prior.max() > 0


def test_channels_are_told_apart_and_no_prior_is_lost() -> None:
    """One channel knows the answer, one is noise, and popularity points the wrong way."""
    rng = np.random.default_rng(0)
    relevant = rng.random((80, 30)) < 0.1
    relevant[:, 0] = True
    knows = relevant * 0.5 + rng.random(relevant.shape) * 0.4
    features = np.stack([knows, rng.random(relevant.shape), 1.0 - relevant], axis=2).astype(np.float32)
    given = Candidates(
        names=("knows", "noise", "popularity"),
        users=np.arange(len(relevant)),
        priors=1,
        features=features,
        products=np.tile(np.arange(30, dtype=np.int32), (80, 1)),
        relevant=relevant,
        valid=np.ones_like(relevant),
        wanted=relevant.sum(axis=1).astype(np.int64),
    )
    weights, value = learn(given, {"noise": 1.0})
    assert weights["knows"] == 1.0
    assert weights["noise"] < 0.1
    assert 0 < weights["popularity"] < 0.01  # all that is known of a stranger
    assert value > 0.95


def _two_alike(seed: int, users: int = 400) -> Candidates:
    """Two channels that know the answer about equally well, and one that is noise."""
    rng = np.random.default_rng(seed)
    relevant = rng.random((users, 30)) < 0.1
    relevant[:, 0] = True
    knows = [relevant * 0.4 + rng.random(relevant.shape) * 0.6 for _ in range(2)]
    features = np.stack([*knows, rng.random(relevant.shape)], axis=2).astype(np.float32)
    return Candidates(
        names=("one", "other", "noise"),
        users=np.arange(users),
        priors=0,
        features=features,
        products=np.tile(np.arange(30, dtype=np.int32), (users, 1)),
        relevant=relevant,
        valid=np.ones_like(relevant),
        wanted=relevant.sum(axis=1).astype(np.int64),
    )


@pytest.mark.parametrize("seed", range(3))
def test_from_an_even_start_channels_that_know_alike_weigh_alike(seed: int) -> None:
    given = _two_alike(seed)
    weights = learn_evenly(given)
    assert min(weights["one"], weights["other"]) > 0.5
    assert weights["noise"] < 0.2
    assert value_of(given, weights) > max(value_of(given, {name: 1.0}) for name in given.names)


@pytest.mark.parametrize("size", [2.0**-10, 2.0**10])  # powers of two round nothing
def test_from_an_even_start_the_size_of_a_channel_makes_no_difference(size: float) -> None:
    given = _two_alike(0)
    sizes = np.array([1.0, size, 1.0], dtype=np.float32)
    weights, resized = learn_evenly(given), learn_evenly(replace(given, features=given.features * sizes))
    parts = [resized[name] * float(times) for name, times in zip(given.names, sizes, strict=True)]
    shares = np.array(parts) / max(parts)
    np.testing.assert_allclose(shares, [weights[name] for name in given.names], rtol=1e-5)


def test_from_an_even_start_what_says_nothing_of_what_is_wanted_weighs_nothing() -> None:
    given = _two_alike(0)
    features = given.features.copy()
    features[..., 2] = ~given.relevant
    assert learn_evenly(replace(given, features=features))["noise"] == 0.0
    nothing = replace(given, relevant=np.zeros_like(given.relevant))
    assert set(learn_evenly(nothing).values()) == {0.0}


@pytest.mark.parametrize("seed", range(4))
def test_a_stranger_gets_what_is_popular_whatever_was_learned(seed: int) -> None:
    r = Recommender.fit(planted(120, 120, seed=seed, noise=2), settings=SETTINGS, seed=seed)
    results = r.recommend("somebody new")
    assert len(results) == 10
    assert all(set(hit.signals) == {"popularity"} for hit in results)
    popularity = r.fitted.behaviour.popularity
    assert popularity[r.graph.number(results.ids[0])] == popularity[r.graph.products.listed].max()


def test_the_same_seed_learns_the_same(noisy: Graph, learned: Recommender) -> None:
    again = Recommender.fit(noisy, settings=SETTINGS, seed=1)
    assert again.weights == learned.weights
    np.testing.assert_array_equal(
        again.recommend_many(["u001", "u002"]).scores, learned.recommend_many(["u001", "u002"]).scores
    )


def test_few_users_teach_nothing() -> None:
    r = Recommender.fit(planted(60, 20), settings=SETTINGS)
    assert "validation" not in r.card
    assert r.weights["history"]["co_purchase"] == 1.0
    assert r.recommend("u001")


def test_the_weights_never_see_what_they_are_measured_on(noisy: Graph, learned: Recommender) -> None:
    """Purchases drawn at random cannot be foretold, so a high figure on them would be a leak."""
    rng = np.random.default_rng(0)
    purchased = EdgeType("user", PURCHASED, "product")
    relation = noisy.relations[purchased]
    tails = np.sort(rng.integers(noisy.product_count, size=len(relation))).astype(np.int32)
    shuffled = replace(relation, tails=rng.permutation(tails))
    graph = replace(noisy, relations={**noisy.relations, purchased: shuffled})
    chance = Recommender.fit(graph, settings=SETTINGS, seed=1).card["validation"]["ndcg@10"]
    assert learned.card["validation"]["ndcg@10"] > 2.5 * chance


def test_scores_are_the_sum_over_the_history(learned: Recommender) -> None:
    """Every product of a history adds its own part; nothing else does, but the priors."""
    additive = learned._recommending.additive(Query())
    history = learned.fitted.behaviour.history(3)
    total = additive.prior.astype(np.float64)
    for place in range(len(history.products)):
        for memory, matrix in additive.merged.items():
            decay = memory.decay ** history.age[place]
            total += matrix[[int(history.products[place])]].toarray()[0] * history.weight[place] * decay
    np.testing.assert_allclose(additive.scores(history), total, rtol=1e-5, atol=1e-6)
    assert isinstance(history, History)
