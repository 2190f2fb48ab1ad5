"""One JSON-LD document over many lines, read whole."""

from __future__ import annotations

import json

from kg.errors import DataError
from kg.reading.formats.base import Format, Row, Table
from kg.reading.opening import OpenFile, text_lines

MAX_DOCUMENT = 64 << 20
"""A document is read whole, so it may have so many characters."""

_MARKS = (b'"@context"', b'"@graph"', b'"@type"')


def _claims(file: OpenFile) -> bool:
    """JSON-LD whose first line is not a whole object: otherwise it is JSON Lines."""
    start = file.head.removeprefix(b"\xef\xbb\xbf").lstrip()
    if start[:1] not in (b"{", b"["):
        return False
    line, ended, _ = start.partition(b"\n")
    return (file.suffix == ".jsonld" or any(mark in start for mark in _MARKS)) and (
        start.startswith(b"[") or (bool(ended) and not _is_whole(line))
    )


def _is_whole(line: bytes) -> bool:
    try:
        json.loads(line)
    except (ValueError, RecursionError):
        return False
    return True


def _table(file: OpenFile, delimiter: str) -> Table:
    parts: list[str] = []
    size = 0
    for line in text_lines(file):
        parts.append(line)
        size += len(line)
        if size > MAX_DOCUMENT:
            raise DataError(
                f"{file.name} is one JSON document of more than {MAX_DOCUMENT >> 20} MB, which must be read "
                "whole; write one product per line: jq -c '.[\"@graph\"][]' FILE"
            )
    try:
        value = json.loads("".join(parts), strict=False)
    except json.JSONDecodeError as error:
        where = f"line {error.lineno:,}, column {error.colno:,}"
        raise DataError(f"{file.name}: {where}: broken JSON ({error.msg}); export it again") from None
    except RecursionError:
        raise DataError(f"{file.name}: its JSON is nested too deep to be read; export it again") from None
    row: Row = (1, value if isinstance(value, dict) else {"@graph": value})
    return Table(name=file.name, columns=None, rows=iter((row,)), typed=True)


FORMAT = Format(name="JSON-LD", claims=_claims, table=_table)
