"""HTML pages: what they say to machines, in <script type="application/ld+json">.

A page is one row: a JSON-LD document of all its blocks, in the page's language. Nothing on the page is run or
fetched. The page is searched in one pass: the standard library's parser reads the tags that matter, but not
the page, because it takes a time that is quadratic in comments and tags left open.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import lru_cache
from html.parser import HTMLParser

from kg.errors import DataError
from kg.reading.encoding import Encoding, check_name
from kg.reading.formats.base import BadRow, Cells, Format, Row, Table
from kg.reading.opening import OpenFile, text_lines

MAX_PAGE = 32 << 20
"""A page is read whole, so it may have so many characters."""

_PAGE = re.compile(
    rb"(?:\xef\xbb\xbf)?\s*+(?:<\?xml[^>]*+>\s*+)?(?:<!--(?:(?!-->).)*+-->\s*+)*+"
    rb"<(?:!doctype\s+html|html|head|body|meta|title|script|link|div)\b",
    re.IGNORECASE | re.DOTALL,
)
_ENDINGS = (".html", ".htm", ".xhtml")
_META = re.compile(rb"""<meta\b[^>]{0,300}?\bcharset\s*=\s*["']?\s*([A-Za-z][\w.\-]*)""", re.IGNORECASE)

_TAG = re.compile(r"<!--|<([a-z][^\s/>]*)", re.IGNORECASE)
_REST_OF_TAG = re.compile(r"""(?:[^>"']+|"[^"]*"|'[^']*')*+>""")
_END_OF_COMMENT = re.compile(r"--!?>")
_TEXT_ONLY = frozenset({
    "script", "style", "textarea", "title", "iframe", "noembed", "noframes", "xmp",
})  # fmt: skip
"""Elements in which a tag is text, until they are closed."""

_LONGEST_TAG = 10_000

_OPENING = ("<![CDATA[", "<!--", "//", "/*", "*/")
_CLOSING = ("]]>", "-->", "//", "*/", "/*", ";")
"""What old pages write around a script to hide it from older browsers."""


@dataclass(frozen=True, kw_only=True)
class _Block:
    line: int
    text: str


def _claims(file: OpenFile) -> bool:
    return _PAGE.match(file.head) is not None or (
        file.suffix in _ENDINGS and file.head.lstrip(b"\xef\xbb\xbf \t\r\n").startswith(b"<")
    )


def _table(file: OpenFile, delimiter: str) -> Table:
    text = _text(file)
    language, blocks = _scan(text)
    if not blocks and file.suffix not in _ENDINGS:
        raise DataError(
            f"{file.name} is an HTML page, not a table, and has no product data "
            '(<script type="application/ld+json">); get the CSV, XML or JSON Lines file'
        )
    return Table(name=file.name, columns=None, rows=_rows(language, blocks), typed=True)


def _text(file: OpenFile) -> str:
    parts: list[str] = []
    size = 0
    for line in text_lines(_in_its_encoding(file)):
        parts.append(line)
        size += len(line)
        if size > MAX_PAGE:
            raise DataError(f"{file.name} is an HTML page of more than {MAX_PAGE >> 20} MB; split it")
    return "".join(parts)


def _in_its_encoding(file: OpenFile) -> OpenFile:
    """What looks like UTF-8 is; else the page's own word counts for more than a guess."""
    named = _META.search(file.head)
    if file.given or named is None or (file.encoding.name == "utf-8" and file.encoding.settled):
        return file
    try:
        name = check_name(named[1].decode("ascii"))
    except ValueError:
        return file
    # as browsers do: what calls itself Latin-1 or GB2312 nearly always has more characters than these
    name = {"iso-8859-1": "cp1252", "latin-1": "cp1252", "gb2312": "gb18030", "gbk": "gb18030"}.get(
        name.lower(), name
    )
    found = Encoding(name=name)
    return file if found.wide else replace(file, encoding=found)


def _scan(text: str) -> tuple[str, list[_Block]]:
    """The language of a page and its JSON-LD blocks. Time is linear in the page."""
    language = ""
    blocks: list[_Block] = []
    place, line, counted = 0, 1, 0
    while (tag := _TAG.search(text, place)) is not None:
        name = (tag[1] or "").lower()
        rest = _REST_OF_TAG.match(text, tag.end()) if name else _END_OF_COMMENT.search(text, tag.start() + 2)
        if rest is None:  # open until the end of the page
            break
        place = rest.end()
        if name == "html":
            language = language or _attribute(text[tag.start() : place], "lang")
        if name not in _TEXT_ONLY:
            continue
        end = _end_of(name).search(text, place)
        until = end.start() if end else len(text)
        if name == "script" and _is_data(text[tag.start() : place]):
            line += text.count("\n", counted, place)
            counted = place
            blocks.append(_Block(line=line, text=text[place:until]))
        place = until
    return language, blocks


@lru_cache
def _end_of(name: str) -> re.Pattern[str]:
    return re.compile(rf"</{name}(?=[\s/>])", re.IGNORECASE)


def _is_data(tag: str) -> bool:
    return _attribute(tag, "type").partition(";")[0].strip().lower() == "application/ld+json"


def _attribute(tag: str, name: str) -> str:
    if len(tag) > _LONGEST_TAG:
        return ""
    found: dict[str, str | None] = {}

    class Parser(HTMLParser):
        def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
            found.update(attrs)

    parser = Parser()
    parser.feed(tag)
    return found.get(name) or ""


def _rows(language: str, blocks: list[_Block]) -> Iterator[Row]:
    found: list[object] = []
    first = 0
    for block in blocks:
        text, line = _bare(block)
        if not text:
            continue
        try:
            # strict=False: line breaks inside texts, as careless templates write them
            found.append(json.loads(text, strict=False))
        except (ValueError, RecursionError) as error:
            why = type(error).__name__
            if isinstance(error, json.JSONDecodeError):
                why = f"line {line + error.lineno - 1}: {error.msg}"
            yield line, BadRow(text=text, rule=f"a JSON-LD block must be JSON ({why})")
            continue
        first = first or line
    if found:
        cells: Cells = {"@graph": found}
        if language:
            cells["@context"] = {"@language": language}
        yield first, cells


def _bare(block: _Block) -> tuple[str, int]:
    """The JSON of a block without what is wrapped around it, and the line where it starts."""
    text = block.text.rstrip()
    line = block.line
    while ending := next((mark for mark in _CLOSING if text.endswith(mark)), ""):
        text = text.removesuffix(ending).rstrip()
    while True:
        bare = text.lstrip()
        line += text.count("\n", 0, len(text) - len(bare))
        opening = next((mark for mark in _OPENING if bare.startswith(mark)), "")
        text = bare.removeprefix(opening)
        if not opening:
            return text, line


FORMAT = Format(name="HTML", claims=_claims, table=_table)
