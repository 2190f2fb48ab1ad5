"""Amounts of a query as conditions on products."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from kg.filters import Filter
from kg.units import convert
from recommend.understand.fields import Field, Fields
from recommend.understand.measures import Measure
from recommend.understand.reading import Wish
from recommend.understand.words import Word, key

_NEAR_PRICE = 0.2
"""'80 €' is any price from 64 to 96."""
_ROUNDED = 0.005
"""Numbers that were converted to another unit may differ by this share."""
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


def amounts_of(
    text: str,
    words: Sequence[Word],
    measures: Sequence[Measure],
    fields: Fields,
    things: Sequence[tuple[int, float]],
    free: Sequence[bool],
) -> Amounts:
    """Conditions from measures. things: (node, weight) of the wanted types; free bool [words]: the words that
    may name the attribute."""
    filters: list[Filter] = []
    wishes: list[Wish] = []
    taken: set[int] = set()
    used: list[Measure] = []
    for measure in (*measures, *_counts(words, free)):
        said = text[measure.start : measure.stop].strip()
        if measure.price:
            filters += _price(measure)
            used.append(measure)
            continue
        among, places = _named(words, measure, fields, free)
        found = fields.measured(measure, things, among) if among else []
        if not found:
            places = set()
            found = [] if measure.bare else fields.measured(measure, things, None)
        if not found and measure.bare:
            if measure.stated and _is_price(measure, fields):
                filters += _price(measure)
                used.append(measure)
            continue
        if not found:
            continue
        alternatives = tuple(_conditions(measure, field) for field in found)
        if len(alternatives) == 1:
            filters += alternatives[0]
        else:
            wishes.append(Wish(words=said, alternatives=alternatives))
        taken |= places
        used.append(measure)
    return Amounts(filters=tuple(filters), wishes=tuple(wishes), taken=frozenset(taken), used=tuple(used))


def _counts(words: Sequence[Word], free: Sequence[bool]) -> Iterator[Measure]:
    """Bare numbers: '24' of '24 ports'."""
    for word, its_free in zip(words, free, strict=True):
        if its_free and word.folded.isdecimal() and len(word.folded) < _MOST_DIGITS:
            number = float(word.folded)
            yield Measure(number=number, low=number, high=number, start=word.start, stop=word.stop)


def _price(measure: Measure) -> list[Filter]:
    low, high = measure.low, measure.high
    if not measure.stated:
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
    words: Sequence[Word], measure: Measure, fields: Fields, free: Sequence[bool]
) -> tuple[list[int] | None, set[int]]:
    """(the attributes that the words beside an amount name or None, the positions of these words)."""
    inside = [i for i, word in enumerate(words) if word.start < measure.stop and word.stop > measure.start]
    if not inside:
        return None, set()
    after, before = inside[-1] + 1, inside[0]
    for length in range(_NAME_WORDS, 0, -1):
        for start in (after, before - length):
            span = range(start, start + length)
            if start < 0 or start + length > len(words) or not all(free[i] for i in span):
                continue
            found = fields.called(key(words[start : start + length]), measure)
            if found:
                return found, set(span)
    return None, set()


def _conditions(measure: Measure, field: Field) -> tuple[Filter, ...]:
    """An amount as conditions on one attribute."""
    name = f"attr.{field.name}"
    low, high = measure.low, measure.high
    if measure.unit is not None and field.stated:
        unit = measure.unit.name
        return tuple(_between(name, low, high, unit=f" {unit}"))
    if measure.unit is not None and field.unit is not None and field.unit != measure.unit:
        low = None if low is None else convert(low, measure.unit, field.unit)
        high = None if high is None else convert(high, measure.unit, field.unit)
        if low is not None and low == high:
            low, high = low * (1 - _ROUNDED), low * (1 + _ROUNDED)
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
