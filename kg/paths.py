"""Bounded, typed search for paths between two nodes of a graph."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from itertools import islice

import numpy as np
import numpy.typing as npt
import scipy.sparse as sp

from kg.errors import SettingsError
from kg.graph import Graph, Node
from kg.records import NodeKind

MAX_HOPS = 4
"""Paths longer than this explain nothing, and there are millions of them."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Step:
    """One edge of a path as it is walked: along the arrow, or against it when `forward` is False."""

    relation: str
    kind: NodeKind
    id: str
    forward: bool = True


@dataclass(frozen=True, kw_only=True, slots=True)
class Path:
    """A walk through stored edges: where it starts and each step from there."""

    kind: NodeKind
    id: str
    steps: tuple[Step, ...]

    def __len__(self) -> int:
        return len(self.steps)

    def __str__(self) -> str:
        parts = [f"({self.kind} {self.id})"]
        for step in self.steps:
            arrow = f"-[{step.relation}]->" if step.forward else f"<-[{step.relation}]-"
            parts.append(f"{arrow}({step.kind} {step.id})")
        return "".join(parts)


def find_paths(
    graph: Graph,
    start: tuple[NodeKind, str],
    end: tuple[NodeKind, str],
    *,
    max_hops: int = 3,
    relations: Collection[str] | None = None,
    limit: int = 10,
) -> list[Path]:
    """Simple paths (no node twice) of at most `max_hops` edges, in either direction of each edge.

    Shortest first; among equals in the order of their nodes' kinds, ids and relations. `relations` limits
    the search to some names. Other users never appear inside a path. An unknown start or end gives an empty
    list. Time grows with the edges around both ends, not with the number of paths between them.
    """
    check_search(max_hops, limit)
    first = _node(graph, start)
    last = _node(graph, end)
    if first is None or last is None or first == last:
        return []
    search = _Search(graph, first, last, relations)
    found: list[Path] = []
    for length in range(1, max_hops + 1):
        walks = islice(search.walks(length), limit - len(found))
        found.extend(Path(kind=start[0], id=start[1], steps=steps) for steps in walks)
        if len(found) >= limit:
            break
    return found


def check_search(max_hops: int, limit: int) -> None:
    """Refuse searches that would not end."""
    if not 1 <= max_hops <= MAX_HOPS:
        raise SettingsError(f"max_hops={max_hops} is outside 1 to {MAX_HOPS}")
    if limit < 1:
        raise SettingsError(f"limit={limit} must be at least 1")


def _node(graph: Graph, name: tuple[NodeKind, str]) -> Node | None:
    number = graph.nodes[name[0]].number(name[1])
    return None if number is None else Node(name[0], number)


@dataclass(frozen=True, kw_only=True, slots=True)
class _Way:
    """A relation as it leaves one kind of nodes: along the arrow, or against it."""

    relation: str
    forward: bool
    kind: NodeKind
    matrix: sp.csr_array


@dataclass(frozen=True, kw_only=True, slots=True)
class _Layer:
    """The nodes of one kind from which the end is so many steps away.

    For each, the lowest and the highest of the next nodes on the way there (int64 [n], all kinds
    numbered in one row); nodes without a way have low > high. Where both are equal there is one way only.
    """

    low: npt.NDArray[np.int64]
    high: npt.NDArray[np.int64]


class _Search:
    """Walks in order that never turn into a dead end, however many edges a node has.

    Layers tell from which nodes the end can be reached in exactly so many steps. They are made for
    whole sets of nodes at once; then paths are walked one by one, in their order, and only as many as are
    asked for.
    """

    def __init__(self, graph: Graph, start: Node, end: Node, relations: Collection[str] | None) -> None:
        self._graph = graph
        self._start = start
        self._end = end
        self._ways: dict[NodeKind, list[_Way]] = {}
        for edge_type, relation in graph.relations.items():
            if relations is None or edge_type.name in relations:
                for forward, here, there in (
                    (True, edge_type.head, edge_type.tail),
                    (False, edge_type.tail, edge_type.head),
                ):
                    way = _Way(
                        relation=edge_type.name,
                        forward=forward,
                        kind=there,
                        matrix=relation.matrix if forward else relation.backward,
                    )
                    self._ways.setdefault(here, []).append(way)
        for ways in self._ways.values():
            ways.sort(key=lambda way: (way.relation, not way.forward))
        at = self._code(end)
        arrived = self._empty(end.kind)
        arrived.low[end.number] = arrived.high[end.number] = at
        self._layers: list[dict[NodeKind, _Layer]] = [{end.kind: arrived}]

    def walks(self, length: int) -> Iterator[tuple[Step, ...]]:
        """The steps of every path of this length, in order."""
        while len(self._layers) < length:
            self._layers.append(self._before(self._layers[-1]))
        return self._extend(self._start, (), (), length)

    def _extend(
        self, node: Node, seen: tuple[int, ...], steps: tuple[Step, ...], left: int
    ) -> Iterator[tuple[Step, ...]]:
        if left == 0:
            yield steps
            return
        seen = (*seen, self._code(node))
        for way, number in self._onward(node, self._layers[left - 1], seen):
            other = Node(way.kind, number)
            step = Step(
                relation=way.relation, kind=way.kind, id=self._graph.node_id(other), forward=way.forward
            )
            yield from self._extend(other, seen, (*steps, step), left - 1)

    def _onward(
        self, node: Node, layer: dict[NodeKind, _Layer], seen: tuple[int, ...]
    ) -> Iterator[tuple[_Way, int]]:
        """The next steps into a layer, in the order of kinds, ids and relations, arrows first."""
        ways = self._ways.get(node.kind, [])
        for kind in sorted({way.kind for way in ways} & layer.keys()):
            here = [(rank, way) for rank, way in enumerate(ways) if way.kind == kind]
            rows = [_row(way.matrix, node.number) for _, way in here]
            numbers = np.concatenate(rows)
            ranks = np.repeat([rank for rank, _ in here], [len(row) for row in rows])
            low, high = layer[kind].low[numbers], layer[kind].high[numbers]
            # never back to where we were, and never to a node whose only way on leads there
            good = (low <= high) & ~np.isin(numbers + self._graph.offsets[kind], seen)
            good &= (low < high) | ~np.isin(low, seen)
            numbers, ranks = numbers[good], ranks[good]
            for place in np.lexsort((ranks, numbers)):
                yield ways[ranks[place]], int(numbers[place])

    def _before(self, layer: dict[NodeKind, _Layer]) -> dict[NodeKind, _Layer]:
        """The nodes with an edge into a layer; paths pass neither their own ends nor other users."""
        found: dict[NodeKind, _Layer] = {}
        for kind, reached in layer.items():
            there = np.flatnonzero(reached.low <= reached.high)
            codes = there + self._graph.offsets[kind]
            for way in self._ways.get(kind, []) if len(there) else []:
                if way.kind == "user":
                    continue
                block = way.matrix[there]
                came, into = block.indices, np.repeat(codes, np.diff(block.indptr))
                onward = came + self._graph.offsets[way.kind] != into
                into_layer = found.setdefault(way.kind, self._empty(way.kind))
                np.minimum.at(into_layer.low, came[onward], into[onward])
                np.maximum.at(into_layer.high, came[onward], into[onward])
        for node in (self._start, self._end):
            if node.kind in found:
                found[node.kind].low[node.number], found[node.kind].high[node.number] = 0, -1
        return found

    def _empty(self, kind: NodeKind) -> _Layer:
        n = len(self._graph.nodes[kind])
        return _Layer(
            low=np.full(n, np.iinfo(np.int64).max, dtype=np.int64), high=np.full(n, -1, dtype=np.int64)
        )

    def _code(self, node: Node) -> int:
        return self._graph.offsets[node.kind] + node.number


def _row(matrix: sp.csr_array, row: int) -> npt.NDArray[np.int64]:
    return matrix.indices[matrix.indptr[row] : matrix.indptr[row + 1]].astype(np.int64)
