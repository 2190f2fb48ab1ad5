"""Which words of a query belong together: the best way to cut it into names."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from recommend.understand.name_table import NameTable
from recommend.understand.names import LONGEST
from recommend.understand.words import Word, joined, key

_LONGEST_CJK = 8
_MOST_JOINED, _LONGEST_JOINED = 3, 4
_LONGER = 1.3
"""A name of two words explains them better than two names of one."""
_CHARACTER = 0.5
"""A CJK character counts as half a word."""
_COMPOUND = 0.9
_PIECE = 0.6
"""A name that fits worse is a piece of one, and may be another name written apart."""
_ALONE = 0.4
"""One CJK character fits this well as a name: most are parts of words."""


@dataclass(frozen=True, slots=True)
class Match:
    """Words start to stop (excluded) name what stands in the table's rows `at`; `fit` is the best one's.
    `compound`: only when written together."""

    start: int
    stop: int
    at: slice
    fit: float
    compound: bool


def cut(
    words: Sequence[Word],
    table: NameTable,
    allowed: Callable[[int, int], bool],
    joinable: Callable[[int, int], bool],
) -> list[Match]:
    """Names in a query, none of which overlaps another, that explain most of it.

    `allowed` says of a span whether it may be a name, `joinable` whether it may be one written together.
    """
    n = len(words)
    best: list[float] = [0.0] * (n + 1)
    chosen: list[Match | None] = [None] * n
    for start in range(n - 1, -1, -1):
        best[start] = best[start + 1]
        for stop in range(start + 1, min(n, start + _reach(words, start)) + 1):
            match = _look(words, start, stop, table, joinable) if allowed(start, stop) else None
            if match is None:
                continue
            score = match.fit * _size(words, start, stop) + best[stop]
            if score >= best[start] and score > best[start + 1]:
                best[start], chosen[start] = score, match
    found: list[Match] = []
    at = 0
    while at < n:
        here = chosen[at]
        if here is None:
            at += 1
        else:
            found.append(here)
            at = here.stop
    return found


def _reach(words: Sequence[Word], start: int) -> int:
    return _LONGEST_CJK if words[start].cjk else LONGEST


def _size(words: Sequence[Word], start: int, stop: int) -> float:
    size = sum(_CHARACTER if word.cjk else 1.0 for word in words[start:stop])
    return float(size**_LONGER)


def _look(
    words: Sequence[Word],
    start: int,
    stop: int,
    table: NameTable,
    joinable: Callable[[int, int], bool],
) -> Match | None:
    span = words[start:stop]
    at = table.find(key(span))
    fit = 0.0
    if at is not None:
        fit = float(table.fit[at].max())
        if stop - start == 1 and span[0].cjk:
            runs_on = stop < len(words) and words[stop].cjk
            return None if runs_on else Match(start, stop, at, fit * _ALONE, False)
    if 1 < stop - start <= _MOST_JOINED and fit < _PIECE and joinable(start, stop):
        together = joined(span)
        whole = table.find(together) if together else None
        if whole is not None and (better := float(table.fit[whole].max()) * _COMPOUND) > fit:
            return Match(start, stop, whole, better, True)
    if at is not None:
        return Match(start, stop, at, fit, False)
    for middle in range(start, stop - 1) if _MOST_JOINED <= stop - start <= _LONGEST_JOINED else ():
        # 'display port cable' is a 'displayport cable'
        two = joined(words[middle : middle + 2]) if joinable(middle, middle + 2) else ""
        at = table.find(
            " ".join((*_tokens(span[: middle - start]), two, *_tokens(span[middle - start + 2 :])))
        )
        if two and at is not None:
            return Match(start, stop, at, float(table.fit[at].max()) * _COMPOUND, True)
    return None


def _tokens(words: Sequence[Word]) -> list[str]:
    return [word.token for word in words]
