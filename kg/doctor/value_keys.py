"""What a value is once its spelling is set aside: two values with one key are one value.

Kept apart: whatever differs in a digit, in a sign that means something (+, #, %, a minus) or in the case of
a unit that means two things (Mb is not MB).
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping

from kg.doctor.lexicon import ValueKind, units, value_phrases
from kg.doctor.spelling import folded, singular

_TOKEN = re.compile(r"\d+(?:[.,]\d+)*|[^\W\d_]+|[+#%±°<>=~*/&\"″′@$€£¥®™]|''|(?<![^\W_])-(?=\d)")
_APOSTROPHE = re.compile(r"(?<=[^\W\d_])['’](?=[^\W\d_])")
_PARTS = re.compile(r"\s*[,;|]\s+|\s*[;|]\s*|(?<=[^\W\d_]),(?=[^\W\d_])")
_TWO_MEANINGS = frozenset({"mb", "gb", "kb", "tb", "mw", "m", "k", "g", "mbps", "gbps", "mb/s"})
_SILENT = frozenset({"®", "™"})


def value_key(text: str, kind: ValueKind | None = None) -> tuple[str, ...]:
    """The key of a text value: its parts (between commas), each spelled plainly, in order of the alphabet.

    `kind` says which list of synonyms may be used, for attributes whose values are colours, materials …
    """
    return tuple(sorted(_part(part, kind) for part in _PARTS.split(text.strip()) if part.strip()))


def _part(text: str, kind: ValueKind | None) -> str:
    tokens = _TOKEN.findall(_APOSTROPHE.sub("", unicodedata.normalize("NFKC", text)))
    spelled: list[str] = []
    after_number = False
    known = units()
    for token in tokens:
        if token in _SILENT:
            continue
        plain = folded(token)
        if after_number and token != plain and plain in _TWO_MEANINGS:
            spelled.append(token)
        elif after_number and plain in known:
            spelled.append(known[plain])
        elif plain == "&":
            spelled.append("and")
        elif plain == "/":
            pass
        else:
            spelled.append(singular(plain))
        after_number = token[0].isdigit()
    if kind is not None:
        return _meaning(spelled, value_phrases(kind))
    # hyphens, spaces and nothing are the same between letters; digits stay apart
    return re.sub(r"(?<=[^\W\d_])\s(?=[^\W\d_])", "", " ".join(spelled))


def _meaning(words: list[str], phrases: Mapping[str, str]) -> str:
    """The words with every known phrase replaced, the longest first."""
    found: list[str] = []
    at = 0
    while at < len(words):
        for end in range(min(len(words), at + 3), at, -1):
            meant = phrases.get(" ".join(words[at:end]))
            if meant is not None:
                found.append(meant.replace(" ", ""))
                at = end
                break
        else:
            found.append(words[at])
            at += 1
    return re.sub(r"(?<=[^\W\d_])\s(?=[^\W\d_])", "", " ".join(found))
