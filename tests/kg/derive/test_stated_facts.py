"""What a shop states beats what is derived."""

from __future__ import annotations

import csv
from pathlib import Path

import numpy as np
import pytest

from kg.derive import derive
from kg.graph import EdgeType, Graph
from kg.reading import read
from kg.records import Fact
from tests.kg.derive.shelf import shelf, tails, type_of
from tests.tiny import neighbours

CASE = "22 phone case, white"


def enriched(*facts: Fact) -> Graph:
    graph = shelf(*facts)
    return derive(graph).added_to(graph)


def stated(head: str, relation: str, tail: str, weight: float = 1.0, **kinds: str) -> Fact:
    return Fact(head=head, relation=relation, tail=tail, weight=weight, **kinds)  # type: ignore[arg-type]


def test_a_stated_type_is_the_only_one() -> None:
    graph = enriched(stated(CASE, "of_type", "bumper", tail_kind="type"))
    assert neighbours(graph, "of_type", CASE) == [("bumper", 1.0)]
    assert [name for name, _ in neighbours(graph, "of_type", "21 phone case black for ZenFone 6")] == [
        "phone case"
    ]


def test_a_stated_edge_replaces_the_derived_one() -> None:
    fact = stated("phone case", "accessory_of", "phone", 0.25, head_kind="type", tail_kind="type")
    relation = enriched(fact).relations[EdgeType("type", "accessory_of", "type")]
    assert relation.weight.tolist() == [0.25]


def test_weight_0_denies_and_leaves_no_edge() -> None:
    fact = stated(CASE, "of_type", "phone case", 0.0, tail_kind="type")
    graph = enriched(fact)
    assert neighbours(graph, "of_type", CASE) == []
    assert all((r.weight > 0).all() for t, r in graph.relations.items() if t.name == "of_type")
    assert type_of(derive(shelf(fact)), CASE) is None


def test_facts_that_came_after_deriving_win_too() -> None:
    before = shelf()
    graph = shelf(
        stated(CASE, "of_type", "bumper", tail_kind="type"),
        stated("phone case", "accessory_of", "phone", 0.0, head_kind="type", tail_kind="type"),
    )
    late = derive(before).added_to(graph)
    assert neighbours(late, "of_type", CASE) == [("bumper", 1.0)]
    assert EdgeType("type", "accessory_of", "type") not in late.relations


def test_other_relations_and_nodes_stay_as_they_are() -> None:
    graph = shelf()
    more = derive(graph).added_to(graph)
    for edge_type, relation in graph.relations.items():
        assert np.array_equal(more.relations[edge_type].indptr, relation.indptr)
        assert np.array_equal(more.relations[edge_type].tails, relation.tails)
    for kind in ("product", "brand", "attribute", "category"):
        assert list(more.nodes[kind]) == list(graph.nodes[kind])


def test_products_with_a_stated_type_teach_the_others() -> None:
    lamps = [f"{n:02} {title}" for n, title in enumerate(["Arc 100 desk lamp, black", "Ito desk lamp"])]
    derived = derive(shelf(*(stated(lamp, "of_type", "desk lamp", tail_kind="type") for lamp in lamps)))
    assert type_of(derived, "02 Oak desk lamp 40 W") == "desk lamp"
    assert type_of(derived, lamps[0]) is None


def test_exported_edges_can_be_edited_and_loaded(tmp_path: Path) -> None:
    derived = derive(shelf())
    columns = ("head", "relation", "tail", "weight", "source", "head_kind", "tail_kind")
    with (tmp_path / "facts.csv").open("w", newline="", encoding="utf-8") as file:
        rows = csv.writer(file)
        rows.writerow(columns)
        rows.writerows([getattr(fact, column) for column in columns] for fact in derived.facts())
    loaded = [fact for fact in read(tmp_path / "facts.csv", kind="facts") if isinstance(fact, Fact)]
    assert loaded == list(derived.facts())


@pytest.mark.parametrize(
    ("relation", "kinds"),
    [
        ("of_type", ("product", "type")),
        ("in_series", ("product", "series")),
        ("subtype_of", ("type", "type")),
    ],
)
def test_a_short_facts_file_needs_no_kinds(relation: str, kinds: tuple[str, str]) -> None:
    (fact,) = read([{"head": "a", "relation": relation, "tail": "b"}], kind="facts")
    assert isinstance(fact, Fact)
    assert (fact.head_kind, fact.tail_kind) == kinds


def test_a_type_below_itself_is_refused() -> None:
    reading = read([{"head": "a", "relation": "subtype_of", "tail": "a"}], kind="facts")
    assert list(reading) == []
    assert reading.report().rejected == 1


def test_what_is_stated_is_not_counted_as_derived() -> None:
    derived = derive(shelf(stated(CASE, "of_type", "bumper", tail_kind="type")))
    assert not tails(derived, "of_type", CASE)
    typed = derived.summary().typed
    assert typed == pytest.approx(29 / 30), "all but the one that says nothing"
