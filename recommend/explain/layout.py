"""Where the boxes and lines of a picture are: columns from left to right, each line with a lane of its own.

A layered drawing after Sugiyama, Tagawa & Toda, "Methods for visual understanding of hierarchical system
structures" (1981), much simplified: paths begin at the left and end in one box at the right; a line that
passes a column by is given a place in it, so it crosses no box.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TypeAlias

from recommend.explain.explanation import ExplainedEdge, ExplainedNode, ExplainedPath

BOX_WIDTH, BOX_HEIGHT = 176.0, 56.0
GAP = 214.0
"""Between two columns; the words on the lines stand in its middle, LANE wide."""
LANE = 126.0
_LANE_HEIGHT = 38.0
_PASSING = 30.0
_BETWEEN = 16.0
_PORT = 9.0


@dataclass(frozen=True, kw_only=True, slots=True)
class Box:
    """A node and the middle of its left side."""

    node: ExplainedNode
    column: int
    x: float
    y: float

    @property
    def top(self) -> float:
        return self.y - BOX_HEIGHT / 2


@dataclass(frozen=True, kw_only=True, slots=True)
class Leg:
    """A line through one gap: from (x0, y0) along the lane `y` to (x1, y1)."""

    x0: float
    y0: float
    y: float
    x1: float
    y1: float


@dataclass(frozen=True, kw_only=True, slots=True)
class Line:
    """An edge with what all paths along it add to the score, and its way through the gaps."""

    edge: ExplainedEdge
    contribution: float
    legs: tuple[Leg, ...]


@dataclass(frozen=True, kw_only=True)
class Layout:
    """Boxes and lines; everything lies between (0, 0) and (width, height)."""

    boxes: tuple[Box, ...]
    lines: tuple[Line, ...]
    width: float
    height: float


_Place: TypeAlias = tuple[int, object]
"""A node in its column, or a line that passes the column by."""
_Edge: TypeAlias = tuple[_Place, _Place, str, bool, bool]


@dataclass(kw_only=True)
class _Drawn:
    """An edge while it is being placed: through which places it goes, and in which lane between them."""

    edge: ExplainedEdge
    places: tuple[_Place, ...]
    contribution: float = 0.0
    lanes: list[float] = field(default_factory=list)


def laid_out(target: ExplainedNode, paths: Sequence[ExplainedPath]) -> Layout:
    """The picture of some paths to one product."""
    columns = max((len(path.edges) for path in paths), default=0) + 1
    nodes: dict[_Place, ExplainedNode] = {(columns - 1, _name(target)): target}
    edges: dict[_Edge, _Drawn] = {}
    rows: dict[_Place, list[int]] = {(columns - 1, _name(target)): []}
    for row, path in enumerate(_in_order(paths)):
        last = len(path.edges) - 1
        for number, edge in enumerate(path.edges):
            start: _Place = (number, _name(edge.start))
            end: _Place = (columns - 1 if number == last else number + 1, _name(edge.end))
            key = (start, end, edge.relation, edge.forward, edge.stored)
            nodes[start], nodes[end] = edge.start, edge.end
            if key not in edges:
                passing: list[_Place] = [(column, key) for column in range(number + 1, end[0])]
                edges[key] = _Drawn(edge=edge, places=(start, *passing, end))
            edges[key].contribution += path.contribution
            for place in edges[key].places:
                if row not in rows.setdefault(place, []):
                    rows[place].append(row)
    middle = _columns(rows, nodes)
    _lanes(edges.values(), middle, columns)
    return _moved_in(nodes, middle, list(edges.values()), columns)


def _name(node: ExplainedNode) -> tuple[str, str]:
    return node.kind, node.id


def _in_order(paths: Sequence[ExplainedPath]) -> list[ExplainedPath]:
    """Paths that begin alike next to each other, in the order in which their beginnings first come."""
    first: dict[object, int] = {}

    def key(path: ExplainedPath) -> list[int]:
        steps = [_name(path.edges[0].start), *(_name(edge.end) for edge in path.edges)]
        begun = (tuple(steps[: stop + 1]) for stop in range(len(steps)))
        return [first.setdefault(beginning, len(first)) for beginning in begun]

    keys = [key(path) for path in paths]
    return [paths[place] for place in sorted(range(len(paths)), key=lambda place: (keys[place], place))]


def _columns(rows: Mapping[_Place, list[int]], nodes: Mapping[_Place, ExplainedNode]) -> dict[_Place, float]:
    """The middle of every place: near its rows, without touching its neighbours."""
    step = BOX_HEIGHT + _BETWEEN
    found: dict[_Place, float] = {}
    for column in {place[0] for place in rows}:
        places = [place for place in rows if place[0] == column]
        wanted = [step * sum(rows[place]) / max(1, len(rows[place])) for place in places]
        heights = [BOX_HEIGHT if place in nodes else _PASSING for place in places]
        found.update(zip(places, _apart(wanted, [height + _BETWEEN for height in heights]), strict=True))
    return found


def _lanes(edges: Iterable[_Drawn], middle: Mapping[_Place, float], columns: int) -> None:
    """A lane for each line in each gap: level with the end that it does not share, else halfway."""
    drawn = list(edges)
    for gap in range(columns - 1):
        here = [
            (one, gap - one.places[0][0])
            for one in drawn
            if 0 <= gap - one.places[0][0] < len(one.places) - 1
        ]
        starts = [one.places[at] for one, at in here]
        ends = [one.places[at + 1] for one, at in here]
        wanted = []
        for start, end in zip(starts, ends, strict=True):
            if ends.count(end) == 1:
                wanted.append(middle[end])
            elif starts.count(start) == 1:
                wanted.append(middle[start])
            else:
                wanted.append((middle[start] + middle[end]) / 2)
        for (one, _), y in zip(here, _apart(wanted, [_LANE_HEIGHT] * len(here)), strict=True):
            one.lanes.append(y)


def _apart(wanted: Sequence[float], sizes: Sequence[float]) -> list[float]:
    """Middles as near to those wanted as they can be, in the same order, so that none overlap."""
    order = sorted(range(len(wanted)), key=lambda place: (wanted[place], place))
    found = [0.0] * len(wanted)
    edge = float("-inf")
    for place in order:
        found[place] = max(wanted[place], edge + sizes[place] / 2)
        edge = found[place] + sizes[place] / 2
    shift = sum(w - f for w, f in zip(wanted, found, strict=True)) / max(1, len(wanted))
    return [y + shift for y in found]


def _moved_in(
    nodes: Mapping[_Place, ExplainedNode], middle: Mapping[_Place, float], edges: list[_Drawn], columns: int
) -> Layout:
    tops = [middle[place] - BOX_HEIGHT / 2 for place in nodes]
    tops += [lane - _LANE_HEIGHT / 2 for one in edges for lane in one.lanes]
    bottoms = [middle[place] + BOX_HEIGHT / 2 for place in nodes]
    bottoms += [lane + _LANE_HEIGHT / 2 for one in edges for lane in one.lanes]
    top = min(tops)
    left = {column: column * (BOX_WIDTH + GAP) for column in range(columns)}
    leaving, arriving = _ports(edges, nodes)
    lines = []
    for number, one in enumerate(edges):
        legs = []
        for at, lane in enumerate(one.lanes):
            start, end = one.places[at], one.places[at + 1]
            begins = left[start[0]] + BOX_WIDTH
            legs.append(
                Leg(
                    # a line that passes a column by goes straight through it
                    x0=begins if start in nodes else begins - BOX_WIDTH,
                    y0=middle[start] + leaving.get((number, at), 0.0) - top,
                    y=lane - top,
                    x1=left[end[0]],
                    y1=middle[end] + arriving.get((number, at), 0.0) - top,
                )
            )
        lines.append(Line(edge=one.edge, contribution=one.contribution, legs=tuple(legs)))
    boxes = tuple(
        Box(node=node, column=place[0], x=left[place[0]], y=middle[place] - top)
        for place, node in nodes.items()
    )
    width = left[columns - 1] + BOX_WIDTH
    return Layout(boxes=boxes, lines=tuple(lines), width=width, height=max(bottoms) - top)


_Port: TypeAlias = tuple[int, int]
"""(number of a line, of its leg)."""


def _ports(
    edges: list[_Drawn], nodes: Mapping[_Place, ExplainedNode]
) -> tuple[dict[_Port, float], dict[_Port, float]]:
    """How far from the middle of a box each line leaves it and arrives at it: in the order of the lanes."""
    sides: tuple[dict[_Place, list[tuple[float, _Port]]], dict[_Place, list[tuple[float, _Port]]]] = ({}, {})
    for number, one in enumerate(edges):
        for at, lane in enumerate(one.lanes):
            for side, place in zip(sides, one.places[at : at + 2], strict=True):
                if place in nodes:
                    side.setdefault(place, []).append((lane, (number, at)))
    found: list[dict[_Port, float]] = []
    for side in sides:
        offsets: dict[_Port, float] = {}
        for ports in side.values():
            room = min(_PORT, (BOX_HEIGHT - 14) / max(1, len(ports) - 1))
            for rank, (_, port) in enumerate(sorted(ports)):
                offsets[port] = (rank - (len(ports) - 1) / 2) * room
        found.append(offsets)
    return found[0], found[1]
