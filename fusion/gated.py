"""The learned fusion: a gate that decides, product by product, which modalities to trust."""

from __future__ import annotations

import json
import time
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Self

import numpy as np

from fusion.base import (
    TEXT,
    Matrix,
    Parts,
    Progress,
    Rows,
    checked_items,
    checked_queries,
    common_ids,
    directed,
    normalise,
    principal,
    unit_rows,
)
from fusion.gate import Parameters, fuse, initial, input_dims, query_rows
from kg.arrays import load_arrays, save_arrays
from kg.errors import SettingsError, VersionError
from kg.vectors import Vectors

if TYPE_CHECKING:
    from kg.graph import Graph


@dataclass(frozen=True, kw_only=True)
class FusionMetrics:
    """Mean reciprocal ranks among all products, on pairs and queries that were not trained on.

    `text` is the text vector alone, `before` the untrained fusion, `after` the trained one; None where
    there was nothing to validate on.
    """

    pairs_text: float | None
    pairs_before: float | None
    pairs_after: float | None
    queries_text: float | None
    queries_before: float | None
    queries_after: float | None
    epochs: int
    seconds: float


class GatedFusion:
    """See `fusion.gate` for the formula and `fusion.training` for how it learns.

    Answering needs no torch; only `fit` loads it. `dim` is the width of the fused space.
    """

    def __init__(
        self,
        *,
        dim: int = 192,
        hidden: int = 32,
        epochs: int = 12,
        patience: int = 3,
        batch_size: int = 512,
        pairs_per_epoch: int = 20_000,
        learning_rate: float = 1e-3,
        modality_dropout: float = 0.3,
        query_weight: float = 1.0,
        validation: float = 0.1,
    ) -> None:
        if min(dim, hidden, batch_size - 1, pairs_per_epoch) < 1 or min(epochs, patience) < 0:
            raise SettingsError(
                f"dim={dim}, hidden={hidden} and pairs_per_epoch={pairs_per_epoch} must be at least 1, "
                f"batch_size={batch_size} at least 2, epochs={epochs} and patience={patience} at least 0"
            )
        if not 0 <= modality_dropout < 1 or not 0 < validation < 1 or learning_rate <= 0 or query_weight < 0:
            raise SettingsError(
                f"modality_dropout={modality_dropout} must be in [0, 1), validation={validation} in (0, 1), "
                f"learning_rate={learning_rate} > 0 and query_weight={query_weight} >= 0"
            )
        self._dim, self._hidden, self._validation = dim, hidden, validation
        self._epochs, self._patience, self._batch_size = epochs, patience, batch_size
        self._pairs_per_epoch, self._learning_rate = pairs_per_epoch, learning_rate
        self._modality_dropout, self._query_weight = modality_dropout, query_weight
        self._parameters: Parameters = {}
        self.metrics: FusionMetrics | None = None

    @property
    def dim(self) -> int:
        return self._dim

    @property
    def parts(self) -> frozenset[str]:
        return frozenset(input_dims(self._fitted()))

    def fit(
        self,
        parts: Parts,
        graph: Graph | None = None,
        *,
        pairs: Rows | None = None,
        queries: Matrix | None = None,
        query_rows: Rows | None = None,
        seed: int = 0,
        progress: Progress | None = None,
    ) -> Self:
        """Learn the gate. Without pairs and queries it stays at its closed-form start."""
        from fusion.training import TrainingSettings, train
        from fusion.validation import Examples, mean_reciprocal_rank

        started = time.perf_counter()
        ids = common_ids(parts)
        inputs = {name: unit_rows(vectors) for name, vectors in parts.items()}
        if not any(present.any() for _, present in inputs.values()):
            raise SettingsError(f"all {len(ids)} products are without vectors; encode at least one modality")
        # long vectors (pictures: 1280) are cut to their principal directions while training, which then
        # are folded into the projection: the formula stays, the time falls
        reductions = {
            name: principal(matrix[present], 2 * self._dim)
            for name, (matrix, present) in inputs.items()
            if name != TEXT and matrix.shape[1] > 2 * self._dim
        }
        inputs |= {name: (inputs[name][0] @ reduce, inputs[name][1]) for name, reduce in reductions.items()}
        examples = Examples.checked(inputs, pairs, queries, query_rows)
        trained, held = examples.split(self._validation, seed=seed)
        start = initial(inputs, dim=self._dim, hidden=self._hidden, seed=seed)

        def measure(parameters: Parameters) -> tuple[float | None, float | None]:
            fused = fuse(parameters, inputs)
            asked = _asked(parameters, held.queries)
            return mean_reciprocal_rank(fused, held, asked)

        def score(parameters: Parameters) -> float:
            return float(sum(m for m in measure(parameters) if m is not None))

        best, epochs = start, 0
        if len(trained.pairs) or len(trained.queries):
            settings = TrainingSettings(
                epochs=self._epochs,
                patience=self._patience,
                batch_size=self._batch_size,
                pairs_per_epoch=self._pairs_per_epoch,
                learning_rate=self._learning_rate,
                modality_dropout=self._modality_dropout,
                query_weight=self._query_weight,
            )
            best, epochs = train(
                start,
                inputs,
                pairs=trained.pairs,
                queries=trained.queries,
                query_rows=trained.query_rows,
                settings=settings,
                score=score,
                seed=seed,
                progress=progress,
            )
        self._parameters = dict(best)
        for name, reduce in reductions.items():
            self._parameters[f"{name}.project"] = reduce @ best[f"{name}.project"]
        text = mean_reciprocal_rank(inputs[TEXT][0], held, held.queries) if TEXT in inputs else (None, None)
        before, after = measure(start), measure(best)
        self.metrics = FusionMetrics(
            pairs_text=text[0],
            pairs_before=before[0],
            pairs_after=after[0],
            queries_text=text[1],
            queries_before=before[1],
            queries_after=after[1],
            epochs=epochs,
            seconds=time.perf_counter() - started,
        )
        return self

    def items(self, parts: Parts) -> Vectors:
        ids = checked_items(parts, input_dims(self._fitted()))
        fused = fuse(self._parameters, {name: unit_rows(vectors) for name, vectors in parts.items()})
        return Vectors(ids=ids, matrix=fused, present=directed(fused))

    def query(self, parts: Mapping[str, Matrix]) -> Matrix:
        """Text goes through the query's own projection; anything else as a product with that alone."""
        count = checked_queries(parts, input_dims(self._fitted()))
        total = np.zeros((count, self._dim), dtype=np.float32)
        others = {name: normalise(matrix) for name, matrix in parts.items() if name != TEXT}
        if others:
            total += fuse(self._parameters, {name: (m, directed(m)) for name, m in others.items()})
        if TEXT in parts:
            total += query_rows(self._parameters, normalise(parts[TEXT]))
        return normalise(total)

    def save(self, folder: Path) -> None:
        """Write fusion.safetensors and fusion.json into a folder."""
        save_arrays(folder / "fusion.safetensors", self._fitted())
        metrics = None if self.metrics is None else asdict(self.metrics)
        about = {"fusion": "gated", "dim": self._dim, "hidden": self._hidden, "metrics": metrics}
        (folder / "fusion.json").write_text(json.dumps(about, indent=1, sort_keys=True), encoding="utf-8")

    @classmethod
    def load(cls, folder: Path) -> Self:
        try:
            about = json.loads((folder / "fusion.json").read_text(encoding="utf-8"))
            fusion = cls(dim=about["dim"], hidden=about["hidden"])
            fusion.metrics = None if about["metrics"] is None else FusionMetrics(**about["metrics"])
        except (OSError, ValueError, KeyError, TypeError) as error:
            path = folder / "fusion.json"
            raise VersionError(f"{path} cannot be read: {error}; build the shop again") from error
        arrays = load_arrays(folder / "fusion.safetensors")
        fusion._parameters = {name: array.astype(np.float32, copy=False) for name, array in arrays.items()}
        return fusion

    def _fitted(self) -> Parameters:
        if not self._parameters:
            raise SettingsError("the fusion is not fitted; call fit first")
        return self._parameters


def _asked(parameters: Parameters, queries: Matrix) -> Matrix:
    return query_rows(parameters, queries) if len(queries) else queries
