"""Texts in another language than the product says, or than the shop speaks."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from kg.doctor.catalog import Catalog
from kg.doctor.languages import UNKNOWN
from kg.doctor.registry import Found, register

_LATIN = frozenset({"en", "de", "fr", "es", "it", "nl", "pt", "pl", "sv", "da"})
_MAJORITY = 0.5
"""The shop's language is that of more than this share of the texts that tell one."""


@register("languages", "texts in another language than declared or usual", reads=("languages",))
def languages(catalog: Catalog) -> Iterator[Found]:
    columns = (("title", catalog.title_language), ("description", catalog.text_language))
    seen: Counter[str] = Counter()
    for _, column in columns:
        for name, count in zip(*_counts(column.numbers.tolist(), column.names), strict=True):
            seen[name] += count
    del seen[UNKNOWN]
    total = sum(seen.values())
    usual = next((name for name, count in seen.most_common(1) if count > _MAJORITY * total), UNKNOWN)
    declared: list[tuple[list[int], str]] = []
    unusual: list[tuple[list[int], str]] = []
    spoken = [[column.names[n] for n in column.numbers.tolist()] for _, column in columns]
    said = [catalog.language.names[n] for n in catalog.language.numbers.tolist()]
    for row, (title, text, language) in enumerate(zip(*spoken, said, strict=True)):
        expected = language or usual
        wrong = [
            f"{name} in {_NAMES.get(found, found)}"
            for (name, _), found in zip(columns, (title, text), strict=True)
            if found and expected and _differs(found, expected)
        ]
        if wrong:
            target = declared if language else unusual
            where = (
                f"declared {_NAMES.get(expected, expected)}"
                if language
                else "others are " + _NAMES.get(expected, expected)
            )
            target.append(([row], f"{' and '.join(wrong)}, {where}"))
    if seen:
        catalog.notes.append(
            "languages of titles and descriptions: "
            + ", ".join(f"{_NAMES.get(name, name)} {count:,}" for name, count in seen.most_common(5))
        )
    yield Found(
        kind="not_as_declared",
        severity="warning",
        title=f"Products written in another language than they declare: {len(declared):,}",
        fix="Translate the text, or correct the field `language`: shoppers filter by it, and search "
        "treats words by it.",
        items=catalog.items(declared),
    )
    yield Found(
        kind="not_as_usual",
        severity="warning",
        title=f"Products written in another language than most ({_NAMES.get(usual, usual)}): "
        f"{len(unusual):,}",
        fix="Translate the text, or fill in the field `language`, so that the product is shown to those who "
        "can read it.",
        items=catalog.items(unusual),
    )


def _differs(found: str, expected: str) -> bool:
    """Languages that the lists do not know cannot be told from those that they do."""
    if found in _LATIN:
        return expected in _NAMES and expected != found
    # a script is beyond doubt, but several languages share each
    return expected in _LATIN or (
        expected in _NAMES and {found, expected} != {"zh", "ja"} and found != expected
    )


_NAMES = {
    "en": "English",
    "de": "German",
    "fr": "French",
    "es": "Spanish",
    "it": "Italian",
    "nl": "Dutch",
    "pt": "Portuguese",
    "pl": "Polish",
    "sv": "Swedish",
    "da": "Danish",
    "zh": "Chinese",
    "ja": "Japanese",
    "ko": "Korean",
    "ru": "Cyrillic",
    "el": "Greek",
    "ar": "Arabic",
    "he": "Hebrew",
    "th": "Thai",
    "hi": "Hindi",
}


def _counts(numbers: list[int], names: list[str]) -> tuple[list[str], list[int]]:
    counted = Counter(numbers)
    return [names[n] for n in counted], list(counted.values())
