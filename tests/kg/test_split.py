"""What is held out is a part of every history, and nothing in the graph gives it away."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from kg.errors import SettingsError
from kg.graph import USER_RELATIONS, Graph
from kg.records import INTERACTION_KINDS, Fact, Interaction, Product
from kg.snapshot import assemble
from kg.split import HoldOut, before_products, hold_out
from tests.kg.store.contract import assert_same_graph
from tests.tiny import PRODUCTS, neighbours, tiny_graph


def hidden_of(graph: Graph, split: HoldOut, user: str) -> set[str]:
    number = graph.nodes["user"].number(user)
    assert number is not None
    row = slice(split.hidden.indptr[number], split.hidden.indptr[number + 1])
    return set(graph.nodes["product"].texts.take(split.hidden.indices[row]))


def users_of(graph: Graph, split: HoldOut) -> list[str]:
    return graph.nodes["user"].texts.take(split.users)


def test_the_latest_are_hidden() -> None:
    graph = tiny_graph()
    split = hold_out(graph, share=0.5)
    assert users_of(graph, split) == ["ann", "bob", "cid"]
    assert hidden_of(graph, split, "ann") == {"side-oak", "bulb-warm"}
    assert hidden_of(graph, split, "bob") == {"bulb-warm"}
    assert hidden_of(graph, split, "cid") == {"rug"}
    assert hidden_of(graph, split, "dee") == set()  # one rating only: that is all there is
    assert [p for p, _ in neighbours(split.graph, "purchased", "ann")] == ["desk-oak", "lamp-black"]
    assert [p for p, _ in neighbours(split.graph, "rated", "dee")] == ["lamp-paper"]


def test_words_that_found_products_are_of_the_same_log_and_go() -> None:
    split = hold_out(tiny_graph())
    assert tiny_graph().relation("found") is not None
    assert split.graph.relation("found") is None
    assert {t.name for t in tiny_graph().relations} - {t.name for t in split.graph.relations} == {"found"}


@pytest.mark.parametrize(
    ("products", "share", "hidden"), [(2, 0.01, 1), (2, 0.99, 1), (8, 0.25, 2), (9, 0.3, 2)]
)
def test_the_share(products: int, share: float, hidden: int) -> None:
    log = [Interaction(user="u", product=f"p{n}", time=float(n)) for n in range(products)]
    split = hold_out(assemble([], [], log), share=share)
    assert split.hidden.nnz == hidden
    assert hidden_of(split.graph, split, "u") == {f"p{products - 1 - n}" for n in range(hidden)}


def test_a_single_product_is_never_hidden() -> None:
    log = [Interaction(user="u", product="p", time=t) for t in (1.0, 2.0)]
    split = hold_out(assemble([], [], log), share=0.9)
    assert split.hidden.nnz == 0
    assert len(split.users) == 0


def test_without_times_the_seed_decides() -> None:
    log = [Interaction(user=f"u{u}", product=f"p{n}") for u in range(20) for n in range(8)]
    graph = assemble([], [], log)
    first = hold_out(graph, seed=1)
    assert (first.hidden.toarray() == hold_out(graph, seed=1).hidden.toarray()).all()
    assert (first.hidden.toarray() != hold_out(graph, seed=2).hidden.toarray()).any()
    assert set(np.diff(first.hidden.indptr)) == {2}
    assert len(np.unique(first.hidden.indices)) > 4  # not always the same products


def test_only_the_last_moment_is_hidden_with_all_that_came_in_it() -> None:
    log = [
        *(Interaction(user="u", product=f"p{n}", time=float(n)) for n in range(9)),
        Interaction(user="u", product="q", time=8.0),
        *(Interaction(user="once", product=f"p{n}", time=5.0) for n in range(4)),
        *(Interaction(user="timeless", product=f"p{n}") for n in range(8)),
    ]
    split = hold_out(assemble([], [], log), share=0.25, only_last=True)
    assert hidden_of(split.graph, split, "u") == {"p8", "q"}
    # one moment alone is no last one: a share of it, as ever
    assert len(hidden_of(split.graph, split, "once")) == 1
    assert len(hidden_of(split.graph, split, "timeless")) == 2


def test_a_position_stands_in_for_the_time() -> None:
    log = [Interaction(user="u", product=p, position=n) for n, p in enumerate("dbca")]
    split = hold_out(assemble([], [], log))
    assert hidden_of(split.graph, split, "u") == {"a"}


def test_a_product_met_again_counts_by_its_last_time() -> None:
    log = [Interaction(user="u", product=p, time=float(n)) for n, p in enumerate("abca")]
    split = hold_out(assemble([], [], log))
    assert hidden_of(split.graph, split, "u") == {"a"}
    assert [p for p, _ in neighbours(split.graph, "purchased", "u")] == ["b", "c"]


def test_views_are_hidden_with_the_purchase_but_not_counted() -> None:
    log = [Interaction(user="u", product=p, kind="view", time=1.0) for p in "abcdefgh"]
    log += [Interaction(user="u", product=p, time=time) for p, time in (("a", 5.0), ("b", 9.0))]
    split = hold_out(assemble([], [], log), share=0.25)
    assert hidden_of(split.graph, split, "u") == {"b"}
    assert [p for p, _ in neighbours(split.graph, "viewed", "u")] == list("acdefgh")


def test_where_nobody_buys_all_kinds_can_be_hidden() -> None:
    log = [Interaction(user="u", product=p, kind="view", time=t) for p, t in (("a", 1.0), ("b", 2.0))]
    split = hold_out(assemble([], [], log))
    assert hidden_of(split.graph, split, "u") == {"b"}
    chosen = hold_out(tiny_graph(), relations=["clicked"])
    assert users_of(tiny_graph(), chosen) == ["dee"]


def test_only_some_users() -> None:
    graph = tiny_graph()
    split = hold_out(graph, share=0.5, users=np.array([1, 3]))
    assert users_of(graph, split) == ["bob"]
    assert neighbours(split.graph, "purchased", "ann") == neighbours(graph, "purchased", "ann")
    assert len(hold_out(graph, users=np.empty(0, dtype=np.int64)).users) == 0


def test_a_shop_without_a_log() -> None:
    graph = assemble(PRODUCTS, [], [])
    split = hold_out(graph)
    assert_same_graph(split.graph, graph)
    assert split.hidden.shape == (0, 12)
    assert len(split.users) == 0


@pytest.mark.parametrize("share", [0.0, 1.0, -1.0, 2.0, float("nan")])
def test_a_share_outside_its_range(share: float) -> None:
    with pytest.raises(SettingsError, match="share="):
        hold_out(tiny_graph(), share=share)


logs = st.lists(
    st.builds(
        Interaction,
        user=st.sampled_from("uvw"),
        product=st.sampled_from("abcdef"),
        kind=st.sampled_from(INTERACTION_KINDS),
        time=st.one_of(st.none(), st.integers(0, 5).map(float)),
        query=st.sampled_from(["", "q"]),
    ),
    max_size=30,
    unique=True,
)


@given(log=logs, share=st.floats(0.01, 0.99), seed=st.integers(0, 9))
def test_nothing_of_a_hidden_pair_is_left(log: list[Interaction], share: float, seed: int) -> None:
    fact = Fact(head="a", relation="compatible_with", tail="b")
    graph = assemble([Product(id=p, brand="B") for p in "abcdef"], [fact], log)
    split = hold_out(graph, share=share, seed=seed)
    hidden = split.hidden.toarray()
    wanted = [r for r in ("purchased", "rated") if graph.relation(r)] or list(USER_RELATIONS.values())
    counted = np.zeros(hidden.shape, dtype=bool)
    for name in USER_RELATIONS.values():
        before, after = graph.relation(name), split.graph.relation(name)
        if before is None:
            continue
        assert after is not None
        pairs = np.zeros(hidden.shape, dtype=int)
        np.add.at(pairs, (before.heads, before.tails), 1)
        assert not hidden[after.heads, after.tails].any()
        stay = ~hidden[before.heads, before.tails]
        if before.time is not None:  # what came later is gone, too
            stay &= ~(before.time > _first_hidden(graph, hidden, wanted)[before.heads])
        assert sorted(zip(after.heads, after.tails, strict=True)) == sorted(
            zip(before.heads[stay], before.tails[stay], strict=True)
        )
        if name in wanted:
            counted |= pairs > 0
    assert not (hidden & ~counted).any()
    totals, gone = counted.sum(axis=1), hidden.sum(axis=1)
    assert (gone[totals < 2] == 0).all()
    assert ((gone >= 1) & (gone < totals))[totals >= 2].all()
    assert split.graph.relation("found") is None or not log
    assert split.graph.relation("compatible_with") is graph.relation("compatible_with")


def _first_hidden(graph: Graph, hidden: np.ndarray, wanted: list[str]) -> np.ndarray:
    """float64 [users]: when the first hidden product was last met (inf: nothing is hidden, or no time)."""
    latest = np.full(hidden.shape, -np.inf)
    for name in wanted:
        relation = graph.relation(name)
        if relation is not None and relation.time is not None:
            known = np.where(np.isnan(relation.time), -np.inf, relation.time)
            np.maximum.at(latest, (relation.heads, relation.tails), known)
    found: np.ndarray = np.where(hidden & np.isfinite(latest), latest, np.inf).min(axis=1, initial=np.inf)
    return found


def test_what_came_later_does_not_tell_of_what_is_hidden() -> None:
    log = [
        *(Interaction(user="u", product=p, kind="purchase", time=t) for p, t in (("a", 1.0), ("c", 3.0))),
        *(
            Interaction(user="u", product=p, kind="view", time=t)
            for p, t in (("b", 2.0), ("d", 4.0), ("a", 5.0))
        ),
    ]
    graph = assemble([Product(id=p) for p in "abcd"], [], log)
    split = hold_out(graph, share=0.25)
    numbers = graph.nodes["product"].numbers("abcd").tolist()
    assert split.hidden.indices.tolist() == [numbers[2]]
    for name, left in (("viewed", numbers[1]), ("purchased", numbers[0])):
        relation = split.graph.relation(name)
        assert relation is not None
        assert relation.tails.tolist() == [left]


def test_before_some_products_came_nothing_is_known_of_them() -> None:
    graph = tiny_graph()
    gone = np.isin(np.array(list(graph.nodes["product"])), ["desk-oak", "rug"])
    before = before_products(graph, gone)
    assert list(before.nodes["product"]) == [
        p for p in graph.nodes["product"] if p not in ("desk-oak", "rug")
    ]
    assert list(before.products.id) == list(before.nodes["product"])
    assert before.product_count == graph.product_count - 2
    for edge_type, relation in before.relations.items():
        heads, tails = (
            {"product": [*before.nodes["product"]]}.get(k, [*graph.nodes[k]]) for k in edge_type[::2]
        )
        wanted = graph.relations[edge_type]
        names = [*graph.nodes[edge_type.head]], [*graph.nodes[edge_type.tail]]
        found = [
            (heads[h], tails[t])
            for h, t in zip(relation.heads.tolist(), relation.tails.tolist(), strict=True)
        ]
        pairs = [
            (names[0][h], names[1][t])
            for h, t in zip(wanted.heads.tolist(), wanted.tails.tolist(), strict=True)
        ]
        away = {"desk-oak", "rug"}
        assert found == [
            (h, t)
            for h, t in pairs
            if not (edge_type.head == "product" and h in away)
            and not (edge_type.tail == "product" and t in away)
        ]
        assert relation.matrix.shape == (len(heads), len(tails))
    lamp = before.products.product(before.number("lamp-black"))
    assert lamp == graph.products.product(graph.number("lamp-black"))


def test_what_is_hidden_of_some_users() -> None:
    whole = hold_out(tiny_graph(), share=0.5)
    some = whole.users[1:]
    found = whole.only(some)
    assert found.graph is whole.graph
    assert found.users.tolist() == some.tolist()
    assert (found.hidden.toarray()[some] == whole.hidden.toarray()[some]).all()
