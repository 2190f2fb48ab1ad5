"""What products are, read from titles, attributes and from what products of a type have in common."""

from __future__ import annotations

from types import MappingProxyType

import pytest

from kg.derive import derive
from kg.graph import EdgeType
from kg.records import Product
from kg.snapshot import assemble
from tests.kg.derive.shelf import TITLES, shelf, tails, type_of

WANTED = (
    *("desk lamp",) * 3,
    *("floor lamp",) * 3,
    *("wall lamp",) * 3,
    *("teapot",) * 3,
    *("saucepan",) * 3,
    *("phone",) * 5,
    *("phone case",) * 3,
    *("cover",) * 3,
    *("phone warranty",) * 3,
)


def test_every_title_of_a_small_shop_is_understood() -> None:
    derived = derive(shelf())
    found = {f.head: f.tail for f in derived.facts() if f.relation == "of_type"}
    assert [found.get(f"{n:02} {title}") for n, (_, title, _) in enumerate(TITLES)] == list(WANTED)


def test_what_stands_behind_for_is_not_what_it_is() -> None:
    assert type_of(derive(shelf()), "cover for phones") == "cover"


def test_types_stand_below_wider_ones() -> None:
    derived = derive(shelf())
    for name in ("desk lamp", "floor lamp", "wall lamp"):
        assert set(tails(derived, "subtype_of", name)) == {"lamp"}
    assert set(tails(derived, "subtype_of", "phone case")) == {"case"}
    below = derived.added_to(shelf()).relations[EdgeType("type", "subtype_of", "type")]
    assert (below.heads != below.tails).all()


def test_singular_and_plural_are_one_type_and_both_are_known() -> None:
    derived = derive(shelf())
    assert type_of(derived, "Kai phones, 2 pieces") == type_of(derived, "Ray phone white") == "phone"
    assert ("phones", "type", "phone") in {alias[:3] for alias in derived.aliases}


def many(kind: str, number: int, attributes: dict[str, str], title: str) -> list[Product]:
    brands = ("Lumo", "Nori", "Holt")
    return [
        Product(
            id=f"{kind}{n}",
            title=f"{brands[n % 3]} X{n} {title}".strip(),
            brand=brands[n % 3],
            attributes=MappingProxyType(attributes),
        )
        for n in range(number)
    ]


def test_a_title_that_says_nothing_is_decided_by_the_attributes() -> None:
    lamp = {"bulb": "E27", "beam": "wide", "dimmer": "yes", "cord": "2 m"}
    kettle = {"volume": "1.7 l", "filter": "lime", "lid": "steel", "base": "round"}
    chair = {"seat": "oak", "legs": "four", "stackable": "yes", "arms": "none"}
    named = [
        *many("lamp", 20, lamp, "desk lamp"),
        *many("kettle", 20, kettle, "kettle, 2 kettles a box"),
        *many("chair", 20, chair, "chair"),
    ]
    mute = [
        Product(id="mute lamp", title="Vell 77", brand="Vell", attributes=MappingProxyType(lamp)),
        Product(id="mute kettle", title="Vell 78", brand="Vell", attributes=MappingProxyType(kettle)),
        Product(id="mute other", title="Vell 79", brand="Vell", attributes=MappingProxyType({"tyre": "28"})),
    ]
    facts = {f.head: f for f in derive(assemble([*named, *mute], [], [])).facts() if f.relation == "of_type"}
    assert (facts["mute lamp"].tail, facts["mute lamp"].source) == ("desk lamp", "derived:classifier")
    assert (facts["mute kettle"].tail, facts["mute kettle"].source) == ("kettle", "derived:classifier")
    assert "mute other" not in facts, "what is like nothing else has no type"


def test_an_attribute_called_type_is_read_if_it_names_a_kind_and_not_a_quality() -> None:
    kettles = many("kettle", 6, {"volume": "1.7 l"}, "kettle")
    toasters = many("toaster", 6, {"slots": "2"}, "toaster")
    said = Product(
        id="said",
        title="Vell 77",
        brand="Vell",
        attributes=MappingProxyType({"Product type": "Toaster", "slots": "2"}),
    )
    quality = [
        Product(
            id=f"original{n}",
            title=f"Vell {n} Original",
            brand="Vell",
            attributes=MappingProxyType({"type": "Original"}),
        )
        for n in range(6)
    ]
    facts = {
        f.head: f
        for f in derive(assemble([*kettles, *toasters, said, *quality], [], [])).facts()
        if f.relation == "of_type"
    }
    assert (facts["said"].tail, facts["said"].source) == ("toaster", "derived:attribute")
    assert not any(fact.tail == "original" for fact in facts.values())


def test_colours_sizes_and_names_are_no_types() -> None:
    derived = derive(shelf())
    types = set(derived.nodes["type"])
    assert not types & {"black", "white", "arc", "zenfone", "pair", "pieces", "years", "w", "gb"}


@pytest.mark.parametrize("written", ["DESK LAMP", "Desk Lamp", "desk lamp"])
def test_the_case_of_titles_does_not_matter(written: str) -> None:
    lamps = many("lamp", 9, {"bulb": "E27"}, written)
    pots = many("pot", 9, {"lid": "glass"}, written.swapcase().swapcase().replace("LAMP", "POT"))
    found = {f.tail for f in derive(assemble([*lamps, *pots], [], [])).facts() if f.head == "lamp1"}
    assert "desk lamp" in found


def test_confidence_is_a_share_and_its_source_is_told() -> None:
    sources = {"title", "description", "attribute", "classifier", "phrase", "category"}
    for fact in derive(shelf()).facts():
        assert 0 < fact.weight <= 1
        assert fact.source.removeprefix("derived:") in sources


def test_chinese_titles_end_in_their_types() -> None:
    titles = [
        ("云山", "防水双肩包"),
        ("尼布", "轻便双肩包"),
        ("刻素", "商务双肩包"),
        ("云山", "铸铁煎锅"),
        ("尼布", "不粘煎锅"),
        ("刻素", "平底煎锅"),
        ("滴悦", "儿童煎锅 白色"),
    ]
    products = [
        Product(id=title, title=f"{brand} {title}", brand=brand, language="zh") for brand, title in titles
    ]
    derived = derive(assemble(products, [], []))
    assert type_of(derived, "防水双肩包") == type_of(derived, "商务双肩包") == "双肩包"
    assert type_of(derived, "铸铁煎锅") == type_of(derived, "儿童煎锅 白色") == "煎锅"


_PROTECTOR = {"joules": "900", "surge": "A", "clamp": "yes", "plug": "IEC"}


def test_what_is_counted_is_no_type() -> None:
    """Some titles only say how many outlets a surge protector has; a wall plate has one uncounted."""
    kettle = {"volume": "1.7 l", "filter": "lime", "lid": "steel", "base": "round"}
    said = many("said", 20, _PROTECTOR, "surge protector 8 outlets")
    counted = many("counted", 10, _PROTECTOR, "white, 8 outlets")
    plates = many("plate", 4, {"gang": "2", "screws": "yes"}, "wall plate outlet")
    kettles = many("kettle", 20, kettle, "kettle")
    facts = derive(assemble([*said, *counted, *plates, *kettles], [], [])).facts()
    types = {fact.head: fact.tail for fact in facts if fact.relation == "of_type"}
    assert not {"outlet", "outlets"}.intersection(types.values())
    assert {types.get(one.id) for one in counted} == {"surge protector"}


def test_a_noun_of_many_titles_that_hardly_any_product_is_names_no_type() -> None:
    kinds = ("cable", "hub", "charger", "adapter")
    named = [
        one
        for kind in kinds
        for one in many(kind, 20, {f"{kind} rating": "A", kind: "yes"}, f"{kind} with good audio")
    ]
    bare = many("bare", 2, {"cable rating": "A", "cable": "yes"}, "audio")
    derived = derive(assemble([*named, *bare], [], []))
    types = {fact.head: fact.tail for fact in derived.facts() if fact.relation == "of_type"}
    assert "audio" not in types.values()
    assert {types[f"{kind}3"] for kind in kinds} == set(kinds)


def test_words_that_grade_are_no_types() -> None:
    said = many("said", 20, _PROTECTOR, "surge protector")
    graded = many("graded", 6, _PROTECTOR, "Essential")
    kettles = many("kettle", 20, {"volume": "1.7 l", "lid": "steel", "base": "round"}, "kettle")
    facts = derive(assemble([*said, *graded, *kettles], [], [])).facts()
    types = {fact.head: fact.tail for fact in facts if fact.relation == "of_type"}
    assert set(types.values()) == {"surge protector", "kettle"}
