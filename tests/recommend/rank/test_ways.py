"""In which way a channel is made: as usual, unless hidden interactions say better."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import numpy as np
import numpy.typing as npt
import pytest

from kg.records import Interaction, Product
from kg.shop import Shop
from recommend import Recommender, build, update
from recommend.channels.base import Links, Steps
from recommend.channels.co_purchase import WAYS, item_knn
from recommend.evaluate.deletion import Deleting, Removal
from recommend.rank.candidates import Candidates
from recommend.rank.ways import Choice, choose_optional, choose_way, judged_again
from tests.recommend.shops import PLAIN

SETTINGS = replace(PLAIN, search_queries=0, best_lists=0)
USERS, DEEP = 300, 20
START = {"tuned": 1.0, "other": 0.3}
GROUPS, OF_GROUP, GIFTS = 30, 6, 12


def asked(seed: int = 0, users: int = USERS) -> tuple[Candidates, npt.NDArray[np.bool_]]:
    """Twenty candidates each, one of them wanted; two channels that tell a little of it."""
    rng = np.random.default_rng(seed)
    relevant = np.zeros((users, DEEP), dtype=np.bool_)
    relevant[np.arange(users), rng.integers(DEEP, size=users)] = True
    features = (rng.random((users, DEEP, 2)) + 0.3 * relevant[:, :, None]).astype(np.float32)
    given = Candidates(
        names=("tuned", "other"),
        priors=0,
        users=np.arange(users),
        features=features,
        products=np.tile(np.arange(DEEP, dtype=np.int32), (users, 1)),
        relevant=relevant,
        valid=np.ones(relevant.shape, dtype=np.bool_),
        wanted=np.ones(users, dtype=np.int64),
        lost=7,
    )
    return given, relevant


def chosen(columns: Mapping[float, npt.NDArray[np.float32]], given: Candidates) -> Choice | None:
    """The choice among ways of which each says one of the columns."""
    steps = (tuple({"at": at} for at in columns),)
    return choose_way(given, "tuned", steps, lambda values: columns[values["at"]], START)


def test_the_way_that_knows_more_is_taken() -> None:
    given, relevant = asked()
    noise = np.random.default_rng(1).random((2, USERS, DEEP)).astype(np.float32)
    found = chosen({1.0: noise[0], 2.0: noise[1] + relevant}, given)
    assert found is not None
    assert found.kept
    assert found.values == {"at": 2.0}
    assert found.with_it > found.usual + 0.1
    card = found.card()
    assert card["users"] == USERS + 7
    assert card["gain"] == pytest.approx(card["with"] - card["usual"], abs=2e-6)
    assert card["interval"][0] > 0
    assert card["kept"] == "on"


@pytest.mark.parametrize("seed", range(3))
def test_what_says_no_more_than_the_usual_way_is_not(seed: int) -> None:
    given, _ = asked(seed)
    noise = np.random.default_rng(9).random((3, USERS, DEEP)).astype(np.float32)
    same = {float(at): given.features[:, :, 0] for at in range(2)}
    for columns in (dict(enumerate(noise)), same):
        found = chosen({float(at): column for at, column in columns.items()}, given)
        assert found is not None
        assert not found.kept
        assert found.card()["kept"] == "off"


def test_nothing_is_chosen_by_a_few_or_for_a_silent_channel() -> None:
    given, relevant = asked(users=99)
    assert chosen({1.0: relevant.astype(np.float32)}, given) is None
    given, relevant = asked()
    silent = given.features.copy()
    silent[:, :, 0] = 0
    assert chosen({1.0: relevant.astype(np.float32)}, replace(given, features=silent)) is None


def optional(column: npt.NDArray[np.float32], users: int = USERS) -> Choice | None:
    """What optional links are found to add that say a column of the candidates, in another way minus it."""
    given, _ = asked(users=users)
    steps: Steps = (({"against": 1.0},),)
    return choose_optional(given, steps, lambda values: -column if values else column, START)


def test_a_way_is_found_step_by_step() -> None:
    """Each of two settings makes it better, a third worse; no step tries more than it offers."""
    given, relevant = asked()
    asked_for: list[dict[str, float]] = []

    def said(values: Mapping[str, float]) -> npt.NDArray[np.float32]:
        asked_for.append(dict(values))
        knows = values.get("a", 0.0) + values.get("b", 0.0) - values.get("c", 0.0)
        noise = np.random.default_rng(3).random((USERS, DEEP))
        return (noise + (0.3 + knows) * relevant).astype(np.float32)

    steps: Steps = (({"a": 0.2}, {"a": 0.5}), ({"b": 0.3},), ({"c": 0.4},))
    found = choose_way(given, "tuned", steps, said, START)
    assert found is not None
    assert found.kept
    assert found.values == {"a": 0.5, "b": 0.3}
    assert found.card()["way"] == found.values
    assert len(asked_for) == len({tuple(sorted(one.items())) for one in asked_for})  # each way but once
    assert {} not in asked_for
    assert {"b": 0.3} not in asked_for


def test_the_halves_that_judge_do_not_choose() -> None:
    """Of many ways that know nothing one looks best by chance: not to those who did not choose it."""
    given, _ = asked(users=400)
    noise = np.random.default_rng(4).random((60, 400, DEEP)).astype(np.float32)
    found = chosen(dict(enumerate(noise.astype(np.float32))), given)
    assert found is not None
    assert not found.kept
    assert abs(found.difference.delta) < 0.02


def test_what_other_weights_can_give_as_well_is_no_gain() -> None:
    given, relevant = asked()
    noise = np.random.default_rng(1).random((USERS, DEEP)).astype(np.float32)
    knowing = chosen({1.0: noise + relevant}, given)
    assert knowing is not None

    def again(column: npt.NDArray[np.float32]) -> Choice:
        features = given.features.copy()
        features[:, :, 0] = column
        assert knowing is not None
        return judged_again(knowing, given, replace(given, features=features), START)

    assert again(noise + relevant).kept
    tuned, other = given.features[:, :, 0], given.features[:, :, 1]
    for column in (tuned, tuned + np.float32(0.5) * other, np.float32(3.0) * tuned):
        found = again(column)
        assert found.card()["relearned"]
        assert found.card()["users"] == USERS + 7
        assert found.difference.low <= 0
        assert found.difference.delta < 0.1 * knowing.difference.delta
    assert not again(tuned).kept


def test_optional_links_are_kept_where_they_gain() -> None:
    _, relevant = asked()
    noise = np.random.default_rng(1).random((USERS, DEEP)).astype(np.float32)
    knowing = optional(noise + relevant)
    assert knowing is not None
    assert knowing.kept
    assert knowing.values == {}
    card = knowing.card()
    assert card["users"] == USERS + 7
    assert card["interval"][0] > 0
    assert card["gain"] == pytest.approx(card["with"] - card["without"], abs=2e-6)
    turned = optional(-noise - relevant)
    assert turned is not None
    assert turned.values == {"against": 1.0}
    assert turned.with_it == pytest.approx(knowing.with_it)
    for nothing in (noise, np.zeros_like(noise)):
        found = optional(nothing)
        assert found is not None
        assert not found.kept
    assert optional(noise[:99] + relevant[:99], users=99) is None


def log(seed: int = 0) -> list[Interaction]:
    """Everybody buys some things of one group that nobody else wants, and gifts that everybody buys."""
    rng = np.random.default_rng(seed)
    bought = []
    for user in range(600):
        own = rng.permutation(OF_GROUP)[:3] + OF_GROUP * (user % GROUPS)
        names = [*(f"own{one:03d}" for one in own), *(f"gift{one:02d}" for one in rng.permutation(GIFTS)[:6])]
        bought += [Interaction(user=f"u{user:03d}", product=name) for name in names]
    return bought


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Shop:
    made = Shop.create(tmp_path_factory.mktemp("ways") / "shop")
    made.load([Product(id=one) for one in sorted({one.product for one in log()})])
    made.load(log())
    build(made, settings=SETTINGS)
    return made


def co_purchase(model: Recommender) -> Links:
    return next(one for one in model.fitted.links if one.name == "co_purchase")


def values_of(links: Links) -> Mapping[str, float]:
    assert links.way is not None
    return links.way.values


def test_a_build_takes_it_and_says_so(shop: Shop) -> None:
    model = Recommender.open(shop.path)
    card = model.fitted.card["ways"]["co_purchase"]
    assert card["kept"] == "on"
    for name, value in card["way"].items():
        assert {name: value} in [change for step in WAYS for change in step]
    links = co_purchase(model)
    assert values_of(links) == card["way"]
    expected = item_knn(model.fitted.behaviour.weight, most=SETTINGS.links, **card["way"])
    np.testing.assert_array_equal(links.matrix.toarray(), expected.toarray())


def test_deleting_edges_measures_what_serves(shop: Shop) -> None:
    model = Recommender.open(shop.path)
    history = model.fitted.behaviour.history(0)
    hit = model.recommend("u000", k=1)[0]
    number = model.graph.number(hit.product.id)
    deleting = Deleting(model)
    assert "co_purchase" in deleting._rebuilt()
    assert deleting.scores(history, Removal())[number] == pytest.approx(hit.score, rel=1e-5)


def test_an_update_stays_with_it(shop: Shop) -> None:
    before = co_purchase(Recommender.open(shop.path))
    update(shop, [Interaction(user="new", product=one) for one in ("own000", "own001")])
    model = Recommender.open(shop.path)
    links = co_purchase(model)
    assert values_of(links) == values_of(before)
    expected = item_knn(model.fitted.behaviour.weight, most=SETTINGS.links, **values_of(links))
    np.testing.assert_array_equal(links.matrix.toarray(), expected.toarray())
    assert links.matrix.nnz != before.matrix.nnz or not np.array_equal(links.matrix.data, before.matrix.data)


def test_it_takes_nine_chances_in_ten() -> None:
    given, relevant = asked()
    noise = np.random.default_rng(1).random((USERS, DEEP)).astype(np.float32)
    found = chosen({1.0: noise + relevant}, given)
    assert found is not None
    for delta, kept in ((0.012, False), (0.014, True)):  # the standard error is 0.01
        gain = replace(found.difference, delta=delta, low=delta - 0.0196, high=delta + 0.0196)
        assert replace(found, difference=gain).kept is kept
