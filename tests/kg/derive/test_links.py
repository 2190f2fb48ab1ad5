"""Series, accessories, services and what goes with what."""

from __future__ import annotations

from types import MappingProxyType

from kg.derive import derive
from kg.records import Fact, Product
from kg.snapshot import assemble
from tests.kg.derive.shelf import shelf, tails


def test_a_series_is_what_a_brand_calls_its_things() -> None:
    derived = derive(shelf())
    assert set(tails(derived, "in_series", "Arc 100 desk lamp, black")) == {"Lumo Arc"}
    assert set(tails(derived, "in_series", "ZenFone 6 phone 256 GB")) == {"Vell ZenFone"}
    assert not tails(derived, "in_series", "Oak desk lamp 40 W"), "one product is no series"


def test_series_are_nested() -> None:
    titles = [f"Vell ZenFone {n} phone {size} GB" for n in (5, 6, 7) for size in (64, 128, 256)]
    titles += [f"Vell kettle {n}" for n in range(3)]
    products = [Product(id=title, title=title, brand="Vell") for title in titles]
    found = tails(derive(assemble(products, [], [])), "in_series", "ZenFone 6 phone 128 GB")
    assert set(found) == {"Vell ZenFone", "Vell ZenFone 6"}


def test_measures_are_no_series() -> None:
    products = [
        Product(id=f"{n}", title=f"Vell Cable {length}m, black", brand="Vell")
        for n, length in enumerate([1, 2, 3, 5, 10])
    ]
    assert not list(derive(assemble(products, [], [])).nodes["series"])


def test_an_accessory_goes_with_the_series_behind_for() -> None:
    derived = derive(shelf())
    assert "Vell ZenFone" in tails(derived, "compatible_with", "leather phone case for ZenFone 5")
    assert not tails(derived, "in_series", "leather phone case for ZenFone 5")
    assert "Vell" in tails(derived, "compatible_with", "cover for Vell phones")


def test_accessories_and_services_are_for_a_type() -> None:
    derived = derive(shelf())
    assert set(tails(derived, "accessory_of", "cover for phones")) == {"phone"}
    assert set(tails(derived, "accessory_of", "phone case")) == {"phone"}
    assert set(tails(derived, "service_for", "phone warranty")) == {"phone"}
    assert not tails(derived, "accessory_of", "desk lamp")


def test_lists_of_devices_are_read_but_not_what_goes_in() -> None:
    listed = MappingProxyType({"compatibility": "ZenFone 5, ZenFone 6"})
    takes = MappingProxyType({"compatible memory cards": "ZenFone 5"})
    toner = Product(id="listed", title="Holt sleeve", brand="Holt", attributes=listed)
    phone = Product(id="takes", title="Holt sleeve 2", brand="Holt", attributes=takes)
    derived = derive(shelf(more=(toner, phone)))
    assert set(tails(derived, "compatible_with", "listed")) == {"Vell ZenFone"}
    assert not tails(derived, "compatible_with", "takes")


def test_categories_are_linked_and_their_products_get_no_types() -> None:
    paths = [
        ("Phones",),
        ("Phones", "Phone cases"),
        ("Services", "Phone warranties"),
        ("Garden", "Watering cans"),
        ("Toys & cases",),
    ]
    products = [
        Product(id=f"{n} {path[-1]}", title=f"Vell {path[-1]} {n}", brand="Vell", category=path)
        for path in paths
        for n in range(4)
    ]
    derived = derive(assemble(products, [], []))
    assert not len(derived.nodes["type"])
    links = {(f.head, f.relation, f.tail) for f in derived.facts() if f.head_kind == "category"}
    assert links == {
        ("Phones > Phone cases", "accessory_of", "Phones"),
        ("Services > Phone warranties", "service_for", "Phones"),
    }
    assert derived.summary().typed == 1.0


def test_links_between_types_name_nodes_that_the_graph_has() -> None:
    graph = shelf(
        Fact(head="gadget", relation="subtype_of", tail="thing", head_kind="type", tail_kind="type")
    )
    enriched = derive(graph).added_to(graph)
    for edge_type, relation in enriched.relations.items():
        assert relation.head_count == len(enriched.nodes[edge_type.head])
        assert relation.tail_count == len(enriched.nodes[edge_type.tail])
        assert (relation.tails < relation.tail_count).all()
    assert {"gadget", "thing", "lamp"} <= set(enriched.nodes["type"])
