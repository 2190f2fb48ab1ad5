"""How long a search takes in shops of more and more products, the largest kind holding a quarter of them.

The shops are made up (`many_products`). Links between products are left out of the build, since no search
asks for them; so are lessons, by which every size would get weights of its own.
"""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from kg import Shop
from kg.records import Product
from recommend import Recommender, Settings, build
from recommend.channels import base
from recommend.understand.tokens import tokens
from tests.benchmarks.alone import alone, memory
from tests.benchmarks.many_products import encode, products, queries
from tests.benchmarks.table import show

COUNTS = (10_000, 50_000, 200_000)
_ASKED = 12
_LETTERS = (1, 2, 3, 5, 8, 13)
SETTINGS = replace(Settings.of_profile("fast"), search_queries=0)

Times = tuple[float, float]
"""p50 and p95 in milliseconds."""


@dataclass(frozen=True, kw_only=True)
class Measured:
    """One shop. `memory` is what opening it and asking everything added to the process, in MB."""

    build: float
    open: float
    memory: float
    search: Times
    facets: Times
    suggest: Times
    bm25: Times


@pytest.mark.timeout(3_600)
def test_search_many_products(tmp_path: Path) -> None:
    rows = []
    for count in COUNTS:
        path = tmp_path / str(count)
        seconds = alone(_build, path, count, cores=1)
        found: Measured = alone(_measure, path, count, seconds, cores=1)
        rows.append(
            (
                count,
                found.build,
                found.open,
                found.memory,
                *found.search,
                *found.facets,
                *found.suggest,
                *found.bm25,
            )
        )
    show(
        "A made-up shop, one core; searches with everything included, the query's vector too",
        (
            "products",
            "build s",
            "open s",
            "MB",
            *(
                f"{name} {share} ms"
                for name in ("search", "with facets", "suggest", "BM25 of titles")
                for share in ("p50", "p95")
            ),
        ),
        rows,
    )
    print("  build: without encoding and links between products; BM25 of titles: bm25s alone, the ten best")


def _build(path: Path, count: int) -> float:
    base._ITEM_CHANNELS.clear()  # in a process of its own
    made = list(products(count))
    shop = Shop.create(path)
    assert shop.load(made).loaded == count
    shop.cache.mkdir(parents=True, exist_ok=True)
    encode(made, shop.cache)
    started = time.perf_counter()
    build(shop, settings=SETTINGS)
    return time.perf_counter() - started


def _measure(path: Path, count: int, seconds: float) -> Measured:
    some = random.Random(1).sample(list(islice(products(count), 3_000)), _ASKED)
    asked = queries(some)
    typed = list(dict.fromkeys(query[:letters] for query in asked for letters in _LETTERS))
    before, started = memory(), time.perf_counter()
    model = Recommender.open(path)
    opened = time.perf_counter() - started
    model.search("warm up", facets=True)
    model.suggest("w")
    search, facets = _times(model.search, asked), _times(lambda text: model.search(text, facets=True), asked)
    suggest = _times(model.suggest, typed)
    used = memory() - before
    return Measured(
        build=seconds,
        open=opened,
        memory=used,
        search=search,
        facets=facets,
        suggest=suggest,
        bm25=_times(_bm25(products(count)), asked),
    )


def _bm25(some: Iterable[Product]) -> Callable[[str], Any]:
    import bm25s

    index = bm25s.BM25(method="lucene")
    index.index([tokens(one.title) for one in some], show_progress=False)
    return lambda text: index.retrieve([tokens(text)], k=10, show_progress=False)


def _times(ask: Callable[[str], Any], asked: Iterable[str]) -> Times:
    """Each asked once."""
    taken = []
    for text in asked:
        started = time.perf_counter()
        ask(text)
        taken.append((time.perf_counter() - started) * 1e3)
    return float(np.percentile(taken, 50)), float(np.percentile(taken, 95))
