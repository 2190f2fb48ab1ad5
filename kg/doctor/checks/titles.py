"""Titles that say nothing, and titles that shout."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator

from kg.doctor.catalog import Catalog
from kg.doctor.placeholders import is_placeholder
from kg.doctor.registry import Found, register

_CASED = "A-Za-zÀ-ÖØ-öø-ɏͰ-ϿЀ-ӿ"
_WORD = re.compile(rf"(?<![{_CASED}\d_'’-])[{_CASED}]{{2,}}(?![{_CASED}\d_])")
_CRY = re.compile(r"[!！]{2,}|[★☆✨🔥💥❗‼✅⭐]|!.*!.*!")
_SHARE = 0.6
"""This share of the words must be shouted."""
_LETTERS = 4
"""…and the longest of them must have so many letters: 'USB LED' is no shout."""
_WORDS = 4
"""So many words, all in capitals, are a shout if one of them is known to be a word."""
_UNKNOWN_LETTERS = 5
"""A word seen only in capitals is taken for an abbreviation up to this length."""


@register("titles", "titles that are empty or shout")
def titles(catalog: Catalog) -> Iterator[Found]:
    upper, other = _seen(catalog)
    empty: list[tuple[list[int], str]] = []
    loud: list[tuple[list[int], str]] = []
    named: Counter[str] = Counter()
    for row, title in enumerate(catalog.title):
        if is_placeholder(title):
            empty.append(([row], "no title" if not title.strip() else f"only {title.strip()!r}"))
        elif title.strip() == catalog.id[row] and not title.isalpha():
            empty.append(([row], "only the id"))
        elif reason := _loud(title, catalog.brand.names[int(catalog.brand.numbers[row])], upper, other):
            named[reason] += 1
            loud.append(([row], title))
    whole = len(empty) == len(catalog)
    yield Found(
        kind="empty",
        severity="note" if whole else "error",
        title=f"None of the {len(catalog):,} products has a title"
        if whole
        else f"Products without a title, or with a placeholder: {len(empty):,}",
        fix="Give each a title that says what it is: brand, kind, and what tells it from its neighbours. "
        "Until then it is found by brand, category and attributes only.",
        items=catalog.items(empty),
    )
    yield Found(
        kind="shouting",
        severity="warning",
        title=f"Titles that shout: {len(loud):,} "
        f"({', '.join(f'{count:,} {why}' for why, count in named.most_common())})",
        fix="Write titles as sentences are written; keep capitals for names and abbreviations, and leave out "
        "exclamation marks and stars. Comparison portals refuse such titles.",
        items=catalog.items(loud),
    )


def _seen(catalog: Catalog) -> tuple[Counter[str], Counter[str]]:
    """How often each word stands in capitals, and how often otherwise."""
    upper: Counter[str] = Counter()
    other: Counter[str] = Counter()
    for title in catalog.title:
        for word in set(_WORD.findall(title)):
            (upper if word.isupper() else other)[word.casefold()] += 1
    return upper, other


def _loud(title: str, brand: str, upper: Counter[str], other: Counter[str]) -> str:
    if _CRY.search(title):
        return "with marks"
    own = {word for word in _WORD.findall(brand) if word.isupper()}  # a brand may write itself so
    cased = [word for word in _WORD.findall(title) if word not in own]
    shouted = [w for w in cased if w.isupper() and _is_word(w.casefold(), upper, other)]
    if not shouted or max(map(len, shouted)) < _LETTERS:
        return ""
    through = len(cased) >= _WORDS and all(map(str.isupper, cased))
    return "in capitals" if through or len(shouted) >= _SHARE * len(cased) else ""


def _is_word(word: str, upper: Counter[str], other: Counter[str]) -> bool:
    """Whether capitals are not how this word is written: elsewhere it stands without, or it is long."""
    if other[word]:
        return other[word] >= upper[word] or len(word) >= 2 * _UNKNOWN_LETTERS
    return len(word) > _UNKNOWN_LETTERS
