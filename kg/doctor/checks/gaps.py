"""Products without a brand or a category."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from kg.doctor.catalog import Catalog
from kg.doctor.placeholders import is_placeholder
from kg.doctor.registry import Found, register


@register("gaps", "products without a brand or without a category")
def gaps(catalog: Catalog) -> Iterator[Found]:
    no_brand = [is_placeholder(name) for name in catalog.brand.names]
    yield _found(
        catalog,
        "brand",
        [row for row, number in enumerate(catalog.brand.numbers.tolist()) if no_brand[number]],
        "Fill in the maker; for goods without one, your own name. Brand pages, filters and 'more of this "
        "brand' pass these products over.",
    )
    no_category = [all(map(is_placeholder, name.split(" > ")[-1:])) for name in catalog.category.names]
    labelled = [any(not is_placeholder(part) for part in name.split("\x1f")) for name in catalog.labels.names]
    yield _found(
        catalog,
        "category",
        [
            row
            for row, (category, labels) in enumerate(
                zip(catalog.category.numbers.tolist(), catalog.labels.numbers.tolist(), strict=True)
            )
            if no_category[category] and not labelled[labels]
        ],
        "Give each a category path such as 'Home > Lighting > Table lamps'. Without one a product is in no "
        "menu, and prices cannot be compared with those of its kind.",
    )


def _found(catalog: Catalog, what: str, rows: Sequence[int], fix: str) -> Found:
    column = catalog.brand if what == "brand" else catalog.category
    everywhere = len(rows) == len(catalog)
    return Found(
        kind=f"no_{what}",
        severity="note" if everywhere else "warning",
        title=f"None of the {len(catalog):,} products has a {what}"
        if everywhere
        else f"Products without a {what}: {len(rows):,}",
        fix=fix,
        items=catalog.items(
            ([row], f"{what} is {name!r}" if name else f"no {what}")
            for row in rows
            for name in (column.names[int(column.numbers[row])],)
        ),
    )
