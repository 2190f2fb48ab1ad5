"""Numbers as people write them in catalogs: with units, as fractions, multiples, ranges and bounds.

1,5 kg · 15.6" · 12 000 mAh    a number with its unit
1/2 in · 1 ½ cups              fractions
2 x 500 ml                     the total, 1000 ml, for what adds up (mass, volume, power …); three times
                               50 cm is no length of 150 cm, so that is refused
10–12 cm · 10 to 12 cm         a range: two values, its ends, so that `>=11` and `<=11` both find it
≤ 5 W · max. 5 W · ca. 5 W     the number itself
15.6" (39.6 cm)                what stands in brackets at the end is not read
"""

from __future__ import annotations

import re
from functools import lru_cache

from kg.reading.values import Decimals, decimal
from kg.records import Quantity
from kg.units import Unit, convert, find_unit, is_doubtful, near_units

_LONGEST = 100
_LONGEST_PLAIN = 40
_STARTS = frozenset("0123456789+-−.,")
_ADDITIVE = frozenset(
    ("mass", "volume", "area", "time", "power", "energy", "charge", "data size", "count", "packs", "sheets")
)
_BOUND = re.compile(
    r"(?:[≤≥<>~≈±]=?"
    r"|(?:ca|circa|approx|about|around|max|min|maximum|minimum|up to|from|bis(?: zu)?|ab|etwa)\b\.?"
    r"|约|最大|最小|最多|至少|不超过)\s*",
    re.IGNORECASE,
)
_BRACKETS = re.compile(r"\s*\([^()]*\)$")
_FRACTIONS = {
    "½": 1 / 2,
    "¼": 1 / 4,
    "¾": 3 / 4,
    "⅓": 1 / 3,
    "⅔": 2 / 3,
    "⅛": 1 / 8,
    "⅜": 3 / 8,
    "⅝": 5 / 8,
    "⅞": 7 / 8,
}
_DIGITS = r"(?:\d[\d.,'’\u00a0\u202f ]*\d|\d|[.,]\d+)"
_NUMBER = rf"[+-]?(?:\d+ \d{{1,3}}/\d{{1,3}}|\d{{1,3}}/\d{{1,3}}|\d* ?[{''.join(_FRACTIONS)}]|{_DIGITS})"
_UNIT = r"[^\d\s+\-–—x×*~].{0,30}?"
_SINGLE = re.compile(rf"({_NUMBER})\s*({_UNIT})?")
_MULTIPLE = re.compile(rf"({_NUMBER})\s*(?:[x×*]|mal)\s*({_NUMBER})\s*({_UNIT})?", re.IGNORECASE)
_RANGE = re.compile(
    rf"({_NUMBER})\s*({_UNIT})?\s*(?:-|–|—|~|\.\.\.?|…|bis|to|至|到)\s*({_NUMBER})\s*({_UNIT})?",
    re.IGNORECASE,
)
_SEVERAL = re.compile(r"\d\D*[x×*]\D*\d", re.IGNORECASE)
_PLAIN = re.compile(rf"([+-]?{_DIGITS})(\s?)([^\d\s+\-–—].{{0,15}})")


def measure(text: str, decimals: Decimals, unit: str = "") -> float | Quantity | tuple[float | Quantity, ...]:
    """The number that a text holds, with its unit; in `unit` if that is given. ValueError with the rule.

    A range gives both its ends.
    """
    text = _cleaned(text) if len(text) <= _LONGEST else ""
    if match := _MULTIPLE.fullmatch(text):
        times, number, name = match.groups()
        if not name:
            raise ValueError("must be one number")
        if (found := _unit(name)).dimension not in _ADDITIVE:
            raise ValueError(f"several measures of {found.dimension} do not add up to one number")
        return _in_unit(_value(times, decimals) * _value(number, decimals), name, unit)
    if match := _RANGE.fullmatch(text):
        low, low_name, high, high_name = match.groups()
        ends = (low, low_name or high_name), (high, high_name or low_name)
        return tuple(_in_unit(_value(number, decimals), name, unit) for number, name in ends)
    if match := _SINGLE.fullmatch(text):
        number, name = match.groups()
        return _in_unit(_value(number, decimals), name, unit)
    if _SEVERAL.search(text):
        raise ValueError("must be one number; give each measure a column of its own")
    raise ValueError("must be a number")


def plain_quantity(text: str, decimals: Decimals) -> Quantity | None:
    """A number and a known unit, and nothing else: '1.5 kg' but not 'size 10 in', '75B' or '10-12 cm'."""
    short = len(text) <= _LONGEST_PLAIN and text.lstrip()[:1] in _STARTS
    return _plain_quantity(text, decimals) if short else None


@lru_cache(maxsize=1 << 14)
def _plain_quantity(text: str, decimals: Decimals) -> Quantity | None:
    match = _PLAIN.fullmatch(text.strip().replace("−", "-"))
    if match is None:
        return None
    digits, space, name = match.groups()
    unit = find_unit(name)
    if unit is None or (not space and is_doubtful(name)):
        return None
    try:
        return Quantity(number=float(decimal(digits, decimals)), unit=unit.name)
    except ValueError:
        return None


def _cleaned(text: str) -> str:
    text = _BRACKETS.sub("", text.strip().replace("−", "-"))
    return _BOUND.sub("", text, count=1) if _BOUND.match(text) else text


def _value(text: str, decimals: Decimals) -> float:
    whole, fraction = text, 0.0
    if text[-1] in _FRACTIONS:
        whole, fraction = text[:-1].strip(), _FRACTIONS[text[-1]]
    elif "/" in text:
        whole, _, last = text.rpartition(" ")
        over, _, under = last.partition("/")
        if not int(under):
            raise ValueError("must be a number")
        if over[0] in "+-":
            whole, over = over[0], over[1:]
        fraction = int(over) / int(under)
    if not fraction:
        return float(decimal(text, decimals))
    sign = -1.0 if whole.startswith("-") else 1.0
    whole = whole.lstrip("+-")
    return sign * ((int(whole) if whole else 0) + fraction)


def _unit(name: str) -> Unit:
    found = find_unit(name)
    if found is None:
        raise ValueError(f"must be a number with a known unit, as {near_units(name)}")
    return found


def _in_unit(number: float, name: str | None, wanted: str) -> float | Quantity:
    if not name:
        return Quantity(number=number, unit=wanted) if wanted else number
    if wanted and name.strip().casefold() == wanted.casefold():
        return Quantity(number=number, unit=wanted)
    found = _unit(name)
    if not wanted:
        return Quantity(number=number, unit=found.name)
    target = find_unit(wanted)
    if target is None or target.dimension != found.dimension:
        raise ValueError(
            f"must be in {wanted} or a unit of the same dimension, which {name.strip()!r} is not"
        )
    return Quantity(number=convert(number, found, target), unit=wanted)
