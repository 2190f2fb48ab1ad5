"""What a query leaves out: its words say nothing of what is wanted.

"Headphones without bluetooth" is searched as "headphones": neither the words nor a text model know what
"without" does, and both would bring up what has Bluetooth in its title.
"""

from __future__ import annotations

from functools import cache

from recommend.understand.language import packaged_grammar
from recommend.understand.marks import Mark, Marker
from recommend.understand.reading import Entity, Reading
from recommend.understand.words import normal, split

_JOINS: tuple[Mark, ...] = ("without", "stop", "or")
_LEADS_TO = frozenset({"but", "and", "aber", "und", "mais", "et", "pero", "y", "但", "且"})
"""What may stand before a "without", and joins it to what is wanted."""
_ENDS_PHRASE = frozenset({"的"})
"""What stands between a property and its thing, in languages that put the thing last."""


def without_left_out(text: str, reading: Reading) -> str:
    """The text without what follows a "without", and that word. The text itself where nothing else would be
    left, or where what is left out is said in one word with it ("fanless", "sugar-free")."""
    excluded = left_out(reading)
    if not excluded:
        return text
    plain = normal(text)
    words = split(plain)
    marks = _marker().mark(plain, words, ())
    taken = {place for entity in reading.entities for place in range(entity.start, entity.stop)}
    gone: set[int] = set()
    for entity in excluded:
        start = entity.start
        while start and marks[start - 1] in _JOINS and start - 1 not in taken:
            start -= 1
        while start and words[start - 1].folded in _LEADS_TO and start - 1 not in taken:
            start -= 1
        after_another = start in gone or start - 1 in gone  # "without fan or light"
        if "without" not in marks[start : entity.start] and not after_another:
            continue
        stop = entity.stop
        if stop < len(words) and words[stop].folded in _ENDS_PHRASE:
            stop += 1
        gone.update(range(start, stop))
    if not any(place not in gone and marks[place] in ("", "vague", "measure") for place in range(len(words))):
        return text
    pieces, at = [], 0
    for place in sorted(gone):
        pieces.append(plain[at : words[place].start])
        at = words[place].stop
    return " ".join("".join((*pieces, plain[at:])).split()).strip(" ,;")


def left_out(reading: Reading) -> list[Entity]:
    """What a query leaves out. A bare number is none: the 17 of "cartridge no. 17" is a name."""
    return [entity for entity in reading.excluded if not entity.words.isdecimal()]


@cache
def _marker() -> Marker:
    return Marker(packaged_grammar())
