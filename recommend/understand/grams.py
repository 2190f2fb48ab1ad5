"""The words of titles, and how often they stand side by side: what names are learnt from."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Collection
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt
import scipy.sparse as sp

from kg.graph import Graph
from kg.units import find_unit
from recommend.understand.language import Cue, Grammar
from recommend.understand.tokens import CJK, is_cjk
from recommend.understand.words import lemma

MOST_TITLES = 100_000
"""Of more products a sample is read, evenly over all."""
LEAST, LEAST_CJK = 3, 2
"""In so many titles a word must occur."""
_LONGEST_CJK = 4
_LONGEST = 3
_RUN = re.compile(rf"[{CJK}]+|[^\W_{CJK}]+(?:[.'][^\W_{CJK}]+)*|\n")

Numbers = npt.NDArray[np.int64]


@dataclass(frozen=True, kw_only=True, eq=False)
class Titles:
    """rows int64 [t]: the products whose titles are read; words: all words in the singular; word, title int64
    [m]: the words of the titles one after another; cjk: the CJK text of each title; voice int64 [t]: the
    number of its language and script."""

    rows: Numbers
    words: list[str]
    word: Numbers
    title: Numbers
    cjk: list[str]
    voice: Numbers

    @classmethod
    def of(cls, graph: Graph) -> Titles:
        listed = np.flatnonzero(graph.products.listed)
        if len(listed) > MOST_TITLES:
            listed = listed[np.linspace(0, len(listed) - 1, MOST_TITLES).astype(np.int64)]
        whole = "\n".join([title.replace("\n", " ") for title in graph.products.title.take(listed)])
        if not whole.isascii():
            whole = unicodedata.normalize("NFKC", whole)
        runs = _RUN.findall(whole.casefold())
        numbers: dict[str, int] = {}
        # -1: the end of a title, -2: CJK
        kind = {run: -1 if run == "\n" else -2 if is_cjk(run[0]) else 0 for run in set(runs)}
        for run in dict.fromkeys(runs):
            if not kind[run]:
                kind[run] = numbers.setdefault(lemma(run), len(numbers))
        found = np.fromiter(map(kind.__getitem__, runs), dtype=np.int64, count=len(runs))
        title = np.cumsum(found == -1)
        cjk = [""] * len(listed)
        for place in np.flatnonzero(found == -2).tolist():
            cjk[title[place]] = f"{cjk[title[place]]} {runs[place]}".strip()
        kept = found >= 0
        voices: dict[tuple[str, bool], int] = {}
        said = zip(graph.products.language.take(listed), map(bool, cjk), strict=True)
        return cls(
            rows=listed,
            words=list(numbers),
            word=found[kept],
            title=title[kept],
            cjk=cjk,
            voice=np.array([voices.setdefault(one, len(voices)) for one in said], dtype=np.int64),
        )

    @cached_property
    def numbers(self) -> dict[str, int]:
        """The number of each word."""
        return {word: number for number, word in enumerate(self.words)}

    @cached_property
    def _with(self) -> tuple[Numbers, Numbers]:
        order = np.lexsort((self.title, self.word))
        return self.title[order], np.searchsorted(self.word[order], np.arange(len(self.words) + 1))

    def having(self, word: str) -> Numbers:
        """int64: the titles with a word, ascending (several times those that have it so often)."""
        number = self.numbers.get(word)
        if number is None:
            return np.empty(0, dtype=np.int64)
        titles, starts = self._with
        return titles[starts[number] : starts[number + 1]]


def grams(titles: Titles, known: Collection[str], grammar: Grammar) -> tuple[list[str], sp.csr_array]:
    """(keys of up to three words in a row, or CJK characters, that name nothing and occur often; int32
    [titles, keys]: 1 where a title has one). Small words, numbers and words of two letters are left out."""
    cues: tuple[Cue, ...] = ("stop", "for", "with", "without", "vague")
    small = {phrase for cue in cues for phrase in grammar.phrases[cue]}
    found = _words_in_a_row(titles, small, known)
    found.update(_characters(titles, small, known))
    names = sorted(found)
    sizes = [len(found[name]) for name in names]
    rows = np.concatenate([found[name] for name in names]) if names else np.empty(0, dtype=np.int64)
    columns = np.repeat(np.arange(len(names)), sizes)
    matrix = sp.coo_array(
        (np.ones(len(rows), np.int32), (rows, columns)), shape=(len(titles.rows), len(names))
    ).tocsr()
    return names, matrix


def _words_in_a_row(titles: Titles, small: Collection[str], known: Collection[str]) -> dict[str, Numbers]:
    """Key → the titles that have it."""
    plain = np.array(
        [len(word) > 2 and word.isalpha() and word not in small for word in titles.words], dtype=np.bool_
    )
    found: dict[str, Numbers] = {}
    size = max(1, len(titles.words))
    keys = titles.word
    usable = plain[titles.word] if len(plain) else np.zeros(0, dtype=np.bool_)
    for length in range(1, _LONGEST + 1):
        if length > 1:
            if float(size) ** length > 2**62:
                break
            following = titles.word[length - 1 :]
            keys = keys[: len(following)] * size + following
            same = titles.title[: len(following)] == titles.title[length - 1 :]
            usable = usable[: len(following)] & same & plain[following]
        places = np.flatnonzero(usable)
        codes, code = np.unique(keys[places], return_inverse=True)
        # each code once with each title
        pairs = np.unique(code * len(titles.rows) + titles.title[places]) if len(places) else places
        number, title = np.divmod(pairs, max(1, len(titles.rows)))
        starts = np.searchsorted(number, np.arange(len(codes) + 1))
        for at in np.flatnonzero(np.diff(starts) >= LEAST).tolist():
            name = _spelled(int(codes[at]), length, titles.words)
            if name not in known:
                found[name] = title[starts[at] : starts[at + 1]]
    return found


def _spelled(code: int, length: int, words: list[str]) -> str:
    parts: list[str] = []
    for _ in range(length):
        code, last = divmod(code, len(words))
        parts.append(words[last])
    return " ".join(reversed(parts))


def _characters(titles: Titles, small: Collection[str], known: Collection[str]) -> dict[str, Numbers]:
    """The same for runs of two to four CJK characters."""
    having: dict[str, list[int]] = {}
    for title, text in enumerate(titles.cjk):
        pieces = {
            run[at : at + length]
            for run in text.split()
            for length in range(2, _LONGEST_CJK + 1)
            for at in range(len(run) - length + 1)
        }
        for piece in pieces:
            having.setdefault(piece, []).append(title)
    return {
        name: np.array(own, dtype=np.int64)
        for piece, own in having.items()
        if len(own) >= LEAST_CJK
        and piece not in small
        and find_unit(piece) is None
        and (name := " ".join(piece)) not in known
    }
