"""Bounded, typed search for paths between two nodes of a graph."""

from __future__ import annotations

from collections import deque
from collections.abc import Collection, Iterator
from dataclasses import dataclass

from kg.errors import SettingsError
from kg.graph import EdgeType, Graph, Node
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
    list.
    """
    check_search(max_hops, limit)
    first = _node(graph, start)
    last = _node(graph, end)
    if first is None or last is None or first == last:
        return []
    # Walking back from the end tells how far each node is from it; the forward walk then
    # only enters nodes that can still arrive in time.
    distance = _distances(graph, last, max_hops, relations, start=first)
    found: list[Path] = []
    for length in range(1, max_hops + 1):
        level: list[Path] = []
        for steps in _walks(graph, first, last, length, distance, relations):
            level.append(Path(kind=start[0], id=start[1], steps=steps))
        level.sort(key=path_order)
        found.extend(level[: limit - len(found)])
        if len(found) >= limit:
            break
    return found


def check_search(max_hops: int, limit: int) -> None:
    """Refuse searches that would not end."""
    if not 1 <= max_hops <= MAX_HOPS:
        raise SettingsError(f"max_hops={max_hops} is outside 1 to {MAX_HOPS}")
    if limit < 1:
        raise SettingsError(f"limit={limit} must be at least 1")


def path_order(path: Path) -> tuple[tuple[str, str, str, bool], ...]:
    """The order among paths of equal length: the same in every store."""
    return tuple((step.kind, step.id, step.relation, not step.forward) for step in path.steps)


def _node(graph: Graph, name: tuple[NodeKind, str]) -> Node | None:
    number = graph.nodes[name[0]].number(name[1])
    return None if number is None else Node(name[0], number)


def _neighbours(
    graph: Graph, node: Node, relations: Collection[str] | None
) -> Iterator[tuple[EdgeType, bool, int]]:
    for edge_type, relation in graph.relations.items():
        if relations is not None and edge_type.name not in relations:
            continue
        if edge_type.head == node.kind:
            matrix = relation.matrix
            for tail in matrix.indices[matrix.indptr[node.number] : matrix.indptr[node.number + 1]]:
                yield edge_type, True, int(tail)
        if edge_type.tail == node.kind:
            matrix = relation.backward
            for head in matrix.indices[matrix.indptr[node.number] : matrix.indptr[node.number + 1]]:
                yield edge_type, False, int(head)


def _enter(edge_type: EdgeType, forward: bool, number: int) -> Node:
    return Node(edge_type.tail if forward else edge_type.head, number)


def _distances(
    graph: Graph, end: Node, max_hops: int, relations: Collection[str] | None, *, start: Node
) -> dict[Node, int]:
    distance = {end: 0}
    queue = deque([end])
    while queue:
        node = queue.popleft()
        if distance[node] == max_hops or (node.kind == "user" and node != end):
            continue
        for edge_type, forward, number in _neighbours(graph, node, relations):
            other = _enter(edge_type, forward, number)
            if other not in distance and (other.kind != "user" or other == start):
                distance[other] = distance[node] + 1
                queue.append(other)
    return distance


def _walks(
    graph: Graph,
    start: Node,
    end: Node,
    length: int,
    distance: dict[Node, int],
    relations: Collection[str] | None,
) -> Iterator[tuple[Step, ...]]:
    def extend(node: Node, seen: tuple[Node, ...], steps: tuple[Step, ...]) -> Iterator[tuple[Step, ...]]:
        left = length - len(steps)
        if left == 0:
            if node == end:
                yield steps
            return
        for edge_type, forward, number in _neighbours(graph, node, relations):
            other = _enter(edge_type, forward, number)
            # the end may only be reached by the last step: a path that passes it was found before
            if other in seen or distance.get(other, length + 1) > left - 1 or (other == end and left > 1):
                continue
            step = Step(relation=edge_type.name, kind=other.kind, id=graph.node_id(other), forward=forward)
            yield from extend(other, (*seen, other), (*steps, step))

    yield from extend(start, (start,), ())
