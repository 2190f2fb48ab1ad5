"""`python -m data.generator --seed 0 --out data/demo` writes the demo shop anew."""

from __future__ import annotations

import argparse
import json
import os
import sys
import time
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path

from .behaviour import make_events
from .facts import COLUMNS as FACT_COLUMNS
from .facts import make_facts
from .faults import COLUMNS as FAULT_COLUMNS
from .faults import as_json, make_faulty
from .model import Catalog, Event
from .pictures.draw import write_pictures
from .products import make_catalog
from .queries import make_queries
from .tastes import make_shoppers
from .untidy import make_untidy, write_untidy
from .vocabulary import load_pairs, load_situations, load_vocabulary
from .write import product_record, write_products, write_table

SHOPPERS = 500
START = datetime(2024, 1, 8, tzinfo=UTC)
EVENT_COLUMNS = ("user", "product", "kind", "time", "order", "query", "value")


def generate(out: Path, seed: int, pictures: int | None) -> Catalog:
    """Writes everything below `out`; `pictures` limits how many are drawn."""
    out.mkdir(parents=True, exist_ok=True)
    catalog = make_catalog(seed, load_vocabulary())
    pairs = load_pairs()
    shoppers = make_shoppers(seed, catalog, load_situations(), SHOPPERS)
    write_products(out / "products.jsonl", catalog.items)
    write_table(
        out / "interactions.csv", EVENT_COLUMNS, map(_event, make_events(seed, catalog, pairs, shoppers))
    )
    write_table(out / "facts.csv", FACT_COLUMNS, make_facts(seed, catalog, pairs))
    write_table(out / "queries.csv", ("query", "product_id", "rating"), make_queries(seed, catalog))
    rows, faults = make_faulty(catalog)
    write_table(out / "faulty.csv", FAULT_COLUMNS, rows)
    text = json.dumps({"file": "faulty.csv", "faults": as_json(faults)}, indent=2, ensure_ascii=False)
    (out / "faults.json").write_text(text + "\n", encoding="utf-8")
    write_untidy(out, make_untidy(map(product_record, catalog.items), seed))
    drawn = catalog.items[:pictures]
    write_pictures(
        out / "pictures", drawn, catalog.vocabulary, seed, min(os.cpu_count() or 1, 1 + len(drawn) // 50)
    )
    return catalog


def _event(event: Event) -> tuple[str, ...]:
    when = START + timedelta(minutes=event.minute)
    time_ = when.strftime("%Y-%m-%dT%H:%M:%SZ")
    return event.user, event.product, event.kind, time_, event.order, event.query, event.value


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m data.generator", description=__doc__)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--out", type=Path, default=Path(__file__).parents[1] / "demo")
    parser.add_argument(
        "--pictures", type=int, default=None, metavar="N", help="draw only the first N pictures"
    )
    options = parser.parse_args(arguments)
    started = time.perf_counter()
    catalog = generate(options.out, options.seed, options.pictures)
    print(f"{len(catalog.items)} products written to {options.out} in {time.perf_counter() - started:.0f} s")
    return 0


if __name__ == "__main__":
    sys.exit(main())
