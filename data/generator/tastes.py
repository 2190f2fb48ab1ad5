"""Who shops: each user's situation, taste and purse. None of this is ever written to a file."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from .model import Catalog, Item, stream

Floats = NDArray[np.float64]


@dataclass(frozen=True, kw_only=True)
class Shopper:
    """`wants` is the chance of each product type, `likes` how much each item pleases (higher is better)."""

    id: str
    wants: Floats
    likes: Floats
    purchases: int
    chinese: bool


def make_shoppers(
    seed: int, catalog: Catalog, situations: Mapping[str, Mapping[str, float]], count: int
) -> tuple[Shopper, ...]:
    rng = stream(seed, "shoppers")
    types = list(catalog.vocabulary.types)
    shoppers = []
    for number in range(1, count + 1):
        wants = _wants(rng, types, situations)
        chinese = bool(rng.random() < 0.07)
        shoppers.append(
            Shopper(
                id=f"U{number:04d}",
                wants=wants,
                likes=_likes(rng, catalog.items, types, wants, chinese),
                purchases=int(np.clip(rng.gamma(5.0, 2.8), 8, 25)),
                chinese=chinese,
            )
        )
    return tuple(shoppers)


def _wants(
    rng: np.random.Generator, types: Sequence[str], situations: Mapping[str, Mapping[str, float]]
) -> Floats:
    """One main situation, a lesser one, and a little of everything."""
    names = list(situations)
    main, lesser = (names[i] for i in rng.choice(len(names), size=2, replace=False))
    total = np.full(len(types), 0.12 / len(types))
    for name, share in ((main, 0.63), (lesser, 0.25)):
        weights = np.array([situations[name].get(t, 0.0) for t in types])
        total += share * weights / weights.sum()
    return total / float(total.sum())


def _likes(
    rng: np.random.Generator, items: Sequence[Item], types: Sequence[str], wants: Floats, chinese: bool
) -> Floats:
    brands = sorted({item.brand.name for item in items})
    want = dict(zip(types, wants.tolist(), strict=True))
    styles = sorted({item.style for item in items})
    style = dict(zip(styles, (0.9 * rng.dirichlet(np.full(len(styles), 0.35)) / 0.5).tolist(), strict=True))
    # People get to know the brands of the things they look for.
    met = np.array([sum(want[i.type.key] for i in items if i.brand.name == b) for b in brands]) + 0.02
    favourite = rng.choice(len(brands), size=5, replace=False, p=met / met.sum())
    brand = {b: float(0.25 * rng.standard_normal()) for b in brands}
    for rank, at in enumerate(favourite.tolist()):
        brand[brands[at]] += 2.4 - 0.25 * rank
    material = _favourites(rng, sorted({i.material.name for i in items}), 4, 1.25)
    colour = _favourites(rng, sorted({i.colour.name for i in items}), 4, 1.15)
    purse = float(rng.normal(0.1, 0.35))
    tongue = 1.4 if chinese else -0.9
    return np.array(
        [
            brand[i.brand.name]
            + min(style[i.style], 1.3)
            + (0.0 if i.type.packaging else material[i.material.name])
            + colour[i.colour.name]
            + i.appeal
            - 1.3 * (i.level - purse) ** 2
            + (tongue if i.chinese else 0.0)
            for i in items
        ]
    )


def _favourites(rng: np.random.Generator, names: Sequence[str], count: int, gain: float) -> dict[str, float]:
    score = {name: float(0.15 * rng.standard_normal()) for name in names}
    for at in rng.choice(len(names), size=count, replace=False).tolist():
        score[names[at]] += gain
    return score
