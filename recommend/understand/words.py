"""The words of a query with their places, and the keys under which names are found."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Sequence
from functools import lru_cache
from hashlib import blake2b
from itertools import pairwise
from typing import NamedTuple

from kg.doctor.spelling import singular
from recommend.understand.tokens import CJK, is_cjk

MOST_WORDS = 100
"""A query's words beyond these are not read: nobody asks for a thing in so many."""
MOST_CHARACTERS = 2_000

_WORD = re.compile(rf"[{CJK}]|[^\W_{CJK}]+(?:[.'’][^\W_{CJK}]+)*")


_MIXED = re.compile(r"(?<=\d)(?=[¼-¾⅐-⅞])")
_IRREGULAR = {"mice": "mouse", "feet": "foot", "teeth": "tooth", "children": "child", "people": "person"}
_ENDINGS = (
    ("shelves", "shelf"),
    ("knives", "knife"),
    ("scarves", "scarf"),
    ("leaves", "leaf"),
    ("halves", "half"),
)


class Word(NamedTuple):
    """One word, or one CJK character: as written, folded, its singular, and where it stands in the text."""

    written: str
    folded: str
    token: str
    start: int
    stop: int
    cjk: bool


def normal(text: str) -> str:
    """The text that places of words refer to: one width of letters, and not too long."""
    if text.isascii():
        return text[:MOST_CHARACTERS]
    apart = _MIXED.sub(" ", text[:MOST_CHARACTERS])  # else 2½ becomes 21⁄2
    return unicodedata.normalize("NFKC", apart)[:MOST_CHARACTERS]


def split(text: str) -> list[Word]:
    """The words of a text that is `normal`; CJK characters stand alone."""
    found = []
    ascii_only = text.isascii()
    for match in _WORD.finditer(text):
        written = match[0]
        folded = written.lower() if ascii_only else written.casefold().replace("’", "'")
        cjk = not ascii_only and is_cjk(folded[0])
        found.append(Word(written, folded, folded if cjk else lemma(folded), match.start(), match.end(), cjk))
        if len(found) == MOST_WORDS:
            break
    return found


def key(words: Iterable[Word]) -> str:
    """What names are compared by: 'Table Lamps' is 'table lamp'."""
    return " ".join([word.token for word in words])


def joined(words: Sequence[Word]) -> str:
    """The same written as one word, as 'head set' is: 'headset'; "" where that is no way to write it."""
    if any(word.cjk for word in words):
        return ""
    for one, other in pairwise(words):
        if one.folded[-1].isdigit() and other.folded[0].isdigit():
            return ""
    return lemma("".join([word.folded for word in words]))


@lru_cache(maxsize=200_000)
def lemma(word: str) -> str:
    """A folded English word in the singular; others as they are. No stem: a standing desk is no desk
    stand."""
    if not word.endswith("s"):
        return _IRREGULAR.get(word, word)
    for plural, single in _ENDINGS:
        if word.endswith(plural):
            return word.removesuffix(plural) + single
    return singular(word)


def hashed(key: str) -> int:
    """64 bits that stand for a key."""
    return int.from_bytes(blake2b(key.encode("utf-8", "replace"), digest_size=8).digest(), "little")
