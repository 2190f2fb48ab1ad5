"""Metrics on lists whose values are known."""

from __future__ import annotations

import numpy as np
import pytest
import scipy.sparse as sp
from hypothesis import given
from hypothesis import strategies as st

from recommend.measure.metrics import METRICS, coverage, find_hits, graded_ndcg

HITS = np.array([[True, False, True, False], [False, False, False, True], [False] * 4])
WANTED = np.array([3, 1, 2])


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        # hits at 1 and 3 of 3 wanted: (1 + 1/2) / (1 + 1/log2(3) + 1/2)
        ("ndcg", [1.5 / (1.5 + 1 / np.log2(3)), 1 / np.log2(5), 0]),
        ("recall", [2 / 3, 1, 0]),
        ("hr", [1, 1, 0]),
        ("precision", [0.5, 0.25, 0]),
        ("mrr", [1, 0.25, 0]),
        ("map", [(1 + 2 / 3) / 3, 0.25, 0]),
    ],
)
def test_known_answers(name: str, expected: list[float]) -> None:
    assert METRICS[name](HITS, WANTED) == pytest.approx(expected)


def test_the_ideal_never_wants_more_than_fits() -> None:
    full = np.ones((1, 2), dtype=np.bool_)
    assert METRICS["ndcg"](full, np.array([50])) == pytest.approx([1])
    assert METRICS["map"](full, np.array([50])) == pytest.approx([1])


def test_who_wants_nothing_has_zero() -> None:
    for metric in METRICS.values():
        assert metric(np.zeros((1, 3), dtype=np.bool_), np.array([0])) == pytest.approx([0])


def test_hits_are_found_and_empty_places_are_misses() -> None:
    relevant = sp.csr_array(np.array([[0, 1, 0, 1], [1, 0, 0, 0]], dtype=np.bool_))
    lists = np.array([[3, 0, -1], [1, 2, -1]])
    assert find_hits(lists, relevant).tolist() == [[True, False, False], [False, False, False]]


def test_coverage_counts_products_once() -> None:
    assert coverage(np.array([[1, 2], [2, -1]]), 4) == 0.5


def test_graded_known_answer() -> None:
    # gains 1, 7 against the ideal 7, 3, 1
    found = (1 + 7 / np.log2(3)) / (7 + 3 / np.log2(3) + 1 / 2)
    assert graded_ndcg(np.array([1.0, 3.0]), np.array([1.0, 2.0, 3.0, 0.0]), 10) == pytest.approx(found)
    assert graded_ndcg(np.array([0.0]), np.array([0.0]), 10) == 0
    assert graded_ndcg(np.array([]), np.array([3.0]), 10) == 0


@given(st.lists(st.booleans(), min_size=1, max_size=12), st.integers(0, 5), st.integers(0, 10))
def test_values_are_fractions_and_earlier_hits_are_never_worse(row: list[bool], more: int, swap: int) -> None:
    hits = np.array([row])
    wanted = np.array([sum(row) + more])
    better = sorted(row, reverse=True)
    for name, metric in METRICS.items():
        value = metric(hits, wanted)[0]
        assert 0 <= value <= 1 + 1e-12, name
        assert metric(np.array([better]), wanted)[0] >= value - 1e-12, name
    if any(row) and not more:
        assert METRICS["ndcg"](np.array([better]), wanted)[0] == pytest.approx(1)
