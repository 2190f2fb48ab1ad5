"""What several feeds do to their cells before they are mapped."""

from __future__ import annotations

import re
from collections.abc import Iterable

from kg.reading.values import blank
from kg.reading.wording import one_line, paragraphs

_TAG = re.compile(r"</?[a-zA-Z][^<>]*>")


def words(value: object) -> str:
    """A cell as text; '' for no value."""
    return "" if blank(value) else str(value).strip()


def listed(value: object) -> list[str]:
    """A cell as a list of texts: of a list its parts that are not blank, of anything else itself."""
    parts = value if isinstance(value, (list, tuple)) else (value,)
    return [text for part in parts if (text := words(part))]


def described(*parts: object) -> str:
    """Texts, or lists of them, one below the other and without HTML; a text that comes twice comes once."""
    texts = [paragraphs(text) for part in parts for text in listed(part)]
    return "\n".join(dict.fromkeys(text for text in texts if text))


def path_of(names: Iterable[object]) -> list[str]:
    """A category path without blanks, and without names that came higher up. Markup ends it: some data sets
    have scraps of the page behind the last category."""
    path: dict[str, None] = {}
    for name in names:
        text = words(name)
        if _TAG.search(text):
            break
        if text:
            path[one_line(text)] = None
    return list(path)
