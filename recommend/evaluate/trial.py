"""One test of recommendations: who is asked, what may be an answer, and what the lists of a model are worth.

Whatever ranks the catalog for users goes through here, so that models are told apart in the same way.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt

from recommend.evaluate.ranking import Dense, rank
from recommend.evaluate.report import Comparison, Row
from recommend.measure.units import Units
from recommend.rank.additive import Additive
from recommend.settings import Settings
from recommend.stages import Progress

Lists: TypeAlias = npt.NDArray[np.int64]
"""int64 [u, k]: ranked products of each unit, best first (-1: empty place)."""

RANKING = "the whole catalog, nothing sampled"
TIES = "in random order, for each user anew (by the seed, whatever the memory)"


@dataclass(frozen=True, kw_only=True, eq=False)
class Trial:
    """All that does not differ between the models of a test. Of the `listed` products (bool [n]) each unit
    gets as many as the largest of the `cutoffs`; `memory` is in bytes, for a ranking at a time."""

    units: Units
    listed: npt.NDArray[np.bool_]
    cutoffs: Sequence[int]
    seed: int
    memory: int
    progress: Progress | None

    @property
    def k(self) -> int:
        """How long a list is."""
        return max(self.cutoffs)

    @property
    def candidates(self) -> int:
        """How many products may be an answer."""
        return int(self.listed.sum())

    def lists(self, name: str, model: Additive | Dense) -> Lists:
        """What a model ranks for each unit."""
        return rank(
            model,
            self.units,
            k=self.k,
            listed=self.listed,
            seed=self.seed,
            memory=self.memory,
            progress=self.progress,
            stage=f"rank {name}",
        )

    def row(self, name: str, lists: Lists, *, about: str = "") -> Row:
        """The figures of a model's lists."""
        return Row.of_lists(
            name,
            lists,
            self.units,
            cutoffs=self.cutoffs,
            listed=self.candidates,
            seed=self.seed,
            about=about,
        )

    def compared(
        self, rows: Mapping[str, Row], pairs: Iterable[tuple[str, str]], metric: str
    ) -> list[Comparison]:
        """The first model of each pair against the second, by name."""
        return [Comparison.of(rows[one], rows[other], metric, seed=self.seed) for one, other in pairs]

    def protocol(self, compared: str = "models") -> dict[str, Any]:
        """What a protocol says of it. `compared` is what intervals of differences are between."""
        return {
            "users": len(self.units),
            "ranking": RANKING,
            "ties": TIES,
            "candidates": self.candidates,
            "empty_places": "count as misses",
            "intervals": f"95 %, percentile bootstrap over users, 1,000 samples, paired between {compared}",
            "seed": self.seed,
        }


def without_search(settings: Settings | None) -> Settings:
    """The settings of a build of which only recommendations are tested."""
    return replace(settings or Settings(), search_queries=0)


def additive_only(settings: Settings | None) -> Settings:
    """The settings of a build of which only the additive sum is tested."""
    return replace(without_search(settings), best_lists=0)
