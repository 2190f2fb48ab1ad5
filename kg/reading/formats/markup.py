"""XML and HTML."""

from __future__ import annotations

from typing import NoReturn

from kg.errors import DataError
from kg.reading.formats.base import Format
from kg.reading.opening import OpenFile


def _claims(file: OpenFile) -> bool:
    return file.head.removeprefix(b"\xef\xbb\xbf").lstrip()[:1] == b"<"


def _table(file: OpenFile, delimiter: str) -> NoReturn:
    raise DataError(f"{file.name} is an HTML or XML page, not a table; get the CSV or JSON Lines file")


FORMAT = Format(name="markup", claims=_claims, table=_table)
