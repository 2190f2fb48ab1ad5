"""Words that name a kind of thing within others, and kinds that are but a part of what is wanted."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from recommend.understand.agreement import Agreement
from recommend.understand.asked import Asked
from recommend.understand.fields import Fields
from recommend.understand.language import Grammar
from recommend.understand.meanings import Meaning, meanings, role_of, share_of_things
from recommend.understand.measures import Measure
from recommend.understand.name_table import NameTable
from recommend.understand.nodes import Nodes
from recommend.understand.roles import Scopes
from recommend.understand.segments import Match
from recommend.understand.words import key

_THING, _HEAD = 0.2, 0.5
"""So much of what words mean is a thing if they may name one, and if they do."""


def with_heads(
    asked: Asked,
    several: list[Meaning],
    scope: Scopes,
    names: NameTable,
    nodes: Nodes,
    agreement: Agreement,
    grammar: Grammar,
) -> list[Meaning]:
    """'Blu-ray player' asks for a player, though it is a value of an attribute: where nothing else names a
    kind of thing, the last words of a property do.

    The property stays if such things have it ('gaming mouse pad: yes'); if not ('fits: inkjet printer'), the
    words before say what they say by themselves.
    """
    loose = [one for one in several if scope.of[one.match.start] == "plain"]
    if any(share_of_things(one.weights, nodes) >= _THING for one in loose):
        return several
    for one in reversed(loose):
        start, stop = one.match.start, one.match.stop
        says_kind = any(nodes.says_kind(grammar, node) for node in one.weights)
        if says_kind or role_of(one.weights, nodes) != "attribute":
            continue
        for middle in range(start + 1, stop):
            head = _named(asked, middle, stop, names)
            if head is not None and share_of_things(head.weights, nodes) >= _HEAD:
                had = any(agreement.have(thing, node) for thing in head.weights for node in one.weights)
                rest = None if had else _named(asked, start, middle, names)
                rest = rest or Meaning(replace(one.match, stop=middle), one.weights)
                at = several.index(one)
                return [*several[:at], rest, head, *several[at + 1 :]]
    return several


def measured_parts(
    asked: Asked,
    several: Sequence[Meaning],
    measures: Sequence[Measure],
    fields: Fields,
    nodes: Nodes,
    agreement: Agreement,
    grammar: Grammar,
) -> frozenset[int]:
    """The numbers of the meanings that say with the amount before them what another kind of thing has: the
    memory of 'laptop with 16 GB memory'."""
    found: set[int] = set()
    things = [(i, node) for i, one in enumerate(several) for node in one.weights if nodes.is_thing(node)]
    for measure in measures:
        following = next((i for i, word in enumerate(asked.words) if word.start >= measure.stop), None)
        while following is not None and asked.marks[following : following + 1] == ["stop"]:
            following += 1  # "16 GB of memory"
        place = next((i for i, one in enumerate(several) if one.match.start == following), None)
        if measure.unit is None or place is None:
            continue
        own = several[place].match
        about = fields.called(key(asked.words[own.start : own.stop]), measure, grammar)
        if any(i != place and fields.usual(thing, about, agreement.counts) for i, thing in things):
            found.add(place)
    return frozenset(found)


def _named(asked: Asked, start: int, stop: int, names: NameTable) -> Meaning | None:
    """What some words name by themselves."""
    at = names.find(key(asked.words[start:stop]))
    if at is None:
        return None
    return meanings([Match(start, stop, at, float(names.fit[at].max()), False)], names)[0]
