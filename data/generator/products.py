"""Draws the items of the catalog: brand, material, colour, attributes, price; then names and numbers them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from .describe import description, title
from .model import Brand, Catalog, Item, Material, ProductType, Value, Vocabulary, stream
from .specs import draw

# Attributes that decide whether two products fit each other are always filled in.
FITTING = frozenset({"socket", "filter_size", "valve", "ink_system", "connection", "terrain"})


def make_catalog(seed: int, vocabulary: Vocabulary) -> Catalog:
    drawn: list[Item] = []
    for product_type in vocabulary.types.values():
        rng = stream(seed, f"items {product_type.key}")
        drawn.extend(_items(rng, product_type, vocabulary))
    rng = stream(seed, "words")
    taken: set[str] = set()
    items: list[Item] = []
    # Ids in shuffled order: an id must not tell the category.
    for number, at in enumerate(rng.permutation(len(drawn)), start=1):
        item = replace(
            drawn[at], id=f"SG-{number:04d}", gtin=gtin13(rng, number), availability=_availability(rng)
        )
        item = replace(item, title=title(rng, item, taken))
        items.append(replace(item, description=description(rng, item)))
    by_type = {
        key: tuple(i for i, item in enumerate(items) if item.type.key == key) for key in vocabulary.types
    }
    return Catalog(items=tuple(items), vocabulary=vocabulary, by_type=by_type)


def gtin13(rng: np.random.Generator, number: int) -> str:
    """A valid GTIN-13 in the range 200-299 that GS1 keeps for in-house use, so it is nobody's."""
    digits = f"2{int(rng.integers(100)):02d}{int(rng.integers(10000)):04d}{number:05d}"
    return digits + str(check_digit(digits))


def check_digit(digits: str) -> int:
    total = sum(int(d) * (3 if i % 2 == 0 else 1) for i, d in enumerate(reversed(digits)))
    return -total % 10


def makers(product_type: ProductType, brands: Sequence[Brand]) -> list[Brand]:
    middle = product_type.category.split(" > ")[1]
    return [b for b in brands if product_type.key in b.makes or middle in b.makes]


def palette(product_type: ProductType, material: Material) -> tuple[str, ...]:
    if product_type.colours:
        return product_type.colours
    return tuple(dict.fromkeys(material.own + (product_type.dyed or material.dyed)))


def _items(rng: np.random.Generator, product_type: ProductType, vocabulary: Vocabulary) -> list[Item]:
    brands = makers(product_type, vocabulary.brands)
    chinese = set(rng.permutation(product_type.count)[: 3 + int(rng.integers(2))].tolist())
    items = []
    for n in range(product_type.count):
        # Every maker is there at least once, then by chance.
        brand = (
            brands[n]
            if n < len(brands) and n < product_type.count // 2
            else brands[int(rng.integers(len(brands)))]
        )
        items.append(_item(rng, product_type, brand, vocabulary, n in chinese and bool(product_type.zh_open)))
    return items


def _item(
    rng: np.random.Generator, product_type: ProductType, brand: Brand, vocabulary: Vocabulary, chinese: bool
) -> Item:
    material = vocabulary.materials[_favour(rng, product_type.materials, brand, 4.0)]
    colour = vocabulary.colours[_favour(rng, palette(product_type, material), brand, 3.5)]
    names = list(product_type.uses)
    uses = tuple(vocabulary.uses[names[i]] for i in rng.permutation(len(names))[: int(rng.integers(2, 4))])
    if brand.style in names:  # gaming brands make things for gaming
        own = vocabulary.uses[brand.style]
        uses = (own, *(use for use in uses if use != own))
    second = _favour(rng, product_type.second, brand, 3.0) if product_type.second else ""
    specs: dict[str, Value] = {}
    size = 0.0
    for name, spec in product_type.specs.items():
        specs[name], at = draw(rng, spec, style=brand.style, second=second)
        if name == "vegan" and material.name in ("leather", "wool"):
            specs[name] = False
        size += 0.07 * at
        size += 0.05 if specs[name] is True else 0.0
    level = float(np.log(brand.level) + np.log(material.price) + size + 0.1 * rng.standard_normal())
    hidden = tuple(name for name in specs if name not in FITTING and rng.random() < 0.06)
    return Item(
        type=product_type,
        brand=brand,
        material=material,
        colour=colour,
        style=brand.style,
        uses=uses,
        specs=specs,
        hidden=hidden,
        price=shop_price(product_type.price * float(np.exp(level))),
        level=level,
        appeal=float(0.7 * rng.standard_normal()),
        chinese=chinese,
    )


def shop_price(amount: float) -> float:
    """Prices end as prices end in shops."""
    if amount < 20:
        return round(max(round(amount * 2) / 2 - 0.05, 1.45), 2)
    if amount < 100:
        return round(amount) - 0.1
    return float(round(amount / 5) * 5 - 1)


def _favour(rng: np.random.Generator, choices: Sequence[str], brand: Brand, boost: float) -> str:
    weights = np.array([boost if choice in brand.likes else 1.0 for choice in choices])
    return choices[int(rng.choice(len(choices), p=weights / weights.sum()))]


def _availability(rng: np.random.Generator) -> str:
    return ("in_stock", "out_of_stock", "preorder")[int(rng.choice(3, p=[0.9, 0.07, 0.03]))]
