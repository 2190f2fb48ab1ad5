"""One table of a rules file: its values, checked, and the line where it stands for messages."""

from __future__ import annotations

import difflib
import math
import re
from collections.abc import Collection
from datetime import date, datetime
from typing import Any, NoReturn

from kg.errors import FilterError, SettingsError
from kg.filters import Filter

_HEADER = re.compile(r"\s*\[")


class Table:
    """Values are taken out one by one; what is left at the end is unknown to the format."""

    def __init__(
        self, source: str, text: str, values: Any, *, kind: str, name: str, header: str, place: int
    ) -> None:
        self._source = source
        self._lines = _lines_of(text, header, place)
        self._rule = name
        self._known: list[str] = []
        self.kind = kind
        if not isinstance(values, dict):
            self.fail("", f"is {values!r}, not a table", f"write it as {header}")
        self._values: dict[str, Any] = dict(values)
        if isinstance(own := values.get("name"), str) and own.strip():
            self._rule = f"{kind} {own.strip()!r}"

    def fail(self, key: str, problem: str, fix: str) -> NoReturn:
        line = next(
            (n for n, text in self._lines if re.match(rf"\s*[\"']?{re.escape(key)}[\"']?\s*=", text)), 0
        )
        line = line or (self._lines[0][0] if self._lines else 0)
        place = f"{self._source}, line {line}" if line else self._source
        raise SettingsError(f"{place}: {self._rule}: {key}{' ' if key else ''}{problem}; {fix}")

    def take(self, key: str) -> Any:
        self._known.append(key)
        return self._values.pop(key, None)

    def text(self, key: str, *, required: str = "") -> str:
        """One text; '' if it is missing and not required. `required` is an example of it."""
        value = self.take(key)
        if value is None and not required:
            return ""
        if value is None:
            self.fail(key, "is missing", f"add {key} = {required}")
        if not isinstance(value, str) or not value.strip():
            example = required or '"…"'
            self.fail(key, f"= {value!r} must be a text that says something", f"write {key} = {example}")
        return value.strip()

    def texts(self, key: str) -> tuple[str, ...]:
        """A text or a list of texts, none of them empty; () if missing."""
        value = self.take(key)
        if value is None:
            return ()
        listed = value if isinstance(value, list) else [value]
        for one in listed:
            if not isinstance(one, str) or not one.strip():
                self.fail(
                    key, f"= {value!r} must be a text or a list of texts", f'write {key} = "…" or ["…", "…"]'
                )
        if not listed:
            self.fail(key, "= [] lists nothing", "fill it or remove the line")
        return tuple(dict.fromkeys(one.strip() for one in listed))

    def number(self, key: str, *, low: float, high: float, example: str, ends: bool = False) -> float | None:
        """A number between two others (with them, if `ends`); None if missing."""
        value = self.take(key)
        if value is None:
            return None
        good = isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)
        if not good or not (low <= value <= high if ends else low < value < high):
            span = f"from {low:g} to {high:g}" if ends else f"above {low:g} and below {high:g}"
            self.fail(key, f"= {value!r} must be a number {span}", f"write {key} = {example}")
        return float(value)

    def whole(self, key: str, *, low: int, high: int, default: int) -> int:
        value = self.take(key)
        if value is None:
            return default
        if not isinstance(value, int) or isinstance(value, bool) or not low <= value <= high:
            self.fail(
                key, f"= {value!r} must be a whole number from {low} to {high:,}", f"write {key} = {default}"
            )
        return value

    def filters(self, key: str) -> tuple[Filter, ...]:
        """Filters as in a search, one or a list."""
        found: list[Filter] = []
        for text in self.texts(key):
            try:
                found.append(Filter.parse(text))
            except FilterError as error:
                self.fail(key, f"= {text!r} is no filter", str(error))
        return tuple(found)

    def day(self, key: str, default: date) -> date:
        value = self.take(key)
        if isinstance(value, str):
            try:
                value = date.fromisoformat(value.strip())
            except ValueError:
                self.fail(key, f"= {value!r} is no date", f"write {key} = 2026-03-01")
        if value is None:
            return default
        if isinstance(value, datetime):
            return value.date()
        if not isinstance(value, date):
            self.fail(key, f"= {value!r} is no date", f"write {key} = 2026-03-01")
        return value

    def end(self) -> None:
        """Fails if there is a key that nobody asked for."""
        for key in self._values:
            self.fail(key, "is unknown here", nearest(key, self._known))

    @property
    def rule(self) -> str:
        """The name of the rule, or what it is called without one."""
        own = self.text("name")
        return own or self._rule


def nearest(word: str, known: Collection[str]) -> str:
    """A fix for a misspelt key."""
    near = difflib.get_close_matches(word, known, n=1)
    return f"did you mean {near[0]!r}?" if near else f"there are {', '.join(known)}"


def _lines_of(text: str, header: str, place: int) -> list[tuple[int, str]]:
    """(number, line) from a header (its `place`-th, counted from 0) to the next one."""
    name = re.escape(header.strip("[]"))
    opening = rf"\s*\[\[\s*{name}\s*\]\]" if header.startswith("[[") else rf"\s*\[\s*{name}\s*\]"
    lines = list(enumerate(text.splitlines(), start=1))
    starts = [at for at, (_, line) in enumerate(lines) if re.match(opening, line)]
    if place >= len(starts):
        return []
    start = starts[place]
    stop = next((at for at in range(start + 1, len(lines)) if _HEADER.match(lines[at][1])), len(lines))
    return lines[start:stop]
