"""New products: whether what the graph says of a product makes up for nobody having bought it yet.

All that anybody did with a share of the products is hidden, and only these are ranked, for the users of whom
a purchase of one is wanted. Counting methods are at chance here by their making.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from kg.errors import SettingsError
from kg.graph import CATALOG_RELATIONS, USER_RELATIONS, Graph
from kg.split import hold_out, without_behaviour
from recommend.channels.base import Prior
from recommend.evaluate.baselines import single
from recommend.evaluate.knn_kg import merged, similarities
from recommend.evaluate.ranking import MEMORY
from recommend.evaluate.report import Report, profile_of
from recommend.evaluate.trial import RANKING, Trial, additive_only
from recommend.evaluate.variants import RELEARNED, against_variants, space_variants, with_and_without
from recommend.measure.units import Units
from recommend.rank.additive import Additive
from recommend.rank.memory import ALL
from recommend.recommender import Recommender
from recommend.settings import Settings
from recommend.stages import Progress

WHOLE, CATALOG = "exact", "exact, catalog only"
SUM, COSINE, RANDOM = "sum of the whole graph", "sum of the catalog", "random"
_ABOUT: Mapping[str, str] = {
    WHOLE: "the additive sum of all channels, with all that is known of the product but its purchases",
    CATALOG: "the same, fitted without relations between products: what a product has on its first day",
    SUM: "all similarities of the graph (linked by a relation, linked to the same things), each scaled to "
    "one size, added up without weights",
    COSINE: "the same of what the catalog says (brand, category, attributes)",
    RANDOM: "every product alike",
}
_LESS = "the same model, its weights learned again as if these vector spaces had no neighbours"


def evaluate_cold(
    graph: Graph,
    *,
    cold: float = 0.15,
    share: float = 0.25,
    seed: int = 0,
    settings: Settings | None = None,
    k: int = 10,
    memory: int = MEMORY,
    cache: Path | None = None,
    progress: Progress | None = None,
) -> Report:
    """Hide `share` of each user's purchases and all interactions with `cold` of the products; rank these.

    Raises SettingsError if none of the hidden purchases is of such a product.
    """
    check_cold(cold)
    settings = additive_only(settings)
    split = hold_out(graph, share=share, seed=seed)
    new = cold_products(graph, cold, seed=seed)
    train = without_behaviour(split.graph, new)
    hidden = split.hidden.copy()
    hidden.data &= new[hidden.indices]
    hidden.eliminate_zeros()
    if not hidden.nnz:
        raise SettingsError(
            "no hidden purchase is of a product that was made new; load more interactions, or raise --cold"
        )

    def fitted(known: Graph) -> Recommender:
        return Recommender.fit(
            known, settings=settings, seed=seed, cache=cache, progress=progress, keep_lessons=True
        )

    whole = fitted(train)
    units = Units.of_hidden(whole.fitted.behaviour, hidden)
    alone = fitted(catalog_only(train))
    scorers: dict[str, Additive] = {
        **with_and_without(WHOLE, whole),
        **with_and_without(CATALOG, alone),
        SUM: _unweighted(train),
        COSINE: _unweighted(catalog_only(train)),
        RANDOM: constant(graph.product_count),
    }
    trial = Trial(units=units, listed=new, cutoffs=(k,), seed=seed, memory=memory, progress=progress)
    rows = {
        name: trial.row(name, trial.lists(name, scorer), about=_ABOUT.get(name, _LESS))
        for name, scorer in scorers.items()
    }
    beside = [(WHOLE, SUM), (WHOLE, CATALOG), (CATALOG, COSINE)]
    for name, model in ((WHOLE, whole), (CATALOG, alone)):
        beside += against_variants(name, space_variants(model.fitted.links))
    return Report(
        protocol={
            "kind": "cold",
            "share": share,
            "cold": cold,
            "cold_products": trial.candidates,
            "hidden": "a share of what each user bought or rated, and all that anybody did with a share of "
            "the products; wanted is the former among the latter",
            "hidden_pairs": int(hidden.nnz),
            **trial.protocol(),
            "ranking": RANKING.replace("catalog", "set of new products"),
            "masked": "products that the user is known to have bought or rated: none of these",
            **({"vectors": RELEARNED} if space_variants(whole.fitted.links) else {}),
            "profile": profile_of(settings),
            "settings": asdict(settings),
        },
        rows=tuple(rows.values()),
        comparisons=tuple(trial.compared(rows, beside, f"recall@{k}")),
        weights={
            name: w for name, w in whole.weights.get("newcomer", whole.weights["history"]).items() if w > 0
        },
    )


def check_cold(share: float, name: str = "cold") -> None:
    """SettingsError if this share of the products cannot be made new."""
    if not 0 < share < 1:
        raise SettingsError(f"{name}={share} must lie between 0 and 1")


def cold_products(graph: Graph, share: float, *, seed: int) -> npt.NDArray[np.bool_]:
    """bool [n]: a random share of the listed products, at least one."""
    listed = np.flatnonzero(graph.products.listed)
    chosen = np.random.default_rng(seed).permutation(listed)[: max(1, int(len(listed) * share))]
    found = np.zeros(graph.product_count, dtype=np.bool_)
    found[chosen] = True
    return found


def catalog_only(graph: Graph) -> Graph:
    """The graph without what others state of a product: only its own fields and behaviour are left."""
    kept = CATALOG_RELATIONS | set(USER_RELATIONS.values())
    return graph.without(relations=[one.name for one in graph.relations if one.name not in kept])


def _unweighted(graph: Graph) -> Additive:
    parts = similarities(graph)
    if not parts:
        return constant(graph.product_count, 0.0)
    return single(SUM, merged(parts, {one.name: 1.0 for one in parts}), ALL)


def constant(products: int, value: float = 1.0) -> Additive:
    """A model that says the same of every product."""
    prior: Any = Prior(name=RANDOM, values=np.full(products, value, dtype=np.float32))
    return Additive.of((), (prior,), {RANDOM: 1.0}, products=products)
