"""CSV and its relatives: cells between commas, semicolons, tabs or bars, quoted where needed."""

from __future__ import annotations

import csv
import re
from collections import Counter, deque
from collections.abc import Iterator

from kg.errors import DataError
from kg.reading.formats.base import BadRow, Format, Row, Table, byte_order_note
from kg.reading.opening import OpenFile, text_lines

DELIMITERS = ",;\t|"
_DECLARED = re.compile(rf'"?sep=([{DELIMITERS}])"?\s*', re.IGNORECASE)


def _table(file: OpenFile, delimiter: str) -> Table:
    lines = _Lines(text_lines(file))
    declared = lines.declared()
    separator = delimiter or declared or sniff(lines.peek())
    header = _header(_parser(lines, separator), file.name)
    return Table(
        name=file.name,
        columns=header,
        rows=_rows(lines, separator, header, len(lines.taken)),
        typed=False,
        notes=byte_order_note(file),
    )


class _Lines:
    """Lines for the CSV parser that remember what the current row took, so that a bad row can give back
    the lines it should not have swallowed."""

    def __init__(self, source: Iterator[str]) -> None:
        self.source = source
        self.pending: deque[str] = deque()
        self.taken: list[str] = []

    def feed(self) -> Iterator[str]:
        """The lines from here on; to be asked for anew after lines were given back."""
        take, pending = self.taken.append, self.pending
        while pending:
            line = pending.popleft()
            take(line)
            yield line
        for line in self.source:
            take(line)
            yield line

    def peek(self) -> str:
        """The first line that is not blank; it will come again."""
        first = next((line for line in self.feed() if line.strip()), "")
        self.give_back(0)
        return first

    def declared(self) -> str:
        """The delimiter that a first line 'sep=;', written for Excel, names; that line is taken then."""
        match = _DECLARED.fullmatch(self.peek())
        if match is None:
            return ""
        next(line for line in self.feed() if line.strip())
        return match[1]

    def give_back(self, keep: int) -> None:
        """Return all lines taken since the last clear but the first `keep`."""
        self.pending.extendleft(reversed(self.taken[keep:]))
        del self.taken[keep:]


def _parser(lines: _Lines, delimiter: str) -> Iterator[list[str]]:
    # strict: a quote left open must not swallow the rows after it unseen
    return csv.reader(lines.feed(), delimiter=delimiter, strict=True)


def sniff(header: str) -> str:
    """The delimiter that occurs most often outside quotes in a header; a comma if none does."""
    bare = re.sub(r'"[^"]*"', "", header)
    return max(DELIMITERS, key=bare.count)


def _header(reader: Iterator[list[str]], name: str) -> tuple[str, ...]:
    try:
        cells = next((row for row in reader if any(cell.strip() for cell in row)), None)
    except csv.Error as error:
        raise DataError(f"{name}: the header cannot be read ({error}); check its quotes") from None
    if cells is None:
        raise DataError(f"{name} has no header; its first row must name the columns")
    header = tuple(cell.strip() for cell in cells)
    twice = [column for column, count in Counter(header).items() if count > 1 and column]
    if twice:
        raise DataError(f"{name} has the column {twice[0]!r} twice; rename one of them")
    return tuple(cell or f"(column {number} without a name)" for number, cell in enumerate(header, 1))


def _rows(lines: _Lines, delimiter: str, header: tuple[str, ...], line: int) -> Iterator[Row]:
    width = len(header)
    taken = lines.taken
    parser = _parser(lines, delimiter)
    while True:
        taken.clear()
        try:
            cells = next(parser)
        except StopIteration:
            return
        except csv.Error as error:
            # only the first line is bad: what it swallowed is read again as rows
            line += 1
            yield line, BadRow(text=taken[0].rstrip("\r\n"), rule=_rule(error))
            lines.give_back(1)
            parser = _parser(lines, delimiter)
            continue
        start = line + 1
        line += len(taken)
        if not cells or (not cells[0] and not any(cells)):
            continue  # a blank line, or only delimiters
        if len(cells) == width:
            yield start, dict(zip(header, cells))  # noqa: B905  (of one length, and `strict` costs time)
        else:
            few = "fewer" if len(cells) < width else "more"
            text = "".join(taken).rstrip("\r\n")
            yield start, BadRow(text=text, rule=f"the row has {few} cells than the header")


def _rule(error: csv.Error) -> str:
    text = str(error)
    if "field limit" in text:
        return f"a cell has at most {csv.field_size_limit():,} characters (or a quote is left open)"
    if "unexpected end" in text:
        return "a quote is left open"
    if "expected after" in text:
        return 'a quote inside a quoted cell must be doubled ("")'
    return f"not a row of cells ({text})"


FORMAT = Format(name="CSV", claims=lambda file: file.suffix in (".csv", ".tsv", ".tab", ".txt"), table=_table)
