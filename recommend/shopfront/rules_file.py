"""Reading a rules file (`recommend.shopfront.rules` shows its format). Whatever cannot be meant is a
SettingsError that names the line, the rule, the value and the fix."""

from __future__ import annotations

import tomllib
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from datetime import date
from functools import partial
from pathlib import Path
from typing import Any

from kg.errors import SettingsError
from recommend.query import MOST_RESULTS
from recommend.rank.balance import Balance
from recommend.shopfront.rules import (
    RULES_FILE,
    Boost,
    Hide,
    Pin,
    Profile,
    Rules,
    When,
    words_of,
)
from recommend.shopfront.rules_table import Table, nearest
from recommend.shopfront.sorting import SortOrder, check_sort
from recommend.understand.language import Synonyms

_TABLES = ("synonym", "pin", "boost", "bury", "hide")
_SECTIONS = (*_TABLES, "profiles", "sort")
MOST_FACTOR = 100.0
MOST_RULES = 10_000


def rules_of_shop(shop: Path | str) -> Path | None:
    """The rules file in a shop's folder, if there is one."""
    path = Path(shop) / RULES_FILE
    return path if path.is_file() else None


def read_rules(path: Path | str) -> Rules:
    """Read a rules file; SettingsError if it is missing or makes no sense."""
    path = Path(path)
    try:
        text = path.read_bytes().decode("utf-8-sig")
    except OSError as error:
        raise SettingsError(f"rules {path} cannot be read ({error.strerror}); check the path") from None
    except UnicodeDecodeError as error:
        raise SettingsError(f"rules {path} are not UTF-8 (byte {error.start}); save them as UTF-8") from None
    return rules_of(text, str(path))


def rules_of(text: str, source: str = "rules.toml") -> Rules:
    """The rules in a text; `source` is what messages call it."""
    try:
        document = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise SettingsError(
            f'{source} is not TOML: {error}; texts need quotes, such as "desk lamp"'
        ) from None
    except RecursionError:
        raise SettingsError(f"{source} is not TOML that can be read: it is nested too deeply") from None
    for section in document:
        if section not in _SECTIONS:
            raise SettingsError(
                f"{source}: the section {section!r} is unknown; {nearest(section, _SECTIONS)}"
            )
    tables = partial(_tables, source, text, document)
    hides = [_hide(table) for table in tables("hide")]
    pins = [_pin(table) for table in tables("pin")]
    boosts = [_boost(table) for kind in ("boost", "bury") for table in tables(kind)]
    profiles = {one.name: one for one in _profiles(source, text, document.get("profiles", {}))}
    rules = Rules(
        source=source,
        synonyms=_synonyms(tables("synonym")),
        pins=tuple(pins),
        boosts=tuple(boosts),
        hides=tuple(hides),
        profiles=profiles,
        newest=_newest(source, text, document),
    )
    _told_apart(source, rules)
    return rules


def _tables(source: str, text: str, document: Mapping[str, Any], kind: str) -> Iterator[Table]:
    listed = document.get(kind, [])
    if not isinstance(listed, list):
        raise SettingsError(f"{source}: [{kind}] is one table; begin every rule with [[{kind}]]")
    if len(listed) > MOST_RULES:
        raise SettingsError(
            f"{source}: {len(listed):,} rules [[{kind}]] are more than {MOST_RULES:,}; merge them"
        )
    for place, values in enumerate(listed):
        name, header = f"{kind} {place + 1}", f"[[{kind}]]"
        yield Table(source, text, values, kind=kind, name=name, header=header, place=place)


def _synonyms(tables: Iterable[Table]) -> Synonyms:
    same: list[tuple[str, ...]] = []
    means: list[tuple[str, tuple[str, ...]]] = []
    for table in tables:
        words, word, others = table.texts("words"), table.text("word"), table.texts("means")
        table.end()
        if bool(words) == bool(word):
            table.fail("", "needs either words, or word and means", 'write words = ["sofa", "couch"]')
        if words and (others or len(words) < 2):
            table.fail("words", f"= {list(words)!r} must be two at least, and alone", "mend the list")
        if word and not others:
            table.fail("means", "is missing", f'write word = "{word}" and means = ["…"]')
        if words:
            same.append(words)
        else:
            means.append((word, others))
    return Synonyms(same=tuple(same), means=tuple(means))


def _when(table: Table) -> When:
    queries, contains = (tuple(map(words_of, table.texts(key))) for key in ("query", "contains"))
    for key, some in (("query", queries), ("contains", contains)):
        if () in some:
            table.fail(key, "holds no word", "write words that people search for")
    first, last = table.day("from", date.min), table.day("to", date.max)
    if first > last:
        table.fail("to", f"= {last} lies before from = {first}", "exchange them")
    types = frozenset(name.casefold() for name in table.texts("types"))
    return When(queries=queries, contains=contains, types=types, first=first, last=last)


def _pin(table: Table) -> Pin:
    name, when, products = table.rule, _when(table), _products(table)
    position = table.whole("position", low=1, high=MOST_RESULTS, default=1)
    table.end()
    if not products:
        table.fail("product", "is missing", 'write product = "ID" or products = ["ID", "ID"]')
    if not (when.asks_for_words or when.types):
        table.fail("query", "is missing", "say with query, contains or types for which searches it holds")
    return Pin(name=name, products=products, position=position, when=when)


def _products(table: Table) -> tuple[str, ...]:
    one, several = table.text("product"), table.texts("products")
    if one and several:
        table.fail("product", "and products stand side by side", "keep products and list all there")
    return (one,) if one else several


def _boost(table: Table) -> Boost:
    name, when, where = table.rule, _when(table), table.filters("where")
    rises = table.kind == "boost"
    low, high, example = (1.0, MOST_FACTOR, "1.5") if rises else (0.0, 1.0, "0.5")
    factor = table.number("factor", low=low, high=high, example=example)
    table.end()
    if not where:
        table.fail("where", "is missing", 'write where = "brand=…"')
    if factor is None:
        table.fail("factor", "is missing", f"add factor = {example}")
    return Boost(name=name, where=where, factor=factor, when=when)


def _hide(table: Table) -> Hide:
    name, when, where, products = table.rule, _when(table), table.filters("where"), _products(table)
    table.end()
    if bool(where) == bool(products):
        table.fail("where", "or product, one of them is needed", 'write where = "…" or product = "ID"')
    return Hide(name=name, where=where, products=products, when=when)


def _profiles(source: str, text: str, profiles: Any) -> Iterator[Profile]:
    if not isinstance(profiles, dict):
        raise SettingsError(
            f"{source}: profiles = {profiles!r} must be tables; begin each with [profiles.NAME]"
        )
    for name, values in profiles.items():
        table = Table(
            source,
            text,
            values,
            kind="profile",
            name=f"profile {name!r}",
            header=f"[profiles.{name}]",
            place=0,
        )
        boosts: list[Boost] = []
        for kind in ("boost", "bury"):
            listed = table.take(kind) or []
            if not isinstance(listed, list):
                table.fail(
                    kind, f"= {listed!r} must be a list", f'write {kind} = [{{ where = "…", factor = … }}]'
                )
            for place, rule in enumerate(listed, start=1):
                inner = Table(
                    source,
                    text,
                    rule,
                    kind=kind,
                    name=f"{name} {kind} {place}",
                    header=f"[profiles.{name}]",
                    place=0,
                )
                boosts.append(_boost(inner))
        taste = table.number("taste", low=0, high=1, example="0.1", ends=True)
        relevance = table.number("relevance", low=0, high=1, example="0.5", ends=True)
        sort = table.text("sort")
        try:
            order = check_sort(sort or "relevance")
        except SettingsError as error:
            table.fail("sort", f"= {sort!r} is no order", str(error))
        balance = _balance(table, order)
        channels = _channels(table)
        table.end()
        yield Profile(
            name=name,
            channels=channels,
            taste=taste,
            relevance=relevance,
            sort=order,
            balance=balance,
            boosts=tuple(boosts),
        )


def _balance(table: Table, sort: SortOrder) -> Balance | None:
    said = table.text("balance")
    if not said:
        return None
    if sort != "relevance":
        table.fail("balance", f"= {said!r} and a sort exclude each other", "leave one of them out")
    try:
        return Balance.parse(said)
    except SettingsError as error:
        table.fail("balance", f"= {said!r} cannot be read", str(error))


def _channels(table: Table) -> dict[str, float]:
    given = table.take("channels") or {}
    if not isinstance(given, dict):
        table.fail("channels", f"= {given!r} must be a table", "write channels = { lexical = 1.5 }")
    for name, factor in given.items():
        good = isinstance(factor, int | float) and not isinstance(factor, bool)
        if not good or not 0 <= factor <= MOST_FACTOR:
            table.fail(
                "channels",
                f"{name} = {factor!r} must be a number from 0 to {MOST_FACTOR:g}",
                f"write {name} = 1.5",
            )
    return {name: float(factor) for name, factor in given.items()}


def _newest(source: str, text: str, document: Mapping[str, Any]) -> str:
    table = Table(source, text, document.get("sort", {}), kind="sort", name="sort", header="[sort]", place=0)
    newest = table.text("newest").removeprefix("attr.")
    table.end()
    return newest


def _told_apart(source: str, rules: Rules) -> None:
    """Names are what explanations call rules, and the names of their signals."""
    boosts = (*rules.boosts, *(one for profile in rules.profiles.values() for one in profile.boosts))
    ruled: tuple[Pin | Boost | Hide, ...] = (*rules.pins, *boosts, *rules.hides)
    for name, times in Counter(one.name for one in ruled).items():
        if times > 1:
            raise SettingsError(f"{source}: two rules are called {name!r}; give one of them another name")
