"""Names under the other words that mean the same: 'notebook bag' for the category 'Laptop bags'."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from functools import cache

from kg.doctor.lexicon import VALUE_KINDS, ValueKind, value_phrases
from recommend.understand.names import NAME, SYNONYM, Entry
from recommend.understand.words import key, normal, split

_WHOLE, _INNER = 0.85, 0.75
"""How much worse a name fits that has another word in its place, and one that has it for a part."""
_LEAST = 0.4
_LONGEST = 4


def with_synonyms(
    entries: Iterable[Entry],
    fellows: Mapping[str, tuple[str, ...]],
    things: Iterable[tuple[int, int]],
    attributes: tuple[int, int] | None = None,
) -> Iterator[Entry]:
    """The further entries that synonyms make, of types, categories and attributes; brands and series have
    none.

    things: spans of the nodes that say what a product is; if the span of `attributes` is given, colours and
    materials are said in other languages, and single words are exchanged in the names of things.
    """
    spans = tuple(things)
    values = value_fellows() if attributes is not None else {}
    first, last = attributes or (0, 0)
    for entry in entries:
        if entry.fit < _LEAST:
            continue
        is_thing = any(start <= entry.node < stop for start, stop in spans)
        if not is_thing and not first <= entry.node < last:
            continue
        others = fellows.get(entry.key, ())
        if not is_thing:
            others = (*others, *values.get(entry.key, ()))
        for other in others:
            yield Entry(other, entry.node, entry.fit * _WHOLE, SYNONYM)
        if is_thing and attributes is not None and entry.source == NAME:
            yield from _exchanged(entry, fellows)


def _exchanged(entry: Entry, fellows: Mapping[str, tuple[str, ...]]) -> Iterator[Entry]:
    """Names of several words with one part exchanged."""
    tokens = entry.key.split(" ")
    if not 1 < len(tokens) <= _LONGEST:
        return
    for start in range(len(tokens)):
        for stop in range(start + 1, len(tokens) + 1):
            if stop - start == len(tokens):
                continue
            for other in fellows.get(" ".join(tokens[start:stop]), ()):
                exchanged = " ".join((*tokens[:start], other, *tokens[stop:]))
                yield Entry(exchanged, entry.node, entry.fit * _INNER, SYNONYM)


@cache
def value_fellows() -> Mapping[str, tuple[str, ...]]:
    """Colours, materials and sizes by their names in other languages; abbreviations of two letters stay
    out."""
    kinds: tuple[ValueKind, ...] = tuple(kind for kind in VALUE_KINDS if kind != "answers")
    found: dict[str, tuple[str, ...]] = {}
    for kind in kinds:
        groups: dict[str, dict[str, None]] = {}
        for phrase, meant in value_phrases(kind).items():
            words = split(normal(phrase))
            if words and (words[0].cjk or len(phrase) > 2):
                groups.setdefault(meant, {})[key(words)] = None
        for group in groups.values():
            for one in group:
                found[one] = (*found.get(one, ()), *(other for other in group if other != one))
    return found
