"""What all query channels share: evidence that links the words or the picture of a query to products."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol, Self, TypeAlias, runtime_checkable

import numpy as np
import numpy.typing as npt

from kg.graph import Graph
from recommend.channels.base import FitContext
from recommend.channels.signals import Signal
from recommend.channels.traces import TracedPath
from recommend.index.base import ProductIndex
from recommend.query import PreparedQuery


class QueryChannel(Protocol):
    """One kind of evidence that links a query to products, fitted. `default` is its weight in a search.

    One that does not lead only orders what others found; where only such channels say anything, they do.
    """

    @property
    def name(self) -> str: ...

    @property
    def leads(self) -> bool: ...

    @property
    def default(self) -> float: ...

    def signal(self, query: PreparedQuery) -> Signal | None:
        """What it says about a query; None if nothing."""
        ...

    def paths(self, graph: Graph, query: PreparedQuery, product: int) -> list[TracedPath]:
        """The paths behind its value for one product; their shares add up to 1."""
        ...

    def plain(self) -> dict[str, Any]:
        """JSON values that, with `arrays`, make the channel again."""
        ...

    def arrays(self) -> dict[str, npt.NDArray[np.generic]]: ...


@runtime_checkable
class Mentioning(Protocol):
    """A query channel that knows which products have a word."""

    def mentioning(self, words: Sequence[str]) -> npt.NDArray[np.int64]:
        """The products, ascending, whose texts have all of some words (as `tokens` gives them)."""
        ...


@dataclass(frozen=True, kw_only=True, eq=False)
class LoadContext:
    """What a saved channel may lean on when it is loaded."""

    graph: Graph
    indexes: Mapping[str, ProductIndex]


class GraphChannel:
    """What query channels share that are made of the graph alone: nothing of them needs to be saved."""

    def __init__(self, graph: Graph) -> None:
        self._graph = graph

    def plain(self) -> dict[str, Any]:
        return {}

    def arrays(self) -> dict[str, npt.NDArray[np.generic]]:
        return {}

    @classmethod
    def load(
        cls, plain: Mapping[str, Any], arrays: dict[str, npt.NDArray[np.generic]], context: LoadContext
    ) -> Self:
        return cls(context.graph)


QueryFit: TypeAlias = Callable[[FitContext], Iterable[QueryChannel]]
QueryLoad: TypeAlias = Callable[
    [Mapping[str, Any], dict[str, npt.NDArray[np.generic]], LoadContext], QueryChannel
]

_QUERY_CHANNELS: dict[str, tuple[QueryFit, QueryLoad]] = {}


def query_channel(name: str, load: QueryLoad) -> Callable[[QueryFit], QueryFit]:
    """Register a function that fits query channels, and how one is loaded again."""

    def register(fit: QueryFit) -> QueryFit:
        _QUERY_CHANNELS[name] = (fit, load)
        return fit

    return register


def fit_query_channels(context: FitContext) -> tuple[tuple[str, QueryChannel], ...]:
    """(registered name, channel) of all query channels, ordered by the channel's name."""
    found = [(kind, one) for kind, (fit, _) in _QUERY_CHANNELS.items() for one in fit(context)]
    return tuple(sorted(found, key=lambda pair: pair[1].name))


def load_query_channel(
    kind: str, plain: Mapping[str, Any], arrays: dict[str, npt.NDArray[np.generic]], context: LoadContext
) -> QueryChannel:
    """A query channel as it was saved; `kind` is the name it is registered under."""
    return _QUERY_CHANNELS[kind][1](plain, arrays, context)


def mentioning(
    channels: Iterable[tuple[str, QueryChannel]],
) -> Callable[[Sequence[str]], npt.NDArray[np.int64]] | None:
    """What tells which products mention words, if some query channel does."""
    return next((one.mentioning for _, one in channels if isinstance(one, Mentioning)), None)


def moved_channels(
    channels: Iterable[tuple[str, QueryChannel]], graph: Graph, indexes: Mapping[str, ProductIndex]
) -> tuple[tuple[str, QueryChannel], ...]:
    """The same query channels, leaning on other indexes."""
    context = LoadContext(graph=graph, indexes=indexes)
    return tuple(
        (kind, load_query_channel(kind, one.plain(), one.arrays(), context)) for kind, one in channels
    )
