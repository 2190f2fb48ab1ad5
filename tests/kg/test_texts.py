"""Many strings as arrays, and their numbers."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from kg.arrays import Arrays, load_arrays, save_arrays
from kg.errors import DataError, VersionError
from kg.texts import Texts, Vocabulary
from kg.vectors import Vectors
from tests import strategies

strings = st.lists(st.text(st.characters(exclude_categories=["Cs"]), max_size=10), max_size=8)


@given(words=strings, data=st.data())
def test_texts_are_a_sequence_of_the_strings(words: list[str], data: st.DataObject) -> None:
    texts = Texts.of(words)
    assert list(texts) == [texts[i] for i in range(len(texts))] == words
    cut = data.draw(st.slices(len(words)))
    assert texts[cut] == words[cut]
    for i in range(-len(words), len(words)):
        assert texts[i] == words[i]
    for outside in (len(words), -len(words) - 1):
        with pytest.raises(IndexError):
            texts[outside]
    rows = np.array(data.draw(st.lists(st.integers(0, len(words) - 1)) if words else st.just([])), dtype=int)
    assert texts.take(rows) == [words[i] for i in rows]


@given(words=strings, more=strings, data=st.data())
def test_texts_can_be_chained_and_picked(words: list[str], more: list[str], data: st.DataObject) -> None:
    chained = Texts.chain(Texts.of(words), Texts.of(more))
    assert list(chained) == words + more
    numbers = st.integers(0, len(chained) - 1) if len(chained) else st.nothing()
    rows = data.draw(st.one_of(st.lists(numbers), st.lists(numbers, unique=True).map(sorted)))
    picked = chained.pick(np.array(rows, dtype=np.int64))
    same = Texts.of([(words + more)[row] for row in rows])
    np.testing.assert_array_equal(picked.data, same.data)
    np.testing.assert_array_equal(picked.offsets, same.offsets)
    assert (picked.data.dtype, picked.offsets.dtype) == (same.data.dtype, same.offsets.dtype)


@given(words=st.lists(strategies.TRICKY, max_size=8))
def test_distinct_strings_come_in_the_order_of_code_points(words: list[str]) -> None:
    found, codes = Texts.of(words).distinct()
    assert found == sorted(set(words))
    assert [found[code] for code in codes] == words


@given(words=strings)
def test_texts_come_back_from_arrays(words: list[str]) -> None:
    assert list(Texts.from_arrays(Texts.of(words).arrays("x"), "x")) == words


def test_half_characters_have_no_utf_8() -> None:
    assert list(Texts.of(["a\ud800b"])) == ["a?b"]


@given(words=st.lists(st.text(max_size=5), max_size=8, unique=True))
def test_a_vocabulary_goes_both_ways(words: list[str]) -> None:
    vocabulary = Vocabulary.of(words)
    assert [vocabulary.number(word) for word in words] == list(range(len(words)))
    assert [vocabulary[n] for n in range(len(vocabulary))] == words
    assert vocabulary.numbers([*words, "not a short word"]).tolist() == [*range(len(words)), -1]
    assert vocabulary.number("not a short word") is None
    assert "not a short word" not in vocabulary
    assert all(word in vocabulary for word in words)


# arrays


@given(seed=st.integers(0, 100))
def test_every_type_of_array_comes_back(tmp_path_factory: pytest.TempPathFactory, seed: int) -> None:
    path = tmp_path_factory.mktemp("arrays") / "a" / "x.safetensors"
    random = np.random.default_rng(seed)
    arrays: Arrays = {
        "doubles": random.normal(size=(3, 2)),
        "floats": random.normal(size=4).astype(np.float32),
        "longs": random.integers(-(2**60), 2**60, 3),
        "ints": random.integers(-9, 9, 3).astype(np.int32),
        "bytes": random.integers(0, 255, 5).astype(np.uint8),
        "marks": random.random(3) > 0.5,
        "nothing": np.empty(0, dtype=np.int64),
        "turned": random.normal(size=(3, 2)).T,
    }
    save_arrays(path, arrays)
    back = load_arrays(path)
    assert sorted(back) == sorted(arrays)
    for name, array in arrays.items():
        assert back[name].dtype == array.dtype
        np.testing.assert_array_equal(back[name], array)


def test_what_is_no_file_of_arrays_is_named(tmp_path: Path) -> None:
    path = tmp_path / "x.safetensors"
    with pytest.raises(VersionError, match=r"x\.safetensors"):
        load_arrays(path)
    save_arrays(path, {"a": np.arange(1000)})
    whole = path.read_bytes()
    for damaged in (whole[:100], whole[:5], b"", b"\xff" * 100, whole[:-1]):
        path.write_bytes(damaged)
        with pytest.raises(VersionError, match=r"x\.safetensors"):
            load_arrays(path)


# vectors


def test_vectors_of_the_wrong_shape_are_refused() -> None:
    ok = np.ones(2, dtype=np.bool_)
    with pytest.raises(DataError, match=r"2 products.*\(3, 4\)"):
        Vectors(ids=("a", "b"), matrix=np.ones((3, 4), dtype=np.float32), present=ok)
    with pytest.raises(DataError, match="mask"):
        Vectors(ids=("a", "b"), matrix=np.ones((2, 4), dtype=np.float32), present=ok[:1])
    with pytest.raises(DataError, match="2 products"):
        Vectors(ids=("a", "b"), matrix=np.ones(2, dtype=np.float32), present=ok)


def test_vectors_that_are_present_are_finite() -> None:
    matrix = np.array([[1, 0], [np.nan, 1], [np.inf, 0]], dtype=np.float32)
    with pytest.raises(DataError, match="'b'"):
        Vectors(ids=("a", "b", "c"), matrix=matrix, present=np.array([True, True, False]))
    absent = Vectors(ids=("a", "b", "c"), matrix=matrix, present=np.array([True, False, False]))
    assert absent.unit().tolist() == [[1, 0], [0, 0], [0, 0]]


def test_unit_vectors() -> None:
    matrix = np.array([[3, 4], [0, 0], [0, 2], [5, 5]], dtype=np.float32)
    vectors = Vectors(ids=("a", "b", "c", "d"), matrix=matrix, present=np.array([True, True, True, False]))
    expected = np.array([[0.6, 0.8], [0, 0], [0, 1], [0, 0]])
    np.testing.assert_allclose(vectors.unit(), expected, rtol=1e-6)
    assert (len(vectors), vectors.dim) == (4, 2)


def test_vectors_come_back_from_a_file(tmp_path: Path) -> None:
    ids = ("灯", "b", "")
    random = np.random.default_rng(0)
    vectors = Vectors(
        ids=ids, matrix=random.normal(size=(3, 4)).astype(np.float32), present=np.array([True, False, True])
    )
    save_arrays(tmp_path / "v.safetensors", vectors.arrays())
    back = Vectors.from_arrays(load_arrays(tmp_path / "v.safetensors"))
    assert back.ids == ids
    np.testing.assert_array_equal(back.matrix, vectors.matrix)
    np.testing.assert_array_equal(back.present, vectors.present)
