"""From the words of a query to entities of the graph, without any model: quick enough for every keystroke.

What a reader knows, how it is made of a graph, renewed and kept; how it reads is in
`recommend.understand.interpreting`.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from functools import cached_property
from itertools import chain
from typing import TypeAlias

from kg.arrays import Arrays
from kg.graph import Graph
from kg.records import NodeKind
from recommend.understand.agreement import Agreement, product_nodes
from recommend.understand.fields import Fields
from recommend.understand.interpreting import Intent, Interpreter
from recommend.understand.language import Grammar, Synonyms, packaged_grammar, packaged_synonyms
from recommend.understand.learning import learnt_names
from recommend.understand.measures import MeasureReader
from recommend.understand.name_table import NameTable
from recommend.understand.names import ALIAS, Entry, fits
from recommend.understand.nodes import Nodes
from recommend.understand.own_names import OwnNames
from recommend.understand.reading import Reading
from recommend.understand.synonyms import with_synonyms
from recommend.understand.vocabulary import Vocabulary
from recommend.understand.words import key, normal, split

Alias: TypeAlias = tuple[str, NodeKind, str, float]
"""Another name of a node: (phrase, kind, id of the node, how well it fits: 0 to 1)."""

_ALIAS = 0.95
"""No alias fits as well as the name itself."""


class Reader:
    """Reads queries for one graph. Immutable; `arrays` hold everything but the graph itself."""

    def __init__(
        self,
        graph: Graph,
        own: OwnNames,
        names: NameTable,
        agreement: Agreement,
        fields: Fields,
        vocabulary: Vocabulary,
        *,
        grammar: Grammar | None = None,
    ) -> None:
        self.graph = graph
        self.own = own
        self.names = names
        self.agreement = agreement
        self.fields = fields
        self.vocabulary = vocabulary
        self.grammar = grammar or packaged_grammar()

    @classmethod
    def of(
        cls,
        graph: Graph,
        *,
        aliases: Iterable[Alias] = (),
        synonyms: Synonyms | None = None,
        grammar: Grammar | None = None,
        language: Iterable[str] = (),
    ) -> Reader:
        """A reader of everything that a graph names.

        aliases: further names of nodes (of nodes that the graph lacks, none); synonyms: None for the list
        that comes along; language: words that are right though the shop may lack them, which need no mending.
        """
        grammar = grammar or packaged_grammar()
        fellows = _fellows(synonyms)
        own = OwnNames.of(graph, grammar)
        vocabulary = Vocabulary.of(graph, chain(language, _words_of(fellows)))
        return cls._of(graph, own, vocabulary, aliases, fellows, grammar)

    @classmethod
    def _of(
        cls,
        graph: Graph,
        own: OwnNames,
        vocabulary: Vocabulary,
        aliases: Iterable[Alias],
        fellows: Mapping[str, tuple[str, ...]],
        grammar: Grammar,
    ) -> Reader:
        linked = product_nodes(graph)
        agreement = Agreement.of(graph, linked)
        entries = [*own, *_aliases(graph, aliases)]
        entries += list(with_synonyms(entries, fellows, Nodes(graph).thing_spans, _attribute_span(graph)))
        known = {entry.key for entry in entries}
        is_thing = Nodes(graph).is_thing
        things = {entry.key for entry in entries if is_thing(entry.node)}
        learnt = list(learnt_names(graph, linked, known=known, things=things, grammar=grammar))
        entries += learnt
        entries += list(with_synonyms(learnt, fellows, Nodes(graph).thing_spans))
        return cls(
            graph,
            own,
            NameTable.of(entries, agreement.counts, graph.offsets),
            agreement,
            Fields.of(graph, linked, MeasureReader(grammar), fellows),
            vocabulary,
            grammar=grammar,
        )

    def renewed(
        self,
        graph: Graph,
        *,
        aliases: Iterable[Alias] = (),
        synonyms: Synonyms | None = None,
        language: Iterable[str] = (),
    ) -> Reader:
        """What `of` makes of a newer graph. Only names and texts that are new are read."""
        fellows = _fellows(synonyms)
        own = self.own.renewed(self.graph, graph, self.grammar)
        vocabulary = self.vocabulary.renewed(self.graph, graph, chain(language, _words_of(fellows)))
        return self._of(graph, own, vocabulary, aliases, fellows, self.grammar)

    def priced(self, graph: Graph) -> Reader:
        """What `of` makes of a newer graph that says all the same but for prices."""
        return Reader(
            graph,
            self.own,
            self.names,
            self.agreement,
            self.fields.priced(graph),
            self.vocabulary,
            grammar=self.grammar,
        )

    def read(self, text: str, *, intent: Intent | None = None) -> Reading:
        """What a query says. `intent` weighs the types where names leave them open; it is not asked where one
        name says exactly what is wanted."""
        return self._interpreter.read(text, intent=intent)

    @cached_property
    def _interpreter(self) -> Interpreter:
        return Interpreter(self.graph, self.names, self.agreement, self.fields, self.vocabulary, self.grammar)

    def arrays(self) -> Arrays:
        """Everything but the graph and the grammar."""
        parts = (self.own, self.names, self.agreement, self.fields, self.vocabulary)
        return {name: array for part in parts for name, array in part.arrays().items()}

    @classmethod
    def from_arrays(cls, arrays: Arrays, graph: Graph, *, grammar: Grammar | None = None) -> Reader:
        """What `arrays` gave, with the graph that it was made of."""
        return cls(
            graph,
            OwnNames.from_arrays(arrays),
            NameTable.from_arrays(arrays),
            Agreement.from_arrays(arrays),
            Fields.from_arrays(arrays),
            Vocabulary.from_arrays(arrays),
            grammar=grammar,
        )


def _fellows(synonyms: Synonyms | None) -> Mapping[str, tuple[str, ...]]:
    return (packaged_synonyms() if synonyms is None else synonyms).fellows()


def _words_of(fellows: Mapping[str, Iterable[str]]) -> Iterator[str]:
    """The words of the synonyms: they are right, whatever the shop calls the thing."""
    return (word for phrase in fellows for word in phrase.split(" "))


def _attribute_span(graph: Graph) -> tuple[int, int]:
    start = graph.offsets["attribute"]
    return start, start + len(graph.nodes["attribute"])


def _aliases(graph: Graph, aliases: Iterable[Alias]) -> Iterator[Entry]:
    for phrase, kind, node_id, fit in aliases:
        number = graph.nodes[kind].number(node_id)
        words = split(normal(phrase))
        if number is not None and fits(words):
            yield Entry(key(words), graph.offsets[kind] + number, min(float(fit), _ALIAS), ALIAS)
