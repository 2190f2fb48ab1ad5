"""Icecat, which has no categories, against types that were judged by hand; Beauty, which has them."""

from __future__ import annotations

import json
import time
from collections import Counter
from pathlib import Path

import pytest

from kg.derive import Derived, derive
from kg.graph import Graph
from kg.reading import Mapping, read
from kg.records import Fact, Product
from kg.snapshot import assemble

pytestmark = [pytest.mark.long, pytest.mark.data]

VERDICTS = Path(__file__).with_name("icecat_verdicts.json")
"""Products drawn at random (seed 2040) from those that had a type, the type that they had, and whether that
is right, too general (true, but of more than a shopper would call so) or wrong. Three wrong ones have another
type or none by now: the least confidence was raised after the judging."""


@pytest.fixture(scope="module")
def icecat(test_data: Path) -> Graph:
    products = read(test_data / "icecat" / "products.jsonl.gz", mapping=Mapping.builtin("icecat"))
    return assemble((p for p in products if isinstance(p, Product)), [], [])


@pytest.fixture(scope="module")
def derived(icecat: Graph) -> Derived:
    return derive(icecat)


def types_of(derived: Derived) -> dict[str, Fact]:
    return {fact.head: fact for fact in derived.facts() if fact.relation == "of_type"}


def test_nearly_every_product_has_a_type(derived: Derived) -> None:
    assert derived.summary().typed >= 0.95


def test_types_are_as_right_as_we_say(derived: Derived) -> None:
    found = types_of(derived)
    verdicts = json.loads(VERDICTS.read_text(encoding="utf-8"))
    assert len(verdicts) == 200
    judged = Counter(v["verdict"] for v in verdicts)
    still = Counter(v["verdict"] for v in verdicts if v["id"] in found and found[v["id"]].tail == v["type"])
    assert judged == {"right": 174, "too general": 8, "wrong": 18}
    # a type that has changed since is not known to be right: it must be judged before this may be relaxed
    assert still["right"] >= 170
    assert still["wrong"] <= 18
    sure = [v for v in verdicts if v["id"] in found and found[v["id"]].weight >= 0.8]
    assert sum(v["verdict"] != "wrong" for v in sure) >= 0.94 * len(sure)


def test_it_takes_seconds(icecat: Graph) -> None:
    start = time.process_time()
    derive(icecat)
    assert time.process_time() - start < 16  # 5 to 6 on an idle machine


def test_categories_leave_nothing_to_guess(test_data: Path) -> None:
    products = read(test_data / "beauty" / "products.csv.gz", mapping=Mapping.builtin("beauty_products"))
    graph = assemble((p for p in products if isinstance(p, Product)), [], [])
    start = time.process_time()
    derived = derive(graph)
    assert time.process_time() - start < 2
    assert not len(derived.nodes["type"])
    assert derived.summary().typed > 0.99
