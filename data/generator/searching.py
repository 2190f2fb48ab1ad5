"""What people type into the search box when they look for an item."""

from __future__ import annotations

import numpy as np

from .describe import honest, pick
from .model import Item, Vocabulary


def typed_query(rng: np.random.Generator, item: Item, vocabulary: Vocabulary) -> str:
    if item.chinese:
        noun = pick(rng, honest(item, item.type.zh))
        return noun if rng.random() < 0.6 else f"{item.material.zh}{noun}"
    noun = pick(rng, honest(item, item.type.nouns)).lower()
    material = item.colour.name if item.type.packaging else item.material.name
    fitting = [
        str(v) for name, v in item.specs.items() if item.type.specs[name].get("title") and isinstance(v, str)
    ]
    text = pick(
        rng,
        (
            noun,
            noun,
            f"{item.brand.name.lower()} {noun}",
            f"{material} {noun}",
            f"{item.colour.name} {noun}",
            f"{noun} for {pick(rng, item.uses[0].en)}",
            f"{noun} {pick(rng, fitting)}" if fitting else noun,
        ),
    )
    return misspelt(rng, text) if rng.random() < 0.05 else text


def misspelt(rng: np.random.Generator, text: str) -> str:
    """Two neighbouring letters change places."""
    spots = [i for i in range(1, len(text) - 2) if text[i].isalpha() and text[i + 1].isalpha()]
    if not spots:
        return text
    i = spots[int(rng.integers(len(spots)))]
    return text[:i] + text[i + 1] + text[i] + text[i + 2 :]
