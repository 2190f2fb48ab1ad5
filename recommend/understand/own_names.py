"""The entries that nodes have by their own names, kept so that an update reads only names that are new."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from kg.arrays import Arrays
from kg.graph import Graph
from kg.records import NodeKind
from kg.texts import Texts
from recommend.understand.language import Grammar
from recommend.understand.names import SPOKEN, Entry, named_entries

Numbers = npt.NDArray[np.int64]


@dataclass(frozen=True, kw_only=True, eq=False)
class OwnNames:
    """Entries in the order of their nodes: keys, node int64 [m] (numbered through all kinds), fit float64
    [m], source int8 [m]."""

    keys: Texts
    node: Numbers
    fit: npt.NDArray[np.float64]
    source: npt.NDArray[np.int8]

    @classmethod
    def of(cls, graph: Graph, grammar: Grammar) -> OwnNames:
        """The entries of all nodes that a query may name."""
        return cls._in_order(_read(graph, grammar, {kind: range(len(graph.nodes[kind])) for kind in SPOKEN}))

    def renewed(self, before: Graph, graph: Graph, grammar: Grammar) -> OwnNames:
        """What `of` makes of a newer graph; `before` is the one that these entries are of."""
        moved = np.full(before.node_count, -1, dtype=np.int64)
        fresh: dict[NodeKind, list[int]] = {}
        same_brands = _same(before, graph, "brand")
        for kind in SPOKEN:
            size, offset = len(graph.nodes[kind]), graph.offsets[kind]
            if kind == "series" and not same_brands:  # a series goes by its name without the brand too
                numbers = np.full(len(before.nodes[kind]), -1, dtype=np.int64)
            elif _same(before, graph, kind):
                numbers = np.arange(size, dtype=np.int64)
            else:
                numbers = graph.nodes[kind].numbers(before.nodes[kind])
            start = before.offsets[kind]
            moved[start : start + len(numbers)] = np.where(numbers >= 0, numbers + offset, -1)
            is_new = np.ones(size, dtype=np.bool_)
            is_new[numbers[numbers >= 0]] = False
            fresh[kind] = np.flatnonzero(is_new).tolist()
        kept = np.flatnonzero(moved[self.node] >= 0)
        return self._in_order(
            _read(graph, grammar, fresh),
            OwnNames(
                keys=self.keys.pick(kept),
                node=moved[self.node[kept]],
                fit=self.fit[kept],
                source=self.source[kept],
            ),
        )

    @classmethod
    def _in_order(cls, *parts: OwnNames) -> OwnNames:
        node = np.concatenate([part.node for part in parts])
        order = np.argsort(node, kind="stable")  # those of one node all come from one part
        return cls(
            keys=Texts.chain(*(part.keys for part in parts)).pick(order),
            node=node[order],
            fit=np.concatenate([part.fit for part in parts])[order],
            source=np.concatenate([part.source for part in parts])[order],
        )

    def __iter__(self) -> Iterator[Entry]:
        columns = (self.node.tolist(), self.fit.tolist(), self.source.tolist())
        return map(Entry, self.keys, *columns)

    def arrays(self) -> Arrays:
        return {
            **self.keys.arrays("own.keys"),
            "own.node": self.node,
            "own.fit": self.fit,
            "own.source": self.source,
        }

    @classmethod
    def from_arrays(cls, arrays: Arrays) -> OwnNames:
        return cls(
            keys=Texts.from_arrays(arrays, "own.keys"),
            node=arrays["own.node"].astype(np.int64, copy=False),
            fit=arrays["own.fit"].astype(np.float64, copy=False),
            source=arrays["own.source"].astype(np.int8, copy=False),
        )


def _read(graph: Graph, grammar: Grammar, nodes: Mapping[NodeKind, Sequence[int]]) -> OwnNames:
    entries = list(named_entries(graph, grammar, nodes))
    return OwnNames(
        keys=Texts.of(entry.key for entry in entries),
        node=np.array([entry.node for entry in entries], dtype=np.int64),
        fit=np.array([entry.fit for entry in entries], dtype=np.float64),
        source=np.array([entry.source for entry in entries], dtype=np.int8),
    )


def _same(before: Graph, graph: Graph, kind: NodeKind) -> bool:
    """Whether the nodes of a kind are the same, and so their numbers within it."""
    one, other = before.nodes[kind].texts, graph.nodes[kind].texts
    return np.array_equal(one.offsets, other.offsets) and np.array_equal(one.data, other.data)
