"""Search, similar products and recommendations: sums, order, and who is told what."""

from __future__ import annotations

from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from decimal import Decimal

import numpy as np
import pytest

from kg.graph import Graph
from kg.records import Interaction, Product, Quantity
from kg.snapshot import assemble
from recommend.recommender import Recommender
from recommend.results import Results
from tests.recommend.asking import ALL, Ask, same
from tests.recommend.shops import PLAIN, planted

# --- sums ---


def test_a_score_is_the_sum_of_its_signals(everything: tuple[Recommender, Results]) -> None:
    _, results = everything
    assert len(results) > 0
    for hit in results:
        assert sum(hit.signals.values()) == pytest.approx(hit.score, rel=1e-5)
        assert min(hit.signals.values()) > 0


def test_hits_come_best_first_and_equal_ones_by_id(everything: tuple[Recommender, Results]) -> None:
    _, results = everything
    order = [(-hit.score, hit.product.id) for hit in results]
    assert order == sorted(order)
    assert len(set(results.ids)) == len(results)


@pytest.mark.parametrize("k", [1, 2, 7])
def test_a_shorter_list_is_the_beginning_of_a_longer_one(ask: Ask, k: int) -> None:
    assert ask(k=k).ids == ask(k=ALL).ids[:k]


def test_products_that_nothing_tells_apart_come_in_the_order_of_their_ids() -> None:
    names = [f"{n}" for n in (9, 10, 2, 1, 33)]
    products = [Product(id=i, title="the same lamp") for i in names] + [
        Product(id="seed", title="a cup", brand="B")
    ]
    log = [Interaction(user="u", product=i) for i in names] + [Interaction(user="u", product="seed")]
    r = Recommender.fit(assemble(products, [], log), settings=PLAIN)
    assert r.search("lamp").ids == tuple(sorted(names))
    assert r.similar("seed").ids == tuple(sorted(names))
    assert r.search("lamp", k=2).ids == tuple(sorted(names))[:2]


# --- one and many ---


def test_one_by_one_equals_all_at_once(shop: Recommender) -> None:
    users = ["u000", "u001", "nobody", "u149"]
    texts = ["kind3 oak", "brand2", "nothing known", "colour4 colour4"]
    for ranking, single in (
        (shop.recommend_many(users, k=7), [shop.recommend(user, k=7) for user in users]),
        (shop.search_many(texts, k=7), [shop.search(text, k=7) for text in texts]),
    ):
        assert ranking.ids.shape == ranking.scores.shape == (4, 7)
        assert ranking.scores.dtype == np.float32
        for row, results in enumerate(single):
            found = len(results)
            assert tuple(ranking.ids[row, :found]) == results.ids
            np.testing.assert_allclose(ranking.scores[row, :found], [h.score for h in results], rtol=1e-5)
            assert (ranking.ids[row, found:] == "").all()
            assert (ranking.scores[row, found:] == -np.inf).all()


def test_no_questions_no_answers(shop: Recommender) -> None:
    assert shop.recommend_many([], k=3).ids.shape == (0, 3)
    assert shop.search_many([], k=3).scores.shape == (0, 3)


def test_eight_threads_get_what_one_gets() -> None:
    """From a model that nobody has asked anything yet, so that they meet in whatever is loaded lazily."""
    r = Recommender.fit(planted(150, 100), settings=PLAIN)
    other = Recommender.fit(planted(150, 100), settings=PLAIN)

    def ask(r: Recommender, n: int) -> list[object]:
        user, product = f"u{n:03d}", f"p{n:03d}"
        recommended = r.recommend(user)
        return [
            _plain(recommended),
            _plain(r.similar(product, where="price<=100")),
            _plain(r.search(f"kind{n % 12} oak", user=user)),
            r.explain(recommended.query, product).plain(),
        ]

    with ThreadPoolExecutor(8) as pool:
        together = list(pool.map(lambda n: ask(r, n), range(60)))
    assert together == [ask(other, n) for n in range(60)]


def _plain(results: Results) -> list[tuple[str, float, Mapping[str, float]]]:
    return [(hit.product.id, hit.score, hit.signals) for hit in results]


# --- what is never answered ---


def test_stubs_are_never_answers(everything: tuple[Recommender, Results]) -> None:
    r, results = everything
    stubs = {r.graph.products.id[i] for i in np.flatnonzero(~r.graph.products.listed).tolist()}
    assert stubs
    assert stubs.isdisjoint(results.ids)


def test_what_was_bought_is_not_recommended_again(shop: Recommender) -> None:
    behaviour = shop.fitted.behaviour
    for number, user in list(enumerate(shop.graph.nodes["user"]))[::5]:
        owned = {shop.graph.products.id[p] for p in behaviour.history(number).products.tolist()}
        assert owned
        assert owned.isdisjoint(shop.recommend(user, k=ALL).ids)


def test_neither_is_what_a_history_names(shop: Recommender) -> None:
    assert {"p010", "p020"}.isdisjoint(shop.recommend(history=["p010", "p020"], k=ALL).ids)
    assert "p010" not in shop.recommend("u003", history=["p010"], k=ALL).ids
    assert "p010" not in shop.similar("p010", k=ALL).ids


def test_a_search_shows_also_what_was_bought(hand: Recommender) -> None:
    assert "lamp1" in hand.search("brass table lamp", user="u1").ids


# --- people ---


def test_a_history_given_equals_the_same_bought(hand: Recommender) -> None:
    """u4 bought lamp2, then bulb2."""
    bought, given_ = hand.recommend("u4"), hand.recommend(history=["lamp2", "bulb2"])
    assert bought.ids == given_.ids
    np.testing.assert_allclose([h.score for h in bought], [h.score for h in given_], rtol=1e-6)


def test_strangers_get_what_is_popular_and_are_told(hand: Recommender) -> None:
    for results in (hand.recommend("nobody"), hand.recommend()):
        assert "popular" in results.note
        assert len(results) == 10
        assert all(set(hit.signals) == {"popularity"} for hit in results)
        assert results.ids[0] == "bulb1"  # three buyers, more than any other
        assert str(results).startswith(results.note)


def test_a_stranger_with_a_history_is_no_stranger(hand: Recommender) -> None:
    same(hand.recommend("nobody", history=["lamp1"]), hand.recommend(history=["lamp1"]))
    assert hand.recommend("nobody", history=["lamp1"]).note == ""
    assert hand.recommend("u1").note == ""


def test_taste_moves_a_search(hand: Recommender) -> None:
    plain, mine = hand.search("bulb"), hand.search("bulb", user="u3")
    assert set(plain.ids) <= set(mine.ids)
    assert any(name.startswith("taste.") for hit in mine for name in hit.signals)
    assert not any(name.startswith("taste.") for hit in plain for name in hit.signals)
    same(hand.search("bulb", user="nobody"), plain)
    assert hand.search("zebra", user="u3").ids == ()  # taste alone is no answer to a search


def test_what_fits_completes_and_is_no_substitute(hand: Recommender) -> None:
    hit = hand.complete("lamp2")[0]
    assert hit.product.id == "bulb2"
    assert hit.signals["compatible_with"] > 0
    assert "bulb2" not in hand.similar("lamp2").ids


def test_a_record_comes_back_as_it_was_loaded(hand: Recommender) -> None:
    hit = next(hit for hit in hand.search("brass table lamp") if hit.product.id == "lamp1")
    assert hit.product.title == "Brass table lamp"
    assert hit.product.price == Decimal("49.00")
    assert hit.product.category == ("Home", "Lighting", "Table lamps")
    assert hit.product.attributes["power"] == Quantity(number=40, unit="W")
    assert hit.product.attributes["dimmable"] is True


# --- shops with next to nothing ---


@pytest.mark.parametrize(
    "graph",
    [
        assemble([], [], []),
        assemble([Product(id="only")], [], []),
        assemble([Product(id="a", title="lamp"), Product(id="b", title="cup")], [], []),
        assemble([], [], [Interaction(user="u", product="stub")]),
    ],
    ids=["empty", "one", "no users", "only stubs"],
)
def test_shops_with_next_to_nothing_answer(graph: Graph) -> None:
    r = Recommender.fit(graph, settings=PLAIN)
    assert r.recommend("u").ids == ()
    assert r.recommend().ids == ()
    assert set(r.search("lamp").ids) <= {"a"}
    assert r.recommend_many(["u"], k=2).ids.tolist() == [["", ""]]
    for product in graph.products.id:
        if graph.products.listed[graph.nodes["product"].numbers([product])[0]]:
            assert r.similar(product).ids == ()
