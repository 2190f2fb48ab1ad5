"""Prices that are far from what is usual for their kind.

With categories: the logarithm of the price less the medians of category and brand (a median polish, Tukey
1977: dear brands are dear everywhere), measured in robust deviations (MAD) of the category. A small category
borrows from the one above.

Without a category, "the same kind" is what the words of title and brand say: a robust ridge regression of the
log price on them, measured in the deviations of the products that share these words. It finds by itself which
words name a type; to guess one type for each title would need a list of types for every shop.
"""

from __future__ import annotations

import math
from array import array
from collections import Counter
from collections.abc import Iterator
from itertools import pairwise

import numpy as np
import numpy.typing as npt
import scipy.sparse as sp
from scipy.sparse.linalg import lsqr

from kg.doctor.catalog import Catalog
from kg.doctor.registry import Found, register
from kg.doctor.title_bags import title_words
from kg.records import CATEGORY_SEPARATOR

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]

_LEAST_GROUP = 8
"""A category with fewer prices is looked at with the one above it."""
_LEAST_BRAND = 4
_DEVIATIONS = 4.0
_TIMES = 3.0
"""…and the price must be off by this factor at least."""
_WORD_DEVIATIONS = 5.0
_LEAST_WORDS = 50
"""Without categories, fewer prices than this are not looked at."""
_WORD_PRODUCTS = 8
_CONSISTENT = 1.4826
"""Times the MAD is the standard deviation of a normal distribution."""


@register("prices", "prices far from what is usual in their category")
def prices(catalog: Catalog) -> Iterator[Found]:
    price = catalog.price
    zero = np.flatnonzero(price <= 0)
    yield Found(
        kind="zero",
        severity="error",
        title=f"Products that cost nothing: {len(zero):,}",
        fix="Fill in the price, or leave it empty while it is not known.",
        items=catalog.items(([row], f"price {price[row]:.2f}") for row in zero.tolist()),
    )
    expected = np.full(len(catalog), np.nan)
    kind: dict[int, str] = {}
    for currency in np.unique(catalog.currency.numbers).tolist():
        rows = np.flatnonzero((price > 0) & (catalog.currency.numbers == currency))
        by_group = catalog.category.numbers[rows] > 0
        _by_category(catalog, rows[by_group], expected, kind)
        _by_words(catalog, rows[~by_group], expected, kind)
    found = sorted(kind, key=lambda row: -abs(math.log(price[row] / expected[row])))
    yield Found(
        kind="outliers",
        severity="warning",
        title=f"Prices far from those of their kind: {len(found):,}",
        fix="Look for a lost decimal point, cents taken for units, another currency, or the price of a pack; "
        "filters and sorting by price show these products first.",
        items=catalog.items(([row], _told(catalog, row, float(expected[row]), kind[row])) for row in found),
    )


def _told(catalog: Catalog, row: int, expected: float, kind: str) -> str:
    price = float(catalog.price[row])
    currency = catalog.currency.names[int(catalog.currency.numbers[row])]
    factor = max(price / expected, expected / price)
    side = "times" if price > expected else "times less than"
    about = f"{factor:,.0f}" if factor >= 10 else f"{factor:.1f}"
    return f"{price:,.2f} {currency}".strip() + f" is {about} {side} the {expected:,.2f} usual {kind}"


def _by_category(catalog: Catalog, rows: Ints, expected: Floats, kind: dict[int, str]) -> None:
    names = _groups(catalog, rows)
    labels = sorted(set(names))
    place = {name: i for i, name in enumerate(labels)}
    group = np.array([place.get(name, -1) for name in names], dtype=np.int64)
    kept = np.array([bool(name) for name in names], dtype=np.bool_)
    rows, group = rows[kept], group[kept]
    if not len(rows):
        return
    log = np.log(catalog.price[rows])
    brand = catalog.brand.numbers[rows].astype(np.int64)
    own, of_brand = np.zeros(len(rows)), np.zeros(len(rows))
    for _ in range(4):
        own = _medians(log - of_brand, group, shrink=0, least=1)
        of_brand = np.where(brand > 0, _medians(log - own, brand, shrink=3, least=_LEAST_BRAND), 0.0)
    rest = log - own - of_brand
    far = np.zeros(len(rows), dtype=np.bool_)
    for _ in range(2):  # again without what was found: in a small category one outlier hides another
        scale = _scales(rest, group, ~far)
        far = (np.abs(rest) > _DEVIATIONS * scale) & (np.abs(rest) > math.log(_TIMES))
    expected[rows] = np.exp(own + of_brand)
    for at in np.flatnonzero(far).tolist():
        with_brand = " for this brand" if of_brand[at] else ""
        kind[int(rows[at])] = f"in {labels[int(group[at])]}{with_brand}"


def _groups(catalog: Catalog, rows: Ints) -> list[str]:
    """The category of each row, or the nearest above with enough prices; '' where there is none."""
    own = [catalog.category.names[number] for number in catalog.category.numbers[rows].tolist()]
    size: Counter[str] = Counter()
    for name, count in Counter(own).items():
        for above in _above(name):
            size[above] += count
    return [next((above for above in _above(name) if size[above] >= _LEAST_GROUP), "") for name in own]


def _above(name: str) -> Iterator[str]:
    while name:
        yield name
        name = name.rpartition(CATEGORY_SEPARATOR)[0]


def _medians(values: Floats, group: Ints, *, shrink: float, least: int) -> Floats:
    """float64 [n]: the median of each one's group, drawn towards 0 in small groups, 0 below `least`."""
    out = np.zeros(len(values))
    for part in _parts(group):
        if len(part) >= least:
            out[part] = np.median(values[part]) * len(part) / (len(part) + shrink)
    return out


def _scales(rest: Floats, group: Ints, usual: npt.NDArray[np.bool_]) -> Floats:
    """float64 [n]: the robust deviation of the usual ones of each one's group, steadied by that of all."""
    overall = _CONSISTENT * float(np.median(np.abs(rest[usual])))
    out = np.zeros(len(rest))
    for part in _parts(group):
        inner = np.abs(rest[part[usual[part]]])
        own = _CONSISTENT * float(np.median(inner)) if len(inner) else overall
        out[part] = math.sqrt((len(inner) * own**2 + 5 * overall**2) / (len(inner) + 5))
    return out


def _parts(group: Ints) -> list[Ints]:
    order = np.argsort(group, kind="stable")
    cuts = np.flatnonzero(np.diff(group[order])) + 1
    return list(np.split(order, cuts))


def _by_words(catalog: Catalog, rows: Ints, expected: Floats, kind: dict[int, str]) -> None:
    if len(rows) < _LEAST_WORDS:
        return
    features = _features(catalog, rows)
    log = np.log(catalog.price[rows])
    middle = float(np.median(log))
    trust = np.ones(len(rows))
    for _ in range(4):  # Huber's weights: outliers must not pull what is usual towards them
        root = np.sqrt(trust)
        weights = lsqr(sp.diags(root) @ features, root * (log - middle), damp=2.0, iter_lim=50)[0]
        rest = log - middle - features @ weights
        scale = _CONSISTENT * float(np.median(np.abs(rest)))
        trust = 1 / np.maximum(1, np.abs(rest) / (1.5 * scale + 1e-9))
    expected[rows] = np.exp(log - rest)
    spread = np.maximum(scale, _spread(features, rest))
    far = (np.abs(rest) > _WORD_DEVIATIONS * spread) & (np.abs(rest) > math.log(_TIMES))
    for at in np.flatnonzero(far).tolist():
        kind[int(rows[at])] = "for such a title and brand"


def _spread(features: sp.csr_array, rest: Floats) -> Floats:
    """float64 [rows]: how widely prices scatter among products with the same words, the mean over them."""
    by_word = features.tocsc()
    of_word = np.array(
        [
            _CONSISTENT * float(np.median(np.abs(rest[by_word.indices[low:high]]))) if high > low else 0.0
            for low, high in pairwise(by_word.indptr.tolist())
        ]
    )
    counts = np.maximum(np.diff(features.indptr), 1)
    return np.asarray(features @ of_word) / counts


def _features(catalog: Catalog, rows: Ints) -> sp.csr_array:
    """float64 [rows, words]: 1 where a title has a word that enough titles have; brands are words too."""
    known: dict[str, int] = {}
    row_of, word = array("q"), array("q")
    for at, row in enumerate(rows.tolist()):
        brand = catalog.brand.names[int(catalog.brand.numbers[row])]
        for one in {*title_words(catalog.title[row]), f"brand {brand}"}:
            row_of.append(at)
            word.append(known.setdefault(one, len(known)))
    at_row, at_word = np.array(row_of, dtype=np.int64), np.array(word, dtype=np.int64)
    usual = np.bincount(at_word, minlength=len(known)) >= _WORD_PRODUCTS
    number = np.cumsum(usual) - 1
    keep = usual[at_word]
    return sp.csr_array(
        (np.ones(int(keep.sum())), (at_row[keep], number[at_word[keep]])),
        shape=(len(rows), max(int(usual.sum()), 1)),
    )
