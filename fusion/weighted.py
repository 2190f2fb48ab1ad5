"""The simple fusion: a weighted sum of all modalities in the space of the texts."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Self

import numpy as np

from fusion.base import (
    GRAPH_PARTS,
    TEXT,
    Mask,
    Matrix,
    Parts,
    Progress,
    Rows,
    align,
    checked_items,
    checked_queries,
    common_ids,
    directed,
    normalise,
    principal,
    unit_rows,
)
from kg.arrays import load_arrays, save_arrays
from kg.errors import SettingsError, VersionError
from kg.vectors import Vectors

if TYPE_CHECKING:
    from kg.graph import Graph


class WeightedFusion:
    """v = normalise((1 - alpha) Σ λ_m P_m v_m + alpha Σ λ_g P_g v_g), content modalities m and graph ones g.

    P rotates a modality onto the texts (which stay as they are), so that a query's text vector can be
    compared with every product. Weights are shares among the modalities that a product has: λ within
    content and within graph, alpha between the two. Without texts, the first modality is the anchor.
    """

    def __init__(
        self,
        *,
        text: float = 1.0,
        image: float = 0.5,
        kge: float = 0.5,
        gnn: float = 1.0,
        alpha: float = 0.3,
    ) -> None:
        weights = {TEXT: text, "image": image, "kge": kge, "gnn": gnn}
        if min(weights.values()) < 0 or not any(weights.values()) or not 0 <= alpha <= 1:
            raise SettingsError(
                f"weights {weights} must be >= 0 and not all 0, and alpha={alpha} must be within 0 and 1"
            )
        self._weights = weights
        self._alpha = alpha
        self._rotations: dict[str, Matrix] = {}

    @property
    def dim(self) -> int:
        return int(next(iter(self._fitted().values())).shape[1])

    @property
    def parts(self) -> frozenset[str]:
        return frozenset(self._fitted())

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
        """Find the rotations; pairs, queries and the seed are not needed here."""
        common_ids(parts)
        if unknown := sorted(set(parts) - set(self._weights)):
            raise SettingsError(f"there is no weight for the part {unknown[0]!r}; known: {[*self._weights]}")
        anchor = TEXT if TEXT in parts else next(iter(parts))
        target, has_target = unit_rows(parts[anchor])
        rotations = {anchor: np.eye(target.shape[1], dtype=np.float32)}
        for name in parts:
            if name != anchor:
                source, has_source = unit_rows(parts[name])
                rows = has_source & has_target
                # more numbers than the anchor has room for: keep the strongest directions
                reduce = principal(source[has_source], target.shape[1])
                rotations[name] = reduce @ align(source[rows] @ reduce, target[rows])
        self._rotations = rotations
        return self

    def items(self, parts: Parts) -> Vectors:
        ids = checked_items(parts, self._dims())
        fused = self._fuse({name: unit_rows(vectors) for name, vectors in parts.items()}, len(ids))
        return Vectors(ids=ids, matrix=fused, present=directed(fused))

    def query(self, parts: Mapping[str, Matrix]) -> Matrix:
        count = checked_queries(parts, self._dims())
        everywhere = np.ones(count, dtype=np.bool_)
        return self._fuse({name: (normalise(m), everywhere) for name, m in parts.items()}, count)

    def save(self, folder: Path) -> None:
        """Write fusion.safetensors and fusion.json into a folder."""
        save_arrays(folder / "fusion.safetensors", self._fitted())
        about = {"fusion": "weighted", "alpha": self._alpha, "weights": self._weights}
        (folder / "fusion.json").write_text(json.dumps(about, indent=1, sort_keys=True), encoding="utf-8")

    @classmethod
    def load(cls, folder: Path) -> Self:
        try:
            about = json.loads((folder / "fusion.json").read_text(encoding="utf-8"))
            fusion = cls(alpha=about["alpha"], **about["weights"])
        except (OSError, ValueError, KeyError, TypeError) as error:
            path = folder / "fusion.json"
            raise VersionError(f"{path} cannot be read: {error}; build the shop again") from error
        arrays = load_arrays(folder / "fusion.safetensors")
        fusion._rotations = {name: array.astype(np.float32, copy=False) for name, array in arrays.items()}
        return fusion

    def _fitted(self) -> dict[str, Matrix]:
        if not self._rotations:
            raise SettingsError("the fusion is not fitted; call fit first")
        return self._rotations

    def _dims(self) -> dict[str, int]:
        return {name: len(rotation) for name, rotation in self._fitted().items()}

    def _fuse(self, rows: Mapping[str, tuple[Matrix, Mask]], count: int) -> Matrix:
        content = self._sum({n: r for n, r in rows.items() if n not in GRAPH_PARTS}, count)
        graph = self._sum({n: r for n, r in rows.items() if n in GRAPH_PARTS}, count)
        has_content, has_graph = content.any(axis=1), graph.any(axis=1)
        alpha = np.where(has_content & has_graph, self._alpha, np.where(has_graph, 1.0, 0.0))[:, None]
        return normalise((1 - alpha) * content + alpha * graph)

    def _sum(self, rows: Mapping[str, tuple[Matrix, Mask]], count: int) -> Matrix:
        """Σ λ_m P_m v_m with λ as shares of the modalities present."""
        total = np.zeros((count, self.dim), dtype=np.float32)
        share = np.zeros((count, 1), dtype=np.float32)
        for name, (matrix, present) in rows.items():
            total += self._weights[name] * (matrix @ self._rotations[name])
            share += self._weights[name] * present[:, None]
        return np.divide(total, share, out=np.zeros_like(total), where=share > 0)
