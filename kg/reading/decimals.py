"""Whether a comma or a point is the decimal sign of a table, found out from its first rows.

'1.299,00' and '12,5' can be read in one way only; '1,299' in two. What the cells of a column show settles
the column, and all columns together those that show nothing.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import islice
from typing import Literal, TypeAlias

from kg.errors import DataError
from kg.reading.formats.base import BadRow, Cells, Row
from kg.reading.measures import plain_quantity
from kg.reading.values import Decimals

SAMPLE_ROWS = 500
_SAMPLE_CHARACTERS = 1 << 20

Numeric: TypeAlias = Literal["always", "with a unit", "never"]
"""Whether the text in a column is to be a number: always, only where a unit says so, or never."""

_RUN = re.compile(r"\d[\d.,'’\u00a0\u202f ]*\d")
_GROUPS = {sign: re.compile(rf"[1-9]\d{{0,2}}(?:[{sign}]\d{{3}})+") for sign in ".,"}


@dataclass(frozen=True, kw_only=True)
class DecimalSigns:
    """The sign of a table, and the columns that have the other one. `notes` say what was decided, and why."""

    table: Decimals
    others: frozenset[str] = frozenset()
    notes: tuple[str, ...] = ()

    def of(self, column: str) -> Decimals:
        if column not in self.others:
            return self.table
        return "." if self.table == "," else ","


def shown_by(text: str) -> Decimals | None:
    """The decimal sign that a text shows beyond doubt."""
    match = _RUN.search(text)
    if match is None:
        return None
    run = re.sub(r"['’\u00a0\u202f ]", "", match[0])
    points, commas = run.count("."), run.count(",")
    if points and commas:
        sign: Decimals = "." if run.rindex(".") > run.rindex(",") else ","
        return sign if run.count(sign) == 1 else None
    if not points and not commas:
        return None
    sign = "." if points else ","
    if points + commas == 1:
        return None if _GROUPS[sign].fullmatch(run) else sign
    if _GROUPS[sign].fullmatch(run):  # 1.299.000: it separates thousands
        return "," if points else "."
    return None


def look_ahead(rows: Iterator[Row]) -> tuple[list[Cells], Iterator[Row]]:
    """The first rows, and all of them again. An error among the first comes in its place."""
    taken: list[Row] = []
    failed: DataError | None = None
    size = 0
    try:
        for row in islice(rows, SAMPLE_ROWS):
            taken.append(row)
            cells = row[1]
            size += len(cells.text) if isinstance(cells, BadRow) else sum(map(_length, cells.values()))
            if size > _SAMPLE_CHARACTERS:
                break
    except DataError as error:
        failed = error

    def again() -> Iterator[Row]:
        yield from taken
        taken.clear()
        if failed is not None:
            raise failed
        yield from rows

    return [cells for _, cells in taken if not isinstance(cells, BadRow)], again()


def _length(value: object) -> int:
    return len(value) if isinstance(value, str) else 8


def settle(sample: list[Cells], numeric: Callable[[str], Numeric], name: str) -> DecimalSigns:
    """Decide for a table by its first rows; a point where nothing shows."""
    counts: dict[str, Counter[Decimals]] = {}
    examples: dict[tuple[str, Decimals], str] = {}
    doubtful: dict[str, str] = {}
    kinds: dict[str, Numeric] = {}
    for cells in sample:
        for column, value in cells.items():
            if not isinstance(value, str) or not value:
                continue
            kind = kinds.get(column) or kinds.setdefault(column, numeric(column))
            if kind == "never" or (kind == "with a unit" and not _has_unit(value)):
                continue
            sign = shown_by(value)
            if sign is not None:
                counts.setdefault(column, Counter())[sign] += 1
                examples.setdefault((column, sign), value)
            elif kind == "always" and ("." in value or "," in value):
                doubtful.setdefault(column, value)
    per_column: dict[str, Decimals] = {column: _most(votes) for column, votes in counts.items()}
    table = _most(sum(counts.values(), Counter()))
    others = frozenset(column for column, sign in per_column.items() if sign != table)
    notes = []
    commas = [column for column, sign in per_column.items() if sign == ","]
    if commas:
        where = f" in {', '.join(commas[:5])}" if table == "." or others else ""
        notes.append(
            f"{name}: a comma is the decimal sign{where}, as in {examples[commas[0], ',']!r}; "
            'say decimal = "." in a mapping if that is wrong'
        )
    elif not counts and doubtful:
        column, example = next(iter(doubtful.items()))
        notes.append(
            f"{name}: numbers like {example!r} in {column} can be read in two ways; a point was taken for "
            'the decimal sign; say decimal = "," in a mapping if that is wrong'
        )
    if mixed := next((column for column, votes in counts.items() if len(votes) > 1), ""):
        taken = "comma" if per_column[mixed] == "," else "point"
        notes.append(
            f"{name}: {mixed} has numbers with a decimal comma and with a decimal point, as "
            f"{examples[mixed, ',']!r} and {examples[mixed, '.']!r}; a {taken} was taken for the "
            "decimal sign, so others may be misread; write them in one way"
        )
    return DecimalSigns(table=table, others=others, notes=tuple(notes))


def _has_unit(value: str) -> bool:
    return plain_quantity(value, ".") is not None or plain_quantity(value, ",") is not None


def _most(votes: Counter[Decimals]) -> Decimals:
    return "," if votes[","] > votes["."] else "."
