"""What a fusion is, and what all of them share."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol, Self, TypeAlias, runtime_checkable

import numpy as np
import numpy.typing as npt

from kg.errors import SettingsError
from kg.vectors import Vectors

if TYPE_CHECKING:
    from kg.graph import Graph

Matrix: TypeAlias = npt.NDArray[np.float32]
Rows: TypeAlias = npt.NDArray[np.int64]
Mask: TypeAlias = npt.NDArray[np.bool_]
Progress: TypeAlias = Callable[[str, int, int], None]
Parts: TypeAlias = Mapping[str, Vectors]
"""Vectors by modality, all with the same ids in the same order."""

TEXT = "text"
_ENOUGH_ROWS = 50_000  # principal directions need no more
GRAPH_PARTS = ("kge", "gnn")


@runtime_checkable
class Fusion(Protocol):
    """Brings the modalities of a product into one space that queries share."""

    @property
    def dim(self) -> int: ...

    @property
    def parts(self) -> frozenset[str]:
        """The modalities it was fitted with; it takes no others."""
        ...

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
        """Learn from what belongs together.

        pairs int64 [p, 2]: rows of products that do (bought together, of one kind). queries float32
        [q, d_text]: text vectors of what one would type (a title, say) to find row query_rows int64 [q].
        """
        ...

    def items(self, parts: Parts) -> Vectors:
        """One unit row per product, from the modalities that it has; absent if it has none."""
        ...

    def query(self, parts: Mapping[str, Matrix]) -> Matrix:
        """float32 [m, dim]: unit rows for queries given by float32 [m, d_modality], comparable with items."""
        ...

    def save(self, folder: Path) -> None: ...

    @classmethod
    def load(cls, folder: Path) -> Self: ...


def common_ids(parts: Parts) -> tuple[str, ...]:
    """The ids of all parts. Raises SettingsError if there are none or they differ."""
    if not parts:
        raise SettingsError("there are no vectors to fuse; give at least one modality")
    first, *others = parts
    for name in others:
        if parts[name].ids != parts[first].ids:
            raise SettingsError(
                f"the parts {first!r} ({len(parts[first])} products) and {name!r} ({len(parts[name])}) "
                "must hold the same products in the same order"
            )
    return parts[first].ids


def unit_rows(vectors: Vectors) -> tuple[Matrix, Mask]:
    """Rows of length 1 float32 [n, d], and bool [n]: which are there.

    A row without a direction (all zero) counts as absent; absent rows come out zero, whatever they held.
    """
    unit = np.zeros_like(vectors.matrix, dtype=np.float32)
    rows = np.flatnonzero(vectors.present)
    unit[rows] = normalise(vectors.matrix[rows])
    return unit, directed(unit)


def directed(matrix: Matrix) -> Mask:
    """bool [n]: which rows are not all zero."""
    return np.asarray(matrix.any(axis=1), dtype=np.bool_)


def normalise(matrix: npt.NDArray[np.floating[Any]]) -> Matrix:
    """Rows of length 1; rows of length 0 stay."""
    norms = np.linalg.norm(matrix, axis=1, keepdims=True)
    scaled = np.divide(matrix, norms, out=np.zeros_like(matrix), where=norms > 0)
    return np.asarray(scaled, dtype=np.float32)


def align(source: Matrix, target: Matrix) -> Matrix:
    """float32 [d_source, d_target]: the rotation that brings rows of `source` closest to those of `target`.

    Orthogonal Procrustes (Schönemann 1966): the similarities inside `source` survive as far as
    `target` has room, where least squares would erase whatever the target cannot predict.
    """
    u, _, vt = np.linalg.svd((source.T @ target).astype(np.float64), full_matrices=False)
    rotation: Matrix = (u @ vt).astype(np.float32)
    return rotation


def principal(matrix: Matrix, dim: int) -> Matrix:
    """float32 [d, min(d, dim)]: the directions, as orthonormal columns, that keep most of the rows."""
    sample = matrix[:: max(1, len(matrix) // _ENOUGH_ROWS)]
    _, directions = np.linalg.eigh((sample.T @ sample).astype(np.float64))
    kept = directions[:, ::-1][:, :dim]
    # a direction has no sign of its own; this makes it the same on every machine
    signs = np.sign(kept[np.abs(kept).argmax(axis=0), np.arange(kept.shape[1])])
    return np.ascontiguousarray(kept * signs, dtype=np.float32)


def checked_queries(parts: Mapping[str, Matrix], dims: Mapping[str, int]) -> int:
    """How many queries there are. Raises SettingsError if a part is unknown or of a wrong shape."""
    if not parts:
        raise SettingsError(f"a query needs at least one part; give one of {sorted(dims)}")
    for name, matrix in parts.items():
        if name not in dims:
            raise SettingsError(f"the fusion was not fitted with the part {name!r}; it knows {sorted(dims)}")
        if matrix.ndim != 2 or matrix.shape[1] != dims[name]:
            raise SettingsError(f"the part {name!r} of a query must be [m, {dims[name]}], not {matrix.shape}")
    counts = {len(matrix) for matrix in parts.values()}
    if len(counts) > 1:
        raise SettingsError(f"the parts of a query must have equally many rows, not {sorted(counts)}")
    return counts.pop()


def checked_items(parts: Parts, dims: Mapping[str, int]) -> tuple[str, ...]:
    """The ids of parts that a fitted fusion can take. Raises SettingsError for any other."""
    ids = common_ids(parts)
    for name, vectors in parts.items():
        if name not in dims:
            raise SettingsError(f"the fusion was not fitted with the part {name!r}; it knows {sorted(dims)}")
        if vectors.dim != dims[name]:
            raise SettingsError(
                f"the part {name!r} has {vectors.dim} numbers, it was fitted with {dims[name]}"
            )
    return ids
