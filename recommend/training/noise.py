"""How shoppers type: lower case, another number, words run together or torn apart, slips of the fingers."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

_LOWER, _NUMBER, _SPACE, _SLIP = 0.9, 0.12, 0.05, 0.05
_LEAST = 5
"""Shorter words are not mistyped: what is left of them would be another word."""
_BESIDE = {
    a: left + right
    for row in ("qwertyuiop", "asdfghjkl", "zxcvbnm")
    for a, left, right in zip(row, " " + row, row[1:] + " ", strict=False)
}


def typed(text: str, rng: np.random.Generator, *, slips: float = _SLIP) -> str:
    """A query as somebody might type it; text that is not Latin stays as it is."""
    if not text.isascii():
        return text
    if rng.random() < _LOWER:
        text = text.lower()
    if rng.random() < _NUMBER:
        text = other_number(text)
    if rng.random() < _SPACE:
        text = spaced(text, rng)
    return slipped(text, rng) if rng.random() < slips else text


def other_number(text: str) -> str:
    """The last word in the plural, or in the singular if it looks like a plural."""
    head, _, last = text.rpartition(" ")
    if len(last) < 3 or not last.isalpha():
        return text
    lower = last.lower()
    if lower.endswith("ies"):
        other = last[:-3] + "y"
    elif lower.endswith(("ches", "shes", "sses", "xes")):
        other = last[:-2]
    elif lower.endswith("s") and not lower.endswith(("ss", "us", "is")):
        other = last[:-1]
    elif lower.endswith(("s", "x", "ch", "sh")):
        other = last + "es"
    elif lower.endswith("y") and lower[-2] not in "aeiou":
        other = last[:-1] + "ies"
    else:
        other = last + "s"
    return f"{head} {other}" if head else other


def spaced(text: str, rng: np.random.Generator) -> str:
    """Two neighbouring words run together, or hyphens gone."""
    if "-" in text:
        return text.replace("-", " " if rng.random() < 0.5 else "")
    words = text.split(" ")
    able = [i for i in range(len(words) - 1) if words[i].isalpha() and words[i + 1].isalpha()]
    if not able:
        return text
    at = able[int(rng.integers(len(able)))]
    return " ".join([*words[:at], words[at] + words[at + 1], *words[at + 2 :]])


def slipped(text: str, rng: np.random.Generator) -> str:
    """One slip in one longer word: a letter left out, doubled, swapped with the next or hit beside."""
    words = text.split(" ")
    able = [i for i, word in enumerate(words) if len(word) >= _LEAST and word.isalpha()]
    if not able:
        return text
    at = able[int(rng.integers(len(able)))]
    word = words[at]
    place = int(rng.integers(1, len(word) - 1))  # hardly anybody mistypes the first letter
    slip: Callable[[str, int], str] = (_left_out, _doubled, _swapped, _beside)[int(rng.integers(4))]
    words[at] = slip(word, place)
    return " ".join(words)


def _left_out(word: str, place: int) -> str:
    return word[:place] + word[place + 1 :]


def _doubled(word: str, place: int) -> str:
    return word[: place + 1] + word[place:]


def _swapped(word: str, place: int) -> str:
    return word[:place] + word[place + 1] + word[place] + word[place + 2 :]


def _beside(word: str, place: int) -> str:
    near = _BESIDE.get(word[place].lower(), "").strip()
    return word[:place] + (near[:1] or word[place]) + word[place + 1 :]
