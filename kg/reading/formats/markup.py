"""XML, as a stream: each element that stands for one product is a row.

It is read with expat's own handlers. What makes XML dangerous is refused before it has an effect: a
document type (and with it every entity, internal or external), inclusion of other files, nesting, tags and
rows without end. defusedxml sets the same handlers against entities, but builds a tree, and bounds neither
depth nor size.
"""

from __future__ import annotations

import codecs
import re
from collections.abc import Iterator
from xml.parsers import expat

from kg.errors import DataError
from kg.reading.encoding import check_name
from kg.reading.formats.base import Format, Row, Table
from kg.reading.formats.elements import Handlers
from kg.reading.opening import OpenFile
from kg.reading.unpacking import DAMAGED

MAX_TAG = 4 << 20
"""So many bytes may one tag or comment have: the parser must hold it whole."""

_CHUNK = 1 << 16
_EMPTY_FEEDS = ("rss", "feed")
_DECLARED = re.compile(rb"""\s*<\?xml[^>]*?\sencoding\s*=\s*["']([A-Za-z][\w.\-]*)["']""")
_MARK = b"\xef\xbb\xbf"


def _claims(file: OpenFile) -> bool:
    return file.head.removeprefix(_MARK).lstrip()[:1] == b"<"


def _table(file: OpenFile, delimiter: str) -> Table:
    return Table(name=file.name, columns=None, rows=_rows(file), typed=False)


def _rows(file: OpenFile) -> Iterator[Row]:
    handlers = Handlers(file.name)
    for _ in _parsed(file, handlers):
        while handlers.rows:
            yield handlers.rows.popleft()
    if not handlers.found and handlers.root == "RDF":
        raise DataError(f"{file.name} is RDF/XML; convert it: rapper -o ntriples FILE > FILE.nt")
    if not handlers.found and handlers.root.lower() not in _EMPTY_FEEDS:
        raise DataError(
            f"{file.name} is XML, but it holds no products: there is no element named item, entry, product "
            f"or offer in its <{handlers.root}>; get the product feed"
        )


def _parsed(file: OpenFile, handlers: Handlers) -> Iterator[None]:
    parser = handlers.parser
    given = 0
    try:
        for chunk, last in _decoded(file, handlers):
            parser.Parse(chunk, last)
            given += len(chunk)
            if given - parser.CurrentByteIndex > MAX_TAG:
                handlers.refuse("a tag or comment is longer than 4 MB; this is no feed")
            yield
    except expat.ExpatError as error:
        what = expat.errors.messages[error.code]
        where = f"{file.name}: line {error.lineno:,}, column {error.offset + 1:,}"
        raise DataError(f"{where}: broken XML ({what}); {_advice(what)}") from None


def _advice(what: str) -> str:
    if what == expat.errors.XML_ERROR_UNDEFINED_ENTITY:
        return "HTML's names mean nothing in XML: write &#160; for &nbsp;"
    if what in (expat.errors.XML_ERROR_NO_ELEMENTS, expat.errors.XML_ERROR_UNCLOSED_TOKEN):
        return "it ends too early: export or download it again"
    if what == expat.errors.XML_ERROR_INVALID_TOKEN:
        return "write & as &amp; and < as &lt;, and save it in the encoding that its first line names"
    return "export it again"


def _decoded(file: OpenFile, handlers: Handlers) -> Iterator[tuple[bytes, bool]]:
    """The file in UTF-8, piece by piece; the last piece is empty.

    A byte-order mark decides the encoding, else the XML declaration, else what the text looks like.
    """
    name = _encoding(file)
    decoder = None if name == "utf-8" else codecs.getincrementaldecoder(name)()
    more = True
    while more:
        try:
            piece = file.stream.read(_CHUNK)
        except DAMAGED as error:
            handlers.refuse(f"the packed file is damaged ({error}); copy or download it again")
        except OSError as error:
            handlers.refuse(f"the file cannot be read on ({error}); check the disk")
        more = bool(piece)
        if decoder is not None:
            try:
                piece = decoder.decode(piece, final=not more).encode()
            except UnicodeError as error:
                handlers.refuse(f"the text is not in {name}, as the file says ({error}); save it again")
        yield piece, not more


def _encoding(file: OpenFile) -> str:
    if file.given:
        return codecs.lookup(file.encoding.name).name
    if file.head.startswith(_MARK):
        return "utf-8"
    if (declared := _DECLARED.match(file.head)) is None:
        return file.encoding.name
    name = declared[1].decode("ascii")
    if name.lower().startswith(("utf-16", "utf-32", "ucs")):
        return "utf-8"  # it was, until it was opened
    try:
        name = codecs.lookup(check_name(name)).name
    except ValueError as error:
        raise DataError(f"{file.name}: its first line says encoding={name!r}, but {error}") from None
    if name != "utf-8":
        file.notes.append(f"{file.name}: read as {name}, as its first line says")
    return name


FORMAT = Format(name="XML", claims=_claims, table=_table)
