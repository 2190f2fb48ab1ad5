"""Channels that harm are told from channels that pay, on users who taught nothing."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from recommend.rank.candidates import Candidates
from recommend.rank.worth import Worth, without, worth_of
from recommend.recommender import Recommender
from tests.recommend.evaluate.test_holdout import chains
from tests.recommend.shops import PLAIN

START = {"behaviour": 1.0, "graph": 0.3, "popularity": 0.01}


def given(*, graph: str, users: int = 200, seed: int = 0) -> Candidates:
    """Twenty candidates each, one of them wanted. Behaviour knows it half of the time; the graph always,
    never, or it shouts at random with a value that only some users can learn to distrust."""
    rng = np.random.default_rng(seed)
    shape = (users, 20)
    wanted = rng.integers(20, size=users)
    relevant = np.zeros(shape, dtype=np.bool_)
    relevant[np.arange(users), wanted] = True
    behaviour = rng.random(shape)
    behaviour[np.arange(users), wanted] += np.where(rng.random(users) < 0.5, 1.0, 0.0)
    links = rng.random(shape)
    if graph == "knows":
        links[np.arange(users), wanted] += 1.0
    popularity = rng.random(shape)
    return Candidates(
        names=("behaviour", "graph", "popularity"),
        priors=1,
        users=np.arange(users),
        features=np.stack([behaviour, links, popularity], axis=2).astype(np.float32),
        products=np.tile(np.arange(20, dtype=np.int32), (users, 1)),
        relevant=relevant,
        valid=np.ones(shape, dtype=np.bool_),
        wanted=np.ones(users, dtype=np.int64),
    )


def test_a_graph_that_knows_is_kept() -> None:
    worth = worth_of(given(graph="knows"), ["graph"], START)
    assert worth is not None
    assert worth.gain > 3 * worth.error > 0
    assert worth.kept
    assert worth.settled == {}
    card = worth.card()
    assert card["kept"] == "on"
    assert card["on"] - card["off"] == pytest.approx(card["gain"], abs=2e-6)
    assert card["interval"][0] < card["gain"] < card["interval"][1]


def test_a_graph_that_says_nothing_gains_nothing() -> None:
    worth = worth_of(given(graph="noise"), ["graph"], START)
    assert worth is not None
    assert abs(worth.gain) < 0.1 * worth.without


def test_a_graph_that_harms_is_dropped() -> None:
    """The half that teaches is told lies about the half that is tested: what it learns harms."""
    found = given(graph="noise", users=400)
    place = np.argmax(found.relevant, axis=1)
    order = np.random.default_rng(0).permutation(400)
    for half, sign in ((order[::2], 1.0), (order[1::2], -1.0)):
        found.features[half, place[half], 1] += sign
    worth = worth_of(found, ["graph"], START)
    assert worth is not None
    assert worth.gain < -worth.error
    assert not worth.kept
    assert worth.settled == {"graph": pytest.approx(0.003)}  # heard only where the rest is silent
    assert worth.card()["kept"] == "off"


def test_what_is_left_out_is_gone_and_the_rest_as_it_was() -> None:
    whole = given(graph="knows")
    rest = without(whole, ["graph"])
    assert rest.names == ("behaviour", "popularity")
    assert np.array_equal(rest.features, whole.features[:, :, [0, 2]])
    assert rest.priors == 1


@pytest.mark.parametrize(("channels", "users"), [((), 200), (("behaviour", "graph"), 200), (("graph",), 10)])
def test_nothing_to_compare(channels: tuple[str, ...], users: int) -> None:
    assert worth_of(given(graph="knows", users=users), channels, START) is None


def test_a_build_tests_its_graph_and_says_so() -> None:
    model = Recommender.fit(chains(), settings=replace(PLAIN, best_lists=0, search_queries=0))
    assert model.card["graph"]["kept"] == "on"
    assert model.card["graph"]["interval"][0] > 0
    assert max(weight for name, weight in model.weights["history"].items() if "goes_with" in name) > 0.1


def test_a_graph_that_does_not_validate_still_speaks_where_behaviour_is_silent(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(Worth, "kept", False)
    model = Recommender.fit(chains(), settings=replace(PLAIN, best_lists=0, search_queries=0))
    assert model.card["graph"]["kept"] == "off"
    weights = {name: w for name, w in model.weights["history"].items() if "goes_with" in name}
    assert weights
    assert all(0 < weight < 0.01 for weight in weights.values())
