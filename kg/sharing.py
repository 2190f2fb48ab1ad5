"""One helper object for each graph, the same for all who ask."""

from __future__ import annotations

from collections.abc import Callable
from threading import Lock
from typing import Generic, TypeVar
from weakref import WeakValueDictionary

from kg.graph import Graph

T = TypeVar("T")


class OnePerGraph(Generic[T]):
    """Makes what it is asked for with `make` and gives the same again as long as somebody holds it.

    What is made must hold its graph: so none outlives the number that it is known by.
    """

    def __init__(self, make: Callable[[Graph], T]) -> None:
        self._make = make
        self._made: WeakValueDictionary[int, T] = WeakValueDictionary()
        self._lock = Lock()

    def __call__(self, graph: Graph) -> T:
        with self._lock:
            found = self._made.get(id(graph))
            if found is None:
                found = self._made[id(graph)] = self._make(graph)
            return found
