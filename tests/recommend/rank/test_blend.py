"""The threshold algorithm gives the k best of the whole sum, whatever the signals are."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from hypothesis import example, given
from hypothesis import strategies as st

from recommend.channels.signals import DenseSignal
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


class Near:
    """A signal that is known for those products that it is asked about; with `off` for all, but for such an
    error."""

    def __init__(self, values: npt.NDArray[np.float32], off: float | None) -> None:
        self._dense, self._off = DenseSignal(values), off

    def best(self, most: int, allowed: npt.NDArray[np.bool_] | None) -> npt.NDArray[np.int64]:
        return self._dense.best(most, allowed)

    def values(self, products: npt.NDArray[np.int64]) -> npt.NDArray[np.float32]:
        return self._dense.values(products)

    def roughly(self, count: int) -> tuple[npt.NDArray[np.float32], float] | None:
        if self._off is None:
            return None
        blur = np.random.default_rng(count).uniform(-self._off, self._off, count)
        return (self._dense.all + blur).astype(np.float32), self._off + 1e-6


def _signal(values: npt.NDArray[np.float32], kind: str) -> DenseSignal | Near:
    match kind:
        case "dense":
            return DenseSignal(values)
        case "few":  # twice, and in no order
            there = np.flatnonzero(values)
            return DenseSignal(values, np.concatenate((there[::-1], there)))
        case "rough":
            return Near(values, 0.02)
        case _:
            return Near(values, None)


kinds = st.sampled_from(["dense", "few", "rough", "near"])
shapes = st.sampled_from(["ties", "sparse", "steep", "constant", "even"])


@given(
    st.integers(0, 2**32 - 1),
    st.integers(1, 3_000),
    st.integers(1, 600),
    st.lists(st.tuples(shapes, st.sampled_from([0.125, 0.5, 1.0, 2.0])), max_size=5),
    st.sampled_from([None, 0.0, 0.01, 0.5, 1.0]),
    st.lists(kinds, min_size=5, max_size=5),
    st.integers(0, 5),
)
@example(0, 3_000, 10, [("even", 1.0), ("even", 0.5), ("steep", 2.0)], None, ["dense"] * 5, 5)
@example(1, 3_000, 10, [("constant", 1.0), ("ties", 0.5)], 0.5, ["dense"] * 5, 5)
@example(2, 3_000, 10, [("even", 1.0)] * 5, None, ["dense"] * 5, 5)
@example(3, 3_000, 300, [("even", 1.0)] * 4, 0.5, ["dense"] * 5, 5)
@example(
    4, 3_000, 10, [("sparse", 1.0), ("even", 0.5), ("steep", 2.0)], 1.0, ["few", "rough", *["dense"] * 3], 2
)
def test_blend_equals_the_sum_over_all_products(
    seed: int,
    count: int,
    k: int,
    drawn: list[tuple[str, float]],
    share: float | None,
    known: list[str],
    leading: int,
) -> None:
    rng = np.random.default_rng(seed)
    signals = [(_draw(rng, count, shape), weight) for shape, weight in drawn]
    parts = [
        Part(name=str(i), weight=w, signal=_signal(v, known[i]), leads=i < leading)
        for i, (v, w) in enumerate(signals)
    ]
    allowed = None if share is None else rng.random(count) < share
    ahead, behind = (np.zeros(count, dtype=np.float32) for _ in range(2))
    for part, (values, weight) in zip(parts, signals, strict=True):
        total = ahead if part.leads else behind
        total += np.float32(weight) * values
    total = np.where(ahead > 0, ahead + behind, np.float32(0)) if leading and parts else behind
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
