"""Questions with mistakes, and questions that nobody should ask."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kg.errors import SettingsError, ShelfgraphError, UnknownProductError
from kg.filters import Filter
from recommend.recommender import Recommender
from tests.recommend.asking import ALL, Ask
from tests.recommend.shops import NASTY, STRANGE


@pytest.mark.parametrize("product", ["nothing", "", "gone", "LAMP1"])
def test_unknown_products_are_errors_that_name_them(hand: Recommender, product: str) -> None:
    calls: list[Callable[[], object]] = [
        lambda: hand.similar(product),
        lambda: hand.explain(hand.recommend("u1").query, product),
    ]
    if product != "gone":  # a stub may stand in a history: it was bought before it left the catalog
        calls += [
            lambda: hand.recommend(history=["lamp1", product]),
            lambda: hand.search("lamp", history=[product]),
        ]
    for call in calls:
        with pytest.raises(UnknownProductError) as caught:
            call()
        assert caught.value.product_id == product
        assert repr(product) in str(caught.value)


def test_a_stub_in_a_history_still_counts(hand: Recommender) -> None:
    assert hand.recommend(history=["gone"]).ids


@pytest.mark.parametrize("k", [0, -1, 10_001, 2.5, "10", None, float("nan")])
def test_a_bad_k_is_an_error(ask: Ask, k: object) -> None:
    with pytest.raises(SettingsError, match="k="):
        ask(k=k)


def test_k_beyond_the_catalog_gives_what_there_is(ask: Ask, shop: Recommender) -> None:
    assert len(ask(k=ALL)) <= shop.graph.product_count


@pytest.mark.parametrize("text", ["", "   ", "\n\t", "\u3000"])
def test_an_empty_search_is_an_error(hand: Recommender, text: str) -> None:
    with pytest.raises(SettingsError, match="empty"):
        hand.search(text)
    with pytest.raises(SettingsError, match="empty"):
        hand.search_many(["lamp", text])


def test_a_search_for_nothing_is_an_error(hand: Recommender) -> None:
    with pytest.raises(SettingsError, match="text or an image"):
        hand.search()
    with pytest.raises(SettingsError, match="ranking"):
        hand.search("lamp", ranking="finest")  # type: ignore[arg-type]
    with pytest.raises(SettingsError, match="paths"):
        hand.explain(hand.recommend("u1").query, "lamp3", paths=0)


@pytest.mark.parametrize("text", STRANGE, ids=lambda text: ascii(text[:12]))
def test_strange_searches_give_results_or_a_clear_error(hand: Recommender, text: str) -> None:
    try:
        results = hand.search(text, user="u1", k=3)
    except ShelfgraphError:
        return
    for hit in results:
        assert hit.score > 0
        assert sum(hit.signals.values()) == pytest.approx(hit.score, rel=1e-5)
        explanation = hand.explain(results.query, hit.product.id)
        assert explanation.text
        assert explanation.graphml()
        assert explanation.cypher()
    assert str(results)


@given(st.text(max_size=80))
def test_any_text_can_be_searched(hand: Recommender, text: str) -> None:
    if not text.strip():
        return
    for hit in hand.search(text):
        assert hand.explain(hand.search(text).query, hit.product.id).score == pytest.approx(
            hit.score, rel=1e-5
        )


@pytest.mark.parametrize("person", [NASTY, "", "\x00", "u1 ", "U1", "x" * 10_000, "\ud800"])
def test_strange_users_are_strangers(hand: Recommender, person: str) -> None:
    assert "popular" in hand.recommend(person).note


def test_products_with_ugly_names_are_products(hand: Recommender) -> None:
    assert hand.similar(NASTY).ids
    assert NASTY in hand.search("ugly").ids
    assert NASTY in hand.similar("rug1").ids
    assert hand.recommend(history=[NASTY], where=[Filter(field="id", op="=", value="lamp1")]).ids == (
        "lamp1",
    )
