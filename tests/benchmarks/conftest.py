"""Data for the benchmarks: the public sets, where SHELFGRAPH_TEST_DATA has them; one thread."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch

from kg import Shop


@pytest.fixture(autouse=True, scope="session")
def one_thread() -> None:
    torch.set_num_threads(1)


@pytest.fixture(scope="session")
def beauty(test_data: Path, tmp_path_factory: pytest.TempPathFactory) -> Shop:
    """Amazon Beauty with its relations (no also_bought) and purchases."""
    shop = Shop.create(tmp_path_factory.mktemp("beauty") / "shop")
    for name in ("products", "also_viewed", "bought_together"):
        shop.load(test_data / "beauty" / f"{name}.csv.gz", mapping=f"beauty_{name}")
    shop.load(test_data / "beauty" / "purchases_train.csv.gz", mapping="beauty_purchases")
    return shop


@pytest.fixture(scope="session")
def icecat(test_data: Path, tmp_path_factory: pytest.TempPathFactory) -> Shop:
    """The Icecat sample: 19,406 products."""
    shop = Shop.create(tmp_path_factory.mktemp("icecat") / "shop")
    shop.load(test_data / "icecat" / "products.jsonl.gz", mapping="icecat")
    return shop
