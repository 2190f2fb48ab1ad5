"""In which units the numbers of attributes are: as the catalog says, or as its titles show."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from kg.graph import Graph
from kg.units import find_unit
from recommend.understand.measures import MeasureReader
from recommend.understand.words import normal

_LEAST = 3
"""So many titles must agree on a unit."""
_AGREE = 0.5
"""Of the titles that have a unit and the attribute, this share must give its number."""
_MOST_TITLES = 5_000
"""So many titles are enough to learn units from; of more, a sample evenly over all."""


def factors(
    texts: npt.NDArray[np.int32], field: npt.NDArray[np.int64], written: Sequence[str], units: Sequence[str]
) -> npt.NDArray[np.float64]:
    """float64 [cells]: what numbers are to be multiplied by to be in the units of their attributes (roughly,
    for temperatures)."""
    pairs, pair = np.unique(field * np.int64(len(written) + 1) + texts + 1, return_inverse=True)
    found = np.ones(len(pairs))
    for place, (one, text) in enumerate(zip(*np.divmod(pairs, len(written) + 1), strict=True)):
        own = find_unit(written[int(text) - 1]) if text else None
        home = find_unit(units[int(one)]) if own is not None and units[int(one)] else None
        if own is not None and home is not None and own.dimension == home.dimension:
            found[place] = own.factor / home.factor
    return found[pair]


def home_units(
    field: npt.NDArray[np.int64], texts: npt.NDArray[np.int32], count: int, written: Sequence[str]
) -> list[str]:
    """The unit that most numbers of each attribute have; "" if none is known."""
    home = [""] * count
    best = [0] * count
    said = texts >= 0
    size = len(written) + 1
    pairs, counts = np.unique(field[said] * np.int64(size) + texts[said], return_counts=True)
    for pair, n in zip(pairs.tolist(), counts.tolist(), strict=True):
        one, text = divmod(pair, size)
        unit = find_unit(written[text]) if n > best[one] else None
        if unit is not None:
            home[one], best[one] = unit.name, n
    return home


def learnt_units(
    graph: Graph,
    measures: MeasureReader,
    rows: npt.NDArray[np.int64],
    field: npt.NDArray[np.int64],
    numbers: npt.NDArray[np.float64],
    plain: npt.NDArray[np.bool_],
    count: int,
) -> dict[int, str]:
    """The units of attributes without, as titles show them."""
    if not plain.any():
        return {}
    said: dict[str, dict[int, set[float]]] = {}
    wanted = np.unique(rows[plain])
    if len(wanted) > _MOST_TITLES:
        wanted = wanted[np.linspace(0, len(wanted) - 1, _MOST_TITLES).astype(np.int64)]
    for row in wanted.tolist():
        for number, unit in measures.units_in(normal(graph.products.title[row])):
            if number != 1:  # many things are 1
                said.setdefault(unit.name, {}).setdefault(row, set()).add(round(number, 6))
    best: dict[int, tuple[float, str]] = {}
    where = np.flatnonzero(plain)
    for name, titles in said.items():
        chosen = where[np.isin(rows[where], np.fromiter(titles, dtype=np.int64, count=len(titles)))]
        tried = np.bincount(field[chosen], minlength=count)
        right: dict[int, list[float]] = {}
        for row, one, number in zip(
            rows[chosen].tolist(), field[chosen].tolist(), numbers[chosen].tolist(), strict=True
        ):
            if round(number, 6) in titles[row]:
                right.setdefault(one, []).append(number)
        for one, agreed in right.items():
            if len(agreed) < _LEAST or len(set(agreed)) < 2 or len(agreed) < _AGREE * tried[one]:
                continue
            best[one] = max(best.get(one, (0.0, "")), (float(len(agreed)), name))
    return {one: name for one, (_, name) in best.items()}
