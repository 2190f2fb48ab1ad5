"""What users did: bought together, and bought next."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from kg.graph import Graph
from kg.records import Interaction, Product
from kg.snapshot import assemble
from recommend.behaviour import Behaviour, History
from recommend.channels.co_purchase import item_knn
from recommend.channels.transitions import DECAY, REACH, transition_counts
from recommend.rank.memory import ALL, Memory, remembered, remembered_rows
from recommend.recommender import Recommender
from tests.recommend.shops import PLAIN


def _log(histories: Sequence[Sequence[str]], *, timed: bool = True) -> Graph:
    names = sorted({p for history in histories for p in history})
    interactions = [
        Interaction(user=f"u{u:03d}", product=p, time=float(10 * step) if timed else None)
        for u, history in enumerate(histories)
        for step, p in enumerate(history)
    ]
    return assemble([Product(id=name) for name in names], [], interactions)


def test_after_a_comes_b_and_after_b_comes_c() -> None:
    """Most who have b have a with it, and yet nobody buys a after b."""
    others = [f"x{i}" for i in range(20)]
    rng = np.random.default_rng(0)
    chains = [["a", "b"], ["a", "b"], ["b", "c"], rng.choice(others, 3, replace=False).tolist()]
    r = Recommender.fit(_log(chains * 30), settings=PLAIN)
    after_b = r.recommend(history=["b"])
    assert after_b.ids[0] == "c"
    assert after_b[0].signals["transitions"] > 0
    assert r.recommend(history=["a"], k=1).ids == ("b",)
    assert all("transitions" not in hit.signals for hit in r.recommend(history=["c"]))


def test_without_times_there_is_no_next() -> None:
    r = Recommender.fit(_log([["a", "b", "c"]] * 40, timed=False), settings=PLAIN)
    assert "transitions" not in {one.name for one in r.fitted.links}
    assert r.recommend(history=["a"]).ids != ()


def test_products_of_one_moment_have_no_direction() -> None:
    graph = assemble(
        [Product(id=p) for p in "ab"],
        [],
        [Interaction(user=f"u{u}", product=p, time=5.0, order=f"o{u}") for u in range(5) for p in "ab"],
    )
    assert transition_counts(Behaviour.of(graph)).nnz == 0


def test_a_later_product_counts_more() -> None:
    """Two histories of the same products: what follows the last of them comes first."""
    histories = [["a", "follows-a"]] * 30 + [["b", "follows-b"]] * 30
    r = Recommender.fit(_log(histories), settings=PLAIN)
    assert r.recommend(history=["a", "b"], k=1).ids == ("follows-b",)
    assert r.recommend(history=["b", "a"], k=1).ids == ("follows-a",)


def test_memories_fade_at_their_own_pace() -> None:
    history = History.of(np.array([5, 3, 8]))
    np.testing.assert_array_equal(history.age, [2, 1, 0])
    np.testing.assert_array_equal(remembered(history, ALL), [1, 1, 1])
    np.testing.assert_allclose(remembered(history, Memory(decay=0.9)), [0.81, 0.9, 1])
    np.testing.assert_allclose(remembered(history, Memory(decay=0.5)), [0.25, 0.5, 1])


@given(
    st.lists(
        st.dictionaries(st.integers(0, 5), st.sampled_from([None, 1.0, 2.0, 3.0]), max_size=6), max_size=5
    ),
    st.sampled_from([1.0, 0.5, 0.2]),
)
def test_all_users_remember_together_as_each_alone(met: list[dict[int, float | None]], decay: float) -> None:
    log = [
        Interaction(user=f"u{u}", product=f"p{p}", time=time)
        for u, products in enumerate(met)
        for p, time in products.items()
    ]
    behaviour = Behaviour.of(assemble([Product(id=f"p{i}") for i in range(6)], [], log))
    users = np.arange(behaviour.weight.shape[0])
    rows = remembered_rows(behaviour, users, Memory(decay=decay))
    for user in users.tolist():
        history = behaviour.history(user)
        alone = np.zeros(rows.shape[1], dtype=np.float32)
        alone[history.products] = remembered(history, Memory(decay=decay))
        np.testing.assert_array_equal(rows[[user]].toarray()[0], alone)


@given(st.lists(st.lists(st.integers(0, 5), min_size=1, max_size=8, unique=True), min_size=1, max_size=8))
def test_transitions_equal_counting_by_hand(histories: list[list[int]]) -> None:
    graph = _log([[f"p{p}" for p in history] for history in histories])
    n = graph.product_count
    number = {product: graph.number(product) for product in graph.products.id}
    counts = np.zeros((n, n))
    for history in histories:
        rows = [number[f"p{p}"] for p in history]
        for i, here in enumerate(rows):
            for j in range(i + 1, min(len(rows), i + 1 + REACH)):
                counts[here, rows[j]] += DECAY ** (j - i - 1)
    norm = np.maximum(counts.sum(axis=1)[:, None], 1.0) ** 0.25
    np.testing.assert_allclose(transition_counts(Behaviour.of(graph)).toarray(), counts / norm, rtol=1e-4)


def test_bought_together_equals_the_formula_by_hand() -> None:
    # u0: a b; u1: a b c; u2: b c
    graph = _log([["a", "b"], ["a", "b", "c"], ["b", "c"]], timed=False)
    found = item_knn(Behaviour.of(graph).weight, exponent=0.5, shrinkage=0.0, user_exponent=1.0).toarray()
    ab, ac, bc = (1 / 2 + 1 / 3) / np.sqrt(2 * 3), (1 / 3) / np.sqrt(2 * 2), (1 / 3 + 1 / 2) / np.sqrt(3 * 2)
    np.testing.assert_allclose(found, [[0, ab, ac], [ab, 0, bc], [ac, bc, 0]], rtol=1e-6)


def test_a_view_says_less_than_a_purchase() -> None:
    products = [Product(id=p) for p in ("seed", "viewed", "bought")]
    log = [
        Interaction(user=f"u{u}", product=p, kind="view" if p == "viewed" else "purchase")
        for u in range(4)
        for p in ("seed", "viewed", "bought")
    ]
    r = Recommender.fit(assemble(products, [], log), settings=PLAIN)
    first, second = r.recommend(history=["seed"])
    assert (first.product.id, second.product.id) == ("bought", "viewed")
    assert first.signals["co_purchase"] > second.signals["co_purchase"]


def test_the_same_product_met_twice_counts_once_at_its_latest_moment() -> None:
    log = [
        Interaction(user="u", product="a", kind="view", time=1.0),
        Interaction(user="u", product="b", time=2.0),
        Interaction(user="u", product="a", kind="purchase", time=3.0),
    ]
    behaviour = Behaviour.of(assemble([Product(id="a"), Product(id="b")], [], log))
    history = behaviour.history(0)
    assert history.products.tolist() == [1, 0]  # b, then a
    assert history.weight.tolist() == [1.0, 1.0]
    assert history.owned.tolist() == [True, True]


@pytest.mark.parametrize("kind", ["view", "cart", "click"])
def test_what_was_only_looked_at_may_come_again(kind: str) -> None:
    log = [Interaction(user=f"u{u}", product=p) for u in range(5) for p in ("a", "b")]
    log += [Interaction(user="v", product="a"), Interaction(user="v", product="b", kind=kind)]  # type: ignore[arg-type]
    r = Recommender.fit(assemble([Product(id="a"), Product(id="b")], [], log), settings=PLAIN)
    assert r.recommend("v").ids == ("b",)
    assert r.recommend("u0").ids == ()
