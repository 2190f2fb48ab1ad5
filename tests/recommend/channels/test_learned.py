"""Learned links: what belongs together by all histories at once, where a build sees that it gains."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
import scipy.sparse as sp

from kg.graph import Graph
from kg.records import Interaction, Product
from kg.shop import Shop
from kg.snapshot import assemble
from recommend import Recommender, build, update
from recommend.channels import learned
from recommend.channels.base import (
    FitContext,
    Links,
    fit_links,
    optional_channels,
    optional_links,
    other_ways,
)
from recommend.channels.learned import filtered, regressed
from recommend.evaluate.deletion import Deleting, Removal
from recommend.linear import ease
from recommend.settings import Settings
from recommend.sparse import empty
from tests.recommend.contracts import check_links
from tests.recommend.shops import PLAIN

SETTINGS = replace(PLAIN, search_queries=0, best_lists=0)
GROUPS, OF_GROUP, USERS = 20, 15, 800


def log(*, groups: bool = True, times: bool = False) -> list[Interaction]:
    """Everybody buys two things of one group and one by chance: few buy the same two, but groups hold
    together. Without groups everybody buys five things by chance."""
    rng = np.random.default_rng(0)
    bought = []
    for user in range(USERS):
        some = rng.permutation(OF_GROUP)[: 2 if groups else 0] + OF_GROUP * (user % GROUPS)
        chance = rng.integers(GROUPS * OF_GROUP, size=1 if groups else 5)
        met = list(dict.fromkeys([*some.tolist(), *chance.tolist()]))
        bought += [
            Interaction(user=f"u{user:03d}", product=f"p{p:03d}", time=float(step) if times else None)
            for step, p in enumerate(met)
        ]
    return bought


def graph(*, times: bool = False) -> Graph:
    products = [Product(id=f"p{i:03d}", title=f"Thing {i}") for i in range(GROUPS * OF_GROUP)]
    return assemble(products, [], log(times=times))


def context(of: Graph | None = None, **changed: Any) -> FitContext:
    """What the channel is made of, as if a build had found that it gains."""
    named: Mapping[str, Mapping[str, float]] = {learned.NAME: {}}
    return replace(FitContext.plain(of or graph(), SETTINGS, seed=0, ways=named), **changed)


def weights(users: int = 40, products: int = 15) -> sp.csr_array:
    rng = np.random.default_rng(3)
    dense = rng.choice([0.0, 0.5, 1.0], p=[0.7, 0.1, 0.2], size=(users, products))
    dense[:, -1] = 0  # nobody met the last
    return sp.csr_array(dense.astype(np.float32))


def best(matrix: npt.NDArray[np.float64], most: int) -> npt.NDArray[np.float64]:
    least = -np.sort(-matrix, axis=1)[:, most - 1 : most]
    kept: npt.NDArray[np.float64] = np.where((matrix >= least) & (matrix > 0), matrix, 0.0)
    return kept


@pytest.mark.parametrize("through", [3, 100])
def test_two_steps_equal_the_formula_by_hand(monkeypatch: pytest.MonkeyPatch, through: int) -> None:
    met = weights()
    monkeypatch.setattr(learned, "THROUGH", through)
    dense = met.toarray().astype(np.float64)
    popularity, length = dense.sum(axis=0), np.maximum(dense.sum(axis=1), 1)
    near = dense.T @ np.diag(length**-0.5) @ dense
    near /= np.sqrt(np.maximum(np.outer(popularity, popularity), 1e-12))
    np.fill_diagonal(near, 0)
    first = best(near, min(through, len(near)))
    expected = first @ first * np.sqrt(popularity[None, :] / np.maximum(popularity[:, None], 1e-12))
    expected[near == 0] = 0
    np.testing.assert_allclose(filtered(met).toarray(), expected, rtol=1e-4, atol=1e-7)


def test_only_what_somebody_met_both_of_is_linked() -> None:
    """a and c both go with b, but nobody has both."""
    met = sp.csr_array(np.array([[1, 1, 0], [0, 1, 1], [1, 1, 0], [0, 1, 1]], dtype=np.float32))
    assert filtered(met)[0, 2] == 0 == regressed(met, 1.0)[0, 2]
    behaviour = context().behaviour
    together = (behaviour.weight.T @ behaviour.weight).toarray()
    for matrix in (filtered(behaviour.weight), regressed(behaviour.weight, 50.0)):
        assert matrix.nnz
        assert (together[matrix.nonzero()] > 0).all()


@pytest.mark.parametrize("most", [2, 100])
def test_ease_is_that_of_the_baseline_where_somebody_met_both(most: int) -> None:
    met = weights()
    dense = met.toarray()
    expected = np.zeros((15, 15))
    counting = dense * np.maximum(dense.sum(axis=1, keepdims=True), 1.0) ** -0.25
    expected[:14, :14] = ease(sp.csr_array(counting[:, :14].astype(np.float32)), 5.0)
    expected[dense.T @ dense == 0] = 0
    found = regressed(met, 5.0, most=most).toarray()
    np.testing.assert_allclose(found, best(expected, min(most, 15)), rtol=1e-4, atol=1e-6)
    assert regressed(empty(4, 3), 5.0).nnz == 0


@pytest.mark.parametrize("seed", range(4))
def test_some_rows_are_those_of_the_whole(seed: int) -> None:
    weight = context().behaviour.weight
    rows = np.flatnonzero(np.random.default_rng(seed).random(weight.shape[1]) < 0.1)
    whole, some = filtered(weight), filtered(weight, rows)
    np.testing.assert_array_equal(some[rows].toarray(), whole[rows].toarray())
    assert some.nnz == whole[rows].nnz


def links_of(made: FitContext) -> Links | None:
    return next((one for one in fit_links(made) if one.name == learned.NAME), None)


@pytest.mark.parametrize("values", [{}, {"penalty": 50.0}])
@pytest.mark.parametrize("times", [False, True])
def test_links_are_sound_and_say_why(values: Mapping[str, float], times: bool) -> None:
    here = context(graph(times=times), ways={learned.NAME: values})
    links = links_of(here)
    assert links is not None
    check_links([links], here)
    again = links_of(here)
    assert again is not None
    np.testing.assert_array_equal(again.matrix.toarray(), links.matrix.toarray())
    coo = links.matrix.tocoo()
    source, target, value = int(coo.row[0]), int(coo.col[0]), float(coo.data[0])
    ((edge,),) = (path.edges for path in links.trace.paths(here.graph, here.behaviour, source, target, value))
    both = np.intersect1d(here.behaviour.users_of(source), here.behaviour.users_of(target))
    assert (edge.relation, edge.support, edge.support_unit) == ("bought_alike", len(both), "users")


def test_it_is_left_out_where_it_would_take_long_or_teach_little(monkeypatch: pytest.MonkeyPatch) -> None:
    assert links_of(context()) is not None
    assert links_of(context(settings=replace(SETTINGS, learned=False))) is None
    assert not Settings.of_profile("fast").learned
    few = assemble(
        [Product(id=f"p{i:03d}") for i in range(144)], [], [one for one in log() if one.user < "u099"]
    )
    assert links_of(context(few)) is None
    for name in ("MOST_PRODUCTS", "MOST_PAIRS"):
        with monkeypatch.context() as patch:
            patch.setattr(learned, name, 100)
            assert links_of(context()) is None


def test_nobody_makes_it_who_does_not_ask_for_it() -> None:
    assert links_of(context(ways={})) is None
    assert learned.NAME in optional_channels()
    made = optional_links(learned.NAME, {}, context(ways={}))
    assert made is not None
    expected = links_of(context())
    assert expected is not None
    np.testing.assert_array_equal(made.matrix.toarray(), expected.matrix.toarray())


def test_a_build_makes_each_way_once_for_those_who_choose_and_the_best_once_more(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    made: list[tuple[str, bytes]] = []

    def counting(name: str, make: Callable[..., sp.csr_array]) -> Callable[..., sp.csr_array]:
        def counted(weight: sp.csr_array, *args: Any, **more: Any) -> sp.csr_array:
            made.append((name, weight.indices.tobytes()))
            return make(weight, *args, **more)

        return counted

    monkeypatch.setattr(learned, "filtered", counting("filtered", filtered))
    monkeypatch.setattr(learned, "regressed", counting("regressed", regressed))
    model = Recommender.fit(graph(), settings=SETTINGS)
    whole = model.fitted.behaviour.weight.indices.tobytes()
    choosing = [one for one in made if one[1] != whole]
    assert len(choosing) == len(set(choosing))
    assert {name for name, _ in choosing} == {"filtered", "regressed"}
    kept = "regressed" if model.card["channels"][learned.NAME]["way"] else "filtered"
    assert [name for name, known in made if known == whole] == [kept]


def test_ease_is_for_what_most_users_met(monkeypatch: pytest.MonkeyPatch) -> None:
    weight = context().behaviour.weight
    popularity = np.asarray(weight.sum(axis=0)).ravel()
    monkeypatch.setattr(learned, "MOST_DENSE", 40)
    found = regressed(weight, 10.0).tocoo()
    assert found.nnz
    head = np.argsort(-popularity, kind="stable")[:40]
    assert set(found.row) | set(found.col) <= set(head.tolist())


def test_ease_is_offered_as_another_way() -> None:
    links = links_of(context())
    assert links is not None
    assert other_ways(links) == learned.WAYS
    # a few rows of it cannot be had
    assert links_of(context(ways={learned.NAME: {"penalty": 10.0}}, rows=np.arange(3))) is None


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Shop:
    made = Shop.create(tmp_path_factory.mktemp("learned") / "shop")
    made.load([Product(id=f"p{i:03d}", title=f"Thing {i}") for i in range(GROUPS * OF_GROUP)])
    made.load(log())
    build(made, settings=SETTINGS)
    return made


def of_model(model: Recommender) -> Links | None:
    return next((one for one in model.fitted.links if one.name == learned.NAME), None)


def test_where_it_gains_a_build_keeps_it_and_says_what_it_gained(shop: Shop) -> None:
    model = Recommender.open(shop.path)
    card = model.card["channels"][learned.NAME]
    assert card["kept"] == "on"
    assert card["interval"][0] > 0
    assert card["gain"] == pytest.approx(card["with"] - card["without"], abs=2e-6)
    assert model.weights["history"][learned.NAME] > 0
    links = of_model(model)
    assert links is not None
    assert links.way is not None
    assert links.way.values == card["way"]
    hits = model.recommend("u000", k=5)
    assert any(hit.signals.get(learned.NAME) for hit in hits)
    fitted = Recommender.fit(shop.graph(), settings=SETTINGS)
    assert [(hit.product.id, hit.score) for hit in fitted.recommend("u000", k=5)] == [
        (hit.product.id, hit.score) for hit in hits
    ]


def test_a_shopper_and_an_analyst_hear_why(shop: Shop) -> None:
    model = Recommender.open(shop.path)
    results = model.recommend("u000", k=5)
    for explanation in model.explain_all(results, paths=50):
        paths = [path for path in explanation.paths if path.channel == learned.NAME]
        if paths:
            break
    (edge,) = paths[0].edges[1:]
    assert edge.support is not None
    assert edge.support >= 1
    people = "1 customer" if edge.support == 1 else f"{edge.support:.0f} customers"
    assert f"{people} bought both “{edge.start.label}” and “{edge.end.label}”" in explanation.text
    # to a shopper it says what co-purchase says
    said = " ".join(explanation.sentences()).lower()
    assert "people who bought it also bought this" in said
    assert "the same people" not in said
    assert "同一群人" not in " ".join(explanation.sentences(language="zh"))


def test_deleting_purchases_measures_what_serves(shop: Shop) -> None:
    model = Recommender.open(shop.path)
    history = model.fitted.behaviour.history(0)
    deleting = Deleting(model)
    two_steps = not model.card["channels"][learned.NAME]["way"]
    assert (learned.NAME in deleting.rebuilt) == two_steps
    hit = model.recommend("u000", k=1)[0]
    number = model.graph.number(hit.product.id)
    assert deleting.scores(history, Removal())[number] == pytest.approx(hit.score, rel=1e-5)


def test_an_update_makes_it_again_in_the_same_way(shop: Shop, tmp_path: Path) -> None:
    before = of_model(Recommender.open(shop.path))
    update(shop, [Interaction(user="new", product=one) for one in ("p000", "p001", "p002")])
    after = of_model(Recommender.open(shop.path))
    assert before is not None
    assert after is not None
    assert after.way == before.way
    assert after.scale == before.scale
    assert not np.array_equal(after.matrix.data, before.matrix.data)
    update(shop, [Product(id="p000", title="Another title")])
    kept = of_model(Recommender.open(shop.path))
    assert kept is not None
    np.testing.assert_array_equal(kept.matrix.toarray(), after.matrix.toarray())


def test_where_it_does_not_gain_nothing_is_as_if_it_were_never_tried(tmp_path: Path) -> None:
    shop = Shop.create(tmp_path / "shop")
    shop.load([Product(id=f"p{i:03d}") for i in range(GROUPS * OF_GROUP)])
    shop.load(log(groups=False))
    build(shop, settings=SETTINGS)
    model = Recommender.open(shop.path)
    assert model.card["channels"][learned.NAME]["kept"] == "off"
    assert of_model(model) is None
    never = Recommender.fit(shop.graph(), settings=replace(SETTINGS, learned=False))
    assert model.weights["history"] == never.weights["history"]
    for user in ("u000", "u001", "u002"):
        mine, theirs = model.recommend(user), never.recommend(user)
        assert [(hit.product.id, hit.score) for hit in mine] == [
            (hit.product.id, hit.score) for hit in theirs
        ]
    update(shop, [Interaction(user="new", product=one) for one in ("p000", "p001", "p002")])
    assert of_model(Recommender.open(shop.path)) is None
