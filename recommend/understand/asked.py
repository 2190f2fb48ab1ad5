"""The words of a query with what they name, once unknown ones are mended."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

from recommend.understand.language import Grammar
from recommend.understand.marks import Mark, Marker
from recommend.understand.measures import Measure
from recommend.understand.mending import Mended, knows, mend, without_stem
from recommend.understand.name_table import NameTable
from recommend.understand.segments import Match, cut
from recommend.understand.vocabulary import Vocabulary
from recommend.understand.words import Word

_MODEL_LETTERS = 2
_MOST_MENDED = 8
"""So many words of one query are mended: looking for near words takes time."""


@dataclass(frozen=True, kw_only=True)
class Asked:
    """words with their marks, and origin: the position of each in the query as it was written; matches: the
    names in them; changed: what stands in for a written word, by its position there."""

    words: Sequence[Word]
    marks: Sequence[Mark]
    origin: Sequence[int]
    matches: Sequence[Match]
    changed: Mapping[int, Mended]


def ask(
    text: str,
    words: Sequence[Word],
    measures: Sequence[Measure],
    *,
    marker: Marker,
    grammar: Grammar,
    names: NameTable,
    vocabulary: Vocabulary,
) -> Asked:
    """Names in the words, after words that neither occur in the shop nor name anything are mended."""
    asked = _cut(text, words, range(len(words)), measures, {}, marker, names)
    named = {i for match in asked.matches for i in range(match.start, match.stop)}
    changed: dict[int, Mended] = {}
    tried = 0
    for i, word in enumerate(words):
        if i in named or asked.marks[i] or tried == _MOST_MENDED or knows(word, vocabulary, names):
            continue
        tried += 1
        mended = without_stem(word, grammar, names) or mend(words, i, vocabulary, names)
        if mended is not None:
            changed[i] = mended
    if not changed:
        return asked
    new: list[Word] = []
    origin: list[int] = []
    for i, word in enumerate(words):
        some = changed[i].words if i in changed else (word,)
        new += some
        origin += [i] * len(some)
    return _cut(text, new, origin, measures, changed, marker, names)


def _cut(
    text: str,
    words: Sequence[Word],
    origin: Sequence[int],
    measures: Sequence[Measure],
    changed: Mapping[int, Mended],
    marker: Marker,
    names: NameTable,
) -> Asked:
    marks = marker.mark(text, words, measures)

    tied = [_is_model(text, one, other) for one, other in pairwise(words)]

    def allowed(start: int, stop: int) -> bool:
        """A name needs a word that is not only grammar, and no half of a model number."""
        if (start and tied[start - 1]) or (stop < len(words) and tied[stop - 1]):
            return False
        return any(mark in ("", "vague", "measure") for mark in marks[start:stop])

    def joinable(start: int, stop: int) -> bool:
        return all(mark in ("", "vague") for mark in marks[start:stop])

    matches = cut(words, names, allowed, joinable)
    return Asked(words=words, marks=marks, origin=origin, matches=matches, changed=changed)


def _is_model(text: str, one: Word, other: Word) -> bool:
    """Whether two words are one model number: 'HL-2030', but not 'USB-C' or '24-port'."""
    if text[one.stop : other.start] != "-" or one.cjk:
        return False
    return len(one.folded) <= _MODEL_LETTERS and one.folded.isalpha() and other.folded[0].isdigit()
