"""Titles and descriptions as one row of numbered words, with what stands between them."""

from __future__ import annotations

import re
import unicodedata
from array import array
from collections import Counter
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from sys import intern

import numpy as np
import numpy.typing as npt

from kg.derive.words import FOR, OF, WITH

Numbers = npt.NDArray[np.int64]

WORD, CODE, NUMBER = 0, 1, 2
"""Kinds of tokens: letters only; letters with digits (a model, a size with its unit); digits only."""
MIXED, SMALL, INNER, UPPER = 0, 1, 2, 3
"""How a word is written: in some way, small, with a capital inside (LaserJet), in capitals."""
NONE, SPEC, CLAUSE, TARGET, EXTRA = 0, 1, 2, 3, 4
"""What stands before a token: nothing; 'of' and its like, or a rise from small letters to a capital; a sign
or the start; 'for'; 'with'."""

MOST_TITLE, MOST_DESCRIPTION = 40, 30
"""Tokens of a title and of a description that are read; what comes later is small print."""
_CHARACTERS = 600
_DIGITS = re.compile(r"\d[\d.,]*")
_SHAPE = 8
_INNER = re.compile(r"[a-z][A-Z]")

_CJK = "\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\uac00-\ud7af"
_TOKEN = re.compile(
    rf"(?P<cjk>[{_CJK}]+)"
    rf"|(?P<number>\d+(?:[.,]\d+)*(?![^\W_]))"
    rf"|(?P<word>[^\W_{_CJK}]+(?:(?:['’./+-][^\W_{_CJK}]+)|\([a-z]{{1,2}}\))*[+]*|w/o|w/|f/)"
    r"|(?P<sign>[^\s_*!?.'’“”\"°#~])"
)
_CJK_RUN = re.compile(f"[{_CJK}]+")
_CJK_FOR = tuple(sorted((word for word in FOR if _CJK_RUN.fullmatch(word)), key=len, reverse=True))
ENDING = 4
"""Characters of the longest ending of a run that is taken for a word."""
_MARKS = dict.fromkeys(map(ord, "®™©℠"), " ")
_GLUE = frozenset("&+")
_ADDED = re.compile(r"[^\W\d_]\s\+\s[^\W\d_]")
"""A plus between two words: 'memory card + adapter' is a card."""


@dataclass(frozen=True, kw_only=True, eq=False)
class Tokens:
    """The tokens of some texts, one after the other; text i has those from indptr[i] to indptr[i + 1].

    word int32 [m]: the number of the folded word, or of the shape of a code; kind, gap uint8 [m]; case
    uint8 [m]: how it is written; clause uint8 [m]: how many clauses of its text came before.
    """

    word: npt.NDArray[np.int32]
    kind: npt.NDArray[np.uint8]
    gap: npt.NDArray[np.uint8]
    case: npt.NDArray[np.uint8]
    clause: npt.NDArray[np.uint8]
    indptr: Numbers

    @property
    def text(self) -> Numbers:
        """int64 [m]: the text of each token."""
        return np.repeat(np.arange(len(self.indptr) - 1), np.diff(self.indptr))

    @property
    def lower(self) -> npt.NDArray[np.bool_]:
        """bool [m]: written small."""
        return np.equal(self.case, SMALL)

    @property
    def clauses(self) -> Numbers:
        """int64 [m]: a number for the clause of each token."""
        return self.text * 256 + self.clause


def words_of(text: str, most: int = MOST_TITLE, endings: Collection[str] = ()) -> list[tuple[str, int, int]]:
    """(as written, kind, gap) of the words, codes and numbers of one text.

    A run of Chinese characters is one word, or two if it ends in one of the `endings`.
    """
    found: list[tuple[str, int, int]] = []
    gap, end = CLAUSE, -1
    text = unicodedata.normalize("NFKC", text[:_CHARACTERS].translate(_MARKS))
    for match in _TOKEN.finditer(text):
        written, group = intern(match.group()), match.lastgroup  # the same words again and again
        if group == "sign":
            joins = (
                written == "-" and match.start() == end and found[-1][1] == NUMBER
            )  # '100-pin', as '100 pin'
            added = written == "+" and _ADDED.match(text, max(0, match.start() - 2))
            if not joins and (added or written not in _GLUE):
                gap = max(gap, CLAUSE)
            continue
        end = match.end()
        if group == "cjk":
            turn = next((word for word in _CJK_FOR if written.startswith(word)), "")
            gap = TARGET if turn else max(gap, CLAUSE) if found else gap
            for piece in _cjk_pieces(written[len(turn) :], endings):
                found.append((piece, WORD, gap))
                gap = NONE
            if len(found) >= most:
                break
            continue
        folded = written.casefold()
        if folded in FOR:
            gap = TARGET
            continue
        if folded in WITH and written != "Inc":
            gap = max(gap, EXTRA) if gap != TARGET else TARGET
            continue
        if folded in OF:
            gap = max(gap, SPEC)
            continue
        kind = WORD
        if group == "number":
            kind = NUMBER
        elif not written.isalpha() and _DIGITS.search(written):
            kind = CODE
        if gap == NONE and kind == WORD and found[-1][1] == WORD and _rises(found[-1][0], written):
            gap = SPEC
        found.append((written, kind, gap))
        if len(found) == most:
            break
        gap = NONE
    return found


class Reader:
    """Numbers the words of texts, and the shapes of codes, as they come; a closed one knows no new words
    (they become -1)."""

    def __init__(
        self, words: Iterable[str] = (), *, endings: Collection[str] = (), closed: bool = False
    ) -> None:
        self._endings = endings
        self.numbers: dict[str, int] = {word: number for number, word in enumerate(words)}
        self._closed = closed

    def read(self, texts: Iterable[str], brands: Sequence[str], *, most: int = MOST_TITLE) -> Tokens:
        """Read texts; the brand that a text begins with is left out."""
        numbers, closed = self.numbers, self._closed
        word, indptr = array("i"), array("q", [0])
        kinds, gaps, cases, clauses = bytearray(), bytearray(), bytearray(), bytearray()
        for text, brand in zip(texts, brands, strict=True):
            clause = 0
            for place, (written, kind, gap) in enumerate(
                words_of(without_brand(text, brand), most, self._endings)
            ):
                folded = written.casefold() if kind == WORD else shape(written)
                if closed:
                    word.append(numbers.get(folded, -1))
                else:
                    word.append(numbers.setdefault(folded, len(numbers)))
                if gap > SPEC and place:
                    clause += 1
                kinds.append(kind)
                gaps.append(gap)
                cases.append(_case(written))
                clauses.append(min(clause, 255))
            indptr.append(len(word))
        return Tokens(
            word=np.array(word, dtype=np.int32),
            kind=np.frombuffer(kinds, dtype=np.uint8),
            gap=np.frombuffer(gaps, dtype=np.uint8),
            case=np.frombuffer(cases, dtype=np.uint8),
            clause=np.frombuffer(clauses, dtype=np.uint8),
            indptr=np.array(indptr, dtype=np.int64),
        )


def _cjk_pieces(run: str, endings: Collection[str]) -> list[str]:
    """A run of characters as what it ends in and what stands before that."""
    for length in range(min(ENDING, len(run) - 1), 1, -1):
        if run[-length:] in endings:
            return [run[:-length], run[-length:]]
    return [run] if run else []


def cjk_endings(titles: Iterable[str], *, fewest: int = 3) -> frozenset[str]:
    """What the runs of characters in titles end in, where several different ones do: 'frying pan' of 'iron
    pan'."""
    runs = Counter(run for title in titles for run in _CJK_RUN.findall(title[:_CHARACTERS]))
    count: Counter[str] = Counter()
    for run in runs:
        for length in range(2, min(ENDING, len(run)) + 1):
            count[run[-length:]] += 1
    # a longer ending must be a good part of the shorter one
    return frozenset(
        ending
        for ending, number in count.items()
        if number >= fewest and (len(ending) == 2 or number >= 0.3 * count[ending[1:]])
    )


def _rises(before: str, written: str) -> bool:
    """Whether a capitalised word follows a small one: what a thing is ends, and its details begin."""
    return written[0].isupper() and not written.isupper() and before.islower()


def _case(written: str) -> int:
    if written.lower() == written.upper():
        return UPPER  # no script has only capitals: here the case says as little as in an abbreviation
    if written.islower():
        return SMALL
    if written.isupper():
        return UPPER
    return INNER if has_inner_capital(written) else MIXED


def has_inner_capital(written: str) -> bool:
    """Whether a word is written as a name is: LaserJet, iPod."""
    return _INNER.search(written) is not None


def shape(code: str) -> str:
    """What codes of one make have in common: 'LC51C' and 'LC1000C' are 'lc#c'."""
    return _DIGITS.sub("#", code.casefold())[:_SHAPE]


def without_brand(text: str, brand: str) -> str:
    """The text behind the brand that it begins with, if it does."""
    if brand and text[: len(brand)].casefold() == brand.casefold():
        rest = text[len(brand) :]
        if not rest[:1].isalnum() or not brand[-1].isalnum() or rest[:1] > "\u2e80":
            return rest
    return text
