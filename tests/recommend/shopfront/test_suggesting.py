"""Type-ahead: known answers on the tiny shop, mistakes, Chinese, and any text at all."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from kg.arrays import load_arrays, save_arrays
from kg.errors import SettingsError
from kg.filters import Filter, FilterIndex
from kg.graph import IN_SERIES, OF_TYPE, SUBTYPE_OF
from kg.records import Fact, Interaction, Product
from kg.snapshot import assemble
from recommend.shopfront.suggestible import same_entries
from recommend.shopfront.suggesting import Suggester, Suggestion
from recommend.shopfront.word_index import WordIndex, runs
from tests.recommend.shops import STRANGE
from tests.tiny import tiny_graph


@pytest.fixture(scope="module")
def tiny() -> Suggester:
    return Suggester.of(tiny_graph())


def texts(found: tuple[Suggestion, ...]) -> list[str]:
    return [one.text for one in found]


def test_every_kind_of_suggestion(tiny: Suggester) -> None:
    found = {
        (one.kind, one.text): (one.id, one.count)
        for letter in "abcdefghilmnoprstwz纸"
        for one in tiny.suggest(letter, 100)
    }
    assert found["brand", "Lumo"] == ("Lumo", 5)
    assert found["category", "Table lamps"] == ("Home > Lighting > Table lamps", 3)
    assert found["category", "Lighting"] == ("Home > Lighting", 4)  # with all below it
    assert found["brand_type", "Lumo Table lamps"] == ("Home > Lighting > Table lamps", 2)
    assert found["query", "brass lamp"] == ("brass lamp", 1)
    assert found["product", "Oak side table"] == ("side-oak", 1)
    assert ("product", "rug") not in found  # only mentioned by others


def test_any_word_may_begin_with_what_was_typed(tiny: Suggester) -> None:
    assert "Lumo" in texts(tiny.suggest("lu"))
    assert "Oak side table" in texts(tiny.suggest("si ta"))
    assert "Oak side table" in texts(tiny.suggest("TAB oak"))
    assert texts(tiny.suggest("lumo table")) == ["Lumo Table lamps"]


def test_words_before_the_last_are_whole_where_the_shop_has_them_so() -> None:
    graph = assemble([Product(id="1", title="hp cable"), Product(id="2", title="hpe cable")], [], [])
    suggester = Suggester.of(graph)
    assert texts(suggester.suggest("hp ca")) == ["hp cable"]
    assert texts(suggester.suggest("h ca")) == ["hp cable", "hpe cable"]


def test_what_begins_with_the_letters_comes_first(tiny: Suggester) -> None:
    assert texts(tiny.suggest("table"))[:2] == ["Table lamps", "Tables"]
    assert texts(tiny.suggest("brass lamp"))[0] == "brass lamp"


@pytest.mark.parametrize("typed", ["tabel", "tible", "tabke la", "taable", "tble l", "atble"])
def test_one_mistake_is_forgiven_from_four_letters_on(typed: str, tiny: Suggester) -> None:
    assert "Table lamps" in texts(tiny.suggest(typed))


@pytest.mark.parametrize("typed", ["tqb", "tqbke", "xxxx", "纸x"])
def test_more_mistakes_are_not(typed: str, tiny: Suggester) -> None:
    assert "Table lamps" not in texts(tiny.suggest(typed))


def test_what_was_typed_right_comes_before_what_was_not() -> None:
    graph = assemble([Product(id="1", title="wine rack"), Product(id="2", title="wire rack")], [], [])
    assert texts(Suggester.of(graph).suggest("wire")) == ["wire rack", "wine rack"]


def test_chinese_from_any_character_on() -> None:
    graph = assemble(
        [
            Product(id="1", title="黄铜台灯 卧室床头灯", category=("家居", "台灯")),
            Product(id="2", title="LED灯泡"),
        ],
        [],
        [],
    )
    suggester = Suggester.of(graph)
    assert texts(suggester.suggest("台")) == ["台灯", "黄铜台灯 卧室床头灯"]
    assert texts(suggester.suggest("床头灯")) == ["黄铜台灯 卧室床头灯"]
    assert texts(suggester.suggest("led灯")) == ["LED灯泡"]
    assert suggester.suggest("锅") == ()


def test_types_and_series_of_an_enriched_graph() -> None:
    def fact(head: str, relation: str, tail: str) -> Fact:
        return Fact(
            head=head, relation=relation, tail=tail, tail_kind="type" if relation == OF_TYPE else "series"
        )

    graph = assemble(
        [Product(id=str(i), title=f"X{i}", brand="HP") for i in range(3)],
        [fact("0", OF_TYPE, "laptop"), fact("1", OF_TYPE, "laptop"), fact("2", IN_SERIES, "HP Lagoon")],
        [],
    )
    found = Suggester.of(graph).suggest("la")
    assert [(one.text, one.kind, one.id, one.count, one.brand) for one in found] == [
        ("laptop", "type", "laptop", 2, ""),
        ("HP Lagoon", "series", "HP Lagoon", 1, ""),
        ("HP laptop", "brand_type", "laptop", 2, "HP"),
    ]


def test_what_of_which_brand_is_counted_with_all_below_it() -> None:
    graph = assemble(
        [Product(id=str(i), title=f"X{i}", brand="HP") for i in range(3)],
        [
            Fact(head="0", relation=OF_TYPE, tail="laptop", tail_kind="type"),
            Fact(head="1", relation=OF_TYPE, tail="netbook", tail_kind="type"),
            Fact(head="netbook", relation=SUBTYPE_OF, tail="laptop", head_kind="type", tail_kind="type"),
            Fact(head="laptop", relation=SUBTYPE_OF, tail="computer", head_kind="type", tail_kind="type"),
        ],
        [],
    )
    found = Suggester.of(graph).suggest("hp", 20)
    assert {(one.text, one.count) for one in found if one.kind == "brand_type"} == {
        ("HP laptop", 2),
        ("HP netbook", 1),
    }


def test_searches_with_words_that_no_product_has_are_kept_to_themselves() -> None:
    said = ["brass lamp", "lamp anna@example.com", "brss lamp"]
    graph = assemble(
        [Product(id="1", title="Brass lamp, small")],
        [],
        [Interaction(user="u", product="1", kind="click", query=query) for query in said],
    )
    assert [one.text for one in Suggester.of(graph).suggest("lamp", 50) if one.kind == "query"] == [
        "brass lamp"
    ]


def test_searches_that_led_to_more_come_first() -> None:
    queries = ["red lamp"] * 1 + ["red rug"] * 5
    graph = assemble(
        [Product(id="1", title="lamp rug red x")],
        [],
        [
            Interaction(user=f"u{i}", product="1", kind="click", query=query, time=float(i))
            for i, query in enumerate(queries)
        ],
    )
    assert texts(Suggester.of(graph).suggest("red"))[:2] == ["red rug", "red lamp"]


def test_no_kind_takes_all_places() -> None:
    graph = assemble(
        [
            Product(id=f"{i:02d}", title=f"Lamp {i}", brand=f"Lampart {i % 9}", category=("Lamps",))
            for i in range(90)
        ],
        [],
        [],
    )
    kinds = [one.kind for one in Suggester.of(graph).suggest("la", 8)]
    assert len(set(kinds)) >= 3
    assert kinds.count("brand") < 8


def test_hidden_products_are_not_suggested() -> None:
    graph = tiny_graph()
    hidden = np.zeros(graph.product_count, dtype=np.bool_)
    hidden[graph.number("spade")] = True
    suggester = Suggester.of(graph)
    assert "Spade" in texts(suggester.suggest("spa"))
    assert "Spade" not in texts(suggester.suggest("spa", hidden=hidden))


def test_counts_are_those_of_the_filters(tiny: Suggester) -> None:
    graph = tiny_graph()
    index = FilterIndex.of(graph)
    for letter in "bdfghilst":
        for one in tiny.suggest(letter, 100):
            where = {
                "brand": [Filter(field="brand", op="=", value=one.id)],
                "category": [Filter(field="category", op="=", value=one.id)],
                "brand_type": [
                    Filter(field="brand", op="=", value=one.brand),
                    Filter(field="category", op="=", value=one.id),
                ],
                "product": [Filter(field="id", op="=", value=one.id)],
            }.get(one.kind)
            if where is not None:
                assert one.count == np.count_nonzero(index.mask(where) & graph.products.listed), one


def test_saved_and_opened_again_it_says_the_same(tiny: Suggester, tmp_path: Path) -> None:
    save_arrays(tmp_path / "suggest.safetensors", tiny.arrays())
    again = Suggester.from_arrays(tiny_graph(), load_arrays(tmp_path / "suggest.safetensors"))
    later = Suggester.later(tiny_graph(), tmp_path / "suggest.safetensors")
    gone = Suggester.later(tiny_graph(), tmp_path / "gone.safetensors")
    for typed in ("l", "ta", "tabel", "lumo t", "纸"):
        expected = tiny.suggest(typed)
        assert expected
        assert again.suggest(typed) == later().suggest(typed) == gone().suggest(typed) == expected
    assert later() is later()


def test_what_changes_suggestions_and_what_does_not() -> None:
    product = Product(id="1", title="Brass lamp", brand="Lumo", price=Decimal(5))
    click = Interaction(user="u", product="1", kind="click", query="lamp")

    def same(changed: Product, *log: Interaction) -> bool:
        return same_entries(assemble([product], [], []), assemble([changed], [], log))

    assert same(product)
    assert same(replace(product, price=Decimal(6), description="New.", availability="in_stock"))
    assert not same(replace(product, title="Brass lamps"))
    assert not same(replace(product, brand="Norr"))
    assert not same(replace(product, id="2"))
    assert not same(product, click)


def test_an_empty_shop_suggests_nothing() -> None:
    assert Suggester.of(assemble([], [], [])).suggest("lamp") == ()


@pytest.mark.parametrize("k", [0, -1, 101, 2.5])
def test_k_must_make_sense(k: int, tiny: Suggester) -> None:
    with pytest.raises(SettingsError, match="whole number from 1 to 100"):
        tiny.suggest("lamp", k)


@pytest.mark.parametrize("typed", STRANGE)
def test_nothing_that_is_typed_breaks_it(typed: str, tiny: Suggester) -> None:
    assert len(tiny.suggest(typed)) <= 8


@given(typed=st.text(), k=st.integers(1, 100))
def test_any_text_gives_suggestions_that_fit(typed: str, k: int) -> None:
    suggester = _CACHED
    found = suggester.suggest(typed, k)
    assert len(found) <= k
    assert len({one.text.casefold() for one in found}) == len(found)
    assert found == suggester.suggest(typed, k)


_CACHED = Suggester.of(tiny_graph())

letters = st.text("abc", min_size=1, max_size=6)


@given(words=st.lists(letters, min_size=1, max_size=12), typed=st.text("abcx", min_size=1, max_size=7))
def test_near_words_are_exactly_those_with_at_most_one_mistake(words: list[str], typed: str) -> None:
    index = WordIndex.of(words)
    count = len(words)
    exact = index.having([index.beginning(typed)], count)
    assert exact.tolist() == [word.startswith(typed) for word in words]
    near = index.having(index.nearly(typed), count)
    expected = [
        len(typed) >= 4 and any(word.startswith(variant) for variant in _variants(typed)) for word in words
    ]
    assert near.tolist() == expected


def _variants(typed: str) -> set[str]:
    found: set[str] = set()
    for at in range(len(typed)):
        found.add(typed[:at] + typed[at + 1 :])
        found.add(typed[:at] + typed[at + 1 : at + 2] + typed[at] + typed[at + 2 :])
        for letter in "abcx":
            found.add(typed[:at] + letter + typed[at + 1 :])
            found.add(typed[:at] + letter + typed[at:])
    return found


def test_words_are_folded_and_cut() -> None:
    assert runs('ＬＥＤ-Straße 15.6" 台灯') == ["led", "strasse", "15", "6", "台灯"]
    assert runs("x" * 100) == ["x" * 24]
    assert runs("!?") == []
