"""What makes two spellings the same: folding, words, plurals, digits and the distance of edits."""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache

_CAMEL = re.compile(r"(?<=[a-z])(?=[A-Z])")
_RUN = re.compile(r"[^\W_]+(?:[.,][0-9]+)*[+#±]?")
_DIGITS = re.compile(r"\d+(?:[.,]\d+)*")
_JOINED = re.compile(r"(?<=\d)(?=[^\W\d_])|(?<=[^\W\d_])(?=\d)")


def folded(text: str) -> str:
    """Without case, accents and the width of signs: 'Größe' → 'grosse', 'Ｃafé' → 'cafe'."""
    if text.isascii():
        return text.lower()
    text = unicodedata.normalize("NFKD", text.casefold())
    return "".join(c for c in text if not unicodedata.combining(c))


def words(text: str) -> list[str]:
    """The folded words and numbers of a text: 'Foundry & Co, 24 inch' → foundry co 24 inch."""
    return _RUN.findall(folded(text))


def name_words(name: str) -> list[str]:
    """The same for names, which also part at capitals and digits: 'maxLoad2' → max load 2."""
    return [part for word in words(_CAMEL.sub(" ", name)) for part in _JOINED.split(word)]


@lru_cache(maxsize=100_000)
def singular(word: str) -> str:
    """A folded English word without its plural ending."""
    if len(word) < 4 or not word.endswith("s") or word.endswith(("ss", "us", "is")):
        return word
    if word.endswith("ies") and len(word) > 4:
        return word[:-3] + "y"
    if word.endswith(("ches", "shes", "xes", "sses")):
        return word[:-2]
    return word[:-1]


def numbers(text: str) -> tuple[str, ...]:
    """The numbers in a text in their order, as written: whatever differs here is something else."""
    return tuple(_DIGITS.findall(text))


def edits(first: str, second: str, most: int) -> int:
    """How many letters must be put in, taken out, changed or swapped with the next; at most `most` + 1.

    The restricted Damerau-Levenshtein distance (optimal string alignment).
    """
    if abs(len(first) - len(second)) > most:
        return most + 1
    before: list[int] = []
    row = list(range(len(second) + 1))
    for i, a in enumerate(first, start=1):
        last, before, row = before, row, [i]
        for j, b in enumerate(second, start=1):
            cost = min(before[j] + 1, row[j - 1] + 1, before[j - 1] + (a != b))
            if last and i > 1 and j > 1 and a == second[j - 2] and first[i - 2] == b:
                cost = min(cost, last[j - 2] + 1)
            row.append(cost)
        if min(row) > most and (not before or min(before) > most):
            return most + 1
    return min(row[-1], most + 1)


def typo(first: str, second: str) -> bool:
    """Whether one folded word looks like the other mistyped: one edit in five letters, two in nine.

    Never where digits differ. The first letter is seldom mistyped, so it must agree unless swapped.
    """
    shorter = min(len(first), len(second))
    if first == second or shorter < 5 or max(len(first), len(second)) - shorter > 2:
        return False
    if first[0] != second[0] and first[:2] != second[1::-1]:
        return False
    if numbers(first) != numbers(second):
        return False
    most = 2 if shorter >= 9 else 1
    if sorted(first) == sorted(second):
        most = 2  # the same letters in another order: coulor
    return edits(first, second, most) <= most


def shortened(short: str, long: str) -> bool:
    """Whether a folded word looks like an abbreviation: 'blk' or 'blck' of 'black', 'alum' of 'aluminium'.

    Either its consonants from the first to the last, in order, or its first four letters or more.
    """
    if not short.isalpha() or not 2 < len(short) < len(long) or short[0] != long[0]:
        return False
    if long.startswith(short):
        return len(short) >= 4 and len(long) - len(short) >= 2
    if any(c in "aeiou" for c in short[1:]):
        return False
    rest = iter(long)
    if not all(c in rest for c in short):
        return False
    consonants = [c for c in long[1:] if c not in "aeiouy"]
    return len(short) - 1 >= min(2, len(consonants)) and short[-1] == (consonants or [""])[-1]
