"""The grades follow the written rule, edge by edge."""

from __future__ import annotations

import numpy as np
import pytest

from kg.graph import Graph, Node
from kg.records import NodeKind
from kg.vectors import Vectors
from recommend.training.kinds import Kinds
from recommend.training.likeness import Likeness
from recommend.training.titles import Titles
from recommend.training.wanted import Grader, Measure, Wanted
from recommend.understand.tokens import tokens
from tests.recommend.training.catalog import MUGS, computers


@pytest.fixture(scope="module")
def graph() -> Graph:
    return computers()


@pytest.fixture(scope="module")
def grader(graph: Graph) -> Grader:
    return Grader(graph, Kinds.of(graph), Titles.of(graph.products))


def _number(graph: Graph, kind: NodeKind, node: str) -> int:
    found = graph.nodes[kind].number(node)
    assert found is not None, node
    return found


def _graded(grader: Grader, wanted: Wanted) -> dict[str, int]:
    """Grade by product id; only what is not 0."""
    grades = grader.grades(wanted)
    return {grader.graph.nodes["product"][int(p)]: int(grades[p]) for p in np.flatnonzero(grades)}


UNKNOWN = {"maybe": -1, "thing": -1}
LAPTOPS = {"l-black": 3, "l-silver": 3, "l-dell": 3, "g-red": 3}
TABLETS = {"t-hp": 1, "t-nori": 1}


def test_a_kind_holds_the_kinds_below_it_and_siblings_are_near(graph: Graph, grader: Grader) -> None:
    """Bags and the service for laptops have 0, what is perhaps a laptop is left out."""
    wanted = Wanted(kind=_number(graph, "type", "laptop"))
    assert _graded(grader, wanted) == {**LAPTOPS, **TABLETS, **UNKNOWN}


def test_a_missed_brand_is_worse_than_a_missed_colour(graph: Graph, grader: Grader) -> None:
    laptop, brand = _number(graph, "type", "laptop"), _number(graph, "brand", "HP")
    assert _graded(grader, Wanted(kind=laptop, brand=brand)) == {
        **{"l-black": 3, "l-silver": 3, "l-dell": 1, "g-red": 1, "t-hp": 1},
        **UNKNOWN,
    }
    colour = _number(graph, "attribute", "colour=black")
    found = _graded(grader, Wanted(kind=laptop, attribute=colour, attribute_words=("black",)))
    assert found == {**{"l-black": 3, "l-dell": 3, "l-silver": 2, "g-red": 2, "t-hp": 1}, **UNKNOWN}


def test_a_measure_is_met_by_title_or_attribute(graph: Graph, grader: Grader) -> None:
    measure = Measure(number=8, unit="GB", phrases=(("8", "gb"), ("8gb",)))
    found = _graded(grader, Wanted(kind=_number(graph, "type", "laptop"), measure=measure))
    assert found == {**{"l-black": 3, "l-dell": 3, "l-silver": 2, "g-red": 2}, **UNKNOWN}


def test_what_an_accessory_is_for(graph: Graph, grader: Grader) -> None:
    bag = _number(graph, "type", "laptop bag")
    laptop = Node("type", _number(graph, "type", "laptop"))
    found = _graded(grader, Wanted(kind=bag, target=laptop))
    assert found == {"b-hp": 3, "b-any": 3, **UNKNOWN}
    found = _graded(grader, Wanted(kind=bag, target=Node("brand", _number(graph, "brand", "HP"))))
    assert found == {"b-hp": 3, "b-any": 1, **UNKNOWN}


def test_a_series_is_its_devices_and_not_what_fits_them(graph: Graph, grader: Grader) -> None:
    series = _number(graph, "series", "HP Pavo")
    assert _graded(grader, Wanted(series=series)) == {"l-black": 3, "l-silver": 3}


def test_a_fragment_of_a_title_finds_all_titles_that_hold_it(graph: Graph, grader: Grader) -> None:
    source = graph.number("l-black")
    found = _graded(grader, Wanted(words=("pavo", "notebook"), source=source))
    assert found == {"l-black": 3, "l-silver": 3}
    found = _graded(grader, Wanted(words=tuple(tokens("fury")), source=graph.number("g-red")))
    assert found == {"g-red": 3}


def test_every_grade_names_its_edges(graph: Graph, grader: Grader) -> None:
    wanted = Wanted(kind=_number(graph, "type", "laptop"), brand=_number(graph, "brand", "HP"))
    said = {
        name: grader.reasons(wanted, graph.number(name)) for name in ("l-black", "b-hp", "l-dell", "thing")
    }
    assert said["l-black"] == ("is of the type laptop", "made_by HP: yes")
    assert said["b-hp"][0] == "is an accessory of, or a service for, the type laptop"
    assert said["l-dell"] == ("is of the type laptop", "made_by HP: no")
    assert said["thing"][0] == "is of no known kind"


def test_a_kind_that_holds_most_of_the_shop_makes_no_family(graph: Graph) -> None:
    kinds = Kinds.of(graph)
    assert not kinds.narrow(_number(graph, "type", "mug"))
    assert kinds.narrow(_number(graph, "type", "computer"))
    assert kinds.sizes[_number(graph, "type", "mug")] == MUGS
    assert kinds.root(_number(graph, "type", "gaming laptop")) == _number(graph, "type", "computer")


def test_what_looks_like_the_type_is_left_out_unless_it_is_its_accessory(graph: Graph) -> None:
    """The Nori tablet and the bag for HP lie among the laptops; the other tablet lies elsewhere."""
    count = graph.product_count
    matrix = np.zeros((count, 3), dtype=np.float32)
    matrix[:, 2] = 1.0
    for number, name in enumerate(("l-black", "l-silver", "l-dell", "g-red", "t-nori", "b-hp")):
        matrix[graph.number(name)] = (1.0, 0.01 * number if number < 4 else 0.01, 0.0)
    matrix[graph.number("t-hp")] = (0.0, 1.0, 0.0)
    vectors = Vectors(
        ids=tuple(graph.nodes["product"]), matrix=matrix, present=np.ones(count, dtype=np.bool_)
    )
    grader = Grader(graph, Kinds.of(graph), Titles.of(graph.products), Likeness(vectors))
    found = _graded(grader, Wanted(kind=_number(graph, "type", "laptop")))
    assert found == {**LAPTOPS, "t-hp": 1, "t-nori": -1, **UNKNOWN}


def test_too_few_products_look_like_nothing() -> None:
    vectors = Vectors(
        ids=("a", "b", "c"), matrix=np.ones((3, 2), dtype=np.float32), present=np.array([True, True, False])
    )
    assert not Likeness(vectors).alike(np.ones(3, dtype=np.bool_)).any()
