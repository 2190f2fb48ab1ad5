"""A made-up shop of any number of products that read like a shop's: kinds of very different sizes, brands,
series, model numbers, values that many products share; and what people type to find them.

The largest kind holds a quarter of the products. A few texts of each kind are encoded, and every product lies
a little beside one of them: encoding hundreds of thousands would take hours and tell no more.
"""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from decimal import Decimal
from itertools import accumulate
from pathlib import Path

import numpy as np
import numpy.typing as npt

from encoders.cache import EncodingCache, content_digest
from encoders.card import product_card
from encoders.text import TextEncoder
from kg.records import Interaction, Product

_THINGS = {
    "Clothing": ("shoes", "jacket", "shirt", "trousers", "dress", "hat", "gloves", "socks", "scarf", "belt"),
    "Electronics": ("headphones", "speaker", "camera", "cable", "charger", "keyboard", "monitor", "router"),
    "Home": ("lamp", "chair", "table", "sofa", "shelf", "rug", "curtain", "mirror", "clock", "vase"),
    "Kitchen": ("kettle", "toaster", "pan", "knife", "mug", "plate", "bowl", "blender", "grill", "scale"),
    "Sports": ("bicycle", "helmet", "tent", "backpack", "racket", "ball", "skates", "rope", "paddle", "mat"),
}
_SORTS = ("", "travel", "outdoor", "office", "classic", "compact", "professional", "vintage")
_COLOURS = ("black", "white", "grey", "red", "blue", "green", "brown", "yellow", "pink", "silver", "navy")
_MATERIALS = ("steel", "leather", "cotton", "oak", "bamboo", "glass", "wool", "plastic", "aluminium", "brass")
_FEATURES = ("waterproof", "bluetooth", "foldable", "rechargeable", "wireless", "handmade", "lightweight")
_USES = ("the garden", "the office", "children", "long journeys", "small rooms", "every day", "cold nights")
_SYLLABLES = (
    "ba",
    "cor",
    "da",
    "fel",
    "gra",
    "hol",
    "ka",
    "lum",
    "mo",
    "nor",
    "pel",
    "ra",
    "sten",
    "tor",
    "vi",
)
_LARGEST = 0.25
_BRANDS, _SERIES = 1_500, 9
_BASES, _SPREAD = 4_000, 0.6
"""So many cards are encoded, and a product's vector has so long a part of its own beside one of length 1."""


def products(count: int, seed: int = 0) -> Iterator[Product]:
    """`count` products, the same every time."""
    draw = random.Random(seed)
    kinds = [
        (room, f"{sort} {thing}".strip())
        for room, things in _THINGS.items()
        for thing in things
        for sort in _SORTS
    ]
    draw.shuffle(kinds)
    kinds.insert(0, kinds.pop(kinds.index(("Clothing", "shoes"))))
    sizes = [1 / (place + 2) ** 0.8 for place in range(len(kinds))]
    sizes[0] = _LARGEST / (1 - _LARGEST) * sum(sizes[1:])
    of_kind, brands = list(accumulate(sizes)), _names(draw, _BRANDS)
    of_brand = list(accumulate(1 / (place + 3) for place in range(_BRANDS)))
    for number in range(count):
        room, kind = draw.choices(kinds, cum_weights=of_kind)[0]
        brand = draw.choices(brands, cum_weights=of_brand)[0]
        series = f"{brand[:3]}{_SYLLABLES[hash_of(brand, kind) % _SERIES]}"
        colour, material = draw.choice(_COLOURS), draw.choice(_MATERIALS)
        features = draw.sample(_FEATURES, draw.randint(0, 2))
        model = f"{series[0]}{draw.choice('XLSR')}-{number % 9_973}"
        yield Product(
            id=f"p{number:07}",
            title=f"{brand} {series} {model} {' '.join((*features, colour, kind))}",
            description=f"A {kind} of {material} for {draw.choice(_USES)}, made by {brand}. "
            f"The {series} series is {draw.choice(_FEATURES)} and comes in {draw.choice(_COLOURS)} too.",
            brand=brand,
            category=(room, *dict.fromkeys((kind.split()[-1].capitalize(), kind.capitalize()))),
            attributes={
                "colour": colour,
                "material": material,
                "features": ", ".join(features),
                "weight": f"{draw.randint(1, 200) / 10} kg",
                "size": draw.choice("SMLX"),
            },
            price=Decimal(draw.randint(200, 40_000)) / 100,
        )


def purchases(count: int, seed: int = 0) -> Iterator[Interaction]:
    """Half as many users as there are products, with five purchases each: a third of them near the first."""
    draw = random.Random(seed)
    for user in range(count // 2):
        first = int(count * draw.random() ** 2)
        bought = {first, *((first + draw.randint(1, 30)) % count for _ in range(2))}
        bought |= {int(count * draw.random() ** 2) for _ in range(2)}
        for step, number in enumerate(sorted(bought)):
            yield Interaction(user=f"u{user}", product=f"p{number:07}", time=1.6e9 + user * 60.0 + step)


def queries(some: Sequence[Product], seed: int = 0) -> list[str]:
    """What people type: kinds, with brands and values, without things, below a price, misspelt, whole titles,
    model numbers, and things that no shop has."""
    draw = random.Random(seed)
    found = [
        "shoes",
        "shoes without leather",
        "bluetooth shoes",
        "black shoes",
        "shoes under 50",
        "gold shoes",
    ]
    found += ["lamp", "outdoor lamp without bluetooth", "waterproof", "blue", "zeppelin", "gift for my aunt"]
    for one in some:
        kind, colour = one.category[-1].lower(), one.attributes["colour"]
        found += [
            kind,
            f"{one.brand} {kind}",
            f"{colour} {kind}",
            f"{kind} without {draw.choice(_FEATURES)}",
            f"{draw.choice(_FEATURES)} {kind} under {draw.randint(5, 300)}",
            f"{kind[: len(kind) // 2]}{kind[len(kind) // 2 + 1 :]} {colour}",
            one.title,
            one.title.split()[2],
        ]
    return list(dict.fromkeys(found))


def encode(some: Sequence[Product], cache: Path, seed: int = 0) -> None:
    """Put a vector of every product's card where a build looks for it."""
    encoder = TextEncoder(threads=1)
    heads = [f"{one.brand} {one.attributes['colour']} {one.category[-1].lower()}" for one in some]
    bases = {head: place for place, head in enumerate(list(dict.fromkeys(heads))[:_BASES])}
    base = encoder.encode(list(bases))
    by_kind: dict[str, int] = {}
    for head, place in bases.items():
        by_kind.setdefault(head.split(" ", 2)[2], place)
    at = np.array([bases.get(head, by_kind.get(head.split(" ", 2)[2], 0)) for head in heads])
    rng = np.random.default_rng(seed)
    kept = EncodingCache(cache / "encodings.sqlite")
    cards = [product_card(one) for one in some]
    for start in range(0, len(some), 10_000):
        part = slice(start, start + 10_000)
        own = rng.standard_normal((len(at[part]), encoder.dim)).astype(np.float32)
        matrix: npt.NDArray[np.float32] = base[at[part]] + own * np.float32(_SPREAD / encoder.dim**0.5)
        matrix /= np.linalg.norm(matrix, axis=1, keepdims=True)
        kept.put([content_digest(encoder.key, card) for card in cards[part]], matrix)


def hash_of(*parts: str) -> int:
    """A number of some words, the same in every process."""
    return sum(ord(letter) * place for place, letter in enumerate("".join(parts), start=1))


def _names(draw: random.Random, count: int) -> list[str]:
    found: dict[str, None] = {}
    while len(found) < count:
        found["".join(draw.choices(_SYLLABLES, k=draw.randint(2, 4))).capitalize()] = None
    return list(found)
