"""What explanations say to shoppers: templates by relation and language (data/language/explanations.toml).

A shop lays its own file over the packaged one: explanations.toml in its folder.
"""

from __future__ import annotations

import string
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, Literal, TypeAlias, get_args

from kg.errors import DataError, SettingsError
from kg.resources import data_folder

FILE = "explanations.toml"

Way: TypeAlias = Literal[
    "forward",
    "backward",
    "shared",
    "sharing",
    "users",
    "after",
    "similar",
    "through",
    "asked",
    "word",
    "near",
]
"""How one product leads to another, or a search to a product; the file says what each means."""

Rest: TypeAlias = Literal["popularity", "adjustment", "rule", "other", "search", "nothing"]
Missing: TypeAlias = Literal["one", "several", "none", "absent", "alone"]

_WAYS: tuple[str, ...] = get_args(Way)
_MARKS = ("quote", "and", "list", "one", "more", "comma", "last", "stop")
_ALONE = "_alone"
_YOURS = "_yours"
_PLACES = frozenset({"source", "yours", "node", "name", "word", "relation"})
_DRAWN = frozenset({"source", "shown", "all", "share", "name"})
_TABLES = ("marks", "rest", "missing", "picture", "did", "relation", "any")
_FIRST = "en"


@dataclass(frozen=True, kw_only=True)
class Marks:
    """How a language quotes a title and joins what it lists."""

    quote: str
    and_: str
    list_: str
    one: str
    more: str
    comma: str
    last: str
    stop: str

    def quoted(self, text: str) -> str:
        return self.quote.replace("{}", text)

    def listed(self, names: Sequence[str]) -> str:
        """“A”, “B” and “C”."""
        return _joined(names, self.list_, self.and_)

    def clauses(self, parts: Sequence[str]) -> str:
        """Clauses of one sentence."""
        return _joined(parts, self.comma, self.last)

    def sentence(self, text: str) -> str:
        """With a capital and a stop."""
        return text[:1].upper() + text[1:] + self.stop


@dataclass(frozen=True, kw_only=True)
class Template:
    """How one reason is said: as a clause after what the person did, and (if there is one) alone."""

    clause: str
    alone: str = ""


class Phrasebook:
    """Templates in all languages of one file, or of a shop's file over the packaged one."""

    def __init__(self, tables: Mapping[str, Any]) -> None:
        self._tables = tables

    @classmethod
    def read(cls, path: Path, over: Phrasebook | None = None) -> Phrasebook:
        """The templates of a file, over those of another book. DataError if it is not laid out like
        data/language/explanations.toml."""
        try:
            told = tomllib.loads(path.read_text(encoding="utf-8"))
        except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
            raise DataError(f"{path} cannot be read as TOML: {error}") from error
        unknown = sorted(set(told) - set(_TABLES))
        if unknown:
            raise DataError(f"{path} has [{unknown[0]}], which means nothing; use {', '.join(_TABLES)}")
        for where, text in _texts(told, ""):
            _check(path, where, text)
        book = cls(told if over is None else _laid_over(over._tables, told))
        for language in book.languages:
            missing = [mark for mark in _MARKS if mark not in book._tables["marks"][language]]
            if missing:
                raise DataError(f"{path}: [marks] {language} has no {missing[0]!r}")
        return book

    @property
    def languages(self) -> tuple[str, ...]:
        """The languages it has marks for."""
        return tuple(self._tables.get("marks", {}))

    def check(self, language: str) -> str:
        """The language itself. SettingsError if it has none such."""
        if language not in self.languages:
            raise SettingsError(
                f"language={language!r} is not one of {', '.join(self.languages)}; add it to {FILE} in the "
                "shop's folder"
            )
        return language

    def marks(self, language: str) -> Marks:
        marks = self._tables["marks"][self.check(language)]
        return Marks(**{name + "_" * (name in ("and", "list")): marks[name] for name in _MARKS})

    def did(self, what: str, language: str) -> Template:
        """`clause`: 'because you bought {source}'; `alone`: 'your {source}'."""
        told = self._tables["did"]
        table = told.get(what, told["named"])
        return Template(clause=_in(table, language, ""), alone=_in(table, language, _YOURS) or "{source}")

    def reason(self, relation: str, way: Way, language: str) -> Template:
        """How a relation is said that way, or how any relation is."""
        table = self._tables["relation"].get(relation, {}).get(way, {})
        if language not in table and (not table or language in self._tables["any"][way]):
            table = self._tables["any"][way]
        return Template(clause=_in(table, language, ""), alone=_in(table, language, _ALONE))

    def says(self, relation: str, way: Way, language: str) -> bool:
        """Whether there is a template for just this."""
        return language in self._tables["relation"].get(relation, {}).get(way, {})

    def label(self, relation: str, language: str) -> str:
        """A word or two for a relation."""
        for told in (self._tables["relation"], self._tables["did"]):
            labels = told.get(relation, {}).get("label", {})
            if labels:
                return str(labels.get(language) or labels.get(_FIRST) or words_of(relation))
        return words_of(relation)

    def drawn(self, name: str, language: str) -> str:
        """A text of the picture."""
        return _in(self._tables["picture"][name], language, "")

    def kind(self, kind: str, language: str) -> str:
        """What a kind of node is called."""
        table = self._tables["picture"]["kind"].get(kind)
        return words_of(kind) if table is None else _in(table, language, "")

    def rest(self, name: Rest, language: str) -> str:
        """What is said beside the paths."""
        return _in(self._tables["rest"][name], language, "")

    def missing(self, name: Missing, language: str) -> str:
        """What is said of a counterfactual."""
        return _in(self._tables["missing"][name], language, "")


@cache
def packaged_phrases() -> Phrasebook:
    """The templates that come with Shelfgraph."""
    return Phrasebook.read(data_folder() / "language" / FILE)


def phrases_of_shop(folder: Path) -> Phrasebook:
    """The packaged templates with those of a shop's folder over them, if it has any."""
    path = folder / FILE
    return Phrasebook.read(path, packaged_phrases()) if path.is_file() else packaged_phrases()


def _joined(parts: Sequence[str], between: str, last: str) -> str:
    return "".join(parts) if len(parts) < 2 else between.join(parts[:-1]) + last + parts[-1]


def words_of(relation: str) -> str:
    """A relation's name in words: 'goes with'."""
    return relation.replace("_", " ")


def _in(table: Mapping[str, Any], language: str, ending: str) -> str:
    """The text in a language; in English where a shop did not translate its own line."""
    if language in table:
        return str(table.get(language + ending, ""))
    return str(table.get(_FIRST + ending, ""))


def _laid_over(below: Mapping[str, Any], above: Mapping[str, Any]) -> dict[str, Any]:
    found = dict(below)
    for name, value in above.items():
        under = found.get(name)
        both = isinstance(value, Mapping) and isinstance(under, Mapping)
        found[name] = _laid_over(under, value) if both else value  # type: ignore[arg-type]
    return found


def _texts(table: Mapping[str, Any], where: str) -> Iterator[tuple[str, Any]]:
    for name, value in table.items():
        path = f"{where}.{name}" if where else name
        if isinstance(value, Mapping):
            yield from _texts(value, path)
        else:
            yield path, value


def _check(path: Path, where: str, text: object) -> None:
    if not isinstance(text, str):
        raise DataError(f"{path}: {where} must be a text in quotes, not {text!r}")
    parts = where.split(".")
    misplaced = parts[0] == "relation" and (len(parts) != 4 or parts[2] not in (*_WAYS, "label"))
    if misplaced or (parts[0] == "any" and (len(parts) != 3 or parts[1] not in _WAYS)):
        raise DataError(
            f"{path}: {where} is out of place; use [relation.NAME.WAY] or [any.WAY] with a WAY of "
            + ", ".join(_WAYS)
        )
    if parts[0] == "marks":
        return
    try:
        places = {name for _, name, _, _ in string.Formatter().parse(text) if name is not None}
    except ValueError as error:
        raise DataError(f"{path}: {where} = {text!r}: {error}") from error
    known = _DRAWN if parts[0] == "picture" else _PLACES
    unknown = sorted(places - known)
    if unknown:
        raise DataError(
            f"{path}: {where} has {{{unknown[0]}}}; what can be filled in is "
            + ", ".join(f"{{{name}}}" for name in sorted(known))
        )
