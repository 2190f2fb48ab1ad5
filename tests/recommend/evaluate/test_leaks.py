"""A warning where a protocol leaks, and none where it does not."""

from __future__ import annotations

import numpy as np
import pytest
import scipy.sparse as sp

from kg.graph import Graph
from kg.records import Fact, Interaction, Product
from kg.snapshot import assemble
from kg.split import hold_out
from recommend.behaviour import Behaviour
from recommend.evaluate import evaluate_test
from recommend.evaluate.leaks import (
    overlap_caution,
    relation_cautions,
    relation_lifts,
    time_cautions,
    twin_caution,
)
from recommend.measure.units import Units
from tests.recommend.evaluate.logs import DAY, START, random_log
from tests.recommend.evaluate.test_holdout import chains
from tests.recommend.shops import PLAIN


def held(graph: Graph, share: float = 0.25) -> tuple[Graph, Units]:
    split = hold_out(graph, share=share)
    return split.graph, Units.of_hidden(Behaviour.of(split.graph), split.hidden)


def with_facts(graph: Graph, facts: list[Fact]) -> Graph:
    table = graph.products
    products = [table.product(row) for row in range(len(table))]
    return assemble(products, facts, [])


def test_a_relation_made_of_the_test_is_named() -> None:
    known, units = held(random_log(150, 600, seed=0))
    names = known.nodes["product"]
    leaked = [
        Fact(head=names[int(own)], relation="also_bought", tail=names[int(wanted)])
        for unit in range(0, len(units), 2)
        for own in units.owned.indices[units.owned.indptr[unit] : units.owned.indptr[unit + 1]]
        for wanted in units.relevant.indices[units.relevant.indptr[unit] : units.relevant.indptr[unit + 1]]
    ]
    rng = np.random.default_rng(0)
    honest = [
        Fact(head=f"p{i:03d}", relation="goes_with", tail=f"p{int(j):03d}")
        for i in range(600)
        for j in rng.integers(600, size=4)
    ]
    (caution,) = relation_cautions(with_facts(known, leaked + honest), units, seed=0)
    assert caution.kind == "leaking_relation"
    assert "'also_bought'" in caution.text
    assert "goes_with" not in caution.text


def test_a_relation_that_is_only_good_is_no_leak() -> None:
    """Users buy along 'goes_with': inside the training part as much as in the test."""
    known, units = held(chains())
    (lift,) = relation_lifts(known, units, seed=0)
    assert lift.lift > 5
    assert lift.inside > lift.held / 2
    (caution,) = relation_cautions(known, units, seed=0)
    assert caution.kind == "linked_relation"  # to be known, but no fault of the split
    assert "goes_with" in caution.text


def test_the_shares_of_a_relation_can_be_counted_by_hand() -> None:
    products = [Product(id=i) for i in "abcdef"]
    facts = [Fact(head="a", relation="r", tail="b"), Fact(head="d", relation="r", tail="a")]
    bought = [("u", "a"), ("u", "b"), ("v", "c"), ("v", "e")]
    graph = assemble(products, facts, [Interaction(user=u, product=p) for u, p in bought])
    behaviour = Behaviour.of(graph)
    relevant = behaviour.weight.astype(np.bool_).toarray()[:, [3, 3, 3, 0, 3, 3]]  # u wants d
    units = Units.of_hidden(behaviour, sp.csr_array(relevant))
    (lift,) = relation_lifts(graph, units, seed=0)
    assert (lift.held, lift.inside, lift.pairs) == (1.0, 1.0, 1)  # d-a; a-b both ways


def test_nothing_is_said_of_random_purchases_and_random_links() -> None:
    rng = np.random.default_rng(1)
    facts = [
        Fact(head=f"p{i:03d}", relation="noise", tail=f"p{int(j):03d}")
        for i in range(60)
        for j in rng.integers(60, size=5)
    ]
    known, units = held(random_log(400, 60, seed=7, facts=facts))
    assert not list(relation_cautions(known, units, seed=0))
    assert not list(overlap_caution(units))
    assert not list(twin_caution(units.behaviour, units))
    assert not list(time_cautions(units.behaviour, units, np.full(units.relevant.nnz, np.nan)))


def test_wanted_products_that_the_user_has_are_counted() -> None:
    behaviour = Behaviour.of(random_log(20, 10, seed=0))
    units = Units.of_hidden(behaviour, behaviour.weight.astype(np.bool_).tocsr())
    (caution,) = overlap_caution(units)
    assert caution.kind == "test_in_train"
    assert f"{behaviour.weight.nnz} of {behaviour.weight.nnz}" in caution.text


def test_test_pairs_that_the_shop_has_are_told() -> None:
    graph = random_log(40, 20, seed=0)
    known = [
        Interaction(user="u0000", product=graph.nodes["product"][int(p)])
        for p in Behaviour.of(graph).history(0).products
    ]
    fresh = Interaction(user="u0001", product="elsewhere")
    report = evaluate_test(graph, [*known, fresh], settings=PLAIN)
    assert [one.kind for one in report.cautions].count("test_in_train") == 1
    assert report.plain()["cautions"][0]["kind"] == "test_in_train"
    assert not [
        one for one in evaluate_test(graph, [fresh], settings=PLAIN).cautions if one.kind == "test_in_train"
    ]


def test_the_future_of_other_users_is_told_only_where_it_is_known() -> None:
    graph = random_log(200, 40, seed=2, times=True)
    whole = Behaviour.of(graph)
    known, units = held(graph)
    rows = np.repeat(units.users, np.diff(units.relevant.indptr))
    at = np.array(
        [
            whole.moment[whole.row(int(user))][whole.weight.indices[whole.row(int(user))] == product][0]
            for user, product in zip(rows, units.relevant.indices, strict=True)
        ]
    )
    (caution,) = time_cautions(Behaviour.of(known), units, at)
    assert caution.kind == "later_interactions"
    honest = np.full(len(at), START + 400 * DAY)  # after everything
    assert not list(time_cautions(Behaviour.of(known), units, honest))
    before = np.full(len(at), START - 400 * DAY)  # a random test, before what is known of its users
    kinds = [one.kind for one in time_cautions(Behaviour.of(known), units, before)]
    assert kinds == ["later_interactions", "random_split"]


def test_users_who_are_there_twice_are_found() -> None:
    once = random_log(100, 40, seed=3)
    behaviour = Behaviour.of(once)
    names = once.nodes["product"]
    twice = [
        Interaction(user=f"{copy}{user}", product=names[int(p)])
        for copy in ("a", "b")
        for user in range(100)
        for p in behaviour.history(user).products
    ]
    graph = assemble([Product(id=one) for one in names], [], twice)
    known, units = held(graph)
    (caution,) = twin_caution(Behaviour.of(known), units)
    assert caution.kind == "duplicate_users"
    assert not list(twin_caution(Behaviour.of(held(once)[0]), held(once)[1]))


@pytest.mark.parametrize("which", ["no users", "no relations"])
def test_nothing_to_check_is_no_fault(which: str) -> None:
    graph = random_log(20, 10, seed=0)
    known, units = held(graph)
    if which == "no users":
        units = units.some(np.empty(0, dtype=np.int64))
    assert not list(relation_cautions(known, units, seed=0))
    assert not list(twin_caution(units.behaviour, units))
