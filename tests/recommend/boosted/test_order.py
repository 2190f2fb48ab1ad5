"""What the order of histories says to the trees."""

from __future__ import annotations

import numpy as np

from kg.records import Interaction, Product
from kg.snapshot import assemble
from recommend.behaviour import Behaviour, History
from recommend.boosted.order import OF_ORDER, Order

LINES = ("abc", "abd", "xab", "cab")


def read(past: str, products: str) -> dict[str, list[float]]:
    ids = "abcdx"
    bought = [
        Interaction(user=f"u{number}", product=one, time=float(place))
        for number, line in enumerate(LINES)
        for place, one in enumerate(line)
    ]
    graph = assemble([Product(id=one) for one in ids], [], bought)
    number = {one: graph.number(one) for one in ids}
    row = np.full(len(ids), -1, dtype=np.int64)
    asked = np.array([number[one] for one in products])
    row[asked] = np.arange(len(asked))
    history = History.of(np.array([number[one] for one in past], dtype=np.int64))
    table = Order.of(Behaviour.of(graph)).table(history, asked, row)
    return dict(zip(OF_ORDER, table.T.tolist(), strict=True))


def test_what_comes_right_after_the_latest() -> None:
    found = read("a", "bcd")
    assert found["next"][0] > 0  # b came after a, four times
    assert found["next"][1:] == [0, 0]  # c and d never right after it
    assert read("ab", "cd")["next"] == read("b", "cd")["next"]
    assert read("ba", "cd")["next usual"][0] > 0


def test_what_comes_before() -> None:
    assert read("a", "xb")["next before"][0] > 0
    assert read("a", "xb")["next before"][1] == 0


def test_when_people_met_it() -> None:
    found = read("a", "bdx")
    assert found["met first"][2] > found["met first"][0]
    assert found["met last"][1] > found["met last"][2]
    assert found["met late"][1] < found["met late"][0] < found["met late"][2]
    assert found["met since"][2] > found["met since"][1]


def test_beside_the_latest() -> None:
    assert read("a", "d")["rather than last"][0] < 0
    assert read("d", "a")["rather than last"][0] > 0
    assert read("d", "a")["leads on"] == [0]
    assert read("a", "d")["leads on"][0] > 0


def test_without_a_history_products_speak_for_themselves() -> None:
    found = read("", "bd")
    assert found["next"] == [0, 0]
    assert found["met last"] == read("a", "bd")["met last"]
