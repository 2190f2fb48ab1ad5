"""How fast a catalog gets into the graph, beside merely parsing the same file."""

from __future__ import annotations

import time
from pathlib import Path

import pandas as pd

from kg import Shop
from tests.benchmarks.table import show


def test_load_icecat(test_data: Path, tmp_path: Path) -> None:
    file = test_data / "icecat" / "products.jsonl.gz"
    started = time.perf_counter()
    frame = pd.read_json(file, lines=True, dtype=False)
    parse = time.perf_counter() - started
    shop = Shop.create(tmp_path / "shop")
    started = time.perf_counter()
    first = shop.load(file, mapping="icecat")
    load = time.perf_counter() - started
    started = time.perf_counter()
    again = shop.load(file, mapping="icecat")
    repeat = time.perf_counter() - started
    started = time.perf_counter()
    graph = shop.graph()
    snapshot = time.perf_counter() - started
    assert first.loaded == len(frame) == graph.product_count
    assert again.unchanged == first.loaded
    show(
        f"Icecat, {first.loaded:,} products, embedded store (ratio: pandas.read_json of the same file)",
        ("step", "seconds", "products/s", "ratio"),
        [
            (name, seconds, int(first.loaded / seconds), seconds / parse)
            for name, seconds in (
                ("pandas.read_json", parse),
                ("shop.load, new", load),
                ("shop.load, again", repeat),
                ("shop.graph", snapshot),
            )
        ],
    )
