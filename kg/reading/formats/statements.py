"""RDF: N-Triples a line at a time, Turtle whole; each triple is a row. rdflib reads them, an extra."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from kg.errors import DataError
from kg.reading.formats.base import BadRow, Cells, Format, Row, Table
from kg.reading.opening import OpenFile, text_lines

MAX_TURTLE = 32 << 20
"""Turtle must be read whole, so it may have so many characters; rdflib takes many times that in memory."""

COLUMNS = ("subject", "predicate", "object", "form")
"""`form` is what the object is: 'node', 'text', '@' and a language, or the address of a data type."""

_BASE = "relative:/"
_COMMENTS = rb"(?:\xef\xbb\xbf)?(?:\s++|#[^\n]*+\n)*+"
_TRIPLE = re.compile(
    _COMMENTS + rb"(?:<[^<>\s\"]+:[^<>\s\"]*>|_:\S+)[ \t]+<[^<>\s\"]+>[ \t]+(?:<[^<>\s]+>|\"|_:)"
)
_DIRECTIVE = re.compile(_COMMENTS + rb"(?:@(?:prefix|base)|prefix|base)\s+[^<\s]*\s*<", re.IGNORECASE)


def _rdflib() -> Any:
    try:
        import rdflib
        import rdflib.plugins.parsers.ntriples
    except ImportError:
        raise DataError(
            "RDF files need rdflib, which is not installed; install it: pip install 'shelfgraph[rdf]'"
        ) from None
    return rdflib


class _Triple:
    """Takes the triple that rdflib has read."""

    def __init__(self) -> None:
        self.cells: Cells | None = None

    def triple(self, subject: Any, predicate: Any, value: Any) -> None:
        self.cells = _cells(subject, predicate, value)


class _SameNames(dict[str, str]):
    """Blank nodes keep their names: rdflib would remember a new one for each of them."""

    def get(self, key: str, default: object = None) -> str:
        return key


def _cells(subject: Any, predicate: Any, value: Any) -> Cells:
    form = "node"
    if hasattr(value, "datatype"):  # a literal
        form = f"@{value.language}" if value.language else str(value.datatype or "text")
    return {"subject": _name(subject), "predicate": str(predicate), "object": _name(value), "form": form}


def _name(term: Any) -> str:
    return f"_:{term}" if type(term).__name__ == "BNode" else str(term)


def _lines_table(file: OpenFile, delimiter: str) -> Table:
    _rdflib()
    return Table(name=file.name, columns=COLUMNS, rows=_line_rows(file), typed=True)


def _line_rows(file: OpenFile) -> Iterator[Row]:
    rdflib = _rdflib()
    sink = _Triple()
    parser = rdflib.plugins.parsers.ntriples.W3CNTriplesParser(sink=sink)
    names = _SameNames()
    for number, line in enumerate(text_lines(file), 1):
        sink.cells = None
        parser.line = line.strip()
        try:
            parser.parseline(bnode_context=names)
        except (rdflib.exceptions.ParserError, ValueError):
            rule = "a line must be a triple of N-Triples: <subject> <predicate> <object> ."
            yield number, BadRow(text=line.rstrip("\r\n"), rule=rule)
            continue
        if sink.cells is not None:
            yield number, sink.cells


def _turtle_table(file: OpenFile, delimiter: str) -> Table:
    _rdflib()
    notes = (f"{file.name} is Turtle: lines are numbers of its triples",)
    return Table(name=file.name, columns=COLUMNS, rows=_turtle_rows(file), typed=True, notes=notes)


def _turtle_rows(file: OpenFile) -> Iterator[Row]:
    parts: list[str] = []
    size = 0
    for line in text_lines(file):
        parts.append(line)
        size += len(line)
        if size > MAX_TURTLE:
            raise DataError(
                f"{file.name} is Turtle of more than {MAX_TURTLE >> 20} MB, which must be read whole; "
                "N-Triples are read line by line: rapper -i turtle -o ntriples FILE > FILE.nt"
            )
    found: list[Cells] = []
    base: Any = _rdflib().Graph

    class Graph(base):  # type: ignore[misc]
        """Keeps the order of the document, which a graph of rdflib does not."""

        def add(self, triple: Any) -> Any:
            found.append(_cells(*triple))
            return self

    try:
        Graph(bind_namespaces="none").parse(data="".join(parts), format="turtle", publicID=_BASE)
    except (SyntaxError, ValueError, LookupError, RecursionError, AssertionError, TypeError) as error:
        raise DataError(f"{file.name}: {_where(error)}; mend it there, or export it again") from None
    yield from enumerate(found, 1)


def _where(error: Exception) -> str:
    """The place and the reason in what rdflib says of bad Turtle."""
    line = getattr(error, "lines", None)
    reason = str(getattr(error, "_why", "")) or type(error).__name__
    return (
        f"line {line + 1:,}: broken Turtle ({reason})"
        if isinstance(line, int)
        else f"broken Turtle ({reason})"
    )


LINES = Format(
    name="N-Triples",
    claims=lambda file: file.suffix in (".nt", ".ntriples") or _TRIPLE.match(file.head) is not None,
    table=_lines_table,
)
TURTLE = Format(
    name="Turtle",
    claims=lambda file: file.suffix in (".ttl", ".turtle") or _DIRECTIVE.match(file.head) is not None,
    table=_turtle_table,
)
