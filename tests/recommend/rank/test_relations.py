"""Relations that harm are left out, and none that only looks so by chance."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from kg.graph import EdgeType
from kg.records import Fact, Interaction, Product
from kg.snapshot import assemble
from recommend.channels import FitContext
from recommend.channels.base import fit_links
from recommend.measure.bootstrap import paired_difference
from recommend.rank import relations as judging
from recommend.rank.candidates import Candidates
from recommend.rank.relations import Relation, channels_of_relations, relations_of
from recommend.rank.worth import quiet_weights
from recommend.recommender import Recommender
from tests.recommend.evaluate.test_holdout import chains
from tests.recommend.shops import PLAIN

SETTINGS = replace(PLAIN, best_lists=0, search_queries=0)
USERS, DEEP = 600, 20


def given(relations: int, *, seed: int = 0, users: int = USERS) -> Candidates:
    """Twenty candidates each, one of them wanted. Behaviour knows it half of the time, relations never."""
    rng = np.random.default_rng(seed)
    wanted = rng.integers(DEEP, size=users)
    relevant = np.zeros((users, DEEP), dtype=np.bool_)
    relevant[np.arange(users), wanted] = True
    features = rng.random((users, DEEP, relations + 2))
    features[np.arange(users), wanted, 0] += np.where(rng.random(users) < 0.5, 1.0, 0.0)
    return Candidates(
        names=("behaviour", *(f"r{number}" for number in range(relations)), "popularity"),
        priors=1,
        users=np.arange(users),
        features=features.astype(np.float32),
        products=np.tile(np.arange(DEEP, dtype=np.int32), (users, 1)),
        relevant=relevant,
        valid=np.ones(relevant.shape, dtype=np.bool_),
        wanted=np.ones(users, dtype=np.int64),
        lost=9,
    )


def knowing(found: Candidates, channel: int, much: float) -> None:
    """A channel that says something of what is wanted."""
    found.features[:, :, channel] += much * found.relevant


def lying(found: Candidates, channel: int, much: float = 1.0) -> None:
    """A channel that tells each half of the users the contrary of what it tells the other: what one half
    learns of it harms the other."""
    order = np.random.default_rng(0).permutation(len(found.users))
    for half, sign in ((order[::2], 1.0), (order[1::2], -1.0)):
        found.features[half, :, channel] += sign * much * found.relevant[half]


def worth(found: Candidates, relations: int) -> dict[str, Relation]:
    start = dict.fromkeys(found.names, 0.3) | {"behaviour": 1.0, "popularity": 0.01}
    return relations_of(found, {f"R{i}": (f"r{i}",) for i in range(relations)}, start)


def test_a_relation_that_harms_is_left_out_and_one_that_knows_is_not() -> None:
    found = given(3)
    knowing(found, 1, 1.0)
    lying(found, 2)
    relations = worth(found, 3)
    assert [name for name, one in relations.items() if not one.kept] == ["R1"]
    harming = relations["R1"]
    assert harming.settled == {"r1": pytest.approx(0.003)}  # heard only where the rest is silent
    card = harming.card()
    assert card["kept"] == "off"
    assert card["relearned"]
    assert card["interval"][1] < 0
    assert card["judged"]["interval"][1] < 0
    assert card["users"] == USERS + 9
    assert relations["R0"].settled == {}
    assert relations["R0"].card()["interval"][0] > 0


def test_of_several_that_harm_each_is_left_out() -> None:
    found = given(4)
    knowing(found, 1, 0.3)
    lying(found, 2, 0.4)
    lying(found, 4, 0.4)
    assert {name for name, one in worth(found, 4).items() if not one.kept} == {"R1", "R3"}


def test_those_that_say_nothing_are_hardly_ever_left_out() -> None:
    """Of twelve one always looks worst; that it surely harms is found at most once in ten shops."""
    shops = [worth(given(12, seed=seed), 12).values() for seed in range(10)]
    assert all(any(one.tried and one.difference.delta < 0 for one in found) for found in shops)
    assert sum(any(not one.kept for one in found) for found in shops) <= 1


def test_who_chooses_does_not_judge() -> None:
    """Without two groups the best of many would be taken for what it looks like to those who chose it."""
    found = given(1, users=USERS)
    trial = judging._Trial(given=found, seed=0)
    rng = np.random.default_rng(1)
    base = judging._Learned(weights=(), found=np.full(USERS, 0.5))
    options = {
        f"R{number}": judging._Learned(weights=(), found=0.5 + 0.3 * rng.standard_normal(USERS))
        for number in range(200)
    }
    worst, judged = trial.judged(base, options)
    assert worst is not None
    assert trial.difference(options[worst].found, base.found).low > 0  # so it looks
    assert judged.high > 0  # to the others it does not
    for one in options.values():
        one.found[:] += 0.1
    assert trial.judged(base, options)[1].high < 0


def test_nothing_to_compare() -> None:
    assert worth(given(1), 1) == {}
    assert worth(given(3, users=99), 3) == {}


def test_a_relation_has_its_direct_links_and_those_through_what_is_shared() -> None:
    facts = [Fact(head=f"p{i}", relation="goes_with", tail=f"p{(i + 2) % 9}") for i in range(9)]
    facts += [Fact(head=f"p{i}", relation="made_like", tail="p0") for i in range(1, 5)]
    log = [Interaction(user=f"u{i}", product=f"p{j}") for i in range(9) for j in (i, (i + 1) % 9)]
    graph = assemble([], facts, log)
    links = fit_links(FitContext.plain(graph, SETTINGS, seed=0))
    found = channels_of_relations(links)
    names = {one.name for one in links}
    assert set(found) == {"goes_with", "made_like"}
    assert set(found["made_like"]) == {"made_like", "made_like_back", "made_like_shared"} & names
    assert "made_like_shared" in found["made_like"]
    assert EdgeType("product", "goes_with", "product") in graph.relations
    assert not {"co_purchase"} & {one for channels in found.values() for one in channels}


def test_a_build_says_what_its_relations_are_worth() -> None:
    rng = np.random.default_rng(0)
    whole = chains()
    names = whole.nodes["product"]
    bought = next(one for one in whole.relations if one.head == "user")
    log = [
        Interaction(user=whole.nodes["user"][u], product=names[p])
        for u, p in zip(whole.relations[bought].heads, whole.relations[bought].tails, strict=True)
    ]
    facts = [
        Fact(head=names[i], relation="goes_with", tail=names[(i + step) % len(names)])
        for i in range(len(names))
        for step in (1, 2, 3)
    ]
    facts += [
        Fact(head=names[i], relation="by_chance", tail=names[int(rng.integers(len(names)))])
        for i in range(len(names))
        for _ in range(3)
    ]
    products = [Product(id=one) for one in names]
    card = Recommender.fit(assemble(products, facts, log), settings=SETTINGS).card["relations"]
    assert card["goes_with"]["kept"] == "on"
    assert card["goes_with"]["interval"][0] > 0
    assert card.get("by_chance", {"gain": 0.0})["gain"] < 0.1 * card["goes_with"]["gain"]


def test_what_is_left_out_only_speaks_where_all_else_is_silent(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("recommend.history_lessons.relations_of", _without_goes_with)
    model = Recommender.fit(chains(), settings=SETTINGS)
    assert model.card["relations"]["goes_with"]["kept"] == "off"
    weights = {name: w for name, w in model.weights["history"].items() if "goes_with" in name}
    assert weights
    assert all(0 < weight < 0.01 for weight in weights.values())


def _without_goes_with(
    found: Candidates, relations: dict[str, tuple[str, ...]], start: dict[str, float], *, seed: int
) -> dict[str, Relation]:
    """As if goes_with surely harmed."""
    channels = relations["goes_with"]
    zero = np.zeros(10)
    nothing = paired_difference(zero, zero, seed=seed)
    return {
        "goes_with": Relation(
            channels=channels,
            quiet=quiet_weights(channels, start),
            users=10,
            difference=nothing,
            tried=True,
            judged=nothing,
        )
    }
