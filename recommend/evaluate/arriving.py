"""New products and new users at once: what they get from a model that never met them, beside a full build.

A model is fitted before some products and some users came. The products then arrive as a feed brings them,
the users as visitors, and after an update with what they bought; a model that is built anew with all of it
says what waiting for a build would have given.
"""

from __future__ import annotations

import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import asdict
from pathlib import Path

import numpy as np
import numpy.typing as npt

from kg.errors import SettingsError
from kg.graph import Graph
from kg.split import before_products, hold_out, without_behaviour
from recommend.behaviour import Behaviour
from recommend.evaluate.baselines import popularity
from recommend.evaluate.cold import RANDOM, check_cold, cold_products, constant
from recommend.evaluate.ranking import MEMORY, Dense
from recommend.evaluate.report import Comparison, Report, Row, profile_of
from recommend.evaluate.trial import Lists, Trial, additive_only
from recommend.evaluate.variants import additive
from recommend.measure.units import Units
from recommend.opening import open_fitted
from recommend.rank.additive import Additive
from recommend.recommender import Recommender
from recommend.results import Results
from recommend.settings import Settings
from recommend.stages import Progress
from recommend.welcoming import first_day

VIEWS = 3
PRODUCTS, USERS = "new products", "new users"
UPDATED, ANEW, VIEWED, TOLD = "updated", "built anew", f"{VIEWS} just looked at", "history told"
POPULARITY = "popularity"
_ABOUT: Mapping[str, str] = {
    f"{PRODUCTS}, {UPDATED}": "the model from before they came, after an update that trains nothing",
    f"{PRODUCTS}, {ANEW}": "a model that was fitted with them, on all that the update knows",
    f"{PRODUCTS}, {RANDOM}": "every product alike",
    f"{USERS}, {VIEWED}": f"recommend(viewed=…) of the model from before they came: the last {VIEWS} known",
    f"{USERS}, {TOLD}": "recommend(history=…) of the same model: all that is known of them",
    f"{USERS}, {UPDATED}": "the same model after an update with all that is known of them",
    f"{USERS}, {ANEW}": "a model that was fitted with them, on the same",
    f"{USERS}, {POPULARITY}": "how many users bought or met a product",
}


def evaluate_arriving(
    graph: Graph,
    *,
    arriving: float = 0.15,
    share: float = 0.25,
    seed: int = 0,
    settings: Settings | None = None,
    k: int = 10,
    memory: int = MEMORY,
    cache: Path | None = None,
    progress: Progress | None = None,
) -> Report:
    """Hide `share` of each user's purchases; let `arriving` of the products and of the users come late.

    Raises SettingsError if nobody wants such a product, or if nothing is hidden of such a user.
    """
    check_cold(arriving, "arriving")
    settings = additive_only(settings)
    split = hold_out(graph, share=share, seed=seed)
    new = cold_products(graph, arriving, seed=seed)
    strangers = np.zeros(split.hidden.shape[0], dtype=np.bool_)
    many = max(1, int(len(split.users) * arriving))
    strangers[np.random.default_rng(seed).permutation(split.users)[:many]] = True
    now = first_day(without_behaviour(split.graph, new), new)
    names = graph.nodes["user"].texts.take(np.flatnonzero(strangers))
    before = before_products(now.without(users=names), new)

    def told(of: str) -> Progress | None:
        return None if progress is None else lambda stage, *done: progress(f"{of}: {stage}", *done)

    old = Recommender.fit(before, settings=settings, seed=seed, cache=cache, progress=told("before"))
    started = time.perf_counter()
    updated = _updated(old, now, cache, told(UPDATED))
    updating, started = time.perf_counter() - started, time.perf_counter()
    anew = Recommender.fit(now, settings=settings, seed=seed, cache=cache, progress=told(ANEW))
    building = time.perf_counter() - started

    hidden = split.hidden.tocsr(copy=True)
    hidden.data &= new[hidden.indices]
    hidden.eliminate_zeros()
    behaviour = anew.fitted.behaviour
    wanting = Units.of_hidden(behaviour, hidden)
    known = split.hidden.tocsr(copy=True)
    known.data &= ~new[known.indices]
    known.eliminate_zeros()
    coming = np.flatnonzero(strangers & (np.diff(known.indptr) > 0))
    if not len(wanting) or not len(coming):
        raise SettingsError(
            "nothing that was hidden is of a product or a user that came late; load more interactions, or "
            "raise --arriving"
        )
    asked = Units.of_hidden(behaviour, known, coming)
    listed = graph.products.listed

    def trial(units: Units, able: npt.NDArray[np.bool_]) -> Trial:
        return Trial(units=units, listed=able, cutoffs=(k,), seed=seed, memory=memory, progress=progress)

    of_products, of_users = trial(wanting, listed & new), trial(asked, listed & ~new)
    lists: dict[str, tuple[Trial, Lists]] = {}

    def rank(kind: str, one: Trial, models: Mapping[str, Additive | Dense]) -> None:
        for name, model in models.items():
            lists[f"{kind}, {name}"] = one, one.lists(f"{kind}, {name}", model)

    both = {
        name: additive(model, model.weights["history"]) for name, model in ((UPDATED, updated), (ANEW, anew))
    }
    alike = constant(graph.product_count)
    rank(PRODUCTS, of_products, {**both, RANDOM: alike})
    for name, answer in _entrances(old).items():
        lists[f"{USERS}, {name}"] = of_users, _answers(answer, anew, asked, k=k)
    strange = Behaviour.of(now.without(users=names))
    rank(USERS, of_users, {**both, POPULARITY: popularity(strange).model})
    rows = {name: one.row(name, found, about=_ABOUT[name]) for name, (one, found) in lists.items()}
    return Report(
        protocol={
            "kind": "arriving",
            "share": share,
            "arriving": arriving,
            "new_products": of_products.candidates,
            "new_users": len(asked),
            "new products": "nobody met them; the update brings their own fields (brand, categories, "
            "attributes, text, picture), and no relation to another product. They alone are ranked, for the "
            "users of whom the purchase of one is hidden",
            "new users": "the model from before never met them. All other products are ranked; what a user "
            "is known to have is left out for every row",
            **of_products.protocol(),
            "users": f"{len(wanting)} for new products, {len(asked)} new ones",
            "ranking": "all new products, or all others; nothing sampled",
            "candidates": f"{of_products.candidates}, {of_users.candidates}",
            "profile": profile_of(settings),
            "settings": asdict(settings),
        },
        rows=tuple(rows.values()),
        comparisons=tuple(_compared(of_products, of_users, rows, k)),
        speed={
            "update_seconds": round(updating, 2),
            "build_seconds": round(building, 2),
            "measured": "the update of all of them together beside the fit of a new model, both in memory",
        },
    )


def _updated(old: Recommender, now: Graph, cache: Path | None, progress: Progress | None) -> Recommender:
    """What `shelfgraph update` makes of a saved model: it trains nothing."""
    with tempfile.TemporaryDirectory() as folder:
        old.save(folder)
        return Recommender.refit(open_fitted(Path(folder)), now, cache=cache, progress=progress)


def _entrances(old: Recommender) -> Mapping[str, Callable[[tuple[str, ...], int], Results]]:
    """How a shop asks for somebody whom the model never met, by what it then knows (ids, oldest first)."""
    return {
        VIEWED: lambda ids, k: old.recommend(viewed=ids[-VIEWS:], k=k),
        TOLD: lambda ids, k: old.recommend(history=ids, k=k),
    }


def _answers(
    answer: Callable[[tuple[str, ...], int], Results], anew: Recommender, units: Units, *, k: int
) -> Lists:
    """int64 [u, k]: what is recommended to each unit by what is known of it, in the numbers of the whole
    graph (-1: empty place); what the unit has is left out."""
    products, behaviour = anew.graph.nodes["product"], units.behaviour
    lists = np.full((len(units), k), -1, dtype=np.int64)
    for row, user in enumerate(units.users.tolist()):
        history = behaviour.history(user)
        owned = set(history.products[history.owned].tolist())
        ids = tuple(products.texts.take(history.products))
        found = products.numbers(answer(ids, k + len(owned)).ids).tolist() if ids else []
        left = [one for one in found if one not in owned][:k]
        lists[row, : len(left)] = left
    return lists


def _compared(of_products: Trial, of_users: Trial, rows: Mapping[str, Row], k: int) -> Iterator[Comparison]:
    """What comes at once against what a build would give, and against knowing nothing."""
    pairs = [(UPDATED, ANEW), (UPDATED, RANDOM)]
    yield from of_products.compared(
        rows, [(f"{PRODUCTS}, {one}", f"{PRODUCTS}, {other}") for one, other in pairs], f"recall@{k}"
    )
    pairs = [(one, other) for other in (ANEW, POPULARITY) for one in (VIEWED, TOLD, UPDATED)]
    yield from of_users.compared(
        rows, [(f"{USERS}, {one}", f"{USERS}, {other}") for one, other in pairs], f"recall@{k}"
    )
