"""Amounts in a query: prices, numbers with units, and what is said of them ("under 50", "15-17 inch")."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from functools import cached_property

from kg.units import Unit, find_unit, is_doubtful
from recommend.understand.language import Cue, Grammar
from recommend.understand.numbers import NUMERALS, as_number, with_digits
from recommend.understand.tokens import CJK, is_cjk

_LATIN = rf"[^\W_{CJK}]"
_NUMBER = re.compile(rf"(?:(?<!{_LATIN})|(?<=\d[x×X]))(?<!\d[.,])\d(?:[\d.,]*\d)?")
_UNIT = re.compile(
    rf"""[\s-]?(?:
        (?P<sign>''|["″”′'℃℉%]|°\s?[cCfF]?)
      | (?P<word>[a-zA-ZµμäöüßÄÖÜΩ]+(?:[²³](?!\d)|[23](?![\d.]))?(?:/[a-zA-Z]+[²³]?)?)(?!{_LATIN})
      | (?P<cjk>[\u4e00-\u9fff]{{1,4}})
    )""",
    re.VERBOSE,
)
_TIMES = re.compile(r"\s*[x×*X]\s*")
_WINDOW = 32
"""So many characters before a number are looked at for what is said of it."""
_ABOUT = 0.1
"""'About 10' is 9 to 11."""
_BINARY = 0.025
"""1 TB may be 1,000 or 1,024 GB."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Measure:
    """An amount from `low` to `high` (None: no limit), both included, in `unit`; a price if `price`. `number`
    is the (first) number as written.

    `bare`: only a number and a comparison, so that it may be a price or anything else. start, stop: its place
    in the text, with the words that compare; `stated`: whether a comparison was written.
    """

    number: float
    low: float | None
    high: float | None
    unit: Unit | None = None
    price: bool = False
    stated: bool = False
    start: int
    stop: int

    @property
    def bare(self) -> bool:
        return self.unit is None and not self.price


@dataclass(frozen=True, kw_only=True, slots=True)
class _Amount:
    number: float
    unit: Unit | None
    price: bool
    start: int
    stop: int


class MeasureReader:
    """Finds amounts with the small words of a grammar."""

    def __init__(self, grammar: Grammar) -> None:
        self._grammar = grammar

    def find(self, text: str) -> tuple[Measure, ...]:
        """The amounts of a text that is `normal`, from left to right; none overlaps another."""
        if not any(c.isdigit() or c in NUMERALS for c in text):
            return ()
        lower = text.lower()
        if len(lower) == len(text):  # one letter of Turkish becomes two
            text = lower
        amounts = self._amounts(*with_digits(text))
        found: list[Measure] = []
        at = 0
        while at < len(amounts):
            several = self._range(text, amounts, at)
            if several is None:
                one = self._single(text, amounts[at])
                at += 1
            else:
                one = several
                at += 2
            if one is not None and (not found or found[-1].stop <= one.start):
                found.append(one)
        return tuple(found)

    def units_in(self, text: str) -> Iterator[tuple[float, Unit]]:
        """The numbers with units in a text, whatever is said of them."""
        for match in _NUMBER.finditer(text):
            unit, _ = _unit(text, match.end())
            if unit is not None and math.isfinite(number := as_number(match[0])):
                yield number, unit

    def _amounts(self, text: str, numerals: dict[int, float]) -> list[_Amount]:
        found: list[_Amount] = []
        for match in _NUMBER.finditer(text):
            start, stop = match.span()
            spelled = numerals.get(start)
            if found and start < found[-1].stop:
                continue
            before = self._money_before.search(text[max(0, start - _WINDOW) : start])
            after = self._money_after.match(text, stop)
            price = bool(before or after)
            unit = None
            if after:
                stop = after.end()
            elif not before:
                unit, stop = _unit(text, stop)
            if before:
                start -= len(before[0])
            number = as_number(match[0], price=price) if spelled is None else spelled
            if math.isfinite(number):
                found.append(_Amount(number=number, unit=unit, price=price, start=start, stop=stop))
        return _shared_units(text, found)

    def _range(self, text: str, amounts: list[_Amount], at: int) -> Measure | None:
        """Two amounts with a word of a range between them."""
        if at + 1 == len(amounts):
            return None
        one, other = amounts[at], amounts[at + 1]
        gap = text[one.stop : other.start].strip().casefold()
        before = self._between.search(text[max(0, one.start - _WINDOW) : one.start])
        if gap not in self._grammar.phrases["range"] and not (
            before and gap in self._grammar.phrases["range_and"]
        ):
            return None
        unit = other.unit or one.unit
        price = one.price or other.price
        backward = one.number > other.number
        if (unit is None and not price and not before) or (backward and not before):
            return None
        if one.unit is not None and other.unit is not None and one.unit != other.unit:
            return None
        return Measure(
            number=one.number,
            low=other.number if backward else one.number,
            high=one.number if backward else other.number,
            unit=unit,
            price=price,
            stated=True,
            start=one.start - (len(before[0]) if before else 0),
            stop=other.stop,
        )

    def _single(self, text: str, amount: _Amount) -> Measure | None:
        number, start, stop = amount.number, amount.start, amount.stop
        window = text[max(0, start - _WINDOW) : start]
        below, above, about = (p.search(window) for p in self._before)
        # the longest wins: "no more than" is no "more than"
        cue = max((m for m in (below, above, about) if m), key=lambda m: len(m[0]), default=None)
        after = None
        if cue is None:
            after = next(
                ((kind, m) for kind, p in enumerate(self._after) if (m := p.match(text, stop))), None
            )
        low: float | None = number
        high: float | None = number
        if cue is not None:
            start -= len(cue[0])
            kind = 0 if cue is below else 1 if cue is above else 2
        elif after is not None:
            kind, stop = after[0], after[1].end()
        elif amount.unit is None and not amount.price:
            return None
        else:
            kind = -1
        if kind == 0:
            low = None
        elif kind == 1:
            high = None
        elif kind == 2:
            low, high = number * (1 - _ABOUT), number * (1 + _ABOUT)
        elif amount.unit is not None and amount.unit.name == "in" and number == int(number):
            high = number + 0.99  # 15.6 inches are called 15
        elif amount.unit is not None and amount.unit.dimension == "data size":
            low, high = number * (1 - _BINARY), number * (1 + _BINARY)
        return Measure(
            number=number,
            low=low,
            high=high,
            unit=amount.unit,
            price=amount.price,
            stated=kind >= 0,
            start=start,
            stop=stop,
        )

    @cached_property
    def _before(self) -> tuple[re.Pattern[str], re.Pattern[str], re.Pattern[str]]:
        return self._ending("below"), self._ending("above"), self._ending("about")

    @cached_property
    def _after(self) -> tuple[re.Pattern[str], re.Pattern[str], re.Pattern[str]]:
        return self._beginning("below_after"), self._beginning("above_after"), self._beginning("about_after")

    @cached_property
    def _between(self) -> re.Pattern[str]:
        return self._ending("between")

    @cached_property
    def _money_before(self) -> re.Pattern[str]:
        return self._ending("currency")

    @cached_property
    def _money_after(self) -> re.Pattern[str]:
        return self._beginning("currency")

    def _ending(self, cue: Cue) -> re.Pattern[str]:
        return re.compile(rf"(?:{_either(self._grammar.phrases[cue])})\s*:?\s*$")

    def _beginning(self, cue: Cue) -> re.Pattern[str]:
        whole = "|".join(map(re.escape, sorted(self._grammar.phrases["whole"]))) or "(?!)"
        return re.compile(rf"\s*(?!{whole})(?:{_either(self._grammar.phrases[cue])})")  # no 内 of 内存


def _either(phrases: Iterable[str]) -> str:
    """Any of some phrases, the longest first; those of letters only as words of their own."""
    apart: list[str] = []
    anywhere: list[str] = []
    for phrase in sorted(phrases, key=lambda p: (-len(p), p)):
        text = r"\s+".join(map(re.escape, phrase.split()))
        lettered = phrase[-1].isalpha() and not is_cjk(phrase[-1])
        (apart if lettered else anywhere).append(text)
    found = [rf"(?<!{_LATIN})(?:{'|'.join(apart)})(?!{_LATIN}|')"] if apart else []
    return "|".join(found + anywhere) or r"(?!)"


def _unit(text: str, at: int) -> tuple[Unit | None, int]:
    """(the unit of a number that ends at a place or None, where it ends)."""
    match = _UNIT.match(text, at)
    if match is None:
        return None, at
    if match["cjk"]:
        run = match["cjk"]
        for length in range(min(len(run), 3), 0, -1):
            unit = find_unit(run[:length])
            if unit is not None:
                return unit, match.start("cjk") + length
        if run[0] == "寸":  # what screens are measured in, without the word English
            return find_unit("英寸"), match.start("cjk") + 1
        return None, at
    name = match["sign"] or match["word"]
    unit = find_unit(name)
    touches = match.start("sign" if match["sign"] else "word") == at
    if unit is None or (touches and is_doubtful(name)):
        return None, at
    if name.casefold() in ("in", "'", "′") and re.match(r"\s+\d|\s*\w*\d", text[match.end() :]):
        return None, at  # "2 in 1"
    return unit, match.end()


def _shared_units(text: str, amounts: list[_Amount]) -> list[_Amount]:
    """Gives '30 x 40 cm' its unit twice, and drops the count of '2 x 500 ml'."""
    found: list[_Amount] = []
    for amount in reversed(amounts):
        after = found[-1] if found else None
        if (
            after is not None
            and after.unit is not None
            and amount.unit is None
            and not amount.price
            and _TIMES.fullmatch(text, amount.stop, after.start)
        ):
            if after.unit.dimension == "length":
                found.append(replace(amount, unit=after.unit))
            else:
                found[-1] = replace(after, start=amount.start)
            continue
        found.append(amount)
    return found[::-1]
