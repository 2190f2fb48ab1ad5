"""The result of a search: what scores enough, of all products."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from recommend.channels.signals import DenseSignal
from recommend.rank.blend import Part, summed
from recommend.shopfront.relevance import SHARE, Mask, Numbers, Scores, relevant
from tests.recommend.shopfront.shelves import SIX, dense


class Near:
    """A signal that is only known for the products it is asked about."""

    def __init__(self, values: Sequence[float]) -> None:
        self._dense = DenseSignal(np.array(values, dtype=np.float32))

    def best(self, most: int, allowed: Mask | None) -> Numbers:
        return self._dense.best(most, allowed)

    def values(self, products: Numbers) -> Scores:
        return self._dense.values(products)


class Blurred(Near):
    """The same, and its values are known for all but for an error."""

    def __init__(self, values: Sequence[float], seed: int) -> None:
        super().__init__(values)
        self._blur = np.random.default_rng(seed).uniform(-0.1, 0.1, len(values)).astype(np.float32)

    def roughly(self, count: int) -> tuple[Scores, float]:
        return self._dense.all + self._blur, 0.1001


def test_the_result_is_what_has_a_share_of_the_best_score() -> None:
    listed = np.ones(6, dtype=np.bool_)
    words = [dense(SIX)]
    assert relevant(words, listed, share=0.6).tolist() == [True, True, True, True, False, False]
    assert relevant(words, listed, share=1.0).tolist() == [True, False, False, False, False, False]
    assert relevant(words, listed, share=0.0).all()
    assert not relevant([dense([0, 0])], np.ones(2, dtype=np.bool_)).any()
    assert not relevant([], np.ones(2, dtype=np.bool_)).any()
    assert relevant(words, listed, share=0.5, most=2).tolist() == [True, True, False, False, False, False]


@given(
    data=st.data(),
    share=st.floats(0, 1),
    weights=st.tuples(*[st.floats(0.1, 2)] * 3),
    leads=st.booleans(),
    blurred=st.booleans(),
    most=st.sampled_from([10, 10_000]),
)
def test_the_result_is_what_scores_enough_of_all_products(
    data: st.DataObject,
    share: float,
    weights: tuple[float, float, float],
    leads: bool,
    blurred: bool,
    most: int,
) -> None:
    count = data.draw(st.sampled_from([1, 7, 900]))
    rng = np.random.default_rng(data.draw(st.integers(0, 99)))
    words, kinds, near = (
        np.where(rng.random(count) < 0.4, 0, rng.random(count)).astype(np.float32) for _ in range(3)
    )
    listed = rng.random(count) < 0.8
    parts = [
        Part(name="words", weight=weights[0], signal=DenseSignal(words)),
        Part(name="kinds", weight=weights[1], signal=DenseSignal(kinds), leads=leads),
        Part(
            name="near",
            weight=weights[2],
            signal=Blurred(near.tolist(), 5) if blurred else Near(near.tolist()),
        ),
    ]
    everything = np.arange(count)
    scores = summed(parts, everything)
    best = scores[listed].max(initial=0.0)
    found = relevant(parts, listed, share=share, most=most)
    sure = np.abs(scores - np.float32(share) * best) > 1e-5  # not decided by rounding
    expected = listed & (scores > 0) & (scores >= np.float32(share) * best)
    if np.count_nonzero(expected) > most:
        able = np.where(expected, scores, -np.inf)
        last = np.sort(able)[-most]
        sure &= np.abs(scores - last) > 1e-5
        expected &= able >= last
    assert found[sure].tolist() == expected[sure].tolist()


def test_the_share_is_between_nothing_and_everything() -> None:
    assert 0 < SHARE < 1
