"""Words of many short texts, found by their beginnings, one letter wrong being forgiven.

A run of Chinese, Japanese or Korean is found from any of its characters on, since nothing parts its words.
"""

from __future__ import annotations

import re
import unicodedata
from bisect import bisect_left
from collections.abc import Iterable, Iterator, Sequence
from functools import cached_property
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from kg.arrays import Arrays
from kg.ragged import spans
from kg.texts import Texts
from recommend.understand.tokens import CJK, is_cjk

_RUN = re.compile(rf"[{CJK}]+|[^\W_{CJK}]+")
_END = "\n"
_RUN_OR_END = re.compile(rf"{_END}|{_RUN.pattern}")
_LONGEST = 24
"""Letters of a word beyond these are not looked at."""
FORGIVING = 4
"""Shorter words are not mended: too many others are one letter away."""
_LAST = "\U0010ffff"


class Span(NamedTuple):
    """Words in a row of the alphabet: their numbers from start to stop - 1."""

    start: int
    stop: int


def runs(text: str) -> list[str]:
    """The folded words of a text; a run of CJK characters is one."""
    folded = unicodedata.normalize("NFKC", text).casefold()
    return [run[:_LONGEST] for run in _RUN.findall(folded)]


class WordIndex:
    """words in order of code points; the texts in which word w occurs are text[indptr[w]:indptr[w + 1]]
    (int32), and first (bool) tells whether the text begins with it."""

    def __init__(
        self,
        words: Texts,
        indptr: npt.NDArray[np.int64],
        text: npt.NDArray[np.int32],
        first: npt.NDArray[np.bool_],
    ) -> None:
        self._texts = words
        self._indptr = indptr
        self._text = text
        self._first = first

    @classmethod
    def of(cls, texts: Iterable[str]) -> WordIndex:
        joined = _END.join(text.replace(_END, " ") for text in texts)
        numbers: dict[str, int] = {_END: 0}  # all texts at once: a call for each would take most of the time
        runs = _RUN_OR_END.findall(unicodedata.normalize("NFKC", joined).casefold())
        run = np.array([numbers.setdefault(one, len(numbers)) for one in runs], dtype=np.int64)
        end = run == 0
        text = np.cumsum(end)[~end]
        begins = np.concatenate(([True], end[:-1]))[~end] if len(run) else end
        words = [_beginnings(one) for one in numbers]  # most runs are one word
        ordered = sorted({word for some in words[1:] for word in some})
        places = {word: place for place, word in enumerate(ordered)}
        lengths = np.array([len(some) for some in words])[run[~end]]
        flat = np.array([places.get(word, -1) for some in words for word in some], dtype=np.int64)
        starts = np.cumsum([0, *(len(some) for some in words)])[run[~end]]
        word = flat[spans(starts, lengths)]
        whole = np.zeros(len(word), dtype=np.bool_)  # a run's first word is the run itself
        whole[np.cumsum(lengths) - lengths] = True
        order = np.argsort(word, kind="stable")
        return cls(
            Texts.of(ordered),
            np.searchsorted(word[order], np.arange(len(ordered) + 1)),
            np.repeat(text, lengths)[order].astype(np.int32),
            (np.repeat(begins, lengths) & whole)[order],
        )

    def __len__(self) -> int:
        return len(self._texts)

    @cached_property
    def _words(self) -> list[str]:
        return list(self._texts)

    def beginning(self, letters: str) -> Span:
        """The words that begin with some letters."""
        words = self._words
        return Span(bisect_left(words, letters), bisect_left(words, letters + _LAST))

    def whole(self, word: str) -> Span:
        """The word itself, if there is one."""
        words = self._words
        at = bisect_left(words, word)
        return Span(at, at + 1 if at < len(words) and words[at] == word else at)

    def nearly(self, letters: str) -> list[Span]:
        """Words whose beginning is at most one mistake away from some letters: one wrong, missing or too
        many, or two neighbours swapped. None for what is too short."""
        if len(letters) < FORGIVING or is_cjk(letters[0]):
            return []
        words = self._words
        found: set[Span] = set()

        def look(letters: str, within: Span) -> None:
            start = bisect_left(words, letters, within.start, within.stop)
            if start < within.stop and words[start].startswith(letters):
                stop = bisect_left(words, letters + _LAST, start, within.stop)
                found.add(Span(start, stop))

        for at in range(len(letters)):
            start, rest = letters[:at], letters[at:]
            within = self.beginning(start)
            if within.start == within.stop:
                break  # no word begins like this, whatever comes after it
            look(start + rest[1:], within)
            look(start + rest[1:2] + rest[:1] + rest[2:], within)
            for letter in self._next_letters(within, at):
                look(start + letter + rest[1:], within)
                look(start + letter + rest, within)
        return sorted(found)

    def _next_letters(self, within: Span, at: int) -> Iterator[str]:
        """The letters that some words, alike up to there, have at a place."""
        words, here = self._words, within.start
        while here < within.stop:
            letter = words[here][at : at + 1]
            if letter:
                yield letter
                here = bisect_left(words, words[here][: at + 1] + _LAST, here, within.stop)
            else:
                here += 1

    def having(self, spans: Sequence[Span], count: int) -> npt.NDArray[np.bool_]:
        """bool [count]: the texts that have one of the words."""
        found = np.zeros(count, dtype=np.bool_)
        for span in spans:
            found[self._text[int(self._indptr[span.start]) : int(self._indptr[span.stop])]] = True
        return found

    def beginning_with(
        self, several: Sequence[Sequence[Span]], texts: npt.NDArray[np.int64]
    ) -> npt.NDArray[np.bool_]:
        """bool [m]: which of some texts begin with a word of one of several spans."""
        first = self._first_word[texts]
        found = np.zeros(len(texts), dtype=np.bool_)
        for span in (span for some in several for span in some):
            found |= (first >= span.start) & (first < span.stop)
        return found

    @cached_property
    def _first_word(self) -> npt.NDArray[np.int64]:
        """int64 [texts]: the word that each text begins with, -1 if none."""
        found = np.full(int(self._text.max(initial=-1)) + 1, -1, dtype=np.int64)
        words = np.repeat(np.arange(len(self)), np.diff(self._indptr))
        found[self._text[self._first]] = words[self._first]
        return found

    def arrays(self) -> Arrays:
        return {
            **self._texts.arrays("words"),
            "words.indptr": self._indptr,
            "words.text": self._text,
            "words.first": self._first,
        }

    @classmethod
    def from_arrays(cls, arrays: Arrays) -> WordIndex:
        return cls(
            Texts.from_arrays(arrays, "words"),
            arrays["words.indptr"].astype(np.int64, copy=False),
            arrays["words.text"].astype(np.int32, copy=False),
            arrays["words.first"].astype(np.bool_, copy=False),
        )


def _beginnings(run: str) -> list[str]:
    """A folded word, and of CJK characters every place where one could enter it."""
    run = run[:_LONGEST]
    return [run[at:] for at in range(len(run))] if is_cjk(run[0]) else [run]
