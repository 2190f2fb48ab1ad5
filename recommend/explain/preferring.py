"""Which of the real paths are shown: the strongest, those through what was met last or through what is best
known, or those that repeat least.

No path is made up or weighed anew: only the choice among them differs, so the answers stay as they are.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from functools import cached_property
from typing import Literal, TypeAlias, get_args

import numpy as np

from kg.errors import SettingsError
from kg.graph import Graph
from kg.records import NodeKind
from recommend.behaviour import History
from recommend.explain.collect import Candidates, Choose, different
from recommend.explain.quality import Values, familiarity, recency

Prefer: TypeAlias = Literal["strongest", "recent", "familiar", "diverse"]
PREFERENCES: tuple[Prefer, ...] = get_args(Prefer)
WEIGHTY = 0.1
"""A recent or familiar path that adds less than this share of what the strongest adds is only shown where
nothing better is left: a reason should be one."""


class Preferring:
    """Makes choosers for one graph. Safe to use from many threads."""

    def __init__(self, graph: Graph) -> None:
        self._graph = graph

    @cached_property
    def familiarity(self) -> Mapping[NodeKind, Values]:
        """How well known each node is, by kind."""
        return familiarity(self._graph)

    def choose(self, prefer: Prefer, history: History | None) -> Choose:
        """Chooses for the products of one list, one after the other. SettingsError for another word."""
        if prefer not in PREFERENCES:
            raise SettingsError(f"prefer={prefer!r} must be one of {', '.join(map(repr, PREFERENCES))}")
        known = History.of(np.empty(0, dtype=np.int64)) if history is None else history
        if prefer == "recent":
            return _Ordered(recency(known), None, known)
        if prefer == "familiar":
            return _Ordered(None, self.familiarity, known)
        return _Diverse() if prefer == "diverse" else different


class _Ordered:
    """The best path of each pattern, then the best of the rest, the best first: by the recency of the product
    of the history (float64 [m]), or by the familiarity of what is linked to the product."""

    def __init__(
        self, recent: Values | None, familiar: Mapping[NodeKind, Values] | None, history: History
    ) -> None:
        self._recent = recent
        self._familiar = familiar
        self._history = history

    def __call__(self, candidates: Candidates, most: int) -> list[int]:
        values = self._values(candidates)
        light = candidates.contribution < WEIGHTY * candidates.contribution.max(initial=0.0)
        order = np.lexsort((np.arange(len(candidates)), -values, light)).tolist()
        seen: set[int] = set()
        firsts: list[int] = []
        rest: list[int] = []
        for place in order:
            pattern = int(candidates.pattern[place])
            (rest if pattern in seen or light[place] else firsts).append(place)
            seen.add(pattern)
        return [*firsts, *rest][:most]

    def _values(self, candidates: Candidates) -> Values:
        source = candidates.source
        values = np.zeros(len(candidates))
        linked = source >= 0
        if self._recent is not None:
            values[linked] = self._recent[source[linked]]
            return values
        assert self._familiar is not None
        values[linked] = self._familiar["product"][self._history.products[source[linked]]]
        for number, block in enumerate(candidates.blocks):
            if block.kind is not None:
                mine = np.flatnonzero(candidates.block == number)
                values[mine] = self._familiar[block.kind][block.node[candidates.place[mine]]]
        return values


class _Diverse:
    """Of each pattern as few as can be: first those that the list so far has shown least; then other products
    of the history, then the strongest."""

    def __init__(self) -> None:
        self._shown: Counter[object] = Counter()

    def __call__(self, candidates: Candidates, most: int) -> list[int]:
        patterns = [candidates.blocks[block].pattern for block in candidates.block.tolist()]
        sources = candidates.source.tolist()
        chosen: list[int] = []
        here: Counter[object] = Counter()
        met: Counter[int] = Counter()
        left = list(range(len(candidates)))
        while left and len(chosen) < most:
            place = min(
                left,
                key=lambda at: (here[patterns[at]], self._shown[patterns[at]], met[sources[at]], at),
            )
            left.remove(place)
            chosen.append(place)
            here[patterns[place]] += 1
            met[sources[place]] += 1
        self._shown.update(here)
        return chosen
