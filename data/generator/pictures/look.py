"""What a form may know of its product: surfaces for its parts, and its attributes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from ..model import Item, Rgb, Value, Vocabulary
from .textures import Surface


@dataclass(frozen=True, kw_only=True)
class Look:
    main: Surface
    accent: Surface
    second: Surface
    tint: Rgb
    specs: Mapping[str, Value]
    rng: np.random.Generator

    def number(self, name: str, default: float) -> float:
        value = self.specs.get(name)
        if isinstance(value, Mapping):
            return float(value["number"])
        return float(value) if isinstance(value, int | float) else default

    def is_(self, name: str, value: Value = True) -> bool:
        return self.specs.get(name) == value

    def vary(self, low: float, high: float) -> float:
        return float(self.rng.uniform(low, high))


STEEL = Surface(texture="metal", rgb=(188, 192, 198))
BLACK = Surface(texture="plastic", rgb=(42, 43, 47))
WHITE = Surface(texture="plastic", rgb=(242, 241, 238))
SOLE = Surface(texture="plastic", rgb=(236, 234, 228))
PAPER = Surface(texture="paper", rgb=(246, 242, 232))
SCREEN = Surface(texture="plastic", rgb=(58, 72, 92))
OAK = Surface(texture="wood", rgb=(203, 164, 112))
BULB = Surface(texture="plastic", rgb=(255, 243, 205))


def look_of(item: Item, vocabulary: Vocabulary, rng: np.random.Generator) -> Look:
    natural = item.colour.name in item.material.own
    tint = item.material.rgb if natural else item.colour.rgb
    accents = {
        "wood": BLACK,
        "metal": BLACK,
        "ceramic": OAK,
        "stone": OAK,
        "glass": STEEL,
        "plastic": STEEL,
        "leather": STEEL,
        "fabric": Surface(texture="leather", rgb=(122, 78, 48)),
        "paper": STEEL,
    }
    other = vocabulary.materials.get(str(item.specs.get("handle", item.specs.get("legs", ""))))
    accent = accents.get(item.material.texture, STEEL)
    return Look(
        main=Surface(texture=item.material.texture, rgb=shade(tint, float(rng.uniform(0.94, 1.05)))),
        accent=accent,
        second=Surface(texture=other.texture, rgb=other.rgb) if other else accent,
        tint=tint,
        specs=item.specs,
        rng=rng,
    )


def shade(rgb: Rgb, factor: float) -> Rgb:
    red, green, blue = (int(min(255, max(0, channel * factor))) for channel in rgb)
    return red, green, blue


def darker(surface: Surface, factor: float = 0.7) -> Surface:
    return Surface(texture=surface.texture, rgb=shade(surface.rgb, factor))


def plain(rgb: Rgb) -> Surface:
    return Surface(texture="plastic", rgb=rgb)
