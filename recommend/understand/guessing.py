"""What kind of product a whole query may mean, where its words leave that open.

A model of meanings (`recommend.understand.intent`) says it with probabilities. They stay beside what the
words name: a guess is an alternative, never a word's meaning.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import replace

from kg.graph import Node
from recommend.understand.nodes import Nodes
from recommend.understand.reading import Reading

Guess = Sequence[tuple[Node, float]]

LEAST = 0.05
"""A less likely kind is no alternative."""
UNSURE = 0.2
"""If it is less likely than this that a kind, or one above it, is meant, for every kind, the model does not
know."""
_AGREES = 0.2
"""The model agrees with a kind that words name if it gives it, or kinds above and below it, this chance."""


def leaves_open(reading: Reading) -> bool:
    """Whether words say no kind, or there are words that nothing in the shop has.

    A brand, a series, or what something must go with, is a whole question: it leaves nothing open.
    """
    if reading.unknown:
        return True
    named = [one for one in reading.entities if one.role in ("brand", "series", "target")]
    said = sum(one.stop - one.start for one in named)
    return not reading.of_role("type") and said < len(reading.words)


def contradicts(guess: Guess, reading: Reading, nodes: Nodes) -> bool:
    """Whether a model holds the kinds that words name for unlikely."""
    named = {nodes.number(node) for one in reading.of_role("type") for node, _ in one.nodes}
    things = [number for number in named if nodes.is_thing(number)]
    agreed = sum(
        chance
        for node, chance in guess
        if any(_related(nodes, nodes.number(node), thing) for thing in things)
    )
    return agreed < _AGREES


def with_guesses(reading: Reading, guess: Guess, nodes: Nodes, others: Collection[int] = ()) -> Reading:
    """A reading with the kinds that its meaning is near to; none if the model is unsure of all.

    others: kinds that words name without asking for them, as a part, as what the product is for, or left out:
    a monitor with speakers is no speaker.
    """
    likely = tuple(
        (node, chance)
        for node, chance in guess
        if chance >= LEAST and not any(_related(nodes, nodes.number(node), other) for other in others)
    )
    numbers = [nodes.number(node) for node, _ in likely]
    answered = (
        sum(chance for wide, (_, chance) in zip(numbers, likely, strict=True) if nodes.is_below(one, wide))
        for one in numbers
    )
    return replace(reading, guesses=likely) if max(answered, default=0.0) >= UNSURE else reading


def _related(nodes: Nodes, one: int, other: int) -> bool:
    return nodes.is_below(one, other) or nodes.is_below(other, one)
