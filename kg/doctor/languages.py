"""Which language a text looks like: by its script, then by small words and what shops write.

Says '' rather than guess: product texts are short, full of names, and a false alarm costs trust. No library:
those that do well on ten words load for seconds or need a compiler.
"""

from __future__ import annotations

import re
from functools import cache
from typing import NamedTuple

from kg.doctor.words_of import word_list

UNKNOWN = ""
_LONG = 400
"""So many characters of a text are looked at."""
_ENOUGH = 1.5
"""The least weight of words that speak for a language; one word of one language weighs 1."""
_AHEAD = 2.5
"""…and by how much it must be ahead of the next."""
_SHARE = 0.12
"""…and the least share of all words."""
_SIGN = 0.5
_COMPOUND = 0.75
_SHORT = 0.5
"""A word of two letters may as well be an abbreviation."""
_SHORTEST_END = 5
_WORD = re.compile(r"[^\W\d_]{2,}(?!\d)")
_SCRIPTS: tuple[tuple[str, re.Pattern[str]], ...] = (
    ("ja", re.compile(r"[\u3040-\u30ff]")),
    ("ko", re.compile(r"[\uac00-\ud7af]")),
    ("zh", re.compile(r"[\u3400-\u9fff]")),
    ("ru", re.compile(r"[\u0400-\u04ff]")),
    ("el", re.compile(r"[\u0370-\u03ff]")),
    ("ar", re.compile(r"[\u0600-\u06ff]")),
    ("he", re.compile(r"[\u0590-\u05ff]")),
    ("th", re.compile(r"[\u0e00-\u0e7f]")),
    ("hi", re.compile(r"[\u0900-\u097f]")),
)
_DENSE = frozenset({"zh", "ja", "ko"})
"""One sign of these says as much as three letters."""


class _Lists(NamedTuple):
    words: dict[str, tuple[tuple[str, float], ...]]
    ends: dict[str, tuple[str, ...]]
    signs: dict[str, tuple[str, ...]]
    subtags: dict[str, str]


def language_of(text: str, brand: str = "") -> str:
    """The language subtag that a text looks like ('en', 'zh' …), or '' if it does not say.

    The words of `brand` do not count. Cyrillic is called 'ru', whatever language it is.
    """
    text = text[:_LONG]
    if not text.isascii() and (other := _by_script(text, brand)):
        return other
    return _by_words(text, brand)


def subtag(language: str) -> str:
    """'zh-CN', 'zh_TW' and 'Chinese' are 'zh'; what is unknown stays as it is, in lower case."""
    name = language.strip().casefold()
    known = _lists().subtags.get(name)
    return known if known is not None else re.split(r"[-_]", name, maxsplit=1)[0]


def _by_script(text: str, brand: str) -> str:
    if brand:
        text = text.replace(brand, " ")
    letters = sum(c.isalpha() for c in text)
    best, most = UNKNOWN, 0
    for language, script in _SCRIPTS:
        signs = len(script.findall(text))
        weight = 3 * signs if language in _DENSE else signs
        if signs >= 2 and weight > most:
            others = letters - signs
            if weight >= others:
                best, most = language, weight
            if language == "ja" and best == "ja":
                return best  # Japanese has Chinese signs too
    return best


def _by_words(text: str, brand: str) -> str:
    lists = _lists()
    skip = set(_WORD.findall(brand.casefold()))
    words = [word for word in _WORD.findall(text.casefold()) if word not in skip]
    if len(words) < 2:
        return UNKNOWN
    scores: dict[str, float] = {}
    for word in set(words):
        known = lists.words.get(word)
        if known is not None:
            for language, weight in known:
                scores[language] = scores.get(language, 0.0) + weight
        elif len(word) > _SHORTEST_END:
            for language, ends in lists.ends.items():
                if word.endswith(ends):
                    scores[language] = scores.get(language, 0.0) + _COMPOUND
    if not text.isascii():
        for sign in set(text.casefold()) & lists.signs.keys():
            for language in lists.signs[sign]:
                scores[language] = scores.get(language, 0.0) + _SIGN
    if not scores:
        return UNKNOWN
    ranked = sorted(scores.items(), key=lambda item: (-item[1], item[0]))
    language, score = ranked[0]
    second = ranked[1][1] if len(ranked) > 1 else 0.0
    if score < _ENOUGH or score < _AHEAD * second or score < _SHARE * len(set(words)):
        return UNKNOWN
    return language


@cache
def _lists() -> _Lists:
    tables = word_list("languages")
    spoken: dict[str, list[str]] = {}
    ends: dict[str, tuple[str, ...]] = {}
    for language, table in tables.items():
        if "common" not in table:
            continue
        ends[language] = tuple(table.get("ends", "").split())
        # the ends of compounds are words too
        for word in dict.fromkeys(f"{table['common']} {table['goods']} {table.get('ends', '')}".split()):
            spoken.setdefault(word, []).append(language)
    return _Lists(
        words={
            word: tuple((one, (1.0 if len(word) > 2 else _SHORT) / len(found)) for one in found)
            for word, found in spoken.items()
        },
        ends={language: found for language, found in ends.items() if found},
        signs={sign: tuple(found) for sign, found in tables["signs"].items()},
        subtags={name: code for code, names in tables["subtags"].items() for name in names.split()},
    )
