"""A made-up shop of any size, streamed, and loads in a process of their own, whose memory is its own too."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from decimal import Decimal
from pathlib import Path

from kg.reading import Mapping, read
from kg.records import Fact, Interaction, Product, ProductPatch, Record
from kg.store import GraphStore, open_store
from kg.store.server_access import Credentials
from tests.benchmarks.alone import memory

PRODUCTS, USERS, BOUGHT, FACTS = 300_000, 600_000, 5, 200_000
BRANDS, SHELVES, VALUES, ATTRIBUTES = 5_000, 500, 23_500, 4


@dataclass(frozen=True, kw_only=True)
class Measured:
    """What a step took: seconds, records written, the process's peak memory so far in MB."""

    seconds: float
    written: int
    peak: float


def records(scale: float) -> Iterator[Record]:
    """1 million nodes and 5 million relations at scale 1; nothing is kept."""
    products, users = round(PRODUCTS * scale), round(USERS * scale)
    values = max(1, round(VALUES * scale))
    for n in range(products):
        yield Product(
            id=f"product-{n}",
            title=f"Product number {n} of a made-up shop",
            brand=f"Brand {n % max(1, round(BRANDS * scale))}",
            category=("Shop", f"Floor {n % SHELVES % 10}", f"Shelf {n % SHELVES}"),
            attributes={f"attribute {a}": f"value {(n * 7 + a * 31) % values}" for a in range(ATTRIBUTES)},
            price=Decimal(n % 9_999) / 100,
        )
    for user in range(users):
        for n in range(BOUGHT):
            yield Interaction(
                user=f"user-{user}",
                product=f"product-{(user * 31 + n * n * 1_009) % products}",
                time=1.6e9 + user * 60.0 + n,
            )
    for n in range(round(FACTS * scale)):
        yield Fact(head=f"product-{n}", relation="compatible_with", tail=f"product-{(n * 13 + 1) % products}")


def icecat(file: Path, *, cheaper: int = 0) -> Iterator[Record | ProductPatch]:
    """The Icecat sample; with `cheaper`, every so many products has another price."""
    for n, product in enumerate(read(file, mapping=Mapping.builtin("icecat"))):
        if cheaper and n % cheaper == 0 and isinstance(product, Product):
            yield replace(product, price=Decimal(1))
        else:
            yield product


def load_synthetic(url: str | None, file: Path, password: str, scale: float) -> list[Measured]:
    """Load it: into the server, or with no URL into an embedded store in `file`."""
    with _store(url, file, password) as store:
        return [_measured(store, lambda: records(scale))]


def load_icecat(url: str | None, file: Path, password: str, source: Path) -> list[Measured]:
    """Load it, load it again, load it with one product in a hundred changed, read the snapshot."""
    with _store(url, file, password) as store:
        steps = [_measured(store, lambda: icecat(source)) for _ in range(2)]
        steps.append(_measured(store, lambda: icecat(source, cheaper=100)))
        started = time.perf_counter()
        store.snapshot()
        return [*steps, Measured(seconds=time.perf_counter() - started, written=0, peak=memory(peak=True))]


def _store(url: str | None, file: Path, password: str) -> GraphStore:
    return open_store(url, file, credentials=Credentials(password=password))


def _measured(store: GraphStore, source: Callable[[], Iterable[Record | ProductPatch]]) -> Measured:
    started = time.perf_counter()
    counts = store.upsert(source())
    return Measured(seconds=time.perf_counter() - started, written=counts.written, peak=memory(peak=True))
