"""Whether a search knows its user: what people bought, looked for with and without saying who asks.

The latest purchases of every user are hidden, with all that led to them. Then they are asked for: by what the
user had typed, and by nothing but the kind of product ('Table lamps'), which many products answer alike.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Literal, TypeAlias

import numpy as np

from kg.errors import SettingsError
from kg.graph import OF_TYPE, EdgeType, Graph, Node
from kg.records import Interaction
from kg.split import HoldOut, hold_out
from recommend.evaluate.report import Comparison, Report, Row, profile_of
from recommend.measure.metrics import graded_ndcg
from recommend.query import Query, RankingName
from recommend.recommender import Recommender
from recommend.settings import Settings
from recommend.stages import Progress

Asked: TypeAlias = Literal["typed", "kind"]
_ABOUT: Mapping[Asked, str] = {
    "typed": "what the user typed before choosing the product",
    "kind": "the name of the product's category or type",
}


@dataclass(frozen=True, kw_only=True)
class Question:
    """What a user asks, and the hidden purchases that would answer it, by number."""

    user: str
    text: str
    asked: Asked
    bought: frozenset[int]


def evaluate_personal(
    graph: Graph,
    log: Iterable[Interaction],
    *,
    share: float = 0.25,
    k: int = 10,
    seed: int = 0,
    settings: Settings | None = None,
    cache: Path | None = None,
    progress: Progress | None = None,
) -> Report:
    """Hide `share` of each user's purchases, fit on the rest, and search for them with the user and without.

    `log` are the interactions of the graph; it says what was typed. Raises SettingsError if no user has two
    products, or nothing hidden has a name.
    """
    settings = settings or Settings()
    split = hold_out(graph, share=share, seed=seed)
    model = Recommender.fit(split.graph, settings=settings, seed=seed, cache=cache, progress=progress)
    asked = questions(model.graph, split, log)
    if not asked:
        raise SettingsError(
            "no user of this shop bought two products that have a category or were searched for; "
            "load more interactions"
        )
    rows: list[Row] = []
    comparisons: list[Comparison] = []
    headline = f"ndcg@{k}"
    counts: dict[str, int] = {}
    for kind, about in _ABOUT.items():
        some = [one for one in asked if one.asked == kind]
        counts[f"questions_{kind}"] = len(some)
        for name in model.rankings:
            if some:
                with_user, without = (
                    _row(model, some, name, said, about, k=k, seed=seed, progress=progress)
                    for said in (True, False)
                )
                rows += [with_user, without]
                comparisons.append(Comparison.of(with_user, without, headline, seed=seed))
    return Report(
        protocol={
            "kind": "personal",
            "share": share,
            "hidden": "a share of what each user bought or rated (of all they met, if nothing was), at least "
            "one and never all: the latest where times are known, random ones otherwise; each with all its "
            "traces, and all links between queries and products",
            "users": len({one.user for one in asked}),
            **counts,
            "relevant": "the hidden purchases that the question led to, or that are of its kind",
            "seed": seed,
            "candidates": int(model.graph.products.listed.sum()),
            "masked": "nothing",
            "empty_places": "count as misses",
            "intervals": "95 %, percentile bootstrap over users (the mean over their questions), 1,000 "
            "samples, paired between with and without the user",
            "taste": settings.taste,
            "profile": profile_of(settings),
            "settings": asdict(settings),
        },
        rows=tuple(rows),
        comparisons=tuple(comparisons),
        weights={name: weight for name, weight in model.weights["query"].items() if weight > 0},
    )


def questions(graph: Graph, split: HoldOut, log: Iterable[Interaction]) -> list[Question]:
    """What the users of hidden purchases would ask; `graph` is that of the model."""
    users, products = graph.nodes["user"], graph.nodes["product"]
    typed: dict[tuple[int, int], str] = {}
    for one in log:
        if one.query:
            user, product = users.number(one.user), products.number(one.product)
            if user is not None and product is not None:
                typed[user, product] = one.query
    bought: dict[tuple[int, Asked, str], set[int]] = defaultdict(set)
    for user in split.users.tolist():
        cells = slice(int(split.hidden.indptr[user]), int(split.hidden.indptr[user + 1]))
        for product in split.hidden.indices[cells].tolist():
            if not graph.products.listed[product]:
                continue
            if (user, product) in typed:
                bought[user, "typed", typed[user, product]].add(product)
            kind = kind_of(graph, product)
            if kind:
                bought[user, "kind", kind].add(product)
    return [
        Question(user=users[user], text=text, asked=asked, bought=frozenset(found))
        for (user, asked, text), found in sorted(bought.items())
    ]


def kind_of(graph: Graph, product: int) -> str:
    """What a product is called in general: its category, a label, or its type; empty if it has none."""
    table = graph.products
    path, labels = table.category_path(product), table.label_names(product)
    if path or labels:
        return (*path[-1:], *labels)[0]
    relation = graph.relations.get(EdgeType("product", OF_TYPE, "type"))
    if relation is None:
        return ""
    row = relation.row(product)
    if row.start == row.stop:
        return ""
    strongest = int(relation.tails[row][int(np.argmax(relation.weight[row]))])
    return graph.label(Node("type", strongest))


def _row(
    model: Recommender,
    asked: Sequence[Question],
    ranking: RankingName,
    said: bool,
    about: str,
    *,
    k: int,
    seed: int,
    progress: Progress | None,
) -> Row:
    """One ranking's figures, by user."""
    name = f"{ranking}, {asked[0].asked}, {'with' if said else 'without'} the user"
    by_user: dict[str, list[tuple[float, float, float]]] = defaultdict(list)
    for done, one in enumerate(asked):
        if progress is not None:
            progress(name, done, len(asked))
        query = Query(text=one.text, user=one.user if said else None, k=k, ranking=ranking)
        hits = np.isin(model.evaluate_search(query), list(one.bought)).astype(np.float64)
        first = int(np.argmax(hits)) + 1 if hits.any() else 0
        by_user[one.user].append(
            (
                graded_ndcg(hits, np.ones(len(one.bought)), k),
                float(hits.any()),
                1.0 / first if first else 0.0,
            )
        )
    values = np.array([np.mean(by_user[user], axis=0) for user in sorted(by_user)])
    units = {f"{metric}@{k}": values[:, column] for column, metric in enumerate(("ndcg", "hr", "mrr"))}
    return Row.of(name, units, seed=seed, about=f"asked: {about}")
