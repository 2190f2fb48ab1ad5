"""Amounts of a query as conditions on products."""

from __future__ import annotations

import math
from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass
from typing import Literal, TypeAlias

from kg.filters import Filter
from kg.units import convert
from recommend.understand.fields import Field, Fields, of_one_system
from recommend.understand.language import Grammar
from recommend.understand.marks import Mark
from recommend.understand.measures import Measure
from recommend.understand.reading import Wish
from recommend.understand.words import Word, key

_NEAR_PRICE = 0.2
"""'80 €' is any price from 64 to 96."""
_ROUNDED, _FEET = 0.005, 0.02
"""Numbers that were converted to another unit may differ by this share; 10 feet are called 3 metres."""
_NAME_WORDS = 3
_MOST_DIGITS = 9


@dataclass(frozen=True, kw_only=True)
class Amounts:
    """filters and wishes, and what they were made of: taken, the positions of words that name attributes;
    used, the measures that say something here."""

    filters: tuple[Filter, ...]
    wishes: tuple[Wish, ...]
    taken: frozenset[int]
    used: tuple[Measure, ...]


NO_AMOUNTS = Amounts(filters=(), wishes=(), taken=frozenset(), used=())


Subject: TypeAlias = tuple[Field, ...] | Literal["price"]
"""What an amount is about: one of some attributes, or the price; () for nothing that is known."""


@dataclass(frozen=True, kw_only=True)
class Asking:
    """What surrounds the amounts of a query. things: (node, weight) of the wanted types; free bool [words]:
    the words that may name an attribute; meant: what a bare number is about, and some_have: of which
    attributes some of the things have an amount (see `Spread`)."""

    text: str
    words: Sequence[Word]
    marks: Sequence[Mark]
    things: Sequence[tuple[int, float]]
    free: Sequence[bool]
    meant: Callable[[Measure], Field | bool]
    some_have: Callable[[Measure, Sequence[Field]], Sequence[Field]]


def amounts_of(query: Asking, measures: Sequence[Measure], fields: Fields, grammar: Grammar) -> Amounts:
    """Conditions from measures.

    Two amounts are about two attributes ('8 GB RAM, 256 GB'), unless an "or" stands between them.
    """
    bare = _bare(query, measures, grammar.phrases["range"])
    several = sorted((*measures, *bare), key=lambda one: one.start)
    named = [_named(query, one, fields, grammar) for one in several]
    about: list[Subject] = [()] * len(several)
    taken: set[int] = set()
    said: set[int] = set()
    # what is named first, so that what is not can be about something else
    for place in sorted(range(len(several)), key=lambda place: named[place][0] is None):
        measure, (among, places) = several[place], named[place]
        found = tuple(fields.measured(measure, query.things, among)) if among and not measure.price else ()
        if found:
            taken |= places
        subject = found or _unnamed(measure, query, fields)
        if subject != "price" and not _after_or(place, several, query):
            subject = tuple(field for field in subject if field.number not in said) or subject
            said.update(field.number for field in subject if len(subject) == 1)
        about[place] = subject
    filters: list[Filter] = []
    wishes: list[Wish] = []
    place = 0
    while place < len(several):
        first, subject = place, about[place]
        while (
            place + 1 < len(several) and about[place + 1] == subject and _after_or(place + 1, several, query)
        ):
            place += 1
        same = several[first : place + 1]
        place += 1
        alternatives = [
            tuple(_price(one)) if isinstance(field, str) else _conditions(one, field)
            for one in same
            for field in (("price",) if subject == "price" else subject)
        ]
        if len(alternatives) == 1:
            filters += alternatives[0]
        elif alternatives:
            words = query.text[same[0].start : same[-1].stop].strip()
            wishes.append(Wish(words=words, alternatives=tuple(alternatives)))
    used = tuple(one for one, subject in zip(several, about, strict=True) if subject)
    return Amounts(filters=tuple(filters), wishes=tuple(wishes), taken=frozenset(taken), used=used)


def _unnamed(measure: Measure, query: Asking, fields: Fields) -> Subject:
    """What an amount is about beside which no attribute is named."""
    if measure.price:
        return "price"
    if not measure.bare:
        return tuple(query.some_have(measure, fields.measured(measure, query.things, None)))
    if not measure.stated and measure.low == measure.high:
        return ()
    meant = query.meant(measure)
    if isinstance(meant, Field):
        return (meant,)
    return "price" if meant or (measure.stated and _is_price(measure, fields)) else ()


def _after_or(place: int, several: Sequence[Measure], query: Asking) -> bool:
    """Whether only an "or" stands between an amount and the one before."""
    if not place:
        return False
    start, stop = several[place - 1].stop, several[place].start
    between = [
        mark
        for word, mark in zip(query.words, query.marks, strict=True)
        if start <= word.start and word.stop <= stop
    ]
    return bool(between) and all(mark == "or" for mark in between)


def _bare(query: Asking, measures: Sequence[Measure], joins: Collection[str]) -> Iterator[Measure]:
    """Numbers alone: '24' of '24 ports', '20-50'."""
    numbers = [_number(word) if free else None for word, free in zip(query.words, query.free, strict=True)]
    at = 0
    while at < len(numbers):
        low, word = numbers[at], query.words[at]
        at += 1
        if low is None or any(one.start < word.stop and word.start < one.stop for one in measures):
            continue
        high, last = low, word
        following = next((i for i in range(at, min(at + 2, len(numbers))) if numbers[i] is not None), None)
        if following is not None:
            other, after = numbers[following], query.words[following]
            gap = query.text[word.stop : after.start].strip().casefold()
            if gap in joins and other is not None and other > low:
                high, last, at = other, after, following + 1
        if low < high or word.folded.isdecimal():
            yield Measure(number=low, low=low, high=high, start=word.start, stop=last.stop)


def _number(word: Word) -> float | None:
    """What a word of digits says, or None."""
    plain = word.folded.replace(".", "", 1)
    return float(word.folded) if plain.isdecimal() and len(plain) < _MOST_DIGITS else None


def _price(measure: Measure) -> list[Filter]:
    low, high = measure.low, measure.high
    if not measure.stated and low == high:
        low, high = measure.number * (1 - _NEAR_PRICE), measure.number * (1 + _NEAR_PRICE)
    return _between("price", low, high)


def _is_price(measure: Measure, fields: Fields) -> bool:
    """Whether a number without a unit can be a price of this shop."""
    cheapest, dearest = fields.price.tolist()
    if math.isnan(cheapest):
        return False
    return (measure.high is None or measure.high >= cheapest) and (
        measure.low is None or measure.low <= dearest
    )


def _named(
    query: Asking, measure: Measure, fields: Fields, grammar: Grammar
) -> tuple[list[int] | None, set[int]]:
    """(the attributes that the words beside an amount name or None, the positions of these words)."""
    words = query.words
    inside = [i for i, word in enumerate(words) if word.start < measure.stop and word.stop > measure.start]
    if not inside:
        return None, set()
    after, before = inside[-1] + 1, inside[0]
    if query.marks[after : after + 1] == ["stop"]:
        after += 1  # "8 GB of memory"
    for length in range(_NAME_WORDS, 0, -1):
        for start in (after, before - length):
            span = range(start, start + length)
            if start < 0 or start + length > len(words) or not all(query.free[i] for i in span):
                continue
            found = fields.called(key(words[start : start + length]), measure, grammar)
            if found:
                return found, set(span)
    return None, set()


def _conditions(measure: Measure, field: Field) -> tuple[Filter, ...]:
    """An amount as conditions on one attribute."""
    name = f"attr.{field.name}"
    low, high = measure.low, measure.high
    if measure.bare and field.unit is not None and field.stated:
        return tuple(_between(name, low, high, unit=f" {field.unit.name}"))
    if measure.unit is not None and field.stated:
        if (
            field.unit is not None
            and low is not None
            and low == high
            and not of_one_system(field.unit, measure.unit)
        ):
            low, high = low * (1 - _FEET), low * (1 + _FEET)
        return tuple(_between(name, low, high, unit=f" {measure.unit.name}"))
    if measure.unit is not None and field.unit is not None and field.unit != measure.unit:
        low = None if low is None else convert(low, measure.unit, field.unit)
        high = None if high is None else convert(high, measure.unit, field.unit)
        if low is not None and low == high:
            near = _ROUNDED if of_one_system(field.unit, measure.unit) else _FEET
            low, high = low * (1 - near), low * (1 + near)
    return tuple(_between(name, low, high))


def _between(name: str, low: float | None, high: float | None, *, unit: str = "") -> list[Filter]:
    def value(number: float) -> str | float:
        rounded = float(f"{number:.10g}")
        return f"{rounded:.10f}".rstrip("0").rstrip(".") + unit if unit else rounded

    if low is not None and low == high:
        return [Filter(field=name, op="=", value=value(low))]
    found = []
    if low is not None:
        found.append(Filter(field=name, op=">=", value=value(low)))
    if high is not None:
        found.append(Filter(field=name, op="<=", value=value(high)))
    return found
