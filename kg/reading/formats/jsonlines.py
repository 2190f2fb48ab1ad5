"""JSON Lines: one object per line. A small JSON array of objects is read, too, and a single object whose keys
are ids: {"17": {"title": "Lamp", …}, …} or, with nothing but labels, {"17": ["lamps", "black"], …}."""

from __future__ import annotations

import json
from collections.abc import Iterator
from itertools import chain

from kg.errors import DataError
from kg.reading.formats.base import BadRow, Cells, Format, Row, Table, byte_order_note
from kg.reading.opening import OpenFile, text_lines

MAX_ARRAY = 32 << 20
"""A JSON array must be read whole, so it may have so many characters."""

_NOT_OBJECT = "each line must be one JSON object"


def _claims(file: OpenFile) -> bool:
    start = file.head.removeprefix(b"\xef\xbb\xbf").lstrip()[:1]
    return start in (b"{", b"[") or file.suffix in (".jsonl", ".ndjson", ".json")


def _table(file: OpenFile, delimiter: str) -> Table:
    lines = text_lines(file)
    notes = byte_order_note(file)
    first = ""
    blank = 0
    for first in lines:
        if first.strip():
            break
        blank += 1
    if first.strip() == "{":
        raise DataError(
            f"{file.name} spreads one JSON object over several lines; write one object per line: jq -c . FILE"
        )
    start = first.lstrip()
    second = next(lines, None)
    ahead = [first] if second is None else [first, second]
    if start.startswith("[") and (second is None or not _is_one_value(start)):
        rows: Iterator[Row] = _array_rows(_array(chain(ahead, lines), file.name))
        notes = (*notes, f"{file.name} is a JSON array: lines are numbers of its elements")
    elif second is None and (entries := _by_id(start)):
        rows = iter(enumerate(entries, 1))
        notes = (
            *notes,
            f"{file.name} is one JSON object: its keys are ids, lines are places in it",
        )
    else:
        rows = _rows(chain(ahead, lines), blank)
    return Table(name=file.name, columns=None, rows=rows, typed=True, notes=notes)


def _is_one_value(text: str) -> bool:
    try:
        json.loads(text)
    except (ValueError, RecursionError):
        return False
    return True


def _by_id(text: str) -> list[Cells]:
    """The entries of an object of objects, or of lists of labels, as rows; none if it is something else."""
    try:
        value = json.loads(text)
    except (ValueError, RecursionError):
        return []
    if not isinstance(value, dict) or len(value) < 2:
        return []
    if all(isinstance(entry, dict) for entry in value.values()):
        return [{"id": key, **entry} for key, entry in value.items()]
    if all(isinstance(entry, list) for entry in value.values()):
        return [{"id": key, "labels": entry} for key, entry in value.items()]
    return []


def _array(lines: Iterator[str], name: str) -> list[object]:
    text: list[str] = []
    size = 0
    for line in lines:
        text.append(line)
        size += len(line)
        if size > MAX_ARRAY:
            raise DataError(
                f"{name} is a JSON array of more than {MAX_ARRAY >> 20} MB, which cannot be streamed; "
                "write one object per line: jq -c '.[]' FILE"
            )
    try:
        items = json.loads("".join(text))
    except (ValueError, RecursionError) as error:
        raise DataError(f"{name} starts like a JSON array but is none ({error}); mend it") from None
    return items if isinstance(items, list) else [items]


def _array_rows(items: list[object]) -> Iterator[Row]:
    for number, item in enumerate(items, 1):
        if isinstance(item, dict):
            yield number, item
        else:
            yield number, BadRow(text=json.dumps(item), rule="each element must be a JSON object")


def _rows(lines: Iterator[str], blank: int) -> Iterator[Row]:
    decode = json.JSONDecoder().decode
    for number, line in enumerate(lines, blank + 1):
        try:
            value = decode(line)
        except (ValueError, RecursionError) as error:
            if not line.strip():
                continue
            why = error.msg if isinstance(error, json.JSONDecodeError) else type(error).__name__
            yield number, BadRow(text=line.rstrip("\r\n"), rule=f"{_NOT_OBJECT} ({why})")
            continue
        if isinstance(value, dict):
            yield number, value
        else:
            yield number, BadRow(text=line.rstrip("\r\n"), rule=_NOT_OBJECT)


FORMAT = Format(name="JSON Lines", claims=_claims, table=_table)
