"""How soon a change shows, beside a build anew; and how far many updates drift from a build."""

from __future__ import annotations

import csv
import random
import time
from collections.abc import Callable, Iterable
from dataclasses import replace
from decimal import Decimal
from pathlib import Path

import numpy as np

from kg import Product, Shop
from kg.resources import data_folder
from recommend import Recommender, build, update
from recommend.settings import Profile
from tests.benchmarks.table import show

CHANGED = 100


def test_a_hundred_changes_of_icecat(icecat: Shop) -> None:
    """From the call to an opened recommender that answers with the change; the process is warm."""
    started = time.perf_counter()
    build(icecat, profile="fast")
    first = time.perf_counter() - started
    started = time.perf_counter()
    build(icecat, profile="fast")  # all texts are encoded by now
    again = time.perf_counter() - started
    with icecat.store() as store:
        known = list(store.products())
    rng = random.Random(0)
    some = [known[i] for i in sorted(rng.sample(range(len(known)), CHANGED))]

    def prices() -> str:
        update(icecat, [replace(p, price=(p.price or Decimal(0)) + 1) for p in some])
        return ""

    def titles() -> str:
        update(icecat, [replace(p, title=f"{p.title} zanzibar edition") for p in some])
        return "zanzibar"

    def attributes() -> str:
        made = [
            replace(p, title=f"{p.title} quokka", attributes={**p.attributes, "edition": f"quokka {n % 7}"})
            for n, p in enumerate(some)
        ]
        update(icecat, made)
        return "quokka"

    def newcomers() -> str:
        update(icecat, [replace(p, id=f"new-{p.id}", title=f"{p.title} wombat") for p in some])
        return "wombat"

    def deletions() -> str:
        icecat.delete(products=[f"new-{p.id}" for p in some])
        update(icecat)
        return ""

    rows: list[tuple[str, float, float, float]] = [
        ("build, first time", first, 0.0, first / again),
        ("build, texts encoded before", again, 0.0, 1.0),
    ]
    for name, change in (
        ("100 prices", prices),
        ("100 titles", titles),
        ("100 titles and attributes", attributes),
        ("100 new products", newcomers),
        ("100 deletions", deletions),
    ):
        rows.append((name, *_timed(icecat, change, again)))
    show(
        "Icecat, 19,406 products, profile fast, one thread (ratio: a build with all texts encoded)",
        ("change", "update s", "visible s", "ratio"),
        rows,
    )


def _timed(shop: Shop, change: Callable[[], str], build_seconds: float) -> tuple[float, float, float]:
    """(seconds of the update, seconds until a search on a newly opened model shows it, ratio)."""
    started = time.perf_counter()
    word = change()
    updated = time.perf_counter() - started
    if word:
        assert word in Recommender.open(shop.path).search(word)[0].product.title
    else:
        Recommender.open(shop.path).search("printer")
    return updated, time.perf_counter() - started, updated / build_seconds


def test_drift_after_a_thousand_edits_of_the_demo(tmp_path: Path) -> None:
    """Overlap of the ten best answers with those of a build of the final state, models retrained."""
    rows = [(profile, *_drift(tmp_path / profile, profile)) for profile in ("fast", "full")]
    show(
        "demo shop, 844 products, 1,000 edits in 20 updates: share of the ten best that a build anew has too",
        ("profile", "search", "similar", "recommend", "two builds: recommend"),
        rows,
    )


def _drift(folder: Path, profile: Profile) -> tuple[float, float, float, float]:
    shop = Shop.create(folder)
    demo = data_folder() / "demo"
    shop.load(demo / "products.jsonl")
    shop.load(demo / "interactions.csv", kind="interactions")
    shop.load(demo / "facts.csv", kind="facts")
    build(shop, profile=profile)
    with shop.store() as store:
        known = {product.id: product for product in store.products()}
    rng = random.Random(0)
    for turn in range(20):
        written: dict[str, Product] = {}
        gone: set[str] = set()
        for number in range(50):
            one, other = (known[rng.choice(sorted(known))] for _ in range(2))
            match rng.randrange(3):
                case 0:
                    part = rng.choice(["title", "price", "attributes", "category", "brand"])
                    known[one.id] = written[one.id] = replace(one, **{part: getattr(other, part)})
                case 1:
                    new = replace(one, id=f"new-{turn}-{number}", title=f"{one.title} {other.brand}")
                    known[new.id] = written[new.id] = new
                case _:
                    del known[one.id]
                    written.pop(one.id, None)
                    gone.add(one.id)
        shop.load(list(written.values()))
        shop.delete(products=gone)
        update(shop)
    updated = Recommender.open(shop.path)
    build(shop, profile=profile)
    anew = Recommender.open(shop.path)
    build(shop, profile=profile, seed=1)
    other_seed = Recommender.open(shop.path)
    with (demo / "queries.csv").open(encoding="utf-8") as lines:
        queries = sorted({row["query"] for row in csv.DictReader(lines)})
    products = sorted(known)[::8]
    users = list(anew.graph.nodes["user"])[:200]

    def similar(model: Recommender) -> list[list[str]]:
        return [[hit.product.id for hit in model.similar(product)] for product in products]

    return (
        _overlap(updated.search_many(queries).ids, anew.search_many(queries).ids),
        _overlap(similar(updated), similar(anew)),
        _overlap(updated.recommend_many(users).ids, anew.recommend_many(users).ids),
        _overlap(other_seed.recommend_many(users).ids, anew.recommend_many(users).ids),
    )


def _overlap(one: Iterable[Iterable[str]], other: Iterable[Iterable[str]]) -> float:
    sets = [(set(a) - {""}, set(b) - {""}) for a, b in zip(one, other, strict=True)]
    return float(np.mean([len(found & wanted) / max(1, len(wanted)) for found, wanted in sets]))
