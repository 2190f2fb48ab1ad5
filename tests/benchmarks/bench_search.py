"""Search latency on one thread, beside BM25 (bm25s) and an exact scan of the text vectors alone."""

from __future__ import annotations

import csv
import time
from collections.abc import Callable
from pathlib import Path

import bm25s
import numpy as np

from kg import Shop
from recommend import Recommender, build
from recommend.understand.tokens import tokens
from tests.benchmarks.table import show


def test_search_icecat(icecat: Shop, test_data: Path) -> None:
    started = time.perf_counter()
    build(icecat, profile="fast")
    seconds = time.perf_counter() - started
    model = Recommender.open(icecat.path)
    with (test_data / "icecat" / "judgments.csv").open() as file:
        queries = list(dict.fromkeys(row["query"] for row in csv.DictReader(file)))

    table = model.graph.products
    corpus = [
        tokens(" ".join((table.title[i], table.brand[i], table.description[i]))) for i in range(len(table))
    ]
    started = time.perf_counter()
    retriever = bm25s.BM25()
    retriever.index(corpus, show_progress=False)
    lexical_seconds = time.perf_counter() - started

    from encoders.text import TextEncoder

    encoder = TextEncoder()
    index = model._fitted.indexes["text"].index
    matrix = index.rows(np.arange(len(index)))

    def dense(query: str) -> None:
        scores = matrix @ encoder.encode_query([query])[0]
        np.argpartition(-scores, 10)[:10]

    methods: list[tuple[str, float, Callable[[str], object]]] = [
        (
            "BM25, bm25s",
            lexical_seconds,
            lambda query: retriever.retrieve([tokens(query)], k=10, show_progress=False),
        ),
        ("MiniLM, exact scan", seconds, dense),
        ("search", seconds, lambda query: model.search(query)),
        ("search again (query remembered)", seconds, lambda query: model.search(query)),
    ]
    rows = []
    for name, build_seconds, run in methods:
        run(queries[0])
        taken = []
        for query in queries[1:]:
            started = time.perf_counter()
            run(query)
            taken.append((time.perf_counter() - started) * 1e3)
        rows.append((name, build_seconds, float(np.percentile(taken, 50)), float(np.percentile(taken, 95))))
    reference = rows[1][2]
    show(
        f"Icecat, 19,406 products, {len(queries) - 1} queries, one thread (ratio: MiniLM with an exact scan)",
        ("method", "build s", "p50 ms", "p95 ms", "ratio"),
        [(*row, row[2] / reference) for row in rows],
    )
