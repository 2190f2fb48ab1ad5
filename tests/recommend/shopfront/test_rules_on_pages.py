"""Rules: boosts, pins, what is hidden, profiles, and what the catalog lacks."""

from __future__ import annotations

import logging
from collections.abc import Sequence

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from kg.errors import SettingsError
from recommend.rank.balance import Balance
from recommend.shopfront import NO_RULES
from tests.recommend.shopfront.shelves import SIX, TODAY, front, page, rounded, shelf

BOOSTS = """
[[boost]]
name = "ours"
where = "brand=B"
factor = 2
[[bury]]
name = "dear"
where = "price>=40"
factor = 0.5
"""


def test_boosts_move_products_and_signals_add_up() -> None:
    found = page(SIX, BOOSTS)
    assert found.products.tolist() == [3, 1, 4, 0, 2, 5]  # 1.2, 0.8, 0.5, 0.45, 0.35, 0.2
    assert found.scores.tolist() == pytest.approx([1.2, 0.8, 0.5, 0.45, 0.35, 0.2])
    assert found.signals["rule.ours"].tolist() == pytest.approx([0.6, 0.8, 0, 0, 0, 0.1])
    assert found.signals["rule.dear"].tolist() == pytest.approx([0, -0.8, 0, -0.45, -0.35, 0])
    base = np.array(SIX, dtype=np.float32)[found.products]
    assert (base + sum(found.signals.values())).tolist() == pytest.approx(found.scores.tolist())


@given(
    scores=st.lists(st.floats(-1, 1, width=32), min_size=2, max_size=40),
    factors=st.tuples(st.floats(1.01, 50), st.floats(0.01, 0.99)),
    k=st.integers(1, 10),
)
def test_boosted_lists_are_the_best_of_all_products(
    scores: list[float], factors: tuple[float, float], k: int
) -> None:
    rules = BOOSTS.replace("= 2", f"= {factors[0]!r}").replace("= 0.5", f"= {factors[1]!r}")
    found = page(scores, rules, k=k)
    shop = front(shelf(len(scores)), rules)
    everything = np.flatnonzero(np.array(scores) > 0)
    values = shop.rules.active("lamp", TODAY).boosted(
        everything, np.array(scores, dtype=np.float32)[everything]
    )
    expected = np.sort(values)[::-1][:k]
    assert found.scores.tolist() == pytest.approx(expected.tolist(), rel=1e-6)


def test_a_boost_never_sinks_a_score_below_zero() -> None:
    shop = front(shelf(2), BOOSTS.replace(">=40", ">=400"))
    active = shop.rules.active("lamp", TODAY)
    assert active.boosted(np.array([0, 1]), np.array([-1, -1], dtype=np.float32)).tolist() == [-1, -0.5]


def pin(product: str, position: int = 1, query: str = "lamp", name: str = "") -> str:
    named = f'name = "{name}"\n' if name else ""
    return f'[[pin]]\n{named}query = "{query}"\nproducts = {product.split()!r}\nposition = {position}\n'


@pytest.mark.parametrize(
    ("rules", "expected", "pinned"),
    [
        (pin("p4"), [4, 0, 1], {0: "pin 1"}),
        (pin("p4", 2), [0, 4, 1], {1: "pin 1"}),
        (pin("p0", 3), [1, 2, 0], {2: "pin 1"}),
        (pin("p0", 4), [1, 2, 3], {}),  # on the next page
        (pin("p4 p3", 2), [0, 4, 3], {1: "pin 1", 2: "pin 1"}),
        (pin("p4") + pin("p3", name="b"), [4, 3, 0], {0: "pin 1", 1: "b"}),  # both want the first place
        (pin("p4") + pin("p4", 3, name="b"), [4, 0, 1], {0: "pin 1"}),
        (pin("p4", query="rug"), [0, 1, 2], {}),
        (pin("gone"), [0, 1, 2], {}),
    ],
)
def test_pins(rules: str, expected: list[int], pinned: dict[int, str]) -> None:
    found = page(SIX, rules, k=3)
    assert found.products.tolist() == expected
    assert found.pinned == pinned
    assert found.scores.tolist() == rounded([SIX[p] for p in expected])


def test_a_pinned_product_must_pass_the_filters() -> None:
    assert page(SIX, pin("p5"), k=2, where=["brand=A"]).products.tolist() == [0, 2]
    assert page(SIX, pin("p5"), k=2, where=["brand=B"]).products.tolist() == [5, 1]


def test_a_pinned_product_is_in_the_result_even_without_a_score() -> None:
    found = page([0.9, 0.8, 0.0], pin("p2", 9), facets=["brand"])
    assert found.products.tolist() == [0, 1, 2]  # the list ends before the ninth place
    assert found.total == 3
    assert page([0.9, 0.8, 0.0], pin("p2"), sort="price").products.tolist() == [1, 0, 2]


def test_hidden_products_are_not_there_at_all() -> None:
    rules = '[[hide]]\nwhere = "brand=B"\n[[hide]]\nproduct = "p0"\n' + pin("p1")
    found = page(SIX, rules, facets=["brand"], share=0.0)
    assert found.products.tolist() == [2, 4]
    assert [(v.label, v.count) for v in found.facets[0].values] == [("A", 2)]
    assert front(shelf()).rules.hidden(TODAY) is None


def test_hiding_may_be_limited_to_queries_and_days() -> None:
    assert page(SIX, '[[hide]]\nproduct = "p0"\ncontains = "lamp"').products[0] == 1
    assert page(SIX, '[[hide]]\nproduct = "p0"\ncontains = "rug"').products[0] == 0
    assert page(SIX, '[[hide]]\nproduct = "p0"\nfrom = 2026-03-15').products[0] == 1
    assert page(SIX, '[[hide]]\nproduct = "p0"\nto = 2026-03-14').products[0] == 0


def test_rules_for_types_ask_for_the_types_only_then() -> None:
    def never() -> Sequence[str]:
        raise AssertionError("nobody asked")

    shop = front(shelf(), BOOSTS + pin("p4"))
    assert shop.rules.active("lamp", TODAY, types=never)
    typed = front(shelf(), BOOSTS.replace("factor = 2", 'factor = 2\ntypes = ["LAMP"]'))
    assert [one.name for one, _ in typed.rules.active("x", TODAY, types=lambda: ["lamp"]).boosts] == [
        "ours",
        "dear",
    ]
    assert [one.name for one, _ in typed.rules.active("x", TODAY, types=lambda: ["rug"]).boosts] == ["dear"]


def test_what_explanations_say_of_rules() -> None:
    active = front(shelf(), BOOSTS + pin("p1", name="spring")).rules.active("lamp", TODAY)
    assert active.told(1, active.pin_of(1)) == (
        "pinned by the rule “spring”",
        "moved by the rule “ours” (score × 2)",
        "moved by the rule “dear” (score × 0.5)",
    )
    assert active.told(4) == ()


def test_profiles_by_name() -> None:
    rules = '[profiles.a]\nboost = [{ where = "brand=B", factor = 3 }]\n[profiles.b]\nsort = "price"'
    book = front(shelf(), rules).rules
    assert book.profile("").sort == "relevance"
    assert book.profile("b").sort == "price"
    assert [one.name for one, _ in book.active("x", TODAY, profile=book.profile("a")).boosts] == ["a boost 1"]
    assert book.active("x", TODAY, profile=book.profile("b")) is NO_RULES
    with pytest.raises(SettingsError, match="profile='c' is unknown; there are a, b"):
        book.profile("c")
    with pytest.raises(SettingsError, match=r"write \[profiles.c\] into"):
        front(shelf()).rules.profile("c")


def test_what_the_catalog_lacks_is_a_warning(caplog: pytest.LogCaptureFixture) -> None:
    rules = (
        pin("gone", name="old") + '[[hide]]\nproduct = "away"\n[profiles.a]\nchannels = { lexicl = 2 }\n'
        '[[boost]]\nname = "none"\nwhere = "brand=Nobody"\nfactor = 2'
    )
    with caplog.at_level(logging.WARNING):
        shop = front(shelf(), rules)
        assert not shop.rules.active("lamp", TODAY)
        assert not shop.rules.active("lamp", TODAY)  # said once
    assert [warning.partition(": ")[2].partition(",")[0] for warning in shop.rules.warnings] == [
        "the rule “old” names the product 'gone'",
        "the rule “hide 1” names the product 'away'",
        "the profile “a” weighs the channel 'lexicl'",
    ]
    assert "lexical, text" in shop.rules.warnings[2]
    assert len(caplog.messages) == 4
    assert "“none” means no product: brand=Nobody" in caplog.messages[-1]


# --- a balance ---


def test_a_balance_counts_beside_boosts_and_pins() -> None:
    pin = '[[pin]]\nquery = "lamp"\nproduct = "p5"\nposition = 1\n'
    found = page(SIX, BOOSTS + pin, k=4, balance=Balance(per_brand=1))
    # boosted: 3 (B) 1.2, 1 (B) .8, 4 (A) .5 …; what is pinned has its place, whatever its brand
    assert found.products.tolist() == [5, 3, 4]
    assert found.pinned == {0: "pin 1"}
    assert found.scores.tolist() == pytest.approx([0.2, 1.2, 0.5])
    assert found.balanced is not None
    assert found.balanced.by_score.tolist() == [0, 1, 3]
    assert page(SIX, BOOSTS + pin).balanced is None


def test_a_balance_is_over_what_the_filters_leave() -> None:
    found = page(SIX, k=4, where=["price<=50"], balance=Balance(per_brand=1))
    assert found.products.tolist() == [1, 2]
