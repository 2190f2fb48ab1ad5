"""Small shops with a known truth: one by hand, one planted with tastes, one of real words and pictures."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path

import numpy as np

from kg.graph import Graph
from kg.records import Fact, Interaction, Product, Quantity
from kg.snapshot import assemble
from recommend.settings import Settings

FEW_QUERIES = 200
"""Enough that a search is taught, and few enough for shops as small as these."""

PLAIN = Settings(text=False, image=False, kge=False, gnn=False, fusion=None, search_queries=FEW_QUERIES)
"""No models: what the graph, the log and the words say."""

NASTY = "ugly \" ' \\ `\n</td><b>& 灯 }) DETACH DELETE n //"
"""An id, title and brand in one that every format would like to choke on."""

TEXTS = (
    "somewhere comfortable to sit",
    "brew a hot drink",
    "it rains outside",
    "listen to songs",
    "illuminate the corner",
)
"""Searches of the shop of words."""

STRANGE = (
    "lamp " * 2_000,
    "x" * 10_000,
    "灯" * 10_000,
    "💡🛋️👩‍👩‍👧‍👦",
    "'; DROP TABLE products; --",
    '"}) MATCH (n) DETACH DELETE n //',
    "$where {id: 1} `x`",
    "!?…—&%§",
    "\x00\x01\x02lamp\x7f",
    "\u202elamp\u202c",
    "a\u0300\u0301\u0302" * 50,
    "lamp\ud800",
    "\udcff\udcfe",
    bytes(range(256)).decode("utf-8", "surrogateescape"),
    bytes(range(256)).decode("latin-1"),
    "NaN",
    "-1e999",
    "../../etc/passwd",
    "<script>alert(1)</script>",
)
"""Searches that nobody should type, and somebody will."""


def by_hand() -> Graph:
    """Thirteen products, one of them only mentioned, and seven users, all small enough to know by heart."""
    lamps = ("Home", "Lighting", "Table lamps")
    bulbs = ("Home", "Lighting", "Bulbs")
    cups = ("Kitchen", "Cups")
    products = [
        Product(
            id="lamp1",
            title="Brass table lamp",
            brand="Lumo",
            category=lamps,
            price=Decimal("49.00"),
            attributes={
                "colour": "brass",
                "fitting": "E14",
                "dimmable": True,
                "power": Quantity(number=40, unit="W"),
            },
            availability="in_stock",
            language="en",
            collections=("study",),
        ),
        Product(
            id="lamp2",
            title="Black table lamp",
            brand="Lumo",
            category=lamps,
            price=Decimal("35.50"),
            attributes={"colour": "black", "fitting": "E27"},
            availability="sold_out",
            language="en",
        ),
        Product(
            id="lamp3",
            title="Black desk lamp for reading",
            brand="Noctis",
            category=lamps,
            price=Decimal("80"),
            attributes={"colour": "black", "fitting": "E14", "dimmable": True},
            language="en",
            collections=("study",),
        ),
        Product(
            id="lamp4",
            title="黄铜台灯 卧室床头灯",
            brand="Noctis",
            category=lamps,
            attributes={"colour": "brass"},
            language="zh",
        ),
        Product(
            id="bulb1",
            title="LED bulb E14, warm white",
            brand="Noctis",
            category=bulbs,
            price=Decimal("4.90"),
            attributes={"fitting": "E14", "pack": 2.0},
        ),
        Product(
            id="bulb2",
            title="LED bulb E27",
            brand="Noctis",
            category=bulbs,
            price=Decimal("5.90"),
            attributes={"fitting": "E27"},
        ),
        Product(
            id="cup1",
            title="Blue cup of stoneware",
            description="Holds coffee or tea.",
            brand="Terra",
            category=cups,
            price=Decimal("12"),
            attributes={"colour": ("blue", "white"), "material": "stoneware"},
        ),
        Product(
            id="cup2",
            title="White cup of porcelain",
            brand="Terra",
            category=cups,
            price=Decimal("14"),
            attributes={"colour": "white", "material": "porcelain"},
        ),
        Product(id="cup3", title="Glass cup", brand="Vitro", category=cups, attributes={"material": "glass"}),
        Product(id="rug1", title="Woollen rug", labels=("Rugs", "Home textiles"), price=Decimal("120")),
        Product(id="rug2", title="Cotton rug", labels=("Rugs",), price=Decimal("60")),
        Product(id=NASTY, title=NASTY, brand=NASTY, category=(NASTY.strip(),), attributes={"colour": NASTY}),
    ]
    facts = [
        Fact(head="lamp1", relation="compatible_with", tail="bulb1"),
        Fact(head="lamp3", relation="compatible_with", tail="bulb1"),
        Fact(head="lamp2", relation="compatible_with", tail="bulb2"),
        # the same name for other kinds of nodes: two relations that must not be taken for one
        Fact(head="cup1", relation="compatible_with", tail="Kitchen > Cups", tail_kind="category"),
        Fact(head="cup2", relation="compatible_with", tail="Kitchen > Cups", tail_kind="category"),
        Fact(head="cup1", relation="compatible_with", tail="blue hour", tail_kind="collection"),
        Fact(head="cup3", relation="compatible_with", tail="blue hour", tail_kind="collection"),
        Fact(head="Lumo", relation="recommends", tail="bulb1", head_kind="brand"),
        Fact(head="Lumo", relation="recommends", tail="bulb2", head_kind="brand"),
        Fact(head="rug1", relation="also_viewed", tail="gone", weight=3.0),  # a stub
        Fact(head="rug2", relation="also_viewed", tail="gone"),
        Fact(head="rug1", relation="also_viewed", tail="rug2", weight=2.0),
        Fact(head=NASTY, relation="also_viewed", tail="lamp1"),
        Fact(head="gone", relation="in_category", tail="Home > Lighting > Bulbs", tail_kind="category"),
    ]
    log = [
        ("u1", "lamp1", 1), ("u1", "bulb1", 2), ("u1", "cup1", 3),
        ("u2", "lamp1", 5), ("u2", "bulb1", 6), ("u2", "cup2", 7),
        ("u3", "lamp3", 2), ("u3", "bulb1", 4),
        ("u4", "lamp2", 1), ("u4", "bulb2", 9),
        ("u5", "cup1", 1), ("u5", "cup2", 2), ("u5", "cup3", 3), ("u5", "gone", 4),
        ("u6", "rug1", 1), ("u6", NASTY, 2),
    ]  # fmt: skip
    interactions = [Interaction(user=u, product=p, time=float(t)) for u, p, t in log]
    interactions += [
        Interaction(user="u7", product="lamp2", kind="view"),
        Interaction(user="u7", product="lamp3", kind="cart", query="black lamp"),
        Interaction(user="u1", product="lamp3", kind="click", query="black lamp", time=4.0),
    ]
    return assemble(products, facts, interactions)


LEAVES, BRANDS, COLOURS = 12, 8, 6


def planted(count: int = 200, users: int = 150, *, seed: int = 0, noise: int = 0) -> Graph:
    """Users buy by category and colour, in the order of time; brands mean nothing.

    `noise` > 0 adds that many random 'random_link' facts per product.
    """
    rng = np.random.default_rng(seed)
    leaf, colour = rng.integers(LEAVES, size=count), rng.integers(COLOURS, size=count)
    brand = rng.integers(BRANDS, size=count)
    words = ["oak", "steel", "linen", "glass", "wool", "clay", "cork", "jute"]
    products = [
        Product(
            id=f"p{i:03d}",
            title=f"Kind{leaf[i]} {words[i % 8]} item {words[i * 7 % 5]}",
            brand=f"Brand{brand[i]}",
            category=(f"Root{leaf[i] % 3}", f"Kind{leaf[i]}"),
            price=None if i % 11 == 0 else Decimal(int(rng.integers(1, 200))),
            availability=("", "in_stock", "sold_out")[i % 3],
            language="en",
            attributes={"colour": f"colour{colour[i]}", "size": float(i % 5), "eco": bool(i % 2)},
        )
        for i in range(count)
    ]
    drawn = rng.zipf(1.6, size=count * 4)
    appeal = 1.0 / (1 + np.minimum(drawn[:count], 20))
    interactions: list[Interaction] = []
    for user in range(users):
        weight = appeal * np.where(np.isin(leaf, rng.choice(LEAVES, 2, replace=False)), 1.0, 0.01)
        weight *= np.where(colour == rng.integers(COLOURS), 3.0, 1.0)
        bought = rng.choice(count, int(rng.integers(4, 12)), replace=False, p=weight / weight.sum())
        interactions += [
            Interaction(user=f"u{user:03d}", product=f"p{p:03d}", time=float(1000 * user + step))
            for step, p in enumerate(bought.tolist())
        ]
    facts = [
        Fact(head=f"p{i:03d}", relation="random_link", tail=f"p{int(j):03d}")
        for i in range(count)
        for j in rng.choice(count, noise, replace=False)
        if i != j
    ]
    facts += [Fact(head=f"p{i:03d}", relation="also_viewed", tail=f"stub{i % 7}") for i in range(0, count, 3)]
    return assemble(products, facts, interactions)


KINDS: dict[str, tuple[str, str]] = {
    "armchair": ("Furniture", "A soft seat with arms where one reads in the evening."),
    "sofa": ("Furniture", "Room for three people to sit side by side."),
    "desk": ("Furniture", "A flat surface to write on, with a drawer for pens."),
    "floor lamp": ("Lighting", "Gives light to a whole corner of the room."),
    "light bulb": ("Lighting", "Screws into any socket and shines for years."),
    "frying pan": ("Kitchen", "Browns meat evenly over gas and induction."),
    "teapot": ("Kitchen", "Brews leaves for four and pours without a drip."),
    "chef's knife": ("Kitchen", "A blade that slices onions like butter."),
    "headphones": ("Electronics", "Music without the noise of the street."),
    "laptop": ("Electronics", "A computer that travels in a bag."),
    "bath towel": ("Bathroom", "Dries the skin after a shower."),
    "umbrella": ("Outdoor", "Keeps you dry in the rain."),
}
MAKERS = ("Ardea", "Borealis", "Cinder", "Dovetail", "Elm & Sons")


def of_words(pictures: Path | None = None) -> Graph:
    """Sixty products that read like real ones; with the pictures of a folder, named after their ids."""
    products: list[Product] = []
    for number, (kind, (room, description)) in enumerate(KINDS.items()):
        for variant, maker in enumerate(MAKERS):
            product_id = f"{kind.replace(' ', '-')}-{variant}"
            picture = "" if pictures is None else str(pictures / f"{product_id}.png")
            if variant == 4:
                picture = ""
            products.append(
                Product(
                    id=product_id,
                    title=f"{maker} {kind} {('oak', 'slate', 'moss', 'ruby', 'sand')[variant]}",
                    description=description,
                    brand=maker,
                    category=(room, kind),
                    price=Decimal(10 * number + variant),
                    image=picture,
                )
            )
    rng = np.random.default_rng(0)
    interactions = [
        Interaction(user=f"u{user}", product=products[int(p)].id, time=float(step))
        for user in range(40)
        for step, p in enumerate(rng.choice(5 * (user % 6) * 2 + np.arange(10), 4, replace=False))
    ]
    return assemble(products, [], interactions)
