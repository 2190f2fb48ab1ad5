"""What an evaluation found, together with the protocol that defines it."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt

from recommend.evaluate.leaks import Caution
from recommend.measure.bands import Bands
from recommend.measure.bootstrap import Difference, intervals, paired_difference
from recommend.measure.metrics import METRICS, coverage, find_hits
from recommend.measure.units import Units
from recommend.settings import Settings


@dataclass(frozen=True, kw_only=True)
class Row:
    """One model's figures, as fractions: the mean over all units, its 95 % interval, and figures of the whole
    (coverage) that have none. `about` says how the model was made. `units` float64 [n] by metric keeps the
    single values for comparisons."""

    model: str
    means: Mapping[str, float]
    low: Mapping[str, float]
    high: Mapping[str, float]
    about: str = ""
    units: Mapping[str, npt.NDArray[np.float64]] = field(default_factory=dict, repr=False)

    @classmethod
    def of(
        cls,
        model: str,
        units: Mapping[str, npt.NDArray[np.float64]],
        *,
        seed: int,
        about: str = "",
        whole: Mapping[str, float] | None = None,
    ) -> Row:
        """From the values of single units [n] by metric, and figures of the `whole`."""
        names = list(units)
        values = np.stack([units[name] for name in names], axis=1)
        low, high = intervals(values, seed=seed)
        return cls(
            model=model,
            means={**_named(names, values.mean(axis=0) if len(values) else low), **(whole or {})},
            low=_named(names, low),
            high=_named(names, high),
            about=about,
            units=dict(units),
        )

    @classmethod
    def of_lists(
        cls,
        model: str,
        lists: npt.NDArray[np.int64],
        units: Units,
        *,
        cutoffs: Sequence[int],
        listed: int,
        seed: int,
        about: str = "",
    ) -> Row:
        """From ranked products int64 [u, >= largest cutoff] (-1: empty place)."""
        hits = find_hits(lists, units.relevant)
        values = {
            f"{name}@{k}": metric(hits[:, :k], units.wanted)
            for k in cutoffs
            for name, metric in METRICS.items()
        }
        whole = {f"coverage@{k}": coverage(lists[:, :k], listed) for k in cutoffs}
        return cls.of(model, values, seed=seed, about=about, whole=whole)

    def plain(self) -> dict[str, Any]:
        """JSON values: 'ndcg@10', 'ndcg@10_low', 'ndcg@10_high' …"""
        found: dict[str, Any] = {"model": self.model}
        for name, value in self.means.items():
            found[name] = _round(value)
            if name in self.low:
                found[f"{name}_low"], found[f"{name}_high"] = _round(self.low[name]), _round(self.high[name])
        if self.about:
            found["about"] = self.about
        return found


@dataclass(frozen=True, kw_only=True)
class Comparison:
    """One model against another on the same units."""

    model: str
    against: str
    metric: str
    value: float
    difference: Difference

    @classmethod
    def of(cls, row: Row, against: Row, metric: str, *, seed: int) -> Comparison:
        return cls(
            model=row.model,
            against=against.model,
            metric=metric,
            value=row.means[metric],
            difference=paired_difference(row.units[metric], against.units[metric], seed=seed),
        )

    def plain(self) -> dict[str, Any]:
        d = self.difference
        return {
            "model": self.model,
            "against": self.against,
            "metric": self.metric,
            "value": _round(self.value),
            "delta": _round(d.delta),
            "delta_low": _round(d.low),
            "delta_high": _round(d.high),
            "relative": _round(d.relative),
            "relative_low": _round(d.relative_low),
            "relative_high": _round(d.relative_high),
        }


@dataclass(frozen=True, kw_only=True)
class Report:
    """Everything about one evaluation. `protocol`, `paths` and `speed` are plain JSON values to show;
    `cautions` say what the figures should not be believed without."""

    protocol: Mapping[str, Any]
    rows: tuple[Row, ...]
    comparisons: tuple[Comparison, ...] = ()
    ablation: tuple[Comparison, ...] = ()
    bands: Bands | None = None
    cautions: tuple[Caution, ...] = ()
    paths: Mapping[str, Any] = field(default_factory=dict)
    speed: Mapping[str, Any] = field(default_factory=dict)
    weights: Mapping[str, float] = field(default_factory=dict)

    def row(self, model: str) -> Row:
        """The row of one model; KeyError if there is none."""
        for row in self.rows:
            if row.model == model:
                return row
        raise KeyError(model)

    def plain(self) -> dict[str, Any]:
        """JSON values."""
        found: dict[str, Any] = {
            "protocol": dict(self.protocol),
            "cautions": [asdict(one) for one in self.cautions],
            "rows": [row.plain() for row in self.rows],
            "comparisons": [one.plain() for one in self.comparisons],
            "paths": dict(self.paths),
            "speed": dict(self.speed),
            "weights": {name: _round(w) for name, w in sorted(self.weights.items())},
        }
        if self.bands is not None:
            found["bands"] = self.bands.plain()
        if self.ablation:
            found["ablation"] = [one.plain() for one in self.ablation]
        return found


def profile_of(settings: Settings) -> str:
    """The profile that settings amount to: 'fast', 'full', or the parts they have."""
    parts = ("text", "image", "kge", "gnn", "fusion")
    chosen = tuple(part for part in parts if getattr(settings, part))
    return {("text",): "fast", parts: "full"}.get(chosen, " ".join(("graph", *chosen)))


def _named(names: Sequence[str], values: npt.NDArray[np.float64]) -> dict[str, float]:
    return {name: float(value) for name, value in zip(names, values, strict=True)}


def _round(value: float) -> float | None:
    return None if math.isnan(value) else round(value, 6)
