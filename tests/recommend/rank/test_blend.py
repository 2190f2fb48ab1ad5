"""The threshold algorithm gives the k best of the whole sum, whatever the signals are."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from hypothesis import example, given
from hypothesis import strategies as st

from recommend.channels.base import DenseSignal
from recommend.rank.blend import Part, blend


def _draw(rng: np.random.Generator, count: int, shape: str) -> npt.NDArray[np.float32]:
    match shape:
        case "ties":  # a grid of exact values, so that sums are exact as well
            return (rng.integers(0, 4, size=count) / 4).astype(np.float32)
        case "sparse":
            return np.where(rng.random(count) < 0.02, rng.random(count), 0).astype(np.float32)
        case "steep":
            return (rng.random(count) ** 20).astype(np.float32)
        case "constant":
            return np.full(count, 0.5, dtype=np.float32)
        case _:
            return rng.random(count).astype(np.float32)


shapes = st.sampled_from(["ties", "sparse", "steep", "constant", "even"])


@given(
    st.integers(0, 2**32 - 1),
    st.integers(1, 3_000),
    st.integers(1, 600),
    st.lists(st.tuples(shapes, st.sampled_from([0.125, 0.5, 1.0, 2.0])), max_size=5),
    st.sampled_from([None, 0.0, 0.01, 0.5, 1.0]),
)
@example(0, 3_000, 10, [("even", 1.0), ("even", 0.5), ("steep", 2.0)], None)
@example(1, 3_000, 10, [("constant", 1.0), ("ties", 0.5)], 0.5)
@example(2, 3_000, 10, [("even", 1.0)] * 5, None)
@example(3, 3_000, 300, [("even", 1.0)] * 4, 0.5)
def test_blend_equals_the_sum_over_all_products(
    seed: int, count: int, k: int, drawn: list[tuple[str, float]], share: float | None
) -> None:
    rng = np.random.default_rng(seed)
    signals = [(_draw(rng, count, shape), weight) for shape, weight in drawn]
    parts = [Part(name=str(i), weight=w, signal=DenseSignal(v)) for i, (v, w) in enumerate(signals)]
    allowed = None if share is None else rng.random(count) < share
    total = np.zeros(count, dtype=np.float32)
    for values, weight in signals:
        total += np.float32(weight) * values
    if allowed is not None:
        total[~allowed] = 0
    expected = np.lexsort((np.arange(count), -total))
    expected = expected[total[expected] > 0][:k]
    products, scores = blend(parts, k, allowed)
    np.testing.assert_array_equal(products, expected)
    np.testing.assert_array_equal(scores, total[expected])


def test_no_signals_no_products() -> None:
    products, scores = blend([], 10, None)
    assert len(products) == len(scores) == 0


def test_what_nobody_puts_first_may_be_best_of_all() -> None:
    """250 products with all of one signal, 250 with all of the other; number 700 has most of both."""
    first, second = (np.zeros(1_000, dtype=np.float32) for _ in range(2))
    first[:250], second[250:500] = 1.0, 1.0
    first[700] = second[700] = 0.75
    parts = [Part(name=str(i), weight=1.0, signal=DenseSignal(v)) for i, v in enumerate((first, second))]
    products, scores = blend(parts, 2, None)
    assert products.tolist() == [700, 0]
    assert scores.tolist() == [1.5, 1.0]
