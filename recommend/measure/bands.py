"""Where a model is good: what it finds of rare products and of well-known ones."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from recommend.behaviour import Behaviour
from recommend.measure.bootstrap import resampled_means
from recommend.measure.metrics import find_hits
from recommend.measure.units import Units
from recommend.sparse import rows_of

EDGES = (0, 1, 6, 11, 21, 51)
"""The fewest purchases of each band."""
NAMES = ("0", "1-5", "6-10", "11-20", "21-50", ">50")


@dataclass(frozen=True, kw_only=True)
class Bands:
    """Recall of the products wanted, by how often each was bought in the training part.

    `pairs` int64 [units, bands]: how many products of each band a unit wants; `hits` float64 [units, bands]
    by model: how many of them it finds among its first k. A product that the training part does not know
    was never bought.
    """

    k: int
    pairs: npt.NDArray[np.int64]
    hits: Mapping[str, npt.NDArray[np.float64]]

    @classmethod
    def of(cls, lists: Mapping[str, npt.NDArray[np.int64]], units: Units, train: Behaviour, k: int) -> Bands:
        """From ranked products int64 [u, >= k] by model."""
        band = np.searchsorted(EDGES, bought(train), side="right") - 1
        rows = rows_of(units.relevant)
        shape = (len(units), len(EDGES))
        pairs = np.zeros(shape, dtype=np.int64)
        np.add.at(pairs, (rows, band[units.relevant.indices]), 1)
        pairs[:, 0] += units.wanted - np.diff(units.relevant.indptr)
        hits: dict[str, npt.NDArray[np.float64]] = {}
        for model, ranked in lists.items():
            found = find_hits(ranked[:, :k], units.relevant)
            counted = np.zeros(shape)
            np.add.at(counted, (np.nonzero(found)[0], band[ranked[:, :k][found]]), 1)
            hits[model] = counted
        return cls(k=k, pairs=pairs, hits=hits)

    def recall(self, model: str) -> npt.NDArray[np.float64]:
        """float64 [bands]: the share of the pairs of each band that is found; NaN where there are none."""
        pairs = self.pairs.sum(axis=0)
        found: npt.NDArray[np.float64] = np.full(len(pairs), np.nan)
        np.divide(self.hits[model].sum(axis=0), pairs, out=found, where=pairs > 0)
        return found

    def difference(
        self, model: str, against: str, *, seed: int
    ) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]]:
        """(low, high), float64 [bands]: 95 % intervals of the difference of two models' recall, over users,
        paired."""
        gained = self.hits[model] - self.hits[against]
        means = resampled_means(np.concatenate([gained, self.pairs], axis=1), seed=seed)
        above, below = means[:, : len(EDGES)], means[:, len(EDGES) :]
        share = np.divide(above, below, out=np.zeros_like(above), where=below > 0)
        low, high = np.percentile(share, [2.5, 97.5], axis=0)
        return low, high

    def plain(self) -> list[dict[str, Any]]:
        """JSON values, a band each."""
        recalls = {model: self.recall(model) for model in self.hits}
        return [
            {
                "purchases": name,
                "pairs": int(self.pairs[:, band].sum()),
                f"recall@{self.k}": {
                    model: None if np.isnan(found[band]) else round(float(found[band]), 6)
                    for model, found in recalls.items()
                },
            }
            for band, name in enumerate(NAMES)
        ]


def bought(train: Behaviour) -> npt.NDArray[np.int64]:
    """int64 [n]: how many users bought or rated each product; met it, where nobody bought anything."""
    columns = train.weight.indices[train.owned] if train.owned.any() else train.weight.indices
    found: npt.NDArray[np.int64] = np.bincount(columns, minlength=train.weight.shape[1])
    return found
