"""What titles say of a property: which products have it by their title, where no edge of the graph tells."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from functools import lru_cache

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
        denied, plainly = _denial(words), _plainly(words)
        for row in rows.tolist():
            title = self._titles[row]
            folded = title.casefold()
            if hint not in folded or denied.search(folded):
                continue
            if (title.isascii() and plainly.search(folded)) or _in_a_row(phrase, tokens(title)):
                yield row


def _in_a_row(phrase: Sequence[str], words: Sequence[str]) -> bool:
    length = len(phrase)
    return any(list(words[at : at + length]) == list(phrase) for at in range(len(words) - length + 1))


@lru_cache(maxsize=1_000)
def _plainly(words: str) -> re.Pattern[str]:
    """The very words: where they stand in ASCII, their `tokens` are in a row; others may say them too."""
    said = re.escape(" ".join(words.casefold().split()))
    return re.compile(rf"(?<![\w.']){said}(?![\w.'])" if words.isascii() else r"(?!)")


@lru_cache(maxsize=1_000)
def _denial(words: str) -> re.Pattern[str]:
    """What says that something goes without: "no fan", "fan-free"."""
    grammar = packaged_grammar()
    said = re.escape(words.casefold())
    before, after = (
        "|".join(re.escape(phrase).replace(r"\ ", r"[\W_]+") for phrase in sorted(grammar.phrases[cue]))
        for cue in ("without", "without_after")
    )
    return re.compile(rf"(?:^|[\W_]|(?=[{CJK}]))(?:{before})[\s-]*{said}|{said}[\s-]*(?:{after})")
