"""Personal search: who likes black finds black things, and the figures say by how much."""

from __future__ import annotations

import numpy as np
import pytest

from kg.errors import SettingsError
from kg.graph import Graph
from kg.records import Fact, Interaction, Product
from kg.snapshot import assemble
from kg.split import hold_out
from recommend.evaluate import Report, evaluate_personal
from recommend.evaluate.personal import kind_of, questions
from tests.recommend.shops import PLAIN

KINDS, COLOURS = ("lamp", "cup", "rug", "desk", "kettle", "shelf"), ("black", "white", "green", "blue")
PRODUCTS = [
    Product(
        id=f"{kind}-{colour}",
        title=f"{kind} number {n}",
        category=("Shop", kind),
        attributes={"colour": colour},
    )
    for kind in KINDS
    for n, colour in enumerate(COLOURS)
]


def log_of_tastes() -> list[Interaction]:
    """Each user buys one colour only, in every kind of product; every second purchase follows a search."""
    log = []
    for user in range(40):
        colour = COLOURS[user % len(COLOURS)]
        for step, kind in enumerate(np.random.default_rng(user).permutation(KINDS).tolist()):
            product = f"{kind}-{colour}"
            if step % 2:
                log.append(
                    Interaction(
                        user=f"u{user}", product=product, kind="click", time=step - 0.5, query=f"a {kind}"
                    )
                )
            log.append(Interaction(user=f"u{user}", product=product, time=float(step)))
    return log


LOG = log_of_tastes()


@pytest.fixture(scope="module")
def graph() -> Graph:
    return assemble(PRODUCTS, [], LOG)


@pytest.fixture(scope="module")
def report(graph: Graph) -> Report:
    return evaluate_personal(graph, LOG, share=0.34, settings=PLAIN)


def test_taste_helps_where_the_query_leaves_a_choice(report: Report) -> None:
    for comparison in report.comparisons:
        assert comparison.model.endswith("with the user")
        assert comparison.difference.low > 0.1
    assert report.row("exact, kind, with the user").means["ndcg@10"] > 0.9


def test_questions_are_what_was_typed_and_what_kind_it_is(graph: Graph) -> None:
    split = hold_out(graph, share=0.34)
    asked = questions(graph, split, LOG)
    products = graph.nodes["product"]
    hidden = {
        (user, products[int(product)])
        for user in split.users.tolist()
        for product in split.hidden.indices[split.hidden.indptr[user] : split.hidden.indptr[user + 1]]
    }
    kinds = [one for one in asked if one.asked == "kind"]
    typed = [one for one in asked if one.asked == "typed"]
    assert len(kinds) == len(hidden) == 80
    assert len(typed) == 40  # of the last two purchases, one followed a search
    for one in asked:
        user = graph.nodes["user"].number(one.user)
        assert all((user, products[product]) in hidden for product in one.bought)
    assert {one.text for one in kinds} == set(KINDS)
    assert {one.text for one in typed} <= {f"a {kind}" for kind in KINDS}


def test_no_one_else_gains(graph: Graph) -> None:
    """With no taste to learn, a user changes nothing that the figures would call a gain."""
    rng = np.random.default_rng(0)
    log = [
        Interaction(user=f"u{user}", product=PRODUCTS[int(at)].id, time=float(step))
        for user in range(60)
        for step, at in enumerate(rng.permutation(len(PRODUCTS))[:6])
    ]
    report = evaluate_personal(assemble(PRODUCTS, [], log), log, settings=PLAIN)
    (comparison,) = report.comparisons
    assert comparison.difference.low < 0.1
    assert report.protocol["questions_typed"] == 0


def test_a_kind_is_a_category_a_label_or_a_type() -> None:
    products = [
        Product(id="a", category=("Shop", "Lamps")),
        Product(id="b", labels=("Rugs",)),
        Product(id="c"),
        Product(id="d"),
    ]
    facts = [
        Fact(head="c", relation="of_type", tail="kettle", tail_kind="type", weight=0.9),
        Fact(head="c", relation="of_type", tail="cup", tail_kind="type", weight=0.2),
    ]
    graph = assemble(products, facts, [])
    assert [kind_of(graph, number) for number in range(4)] == ["Lamps", "Rugs", "kettle", ""]


def test_a_shop_without_users_is_told_so() -> None:
    with pytest.raises(SettingsError, match="load more interactions"):
        evaluate_personal(assemble(PRODUCTS, [], []), [], settings=PLAIN)
