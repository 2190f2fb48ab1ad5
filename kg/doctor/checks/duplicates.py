"""The same product twice: by its GTIN, or by a title that is nearly the same.

Titles are compared as bags of words, so that order, case and signs do not matter. Each word has a random
64-bit number and a title the sum of them; taking one word's number away finds titles that differ in one word,
by sorting alone (Garcia-Molina's "all but one" keys). Whatever differs in a digit is another product.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import combinations, pairwise

import numpy as np
import numpy.typing as npt

from kg.doctor.catalog import Catalog
from kg.doctor.matching import Groups, same_keys
from kg.doctor.registry import Found, register
from kg.doctor.same_product import Comparison
from kg.doctor.title_bags import title_bags

_PAIRWISE = 40
"""A larger group that shares a key is compared in a row, each with the next, not all with all."""
_LEAST_WORDS = 3
"""A shorter title says too little to be nearly the same as another."""


@register(
    "duplicates", "the same product twice: one GTIN, or nearly one title and one brand", reads=("attributes",)
)
def duplicates(catalog: Catalog) -> Iterator[Found]:
    same_gtin = Groups()
    rows_of: dict[str, int] = {}
    for row, gtin in enumerate(catalog.gtin):
        number = _gtin(gtin)
        if number:
            same_gtin.join(rows_of.setdefault(number, row), row)
    groups = list(same_gtin)
    yield Found(
        kind="same_gtin",
        severity="error",
        title=f"GTINs that several products share: {len(groups):,} ({sum(map(len, groups)):,} products)",
        fix="Keep one row and remove the others, or correct the wrong GTIN: a GTIN names one article, and "
        "marketplaces merge what shares one.",
        items=catalog.items((rows, f"GTIN {catalog.gtin[rows[0]]}") for rows in groups),
    )
    near, alike = _by_title(catalog, same_gtin)
    near_groups, alike_groups = list(near), list(alike)
    yield Found(
        kind="same_product",
        severity="warning",
        title=f"Products listed more than once under nearly the same title: {len(near_groups):,} "
        f"({sum(map(len, near_groups)):,} rows)",
        fix="Keep the fullest row and remove the others: doubles split clicks and reviews and crowd each "
        "other in every list.",
        items=catalog.items((rows, _told(catalog, rows)) for rows in near_groups),
    )
    yield Found(
        kind="same_title",
        severity="note",
        title=f"Titles that several products share which differ elsewhere: {len(alike_groups):,} "
        f"({sum(map(len, alike_groups)):,} rows)",
        fix="Put what tells them apart (size, colour, model) into the title, or make them variants of one "
        "collection; remove any that are the same after all.",
        items=catalog.items((rows, _told(catalog, rows)) for rows in alike_groups),
    )


def _gtin(text: str) -> str:
    """The digits without leading zeros, or '' for what is no GTIN: too short, or a filler such as 0000000."""
    number = re.sub(r"[\s-]", "", text)
    if not number.isdigit() or not 8 <= len(number) <= 14 or len(set(number)) == 1:
        return ""
    return number.lstrip("0") if len(number.lstrip("0")) >= 6 else ""


def _by_title(catalog: Catalog, known: Groups) -> tuple[Groups, Groups]:
    """Groups of the same product, and of products that only share a title; pairs in `known` are left out."""
    bags = title_bags(catalog)
    counts = np.diff(bags.indptr)
    compare = Comparison(catalog, bags)
    near, alike = Groups(), Groups()
    rows = np.flatnonzero(counts > 0).astype(np.int32)
    for group in same_keys(bags.total[rows], rows):
        for first, second in _pairs(group):
            if known.joined(first, second) or compare.variants(first, second):
                continue
            if not compare.conflicts(first, second):
                compare.join(near, first, second)
            elif compare.same_order(first, second):
                alike.join(first, second)
    long = np.repeat(counts >= _LEAST_WORDS, counts)
    removable = np.array([name.isalpha() and len(name) > 2 for name in bags.names], dtype=np.bool_)
    cells = np.flatnonzero(long & removable[bags.word]) if len(bags.word) else np.empty(0, dtype=np.int64)
    owners = np.repeat(np.arange(len(catalog), dtype=np.int32), counts)
    full = rows[counts[rows] >= _LEAST_WORDS]
    keys = np.concatenate((bags.total[owners[cells]] - bags.hashes[bags.word[cells]], bags.total[full]))
    for group in same_keys(keys, np.concatenate((owners[cells], full))):
        for first, second in _pairs(group):
            if bags.total[first] == bags.total[second] or near.joined(first, second):
                continue
            if known.joined(first, second) or compare.variants(first, second):
                continue
            if compare.nearly(first, second):
                compare.join(near, first, second)
    prints = compare.fingerprints()
    told = np.flatnonzero(prints).astype(np.int32)
    for group in same_keys(prints[told].view(np.uint64), told):
        for first, second in _pairs(group):
            if near.joined(first, second) or known.joined(first, second) or compare.variants(first, second):
                continue
            if compare.resembles(first, second):
                compare.join(near, first, second)
    return near, alike


def _pairs(group: npt.NDArray[np.int32]) -> Iterator[tuple[int, int]]:
    rows = group.tolist()
    yield from combinations(rows, 2) if len(rows) <= _PAIRWISE else pairwise(rows)


def _told(catalog: Catalog, rows: list[int]) -> str:
    other = next((catalog.title[row] for row in rows[1:] if catalog.title[row] != catalog.title[rows[0]]), "")
    return f"{len(rows)} rows" + (f", also as {other!r}" if other else ", the same title")
