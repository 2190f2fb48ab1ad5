"""Re-ranking for more than relevance: known orders, and what holds for any pool."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given
from hypothesis import strategies as st

from kg.errors import SettingsError
from recommend.rank.balance import Balance, Group, Numbers, Scores, balanced, pool_size, rebalanced
from recommend.rank.top import top


class Plain:
    """A shelf of products by number: brand n % brands, known, new and to be had as given."""

    def __init__(self, count: int, *, brands: int = 3, absent: frozenset[int] = frozenset()) -> None:
        self.count = count
        self.brands = brands
        self.gone = np.isin(np.arange(count), sorted(absent))

    def novelty(self, products: Numbers) -> Scores:
        return (products / max(1, self.count - 1)).astype(np.float32)

    def freshness(self, products: Numbers) -> Scores:
        return (products % 2).astype(np.float32)

    def fairness(self, products: Numbers, fair_to: str) -> Scores:
        return np.where(products % self.brands == 0, -1, 1).astype(np.float32)

    def likeness(self, products: Numbers) -> Callable[[int], Scores]:
        brand = products % self.brands
        return lambda at: (brand == brand[at]).astype(np.float32)

    def absent(self, products: Numbers) -> npt.NDArray[np.bool_]:
        found: npt.NDArray[np.bool_] = self.gone[products]
        return found

    def group(self, group: Group, products: Numbers) -> Numbers:
        return products % self.brands if group == "brand" else np.full(len(products), -1)


def _pool(count: int) -> tuple[Numbers, Scores]:
    return np.arange(count), np.linspace(1.0, 0.1, count, dtype=np.float32)


def _order(count: int, k: int, balance: Balance, *, absent: frozenset[int] = frozenset()) -> list[int]:
    found: list[int] = rebalanced(*_pool(count), k, balance, Plain(count, absent=absent)).products.tolist()
    return found


# --- known orders ---


def test_varied_lists_take_turns() -> None:
    assert _order(9, 6, Balance(diversity=1.0)) == [0, 1, 2, 3, 4, 5]
    # brands 0 0 0 1 1 1 by halves: score alone would show brand 0 first
    products = np.array([0, 2, 4, 1, 3, 5])
    scores = np.array([1, 0.9, 0.8, 0.7, 0.6, 0.5], dtype=np.float32)
    found = rebalanced(products, scores, 4, Balance(diversity=0.5), Plain(6, brands=2))
    assert found.products.tolist() == [0, 1, 2, 4]
    assert found.by_score.tolist() == [1, 4, 2, 3]
    assert found.terms["diversity"].tolist() == pytest.approx([0, 0, -0.5, -0.5])


def test_new_and_unknown_products_rise() -> None:
    assert _order(5, 3, Balance(freshness=1.0)) == [1, 3, 0]
    assert _order(5, 3, Balance(novelty=1.0)) == [4, 3, 2]
    assert _order(6, 3, Balance(fairness=1.0)) == [1, 2, 4]


def test_what_cannot_be_had_comes_last() -> None:
    assert _order(5, 4, Balance(in_stock=True), absent=frozenset({0, 2})) == [1, 3, 4, 0]


def test_a_cap_leaves_the_list_shorter_rather_than_full() -> None:
    assert _order(9, 9, Balance(per_brand=2)) == [0, 1, 2, 3, 4, 5]
    assert _order(9, 9, Balance(per_category=1)) == list(range(9))  # none has a category


def test_terms_say_what_was_added() -> None:
    found = rebalanced(*_pool(6), 3, Balance(novelty=0.5, freshness=0.25), Plain(6))
    at = found.products
    np.testing.assert_allclose(found.terms["novelty"], 0.5 * at / 5, rtol=1e-6)
    np.testing.assert_allclose(found.terms["freshness"], 0.25 * (at % 2), rtol=1e-6)
    assert set(found.added(0)) <= {"novelty", "freshness"}


# --- whatever the pool ---

strengths = st.floats(0, 1, allow_nan=False)
balances = st.builds(
    Balance,
    diversity=strengths,
    novelty=strengths,
    freshness=strengths,
    fairness=strengths,
    in_stock=st.booleans(),
    per_brand=st.integers(0, 3),
)


@given(count=st.integers(0, 30), k=st.integers(1, 12), brands=st.integers(1, 6))
def test_without_goals_it_is_the_order_of_scores(count: int, k: int, brands: int) -> None:
    found = rebalanced(*_pool(count), k, Balance(), Plain(count, brands=brands))
    assert found.products.tolist() == list(range(min(count, k)))
    assert found.by_score.tolist() == list(range(1, min(count, k) + 1))
    assert not found.terms


@given(
    balance=balances,
    count=st.integers(0, 30),
    k=st.integers(1, 12),
    brands=st.integers(1, 6),
    absent=st.frozensets(st.integers(0, 29)),
)
def test_promises_hold(balance: Balance, count: int, k: int, brands: int, absent: frozenset[int]) -> None:
    shelf = Plain(count, brands=brands, absent=absent)
    chosen = rebalanced(*_pool(count), k, balance, shelf).products
    assert len(set(chosen.tolist())) == len(chosen) <= min(k, count)
    if balance.per_brand:
        assert np.bincount(chosen % brands, minlength=1).max(initial=0) <= balance.per_brand
    else:
        assert len(chosen) == min(k, count)
    if balance.in_stock:
        gone = shelf.gone[chosen]
        assert (np.sort(gone) == gone).all()  # all that can be had first
        if not balance.per_brand and gone.any():
            assert (~gone).sum() == (~shelf.gone).sum()  # and only where nothing else is left


def test_what_can_be_had_is_found_however_far_down() -> None:
    count = 4_000
    scores = np.linspace(1.0, 0.1, count, dtype=np.float32)
    shelf = Plain(count, absent=frozenset(range(count)) - {7, 3_000, 3_900})

    def rank(k: int, allowed: npt.NDArray[np.bool_]) -> tuple[Numbers, Scores]:
        best = top(np.where(allowed, scores, np.float32(-np.inf)), k)
        return best, scores[best]

    allowed = np.arange(count) != 3_000
    found = balanced(rank, 4, Balance(in_stock=True), shelf, allowed)
    assert found.products.tolist() == [7, 3_900, 0, 1]
    assert found.by_score.tolist() == [8, 3_900, 1, 2]  # 3,000 is not allowed and has no place


def test_places_and_terms_move_with_their_products() -> None:
    found = rebalanced(*_pool(6), 3, Balance(novelty=1.0), Plain(6)).at(np.array([5, 99, 0]))
    assert found.by_score.tolist() == [6, 0, 0]  # 0 was not chosen
    assert found.added(0) == {"novelty": pytest.approx(1.0)}
    assert found.added(1) == found.added(2) == {}


@given(balance=balances)
def test_what_is_written_is_what_is_read(balance: Balance) -> None:
    if balance:
        assert Balance.parse(str(balance)) == balance


# --- settings ---


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "nothing is asked"),
        ("diverse=.2", "unknown"),
        ("diversity=lots", "number from 0 to 1"),
        ("diversity=1.5", "from 0 to 1"),
        ("diversity=nan", "from 0 to 1"),
        ("diversity=.1,diversity=.2", "twice"),
        ("per_brand=-1", "whole number"),
        ("per_brand=many", "whole number"),
        ("in_stock=maybe", "yes or no"),
        ("fairness=.2,fair_to=all", "catalog, sales"),
    ],
)
def test_what_makes_no_sense_is_an_error(text: str, said: str) -> None:
    with pytest.raises(SettingsError, match=said):
        Balance.parse(text)


def test_the_text_of_a_balance() -> None:
    read = Balance.parse("diversity=.2, per_brand=2,in_stock")
    assert read == Balance(diversity=0.2, per_brand=2, in_stock=True)
    assert str(read) == "diversity=0.2, in_stock, per_brand=2"
    assert not Balance()
    assert pool_size(Balance(diversity=0.1), 10) < pool_size(Balance(per_brand=1), 10)
