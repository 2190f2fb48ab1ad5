"""The hundred queries are what they claim to be; tests/test_icecat.py asks them."""

from __future__ import annotations

from collections import Counter

from kg.records import Fact, Product
from kg.snapshot import assemble
from recommend.understand.reader import Reader
from tests.recommend.understand.type_queries import TypeQuery, linked, type_queries


def test_a_hundred_queries_of_every_kind() -> None:
    queries = type_queries()
    assert len({one.query for one in queries}) == len(queries) == 100
    assert min(Counter(one.kind for one in queries).values()) >= 7
    for one in queries:
        assert one.any_of
        assert not set(one.any_of) & set(one.none_of)


def test_right_and_wrong_types_are_told_apart() -> None:
    laptop = TypeQuery(query="laptop", kind="plain", any_of=["laptop", "notebook"], none_of=["bag"])
    assert laptop.means("Notebooks", [])
    assert laptop.means("ultrabook", ["portable", "laptops"])
    assert not laptop.means("laptop bag", ["laptops"])
    assert not laptop.means("printer", ["device"])


def test_a_type_is_found_with_all_that_is_above_it() -> None:
    facts = [
        Fact(head="a", relation="of_type", tail="patch cable", tail_kind="type"),
        Fact(head="patch cable", relation="subtype_of", tail="cable", head_kind="type", tail_kind="type"),
        Fact(head="cable", relation="subtype_of", tail="thing", head_kind="type", tail_kind="type"),
    ]
    graph = assemble([Product(id="a", title="Patch cable, red")], facts, [])
    reader = Reader.of(graph)
    assert linked(reader.read("red patch cable"), graph) == ("patch cable", ["cable", "thing"])
    assert linked(reader.read("zebra"), graph) is None
