"""The shop's own synonyms (`recommend.shopfront.rules`), read into queries: they hold without a build."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import NamedTuple

from kg.graph import Node
from recommend.query import QueryReader
from recommend.understand.language import Synonyms
from recommend.understand.reading import Entity, Reading
from recommend.understand.words import Word, key, normal, split

_MOST = 4
"""So many other words for one phrase are read."""
_OTHER = 0.8
"""What the other words name counts so much, where the shop has something under the words that were typed."""


class _Phrase(NamedTuple):
    """A synonym in a query: its words from start to stop - 1, and what they also mean."""

    start: int
    stop: int
    others: tuple[str, ...]


def with_synonyms(read: QueryReader, synonyms: Synonyms) -> QueryReader:
    """A reader that also finds what the other words for a phrase name."""
    also = _also(synonyms)
    if not also:
        return read
    longest = max(len(phrase.split(" ")) for phrase in also)

    def reading(text: str) -> Reading:
        found = read(text)
        plain = normal(text)
        words = split(plain)
        for phrase in _phrases(words, also, longest):
            found = _merged(found, phrase, words, plain, read)
        return found

    return reading


def _also(synonyms: Synonyms) -> Mapping[str, tuple[str, ...]]:
    """The key of a phrase → what it means too."""
    found: dict[str, dict[str, None]] = {}
    for group in synonyms.same:
        for one in group:
            found.setdefault(key(split(normal(one))), {}).update((o, None) for o in group if o != one)
    for one, others in synonyms.means:
        found.setdefault(key(split(normal(one))), {}).update((other, None) for other in others)
    return {phrase: tuple(others)[:_MOST] for phrase, others in found.items() if phrase}


def _phrases(words: list[Word], also: Mapping[str, tuple[str, ...]], longest: int) -> Iterator[_Phrase]:
    """The longest phrases from left to right."""
    start = 0
    while start < len(words):
        for stop in range(min(len(words), start + longest), start, -1):
            others = also.get(key(words[start:stop]))
            if others:
                yield _Phrase(start, stop, others)
                start = stop
                break
        else:
            start += 1


def _merged(found: Reading, phrase: _Phrase, words: list[Word], plain: str, read: QueryReader) -> Reading:
    """A reading with what the other words for a phrase name."""
    before, after = plain[: words[phrase.start].start], plain[words[phrase.stop - 1].stop :]
    typed = plain[words[phrase.start].start : words[phrase.stop - 1].stop]
    own = next((e for e in found.entities if e.start < phrase.stop and phrase.start < e.stop), None)
    named: list[Entity] = []
    first = ""
    for other in phrase.others:
        stop = phrase.start + len(split(normal(other)))
        meant = read(f"{before}{other}{after}").entities
        named += [e for e in meant if phrase.start <= e.start and e.stop <= stop and e.nodes]
        first = first or (other if named else "")
    if own is not None and own.source == "intent":  # no name, only a guess; the shop knows better
        found = replace(found, entities=tuple(e for e in found.entities if e is not own))
        own = None
    if own is not None:
        several = [own, *(e for e in named if e.role == own.role)]
        best = max(own.fit, _OTHER * max(e.fit for e in several))
        return _with(found, replace(own, nodes=_nodes(several), fit=best))
    unknown = {word.folded for word in words[phrase.start : phrase.stop]}
    left = tuple(word for word in found.unknown if word.casefold() not in unknown)
    if not named:
        # no node is called so, but products may mention it
        other = f"{before}{phrase.others[0]}{after}"
        return replace(found, unknown=left, corrected=other) if len(left) < len(found.unknown) else found
    same = [e for e in named if e.role == named[0].role]
    entity = replace(
        named[0], words=typed, start=phrase.start, stop=phrase.stop, nodes=_nodes(same), source="synonym"
    )
    entities = tuple(sorted((*found.entities, entity), key=lambda e: e.start))
    guesses = () if entity.role == "type" else found.guesses
    understood = min(1.0, found.understood + (phrase.stop - phrase.start) / len(words))
    return replace(
        found,
        entities=entities,
        unknown=left,
        corrected="",
        guesses=guesses,
        instead=(*found.instead, (typed, first)),
        understood=understood,
    )


def _with(found: Reading, entity: Entity) -> Reading:
    """The reading with one entity in the place of that which stood there."""
    return replace(found, entities=tuple(entity if e.start == entity.start else e for e in found.entities))


def _nodes(entities: list[Entity]) -> tuple[tuple[Node, float], ...]:
    """The nodes of several entities by how well the words fit them, those of the first counting most; the
    weights add up to 1."""
    weights: dict[Node, float] = {}
    for place, entity in enumerate(entities):
        for node, weight in entity.nodes:
            worth = weight * entity.fit * (1.0 if place == 0 else _OTHER)
            weights[node] = max(weights.get(node, 0.0), worth)
    total = sum(weights.values())
    ordered = sorted(weights, key=lambda node: (-weights[node], node))
    return tuple((node, weights[node] / total) for node in ordered)
