"""Output: one JSON document, tables for people, and a sign of life while they wait."""

from __future__ import annotations

import json
import math
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

import click

_WIDE = 160
"""The width of a table that goes into a file or a pipe."""
_NARROW = 16
"""No column is cut below this: an id, a date or a price is worth nothing without its end."""
_FIRST = 40
_BETWEEN = 2


def print_json(document: Any) -> None:
    """One document on stdout; numbers that JSON does not know become null."""
    click.echo(json.dumps(_plain(document), ensure_ascii=False, indent=2, allow_nan=False))


def print_table(columns: Sequence[str], rows: Sequence[Sequence[str]], *, right: Sequence[str] = ()) -> None:
    """A table as wide as the terminal; columns named in `right` hold numbers."""
    from rich.cells import cell_len
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    console = Console(file=sys.stdout, width=None if sys.stdout.isatty() else _WIDE, highlight=False)
    whole = [
        max([cell_len(column), *(cell_len(row[place]) for row in rows)])
        for place, column in enumerate(columns)
    ]
    least = [
        width if column in right else min(width, _NARROW if place else _FIRST)
        for place, (column, width) in enumerate(zip(columns, whole, strict=True))
    ]
    widths = _fitting(whole, least, console.width - _BETWEEN * (len(columns) - 1))
    table = Table(box=None, pad_edge=False, header_style="bold", padding=(0, _BETWEEN, 0, 0))
    for column, width in zip(columns, widths, strict=True):
        table.add_column(
            column,
            justify="right" if column in right else "left",
            no_wrap=True,
            overflow="ellipsis",
            width=width,
        )
    for row in rows:
        table.add_row(*(Text(cell) for cell in row))
    console.print(table)


def _fitting(whole: Sequence[int], least: Sequence[int], room: int) -> list[int]:
    """Widths of columns that together take no more than the room: the widest give way first, none below its
    least."""
    widths = list(whole)
    for limit in range(max(whole, default=0), 0, -1):
        if sum(widths) <= room:
            break
        widths = [max(low, min(width, limit)) for width, low in zip(widths, least, strict=True)]
    return widths


def facts_of(card: Mapping[str, Any], prefix: str = "") -> list[tuple[str, str]]:
    """A nested card as rows (name, value): {"kge": {"mrr": 0.3}} is ("kge.mrr", "0.3")."""
    rows: list[tuple[str, str]] = []
    for name, value in card.items():
        if isinstance(value, Mapping):
            rows += facts_of(value, f"{prefix}{name}.")
        elif isinstance(value, float):
            rows.append((prefix + name, f"{value:.4g}"))
        elif isinstance(value, list | tuple):
            rows += [(prefix + name, str(item)) for item in value[:5]]
        elif value is not None:
            rows.append((prefix + name, str(value)))
    return rows


@contextmanager
def waiting(what: str) -> Iterator[None]:
    """A turning wheel on a terminal, else nothing."""
    if not sys.stderr.isatty():
        yield
        return
    from rich.console import Console

    with Console(file=sys.stderr).status(what):
        yield


def _plain(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {str(name): _plain(item) for name, item in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(item) for item in value]
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if value is None or isinstance(value, str | int):
        return value
    return str(value)
