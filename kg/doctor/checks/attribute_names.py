"""Attribute names that are variants of each other: colour, Color, Farbe."""

from __future__ import annotations

from collections.abc import Iterator

from kg.doctor.catalog import Catalog
from kg.doctor.registry import Found, register


@register("attribute-names", "attribute names that are variants of each other", reads=("attributes",))
def attribute_names(catalog: Catalog) -> Iterator[Found]:
    names = catalog.cells.names
    stats, groups = catalog.name_stats, catalog.name_groups
    found: list[tuple[list[int], str, str]] = []
    for group in groups:
        best, *others = sorted(group, key=lambda n: (-stats[n].products, names[n]))
        for other in others:
            told = " → ".join(f"{names[n]!r} (on {stats[n].products:,})" for n in (other, best))
            found.append((catalog.cells.rows(other).tolist(), told, names[other]))
    found.sort(key=lambda item: (-len(item[0]), item[1]))
    yield Found(
        kind="variants",
        severity="warning",
        title=f"Attribute names that are variants of another: {len(found):,} (of {len(groups):,} names)",
        fix="Choose one name for each and rename the others, in the feed or by a mapping: a filter on one "
        "name does not see the products that use another.",
        items=catalog.items(found),
    )
