"""Attribute values that are variants of each other: Blk and black, cm and centimetres."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

import numpy as np

from kg.doctor.catalog import Catalog
from kg.doctor.registry import Found, register
from kg.doctor.spelling import words
from kg.doctor.value_groups import variant_values


@register("attribute-values", "attribute values that are variants of each other", reads=("attributes",))
def attribute_values(catalog: Catalog) -> Iterator[Found]:
    cells = catalog.cells
    known = _known_words(catalog)
    stats = catalog.name_stats
    grouped = {name for group in catalog.name_groups for name in group}
    alone = [[name] for name in range(len(cells.names)) if name not in grouped]
    found: list[tuple[list[int], str, str]] = []
    touched = 0
    for group in (*catalog.name_groups, *alone):
        # an attribute goes by its commonest name
        ordered = sorted(group, key=lambda n: (-stats[n].products, cells.names[n]))
        variants = list(variant_values(cells, ordered, known))
        touched += bool(variants)
        for variant in variants:
            rows = np.unique(np.concatenate([cells.rows(name, value) for name, value in variant.cells]))
            name = cells.names[ordered[0]]
            told = f"{name}: {variant.written!r} → {variant.meant!r}"
            found.append((rows.tolist(), told, f"{name}={variant.written}"))
    found.sort(key=lambda item: (-len(item[0]), item[1]))
    yield Found(
        kind="variants",
        severity="warning",
        title=f"Attribute values that are variants of another: {len(found):,} (in {touched:,} attributes)",
        fix="Write each value in one way, in the feed or by a mapping: a filter on one spelling does not see "
        "the products with another.",
        items=catalog.items(found),
    )


def _known_words(catalog: Catalog) -> Counter[str]:
    """In how many titles and cells each word stands."""
    known = Counter(catalog.title_words)
    uses = np.bincount(catalog.cells.value, minlength=len(catalog.cells.values)).tolist()
    for value, count in zip(catalog.cells.values, uses, strict=True):
        if isinstance(value, str):
            known.update(dict.fromkeys(words(value), count))
    return known
