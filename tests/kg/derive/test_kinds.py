"""Which noun of a title is the product's, what attributes tell of it, and of which kinds types are."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from types import MappingProxyType

import numpy as np
import pytest

from kg.derive import Derived, derive
from kg.graph import Graph
from kg.records import Product
from kg.snapshot import assemble
from tests.kg.derive.shelf import shelf, tails, type_of

BRANDS = ("Lumo", "Nori", "Holt", "Vell")

CARD = {"slot": "PCI", "bracket": "low", "bus": "x1", "driver": "yes"}
MEMORY = {"capacity": "8 GB", "speed class": "10", "read speed": "90", "write speed": "40"}
CABLE = {"length": "2 m", "shielding": "foil", "jacket": "PVC", "gauge": "24"}
PC = {"processor": "dual core", "disk": "500 GB", "graphics": "built in", "memory size": "4 GB"}
NOTEBOOK = {**PC, "screen": "15 inch", "keyboard layout": "QWERTY", "touchpad": "yes"}
BAG = {"material": "nylon", "closure": "zip", "pockets": "3", "strap": "yes"}
CAMERA = {"sensor": "CMOS", "pixels": "2 MP", "zoom": "none", "focus": "auto"}


def some(count: int, title: str, attributes: Mapping[str, str], *, description: str = "") -> list[Product]:
    """Products of several brands that are called the same; '#' in the title is a number."""
    return [
        Product(
            id=f"{title} {n}",
            title=f"{BRANDS[n % 4]} X{n} {title.replace('#', str(n + 2))}",
            brand=BRANDS[n % 4],
            description=description,
            attributes=MappingProxyType(dict(attributes)),
        )
        for n in range(count)
    ]


def shop(*products: list[Product]) -> Graph:
    return assemble([one for several in products for one in several], [], [])


def kinds_of(derived: Derived, products: list[Product]) -> set[str | None]:
    found = {fact.head: fact.tail for fact in derived.facts() if fact.relation == "of_type"}
    return {found.get(product.id) for product in products}


@pytest.mark.parametrize(
    "title", ["Rok teapot + saucepan", "Rok teapot inc. saucepan", "Rok teapot with saucepan", "Rok teapot"]
)
def test_what_is_added_to_a_thing_is_not_what_it_is(title: str) -> None:
    new = Product(id="0 new", title=f"Holt {title}", brand="Holt")
    assert type_of(derive(shelf(more=(new,))), new.id) == "teapot"


@pytest.mark.parametrize(
    "title", ["Rok PS/2 + USB teapot", "Rok 4 + 4 teapot", "Rok Inc. teapot", "A+ teapot"]
)
def test_a_plus_or_a_company_before_the_thing(title: str) -> None:
    new = Product(id="0 new", title=f"Holt {title}", brand="Holt")
    assert type_of(derive(shelf(more=(new,))), new.id) == "teapot"


def test_a_noun_that_always_stands_before_a_measure() -> None:
    webcams = some(16, "Webcam # MP 640 x 480 pixels", CAMERA)
    webcams[0] = replace(webcams[0], description="A webcam for all")
    derived = derive(shop(webcams, some(8, "patch cable, cables", CABLE), some(8, "laptop bag, bags", BAG)))
    assert kinds_of(derived, webcams) == {"webcam"}


def test_a_noun_that_always_stands_before_a_value() -> None:
    attributes = {"display type": "AMOLED", "pulse": "yes", "steps": "yes", "band": "leather"}
    watches = some(12, "smartwatch AMOLED # cm", attributes)
    derived = derive(shop(watches, some(8, "patch cable, cables", CABLE), some(8, "laptop bag, bags", BAG)))
    assert kinds_of(derived, watches) == {"smartwatch"}
    assert "amoled" not in derived.nodes["type"]


def test_what_a_thing_is_used_with_is_not_what_it_is() -> None:
    cameras = some(9, "digital camera", CAMERA)
    remote = {"buttons": "4", "range": "5 m", "receiver": "none", "used with": "TV"}
    odd = some(2, "Remote Digital camera", {**remote, "used with": "Digital camera"})
    derived = derive(shop(cameras, some(9, "remote control, remote controls", remote), odd))
    assert kinds_of(derived, cameras) == {"digital camera"}
    assert "digital camera" not in kinds_of(derived, odd)


def test_an_attribute_that_says_the_kind() -> None:
    other = {"glass": "A4", "lamp": "LED", "depth": "48 bit"}
    flat = some(9, "Flatbed scanner White", {**other, "scanner type": "Flatbed scanner"})
    fed = some(9, "Sheet-fed scanner White", {**other, "scanner type": "Sheet-fed scanner"})
    panel = {"panel": "IPS", "contrast": "high", "hd type": "Full HD", "base": "steel"}
    monitors = some(9, "monitor Full HD Black", panel)
    silent = some(9, "Full HD, LCD Black", panel)
    derived = derive(shop(flat, fed, monitors, silent))
    assert kinds_of(derived, flat) == {"flatbed scanner"}
    assert kinds_of(derived, fed) == {"sheet-fed scanner"}
    assert kinds_of(derived, monitors) == {"monitor"}
    assert "full hd" not in derived.nodes["type"], "HD is nothing to be a kind of"
    assert set(tails(derived, "subtype_of", "flatbed scanner")) == {"scanner"}


def test_a_kind_that_attributes_tell() -> None:
    silent = some(3, "Card 8 GB", MEMORY)
    derived = derive(
        shop(
            some(12, "memory card", MEMORY),
            some(12, "network card", CARD),
            some(6, "sound card", CARD),
            silent,
        )
    )
    assert kinds_of(derived, silent) == {"memory card"}


def test_no_kind_is_told_by_what_all_have() -> None:
    silent = some(3, "Card PCI", CARD)
    sound = some(12, "sound card", {**CARD, "codec": "AC97"})
    bags = some(20, "laptop bag", BAG)
    derived = derive(shop(some(12, "network card", CARD), sound, silent, bags))
    assert kinds_of(derived, silent) == {"card"}


def notebooks() -> Graph:
    both = some(6, "notebook pc", NOTEBOOK, description="Portable notebook, black")
    return shop(
        some(12, "notebook", NOTEBOOK, description="Portable notebook, notebooks for work"),
        some(12, "tower pc", PC),
        both,
        some(9, "notebook case", BAG, description="A case for a notebook"),
        some(9, "webcam", CAMERA, description="webcam, webcams"),
        some(9, "digital camera", CAMERA, description="camera, cameras"),
    )


def test_a_type_may_be_of_two_kinds() -> None:
    derived = derive(notebooks())
    assert set(tails(derived, "subtype_of", "notebook pc")) == {"notebook", "pc"}
    assert set(tails(derived, "subtype_of", "notebook case")) == {"case"}
    assert set(tails(derived, "accessory_of", "notebook case")) >= {"notebook"}
    assert not tails(derived, "accessory_of", "notebook pc")


def test_a_synonym_says_the_kind_if_attributes_agree() -> None:
    synonyms = {"webcam": ("web camera", "web cam"), "notebook": ("writing case", "note book")}
    derived = derive(notebooks(), synonyms=synonyms)
    assert set(tails(derived, "subtype_of", "webcam")) == {"camera"}
    below = {(fact.head, fact.tail) for fact in derived.facts() if fact.relation == "subtype_of"}
    assert ("notebook", "case") not in below, "no case is like it"
    assert not tails(derive(notebooks()), "subtype_of", "webcam")


def test_no_type_gets_below_itself() -> None:
    synonyms = {"webcam": ("web camera",), "camera": ("big webcam",)}
    derived = derive(notebooks(), synonyms=synonyms)
    below = {(fact.head, fact.tail) for fact in derived.facts() if fact.relation == "subtype_of"}
    assert len(below & {("webcam", "camera"), ("camera", "webcam")}) == 1


def test_kinds_are_the_same_after_saving_and_for_new_products() -> None:
    graph = notebooks()
    derived = derive(graph, synonyms={"webcam": ("web camera",)})
    again = Derived.from_arrays(derived.arrays(), graph)
    everything = np.arange(graph.product_count)
    for one in (again, again.renewed(graph, graph, everything), again.renewed(graph, graph, everything[:0])):
        assert list(one.facts()) == list(derived.facts()) or set(one.facts()) == set(derived.facts())


def test_what_was_saved_before_there_were_such_kinds_can_be_read() -> None:
    graph = notebooks()
    arrays = {
        name: array
        for name, array in derive(graph).arrays().items()
        if not name.startswith(("also.", "telling."))
    }
    old = Derived.from_arrays(arrays, graph)
    assert set(tails(old.renewed(graph, graph, np.arange(3)), "subtype_of", "notebook pc")) == {"pc"}
