"""The cache: nothing twice, nothing lost, nothing wrong."""

from __future__ import annotations

import logging
import multiprocessing
import os
import signal
import sqlite3
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest

from encoders.base import Matrix, Progress
from encoders.cache import EncodingCache, cached_encode, content_digest
from encoders.text import TextEncoder
from kg.errors import ModelError


class Letters:
    """Encodes a text as its letter counts, and remembers what it was asked."""

    dim = 26

    def __init__(self, key: str = "letters", die_after: int | None = None) -> None:
        self.key = key
        self.asked: list[str] = []
        self.die_after = die_after

    def encode(self, items: Sequence[str], *, progress: Progress | None = None) -> Matrix:
        if self.die_after is not None and len(self.asked) >= self.die_after:
            os.kill(os.getpid(), signal.SIGKILL)
        self.asked.extend(items)
        rows = [[text.count(chr(97 + i)) for i in range(26)] for text in items]
        return np.array(rows, dtype=np.float32).reshape(len(rows), 26)


TEXTS = ["lamp", "chair", "lamp", "table", "", "椅子"]


@pytest.fixture
def cache(tmp_path: Path) -> EncodingCache:
    return EncodingCache(tmp_path / "cache" / "encodings.sqlite")


def test_each_distinct_content_is_encoded_once_and_order_is_kept(cache: EncodingCache) -> None:
    first, again = Letters(), Letters()
    expected = Letters().encode(TEXTS)
    assert np.array_equal(cached_encode(first, TEXTS, cache=cache), expected)
    assert sorted(first.asked) == sorted(set(TEXTS))
    assert np.array_equal(cached_encode(again, TEXTS[::-1], cache=cache), expected[::-1])
    assert again.asked == []
    cached_encode(again, [*TEXTS, "new"], cache=cache)
    assert again.asked == ["new"]


def test_without_a_cache_duplicates_are_still_encoded_once() -> None:
    encoder = Letters()
    assert np.array_equal(cached_encode(encoder, TEXTS, cache=None), Letters().encode(TEXTS))
    assert len(encoder.asked) == 5


def test_another_key_is_another_entry(cache: EncodingCache) -> None:
    cached_encode(Letters("one"), ["lamp"], cache=cache)
    other = Letters("two")
    cached_encode(other, ["lamp"], cache=cache)
    assert other.asked == ["lamp"]
    assert len(cache) == 2
    assert content_digest("k", "a") != content_digest("k", b"a")


def test_real_vectors_come_back_bit_by_bit(cache: EncodingCache) -> None:
    encoder = TextEncoder(threads=1)
    fresh = cached_encode(encoder, ["red lamp", "blue chair"], cache=cache)
    assert np.array_equal(
        cached_encode(TextEncoder(threads=1), ["red lamp", "blue chair"], cache=cache), fresh
    )
    assert np.array_equal(encoder.encode(["red lamp", "blue chair"]), fresh)


def _encode_until_killed(path: Path) -> None:
    cached_encode(
        Letters(die_after=30), [f"item {i}" for i in range(100)], cache=EncodingCache(path), chunk=10
    )


def test_a_killed_run_goes_on_where_it_stopped(cache: EncodingCache) -> None:
    process = multiprocessing.get_context("spawn").Process(target=_encode_until_killed, args=(cache.path,))
    process.start()
    process.join(60)
    assert process.exitcode == -signal.SIGKILL
    assert len(cache) == 30
    encoder = Letters()
    cached_encode(encoder, [f"item {i}" for i in range(100)], cache=cache)
    assert len(encoder.asked) == 70


def _encode_range(path: Path, start: int) -> None:
    texts = [f"item {i}" for i in range(start, start + 200)]
    cached_encode(Letters(), texts, cache=EncodingCache(path), chunk=5)


def test_several_processes_write_at_once(cache: EncodingCache) -> None:
    context = multiprocessing.get_context("spawn")
    processes = [context.Process(target=_encode_range, args=(cache.path, start)) for start in (0, 100, 200)]
    for process in processes:
        process.start()
    for process in processes:
        process.join(60)
    assert [process.exitcode for process in processes] == [0, 0, 0]
    assert len(cache) == 400


@pytest.mark.parametrize("damage", ["garbage", "page", "foreign"])
def test_a_damaged_file_is_set_aside(
    cache: EncodingCache, damage: str, caplog: pytest.LogCaptureFixture
) -> None:
    texts = [f"item {i}" for i in range(500)]
    cached_encode(Letters(), texts, cache=cache)
    if damage == "foreign":
        cache.path.unlink()
        database = sqlite3.connect(cache.path)
        database.execute("pragma user_version = 77")
        database.close()
    else:
        content = bytearray(cache.path.read_bytes())
        start = 0 if damage == "garbage" else 100
        content[start : start + 4000] = b"\xff" * 4000
        cache.path.write_bytes(content)
    encoder = Letters()
    with caplog.at_level(logging.WARNING):
        assert np.array_equal(cached_encode(encoder, texts, cache=cache), Letters().encode(texts))
    assert len(encoder.asked) == 500
    assert "damaged" in caplog.text
    assert (cache.path.parent / "encodings.sqlite.damaged-1").exists()
    cached_encode(encoder, texts, cache=cache)
    assert len(encoder.asked) == 500


def test_a_flipped_bit_in_a_vector_is_encoded_anew(cache: EncodingCache) -> None:
    cached_encode(Letters(), ["lamp", "chair"], cache=cache)
    database = sqlite3.connect(cache.path)
    (value,) = database.execute("select value from vectors limit 1").fetchone()
    flipped = bytes([value[0] ^ 1]) + value[1:]
    database.execute("update vectors set value = ? where value = ?", (flipped, value))
    database.commit()
    database.close()
    encoder = Letters()
    assert np.array_equal(
        cached_encode(encoder, ["lamp", "chair"], cache=cache), Letters().encode(["lamp", "chair"])
    )
    assert len(encoder.asked) == 1


def test_an_encoder_that_gives_nonsense_is_named(cache: EncodingCache) -> None:
    class Broken(Letters):
        def encode(self, items: Sequence[str], *, progress: Progress | None = None) -> Matrix:
            return np.full((len(items), 26), np.nan, dtype=np.float32)

    with pytest.raises(ModelError, match="broken model"):
        cached_encode(Broken("broken model"), ["lamp"], cache=cache)
    assert len(cache) == 0


def test_progress_counts_what_was_cached_as_done(cache: EncodingCache) -> None:
    cached_encode(Letters(), ["a", "b"], cache=cache)
    seen: list[tuple[str, int, int]] = []
    cached_encode(
        Letters(), ["a", "b", "c"], cache=cache, progress=lambda *step: seen.append(step), stage="text"
    )
    assert seen == [("text", 2, 3), ("text", 3, 3)]
