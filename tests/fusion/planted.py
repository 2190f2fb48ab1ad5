"""A planted world: products in clusters, of which each modality sees something else."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from kg.vectors import Vectors


@dataclass(frozen=True, kw_only=True, eq=False)
class World:
    parts: dict[str, Vectors]
    cluster: npt.NDArray[np.int64]
    pairs: npt.NDArray[np.int64]
    test_pairs: npt.NDArray[np.int64]
    queries: npt.NDArray[np.float32]


def vectors(matrix: npt.NDArray[np.floating], present: npt.NDArray[np.bool_] | None = None) -> Vectors:
    matrix = matrix.astype(np.float32)
    if present is None:
        present = np.ones(len(matrix), dtype=np.bool_)
    return Vectors(ids=tuple(f"p{i}" for i in range(len(matrix))), matrix=matrix, present=present)


def planted(count: int = 600, clusters: int = 30, *, seed: int = 0) -> World:
    """Text says something of even products only; picture and kge know the cluster of most of them."""
    rng = np.random.default_rng(seed)
    cluster = rng.integers(clusters, size=count)

    def seen(dim: int, noise: float) -> npt.NDArray[np.floating]:
        centres = rng.standard_normal((clusters, dim))
        return centres[cluster] + noise * rng.standard_normal((count, dim))

    text = seen(48, 0.8)
    blank = np.arange(count) % 2 == 1
    text[blank] = 1.5 * rng.standard_normal((blank.sum(), 48))
    image = seen(96, 1.0)
    kge = seen(16, 0.8)
    with_image, with_kge = rng.random(count) < 0.8, rng.random(count) < 0.8
    pairs = np.array(
        [rng.choice(np.flatnonzero(cluster == cluster[i]), 2) for i in rng.integers(count, size=3000)]
    )
    return World(
        parts={"text": vectors(text), "image": vectors(image, with_image), "kge": vectors(kge, with_kge)},
        cluster=cluster,
        pairs=pairs[:2500],
        test_pairs=pairs[2500:],
        queries=(text + 0.5 * rng.standard_normal(text.shape)).astype(np.float32),
    )


def precision(matrix: npt.NDArray[np.float32], cluster: npt.NDArray[np.int64], *, k: int = 10) -> float:
    """Share of the k nearest neighbours, of all products, that lie in the same cluster."""
    unit = matrix / np.maximum(np.linalg.norm(matrix, axis=1, keepdims=True), 1e-9)
    scores = unit @ unit.T
    np.fill_diagonal(scores, -2)
    nearest = np.argsort(-scores, axis=1)[:, :k]
    return float((cluster[nearest] == cluster[:, None]).mean())
