"""What titles say of a property: which products have it by their title, where no edge of the graph tells."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from functools import cache

import numpy as np
import numpy.typing as npt

from kg.texts import Texts
from recommend.understand.language import packaged_grammar
from recommend.understand.tokens import CJK, tokens

Mask = npt.NDArray[np.bool_]
Numbers = npt.NDArray[np.int64]


class Titles:
    """The titles of a shop's products. `mentioning` tells which products have some words (as `tokens` gives
    them) anywhere in their text, so that only few titles need to be read; None: all are read."""

    def __init__(self, titles: Texts, mentioning: Callable[[Sequence[str]], Numbers] | None = None) -> None:
        self._titles = titles
        self._mentioning = mentioning

    def saying(self, words: str, among: Mask) -> Iterator[int]:
        """The products, of some (bool [n]), that say words in a row, and not that they lack them; ascending.
        Titles are read as they are asked for."""
        phrase = tokens(words)
        if not phrase:
            return
        if self._mentioning is None:
            rows = np.flatnonzero(among)
        else:
            rows = self._mentioning(phrase)
            rows = rows[among[rows]]
        hint = phrase[0][: max(1, len(phrase[0]) - 1)]  # 'batteri' is the stem of what titles call a battery
        said, plain = words.casefold(), " ".join(words.split()).casefold() if words.isascii() else ""
        for row in rows.tolist():
            title = self._titles[row]
            folded = title.casefold()
            if hint not in folded or _denied(said, folded):
                continue
            if (title.isascii() and plain and _stands_in(plain, folded)) or _in_a_row(phrase, tokens(title)):
                yield row


def _in_a_row(phrase: Sequence[str], words: Sequence[str]) -> bool:
    length = len(phrase)
    return any(list(words[at : at + length]) == list(phrase) for at in range(len(words) - length + 1))


def _stands_in(plain: str, folded: str) -> bool:
    """Whether the very words stand in a text of ASCII, by themselves: then their `tokens` are in a row. Other
    texts may say them too."""
    return any(
        _joins(folded[at - 1 : at]) and _joins(folded[at + len(plain) : at + len(plain) + 1])
        for at in _places(plain, folded)
    )


def _joins(beside: str) -> bool:
    """Whether what stands beside a word is no part of it."""
    return not (beside.isalnum() or beside in ("_", ".", "'"))


def _denied(said: str, folded: str) -> bool:
    """Whether a text says that it goes without something: "no fan", "fan-free"."""
    before, after = _cues()
    return any(
        before.search(folded[:at]) or after.match(folded, at + len(said)) for at in _places(said, folded)
    )


def _places(said: str, folded: str) -> Iterator[int]:
    """Where a text has some words."""
    at = folded.find(said)
    while at >= 0:
        yield at
        at = folded.find(said, at + 1)


@cache
def _cues() -> tuple[re.Pattern[str], re.Pattern[str]]:
    """What stands right before or behind a thing that is lacking; for all things, because to compile it takes
    longer than to read a thousand titles."""
    grammar = packaged_grammar()
    before, after = (
        "|".join(re.escape(phrase).replace(r"\ ", r"[\W_]+") for phrase in sorted(grammar.phrases[cue]))
        for cue in ("without", "without_after")
    )
    return re.compile(rf"(?:^|[\W_]|(?=[{CJK}]))(?:{before})[\s-]*\Z"), re.compile(rf"[\s-]*(?:{after})")
