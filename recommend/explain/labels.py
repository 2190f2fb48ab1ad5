"""Names of nodes, short enough to be read: cut at a word, measured as wide as they are shown."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable

ELLIPSIS = "…"
_YES = ("yes", "true", "ja", "oui", "是")
_NARROW = frozenset("iljtfrI.,:;!|'’`()[]{}-·/\\ ")
_BROAD = frozenset("mwMW@%—…")


def columns(text: str) -> int:
    """How many columns a text takes in a terminal: two for a Chinese character."""
    return sum(_columns(sign) for sign in text)


def shortened(text: str, most: int) -> str:
    """A text of at most `most` columns on one line, cut after a word if a word ends near."""
    text = " ".join(text.split())
    if columns(text) <= most:
        return text
    cut = _fitting(text, most - 1)
    space = cut.rfind(" ")
    if space > len(cut) * 2 // 3:
        cut = cut[:space]
    return cut.rstrip(" ,;:-–(/") + ELLIPSIS


def attribute_name(label: str) -> str:
    """What to call an attribute's value: 'dimmable' for 'dimmable: yes'."""
    name, separator, value = label.partition(": ")
    return name if separator and value.casefold() in _YES else label


def ems(text: str) -> float:
    """About how wide a text is in a sans-serif type, in units of its size, and rather more than less."""
    return sum(_em(sign) for sign in text)


def lines_of(text: str, width: float, most: int) -> list[str]:
    """A text in up to `most` lines of `width` (see `ems`), the last one cut if there is more."""
    rest = " ".join(text.split())
    lines: list[str] = []
    while rest and len(lines) < most:
        if ems(rest) <= width:
            return [*lines, rest]
        last = len(lines) == most - 1
        room = width - (_em(ELLIPSIS) if last else 0.0)
        count = _count(rest, room)
        count = next((at for at in range(count, count // 2, -1) if _breaks(rest, at)), count)
        line = rest[:count].rstrip()
        lines.append(line + ELLIPSIS if last else line)
        rest = rest[count:].lstrip()
    return lines


def _breaks(text: str, at: int) -> bool:
    """Whether a line may end before a place: at a space, and next to a Chinese character."""
    around = text[at - 1 : at + 1]
    return " " in around or any(_columns(sign) == 2 for sign in around)


def _count(text: str, width: float) -> int:
    """How many of the first characters fit; at least one."""
    total = 0.0
    for place, sign in enumerate(text):
        total += _em(sign)
        if total > width:
            return max(place, 1)
    return len(text)


def _fitting(text: Iterable[str], most: int) -> str:
    cut, total = "", 0
    for sign in text:
        total += _columns(sign)
        if total > most:
            break
        cut += sign
    return cut


def _columns(sign: str) -> int:
    if unicodedata.combining(sign) or unicodedata.category(sign) in ("Cf", "Mn"):
        return 0
    return 2 if unicodedata.east_asian_width(sign) in ("W", "F") else 1


def _em(sign: str) -> float:
    wide = _columns(sign)
    if wide != 1:
        return wide * 0.52
    if sign in _NARROW:
        return 0.36
    if sign in _BROAD:
        return 0.98
    return 0.72 if sign.isupper() else 0.58
