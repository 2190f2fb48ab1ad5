"""Judged queries: grades follow from what an item is, never from the words that describe it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from .model import Catalog, Item, stream
from .vocabulary import read

MOST = 40  # judged relevant products a query
NEAR, FAR = 14, 6  # judged products of near types, and of any other type


@dataclass(frozen=True, kw_only=True)
class Need:
    """What the person behind a query wants."""

    kind: str
    text: str
    types: tuple[str, ...]
    near: tuple[str, ...] = ()
    close: tuple[str, ...] = ()
    brand: str = ""
    material: str = ""
    colour: str = ""
    price: str = ""
    specs: Mapping[str, str | bool] = field(default_factory=dict)
    uses: tuple[str, ...] = ()
    soft: bool = False  # a type alone is already something
    main: str = ""
    match: str = ""
    language: str = "en"


def make_queries(seed: int, catalog: Catalog) -> tuple[tuple[str, str, int], ...]:
    rng = stream(seed, "queries")
    rows: list[tuple[str, str, int]] = []
    for entry in read("queries")["query"]:
        need = _need(entry)
        mains: list[Item | None] = [*_mains(rng, need, catalog)] if need.main else [None]
        for main in mains:
            text = need.text.format(main.title) if main else need.text
            rows.extend((text, item.id, score) for item, score in _judge(rng, need, main, catalog))
    return tuple(rows)


def grade(need: Need, main: Item | None, item: Item, levels: Mapping[str, tuple[float, float]]) -> int:
    """0 to 3."""
    if item.type.key not in need.types:
        score = 1 if item.type.key in need.close else 0
    elif main is not None:
        score = 3 if item.specs.get(need.match) == main.specs.get(need.match) else 0
    else:
        met = _met(need, item, levels)
        score = (
            3 if not met else (1 + int(2 * sum(met) / len(met) + 1e-9) if sum(met) or not need.brand else 0)
        )
        if need.uses and not sum(met):
            score = 1 if len(need.types) == 1 or need.soft else 0
    if item.chinese != (need.language == "zh"):
        # A page in a language one did not ask in helps less.
        score -= 2 if need.language == "zh" else 1
    return max(0, score)


def _met(need: Need, item: Item, levels: Mapping[str, tuple[float, float]]) -> list[float]:
    """How far each wish beyond the type is met, 0 to 1."""
    met: list[float] = []
    for wanted, actual in (
        (need.brand, item.brand.name),
        (need.material, item.material.name),
        (need.colour, item.colour.name),
    ):
        if wanted:
            met.append(float(wanted == actual))
    met += [float(item.specs.get(name) == value) for name, value in need.specs.items()]
    if need.uses:
        keys = [use.key for use in item.uses]
        met.append(max((1.0 if keys[0] == use else 0.5 if use in keys else 0.0) for use in need.uses))
    if need.price:
        low, high = levels[item.type.key]
        met.append(float(item.level <= low if need.price == "cheap" else item.level >= high))
    return met


def _need(entry: Mapping[str, Any]) -> Need:
    fields: dict[str, Any] = {k: tuple(v) if isinstance(v, list) else v for k, v in entry.items()}
    return Need(**fields)


def _mains(rng: np.random.Generator, need: Need, catalog: Catalog) -> list[Item]:
    """Two English products that the wanted part has to fit."""
    english = [catalog.items[i] for i in catalog.by_type[need.main] if not catalog.items[i].chinese]
    return [english[i] for i in rng.choice(len(english), size=2, replace=False).tolist()]


def _judge(
    rng: np.random.Generator, need: Need, main: Item | None, catalog: Catalog
) -> list[tuple[Item, int]]:
    levels = {
        key: (
            float(np.quantile([catalog.items[i].level for i in members], 0.3)),
            float(np.quantile([catalog.items[i].level for i in members], 0.7)),
        )
        for key, members in catalog.by_type.items()
    }
    graded = [(item, grade(need, main, item, levels)) for item in catalog.items]
    shuffled = [graded[i] for i in rng.permutation(len(graded))]
    relevant = sorted((g for g in shuffled if g[1] > 0), key=lambda g: -g[1])[:MOST]
    own = [g for g in shuffled if g[1] == 0 and g[0].type.key in need.types][:NEAR]
    near = [g for g in shuffled if g[1] == 0 and g[0].type.key in need.near][:NEAR]
    kin = {g[0].id for g in own} | {g[0].id for g in near}
    far = [g for g in shuffled if g[1] == 0 and g[0].id not in kin and g[0].type.key not in need.types][:FAR]
    judged = (relevant + own + near + far)[:60]
    return sorted(judged, key=lambda g: (-g[1], g[0].id))
