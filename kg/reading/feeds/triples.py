"""Triples: 'head relation tail' lines without a header, between tabs or, where there are none, spaces.

Read when named. Heads and tails are products, unless a mapping says otherwise with [constants] head_kind and
tail_kind. What KGAT's and KGCN's files, which build on such lines, have in common is here, too.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from types import MappingProxyType

from kg.errors import DataError
from kg.reading.feeds.base import Feed, file_name
from kg.reading.formats.base import BadRow, Cells, Format, Row, Table, byte_order_note
from kg.reading.opening import OpenFile, open_file, text_lines
from kg.records import RecordKind

FACT = ("head", "relation", "tail")
TYPED_FACT = (*FACT, "head_kind", "tail_kind")
_LINE = "line"
_NUMBER = re.compile(r"\d+")


def _lines(file: OpenFile, delimiter: str) -> Table:
    lines = enumerate(text_lines(file), 1)
    rows: Iterator[Row] = ((number, {_LINE: text}) for number, text in lines if not text.isspace())
    return Table(name=file.name, columns=(_LINE,), rows=rows, typed=False, notes=byte_order_note(file))


LINES = Format(name="lines", claims=lambda file: False, table=_lines)
"""Any text, each line a row; for files whose first line is no header."""


def cut(rows: Iterable[Row]) -> Iterator[tuple[int, list[str] | BadRow]]:
    """The parts of each line: those between tabs, if it has any, else those between spaces."""
    for number, cells in rows:
        if isinstance(cells, BadRow):
            yield number, cells
            continue
        if _LINE not in cells:
            raise DataError("this feed is read from its files only; give their paths")
        line = str(cells[_LINE]).strip()
        yield number, [part.strip() for part in line.split("\t")] if "\t" in line else line.split()


def triples(rows: Iterable[Row]) -> Iterator[tuple[int, tuple[str, str, str] | BadRow]]:
    """Lines of three parts; any other is a bad row."""
    for number, parts in cut(rows):
        if isinstance(parts, BadRow):
            yield number, parts
        elif len(parts) == 3:
            yield number, (parts[0], parts[1], parts[2])
        else:
            rule = "a line must be a head, a relation and a tail, between tabs or spaces"
            yield number, BadRow(text=" ".join(parts), rule=rule)


def relation_name(text: str) -> str:
    """The last part of an address ('http://…/ns/film.genre' → 'film.genre'); a mere number gets a word."""
    name = re.split(r"[/#]", text.strip("<>"))[-1] or text
    return f"relation_{name}" if _NUMBER.fullmatch(name) else name


def typed_facts(
    table: Table,
    products: Mapping[str, str],
    *,
    entities: Mapping[str, str] = MappingProxyType({}),
    relations: Mapping[str, str] = MappingProxyType({}),
) -> Table:
    """A table of triples of numbers as one of facts; the mappings say what the numbers stand for."""

    def rows() -> Iterator[Row]:
        for number, triple in triples(table.rows):
            if isinstance(triple, BadRow):
                yield number, triple
                continue
            head, relation, tail = triple
            name = relation_name(relations.get(relation, relation))
            yield number, _typed_fact(head, name, tail, products, entities)

    return replace(table, columns=TYPED_FACT, rows=rows())


def _typed_fact(
    head: str, relation: str, tail: str, products: Mapping[str, str], entities: Mapping[str, str]
) -> Cells:
    """A triple of numbers as a fact: those that `products` knows are products, all others nodes of their own,
    under the names that `entities` has for them."""
    return {
        "head": products.get(head) or f"entity={entities.get(head, head)}",
        "relation": relation,
        "tail": products.get(tail) or f"entity={entities.get(tail, tail)}",
        "head_kind": "product" if head in products else "attribute",
        "tail_kind": "product" if tail in products else "attribute",
    }


def check_feed(table: Table, feed: str, feeds: Mapping[str, str]) -> None:
    """DataError for a file that another feed is for; `feeds` has the names of files and their feeds."""
    other = feeds.get(file_name(table.name), feed)
    if other != feed:
        raise DataError(f"{table.name} is not for the feed {feed!r}; load it by itself, with feed {other!r}")


def beside(path: str, *names: str) -> bool:
    """True if one of these files, plain or gzipped, lies in the folder of another."""
    return any(_found(path, name) is not None for name in names)


def read_beside(path: str, name: str) -> list[list[str]] | None:
    """The parts of each line of a file in the same folder; None if there is none."""
    if (file := _found(path, name)) is None:
        return None
    with open_file(file) as opened:
        rows = LINES.table(opened, "").rows
        return [parts for _, parts in cut(rows) if isinstance(parts, list)]


def needed(path: str, name: str, what: str) -> list[list[str]]:
    """`read_beside`; DataError if the file is missing, for which `what` it says."""
    lines = read_beside(path, name)
    if lines is None:
        raise DataError(f"{path} says nothing without {name}, {what}; put that file beside it")
    return lines


def _found(path: str, name: str) -> Path | None:
    folder = Path(path).parent
    candidates = (folder / name, folder / f"{name}.gz")
    return next((file for file in candidates if file.is_file()), None)


def _convert(table: Table, kind: RecordKind) -> Table:
    def rows() -> Iterator[Row]:
        for number, triple in triples(table.rows):
            if isinstance(triple, BadRow):
                yield number, triple
            else:
                head, relation, tail = triple
                yield number, {"head": head, "relation": relation_name(relation), "tail": tail}

    return replace(table, columns=FACT, rows=rows())


FEED = Feed(
    name="triples",
    title="head, relation and tail without a header",
    kinds=("facts",),
    convert=_convert,
    format=LINES,
)
