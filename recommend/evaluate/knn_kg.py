"""Merged neighbours: ItemKNN and plain similarities from the graph, added up with tuned weights.

No vectors, no training, one sparse matrix. On a catalog with relations it is the simple method that is
hardest to beat, so a model that claims to use its graph well has to beat it, not ItemKNN alone.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import scipy.sparse as sp

from kg.graph import FOUND, Graph
from recommend.behaviour import Behaviour
from recommend.channels.base import scale_of
from recommend.channels.co_purchase import item_knn
from recommend.channels.shared_nodes import rarity_features
from recommend.evaluate.baselines import LINKS, Baseline, single
from recommend.measure.units import Units, has_entries
from recommend.rank.memory import Memory
from recommend.similar_rows import similar_rows
from recommend.sparse import empty, keep_best, rows_of, values_at, weighted_sum, without_diagonal

SHARED = 300
"""Products per product that a similarity from the graph keeps."""
_CANDIDATES = 300
_KNN = "item_knn"
_START = 0.3
_STEPS = (0.0, 0.5, 0.7, 0.85, 1.2, 1.5, 2.0)
_FRESH = (0.02, 0.1, 0.3)
_ROUNDS = 4


@dataclass(frozen=True, kw_only=True, eq=False)
class Similarity:
    """Products × products, float32 CSR without a diagonal; times `scale`, the best of a row are about 1."""

    name: str
    matrix: sp.csr_array
    scale: float

    @classmethod
    def of(cls, name: str, matrix: sp.csr_array) -> Similarity:
        return cls(name=name, matrix=matrix, scale=scale_of(matrix))


def similarities(graph: Graph, relations: Sequence[str] | None = None) -> tuple[Similarity, ...]:
    """What the stored graph says of two products: linked by a relation, linked to the same things by it.

    `relations` limits it to some, by name.
    """
    found: list[Similarity] = []
    for edge_type, relation in sorted(graph.relations.items()):
        if edge_type.head != "product" or edge_type.tail in ("user", "query") or edge_type.name == FOUND:
            continue
        if relations is not None and edge_type.name not in relations:
            continue
        links, name = relation.matrix, edge_type.name
        if edge_type.tail == "product":
            links = (relation.matrix + relation.backward).tocsr()
            links.data = np.ones(links.nnz, dtype=np.float32)
            direct = keep_best(without_diagonal(links.copy()), SHARED)
            found.append(Similarity.of(f"{name} (direct)", direct))
        shared = similar_rows(rarity_features(links)[0], SHARED)
        found.append(Similarity.of(f"{name} (shared)", shared))
    return tuple(one for one in found if one.matrix.nnz)


def tuned_knn_kg(
    train: Behaviour,
    validation: Units,
    knn: Baseline,
    parts: Sequence[Similarity],
    *,
    listed: npt.NDArray[np.bool_],
    k: int = 10,
) -> Baseline:
    """The tuned ItemKNN and the `parts`, merged with the weights that are best on validation units."""
    chosen = {name: value for name, value in knn.chosen.items() if name != "decay"}
    memory = Memory(decay=knn.chosen.get("decay", 1.0))

    def with_knn(behaviour: Behaviour) -> tuple[Similarity, ...]:
        return (Similarity.of(_KNN, item_knn(behaviour.weight, most=LINKS, **chosen)), *parts)

    weights, value = _weights(with_knn(validation.behaviour), validation, memory, listed, k)
    model = single("knn_kg", merged(with_knn(train), weights), memory)
    told = ", ".join(f"{name}={weight:.2g}" for name, weight in weights.items() if weight > 0)
    about = f"{told}, memory={memory.decay:g}; validation ndcg@{k} {value:.4f} on {len(validation)} users"
    return Baseline(name="knn_kg", model=model, about=about, chosen=weights)


def merged(parts: Sequence[Similarity], weights: Mapping[str, float]) -> sp.csr_array:
    """float32 CSR: the weighted sum."""
    some = [(one.matrix, one.scale * weights[one.name]) for one in parts if weights[one.name] > 0]
    n = parts[0].matrix.shape[0]
    return weighted_sum(some, n, n) if some else empty(n, n)


def _weights(
    parts: Sequence[Similarity],
    units: Units,
    memory: Memory,
    listed: npt.NDArray[np.bool_],
    k: int,
) -> tuple[dict[str, float], float]:
    """(weight by name, ndcg@k) after coordinate ascent on each user's best candidates."""
    histories = units.histories(memory).astype(np.float32)
    scored = [(histories @ one.matrix * np.float32(one.scale)).tocsr() for one in parts]
    start = np.array([1.0 if one.name == _KNN else _START for one in parts])
    n = len(listed)
    blend = weighted_sum(zip(scored, start.tolist(), strict=True), len(units), n)
    rows = rows_of(blend)
    blend.data[has_entries(units.owned, rows, blend.indices) | ~listed[blend.indices]] = 0
    blend = keep_best(blend, _CANDIDATES)
    rows = rows_of(blend)
    slots = np.arange(blend.nnz) - blend.indptr[rows]
    width = max(int(np.diff(blend.indptr).max(initial=1)), k)
    features = np.zeros((len(parts), len(units), width), dtype=np.float32)
    for number, part in enumerate(scored):
        features[number, rows, slots] = values_at(part, rows, blend.indices)
    relevant = np.zeros((len(units), width), dtype=np.bool_)
    relevant[rows, slots] = has_entries(units.relevant, rows, blend.indices)
    discount = 1.0 / np.log2(np.arange(2, k + 2))
    ideal = np.cumsum(discount)[np.clip(units.wanted, 1, k) - 1]

    def value(scores: npt.NDArray[np.float32]) -> float:
        best = np.argpartition(-scores, k - 1, axis=1)[:, :k]
        inside = np.take_along_axis(scores, best, axis=1)
        best = np.take_along_axis(best, np.argsort(-inside, axis=1, kind="stable"), axis=1)
        gain = (np.take_along_axis(relevant, best, axis=1) * discount).sum(axis=1)
        return float((gain / ideal).mean()) if len(gain) else 0.0

    weights = start.copy()
    scores = np.tensordot(weights.astype(np.float32), features, axes=1)
    best = value(scores)
    for _ in range(_ROUNDS):
        before = best
        for number in range(len(parts)):
            rest = scores - np.float32(weights[number]) * features[number]
            steps = [weights[number] * step for step in _STEPS]
            for option in steps if weights[number] > 0 else [weights.max() * size for size in _FRESH]:
                found = value(rest + np.float32(option) * features[number])
                if found > best or (option == 0.0 and found == best):  # fewer parts, if it is all the same
                    best, weights[number] = found, option
            scores = rest + np.float32(weights[number]) * features[number]
        if best <= before * (1 + 1e-3):
            break
    size = weights.max(initial=0.0) or 1.0
    return {one.name: float(w / size) for one, w in zip(parts, weights, strict=True)}, best
