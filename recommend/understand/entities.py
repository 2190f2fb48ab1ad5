"""Which words of a query name a brand, a category or an attribute value of this shop."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt

from kg.graph import Graph, Node
from kg.records import NodeKind
from kg.texts import Texts, Vocabulary
from recommend.understand.tokens import tokens

_KINDS: tuple[NodeKind, ...] = ("brand", "category", "attribute")
LONGEST = 5
"""Names of more words than this are descriptions; nobody types them as a name."""


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
        found: dict[str, list[tuple[int, int]]] = {}
        for number, kind in enumerate(_KINDS):
            for node in range(len(graph.nodes[kind])):
                for name in _called(graph, Node(kind, node)):
                    words = tokens(name)
                    if 0 < len(words) <= LONGEST and any(len(w) > 1 or not w.isascii() for w in words):
                        found.setdefault(" ".join(words), []).append((number, node))
        ordered = sorted(found)
        cells = [(p, kind_, node) for p, phrase in enumerate(ordered) for kind_, node in found[phrase]]
        columns = np.array(cells, dtype=np.int64).reshape(-1, 3)
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
        return tuple(Node(_KINDS[int(self.kind[c])], int(self.node[c])) for c in cells)

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


def _called(graph: Graph, node: Node) -> tuple[str, ...]:
    """The names under which people may ask for a node."""
    if node.kind == "attribute":
        name, _, value = graph.node_id(node).partition("=")
        return (name,) if value == "yes" else (value,)
    return (graph.label(node),)
