"""What holds for every query, shop and change of a shop."""

from __future__ import annotations

from collections.abc import Callable, Iterable

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kg.arrays import Arrays, load_arrays, save_arrays
from kg.graph import Graph, Node
from kg.records import Product
from kg.snapshot import assemble
from recommend.understand.reader import Reader
from recommend.understand.reading import Reading
from tests import strategies
from tests.recommend.shops import STRANGE
from tests.recommend.understand.gadgets import FACTS, PRODUCTS, gadgets
from tests.tiny import tiny_graph

_SAID = """
    laptop laptops notebook bag for without no not with or under 500 15 inch 16 gb 2 m x € 元 以下 不带 适用于
    的 手机壳 耳机 acme berry one switch usb-c usb c hdmi cable 3m labtop wirless zzyzx - , ; over at least
    colour black ohne für schwarze 24 port 5.1
"""
WORDS = st.sampled_from(_SAID.split())
QUERIES = st.one_of(st.text(max_size=60), st.lists(WORDS, max_size=9).map(" ".join))


def _sane(reading: Reading) -> None:
    end = 0
    for entity in reading.entities:
        assert 0 <= entity.start <= entity.stop <= len(reading.words)
        assert entity.start >= end
        end = entity.stop
        assert entity.nodes
        assert sum(weight for _, weight in entity.nodes) == pytest.approx(1.0)
        assert [w for _, w in entity.nodes] == sorted((w for _, w in entity.nodes), reverse=True)
        assert 0.0 < entity.fit <= 1.0
    taken = {i for entity in reading.entities for i in range(entity.start, entity.stop)}
    for entity in reading.excluded:
        assert taken.isdisjoint(range(entity.start, entity.stop))
    for word in reading.unknown:
        assert word
    reading.plain()
    str(reading)


@settings(max_examples=200, deadline=None)
@given(QUERIES)
def test_any_text_gives_a_sane_reading(reader: Reader, text: str) -> None:
    reading = reader.read(text)
    _sane(reading)
    assert reader.read(text) == reading


@pytest.mark.parametrize("text", STRANGE)
def test_strange_texts(reader: Reader, text: str) -> None:
    _sane(reader.read(text))


@settings(max_examples=50, deadline=None)
@given(QUERIES)
def test_a_guess_of_a_model_keeps_a_reading_sane(reader: Reader, text: str) -> None:
    types = range(len(reader.graph.nodes["type"]))
    guess = tuple((Node("type", number), 1.0 / (number + 1) / 4) for number in types)
    _sane(reader.read(text, intent=lambda _: ((Node("type", 0), 0.7), *guess)))


@pytest.mark.parametrize("make", [gadgets, tiny_graph, lambda: assemble((), (), ())])
def test_arrays_and_back(make: Callable[[], Graph], tmp_path_factory: pytest.TempPathFactory) -> None:
    graph = make()
    reader = Reader.of(graph)
    path = tmp_path_factory.mktemp("reader") / "reader.safetensors"
    save_arrays(path, reader.arrays())
    again = Reader.from_arrays(load_arrays(path), graph)
    _same(reader.arrays(), again.arrays())
    for product in (*PRODUCTS, Product(id="", title="desk lamp under 50, brass 1.2 kg")):
        assert again.read(product.title).plain() == reader.read(product.title).plain()


def _same(one: Arrays, other: Arrays) -> None:
    assert one.keys() == other.keys()
    for name in one:
        assert one[name].dtype == other[name].dtype, name
        assert np.array_equal(one[name], other[name], equal_nan=one[name].dtype.kind == "f"), name


def _graph(products: Iterable[Product]) -> Graph:
    """The last of several products with one id counts."""
    return assemble(tuple({product.id: product for product in products}.values()), FACTS, ())


@settings(max_examples=20, deadline=None)
@given(
    st.lists(strategies.products(), max_size=5),
    st.lists(strategies.products(), max_size=5),
    st.sets(st.integers(0, len(PRODUCTS) - 1), max_size=4),
)
def test_a_renewed_reader_is_that_of_the_newer_shop(
    early: list[Product], late: list[Product], gone: set[int]
) -> None:
    before = _graph((*PRODUCTS, *early))
    kept = [product for number, product in enumerate(PRODUCTS) if number not in gone]
    after = _graph((*kept, *early[1:], *late))
    _same(Reader.of(before).renewed(after).arrays(), Reader.of(after).arrays())


@settings(max_examples=30, deadline=None)
@given(st.lists(strategies.products(), max_size=6), QUERIES)
def test_any_shop_can_be_read_for(products: list[Product], text: str) -> None:
    _sane(Reader.of(_graph(products)).read(text))
