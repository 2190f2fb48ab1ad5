"""Which words of a query name a brand, a category or an attribute value of this shop."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import chain
from typing import TypeAlias

import numpy as np
import numpy.typing as npt

from kg.graph import Graph, Node
from kg.records import NodeKind
from kg.texts import Texts, Vocabulary
from recommend.understand.tokens import tokens

NAMED: tuple[NodeKind, ...] = ("brand", "category", "attribute")
"""The kinds of nodes that a query may name."""
LONGEST = 5
"""Names of more words than this are descriptions; nobody types them as a name."""


_Cell: TypeAlias = tuple[str, int, int]
"""A phrase, the number of a kind in NAMED, and a node of that kind."""


@dataclass(frozen=True, kw_only=True)
class Mention:
    """Some words of the query, in a row, and the nodes they may name."""

    text: str
    words: int
    nodes: tuple[Node, ...]


class Names:
    """Phrases of the graph: phrase int32 [m] (number in `phrases`), kind int8 [m], node int32 [m], sorted
    by phrase."""

    def __init__(
        self,
        phrases: Vocabulary,
        phrase: npt.NDArray[np.int32],
        kind: npt.NDArray[np.int8],
        node: npt.NDArray[np.int32],
    ) -> None:
        self.phrases = phrases
        self.phrase = phrase
        self.kind = kind
        self.node = node

    @classmethod
    def of(cls, graph: Graph) -> Names:
        """The names of all brands, categories and attribute values."""
        return cls._joined([], [_read(graph, kind, range(len(graph.nodes[kind]))) for kind in NAMED])

    def renewed(self, before: Graph, graph: Graph) -> Names:
        """What `of` would make of a newer graph; only nodes that were not in `before` are read."""
        kept: list[_Cell] = []
        fresh: list[list[_Cell]] = []
        written = list(self.phrases)
        for number, kind in enumerate(NAMED):
            moved = graph.nodes[kind].numbers(before.nodes[kind])
            cells = np.flatnonzero(self.kind == number)
            cells = cells[moved[self.node[cells]] >= 0]
            nodes = moved[self.node[cells]].tolist()
            phrases = self.phrase[cells].tolist()
            kept += [(written[phrase], number, node) for phrase, node in zip(phrases, nodes, strict=True)]
            is_new = np.ones(len(graph.nodes[kind]), dtype=np.bool_)
            is_new[moved[moved >= 0]] = False
            fresh.append(_read(graph, kind, np.flatnonzero(is_new).tolist()))
        return self._joined(kept, fresh)

    @classmethod
    def _joined(cls, kept: list[_Cell], fresh: list[list[_Cell]]) -> Names:
        cells = sorted(chain(kept, *fresh))
        ordered = list(dict.fromkeys(phrase for phrase, _, _ in cells))
        numbers = {phrase: number for number, phrase in enumerate(ordered)}
        columns = np.array([(numbers[p], kind, node) for p, kind, node in cells], dtype=np.int64)
        columns = columns.reshape(-1, 3)
        return cls(
            Vocabulary.of(ordered),
            columns[:, 0].astype(np.int32),
            columns[:, 1].astype(np.int8),
            columns[:, 2].astype(np.int32),
        )

    def __len__(self) -> int:
        return len(self.phrases)

    def mentions(self, words: Sequence[str]) -> tuple[Mention, ...]:
        """The longest names from left to right; words that name nothing are passed over."""
        found: list[Mention] = []
        start = 0
        while start < len(words):
            for stop in range(min(len(words), start + LONGEST), start, -1):
                phrase = " ".join(words[start:stop])
                number = self.phrases.number(phrase)
                if number is not None:
                    found.append(Mention(text=phrase, words=stop - start, nodes=self._nodes(number)))
                    start = stop
                    break
            else:
                start += 1
        return tuple(found)

    @cached_property
    def _starts(self) -> npt.NDArray[np.int64]:
        return np.searchsorted(self.phrase, np.arange(len(self.phrases) + 1))

    def _nodes(self, phrase: int) -> tuple[Node, ...]:
        cells = range(int(self._starts[phrase]), int(self._starts[phrase + 1]))
        return tuple(Node(NAMED[int(self.kind[c])], int(self.node[c])) for c in cells)

    def arrays(self) -> dict[str, npt.NDArray[np.generic]]:
        return {
            **self.phrases.texts.arrays("phrases"),
            "phrase": self.phrase,
            "kind": self.kind,
            "node": self.node,
        }

    @classmethod
    def from_arrays(cls, arrays: dict[str, npt.NDArray[np.generic]]) -> Names:
        return cls(
            Vocabulary(Texts.from_arrays(arrays, "phrases")),
            arrays["phrase"].astype(np.int32, copy=False),
            arrays["kind"].astype(np.int8, copy=False),
            arrays["node"].astype(np.int32, copy=False),
        )


def _read(graph: Graph, kind: NodeKind, nodes: Iterable[int]) -> list[_Cell]:
    """The phrases under which people may ask for some nodes of a kind."""
    number = NAMED.index(kind)
    found: list[_Cell] = []
    for node in nodes:
        for name in _called(graph, Node(kind, node)):
            words = tokens(name)
            if 0 < len(words) <= LONGEST and any(len(w) > 1 or not w.isascii() for w in words):
                found.append((" ".join(words), number, node))
    return found


def _called(graph: Graph, node: Node) -> tuple[str, ...]:
    """The names under which people may ask for a node."""
    if node.kind == "attribute":
        name, _, value = graph.node_id(node).partition("=")
        return (name,) if value == "yes" else (value,)
    return (graph.label(node),)
