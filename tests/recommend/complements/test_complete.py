"""What goes with a product, apart from what may stand in for it."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import scipy.sparse as sp
from hypothesis import given
from hypothesis import strategies as st

from kg.errors import SettingsError, UnknownProductError
from kg.records import Fact, Interaction, Product
from kg.snapshot import assemble
from recommend.complements.kinds import Kinds, orders
from recommend.complements.learning import completed
from recommend.recommender import Recommender
from tests.recommend.complements.corner_shop import EACH, PLAIN, corner_shop, facts, kind, log, products
from tests.recommend.shops import planted


@pytest.fixture(scope="module")
def corner() -> Recommender:
    return Recommender.fit(corner_shop(), settings=PLAIN)


def test_a_lamp_is_completed_by_bulbs_and_replaced_by_lamps(corner: Recommender) -> None:
    goes_with, instead = corner.complete("lamp0", k=5), corner.similar("lamp0", k=5)
    assert kind(goes_with[0].product.id) == "bulb"
    assert "lamp" not in {kind(one) for one in goes_with.ids}
    assert kind(instead[0].product.id) == "lamp"
    assert sum(kind(one) == "lamp" for one in instead.ids) >= 3
    assert "lamp0" not in (*goes_with.ids, *instead.ids)


def test_what_is_bought_by_the_set_completes_itself(corner: Recommender) -> None:
    assert {kind(one) for one in corner.complete("polish0", k=2).ids} == {"polish"}


def test_a_basket_is_completed_by_what_it_lacks(corner: Recommender) -> None:
    found = corner.complete(["lamp0", "bulb0"])
    assert {"lamp", "bulb"}.isdisjoint(kind(one) for one in found.ids)
    assert kind(found[0].product.id) == "desk"


def test_scores_are_the_sum_of_signals_and_of_all_paths(corner: Recommender) -> None:
    found = corner.complete(["lamp0", "desk1"])
    assert len(found) > 3
    for hit in found:
        assert sum(hit.signals.values()) == pytest.approx(hit.score, rel=1e-5)
        told = corner.explain(found.query, hit.product.id)
        assert told.score == pytest.approx(hit.score, rel=1e-5)
        assert told.explained == pytest.approx(hit.score, rel=1e-5)


def test_a_lamp_that_nobody_bought_yet_is_completed_by_its_kind() -> None:
    new = Product(id="lamp9", title="lamp 9", brand="New", category=("Shop", "Lamps"))
    model = Recommender.fit(assemble([*products(), new], facts(), log()), settings=PLAIN)
    found = model.complete("lamp9", k=3)
    assert kind(found[0].product.id) == "bulb"
    path = model.explain(found.query, found[0].product.id).paths[0]
    assert [edge.relation for edge in path.edges] == ["in_category", "ordered_together", "in_category"]
    assert [edge.stored for edge in path.edges] == [True, False, True]
    assert path.edges[1].support == 40  # of the 50 orders with a lamp
    assert path.edges[1].support_unit == "orders"


def test_what_fits_a_product_is_nothing_to_buy_instead() -> None:
    """Also in a shop that has hardly anything: there all that is linked would be among the ten most alike."""
    shop = [
        Product(id="L1", title="Oak desk lamp", brand="Lumo", category=("Home", "Desk lamps")),
        Product(id="L2", title="Steel desk lamp", brand="Lumo", category=("Home", "Desk lamps")),
        Product(id="B1", title="E14 bulb", category=("Home", "Bulbs")),
        Product(id="L3", title="Lamp with a bulb", category=("Home", "Desk lamps")),
    ]
    said = [
        Fact(head="B1", relation="compatible_with", tail="L1"),
        Fact(head="L3", relation="compatible_with", tail="L1"),
    ]
    together = [Interaction(user="u", product=one, order="o") for one in ("L1", "B1")]
    model = Recommender.fit(assemble(shop, said, together), settings=PLAIN)
    assert set(model.similar("L1").ids) == {
        "L2",
        "L3",
    }  # of its own kind: it may stand in for it all the same
    assert "L1" not in model.similar("B1").ids
    assert "B1" in model.complete("L1").ids


def test_only_what_fits(corner: Recommender) -> None:
    assert corner.complete("lamp0", fits="lamp0").ids == ("bulb0",)
    assert set(corner.complete("desk0", fits=["lamp0", "lamp1"]).ids) <= {"bulb0", "bulb1"}
    assert corner.recommend(history=["desk0"], fits=["bulb1"]).ids in ((), ("lamp1",))  # the other way round


def test_only_what_fits_something_that_the_user_owns() -> None:
    own = [Interaction(user="me", product="lamp0", time=1.7e9), Interaction(user="me", product="desk0")]
    model = Recommender.fit(assemble(products(), facts(), [*log(), *own]), settings=PLAIN)
    assert model.complete(user="me", fits=True).ids == ("bulb0",)
    assert {kind(one) for one in model.complete(user="me").ids}.isdisjoint({"lamp", "desk"})
    assert model.recommend("me", fits=True).ids == ("bulb0",)
    assert not model.recommend("me", fits=True).note


def test_that_nothing_is_known_to_fit_is_said(corner: Recommender) -> None:
    found = corner.recommend(history=["desk0"], fits=["desk0"])
    assert not found
    assert "nothing is known to fit" in found.note
    assert "compatible_with" in found.note


def test_who_has_all_that_fits_is_told_so() -> None:
    own = [Interaction(user="me", product=one, time=1.7e9) for one in ("lamp0", "bulb0")]
    model = Recommender.fit(assemble(products(), facts(), [*log(), *own]), settings=PLAIN)
    found = model.complete(user="me", fits=True)
    assert not found
    assert "there already" in found.note


def test_an_accessory_of_a_category_fits_its_products_and_no_others() -> None:
    lines = [
        Fact(head="polish0", relation="accessory_of", tail="Shop > Lamps", tail_kind="category"),
        Fact(head="polish1", relation="accessory_of", tail="Shop > Desks", tail_kind="category"),
    ]
    model = Recommender.fit(assemble(products(), lines, log()), settings=PLAIN)
    assert model.complete("lamp2", fits="lamp2").ids in ((), ("polish0",))
    mask = model._recommending._allowed(model.complete("lamp2", fits="lamp2").query)
    assert [model.graph.nodes["product"][int(i)] for i in np.flatnonzero(mask)] == ["polish0"]


def test_what_makes_no_sense_is_an_error(corner: Recommender) -> None:
    with pytest.raises(SettingsError, match="complete what"):
        corner.complete()
    with pytest.raises(SettingsError, match="name the user"):
        corner.complete("lamp0", fits=True)
    with pytest.raises(UnknownProductError):
        corner.complete("nothing")
    with pytest.raises(UnknownProductError):
        corner.complete("lamp0", fits="nothing")


def test_a_user_who_owns_nothing_is_told_so(corner: Recommender) -> None:
    found = corner.complete(user="nobody")
    assert len(found) == 0
    assert "owns nothing" in found.note


def test_answers_are_the_same_after_saving(corner: Recommender, tmp_path: Path) -> None:
    corner.save(tmp_path / "model")
    again = Recommender.open(tmp_path / "model")
    for asked in ("lamp0", "polish3", ["lamp0", "bulb4"]):
        one, other = corner.complete(asked), again.complete(asked)
        assert one.ids == other.ids
        assert [hit.score for hit in one] == [hit.score for hit in other]
        assert again.explain(other.query, other.ids[0]).text == corner.explain(one.query, one.ids[0]).text


# --- kinds ---


def test_kinds_that_are_bought_by_the_set() -> None:
    graph = corner_shop()
    kinds = Kinds.of(graph)
    sets = {kind(graph.nodes["product"][int(i)]) for i in np.flatnonzero(kinds.sets)}
    assert sets == {"polish"}


def test_substitutes_are_of_the_same_kind() -> None:
    graph = corner_shop()
    numbers = graph.nodes["product"].numbers(["lamp0", "polish0"])
    found = np.flatnonzero(Kinds.of(graph).substitutes(numbers))
    assert {kind(graph.nodes["product"][int(i)]) for i in found} == {"lamp"}


def test_a_product_without_type_and_category_has_no_substitutes() -> None:
    graph = assemble([Product(id="a"), Product(id="b")], [], [])
    assert not Kinds.of(graph).substitutes(np.array([0])).any()


def test_the_deepest_category_is_the_kind() -> None:
    paths = {
        "a": ("Home",),
        "b": ("Home", "Lamps"),
        "c": ("Home", "Lamps", "Floor lamps"),
        "d": ("Home", "Lamps"),
    }
    graph = assemble([Product(id=i, category=path) for i, path in paths.items()], [], [])
    category = Kinds.of(graph).category
    assert [graph.nodes["category"][int(c)] for c in category] == [
        " > ".join(path) for path in paths.values()
    ]


def test_orders_are_those_with_several_products() -> None:
    bought = [
        ("u", "a", "1"),
        ("u", "b", "1"),
        ("u", "c", "2"),
        ("v", "a", "1"),
        ("w", "b", ""),
        ("w", "c", ""),
    ]
    found = [Interaction(user=u, product=p, order=o, time=1.0) for u, p, o in bought]
    graph = assemble([Product(id=i) for i in "abc"], [], found)
    lines = orders(graph)
    assert [graph.nodes["product"][int(p)] for p in lines.product] == ["a", "b"]
    assert len(set(lines.order.tolist())) == 1


def test_what_is_learned_from_was_hidden_and_is_of_another_kind() -> None:
    graph = corner_shop()
    users, n = len(graph.nodes["user"]), graph.product_count
    hidden = np.zeros((users, n), dtype=bool)
    ids = graph.nodes["product"]
    hidden[:, ids.numbers([f"bulb{i}" for i in range(EACH)])] = True
    sources, truth = completed(graph, Kinds.of(graph), sp.csr_array(hidden))
    assert len(sources) == 40
    assert {kind(ids[int(s)]) for s in sources} == {"lamp"}
    assert {kind(ids[int(t)]) for t in truth.indices} == {"bulb"}


# --- whatever the shop ---


@pytest.fixture(scope="module")
def shop() -> Recommender:
    return Recommender.fit(planted(120, 80), settings=PLAIN)


@given(basket=st.sets(st.integers(0, 119), min_size=1, max_size=4), user=st.integers(0, 79))
def test_never_the_basket_nor_what_is_owned_nor_its_kind(
    shop: Recommender, basket: set[int], user: int
) -> None:
    ids = [f"p{i:03d}" for i in sorted(basket)]
    name = f"u{user:03d}"
    found = set(shop.complete(ids, user=name, k=200).ids)
    graph, past = shop.graph, shop.fitted.behaviour.history(user)
    owned = {graph.nodes["product"][int(p)] for p in past.products}
    kinds = Kinds.of(graph)
    seeds = [i for i in graph.nodes["product"].numbers(ids).tolist() if not kinds.sets[i]]
    same = {graph.nodes["product"][int(i)] for s in seeds for i in np.flatnonzero(kinds.alike(s))}
    assert not found & (set(ids) | owned | same)
