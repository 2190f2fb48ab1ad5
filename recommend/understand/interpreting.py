"""One query, step by step: what its words may mean, what that is to the query, and what is wanted in all."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial
from typing import TypeAlias

from kg.graph import Graph, Node
from recommend.understand.agreement import Agreement
from recommend.understand.amounts import NO_AMOUNTS, Amounts, Asking, amounts_of
from recommend.understand.asked import Asked, ask
from recommend.understand.assembling import assembled, with_guess
from recommend.understand.conflicts import measures_kept
from recommend.understand.fields import Fields
from recommend.understand.guessing import contradicts, leaves_open, with_guesses
from recommend.understand.language import Grammar
from recommend.understand.marks import Marker
from recommend.understand.meanings import (
    Meaning,
    agree,
    kept,
    meanings,
    narrowed,
    things_of,
    weighed,
)
from recommend.understand.measures import Measure, MeasureReader
from recommend.understand.name_table import NameTable
from recommend.understand.nodes import Nodes
from recommend.understand.parts import measured_parts, with_heads
from recommend.understand.reading import Reading
from recommend.understand.roles import Scopes, roles, scopes
from recommend.understand.spread import Spread
from recommend.understand.vocabulary import Vocabulary
from recommend.understand.words import normal, split

Intent: TypeAlias = Callable[[str], Sequence[tuple[Node, float]]]
"""What a model takes a text to ask for: types or categories with probabilities."""

_CLEAR = 0.9
"""A name that fits so well needs no model beside it."""
_NAMED = 0.2
"""So much of what words mean is a kind that they name."""
_SURE = 0.5
"""So probable must a type be that only the model names."""


class Interpreter:
    """Reads queries by what a shop calls its things, and what goes together there."""

    def __init__(
        self,
        graph: Graph,
        names: NameTable,
        agreement: Agreement,
        fields: Fields,
        vocabulary: Vocabulary,
        grammar: Grammar,
    ) -> None:
        self.graph = graph
        self.names = names
        self.agreement = agreement
        self.fields = fields
        self.vocabulary = vocabulary
        self.grammar = grammar
        self._measures = MeasureReader(grammar)
        self._spread = Spread(graph, fields, self._measures)
        self._marker = Marker(grammar)
        self._nodes = Nodes(graph)

    def read(self, text: str, *, intent: Intent | None = None) -> Reading:
        """What a query says. `intent` weighs the types where names leave them open; it is not asked where one
        name says exactly what is wanted."""
        plain = normal(text)
        words = split(plain)
        if not words:
            return Reading(text=text, graph=self.graph)
        measures: Sequence[Measure] = self._measures.find(plain)
        asked = ask(
            plain,
            words,
            measures,
            marker=self._marker,
            grammar=self.grammar,
            names=self.names,
            vocabulary=self.vocabulary,
        )
        several = meanings(asked.matches, self.names)
        self._with_attribute_names(asked, several)
        scope = scopes(plain, asked.words, asked.marks, several)
        several = with_heads(asked, several, scope, self.names, self._nodes, self.agreement, self.grammar)
        kept_in = [one for one in several if scope.of[one.match.start] != "without"]
        agree(kept_in, self.agreement, self._nodes)
        for one in several:
            one.weights = kept(one.weights)
        guess = self._guess(text, several, scope, intent)
        role = roles(
            plain,
            asked.words,
            asked.marks,
            several,
            scope,
            self._nodes,
            self.agreement,
            self._become_thing,
            measured_parts(asked, several, measures, self.fields, self._nodes, self.agreement, self.grammar),
        )
        self._narrow(several, role)
        measures, dropped = measures_kept(asked.words, several, role, measures, self.agreement)
        if dropped:
            several = [one for place, one in enumerate(several) if place not in dropped]
            role = [its for place, its in enumerate(role) if place not in dropped]
        found = assembled(
            text,
            plain,
            words,
            asked,
            several,
            role,
            scope,
            self._amounts(plain, asked, measures, several, role),
            graph=self.graph,
            names=self.names,
            vocabulary=self.vocabulary,
            nodes=self._nodes,
        )
        vain = self._vain(several, role)
        if vain:
            said = sum(one.match.stop - one.match.start for one in vain)
            found = replace(found, understood=max(0.0, found.understood - said / len(asked.words)))
        small = {place for place, mark in zip(asked.origin, asked.marks, strict=True) if mark}
        reading = found if "type" in role else with_guess(found, guess, _SURE, small=small)
        if intent is None:
            return reading
        # side by side, without a "for" between them: 'usb battery' may be no battery
        compound = bool(vain) or (
            "type" in role
            and any(
                its == "target" and scope.of[one.match.start] == "plain"
                for one, its in zip(several, role, strict=True)
            )
        )
        others = self._named_otherwise(several, role)
        if leaves_open(found) or reading is not found:
            return with_guesses(reading, guess or intent(text), self._nodes, others)
        if compound and contradicts(guess := guess or intent(text), found, self._nodes):
            return with_guesses(reading, guess, self._nodes, others)
        return reading

    def _named_otherwise(self, several: Sequence[Meaning], role: Sequence[str]) -> list[int]:
        """The kinds that are named, but not wanted."""
        return [
            node
            for one, its in zip(several, role, strict=True)
            if its in ("attribute", "target", "excluded")
            for node, weight in one.weights.items()
            if weight >= _NAMED and self._nodes.is_thing(node)
        ]

    def _vain(self, several: Sequence[Meaning], role: Sequence[str]) -> list[Meaning]:
        """The properties that nothing of the wanted kind has: 'usb battery' may be another kind of thing."""
        wanted = [n for one, its in zip(several, role, strict=True) if its == "type" for n in one.weights]
        things = [node for node in wanted if self._nodes.is_thing(node)]
        return [
            one
            for one, its in zip(several, role, strict=True)
            if its == "attribute"
            and things
            and not any(self.agreement.have(thing, node) for node in one.weights for thing in things)
        ]

    def _with_attribute_names(self, asked: Asked, several: Sequence[Meaning]) -> None:
        """'Berry colour' is that colour and not the brand: of a word beside the name of an attribute, only
        values of this attribute remain."""
        named = {i for one in several for i in range(one.match.start, one.match.stop)}
        for one in several:
            beside = {
                asked.words[i].token
                for i in (one.match.start - 1, one.match.stop)
                if 0 <= i < len(asked.words) and i not in named and not asked.marks[i]
            }
            if not beside or len(one.weights) == 1:
                continue
            own = {
                n: w for n, w in one.weights.items() if beside.intersection(self._nodes.attribute_words(n))
            }
            if own:
                one.weights = kept(own)

    def _become_thing(self, one: Meaning) -> bool:
        return things_of(one, self.agreement, partial(self._nodes.says_kind, self.grammar))

    def _narrow(self, several: Sequence[Meaning], role: Sequence[str]) -> None:
        """Types that properties narrow down."""
        own = [one for one, its in zip(several, role, strict=True) if its == "attribute"]
        for one, its in zip(several, role, strict=True):
            if its == "type" and own:
                narrowed(one, own, self.agreement, self._nodes)

    def _guess(
        self, text: str, several: Sequence[Meaning], scope: Scopes, intent: Intent | None
    ) -> Sequence[tuple[Node, float]]:
        """What the model says, if it is asked; the weights of what is wanted follow it."""
        wanted = [one for one in several if scope.of[one.match.start] == "plain"]
        clear = (
            one.match.fit >= _CLEAR and len(one.weights) == 1 and self._nodes.is_thing(*one.weights)
            for one in wanted
        )
        if intent is None or any(clear):
            return ()
        guess = intent(text)
        for one in wanted:
            weighed(one, guess, self._nodes, self.agreement)
        return guess

    def _amounts(
        self,
        plain: str,
        asked: Asked,
        measures: Sequence[Measure],
        several: Sequence[Meaning],
        role: Sequence[str],
    ) -> Amounts:
        if not measures and not any(word.folded[0].isdecimal() for word in asked.words):
            return NO_AMOUNTS
        things: list[tuple[int, float]] = []
        free = [not mark for mark in asked.marks]
        for one, its in zip(several, role, strict=True):
            if its == "type":
                things += [(n, w) for n, w in one.weights.items() if self._nodes.is_thing(n)]
            if its in ("type", "brand", "series"):
                free[one.match.start : one.match.stop] = [False] * (one.match.stop - one.match.start)
        wanted = max(things, key=lambda thing: (thing[1], -thing[0]), default=None)
        thing = None if wanted is None else self._nodes.node(wanted[0])
        query = Asking(
            text=plain,
            words=asked.words,
            marks=asked.marks,
            things=things,
            free=free,
            meant=lambda one: thing is not None and self._spread.meant(one, thing),
            some_have=lambda one, fields: (
                fields if thing is None or len(fields) < 2 else self._spread.some_have(one, fields, thing)
            ),
        )
        return amounts_of(query, measures, self.fields, self.grammar)
