"""Matrices of 8 bits: how far their products are from the true ones, and that rows do not mind each other."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from encoders import runtime
from encoders.runtime import Rounded, RoundedMatrix
from kg.errors import ModelError

F32 = npt.NDArray[np.float32]


def _unit(count: int, dim: int, seed: int) -> F32:
    rng = np.random.default_rng(seed)
    matrix = rng.standard_normal((count, dim)) * rng.exponential(size=dim)  # some columns are much larger
    found: F32 = (matrix / np.linalg.norm(matrix, axis=1, keepdims=True)).astype(np.float32)
    return found


@given(st.integers(1, 70), st.sampled_from([1, 5, 127, 128, 129, 384]), st.integers(0, 2**31))
@settings(max_examples=40)
def test_no_product_is_farther_off_than_stated(count: int, dim: int, seed: int) -> None:
    matrix, vector = _unit(count, dim, seed), _unit(1, dim, seed + 1)[0]
    one = RoundedMatrix(matrix)
    wrong = np.abs(one.products(vector) - matrix @ vector).max()
    assert wrong <= one.error(vector) < 0.05


def test_rounding_is_worth_its_error() -> None:
    matrix = _unit(500, 384, 0)
    one = RoundedMatrix(matrix)
    wrong = np.concatenate([one.products(row) - matrix @ row for row in matrix[:50]])
    assert 0 < wrong.std() < 1e-3


@pytest.mark.parametrize("count", [1, 7, 64, 129])
def test_a_row_gives_the_same_wherever_it_stands(count: int) -> None:
    matrix, vector = _unit(count, 384, 1), _unit(1, 384, 2)[0]
    alone = np.array([RoundedMatrix(row[None, :]).products(vector)[0] for row in matrix])
    np.testing.assert_allclose(RoundedMatrix(matrix).products(vector), alone, rtol=0, atol=1e-6)
    repeated = RoundedMatrix(np.repeat(matrix[:1], count, axis=0)).products(vector)
    np.testing.assert_allclose(repeated, repeated[0], rtol=0, atol=1e-6)


def test_rows_of_zeros_stay_zeros() -> None:
    one = RoundedMatrix(np.zeros((3, 200), dtype=np.float32))
    assert one.products(_unit(1, 200, 0)[0]).tolist() == [0, 0, 0]
    nothing = Rounded.of(np.zeros((3, 200), dtype=np.float32))
    assert (nothing.whole == 128).all()
    assert not nothing.restored().any()


def test_a_large_matrix_is_rounded_in_parts(monkeypatch: pytest.MonkeyPatch) -> None:
    matrix, vector = _unit(50, 200, 0), _unit(1, 200, 1)[0]
    whole = RoundedMatrix(matrix)
    monkeypatch.setattr(runtime, "_AT_ONCE", 7)
    parts = RoundedMatrix(matrix)
    assert parts.products(vector).tolist() == whole.products(vector).tolist()
    assert parts.error(vector) == pytest.approx(whole.error(vector))


def test_a_network_that_cannot_be_run_is_a_clear_error() -> None:
    writer = runtime.Writer()
    writer.node("NoSuchNode", "gives", "given")
    with pytest.raises(ModelError, match=r"onnxruntime .* cannot run the model: .*NoSuchNode.*pip install"):
        writer.network("given", "gives", 2, 3)
