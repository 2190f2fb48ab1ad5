"""All paths from a history to several products at once, as arrays: only what is shown gets its names."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import NamedTuple, TypeAlias

import numpy as np
import numpy.typing as npt
import scipy.sparse as sp

from kg.records import NodeKind
from recommend.behaviour import History
from recommend.channels.base import Links
from recommend.channels.traces import (
    BehaviourTrace,
    Edge,
    SharedTrace,
    SimilarityTrace,
    StoredTrace,
    TracedPath,
)
from recommend.fitting import Fitted
from recommend.rank.memory import Memory, remembered

Numbers: TypeAlias = npt.NDArray[np.int64]
Values: TypeAlias = npt.NDArray[np.float64]
Pattern: TypeAlias = tuple[tuple[str, bool, bool], ...]
"""(relation, forward, stored) of each edge: paths that differ in it are different reasons."""


@dataclass(frozen=True, kw_only=True, eq=False)
class Traced:
    """Paths of one channel and one pattern. `target` numbers the products that were asked for, `source` the
    products of the history (-1: none), `node` what lies between (of the kind `kind`; -1: nothing); `strength`
    float64: what each adds, up to one factor for each target. `edges(i)` are those of the i-th path."""

    channel: str
    pattern: Pattern
    target: Numbers
    source: Numbers
    node: Numbers
    kind: NodeKind | None
    strength: Values
    edges: Callable[[int], tuple[Edge, ...]]


def pattern_of(edges: tuple[Edge, ...]) -> Pattern:
    return tuple((edge.relation, edge.forward, edge.stored) for edge in edges)


def traced(fitted: Fitted, links: Sequence[Links], history: History, products: Numbers) -> Iterator[Traced]:
    """The paths of all channels from a history to some products (each of them once)."""
    place = np.full(fitted.graph.product_count, -1, dtype=np.int32)
    place[products] = np.arange(len(products), dtype=np.int32)
    memories: dict[Memory, Values] = {}
    for one in links:
        cells = _linked(one.matrix, history.products, place, len(products))
        if one.memory not in memories:
            memories[one.memory] = remembered(history, one.memory).astype(np.float64)[:, None]
        values = cells * memories[one.memory]
        if values.any():
            yield from _read(fitted, one, history, products, cells, values)


def by_pattern(channel: str, found: Sequence[tuple[int, int, float, TracedPath]]) -> Iterator[Traced]:
    """Paths, given as (source, target, strength, path), as blocks of one pattern each."""
    blocks: dict[Pattern, list[tuple[int, int, float, TracedPath]]] = {}
    for one in found:
        blocks.setdefault(pattern_of(one[3].edges), []).append(one)
    for pattern, rows in blocks.items():
        source, target, strength, paths = zip(*rows, strict=True)
        yield Traced(
            channel=channel,
            pattern=pattern,
            target=np.array(target),
            source=np.array(source),
            node=np.full(len(rows), -1),
            kind=None,
            strength=np.array(strength),
            edges=_edges_of(paths),
        )


def _edges_of(paths: Sequence[TracedPath]) -> Callable[[int], tuple[Edge, ...]]:
    return lambda i: paths[i].edges


def _linked(matrix: sp.csr_array, rows: Numbers, place: npt.NDArray[np.int32], wanted: int) -> Values:
    """float64 [rows, wanted]: the entries of some rows in the columns that have a `place` (-1: none)."""
    cells = _cells(matrix, rows)
    at = place[matrix.indices[cells.places]]
    hit = np.flatnonzero(at >= 0)
    found = np.zeros((len(rows), wanted))
    found[cells.row[hit], at[hit]] = matrix.data[cells.places[hit]]
    return found


def _read(
    fitted: Fitted, links: Links, history: History, products: Numbers, cells: Values, values: Values
) -> Iterator[Traced]:
    trace = links.trace
    if isinstance(trace, SharedTrace):
        yield _shared(fitted, links.name, trace, history, products, values)
        return

    def read(source: int, target: int) -> list[TracedPath]:
        ends = int(history.products[source]), int(products[target])
        return trace.paths(fitted.graph, fitted.behaviour, *ends, float(cells[source, target]))

    source, target = np.nonzero(values)
    if not isinstance(trace, StoredTrace | BehaviourTrace | SimilarityTrace):
        pairs = zip(source.tolist(), target.tolist(), strict=True)
        found = [(s, t, float(values[s, t]) * path.share, path) for s, t in pairs for path in read(s, t)]
        yield from by_pattern(links.name, found)
        return
    # links that are one path each, which need not be read before it is shown
    pattern: Pattern = (
        ((trace.edge_type.name, trace.forward, True),)
        if isinstance(trace, StoredTrace)
        else ((trace.relation, True, False),)
    )
    yield Traced(
        channel=links.name,
        pattern=pattern,
        target=target,
        source=source,
        node=np.full(len(source), -1),
        kind=None,
        strength=values[source, target],
        edges=lambda i: read(int(source[i]), int(target[i]))[0].edges,
    )


class _Cells(NamedTuple):
    places: Numbers
    row: Numbers


def _cells(matrix: sp.csr_array, rows: Numbers) -> _Cells:
    """The places of all entries of some rows, and which of the rows each belongs to."""
    starts = matrix.indptr[rows].astype(np.int64)
    lengths = matrix.indptr[rows + 1] - starts
    row = np.repeat(np.arange(len(rows)), lengths)
    before = np.cumsum(lengths) - lengths
    return _Cells(np.arange(len(row)) + (starts - before)[row], row)


def _shared(
    fitted: Fitted, channel: str, trace: SharedTrace, history: History, products: Numbers, values: Values
) -> Traced:
    """Every node that a product of the history shares with one that is asked for."""
    rows = trace.rows(fitted.graph)
    here, there = _cells(rows, history.products), _cells(rows, products)
    nodes, others = rows.indices[here.places], rows.indices[there.places]
    order = np.argsort(others, kind="stable")
    others = others[order]
    first = np.searchsorted(others, nodes, side="left")
    counts = np.searchsorted(others, nodes, side="right") - first
    meets = np.repeat(np.arange(len(nodes)), counts)
    nth = np.arange(len(meets)) - (np.cumsum(counts) - counts)[meets]
    source, target = here.row[meets], there.row[order[first[meets] + nth]]
    node = nodes[meets].astype(np.int64)
    terms = trace.terms[node].astype(np.float64)
    kept = (terms > 0) & (values[source, target] != 0)
    source, target, node, terms = source[kept], target[kept], node[kept], terms[kept]
    pairs = source * len(products) + target
    total = np.bincount(pairs, weights=terms, minlength=values.size)
    known = history.products
    return Traced(
        channel=channel,
        pattern=pattern_of(trace.through(0, 0, 0)),
        target=target,
        source=source,
        node=node,
        kind=trace.kind,
        strength=values[source, target] * terms / total[pairs],
        edges=lambda i: trace.through(int(known[source[i]]), int(node[i]), int(products[target[i]])),
    )
