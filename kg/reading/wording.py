"""Texts as shoppers read them: without the HTML that shops write into them."""

from __future__ import annotations

import html
import re

_NAMES = (
    "a abbr article b blockquote br center code dd div dl dt em figcaption figure font h1 h2 h3 h4 h5 h6 "
    "header hr i iframe img ins label li main mark meta ol p picture pre s section small source span strike "
    "strong sub sup table tbody td tfoot th thead tr tt u ul video wbr"
)
_TAG = re.compile(rf"<(/?)({_NAMES.replace(' ', '|')})(?:\s[^<>]*|/)?>", re.IGNORECASE)
_UNSEEN = re.compile(r"<!--.*?(?:-->|\Z)|<(script|style)\b.*?(?:</\1\s*>|\Z)", re.IGNORECASE | re.DOTALL)
_BREAKING = frozenset({
    "article", "blockquote", "br", "center", "dd", "div", "dl", "dt", "figcaption", "figure", "h1", "h2",
    "h3", "h4", "h5", "h6", "header", "hr", "li", "main", "ol", "p", "pre", "section", "table", "tr", "ul",
})  # fmt: skip
_ENTITY = re.compile(r"&(?:#\d{1,7}|#[xX][\da-fA-F]{1,6}|[a-zA-Z]\w{1,31});")
_SPACES = re.compile(r"[^\S\n]+")
_BREAKS = re.compile(r" *\n[ \n]*")


def one_line(text: str) -> str:
    """A title or name: '&amp;' is '&', tags are gone, spaces are single."""
    return " ".join(paragraphs(text).split()) if "&" in text or "<" in text else " ".join(text.split())


def paragraphs(text: str) -> str:
    """A description: a block of HTML is a line, a list's item starts with a dot. '5 < 6' and '<M>' stay."""
    text = _unescaped(text)
    if "<" not in text or not _TAG.search(text):
        return text.strip()
    text = _TAG.sub(_instead, " ".join(_UNSEEN.sub(" ", text).split()))
    return _BREAKS.sub("\n", _SPACES.sub(" ", _unescaped(text))).strip()


def _instead(tag: re.Match[str]) -> str:
    name = tag[2].lower()
    if name not in _BREAKING:
        return " " if name in ("td", "th", "img") else ""
    return "\n• " if name == "li" and not tag[1] else "\n"


def _unescaped(text: str) -> str:
    if "&" in text:  # not without its semicolon: 'Fish&notes' has no '¬'
        text = _ENTITY.sub(lambda entity: html.unescape(entity[0]), text)
    return text.replace("\u00a0", " ")
