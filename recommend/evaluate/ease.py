"""EASE as a baseline (`recommend.linear`), its lambda chosen on validation users."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from recommend.behaviour import Behaviour
from recommend.evaluate.baselines import MEMORIES, Baseline, mean_ndcg
from recommend.evaluate.ranking import MEMORY, Dense
from recommend.linear import ease
from recommend.measure.units import Units
from recommend.rank.memory import ALL, Memory
from recommend.sparse import csr
from recommend.stages import Progress

LAMBDAS = (30.0, 100.0, 300.0, 1_000.0)
MOST_PRODUCTS = 20_000
TUNED_PRODUCTS = 4_000
"""Lambda is chosen on so many of the most bought products, since each try costs n³."""


def why_not_ease(products: int, memory: int = MEMORY) -> str:
    """Why a catalog of so many products has no EASE beside it, as a sentence; empty if it can have it."""
    needed = 3 * 4 * products**2
    if products > MOST_PRODUCTS:
        return (
            f"EASE was left out: it needs a dense matrix, and {products:,} products are more than "
            f"{MOST_PRODUCTS:,}"
        )
    if needed > memory:
        return (
            f"EASE was left out: for {products:,} products it needs {needed / 1e9:.1f} GB, and "
            f"{memory / 1e9:.1f} GB are allowed"
        )
    return ""


def tuned_ease(
    train: Behaviour,
    validation: Units,
    *,
    listed: npt.NDArray[np.bool_],
    k: int = 10,
    progress: Progress | None = None,
) -> Baseline:
    """EASE with the lambda that is best on validation units, fitted on all of train."""
    popular = np.where(listed, validation.behaviour.popularity, -1.0)
    kept = np.sort(np.argsort(-popular, kind="stable")[:TUNED_PRODUCTS])
    kept = kept[listed[kept]]
    units = _among(validation, kept)
    everything = np.ones(len(kept), dtype=np.bool_)

    def value(matrix: npt.NDArray[np.float32], memory: Memory) -> float:
        return mean_ndcg(Dense(matrix=matrix, memory=memory), units, listed=everything, k=k)

    best, chosen, matrix = -1.0, LAMBDAS[0], np.zeros((0, 0), dtype=np.float32)
    for done, penalty in enumerate(LAMBDAS):
        if progress is not None:
            progress("tune ease", done, len(LAMBDAS) + 1)
        tried = ease(units.behaviour.weight, penalty)
        found = value(tried, ALL)
        if found > best:
            best, chosen, matrix = found, penalty, tried
    memory = ALL
    for other in MEMORIES[1:] if train.has_times else ():
        found = value(matrix, other)
        if found > best:
            best, memory = found, other
    if progress is not None:
        progress("tune ease", len(LAMBDAS), len(LAMBDAS) + 1)
    model = Dense(matrix=ease(train.weight, chosen), memory=memory)
    if progress is not None:
        progress("tune ease", len(LAMBDAS) + 1, len(LAMBDAS) + 1)
    about = (
        f"lambda={chosen:g}, memory={memory.decay:g}; validation ndcg@{k} {best:.4f} on {len(units)} users "
        f"and the {len(kept)} most bought products"
    )
    return Baseline(name="ease", model=model, about=about, chosen={"lambda": chosen, "decay": memory.decay})


def _among(units: Units, products: npt.NDArray[np.int64]) -> Units:
    """The units in a catalog of only some products (ascending); those who want none of them are left out."""
    whole = units.behaviour
    place = np.full(whole.weight.shape[1], -1, dtype=np.int64)
    place[products] = np.arange(len(products))
    keep = place[whole.weight.indices] >= 0
    indptr = np.concatenate([[0], np.cumsum(keep)])[whole.weight.indptr]
    behaviour = Behaviour(
        weight=csr(
            whole.weight.data[keep],
            place[whole.weight.indices[keep]],
            indptr,
            (whole.weight.shape[0], len(products)),
        ),
        moment=whole.moment[keep],
        owned=whole.owned[keep],
    )
    relevant = units.relevant[:, products].tocsr()
    wanted = np.diff(relevant.indptr).astype(np.int64)
    some = np.flatnonzero(wanted)
    return Units(
        users=units.users[some],
        behaviour=behaviour,
        relevant=relevant[some].tocsr(),
        wanted=wanted[some],
    )
