"""What an expert of the shop would write down: fits, sets, rooms, kindred brands and materials."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from .behaviour import fits, kinship
from .model import Catalog, Item, Pair, stream

Row = tuple[str, str, str, str, str, str, str]
COLUMNS = ("head", "relation", "tail", "weight", "source", "head_kind", "tail_kind")

# Name of the collection: its types, and the words (style, material, colour) a member should answer to.
COLLECTIONS: dict[str, tuple[tuple[str, ...], tuple[str, ...]]] = {
    "Nordic bedroom": (
        ("table_lamp", "throw", "cushion", "rug", "side_table"),
        ("nordic", "oak", "linen", "white", "grey"),
    ),
    "Tea room": (("teapot", "mug", "side_table", "cushion"), ("japandi", "stoneware", "bamboo", "sand")),
    "Velvet lounge": (
        ("armchair", "cushion", "floor_lamp", "side_table"),
        ("classic", "velvet", "brass", "burgundy"),
    ),
    "Loft workshop": (
        ("desk", "pendant_lamp", "bookshelf", "table_lamp"),
        ("industrial", "steel", "black", "charcoal"),
    ),
    "Quiet desk": (
        ("keyboard", "mouse", "laptop_stand", "table_lamp"),
        ("minimal", "bamboo", "white", "sage"),
    ),
    "Night raid": (("keyboard", "mouse", "monitor", "headphones", "chair"), ("gaming", "black", "red")),
    "Barista corner": (
        ("coffee_maker", "grinder", "mug", "beans", "coffee_filter"),
        ("copper", "steel", "modern", "classic"),
    ),
    "Heirloom kitchen": (
        ("frying_pan", "knife", "chopping_board"),
        ("classic", "cast iron", "walnut", "copper"),
    ),
    "First kitchen": (
        ("frying_pan", "knife", "chopping_board", "mug"),
        ("modern", "plastic", "aluminium", "grey"),
    ),
    "Marathon kit": (
        ("running_shoe", "running_watch", "sock", "running_belt"),
        ("technical", "mesh", "orange", "black"),
    ),
    "Two nights out": (
        ("tent", "sleeping_bag", "camp_stove", "gas_cartridge"),
        ("technical", "nylon", "forest green", "sporty"),
    ),
    "Above the tree line": (
        ("hiking_boot", "rain_jacket", "backpack", "sock"),
        ("nordic", "wool", "olive", "navy"),
    ),
    "Office week": (("loafer", "wallet", "tote", "backpack"), ("leather", "minimal", "black", "classic")),
    "Rainy city": (("rain_jacket", "sneaker", "backpack", "tote"), ("playful", "modern", "mustard", "red")),
    "Morning practice": (
        ("yoga_mat", "yoga_block", "water_bottle", "tshirt"),
        ("minimal", "cork", "sage", "lilac"),
    ),
    "Letters at night": (
        ("fountain_pen", "ink", "notebook", "table_lamp"),
        ("classic", "brass", "leather", "navy"),
    ),
    "Green sill": (
        ("plant_pot", "watering_can", "side_table"),
        ("rustic", "ceramic", "terracotta", "copper"),
    ),
}
KINDRED_MATERIALS = (
    ("oak", "pine"), ("oak", "walnut"), ("brass", "copper"), ("steel", "aluminium"), ("ceramic", "stoneware"),
    ("linen", "cotton"), ("canvas", "cotton"), ("nylon", "synthetic"), ("cork", "rubber"), ("bamboo", "pine"),
)  # fmt: skip


def make_facts(seed: int, catalog: Catalog, pairs: Sequence[Pair]) -> tuple[Row, ...]:
    rng = stream(seed, "facts")
    rows = [*_fitting(rng, catalog, pairs), *_sets(rng, catalog, pairs), *_collections(rng, catalog)]
    rows += _kinds(catalog, pairs) + _brands(catalog)
    rows += [
        (f"material={a}", "similar_to", f"material={b}", "0.7", "material lexicon", "attribute", "attribute")
        for a, b in KINDRED_MATERIALS
    ]
    return tuple(dict.fromkeys(rows))


def _fitting(rng: np.random.Generator, catalog: Catalog, pairs: Sequence[Pair]) -> list[Row]:
    """Which refill fits which device; the expert got through about half of them."""
    rows: list[Row] = []
    for pair in pairs:
        if pair.relation != "compatible_with":
            continue
        for m in catalog.by_type[pair.main]:
            for f in catalog.by_type[pair.follow]:
                main, part = catalog.items[m], catalog.items[f]
                if fits(main, part, pair.match) and rng.random() < 0.4:
                    rows.append(
                        (part.id, "compatible_with", main.id, "1.0", "fitting guide", "product", "product")
                    )
    return rows


def _sets(rng: np.random.Generator, catalog: Catalog, pairs: Sequence[Pair]) -> list[Row]:
    """For some main products, the complement that belongs with it best."""
    rows: list[Row] = []
    for pair in pairs:
        if pair.relation != "goes_with" or pair.main == pair.follow:
            continue
        mains = catalog.by_type[pair.main]
        for at in rng.choice(len(mains), size=min(7, len(mains)), replace=False).tolist():
            main = mains[at]
            free = [
                c
                for c in catalog.by_type[pair.follow]
                if fits(catalog.items[main], catalog.items[c], pair.match)
            ]
            if free:
                score = kinship(catalog.items, main, free) + 0.3 * rng.standard_normal(len(free))
                best = int(np.argmax(score))
                weight = f"{min(1.0, 0.5 + 0.2 * max(0.0, float(score[best]))):.2f}"
                ids = (catalog.items[main].id, catalog.items[free[best]].id)
                rows.append((ids[0], "goes_with", ids[1], weight, "stylist", "product", "product"))
    return rows


def _collections(rng: np.random.Generator, catalog: Catalog) -> list[Row]:
    rows: list[Row] = []
    for name, (types, words) in COLLECTIONS.items():
        for key in types:
            scored = sorted(
                catalog.by_type[key],
                key=lambda i: (-_answers(catalog.items[i], words), catalog.items[i].id),
            )
            for at in scored[: int(rng.integers(2, 5))]:
                if _answers(catalog.items[at], words):
                    rows.append(
                        (
                            catalog.items[at].id,
                            "in_collection",
                            name,
                            "1.0",
                            "stylist",
                            "product",
                            "collection",
                        )
                    )
    return rows


def _answers(item: Item, words: Sequence[str]) -> int:
    return sum(word in (item.style, item.material.name, item.colour.name) for word in words)


def _kinds(catalog: Catalog, pairs: Sequence[Pair]) -> list[Row]:
    types = catalog.vocabulary.types
    return [
        (
            types[p.follow].category,
            "complements",
            types[p.main].category,
            f"{p.chance:.2f}",
            "buyer",
            "category",
            "category",
        )
        for p in pairs
        if p.main != p.follow
    ]


def _brands(catalog: Catalog) -> list[Row]:
    """Brands of one style that share at least one category."""
    sold: dict[str, set[str]] = {}
    style: dict[str, str] = {}
    for item in catalog.items:
        sold.setdefault(item.brand.name, set()).add(item.type.key)
        style[item.brand.name] = item.style
    names = sorted(sold)
    return [
        (a, "shares_style_with", b, "0.6", "buyer", "brand", "brand")
        for a in names
        for b in names
        if a < b and style[a] == style[b] and sold[a] & sold[b]
    ]
