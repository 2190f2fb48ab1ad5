"""Products that came after the build: how well an update places them, beside a build anew, and how soon."""

from __future__ import annotations

import time
from dataclasses import replace
from pathlib import Path

import numpy as np
import scipy.sparse as sp

from kg import Fact, Interaction, Product, Shop
from kg.resources import data_folder
from recommend import Recommender, Settings, build, update
from recommend.measure.metrics import find_hits, ndcg, recall
from tests.benchmarks.table import show

SHARE = 0.1
K = 10


def test_a_tenth_of_the_demo_shop_comes_later(tmp_path: Path) -> None:
    """Nobody has met the new products, in either shop. They are ranked among themselves, for those who bought
    one later."""
    whole = Shop.create(tmp_path / "whole")
    whole.load(data_folder() / "demo" / "products.jsonl")
    whole.load(data_folder() / "demo" / "facts.csv", kind="facts")
    whole.load(data_folder() / "demo" / "interactions.csv", kind="interactions")
    with whole.store(read_only=True) as store:
        products, log = list(store.products()), list(store.interactions())
        facts = list(store.facts())
    ids = sorted(one.id for one in products)
    chosen = np.random.default_rng(0).permutation(len(ids))[: int(SHARE * len(ids))]
    new = {ids[i] for i in chosen.tolist()}
    known = [one for one in log if one.product not in new]
    settings = replace(Settings.of_profile("fast"), search_queries=0, threads=1)

    shop = _shop(
        tmp_path / "updated",
        [one for one in products if one.id not in new],
        [one for one in facts if not {one.head, one.tail} & new],
        known,
    )
    build(shop, settings=settings)
    started = time.perf_counter()
    shop.load([one for one in products if one.id in new])
    shop.load([one for one in facts if {one.head, one.tail} & new], kind="facts")
    update(shop)
    updated = Recommender.open(shop.path)
    answers = updated.similar(ids[int(chosen[0])])
    taken = time.perf_counter() - started
    assert answers

    anew = _shop(tmp_path / "anew", products, facts, known)
    started = time.perf_counter()
    build(anew, settings=settings)
    built = time.perf_counter() - started
    rows = [
        ("update", taken, *_found(updated, new, log)),
        ("build anew", built, *_found(Recommender.open(anew.path), new, log)),
    ]
    show(
        f"{len(new)} new products of the demo shop, profile fast, ranked among themselves",
        ("way", "seconds", f"recall@{K}", f"ndcg@{K}"),
        rows,
    )


def _shop(path: Path, products: list[Product], facts: list[Fact], log: list[Interaction]) -> Shop:
    shop = Shop.create(path)
    shop.load(products)
    shop.load(facts, kind="facts")
    shop.load(log, kind="interactions")
    return shop


def _found(model: Recommender, new: set[str], log: list[Interaction]) -> tuple[float, float]:
    """(recall, ndcg) of what was bought of the new products."""
    graph, behaviour = model.graph, model.fitted.behaviour
    came = np.zeros(graph.product_count, dtype=np.bool_)
    came[graph.nodes["product"].numbers(sorted(new))] = True
    bought = {(one.user, one.product) for one in log if one.product in new and one.kind == "purchase"}
    names = sorted({user for user, _ in bought if graph.nodes["user"].number(user) is not None})
    relevant = np.zeros((len(names), graph.product_count), dtype=np.bool_)
    for row, name in enumerate(names):
        relevant[row, graph.nodes["product"].numbers([p for user, p in bought if user == name])] = True
    lists = np.full((len(names), K), -1, dtype=np.int64)
    for row, user in enumerate(graph.nodes["user"].numbers(names).tolist()):
        found = model.evaluate_history(behaviour.history(user), k=graph.product_count)
        best = found[came[found]][:K]
        lists[row, : len(best)] = best
    hits, wanted = find_hits(lists, sp.csr_array(relevant)), relevant.sum(axis=1)
    return float(recall(hits, wanted).mean()), float(ndcg(hits, wanted).mean())
