"""Words of a text, for the lexical side: any language that separates words, and Chinese by character
bigrams."""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache

import Stemmer

CJK = "\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\uac00-\ud7af"
"""The scripts whose words are not parted by spaces, as a class of a regular expression."""
_TOKEN = re.compile(rf"[{CJK}]+|[^\W_{CJK}]+(?:[.'][^\W_{CJK}]+)*")
_STEMMER = Stemmer.Stemmer("english")
MOST = 2_000
"""Words of one text beyond these are ignored: a pasted book is no query and no title."""


def tokens(text: str) -> list[str]:
    """Folded words ('Bulbs' → 'bulb'); a run of CJK characters gives its bigrams."""
    return [token for token, _ in written_tokens(text)]


def written_tokens(text: str) -> list[tuple[str, str]]:
    """(token, the word as it was written, folded): what to show when a token is spoken of."""
    found: list[tuple[str, str]] = []
    for run in _TOKEN.findall(unicodedata.normalize("NFKC", text[: MOST * 20]).casefold()):
        if is_cjk(run[0]):
            pieces = [run] if len(run) == 1 else [run[i : i + 2] for i in range(len(run) - 1)]
            found.extend((piece, piece) for piece in pieces)
        else:
            found.append((stem(run), run))
    return found[:MOST]


def is_cjk(character: str) -> bool:
    """Whether a character of a word is written without spaces around it."""
    return "\u3040" <= character <= "\u30ff" or "\u3400" <= character <= "\u9fff" or character >= "\uac00"


@lru_cache(maxsize=200_000)
def stem(word: str) -> str:
    """A folded word without its English ending."""
    return str(_STEMMER.stemWord(word)) if word.isascii() else word
