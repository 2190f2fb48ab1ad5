"""Reads the words folder: colours, materials, uses, brands, product types, complements."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from .model import Brand, Colour, Material, Pair, ProductType, Rgb, Use, Vocabulary

WORDS = Path(__file__).with_name("words")
TYPE_FILES = ("home", "kitchen", "wear", "tech", "active", "paper")


def read(name: str) -> Any:
    return tomllib.loads((WORDS / f"{name}.toml").read_text(encoding="utf-8"))


def load_vocabulary() -> Vocabulary:
    types = [_type(entry) for name in TYPE_FILES for entry in read(name)["type"]]
    return Vocabulary(
        colours={
            name: Colour(name=name, zh=c["zh"], rgb=_rgb(c["rgb"]))
            for name, c in read("colours")["colour"].items()
        },
        materials={name: _material(name, m) for name, m in read("materials")["material"].items()},
        uses={key: Use(key=key, en=tuple(u["en"]), zh=u["zh"]) for key, u in read("uses")["use"].items()},
        brands=tuple(Brand(**_tuples({"zh": ""} | b)) for b in read("brands")["brand"]),
        types={t.key: t for t in types},
    )


def load_pairs() -> tuple[Pair, ...]:
    return tuple(Pair(**entry) for entry in read("complements")["pair"])


def load_situations() -> Mapping[str, Mapping[str, float]]:
    situations: Mapping[str, Mapping[str, float]] = read("situations")["situation"]
    return situations


def _type(entry: Mapping[str, Any]) -> ProductType:
    return ProductType(**(_tuples(entry) | {"specs": entry["specs"]}))


def _material(name: str, m: Mapping[str, Any]) -> Material:
    return Material(name=name, **(_tuples({"dyed": []} | dict(m)) | {"rgb": _rgb(m["rgb"])}))


def _tuples(entry: Mapping[str, Any]) -> dict[str, Any]:
    return {k: tuple(v) if isinstance(v, list) else v for k, v in entry.items()}


def _rgb(values: list[int]) -> Rgb:
    red, green, blue = values
    return red, green, blue
