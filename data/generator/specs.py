"""Draws attribute values from the short notation of the words files, and says them aloud."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from .model import Value

LETTERS = ("XS", "S", "M", "L", "XL", "XXL")


def draw(
    rng: np.random.Generator, spec: Mapping[str, Any], *, style: str, second: str
) -> tuple[Value, float]:
    """A value and, for sizes and amounts, where it lies between its least (-1) and its most (+1)."""
    if "one" in spec:
        return str(spec["one"][int(rng.integers(len(spec["one"])))]), 0.0
    if "yes" in spec:
        return bool(rng.random() < spec["yes"]), 0.0
    if "from" in spec:
        steps = round((spec["to"] - spec["from"]) / spec["step"])
        at = int(rng.integers(steps + 1))
        number = round(spec["from"] + at * spec["step"], 2)
        return {
            "number": int(number) if number == int(number) else number,
            "unit": spec["unit"],
        }, 2 * at / steps - 1
    if "int" in spec:
        low, high = spec["int"]
        count = int(rng.integers(low, high + 1))
        return count, 2 * (count - low) / (high - low) - 1
    for key in ("one_number", "one_quantity"):
        if key in spec:
            at = int(rng.integers(len(spec[key])))
            number = int(spec[key][at])
            value: Value = number if key == "one_number" else {"number": number, "unit": str(spec["unit"])}
            return value, 2 * at / (len(spec[key]) - 1) - 1
    if "some" in spec:
        n = int(rng.integers(spec["n"][0], spec["n"][1] + 1))
        picked = rng.choice(len(spec["some"]), size=n, replace=False)
        return tuple(str(spec["some"][i]) for i in sorted(picked.tolist())), 0.0
    if "one_list" in spec:
        return tuple(map(str, spec["one_list"][int(rng.integers(len(spec["one_list"])))])), 0.0
    if "run" in spec:
        low, high = spec["run"]
        first = low + int(rng.integers(0, 4))
        return tuple(str(size) for size in range(first, high - int(rng.integers(0, 4)) + 1)), 0.0
    if "letters" in spec:
        return LETTERS[int(rng.integers(0, 2)) : 5 + int(rng.integers(0, 2))], 0.0
    return (second if "second" in spec else style), 0.0


def spoken(value: Value) -> str:
    """The value as it stands in a sentence."""
    if isinstance(value, Mapping):
        return f"{value['number']} {value['unit']}"
    if isinstance(value, tuple):
        if len(value) > 3:
            return f"{value[0]} to {value[-1]}"
        return ", ".join(value[:-1]) + " and " + value[-1] if len(value) > 1 else value[0]
    return str(value)


def sentence(spec: Mapping[str, Any], value: Value) -> str:
    """The English sentence about an attribute, or nothing when there is nothing to say."""
    if "say" not in spec or value is False or value in ("none", 0):
        return ""
    return str(spec["say"]).format(spoken(value))


def chinese(spec: Mapping[str, Any], value: Value, words: Mapping[str, str]) -> str:
    if "zh" not in spec or value is False:
        return ""
    if isinstance(value, Mapping):
        unit = str(value["unit"])
        return str(spec["zh"]).format(f"{value['number']}{words.get(unit, unit)}")
    return str(spec["zh"]).format(words.get(str(value), str(value)))
