"""What the tags of an XML file make of it: rows, or a refusal."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any, NoReturn
from xml.parsers import expat

from kg.errors import DataError
from kg.reading.formats.base import Cells, Row

ROWS = frozenset({
    "item", "entry", "product", "offer", "shopitem", "article", "artikel", "produkt", "produit", "prodotto",
    "producto", "good", "record", "row",
})  # fmt: skip
"""The elements that are rows, in upper or lower case; one inside another is part of it."""

MAX_DEPTH = 64
MAX_ROW = 4 << 20
"""So many characters may stand in one row; an element counts for 64, besides its text."""

MAX_NAMES = 20_000
"""So many different names may tags and their attributes have."""

_INLINE = frozenset(
    {"a", "abbr", "b", "em", "font", "i", "mark", "small", "span", "strong", "sub", "sup", "u"}
)
_XINCLUDE = "www.w3.org/2001/XInclude"
_PREFIXES = {
    "base.google.com/ns/1.0": "g",
    "base.google.com/cns/1.0": "c",
    "www.w3.org/2005/Atom": "",
    "purl.org/rss/1.0": "",
    "purl.org/rss/1.0/modules/content": "content",
    "purl.org/dc/elements/1.1": "dc",
    "search.yahoo.com/mrss": "media",
}
"""Namespaces whose columns have the same name whatever prefix a file binds to them."""


@dataclass(slots=True)
class _Element:
    """An open element of a row: `parts` are its texts and its children, in their order."""

    column: str
    line: int
    attributes: dict[str, str]
    parts: list[str | tuple[str, object]] = field(default_factory=list)


class Handlers:
    """What happens at each tag. `rows` are the rows that are whole; the reader takes them away."""

    def __init__(self, name: str) -> None:
        self.rows: deque[Row] = deque()
        self.found = False
        self.root = ""
        self.parser = parser = expat.ParserCreate("utf-8", intern=None)
        parser.buffer_text = True
        parser.StartDoctypeDeclHandler = self._doctype
        parser.StartElementHandler = self._start
        parser.EndElementHandler = self._end
        parser.CharacterDataHandler = self._text
        self._name = name
        self._depth = 0
        self._size = 0
        self._open: list[_Element] = []
        self._scopes: list[tuple[int, dict[str, str]]] = [(0, {})]
        self._columns: dict[str, str] = {}
        self._names: set[str] = set()

    def refuse(self, why: str) -> NoReturn:
        raise DataError(f"{self._name}: line {self.parser.CurrentLineNumber:,}: {why}")

    def _doctype(self, *declared: object) -> None:
        self.refuse(
            "a document type (<!DOCTYPE …>) can define entities and fetch other files, so it is refused; "
            "delete it, feeds do not need it"
        )

    def _start(self, tag: str, attributes: dict[str, str]) -> None:
        self._depth += 1
        if self._depth > MAX_DEPTH:
            self.refuse(f"elements are nested more than {MAX_DEPTH} deep; this is no feed")
        if attributes:
            attributes = self._declare(attributes)
        column = self._columns.get(tag) or self._column(tag)
        if not self._open:
            self.root = self.root or tag.rpartition(":")[2]
            if column.rpartition(":")[2].lower() not in ROWS:
                return
            self._size = 0
        size = len(tag) + 64
        if attributes:
            size += sum(len(key) + len(value) for key, value in attributes.items())
        self._grow(size)
        self._open.append(_Element(column, self.parser.CurrentLineNumber, attributes))

    def _text(self, text: str) -> None:
        if self._open:
            self._grow(len(text))
            self._open[-1].parts.append(text)

    def _end(self, tag: str) -> None:
        if self._open:
            element = self._open.pop()
            if self._open:
                self._open[-1].parts.append((element.column, _value(element)))
            else:
                self.found = True
                self.rows.append((element.line, _cells(element)))
        if self._scopes[-1][0] == self._depth:
            self._scopes.pop()
            self._columns.clear()
        self._depth -= 1

    def _grow(self, count: int) -> None:
        self._size += count
        if self._size > MAX_ROW:
            line = self._open[0].line if self._open else self.parser.CurrentLineNumber
            self.refuse(f"the product that starts in line {line:,} has more than {MAX_ROW:,} characters")

    def _know(self, names: Iterable[str]) -> None:
        """The parser keeps every name it meets, so there must not be too many."""
        self._names.update(names)
        if len(self._names) > MAX_NAMES:
            self.refuse(f"there are more than {MAX_NAMES:,} different names of elements; this is no feed")

    def _declare(self, attributes: dict[str, str]) -> dict[str, str]:
        """Take note of xmlns and leave the attributes that say something about the product."""
        self._know(attributes)
        spaces = {k.partition(":")[2]: v for k, v in attributes.items() if k.split(":", 1)[0] == "xmlns"}
        if spaces:
            self._scopes.append((self._depth, self._scopes[-1][1] | spaces))
            self._columns.clear()
        return {k: v for k, v in attributes.items() if ":" not in k and k != "xmlns"}

    def _column(self, tag: str) -> str:
        """'g:id' for an element of Google's namespace, whatever its prefix; a prefix that is bound to nothing
        is taken as it stands."""
        self._know((tag,))
        prefix, _, local = tag.rpartition(":")
        space = self._scopes[-1][1].get(prefix, "")
        bare = space.partition("://")[2].rstrip("/") or space
        if bare == _XINCLUDE:
            self.refuse("XInclude would read other files, so it is refused; put their content here")
        known = _PREFIXES.get(bare)
        if known is None and space and prefix in _PREFIXES.values():
            known = f"{{{space}}}" if prefix else ""
        shown = prefix if known is None else known
        self._columns[tag] = column = f"{shown}:{local}" if shown else local
        return column


def _value(element: _Element) -> object:
    """The text of an element; its children, if it has any; its attributes, if it has nothing else."""
    parts = element.parts
    if len(parts) == 1 and isinstance(parts[0], str) and (text := parts[0].strip()):
        return text  # nearly always
    children = [part for part in parts if not isinstance(part, str)]
    text = "".join(part for part in parts if isinstance(part, str)).strip()
    if children and text:  # marked-up text: only the words count
        return " ".join("".join(_words(parts)).split())
    if children:
        return _named(children)
    if text or not element.attributes:
        return text
    return {f"@{key}": value for key, value in element.attributes.items()}


def _words(parts: list[Any]) -> Iterator[str]:
    for part in parts:
        if isinstance(part, str):
            yield part
            continue
        name, value = part
        if isinstance(value, dict):
            inner = list(_words(list(value.items())))
        elif isinstance(value, list):
            inner = list(_words([(name, one) for one in value]))
        else:
            inner = [str(value)]
        yield from inner if name.lower() in _INLINE else (" ", *inner, " ")


def _named(children: list[tuple[str, object]]) -> Cells:
    cells: Cells = {}
    for column, value in children:
        if column not in cells:
            cells[column] = value
        elif isinstance(earlier := cells[column], list):
            earlier.append(value)
        else:
            cells[column] = [earlier, value]
    return cells


def _cells(element: _Element) -> Cells:
    value = _value(element)
    return {**element.attributes, **(value if isinstance(value, dict) else {})}
