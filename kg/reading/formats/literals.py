"""Python literals: one printed dict a line, as some data sets were published. Nothing is ever run."""

from __future__ import annotations

import ast
import re
import warnings
from collections.abc import Iterator

from kg.reading.formats.base import BadRow, Format, Row, Table, byte_order_note
from kg.reading.opening import OpenFile, text_lines

MAX_LITERAL = 1 << 18
"""The tree of a line takes some hundred times its memory, so it may have so many characters."""

_START = re.compile(rb"(?:\xef\xbb\xbf)?\s*\{\s*u?'")


def _claims(file: OpenFile) -> bool:
    return _START.match(file.head) is not None  # no JSON starts like that


def _table(file: OpenFile, delimiter: str) -> Table:
    return Table(
        name=file.name, columns=None, rows=_rows(text_lines(file)), typed=True, notes=byte_order_note(file)
    )


def _rows(lines: Iterator[str]) -> Iterator[Row]:
    for number, line in enumerate(lines, 1):
        if line.isspace():
            continue
        if len(line) > MAX_LITERAL:
            yield number, _bad(line, f"at most {MAX_LITERAL:,} characters")
            continue
        try:
            value = _evaluated(line.strip())
        except (ValueError, SyntaxError, TypeError, MemoryError, RecursionError) as error:
            yield number, _bad(line, error.msg if isinstance(error, SyntaxError) else type(error).__name__)
            continue
        if isinstance(value, dict):
            yield number, {str(key): part for key, part in value.items()}
        else:
            yield number, _bad(line, f"not a {type(value).__name__}")


def _evaluated(text: str) -> object:
    if "\\" not in text:
        return ast.literal_eval(text)
    with warnings.catch_warnings():  # a stray backslash is no one's mistake here
        warnings.simplefilter("ignore")
        return ast.literal_eval(text)


def _bad(line: str, why: str) -> BadRow:
    return BadRow(text=line.rstrip("\r\n"), rule=f"each line must be one Python dict of plain values ({why})")


FORMAT = Format(name="Python literals", claims=_claims, table=_table)
