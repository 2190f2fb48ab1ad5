"""The kinds of files that can be read. A new one is one file and one entry in `FORMATS`."""

from __future__ import annotations

from kg.reading.formats import columnar, delimited, document, jsonlines, literals, markup, page, statements
from kg.reading.formats.base import Format
from kg.reading.opening import OpenFile

FORMATS: tuple[Format, ...] = (
    columnar.FORMAT,
    statements.LINES,
    statements.TURTLE,
    page.FORMAT,
    markup.FORMAT,
    document.FORMAT,
    literals.FORMAT,
    jsonlines.FORMAT,
    delimited.FORMAT,
)
"""Asked in this order; the last one takes any text."""


def format_of(file: OpenFile) -> Format:
    """The first format that claims a file by its content, else by its name."""
    return next((f for f in FORMATS if f.claims(file)), FORMATS[-1])
