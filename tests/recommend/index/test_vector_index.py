"""Nearest neighbours against brute force in NumPy."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kg.errors import VersionError
from kg.vectors import Vectors
from recommend.index import vector_index
from recommend.index.vector_index import Kind, SpaceIndex, VectorIndex

F32 = npt.NDArray[np.float32]


def _clustered(
    count: int, dim: int = 24, *, clusters: int = 30, seed: int = 0
) -> tuple[F32, npt.NDArray[np.int64]]:
    rng = np.random.default_rng(seed)
    cluster = rng.integers(clusters, size=count)
    matrix = rng.standard_normal((clusters, dim))[cluster] + 0.5 * rng.standard_normal((count, dim))
    matrix /= np.linalg.norm(matrix, axis=1, keepdims=True)
    return matrix.astype(np.float32), cluster


def _brute(
    matrix: F32, queries: F32, k: int, allowed: npt.NDArray[np.bool_] | None = None
) -> list[list[int]]:
    scores = queries @ matrix.T
    if allowed is not None:
        scores[:, ~allowed] = -np.inf
        k = min(k, int(allowed.sum()))
    order: list[list[int]] = np.argsort(-scores, axis=1, kind="stable")[:, :k].tolist()
    return order


def _recall(found: npt.NDArray[np.int64], wanted: list[list[int]]) -> float:
    pairs = zip(found.tolist(), wanted, strict=True)
    return float(np.mean([len(set(row) & set(best)) / max(1, len(best)) for row, best in pairs]))


@given(st.integers(1, 60), st.integers(1, 80), st.integers(0, 2**31), st.floats(0, 1))
def test_exact_equals_brute_force(count: int, k: int, seed: int, share: float) -> None:
    rng = np.random.default_rng(seed)
    matrix, queries = (rng.standard_normal((n, 5)).astype(np.float32) for n in (count, 3))
    index = VectorIndex.build(matrix, kind="exact")
    for allowed in (None, rng.random(count) < share):
        scores, rows = index.search(queries, k, allowed=allowed)
        assert rows.shape == (3, min(k, count))
        for row, found, wanted, query in zip(
            rows, scores, _brute(matrix, queries, k, allowed), queries, strict=True
        ):
            assert row[row >= 0].tolist() == wanted
            assert (row[len(wanted) :] == -1).all()
            np.testing.assert_allclose(found[: len(wanted)], matrix[wanted] @ query, rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("dim", [5, 128, 200])
@given(
    count=st.integers(1, 300),
    k=st.integers(1, 400),
    seed=st.integers(0, 2**31),
    share=st.sampled_from([None, 0.0, 0.03, 0.5, 1.0]),
    spread=st.sampled_from([1.0, 1e-3]),
)
@settings(max_examples=25)
def test_looking_twice_equals_looking_at_everything_once(
    dim: int, count: int, k: int, seed: int, share: float | None, spread: float
) -> None:
    """Also where all rows lie nearer to each other than rounding can tell."""
    rng = np.random.default_rng(seed)
    matrix = (rng.standard_normal(dim) + spread * rng.standard_normal((count, dim))).astype(np.float32)
    matrix /= np.linalg.norm(matrix, axis=1, keepdims=True)
    matrix[count // 2] = matrix[0]
    query = matrix[rng.integers(count)]
    allowed = None if share is None else rng.random(count) < share
    index = VectorIndex.build(matrix, kind="exact")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(vector_index, "ROUNDED_FROM", 0)
        (scores,), (rows,) = index.search(query[None, :], k, allowed=allowed)
    products = np.vecdot(matrix, query)
    if allowed is not None:
        products[~allowed] = -np.inf
    best = [row for row in np.argsort(-products, kind="stable").tolist() if products[row] > -np.inf][:k]
    assert rows.tolist() == [*best, *[-1] * (min(k, count) - len(best))]  # ties by row
    np.testing.assert_array_equal(scores[: len(best)], products[best])
    np.testing.assert_array_equal(index.products(query, np.array(best, dtype=np.int64)), products[best])


def test_threads_that_look_twice_get_what_one_gets() -> None:
    matrix, _ = _clustered(3_000)
    queries = _queries(matrix)
    index = VectorIndex.build(matrix, kind="exact")
    with ThreadPoolExecutor(8) as pool:
        found = list(pool.map(lambda query: index.search(query[None, :], 10), queries))
    scores, rows = index.search(queries, 10)
    np.testing.assert_array_equal(np.concatenate([one for _, one in found]), rows)
    np.testing.assert_allclose(np.concatenate([one for one, _ in found]), scores, atol=1e-5)


@pytest.fixture(scope="module")
def walked() -> tuple[VectorIndex, F32, npt.NDArray[np.int64]]:
    matrix, cluster = _clustered(4_000)
    return VectorIndex.build(matrix, kind="hnsw"), matrix, cluster


def _queries(matrix: F32) -> F32:
    rng = np.random.default_rng(1)
    noise = 0.1 * rng.standard_normal((60, matrix.shape[1]))
    return (matrix[rng.integers(len(matrix), size=60)] + noise).astype(np.float32)


@pytest.mark.parametrize("share", [None, 0.5, 0.1, 0.02, 0.002, 0.0])
def test_hnsw_finds_nearly_all_and_only_what_is_allowed(
    walked: tuple[VectorIndex, F32, npt.NDArray[np.int64]], share: float | None
) -> None:
    index, matrix, _ = walked
    allowed = None if share is None else np.random.default_rng(2).random(len(matrix)) < share
    queries = _queries(matrix)
    found = [index.search(query[None, :], 10, allowed=allowed) for query in queries]
    scores, rows = (np.concatenate(column) for column in zip(*found, strict=True))
    assert _recall(rows, _brute(matrix, queries, 10, allowed)) >= (0.95 if share != 0 else 0.0)
    assert (np.diff(scores, axis=1) <= 1e-6).all()
    if allowed is not None:
        assert allowed[rows[rows >= 0]].all()
        assert ((rows >= 0).sum(axis=1) == min(10, allowed.sum())).all()


def test_hnsw_finds_what_is_allowed_only_far_away(
    walked: tuple[VectorIndex, F32, npt.NDArray[np.int64]],
) -> None:
    """A filter by category, say, asked about another category."""
    index, matrix, cluster = walked
    queries = matrix[cluster == 0][:20]
    centres = np.stack([matrix[cluster == c].mean(axis=0) for c in range(30)])
    far = np.argsort(centres @ centres[0])[:6]
    allowed = np.isin(cluster, far)
    _, rows = index.search(queries, 10, allowed=allowed)
    assert _recall(rows, _brute(matrix, queries, 10, allowed)) >= 0.95


def test_hnsw_is_the_same_from_the_same_seed() -> None:
    matrix, _ = _clustered(600)
    first, second = (
        VectorIndex.build(matrix, kind="hnsw", seed=3).search(_queries(matrix), 10) for _ in "ab"
    )
    np.testing.assert_array_equal(first[1], second[1])
    np.testing.assert_array_equal(first[0], second[0])


@pytest.mark.parametrize("kind", ["exact", "hnsw"])
def test_saved_and_loaded_an_index_answers_the_same(kind: Kind, tmp_path: Path) -> None:
    matrix, _ = _clustered(500)
    index = VectorIndex.build(matrix, kind=kind)
    index.save(tmp_path / "deep" / "index.faiss")
    again = VectorIndex.load(tmp_path / "deep" / "index.faiss")
    assert (again.kind, len(again)) == (kind, 500)
    allowed = np.arange(500) % 3 == 0
    for mask in (None, allowed):
        for one, other in zip(
            index.search(_queries(matrix), 7, allowed=mask),
            again.search(_queries(matrix), 7, allowed=mask),
            strict=True,
        ):
            np.testing.assert_array_equal(one, other)
    np.testing.assert_array_equal(again.rows(np.array([3, 499])), matrix[[3, 499]])


@pytest.mark.parametrize("content", [b"", b"not an index at all", b"IxFI" + b"\xff" * 40])
def test_a_damaged_index_is_named(content: bytes, tmp_path: Path) -> None:
    (tmp_path / "broken.faiss").write_bytes(content)
    with pytest.raises(VersionError, match=r"broken\.faiss"):
        VectorIndex.load(tmp_path / "broken.faiss")


def test_a_space_knows_only_products_with_a_vector(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    matrix = rng.standard_normal((8, 4)).astype(np.float32) * 7
    present = np.array([True, False, True, True, False, True, True, True])
    matrix[~present] = 0
    space = SpaceIndex.of(Vectors(ids=tuple("abcdefgh"), matrix=matrix, present=present))
    space.save(tmp_path, "text")
    query = matrix[5] / np.linalg.norm(matrix[5])
    for one in (space, SpaceIndex.load(tmp_path, "text")):
        cosines, products = one.search(query[None, :], 8)
        assert products[0, 0] == 5
        assert set(products[0].tolist()) == {0, 2, 3, 5, 6, 7}
        assert cosines[0, 0] == pytest.approx(1.0, abs=1e-6)
        everything = np.arange(8)
        unit = np.where(
            present[:, None], matrix / np.maximum(np.linalg.norm(matrix, axis=1), 1e-9)[:, None], 0
        )
        np.testing.assert_allclose(one.cosine(query, everything), unit @ query, atol=1e-6)
        np.testing.assert_array_equal(one.covers(everything), present)
        np.testing.assert_allclose(one.mean, unit[present].mean(axis=0), atol=1e-6)
        _, few = one.search(query[None, :], 3, allowed=everything >= 6)
        assert set(few[0].tolist()) == {6, 7, -1}
