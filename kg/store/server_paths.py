"""Paths searched inside a graph server, for graphs too large for a snapshot.

The same paths in the same order as `kg.paths.find_paths`. Both ends are walked level by level, always on
from the end whose last level has fewer edges, until the two levels between them are one edge apart. So a
search reads the edges of the two ends and those of the neighbours of one of them, each once, and never more
because there are many paths; `Edges.between` reads what joins the two sides from where there is less.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from itertools import islice

from kg.paths import Path, Step, check_search
from kg.records import NodeKind
from kg.store.server_edges import Edges, Name
from kg.store.server_read import Read

_FIRST_BLOCK = 2_000
"""So many edges of the start's neighbours are walked before a look is taken whether that is enough."""
_GROWTH = 4


def search_paths(
    read: Read,
    start: tuple[NodeKind, str],
    end: tuple[NodeKind, str],
    *,
    max_hops: int = 3,
    relations: Collection[str] | None = None,
    limit: int = 10,
) -> list[Path]:
    """Simple paths of at most `max_hops` edges; see `kg.paths.find_paths`."""
    check_search(max_hops, limit)
    if start == end:
        return []
    search = _Search(Edges(read, relations), start, end)
    found: list[Path] = []
    for length in range(1, max_hops + 1):
        walks = islice(search.walks(length), limit - len(found))
        found.extend(Path(kind=start[0], id=start[1], steps=steps) for steps in walks)
        if len(found) >= limit:
            break
    return found


class _Search:
    """Levels of nodes so many steps from the start and from the end, and the walks through them.

    Users, and the two ends themselves, stand on no level but their own: paths never pass them.
    """

    def __init__(self, edges: Edges, start: Name, end: Name) -> None:
        self._edges = edges
        self._start = start
        self._end = end
        self._ahead = 0  # levels beyond the start; from the second on they are read in blocks
        self._back: list[set[Name]] = [{end}]
        self._toward: list[dict[Name, set[Step]]] = []  # from a level of `_back` to the one before it

    def walks(self, length: int) -> Iterator[tuple[Step, ...]]:
        """The steps of every path of this length, in order. To be called with 1, 2, 3 …"""
        while self._ahead + len(self._back) < length:
            self._grow()
        for block in self._blocks():
            levels = [{self._start}, block][: self._ahead + 1]
            while len(levels) <= self._ahead:
                levels.append(self._next(levels[-1]))
            yield from _Walks(self._edges, levels, self._back[-1], self._toward, self._end).walk(self._start)

    def _grow(self) -> None:
        """One more level, at the end where it costs less."""
        last = {self._start}
        for _ in range(self._ahead):
            last = self._next(last)
        if self._edges.count(last) <= self._edges.count(self._back[-1]):
            self._ahead += 1
            return
        toward: dict[Name, set[Step]] = {}
        for (kind, node_id), steps in self._edges.onward(self._back[-1]).items():
            for step in steps:
                if self._inner(step):
                    turned = Step(relation=step.relation, kind=kind, id=node_id, forward=not step.forward)
                    toward.setdefault((step.kind, step.id), set()).add(turned)
        self._toward.append(toward)
        self._back.append(set(toward))

    def _blocks(self) -> Iterable[set[Name]]:
        """The neighbours of the start in their order, as many at a time as are read at once."""
        if self._ahead == 0:
            return [set()]
        first = sorted(self._next({self._start}))
        if self._ahead == 1:
            return [set(first)]
        return self._by_cost(first)

    def _by_cost(self, nodes: Collection[Name]) -> Iterator[set[Name]]:
        self._edges.count(nodes)
        block: set[Name] = set()
        cost, most = 0, _FIRST_BLOCK
        for node in nodes:
            block.add(node)
            cost += self._edges.degree(node)
            if cost >= most:
                yield block
                block, cost, most = set(), 0, most * _GROWTH
        if block:
            yield block

    def _next(self, level: set[Name]) -> set[Name]:
        return {
            (step.kind, step.id)
            for steps in self._edges.onward(level).values()
            for step in steps
            if self._inner(step)
        }

    def _inner(self, step: Step) -> bool:
        return (step.kind, step.id) not in (self._start, self._end)


class _Walks:
    """The walks through given levels: from the start level by level, over the bridge, and on to the end."""

    def __init__(
        self,
        edges: Edges,
        levels: list[set[Name]],
        across: set[Name],
        toward: list[dict[Name, set[Step]]],
        end: Name,
    ) -> None:
        bridge = edges.between(levels[-1], across)
        self._end = end
        self._steps: list[dict[Name, list[Step]]] = [{n: list(steps) for n, steps in bridge.items()}]
        for level in reversed(levels[:-1]):
            good = self._steps[0].keys()
            onward = {
                node: [step for step in steps if (step.kind, step.id) in good]
                for node, steps in edges.onward(level).items()
            }
            self._steps.insert(0, {node: steps for node, steps in onward.items() if steps})
        self._steps += [{node: list(steps) for node, steps in level.items()} for level in reversed(toward)]
        self._sorted: set[tuple[int, Name]] = set()

    def walk(self, start: Name) -> Iterator[tuple[Step, ...]]:
        """The steps of every walk that meets no node twice, in order."""
        return self._extend(start, frozenset(), ())

    def _extend(
        self, node: Name, seen: frozenset[Name], walked: tuple[Step, ...]
    ) -> Iterator[tuple[Step, ...]]:
        if node == self._end:
            yield walked
            return
        seen |= {node}
        for step in self._onward(len(walked), node):
            if (step.kind, step.id) not in seen:
                yield from self._extend((step.kind, step.id), seen, (*walked, step))

    def _onward(self, level: int, node: Name) -> list[Step]:
        steps = self._steps[level].get(node, [])
        if (level, node) not in self._sorted:
            self._sorted.add((level, node))
            steps.sort(key=lambda step: (step.kind, step.id, step.relation, not step.forward))
        return steps
