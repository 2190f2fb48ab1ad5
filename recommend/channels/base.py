"""What a channel is, and the register of those that start from products (`recommend.channels.queries` has
those that start from queries).

A channel turns one kind of evidence into sparse, weighted links. Item channels link products that are
known (a past purchase, a seed) to products; query channels link a query's words or picture to products;
priors say something about a product by itself. To add one, write one file in this folder and register a
function; nothing else knows its name.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Literal, Self, TypeAlias, TypeVar

import numpy as np
import numpy.typing as npt
import scipy.sparse as sp

from kg.arrays import Arrays
from kg.graph import Graph
from kg.vectors import Vectors
from recommend.behaviour import Behaviour
from recommend.channels.traces import Trace
from recommend.index.vector_index import SpaceIndex
from recommend.rank.memory import ALL, Memory
from recommend.settings import Settings
from recommend.sparse import mean_of_best

if TYPE_CHECKING:
    from recommend.earlier import Earlier

Task: TypeAlias = Literal["history", "newcomer", "stranger", "product", "complement", "query"]
"""What is asked: what a user with a history wants (of what others met, of what nobody met yet, of what nobody
met and no relation links to another product), what is like a seed product, what goes with products, or a
query."""

PRODUCT_TASKS: tuple[Task, ...] = ("history", "product", "complement")
"""The tasks that start from products. What nobody met yet is a part of what a history asks for."""


Change: TypeAlias = Mapping[str, float]
"""What differs from the usual way to make links, by the names of settings."""

Steps: TypeAlias = tuple[tuple[Change, ...], ...]
"""How to find the best way: a step offers changes, of which one is taken or none; then comes the next."""


@dataclass(frozen=True, kw_only=True)
class Way:
    """How links were made, of the ways that a channel (by the name it is registered under) offers."""

    channel: str
    values: Change


@dataclass(frozen=True, kw_only=True, eq=False)
class Links:
    """One item channel, fitted: how strongly product i (row) speaks for product j (column).

    `matrix` is float32 CSR [n, n], entries > 0, no diagonal; `scale` brings channels to one size (the
    typical best links of a row become about 1). `trace` reads a link aloud as paths. `defaults` are the
    weights by task that hold where nothing was learned. `way` is there if the channel can make them in
    several; optional links have one even if there is but one.
    """

    name: str
    matrix: sp.csr_array
    trace: Trace
    memory: Memory = ALL
    scale: float = 1.0
    defaults: Mapping[Task, float] = field(default_factory=dict)
    way: Way | None = None


@dataclass(frozen=True, kw_only=True, eq=False)
class Prior:
    """What a product is worth by itself: float32 [n], between 0 and 1."""

    name: str
    values: npt.NDArray[np.float32]
    defaults: Mapping[Task, float] = field(default_factory=dict)


T = TypeVar("T")


@dataclass(frozen=True, kw_only=True, eq=False)
class FitContext:
    """What a channel may learn from. `vectors` and `indexes` hold those of each space ('text', 'kge',
    'fused' …).

    `rows` (int64, ascending) are the only products whose links are wanted; None: those of all. The rows that
    are wanted come out as they would among all others, but `scale` is then of these rows alone. (A channel
    may give more rows than are wanted; optional links only come if `ways` says how they were made.)

    `ways` says in which way channels that offer several make their links (by the name that they are
    registered under; the usual one where nothing is said).

    `earlier` is the model that is being updated, if one is; `notes` take what a channel wants to find again
    at its next update (`earlier.notes`), under its name.
    """

    graph: Graph
    behaviour: Behaviour
    settings: Settings
    seed: int
    vectors: Mapping[str, Vectors] = field(default_factory=dict)
    indexes: Mapping[str, SpaceIndex] = field(default_factory=dict)
    rows: npt.NDArray[np.int64] | None = None
    ways: Mapping[str, Change] = field(default_factory=dict)
    earlier: Earlier | None = None
    notes: dict[str, Arrays] = field(default_factory=dict)

    @classmethod
    def plain(
        cls,
        graph: Graph,
        settings: Settings,
        *,
        seed: int,
        ways: Mapping[str, Change] = MappingProxyType({}),
    ) -> Self:
        """All that a graph says, and no vectors."""
        return cls(graph=graph, behaviour=Behaviour.of(graph), settings=settings, seed=seed, ways=ways)

    @cached_property
    def _made(self) -> dict[Callable[[FitContext], Any], Any]:
        return {}  # no field: what is made of one context must not go over into a changed one

    def once(self, make: Callable[[FitContext], T]) -> T:
        """What `make` gives of this context, worked out only once: for what several channels need."""
        if make not in self._made:
            self._made[make] = make(self)
        found: T = self._made[make]
        return found

    def carried(self, trace: Trace, name: str, same: Callable[[Earlier], bool]) -> Links | None:
        """The earlier links of a channel, if what they were made from is the same."""
        if self.earlier is None or not same(self.earlier):
            return None
        links = self.earlier.links(trace)
        return None if links is None else replace(links, name=name)


ItemFit: TypeAlias = Callable[[FitContext], Iterable[Links]]
PriorFit: TypeAlias = Callable[[FitContext], Iterable[Prior]]


_ITEM_CHANNELS: dict[str, ItemFit] = {}
_TO_NEWCOMERS: set[str] = set()
_WAYS: dict[str, Steps] = {}
_OPTIONAL: set[str] = set()
_PRIORS: dict[str, PriorFit] = {}


def item_channel(
    name: str, *, newcomers: bool = False, ways: Steps = (), optional: bool = False
) -> Callable[[ItemFit], ItemFit]:
    """Register a function that fits links; it may yield several (one per relation, say).

    With `newcomers` it only links to products that nobody met yet: the names of its links are its own, and
    their scale is 1 (so that a weight holds for whatever comes).

    `ways` are other ways than the usual one in which its only links can be made: a build tries them, and
    takes one that recommends better (`recommend.rank.ways`). A build makes no links of an `optional` channel
    unless they gain.
    """

    def register(fit: ItemFit) -> ItemFit:
        _ITEM_CHANNELS[name] = fit
        if newcomers:
            _TO_NEWCOMERS.add(name)
        if optional:
            _OPTIONAL.add(name)
        _WAYS[name] = ways
        return fit

    return register


def prior(name: str) -> Callable[[PriorFit], PriorFit]:
    """Register a function that fits a prior."""

    def register(fit: PriorFit) -> PriorFit:
        _PRIORS[name] = fit
        return fit

    return register


def scale_of(matrix: sp.csr_array, *, best: int = 10) -> float:
    """1 / the mean of the `best` largest entries of the rows that have any."""
    if matrix.nnz == 0:
        return 1.0
    return 1.0 / mean_of_best(matrix, best)


def fit_links(context: FitContext) -> tuple[Links, ...]:
    """All links that the registered item channels find, ordered by name."""
    wanted = [name for name in _ITEM_CHANNELS if name not in _OPTIONAL or name in context.ways]
    found = [links for name in wanted for links in _ITEM_CHANNELS[name](context)]
    return _named_apart(sorted(found, key=lambda links: links.name))


def fit_newcomer_links(context: FitContext) -> tuple[Links, ...]:
    """The links of channels that only lead to products that nobody met yet, ordered by name."""
    found = [links for name in sorted(_TO_NEWCOMERS) for links in _ITEM_CHANNELS[name](context)]
    return tuple(sorted(found, key=lambda links: links.name))


def other_ways(links: Links) -> Steps:
    """What leads to other ways than the usual one in which links could be made."""
    return () if links.way is None else _WAYS[links.way.channel]


def ways_of(links: Iterable[Links]) -> dict[str, Change]:
    """In which ways links were made, for a context in which they are to be made in the same."""
    return {one.way.channel: one.way.values for one in links if one.way is not None}


def optional_channels() -> dict[str, Steps]:
    """The names of the optional channels, and what leads to other ways than the usual one."""
    return {name: _WAYS[name] for name in sorted(_OPTIONAL)}


def optional_links(channel: str, values: Change, context: FitContext) -> Links | None:
    """The links of an optional channel, made in a way; None if there are none to be had."""
    context = replace(context, ways={**context.ways, channel: values})
    return next(iter(_ITEM_CHANNELS[channel](context)), None)


def made_in(links: Links, values: Change, context: FitContext) -> Links:
    """The same links made in a way, of what a context knows; all else of them stays."""
    if links.way is None:
        return links
    channel = links.way.channel
    context = replace(context, ways={**context.ways, channel: values})
    for made in _ITEM_CHANNELS[channel](context):
        return replace(links, matrix=made.matrix, scale=made.scale, way=made.way)
    return replace(links, way=Way(channel=channel, values=values))  # nothing is known of which to make any


def _named_apart(found: list[Links]) -> tuple[Links, ...]:
    """Links with names of their own: a relation may be called like a channel or a prior; the second
    'co_purchase' becomes 'co_purchase_2'."""
    taken = {*_PRIORS, *(links.name for links in found)}
    used = set(_PRIORS)
    named: list[Links] = []
    for links in found:
        name, number = links.name, 1
        while name in used or (number > 1 and name in taken):
            number += 1
            name = f"{links.name}_{number}"
        used.add(name)
        named.append(links if number == 1 else replace(links, name=name))
    return tuple(sorted(named, key=lambda links: links.name))


def free_name(name: str, links: Iterable[Links]) -> str:
    """The same, or with a number behind it, so that neither links nor a prior have it."""
    taken, number = {*_PRIORS, *(one.name for one in links)}, 1
    while (found := name if number == 1 else f"{name}_{number}") in taken:
        number += 1
    return found


def fit_priors(context: FitContext) -> tuple[Prior, ...]:
    """All priors, ordered by name."""
    found = [one for fit in _PRIORS.values() for one in fit(context)]
    return tuple(sorted(found, key=lambda one: one.name))
