"""A catalog to load while something breaks, and loaders for processes of their own."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from decimal import Decimal

from kg.records import Fact, Interaction, Product, Quantity, Record
from kg.store.server import ServerStore
from kg.store.server_access import Credentials
from tests.crashing import die

PRODUCTS = 3_000


def catalog(start: int = 0, stop: int = PRODUCTS) -> list[Record]:
    """Products with brands, categories and attributes, with purchases and facts between them."""
    products = [
        Product(
            id=f"p{n:05}",
            title=f"Product {n}",
            brand=f"Brand {n % 40}",
            category=("All", f"Shelf {n % 9}"),
            labels=("Sale",) if n % 11 == 0 else (),
            attributes={
                "colour": f"colour {n % 30}",
                "material": f"material {n % 70}",
                "weight": Quantity(number=n % 50 / 10, unit="kg"),
            },
            price=Decimal(n % 90) + Decimal("0.50"),
            collections=(f"room {n % 100}",),
        )
        for n in range(start, stop)
    ]
    purchases = [
        Interaction(user=f"u{n % 300}", product=f"p{n:05}", time=float(n), query=f"words {n % 20}")
        for n in range(start, stop)
        if n % 2 == 0
    ]
    facts = [
        Fact(head=f"p{n:05}", relation="goes_with", tail=f"p{n + 7:05}", weight=n % 5 + 0.5)
        for n in range(start, stop)
        if n % 3 == 0
    ]
    return [*products, *purchases, *facts]


def breaking(records: Iterable[Record], at: int, act: Callable[[], object]) -> Iterator[Record]:
    """The records; before the one with that number something is done."""
    for number, record in enumerate(records):
        if number == at:
            act()
        yield record


def load(url: str, password: str, start: int, stop: int, backwards: bool, dies_at: int) -> None:
    """Load a part of the catalog, for a process of its own; it may kill itself."""
    records = catalog(start, stop)
    if backwards:
        records.reverse()
    with ServerStore.open(url, credentials=Credentials(password=password), batch=200) as store:
        store.upsert(breaking(records, dies_at, die))
