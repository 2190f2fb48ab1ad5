"""The word lists that come along, and those of a shop: small words of a query, and synonyms."""

from __future__ import annotations

import tomllib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path
from typing import Any, Literal, TypeAlias, get_args

from kg.errors import DataError
from kg.resources import data_folder
from recommend.understand.words import Word, key, normal, split

Cue: TypeAlias = Literal[
    "below",
    "below_after",
    "above",
    "above_after",
    "about",
    "about_after",
    "between",
    "range",
    "range_and",
    "currency",
    "for",
    "without",
    "without_after",
    "less",
    "with",
    "or",
    "company",
    "stop",
    "vague",
    "kind",
    "count",
    "whole",
]
CUES: tuple[Cue, ...] = get_args(Cue)


@dataclass(frozen=True, kw_only=True)
class Synonyms:
    """`same`: groups of phrases that mean the same; `means`: (a phrase, what it means too)."""

    same: tuple[tuple[str, ...], ...] = ()
    means: tuple[tuple[str, tuple[str, ...]], ...] = ()

    @classmethod
    def read(cls, path: Path) -> Synonyms:
        """The synonyms of a TOML file; DataError if it is not laid out like data/language/synonyms.toml."""
        table = _toml(path)
        same, means = table.get("same", []), table.get("means", {})
        unknown = sorted(set(table) - {"same", "means"})
        if unknown:
            raise DataError(f"{path} has {unknown[0]!r}, which means nothing; use 'same' and 'means'")
        if not isinstance(same, list) or not all(isinstance(line, str) for line in same):
            raise DataError(f"{path}: 'same' must be a list of lines such as \"tv, television\"")
        if not isinstance(means, dict) or not all(isinstance(line, str) for line in means.values()):
            raise DataError(f'{path}: [means] must have lines such as hoodie = "sweater"')
        return cls(
            same=tuple(_phrases(line) for line in same),
            means=tuple((word, _phrases(line)) for word, line in means.items()),
        )

    def and_also(self, other: Synonyms) -> Synonyms:
        """Those of both."""
        return Synonyms(same=(*self.same, *other.same), means=(*self.means, *other.means))

    def equals(self) -> Mapping[str, tuple[str, ...]]:
        """The key of a phrase → the keys of those that mean the same."""
        return replace(self, means=()).fellows()

    def fellows(self) -> Mapping[str, tuple[str, ...]]:
        """The key of a phrase → the keys of those who may be written in its place."""
        found: dict[str, dict[str, None]] = {}
        for group in self.same:
            keys = [key(split(normal(phrase))) for phrase in group]
            for one in keys:
                found.setdefault(one, {}).update((other, None) for other in keys if other != one)
        same = {one: tuple(others) for one, others in found.items()}
        for word, meant in self.means:
            for one in meant:
                own = key(split(normal(one)))
                for other in (own, *same.get(own, ())):
                    found.setdefault(other, {})[key(split(normal(word)))] = None
        return {one: tuple(others) for one, others in found.items() if one}


@cache
def packaged_synonyms() -> Synonyms:
    """The list that comes with Shelfgraph."""
    return Synonyms.read(data_folder() / "language" / "synonyms.toml")


@dataclass(frozen=True, kw_only=True)
class Grammar:
    """Small words by what they do. `phrases`: their keys, in folded words with one space between."""

    phrases: Mapping[Cue, frozenset[str]]

    @classmethod
    def read(cls, path: Path) -> Grammar:
        table = _toml(path)
        unknown = sorted(set(table) - set(CUES))
        if unknown:
            raise DataError(f"{path} has the list {unknown[0]!r}; lists are {', '.join(CUES)}")
        return cls(
            phrases={
                cue: frozenset(p.casefold() for lines in table.get(cue, {}).values() for p in lines)
                for cue in CUES
            }
        )

    def has(self, cue: Cue, words: Sequence[Word]) -> bool:
        """Whether some words in a row are a phrase of that list."""
        return spoken(words) in self.phrases[cue]


def spoken(words: Iterable[Word]) -> str:
    """Words as grammar phrases are written: CJK characters together, other words with spaces between."""
    text, before = "", False
    for word in words:
        text += word.folded if not text or (before and word.cjk) else f" {word.folded}"
        before = word.cjk
    return text


@cache
def packaged_grammar() -> Grammar:
    """The list that comes with Shelfgraph."""
    return Grammar.read(data_folder() / "language" / "grammar.toml")


def _phrases(line: str) -> tuple[str, ...]:
    return tuple(phrase.strip() for phrase in line.split(",") if phrase.strip())


def _toml(path: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise DataError(f"{path} cannot be read as TOML: {error}") from error
