"""Helpers that are made once for a graph."""

from __future__ import annotations

import gc
from weakref import ref

from kg.filters import FilterIndex
from kg.graph import Graph
from kg.sharing import OnePerGraph
from recommend.linked import Linked
from tests.tiny import tiny_graph


class _Helper:
    def __init__(self, graph: Graph) -> None:
        self.graph = graph


def test_all_who_ask_of_one_graph_get_the_same() -> None:
    one, other = tiny_graph(), tiny_graph()
    of = OnePerGraph(_Helper)
    first = of(one)
    assert of(one) is first
    assert of(other) is not first
    assert of(other).graph is other
    assert Linked.of(one) is Linked.of(one)
    assert FilterIndex.of(one) is FilterIndex.of(one)


def test_nothing_is_kept_that_nobody_holds() -> None:
    """A shop that is updated every minute opens a graph every minute."""
    of = OnePerGraph(_Helper)
    graph = tiny_graph()
    helper = of(graph)
    seen = ref(graph)
    del graph, helper
    gc.collect()
    assert seen() is None
