"""Facts extend the category tree, but never into a circle."""

from __future__ import annotations

import networkx as nx
from hypothesis import given
from hypothesis import strategies as st

from kg.category_cycles import CategoryTree
from kg.reading import Reading, read
from kg.records import Fact


def below(child: str, parent: str, source: str = "") -> Fact:
    return Fact(
        head=child,
        relation="subcategory_of",
        tail=parent,
        source=source,
        head_kind="category",
        tail_kind="category",
    )


def guarded(facts: list[Fact], known: tuple[Fact, ...] = ()) -> tuple[list[Fact], Reading]:
    reading = read(facts, kind="facts")
    kept = [record for record in CategoryTree(lambda: known).guard(reading) if isinstance(record, Fact)]
    return kept, reading


def test_a_tree_is_let_through() -> None:
    tree = [below("Lamps", "Home"), below("Desks", "Home"), below("Home", "All"), below("Lamps", "Gifts")]
    kept, reading = guarded(tree)
    assert kept == tree
    assert reading.report().ok


def test_the_edge_that_closes_a_circle_is_rejected_by_name() -> None:
    kept, reading = guarded([below("A", "B"), below("B", "C"), below("C", "A"), below("C", "D")])
    assert [f.head for f in kept] == ["A", "B", "C"]
    report = reading.report()
    (rejection,) = report.rejections
    assert (rejection.line, rejection.field, rejection.value) == (3, "tail", "A")
    assert "category cycle" in rejection.rule
    assert (report.read, report.loaded, report.rejected) == (4, 3, 1)


def test_a_category_is_not_below_itself() -> None:
    assert guarded([below("A", "A")])[0] == []


def test_what_the_store_knows_counts() -> None:
    assert guarded([below("B", "A")], known=(below("A", "B"),))[0] == []


def test_the_names_of_paths_count() -> None:
    assert guarded([below("Home", "Home > Lamps")])[0] == []
    assert guarded([below("Home", "World"), below("World", "Home > Lamps > Desk lamps")])[0] == [
        below("Home", "World")
    ]


def test_other_facts_may_go_in_circles() -> None:
    circle = [Fact(head="a", relation="goes_with", tail="b"), Fact(head="b", relation="goes_with", tail="a")]
    pairs = [("x", "y"), ("y", "x")]
    products = [Fact(head=head, relation="subcategory_of", tail=tail) for head, tail in pairs]
    assert guarded([*circle, *products])[0] == [*circle, *products]


def test_a_rejected_row_that_comes_twice_is_counted_as_rejected_only() -> None:
    kept, reading = guarded([below("A", "B"), below("B", "A"), below("B", "A"), below("A", "B")])
    assert kept == [below("A", "B")] * 2
    report = reading.report()
    assert (report.read, report.loaded, report.rejected, report.duplicates) == (4, 1, 2, 1)


names = st.sampled_from("abcde")


@given(edges=st.lists(st.tuples(names, names), max_size=12), known=st.integers(0, 4))
def test_what_is_let_through_is_acyclic_and_what_is_not_would_close_a_circle(
    edges: list[tuple[str, str]], known: int
) -> None:
    before, _ = guarded([below(*edge) for edge in edges[:known]])
    kept, reading = guarded([below(*edge) for edge in edges[known:]], known=tuple(before))
    tree = nx.DiGraph([(f.head, f.tail) for f in (*before, *kept)])
    assert nx.is_directed_acyclic_graph(tree)
    refused = set(edges[known:]) - {(f.head, f.tail) for f in kept}
    for head, tail in refused:
        assert head == tail or nx.has_path(tree, tail, head)
    assert reading.report().rejected == len(edges[known:]) - len(kept)
