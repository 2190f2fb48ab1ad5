"""Kinds that a query's meaning is near to: alternatives where words leave the kind open, never against one
that they name without saying so."""

from __future__ import annotations

import pytest

from kg.graph import Node
from recommend.understand.guessing import LEAST
from recommend.understand.interpreting import Intent
from recommend.understand.reader import Reader
from recommend.understand.reading import BY_MEANING
from tests.recommend.understand.saying import named


def _type(reader: Reader, name: str) -> Node:
    number = reader.graph.nodes["type"].number(name)
    assert number is not None
    return Node("type", number)


def _model(reader: Reader, **chances: float) -> Intent:
    """A model that says the same of every text."""
    guess = [(_type(reader, name.replace("_", " ")), chance) for name, chance in chances.items()]
    return lambda _: guess


def test_a_kind_that_no_word_names(reader: Reader) -> None:
    model = _model(reader, headset=0.4, phone=0.3, tape=0.02)
    reading = reader.read("acme gadget to listen with", intent=model)
    assert reading.of_role("type") == ()
    assert reading.guesses == ((_type(reader, "headset"), 0.4), (_type(reader, "phone"), 0.3))
    assert all(chance >= LEAST for _, chance in reading.guesses)
    assert ("maybe", "", f"headset (type) 40%, phone (type) 30%  [{BY_MEANING}]") in list(reading.lines())
    told = {"kind": "type", "name": "headset", "id": "headset", "chance": 0.4}
    assert reading.plain()["guesses"][0] == told


def test_no_guess_of_a_model_that_is_unsure(reader: Reader) -> None:
    flat = _model(reader, headset=0.06, phone=0.05, tape=0.05, laptop=0.04, mouse=0.04)
    assert reader.read("gadget to listen with", intent=flat).guesses == ()
    assert reader.read("gadget to listen with", intent=lambda _: ()).guesses == ()
    assert reader.read("gadget to listen with").guesses == ()


@pytest.mark.parametrize(
    "text", ["laptop", "acme", "acme laptop", "black laptop bag", "cable for laptop", ""]
)
def test_no_guess_where_words_say_all(reader: Reader, text: str) -> None:
    assert reader.read(text, intent=_model(reader, headset=0.4)).guesses == ()


def test_a_strange_word_leaves_the_kind_open(reader: Reader) -> None:
    reading = reader.read("laptop qzxqzvq", intent=_model(reader, laptop_bag=0.4))
    assert named(reading, "type") == ["laptop"], "what words name stays"
    assert reading.guesses == ((_type(reader, "laptop bag"), 0.4),)


def test_words_side_by_side_may_be_another_thing(reader: Reader) -> None:
    other = _model(reader, phone_case=0.7, cable=0.1)
    reading = reader.read("phone cable", intent=other)
    assert (named(reading, "type"), named(reading, "target")) == (["cable"], ["phone"])
    assert reading.guesses[0] == (_type(reader, "phone case"), 0.7)
    assert reader.read("phone cable", intent=_model(reader, cable=0.6, phone_case=0.3)).guesses == ()
    assert reader.read("cable for phone", intent=other).guesses == ()


def test_a_sure_guess_is_the_kind(reader: Reader) -> None:
    reading = reader.read("acme work machine", intent=_model(reader, laptop=0.8, mouse=0.1))
    (kind,) = reading.of_role("type")
    assert kind.source == "intent"
    assert reading.guesses[0] == (_type(reader, "laptop"), 0.8)
    assert BY_MEANING in str(reading)


def test_a_property_that_nothing_of_the_kind_has_may_mean_another_thing(reader: Reader) -> None:
    other = _model(reader, laptop=0.7, headset=0.1)
    reading = reader.read("touchscreen phone", intent=other)
    assert (named(reading, "type"), named(reading, "attribute")) == (["phone"], ["touchscreen: yes"])
    assert reading.understood == 0.5, "as much is said of no phone"
    assert reading.guesses[0] == (_type(reader, "laptop"), 0.7)
    assert reader.read("touchscreen phone", intent=_model(reader, phone=0.6)).guesses == ()
    for text in ("touchscreen laptop", "black phone", "phone"):
        assert reader.read(text, intent=other).understood == 1.0


@pytest.mark.parametrize("text", ["gadget with headset", "gadget for headset", "gadget without headset"])
def test_a_kind_that_is_named_but_not_wanted_is_no_guess(reader: Reader, text: str) -> None:
    reading = reader.read(text, intent=_model(reader, headset=0.45, phone=0.4))
    assert reading.guesses == ((_type(reader, "phone"), 0.4),)
