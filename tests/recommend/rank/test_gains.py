"""What a part adds, and to which products; one that does not surely gain has no say where others have."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import scipy.sparse as sp

from kg.records import Interaction, Product
from kg.snapshot import assemble
from recommend.behaviour import Behaviour
from recommend.rank.candidates import Candidates
from recommend.rank.gains import Lessons, Part, gains_of
from recommend.rank.worth import of_users

START = {"behaviour": 1.0, "space": 0.3, "other": 0.1, "popularity": 0.01}
USERS, PRODUCTS, RARE = 240, 60, 30
"""Products from RARE on were bought once, the others by a dozen."""


def lessons(*, knows: str, users: int = USERS) -> tuple[Candidates, Behaviour, sp.csr_array]:
    """Twenty candidates each, one of them wanted, every third of them rare. Behaviour knows half of what is
    wanted, nothing of what is rare; the space knows what is 'rare', 'nothing', or 'lies': it and the other
    tell one half of the users what is wrong for the other half."""
    rng = np.random.default_rng(0)
    products = np.stack([rng.permutation(RARE)[:20] for _ in range(users)])
    wanted = rng.integers(20, size=users)
    rare = np.arange(users) % 3 == 0
    products[rare, wanted[rare]] = rng.integers(RARE, PRODUCTS, size=int(rare.sum()))
    at = np.arange(users), wanted
    relevant = np.zeros(products.shape, dtype=np.bool_)
    relevant[at] = True
    behaviour, space, other, popularity = rng.random((4, users, 20))
    behaviour[at] += np.where(~rare & (rng.random(users) < 0.5), 1.0, 0.0)
    if knows == "rare":
        space[at] += np.where(rare, 2.0, 0.0)
    if knows == "lies":
        order = np.random.default_rng(0).permutation(users)  # the halves that `gains_of` makes with seed 0
        for half, sign in ((order[::2], 1.0), (order[1::2], -1.0)):
            space[half, wanted[half]] += sign
            other[half, wanted[half]] -= sign
    given = Candidates(
        names=("behaviour", "space", "other", "popularity"),
        priors=1,
        users=np.arange(users),
        features=np.stack([behaviour, space, other, popularity], axis=2).astype(np.float32),
        products=products.astype(np.int32),
        relevant=relevant,
        valid=np.ones(products.shape, dtype=np.bool_),
        wanted=np.ones(users, dtype=np.int64),
    )
    log = [
        Interaction(user=f"u{number:03d}", product=f"p{product:02d}")
        for product in range(PRODUCTS)
        for number in range(1 if product >= RARE else 12)
    ]
    log += [Interaction(user=f"u{number:03d}", product="p00") for number in range(12, users)]
    graph = assemble([Product(id=f"p{i:02d}") for i in range(PRODUCTS)], [], log)
    hidden = sp.csr_array((np.ones(users, dtype=np.bool_), (at[0], products[at])), shape=(users, PRODUCTS))
    return given, Behaviour.of(graph), hidden


def part(*, knows: str) -> Part:
    given, behaviour, hidden = lessons(knows=knows)
    channels = ["space", "other"] if knows == "lies" else ["space"]
    return gains_of(given, {"space": channels}, START, behaviour=behaviour, hidden=hidden)["space"]


def test_what_a_space_knows_of_rare_products_is_seen_there() -> None:
    found = part(knows="rare")
    card = found.card()
    assert found.kept
    assert found.settled == {}
    assert card["kept"] == "on"
    assert card["users"] == USERS
    assert card["interval"][0] > 0
    assert card["with"] - card["without"] == pytest.approx(card["gain"], abs=2e-6)
    assert card["rare"] == card["bands"]["1-5"]
    assert card["rare"]["pairs"] == USERS / 3
    assert card["rare"]["with"] > 0.9 > card["rare"]["without"]
    assert card["rare"]["interval"][0] > 0.1
    assert set(card["bands"]) <= {"1-5", "11-20", ">50"}
    assert sum(band["pairs"] for band in card["bands"].values()) == USERS


@pytest.mark.parametrize("knows", ["nothing", "lies"])
def test_a_space_that_does_not_earn_its_place_is_all_but_switched_off(knows: str) -> None:
    found = part(knows=knows)
    assert found.gain.difference.low <= 0
    assert (found.gain.difference.high < 0) == (knows == "lies")
    assert not found.kept
    assert found.settled["space"] == pytest.approx(0.003)  # heard only where the rest is silent
    assert found.card()["kept"] == "off"


def test_a_gain_for_rare_products_alone_is_enough_if_it_costs_nothing() -> None:
    gain = part(knows="rare").gain
    assert replace(gain, difference=replace(gain.difference, low=-0.1, high=0.1)).sure
    assert not replace(gain, difference=replace(gain.difference, low=-0.2, high=-0.1)).sure
    unsure = replace(gain, band_low=-gain.band_high)
    assert unsure.sure  # for all
    assert not replace(unsure, difference=replace(gain.difference, low=-0.1, high=0.1)).sure


def test_of_two_that_know_the_same_one_is_kept() -> None:
    given, behaviour, hidden = lessons(knows="rare")
    copy = given.names.index("other")
    features = given.features.copy()
    features[:, :, copy] = features[:, :, 1] + 0.3 * np.random.default_rng(5).random(features.shape[:2])
    twice = replace(given, features=features)
    parts = {"first": ["space"], "second": ["other"]}
    found = gains_of(twice, parts, START, behaviour=behaviour, hidden=hidden)
    kept = [name for name, one in found.items() if one.kept]
    assert len(kept) == 1
    (other,) = set(found) - set(kept)
    assert found[other].gain.sure  # over the core it gains as well
    assert found[other].beside == tuple(kept)
    assert found[other].card()["beside"]["parts"] == kept
    assert found[other].card()["beside"]["interval"][0] <= 0 < found[other].card()["interval"][0]


def test_two_that_know_different_things_are_both_kept() -> None:
    given, behaviour, hidden = lessons(knows="rare")
    features = given.features.copy()
    common = hidden.nonzero()[1] < RARE  # the first space knows the rare ones
    features[:, :, given.names.index("other")] += 2.0 * given.relevant * common[:, None]
    both = replace(given, features=features)
    parts = {"first": ["space"], "second": ["other"]}
    found = gains_of(both, parts, START, behaviour=behaviour, hidden=hidden)
    assert all(one.kept for one in found.values())


def test_users_of_whom_nothing_is_found_count() -> None:
    given, behaviour, hidden = lessons(knows="rare")
    some = gains_of(given, {"space": ["space"]}, START, behaviour=behaviour, hidden=hidden)["space"].gain
    half = of_users(given, np.arange(USERS // 2))
    fewer = gains_of(half, {"space": ["space"]}, START, behaviour=behaviour, hidden=hidden)["space"].gain
    assert fewer.users == some.users == USERS
    assert fewer.with_it == pytest.approx(some.with_it / 2, rel=0.2)


@pytest.mark.parametrize(
    ("parts", "users"),
    [
        ({"none": ["nowhere"]}, USERS),
        ({"all": ["behaviour", "space", "other"]}, USERS),
        ({"a": ["space"]}, 9),
    ],
)
def test_nothing_to_compare(parts: dict[str, list[str]], users: int) -> None:
    given, behaviour, hidden = lessons(knows="rare")
    given = of_users(given, np.arange(users))
    assert gains_of(given, parts, START, behaviour=behaviour, hidden=hidden) == {}


def test_weights_are_learned_again_without_a_channel() -> None:
    given, _, _ = lessons(knows="rare")
    learned = {**START, "elsewhere": 0.5, "other": 0.003}
    kept = Lessons(given=given, start=START, learned=learned, idle=["other"])
    weights = kept.weights_without(["space"])
    assert weights["space"] == 0
    assert weights["elsewhere"] == 0.5
    assert weights["other"] == 0.003  # idle, and so it stays
    assert weights["behaviour"] == 1
    assert kept.weights_without(["behaviour"], heard=["other"])["other"] != 0.003
