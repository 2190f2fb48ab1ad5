"""What the parts of the generator hand to each other, latent variables included."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from zlib import crc32

import numpy as np

Rgb = tuple[int, int, int]
Quantity = Mapping[str, float | int | str]
Value = str | float | int | bool | Quantity | tuple[str, ...]


def stream(seed: int, purpose: str) -> np.random.Generator:
    """One generator per purpose, so that a change in one part leaves the others as they were."""
    return np.random.default_rng([seed, crc32(purpose.encode())])


@dataclass(frozen=True, kw_only=True)
class Colour:
    name: str
    zh: str
    rgb: Rgb


@dataclass(frozen=True, kw_only=True)
class Material:
    name: str
    texture: str
    zh: str
    price: float
    own: tuple[str, ...]
    dyed: tuple[str, ...]
    rgb: Rgb
    feel: tuple[str, ...]
    care: tuple[str, ...]
    zh_text: str


@dataclass(frozen=True, kw_only=True)
class Brand:
    name: str
    zh: str
    level: float
    style: str
    makes: tuple[str, ...]
    likes: tuple[str, ...]
    motto: tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class Use:
    key: str
    en: tuple[str, ...]
    zh: str


@dataclass(frozen=True, kw_only=True)
class ProductType:
    key: str
    category: str
    nouns: tuple[str, ...]
    zh: tuple[str, ...]
    price: float
    count: int
    materials: tuple[str, ...]
    uses: tuple[str, ...]
    open: tuple[str, ...]
    feel: tuple[str, ...]
    specs: Mapping[str, Mapping[str, Any]]
    colours: tuple[str, ...] = ()
    dyed: tuple[str, ...] = ()
    second: tuple[str, ...] = ()
    packaging: bool = False
    zh_open: tuple[str, ...] = ()
    zh_care: str = ""


@dataclass(frozen=True, kw_only=True)
class Item:
    """A product with what it really is (type, uses, appeal), before any words are chosen for it."""

    type: ProductType
    brand: Brand
    material: Material
    colour: Colour
    style: str
    uses: tuple[Use, ...]
    specs: Mapping[str, Value]
    hidden: tuple[str, ...]  # attributes the shop forgot to fill in
    price: float
    level: float  # log price relative to its type
    appeal: float
    chinese: bool
    id: str = ""
    title: str = ""
    description: str = ""
    gtin: str = ""
    availability: str = "in_stock"


@dataclass(frozen=True, kw_only=True)
class Vocabulary:
    colours: Mapping[str, Colour]
    materials: Mapping[str, Material]
    uses: Mapping[str, Use]
    brands: tuple[Brand, ...]
    types: Mapping[str, ProductType]


@dataclass(frozen=True, kw_only=True)
class Pair:
    """A main product and what people buy after it; `match` is the attribute both must share."""

    main: str
    follow: str
    chance: float
    days: float
    match: str = ""
    relation: str = "goes_with"


@dataclass(frozen=True, kw_only=True)
class Event:
    user: str
    product: str
    kind: str
    minute: int  # since the start of the log
    order: str = ""
    query: str = ""
    value: str = ""


@dataclass(frozen=True, kw_only=True)
class Catalog:
    items: tuple[Item, ...]
    vocabulary: Vocabulary
    by_type: Mapping[str, tuple[int, ...]] = field(default_factory=dict)
