"""The simple methods that a model has to beat, tuned on the same data as carefully.

Each is an additive model with a single channel, so it is ranked by the same code as ours.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from itertools import product
from typing import Any

import numpy as np
import numpy.typing as npt
import scipy.sparse as sp

from recommend.behaviour import Behaviour
from recommend.channels.base import Links, Prior
from recommend.channels.co_purchase import item_knn
from recommend.channels.traces import BehaviourTrace
from recommend.channels.transitions import transition_counts
from recommend.evaluate.ranking import Dense, rank
from recommend.measure.metrics import find_hits, ndcg
from recommend.measure.units import Units
from recommend.rank.additive import Additive
from recommend.rank.memory import ALL, Memory
from recommend.stages import Progress

EXPONENTS = (0.0, 0.1, 0.2, 0.3, 0.4, 0.5)
SHRINKAGES = (0.0, 1.0, 5.0, 10.0)
USER_EXPONENTS = (0.5, 1.0)
MEMORIES = tuple(Memory(decay=decay) for decay in (1.0, 0.9, 0.8, 0.7, 0.6, 0.5, 0.4, 0.3))
LINKS = 1_000
"""Links per product that a baseline keeps: more than a shop would, so that it is not held back."""


@dataclass(frozen=True, kw_only=True, eq=False)
class Baseline:
    """A simple model, and the parameters that were `chosen` for it on validation data."""

    name: str
    model: Additive | Dense
    about: str
    chosen: Mapping[str, float] = field(default_factory=dict)


def popularity(behaviour: Behaviour) -> Baseline:
    """The same products for everybody: those that most users met."""
    values = behaviour.popularity.astype(np.float32)
    prior = Prior(name="popularity", values=values / max(float(values.max(initial=0.0)), 1.0))
    model = Additive.of((), (prior,), {"popularity": 1.0}, products=len(values))
    return Baseline(name="popularity", model=model, about="users who met a product in the training part")


def tuned_item_knn(
    train: Behaviour,
    validation: Units,
    *,
    listed: npt.NDArray[np.bool_],
    k: int = 10,
    progress: Progress | None = None,
) -> Baseline:
    """ItemKNN with the parameters that are best on validation units, fitted on all of train."""

    def options(behaviour: Behaviour) -> Iterator[tuple[dict[str, Any], sp.csr_array]]:
        for exponent, shrinkage, users in product(EXPONENTS, SHRINKAGES, USER_EXPONENTS):
            chosen = {"exponent": exponent, "shrinkage": shrinkage, "user_exponent": users}
            yield chosen, item_knn(behaviour.weight, most=LINKS, **chosen)

    def fit(chosen: Mapping[str, Any]) -> sp.csr_array:
        return item_knn(train.weight, most=LINKS, **chosen)

    memories = MEMORIES if train.has_times else (ALL,)
    count = len(EXPONENTS) * len(SHRINKAGES) * len(USER_EXPONENTS)
    return _tuned("item_knn", options, fit, memories, validation, listed, k, count, progress)


def tuned_transitions(
    train: Behaviour,
    validation: Units,
    *,
    listed: npt.NDArray[np.bool_],
    k: int = 10,
    progress: Progress | None = None,
) -> Baseline | None:
    """Directed transition counts, tuned in the same way; None without times."""
    if not train.has_times:
        return None
    exponents = (0.0, 0.25, 0.5)

    def options(behaviour: Behaviour) -> Iterator[tuple[dict[str, Any], sp.csr_array]]:
        for exponent in exponents:
            yield {"exponent": exponent}, transition_counts(behaviour, exponent=exponent)

    def fit(chosen: Mapping[str, Any]) -> sp.csr_array:
        return transition_counts(train, **chosen)

    return _tuned("transitions", options, fit, MEMORIES, validation, listed, k, len(exponents), progress)


def _tuned(
    name: str,
    options: Callable[[Behaviour], Iterator[tuple[dict[str, Any], sp.csr_array]]],
    fit: Callable[[Mapping[str, Any]], sp.csr_array],
    memories: tuple[Memory, ...],
    validation: Units,
    listed: npt.NDArray[np.bool_],
    k: int,
    count: int,
    progress: Progress | None,
) -> Baseline:
    """The best option under a middling memory, then the best memory for it."""

    def value(matrix: sp.csr_array, memory: Memory) -> float:
        return mean_ndcg(single(name, matrix, memory), validation, listed=listed, k=k)

    memory = memories[len(memories) // 2]
    best: float = -1.0
    chosen: Mapping[str, Any] = {}
    matrix: sp.csr_array | None = None
    for done, (option, made) in enumerate(options(validation.behaviour)):
        if progress is not None:
            progress(f"tune {name}", done, count)
        found = value(made, memory)
        if found > best:  # the first of equals, so that a run can be repeated
            best, chosen, matrix = found, option, made
    assert matrix is not None
    for other in memories:
        found = value(matrix, other)
        if found > best:
            best, memory = found, other
    if progress is not None:
        progress(f"tune {name}", count, count)
    words = ", ".join(f"{key}={number:g}" for key, number in chosen.items())
    about = f"{words}, memory={memory.decay:g}; validation ndcg@{k} {best:.4f} on {len(validation)} users"
    kept = {**chosen, "decay": memory.decay}
    return Baseline(name=name, model=single(name, fit(chosen), memory), about=about, chosen=kept)


def mean_ndcg(model: Additive | Dense, units: Units, *, listed: npt.NDArray[np.bool_], k: int) -> float:
    """NDCG@k of a model, the mean over units; 0 if there are none."""
    found = ndcg(find_hits(rank(model, units, k=k, listed=listed), units.relevant), units.wanted)
    return float(found.mean()) if len(found) else 0.0


def single(name: str, matrix: sp.csr_array, memory: Memory) -> Additive:
    """A model of one channel."""
    links = Links(name=name, matrix=matrix, trace=BehaviourTrace(relation=name), memory=memory)
    return Additive.of((links,), (), {name: 1.0}, products=matrix.shape[0])
