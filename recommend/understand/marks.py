"""What the small words of a query do: which of its words are a "for", a "without", a number with its unit."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Literal, TypeAlias

from recommend.understand.language import Cue, Grammar, spoken
from recommend.understand.measures import Measure
from recommend.understand.words import Word

Mark: TypeAlias = Literal["", "measure", "for", "without", "without_after", "with", "or", "stop", "vague"]
_CUES: tuple[Cue, ...] = ("without", "for", "with", "or", "without_after", "stop", "vague")
_LONGEST = 5


class Marker:
    """Marks the words of a query with a grammar's lists."""

    def __init__(self, grammar: Grammar) -> None:
        self._cues: dict[str, Mark] = {}
        for cue in reversed(_CUES):  # a phrase on several lists is what the first says
            self._cues.update((phrase, cue) for phrase in grammar.phrases[cue])  # type: ignore[misc]
        self._whole = grammar.phrases["whole"]
        short = sorted((phrase for phrase in self._cues if "/" in phrase), key=len, reverse=True)
        either = "|".join(re.escape(phrase) + (r"(?!\w)" if phrase[-1].isalnum() else "") for phrase in short)
        self._short = re.compile(rf"(?<!\w)(?:{either or '(?!)'})", re.IGNORECASE)

    def mark(self, text: str, words: Sequence[Word], measures: Sequence[Measure]) -> list[Mark]:
        """The mark of each word of a text; "" for words that may name something."""
        marks: list[Mark] = [""] * len(words)
        for measure in measures:
            for i, word in enumerate(words):
                if word.start < measure.stop and word.stop > measure.start:
                    marks[i] = "measure"
        for cue in self._short.finditer(text) if "/" in text else ():  # "w/o", of which words are but w and o
            for i, word in enumerate(words):
                if cue.start() <= word.start and word.stop <= cue.end() and not marks[i]:
                    marks[i] = self._cues[cue[0].lower()]
        whole = self._wholes(words)
        at = 0
        while at < len(words):
            at += 1 if marks[at] or whole[at] else self._cue(words, at, marks, whole)
        return marks

    def _cue(self, words: Sequence[Word], at: int, marks: list[Mark], whole: Sequence[bool]) -> int:
        """Marks the longest cue that begins at a place; how many words to go on."""
        end = at
        while end < len(words) and end < at + _LONGEST and not marks[end] and not whole[end]:
            end += 1
        for stop in range(end, at, -1):
            mark = self._cues.get(spoken(words[at:stop]))
            if mark is not None:
                if (
                    mark == "without"
                    and stop < len(words)
                    and words[stop].folded.isdecimal()
                    and not marks[stop]
                ):
                    mark = "stop"  # "cartridge no. 17"
                marks[at:stop] = [mark] * (stop - at)
                return stop - at
        return 1

    def _wholes(self, words: Sequence[Word]) -> list[bool]:
        """Where words stand that hold a cue without meaning it."""
        found = [False] * len(words)
        for at, word in enumerate(words):
            if word.cjk:
                for stop in range(at + 2, min(len(words), at + 4) + 1):
                    if spoken(words[at:stop]) in self._whole:
                        found[at:stop] = [True] * (stop - at)
        return found
