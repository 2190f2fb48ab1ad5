"""What every channel promises, whoever wrote it. A new channel is tested as soon as it is registered."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from kg.graph import EdgeType, Graph, Node
from recommend.behaviour import Behaviour
from recommend.channels.base import FitContext, Links, Prior
from recommend.channels.queries import LoadContext, QueryChannel, load_query_channel
from recommend.channels.traces import Edge, TracedPath, Word, load_trace
from recommend.query import PreparedQuery


def check_links(links: Sequence[Links], context: FitContext) -> None:
    """Shape, values, names and traces of fitted item channels."""
    n = context.graph.product_count
    assert len({one.name for one in links}) == len(links)
    for one in links:
        matrix = one.matrix
        assert matrix.shape == (n, n)
        assert matrix.data.dtype == np.float32
        assert np.isfinite(matrix.data).all()
        assert (matrix.data > 0).all()
        coo = matrix.tocoo()
        assert (coo.row != coo.col).all(), f"{one.name} links a product to itself"
        assert len(set(zip(coo.row.tolist(), coo.col.tolist(), strict=True))) == matrix.nnz
        assert matrix.has_sorted_indices
        assert np.isfinite(one.scale)
        assert one.scale > 0
        assert all(value >= 0 for value in one.defaults.values())
        for source, target, value in zip(coo.row.tolist(), coo.col.tolist(), coo.data.tolist(), strict=True):
            check_trace(one, context.graph, context.behaviour, source, target, value)


def check_trace(
    links: Links, graph: Graph, behaviour: Behaviour, source: int, target: int, value: float
) -> None:
    """A link is read aloud by paths from its source to its target, as it is again after saving."""
    paths = links.trace.paths(graph, behaviour, source, target, value)
    assert paths, f"{links.name} cannot say why {source} is linked to {target}"
    check_paths(paths, graph, target)
    assert all(path.edges[0].start == Node("product", source) for path in paths)
    again = load_trace(links.trace.plain(), links.trace.arrays())
    assert again.paths(graph, behaviour, source, target, value) == paths


def check_paths(paths: Sequence[TracedPath], graph: Graph, target: int) -> None:
    """Shares add up to 1, edges join on to each other, and what is called stored is in the graph."""
    assert np.isclose(sum(path.share for path in paths), 1.0, rtol=1e-5)
    for path in paths:
        assert path.share > 0
        assert path.edges[-1].end == Node("product", target)
        for before, after in zip(path.edges, path.edges[1:], strict=False):
            assert before.end == after.start
        for edge in path.edges:
            if edge.stored:
                assert is_stored(graph, edge), f"{edge} is not in the graph"
            elif edge.relation != "names":
                assert edge.support is not None
                assert edge.support_unit


def is_stored(graph: Graph, edge: Edge) -> bool:
    assert not isinstance(edge.start, Word)
    head, tail = (edge.start, edge.end) if edge.forward else (edge.end, edge.start)
    relation = graph.relations.get(EdgeType(head.kind, edge.relation, tail.kind))
    return relation is not None and tail.number in relation.tails[relation.row(head.number)]


def check_prior(prior: Prior, context: FitContext) -> None:
    assert prior.values.shape == (context.graph.product_count,)
    assert prior.values.dtype == np.float32
    assert ((prior.values >= 0) & (prior.values <= 1)).all()


def check_query_channel(
    kind: str, channel: QueryChannel, context: FitContext, queries: Sequence[PreparedQuery]
) -> int:
    """One query channel against brute force over all products; returns how many queries it answered."""
    graph = context.graph
    everything = np.arange(graph.product_count)
    rng = np.random.default_rng(0)
    masks: list[npt.NDArray[np.bool_] | None] = [
        None,
        rng.random(len(everything)) < 0.5,
        np.zeros(len(everything), dtype=np.bool_),
    ]
    load = LoadContext(graph=graph, indexes=context.indexes)
    again = load_query_channel(kind, channel.plain(), channel.arrays(), load)
    assert (again.name, again.default) == (channel.name, channel.default)
    answered = 0
    for query in queries:
        signal, reloaded = channel.signal(query), again.signal(query)
        assert (signal is None) == (reloaded is None)
        if signal is None or reloaded is None:
            continue
        answered += 1
        values = signal.values(everything)
        assert values.dtype == np.float32
        assert (np.abs(values) <= 1 + 1e-6).all()
        assert (values >= 0).all() or (values <= 0).all()  # what takes away never adds
        np.testing.assert_array_equal(reloaded.values(everything), values)
        for mask in masks:
            for most in (1, 3, len(everything) + 5):
                best = signal.best(most, mask)
                reached = values if mask is None else np.where(mask, values, 0)
                assert len(set(best.tolist())) == len(best) <= most
                expected = np.sort(reached[reached > 0])[::-1][:most]
                np.testing.assert_allclose(reached[best], expected, rtol=1e-4, atol=1e-5)
        for product in everything.tolist():
            paths = channel.paths(graph, query, product)
            assert again.paths(graph, query, product) == paths
            if values[product]:
                check_paths(paths, graph, product)
    return answered
