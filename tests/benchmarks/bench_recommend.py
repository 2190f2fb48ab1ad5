"""Recommendations a second on one thread, beside item-based nearest neighbours alone."""

from __future__ import annotations

import time
from dataclasses import replace

import numpy as np

from kg import Shop
from recommend import Recommender, Settings
from recommend.behaviour import Behaviour
from recommend.channels.co_purchase import item_knn
from tests.benchmarks.table import show

_USERS = 2_000


def test_recommend_beauty(beauty: Shop) -> None:
    graph = beauty.graph()
    started = time.perf_counter()
    model = Recommender.fit(graph, settings=replace(Settings.of_profile("fast"), text=False))
    fit = time.perf_counter() - started
    users = list(graph.nodes["user"])[:_USERS]

    behaviour = Behaviour.of(graph)
    started = time.perf_counter()
    matrix = item_knn(behaviour.weight)
    knn_fit = time.perf_counter() - started
    started = time.perf_counter()
    for number in range(_USERS):
        row = behaviour.weight[[number]]
        scores = (row @ matrix).toarray()[0]
        scores[row.indices] = -np.inf
        np.argpartition(-scores, 10)[:10]
    knn = _USERS / (time.perf_counter() - started)

    started = time.perf_counter()
    for user in users:
        model.recommend(user, k=10)
    single = _USERS / (time.perf_counter() - started)
    started = time.perf_counter()
    everybody = list(graph.nodes["user"])
    model.recommend_many(everybody, k=10)
    batch = len(everybody) / (time.perf_counter() - started)
    taken = []
    for user in users[:500]:
        started = time.perf_counter()
        model.explain_all(model.recommend(user, k=10))
        taken.append(time.perf_counter() - started)
    explained = len(taken) / sum(taken)
    p95 = float(np.percentile(taken, 95)) * 1_000
    show(
        "Amazon Beauty, 12,101 products, one thread (ratio: ItemKNN as a scipy product)",
        ("method", "fit s", "users/s", "ratio"),
        [
            ("ItemKNN, scipy", knn_fit, int(knn), 1.0),
            ("recommend, one by one, with signals", fit, int(single), single / knn),
            ("recommend_many, all users", fit, int(batch), batch / knn),
            (f"recommend + explain all ten (p95 {p95:.1f} ms)", fit, int(explained), explained / knn),
        ],
    )
