"""A copy of the catalog with planted faults of every kind that the catalog doctor looks for."""

from __future__ import annotations

import copy
import json
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from .model import stream
from .vocabulary import read
from .write import write_table

FAULT_COLUMNS = ("check", "kind", "subject", "note")
FACT_COLUMNS = ("head", "relation", "tail", "head_kind", "tail_kind")
INTERACTION_COLUMNS = ("user", "product", "kind", "time")
PICTURES = "untidy_pictures"
SPOILT = {
    # a small picture without its end; nothing at all; what a server says when a picture is gone
    "cut.webp": bytes.fromhex("524946462e000000574542505650384c220000002f07c00100b98ce87fec222ad1ff3090"),
    "empty.jpg": b"",
    "page.png": b"<html>Not found</html>\n",
}
COMPLEMENTS, TREE = "complements", "subcategory_of"

Record = dict[str, Any]


@dataclass(frozen=True, kw_only=True)
class Planted:
    """One fault. `subject` is what the doctor must name: an id, an attribute, "name=value", a category."""

    check: str
    kind: str
    subject: str
    note: str = ""


@dataclass(kw_only=True)
class Untidy:
    """The spoilt catalog and what was planted into it."""

    products: list[Record]
    facts: list[tuple[str, ...]] = field(default_factory=list)
    interactions: list[tuple[str, ...]] = field(default_factory=list)
    faults: list[Planted] = field(default_factory=list)


def make_untidy(records: Iterable[Mapping[str, Any]], seed: int) -> Untidy:
    """The records with faults; the originals stay as they are. No product gets two."""
    shop = Untidy(products=[copy.deepcopy(dict(record)) for record in records])
    rng = stream(seed, "untidy")
    words = read("untidy")
    hands = _Hands(shop, rng)
    for plant in (
        _names,
        _values,
        _units,
        _prices,
        _titles,
        _languages,
        _gaps,
        _pictures,
        _categories,
        _doubles,
    ):
        plant(shop, hands, words, rng)
    _dangling(shop, rng)
    return shop


class _Hands:
    """Gives out products that have no fault yet, in an order of chance."""

    def __init__(self, shop: Untidy, rng: np.random.Generator) -> None:
        self._free = [shop.products[i] for i in rng.permutation(len(shop.products))]

    def take(self, wanted: Callable[[Record], bool], most: int = 1) -> list[Record]:
        found = [record for record in self._free if wanted(record)][:most]
        taken = {record["id"] for record in found}
        self._free = [record for record in self._free if record["id"] not in taken]
        return found


def _english(record: Record) -> bool:
    return bool(record["language"] == "en")


def _names(shop: Untidy, hands: _Hands, words: Any, rng: np.random.Generator) -> None:
    for name, others in words["names"].items():
        for other in others:
            holders = hands.take(partial(_has, name), 1 + int(rng.integers(3)))
            for record in holders:
                record["attributes"][other] = record["attributes"].pop(name)
            if holders:
                shop.faults.append(
                    Planted(check="attribute-names", kind="variants", subject=other, note=name)
                )


def _values(shop: Untidy, hands: _Hands, words: Any, rng: np.random.Generator) -> None:
    for name, values in words["values"].items():
        for value, others in values.items():
            for other in others:
                holders = hands.take(partial(_says, name, value), 1)
                for record in holders:
                    record["attributes"][name] = other
                    shop.faults.append(
                        Planted(
                            check="attribute-values",
                            kind="variants",
                            subject=f"{_read(name)}={other}",
                            note=value,
                        )
                    )


def _units(shop: Untidy, hands: _Hands, words: Any, rng: np.random.Generator) -> None:
    for unit, others in words["units"].items():
        for other in others:
            for record in hands.take(partial(_uses, unit)):
                name = _measured(record, unit)
                record["attributes"][name]["unit"] = other
                shop.faults.append(
                    Planted(
                        check="attribute-values",
                        kind="variants",
                        subject=f"{_read(name)}=unit {other}",
                        note=f"unit {unit}",
                    )
                )


def _read(name: str) -> str:
    """An attribute's name as the readers give it."""
    return name.replace("_", " ")


def _has(name: str, record: Record) -> bool:
    return name in record["attributes"]


def _says(name: str, value: str, record: Record) -> bool:
    return bool(record["attributes"].get(name) == value)


def _uses(unit: str, record: Record) -> bool:
    return bool(_measured(record, unit))


def _measured(record: Record, unit: str) -> str:
    """An attribute of the record in that unit, or ''."""
    values = record["attributes"].items()
    return next((name for name, value in values if isinstance(value, dict) and value["unit"] == unit), "")


def _stays_a_price(factor: float, record: Record) -> bool:
    return bool(record["price"] * factor >= 0.15)


def _prices(shop: Untidy, hands: _Hands, words: Any, rng: np.random.Generator) -> None:
    for factor in (10.0, 0.1, 100.0, 0.01, 10.0, 0.1):
        for record in hands.take(partial(_stays_a_price, factor)):
            record["price"] = round(record["price"] * factor, 2)
            shop.faults.append(
                Planted(check="prices", kind="outliers", subject=record["id"], note=f"times {factor:g}")
            )
    for record in hands.take(lambda r: True):
        record["price"] = 0.0
        shop.faults.append(Planted(check="prices", kind="zero", subject=record["id"]))


def _titles(shop: Untidy, hands: _Hands, words: Any, rng: np.random.Generator) -> None:
    for title in words["wrong"]["titles"]:
        for record in hands.take(lambda r: True):
            record["title"] = title
            shop.faults.append(Planted(check="titles", kind="empty", subject=record["id"], note=title))
    for record in hands.take(_english, 4):
        record["title"] = record["title"].upper()
        shop.faults.append(Planted(check="titles", kind="shouting", subject=record["id"], note="in capitals"))
    for marks in words["wrong"]["marks"]:
        for record in hands.take(_english):
            record["title"] = marks.format(record["title"])
            shop.faults.append(
                Planted(check="titles", kind="shouting", subject=record["id"], note="with marks")
            )


def _languages(shop: Untidy, hands: _Hands, words: Any, rng: np.random.Generator) -> None:
    for language, texts in words["texts"].items():
        for title, text in texts:
            for record in hands.take(_english):
                record["title"] = title.format(record["brand"])
                record["description"] = text
                shop.faults.append(
                    Planted(check="languages", kind="not_as_declared", subject=record["id"], note=language)
                )
    for record in hands.take(lambda r: r["language"] == "zh", 2):
        record["language"] = "en"
        shop.faults.append(
            Planted(check="languages", kind="not_as_declared", subject=record["id"], note="zh")
        )


def _gaps(shop: Untidy, hands: _Hands, words: Any, rng: np.random.Generator) -> None:
    for brand in words["wrong"]["brands"]:
        for record in hands.take(_english):
            record["brand"] = brand
            shop.faults.append(Planted(check="gaps", kind="no_brand", subject=record["id"], note=brand))
    for record in hands.take(lambda r: True, 3):
        record["category"] = ""
        shop.faults.append(Planted(check="gaps", kind="no_category", subject=record["id"]))


def _pictures(shop: Untidy, hands: _Hands, words: Any, rng: np.random.Generator) -> None:
    for record in hands.take(lambda r: True, 3):
        record["image"] = f"pictures/{record['id']}-gone.webp"
        shop.faults.append(Planted(check="pictures", kind="missing", subject=record["id"]))
    for name in SPOILT:
        for record in hands.take(lambda r: True):
            record["image"] = f"{PICTURES}/{name}"
            shop.faults.append(Planted(check="pictures", kind="broken", subject=record["id"], note=name))
    for record in hands.take(lambda r: True, 2):
        record["image"] = ""
        shop.faults.append(Planted(check="pictures", kind="none", subject=record["id"]))


def _categories(shop: Untidy, hands: _Hands, words: Any, rng: np.random.Generator) -> None:
    used = [record["category"] for record in shop.products if record["category"]]
    leaves = sorted(set(used))
    for name in ("Curiosities", "Left over"):
        for record in hands.take(lambda r: bool(r["category"])):
            above = record["category"].rpartition(" > ")[0]
            record["category"] = f"{above} > {name}"
            shop.faults.append(Planted(check="categories", kind="one_product", subject=record["category"]))
    for record in hands.take(lambda r: len(r["category"].rpartition(" > ")[2]) > 5):
        above, _, leaf = record["category"].rpartition(" > ")
        record["category"] = f"{above} > {_swapped(leaf)}"
        shop.faults.append(
            Planted(check="categories", kind="one_product", subject=record["category"], note=leaf)
        )
    first, second = (leaves[i] for i in rng.permutation(len(leaves))[:2])
    for known, orphan, relation in (
        (first, f"{first} > Discontinued", TREE),
        (second, f"{second.rpartition(' > ')[0]} > Next season", COMPLEMENTS),
    ):
        shop.facts.append((orphan, relation, known, "category", "category"))
        shop.faults.append(Planted(check="categories", kind="orphan", subject=orphan))


def _doubles(shop: Untidy, hands: _Hands, words: Any, rng: np.random.Generator) -> None:
    ways: Sequence[tuple[str, Callable[[str], str]]] = (
        ("case", str.title),
        ("order", lambda t: " ".join([*t.split()[2:], *t.split()[:2]])),
        ("typo", _mistyped),
        ("signs", lambda t: t.replace(",", " -")),
        *(("noise", noise.format) for noise in words["wrong"]["noise"]),
    )
    for number, (note, change) in enumerate(ways, start=1):
        for record in hands.take(lambda r: _english(r) and len(r["title"].split()) > 3):
            double = copy.deepcopy(record) | {
                "id": f"UT-{number:02d}",
                "gtin": "",
                "title": change(record["title"]),
            }
            shop.products.append(double)
            shop.faults.append(
                Planted(
                    check="duplicates",
                    kind="same_product",
                    subject=double["id"],
                    note=f"{note}: {record['id']}",
                )
            )
    for number, record in enumerate(hands.take(_english, 3), start=len(ways) + 1):
        double = copy.deepcopy(record) | {
            "id": f"UT-{number:02d}",
            "title": f"{record['brand']} article {number}",
        }
        if number % 2:
            double["gtin"] = f"0{record['gtin']}"  # the same number, as a GTIN-14
        shop.products.append(double)
        shop.faults.append(
            Planted(check="duplicates", kind="same_gtin", subject=double["id"], note=record["id"])
        )


def _mistyped(title: str) -> str:
    """The longest word with two letters swapped."""
    words = title.split()
    at = max(
        range(len(words)), key=lambda i: len(words[i].strip(",")) if words[i].strip(",").isalpha() else 0
    )
    word = words[at]
    words[at] = _swapped(word)
    return " ".join(words)


def _swapped(word: str) -> str:
    """Two letters after the second swapped, the first two that differ."""
    at = next((i for i in range(2, len(word) - 1) if word[i] != word[i + 1]), 0)
    return word[:at] + word[at + 1] + word[at] + word[at + 2 :]


def _dangling(shop: Untidy, rng: np.random.Generator) -> None:
    ids = [shop.products[i]["id"] for i in rng.permutation(len(shop.products))[:6]]
    for number, known in enumerate(ids, start=1):
        gone = f"GONE-{number}"
        if number <= 4:
            shop.facts.append((known, "goes_with", gone, "product", "product"))
            shop.faults.append(Planted(check="dangling", kind="facts", subject=gone, note=known))
        if number >= 3:
            shop.interactions.append((f"U9{number:03d}", gone, "view", f"2024-02-0{number}T10:00:00Z"))
            shop.faults.append(Planted(check="dangling", kind="interactions", subject=gone))


def write_untidy(folder: Path, shop: Untidy) -> None:
    """untidy.jsonl and what belongs to it, into the folder of the catalog, whose pictures it names."""
    with (folder / "untidy.jsonl").open("w", encoding="utf-8", newline="\n") as out:
        for record in shop.products:
            out.write(json.dumps(record, ensure_ascii=False) + "\n")
    write_table(folder / "untidy_facts.csv", FACT_COLUMNS, shop.facts)
    write_table(folder / "untidy_interactions.csv", INTERACTION_COLUMNS, shop.interactions)
    write_table(folder / "untidy_faults.csv", FAULT_COLUMNS, _rows(shop.faults))
    (folder / PICTURES).mkdir(exist_ok=True)
    for name, content in SPOILT.items():
        (folder / PICTURES / name).write_bytes(content)


def _rows(faults: Iterable[Planted]) -> Iterator[tuple[str, ...]]:
    for fault in faults:
        yield fault.check, fault.kind, fault.subject, fault.note
