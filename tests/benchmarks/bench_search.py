"""Search beside what exists: quality on judged queries, build time, latency on one thread and memory; and
what each part of it is worth.

SHELFGRAPH_BENCH_SHOP may name a shop that has the Icecat catalog and was built with the profile 'fast', to
see the figures again without building: then no build is timed, and encodings are taken from its cache.
"""

from __future__ import annotations

import gc
import json
import os
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest

from encoders.cache import EncodingCache, cached_encode
from encoders.card import product_card
from encoders.text import TextEncoder
from kg import Shop
from recommend import Recommender, build
from recommend.evaluate import read_judgments
from recommend.evaluate.judged import DEPTH, Judged
from recommend.evaluate.report import Comparison, Row
from recommend.evaluate.searchers import DENSE, Searcher, rankings, weighted
from tests.benchmarks.alone import alone, memory
from tests.benchmarks.peers import BEST, EXACT, PEERS, Catalog, Method, documents
from tests.benchmarks.table import show
from tests.recommend.understand.type_queries import type_queries

K = 10
CORES = 2
LEXICAL = "lexical"
GIVEN = "SHELFGRAPH_BENCH_SHOP"


@dataclass(frozen=True, kw_only=True)
class Built:
    """A shop that can be searched, the seconds that loading and building it took, and the most memory of it
    (NaN: it was given)."""

    path: Path
    load: float = float("nan")
    build: float = float("nan")
    peak: float = float("nan")


@dataclass(frozen=True, kw_only=True)
class Answers:
    """What one method did: products by query, and what that took."""

    lists: tuple[tuple[int, ...], ...]
    build: float
    latencies: tuple[float, ...]
    memory: float


@pytest.fixture(scope="module")
def built(test_data: Path, tmp_path_factory: pytest.TempPathFactory) -> Built:
    given = os.environ.get(GIVEN)
    if given:
        return Built(path=Path(given))
    return alone(_build, tmp_path_factory.mktemp("search") / "shop", test_data, cores=CORES)


def _build(path: Path, data: Path) -> Built:
    started = time.perf_counter()
    shop = Shop.create(path)
    shop.load(data / "icecat" / "products.jsonl.gz", mapping="icecat")
    loaded = time.perf_counter()
    build(shop, profile="fast")
    return Built(path=path, load=loaded - started, build=time.perf_counter() - loaded, peak=memory(peak=True))


@pytest.mark.timeout(3_600)
def test_search_icecat(built: Built, test_data: Path, tmp_path: Path) -> None:
    model = Recommender.open(built.path)
    judgments = read_judgments(test_data / "icecat" / "judgments.csv")
    queries = list(judgments.ratings)
    timed = [*queries, *(one.query for one in type_queries())]
    judged = Judged.of(judgments, queries, model.graph)
    cache = Shop.open(built.path).cache if os.environ.get(GIVEN) else tmp_path / "cache"
    _prepare(model, built, tmp_path)
    seconds, peak = alone(_encode, tmp_path, cache, cores=CORES)

    def row(name: str, lists: Sequence[Sequence[int]] | Sequence[npt.NDArray[np.int64]]) -> Row:
        found = [np.asarray(products, dtype=np.int64) for products in lists]
        return judged.row(name, found, k=K, seed=0, about="")

    methods = [EXACT, *([BEST] if "best" in model.rankings else []), *PEERS]
    reasons = {one.name: one.missing for one in methods if one.missing}
    answers: dict[str, Answers] = {}
    for one in methods:
        if not one.missing:
            scratch = tmp_path / one.name
            scratch.mkdir()
            catalog = Catalog(shop=built.path, folder=tmp_path, scratch=scratch)
            answers[one.name] = alone(_answer, one, catalog, queries, timed, cores=1)
    rows = {name: row(name, found.lists) for name, found in answers.items()}
    exact = rows[EXACT.name]
    show(
        f"Icecat, {judged.listed:,} products, {len(queries)} judged queries, "
        f"{int((judged.wanted == 0).sum())} of them without a relevant product: nDCG@{K}, "
        "and by how much exact is better (95 %, paired bootstrap)",
        ("method", *_QUALITY, "build s", "p50 ms", "p95 ms", "MB"),
        [
            (
                name,
                *_quality(exact, rows[name]),
                _build_time(one, built, found),
                *_latency(found),
                found.memory,
            )
            for one in methods
            if (name := one.name) in answers and (found := answers[name])
        ],
    )
    for line in (
        *(f"{name}: left out, {reason}" for name, reason in reasons.items()),
        f"p50, p95: of {len(timed)} queries, each asked once, on one core, everything included",
        "MB: what it adds to a Python process with NumPy, after the queries",
        f"enc: the cards encoded by MiniLM in float32, once for all: {_seconds(seconds)} on {CORES} cores, "
        f"{peak:,.0f} MB at most",
        f"Shelfgraph: load {_seconds(built.load)}, build {_seconds(built.build)} (profile fast, texts "
        f"included) on {CORES} cores, {built.peak:,.0f} MB at most",
    ):
        print(f"  {line}")
    encoding = alone(_encoding, timed, cores=1)
    for share in (50, 95):
        whole = np.percentile(answers[EXACT.name].latencies, share)
        part = np.percentile(encoding, share)
        print(
            f"  p{share} of encoding the same queries by themselves: {part:.2f} ms; "
            f"{EXACT.name} takes {whole / part:.1f} times that"
        )
    others = (*rankings(model), *ablation(model), in_full_precision(model, cache))
    parts = [row(one.name, one.lists(queries, DEPTH)) for one in others]
    show(
        f"Ablation: weights {_weights(model.weights['query'])}",
        ("exact, but", *_QUALITY),
        [(one.model, *_quality(parts[0], one)) for one in parts],
    )
    kept = parts[0].means[f"condensed_ndcg@{K}"] / parts[-1].means[f"condensed_ndcg@{K}"]
    print(f"  the encoder that serves keeps {kept:.1%} of the condensed nDCG of the full one")


def ablation(model: Recommender) -> Iterator[Searcher]:
    """The additive sum with parts of it turned off, the other weights kept."""
    weights = {name: weight for name, weight in model.weights["query"].items() if weight > 0}
    words = {name for name in weights if name == LEXICAL or name.endswith("_similarity")}
    defaults = {channel.name: channel.default for _, channel in model.fitted.query_channels}
    for name, left in (
        ("without graph (words and vectors only)", {n: w for n, w in weights.items() if n in words}),
        ("without training (default weights)", defaults),
        ("without dense", {n: w for n, w in weights.items() if n != DENSE}),
        ("without lexical", {n: w for n, w in weights.items() if n != LEXICAL}),
    ):
        yield weighted(model, name, "", left)


def in_full_precision(model: Recommender, cache: Path) -> Searcher:
    """The same weights with the encoder in float32, for cards and queries."""
    settings = replace(model.settings, text_precision="float32", search_queries=0)
    full = Recommender.fit(model.fitted.stated, settings=settings, cache=cache)
    return weighted(full, "with the full encoder (float32)", "", model.weights["query"])


def _prepare(model: Recommender, built: Built, folder: Path) -> None:
    """Write what the other methods read."""
    table = model.graph.products
    numbers = np.flatnonzero(table.listed)
    products = [table.product(int(number)) for number in numbers]
    texts = documents(*([getattr(p, name) for p in products] for name in ("title", "brand", "description")))
    cards = [product_card(product) for product in products]
    Catalog(shop=built.path, folder=folder, scratch=folder).write(numbers, cards, texts)


def _encode(folder: Path, cache: Path) -> tuple[float, float]:
    """Encode the cards: seconds (NaN if some were encoded before) and MB."""
    cards = json.loads((folder / "cards.json").read_text())
    kept = EncodingCache(cache / "encodings.sqlite")
    anew = len(kept) == 0
    started = time.perf_counter()
    np.save(folder / "vectors.npy", cached_encode(TextEncoder(precision="float32"), cards, cache=kept))
    return time.perf_counter() - started if anew else float("nan"), memory(peak=True)


def _encoding(queries: Sequence[str]) -> tuple[float, ...]:
    """The milliseconds that the encoder which serves takes for each query."""
    encoder = TextEncoder(threads=1)
    encoder.encode_query(["warm up"])
    found = []
    for query in queries:
        started = time.perf_counter()
        encoder.encode_query([query])
        found.append((time.perf_counter() - started) * 1e3)
    return tuple(found)


def _answer(method: Method, catalog: Catalog, judged: Sequence[str], timed: Sequence[str]) -> Answers:
    """Build it, ask every query once for the time it takes, and the judged ones for long lists."""
    before = memory()
    started = time.perf_counter()
    ask = method.make(catalog)
    seconds = time.perf_counter() - started
    ask("warm up", K)
    latencies = []
    for query in timed:
        started = time.perf_counter()
        ask(query, K)
        latencies.append((time.perf_counter() - started) * 1e3)
    gc.collect()
    after = memory()
    lists = tuple(tuple(ask(query, DEPTH)) for query in judged)
    return Answers(lists=lists, build=seconds, latencies=tuple(latencies), memory=after - before)


_QUALITY = ("condensed", "exact better by", "plain", "exact better by")


def _quality(exact: Row, one: Row) -> tuple[object, ...]:
    cells: list[object] = []
    for metric in (f"condensed_ndcg@{K}", f"ndcg@{K}"):
        d = Comparison.of(exact, one, metric, seed=0).difference
        same = one is exact
        cells += [one.means[metric], "" if same else f"{d.delta:+.3f} ({d.low:+.3f} to {d.high:+.3f})"]
    return tuple(cells)


def _build_time(one: Method, built: Built, found: Answers) -> str:
    if one in (EXACT, BEST):
        return _seconds(built.load + built.build)
    return f"{found.build:,.1f} s{' + enc' if one.encoded else ''}"


def _latency(found: Answers) -> tuple[float, float]:
    return float(np.percentile(found.latencies, 50)), float(np.percentile(found.latencies, 95))


def _seconds(seconds: float) -> str:
    return "(not timed)" if np.isnan(seconds) else f"{seconds:,.1f} s"


def _weights(weights: Mapping[str, float]) -> str:
    return ", ".join(f"{name} {weight:.3g}" for name, weight in sorted(weights.items()) if weight > 0)
