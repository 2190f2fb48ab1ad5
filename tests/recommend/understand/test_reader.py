"""What queries say in a shop whose every name is known."""

from __future__ import annotations

import json

import numpy as np
import pytest

from kg.filters import FilterIndex
from kg.graph import Node
from kg.records import Product, Quantity
from recommend.understand.language import Synonyms, packaged_synonyms
from recommend.understand.reader import Alias, Reader
from tests.recommend.understand.gadgets import FACTS, fact, gadgets
from tests.recommend.understand.saying import conditions, named, top

TYPES = sorted({fact.tail for fact in FACTS if fact.relation == "of_type"})


@pytest.mark.parametrize("name", TYPES)
def test_the_name_of_a_type_means_the_type(reader: Reader, name: str) -> None:
    reading = reader.read(name)
    (entity,) = reading.entities
    assert (entity.role, entity.source, entity.words) == ("type", "name", name)
    assert (top(reading, entity), entity.nodes[0][1] > 0.7) == (name, True)


@pytest.mark.parametrize(
    ("text", "meant", "source"),
    [
        ("Laptops", "laptop", "plural"),
        ("notebook", "laptop", "synonym"),
        ("笔记本电脑", "laptop", "synonym"),
        ("head set", "headset", "synonym"),
        ("headphones", "headset", "synonym"),
        ("lap top", "laptop", "compound"),
        ("laptopbag", "laptop bag", "compound"),
        ("laptop-bag", "laptop bag", "name"),
        ("notebook bags", "laptop bag", "synonym"),
        ("microsd card", "micro sd card", "synonym"),
        ("micro-sd-card", "micro sd card", "name"),
        ("case", "phone case", "alias"),
        ("手机壳", "phone case", "synonym"),
        ("labtop", "laptop", "spelling"),
        ("hedset", "headset", "spelling"),
        ("moues", "mouse", "spelling"),
        ("mice", "mouse", "plural"),
        ("kabel", "cable", "synonym"),
    ],
)
def test_a_type_by_other_words(reader: Reader, text: str, meant: str, source: str) -> None:
    reading = reader.read(text)
    assert named(reading, "type") == [meant]
    assert [entity.source for entity in reading.entities] == [source]
    assert reading.unknown == ()


@pytest.mark.parametrize(
    ("text", "role", "meant"),
    [
        ("acme mouse", "brand", "Acme"),
        ("flash micro sd card", "brand", "Flash & Co. Ltd"),
        ("usbc cable", "attribute", "connector: USB-C"),
        ("usb-c headset", "attribute", "connection: USB-C"),
        ("5.1 headset", "attribute", "channels: 5.1"),
        ("noise canceling headset", "attribute", "noise cancelling: yes"),
        ("touch screen laptop", "attribute", "touchscreen: yes"),
        ("schwarze maus", "attribute", "colour: black"),
        ("laptop with fan", "attribute", "cooling: fan"),
        ("laptop with touchscreen", "attribute", "touchscreen: yes"),
        ("acme book", "series", "Acme Book"),
        ("acmebook", "series", "Acme Book"),
    ],
)
def test_brands_series_and_attributes(reader: Reader, text: str, role: str, meant: str) -> None:
    assert named(reader.read(text), role) == [meant]


class TestAmbiguity:
    def test_alternatives_are_kept_with_weights(self, reader: Reader) -> None:
        reading = reader.read("switch")
        (entity,) = reading.entities
        assert {reading.name(node) for node, _ in entity.nodes} == {"network switch", "Acme Switch"}
        assert sum(weight for _, weight in entity.nodes) == pytest.approx(1.0)

    @pytest.mark.parametrize(
        ("text", "meant"),
        [
            ("linkwell switch", "network switch"),
            ("switch by linkwell", "network switch"),
            ("switch console", "Acme Switch"),
            ("berry phone", "Berry"),
            ("berry", "Berry"),
            ("berry colour", "colour: berry"),
        ],
    )
    def test_the_other_words_decide(self, reader: Reader, text: str, meant: str) -> None:
        reading = reader.read(text)
        assert meant in [top(reading, entity) for entity in reading.entities]

    def test_a_model_decides_where_names_leave_it_open(self, reader: Reader) -> None:
        graph = reader.graph
        switch = Node("type", graph.nodes["type"].number("network switch") or 0)
        console = Node("series", graph.nodes["series"].number("Acme Switch") or 0)
        plain = dict(reader.read("switch").entities[0].nodes)
        asked: list[str] = []

        def intent(text: str) -> tuple[tuple[Node, float], ...]:
            asked.append(text)
            return ((switch, 0.9),)

        guessed = dict(reader.read("switch", intent=intent).entities[0].nodes)
        assert guessed[switch] > plain[switch]
        assert guessed.get(console, 0.0) < plain[console]
        reader.read("laptop", intent=intent)
        assert asked == ["switch"], "an exact name needs no model"

    def test_a_model_names_a_type_that_no_word_names(self, reader: Reader) -> None:
        laptop = Node("type", reader.graph.nodes["type"].number("laptop") or 0)
        reading = reader.read("acme work machine", intent=lambda _: ((laptop, 0.8), (Node("type", 0), 0.1)))
        (guess,) = reading.of_role("type")
        assert (guess.source, guess.nodes[0][0], guess.words) == ("intent", laptop, "work machine")
        unsure = reader.read("acme work machine", intent=lambda _: ((laptop, 0.2),))
        assert unsure.of_role("type") == ()


class TestAmounts:
    @pytest.mark.parametrize(
        ("text", "filters"),
        [
            ("laptop under 500", ["price<=500.0"]),
            ("laptop for less than $500", ["price<=500.0"]),
            ("laptop 500-900 €", ["price>=500.0", "price<=900.0"]),
            ("laptop between 400 and 900", ["price>=400.0", "price<=900.0"]),
            ("laptop bis 1.000 €", ["price<=1000.0"]),
            ("laptop ab 500 Euro", ["price>=500.0"]),
            ("笔记本电脑 低于500元", ["price<=500.0"]),
            ("500元以下的笔记本电脑", ["price<=500.0"]),
            ("三百元以内 鼠标", ["price<=300.0"]),
            ("15 inch laptop", ["attr.screen>=15 in", "attr.screen<=15.99 in"]),
            ('15.6" laptop', ["attr.screen=15.6 in"]),
            ("15寸 笔记本电脑", ["attr.screen>=15 in", "attr.screen<=15.99 in"]),
            ("at least 32 GB laptop", ["attr.memory>=32 GB"]),
            ("laptop with 16gb+", ["attr.memory>=16 GB"]),
            ("bag under 1 kg", ["attr.weight<=1 kg"]),
            ("mouse up to 85 grams", ["attr.weight<=85 g"]),
            ("2 m hdmi cable", ["attr.length=2 m"]),
            ("about 2 m hdmi cable", ["attr.length>=1.8 m", "attr.length<=2.2 m"]),
            ("3 m hdmi cable", ["attr.length=3 m"]),
            ("24 port network switch", ["attr.ports=24.0"]),
            ("network switch, ports at least 24", ["attr.ports>=24.0"]),
            ("2 x 64 GB micro sd card", ["attr.capacity>=62.4 GB", "attr.capacity<=65.6 GB"]),
            ("laptop bag for 15 inch laptop", []),  # no bag has a screen
            ("laptop 5", []),
            ("laptop under 1", []),  # nothing costs so little: no price
        ],
    )
    def test_numbers_become_filters(self, reader: Reader, text: str, filters: list[str]) -> None:
        assert conditions(reader.read(text)) == filters

    def test_a_number_may_be_about_several_attributes(self) -> None:
        more = tuple(
            Product(
                id=f"x{i}",
                title=f"Nordwind shelf {i}",
                attributes={
                    "width": Quantity(number=60.0 + i, unit="cm"),
                    "height": Quantity(number=62.0 + i, unit="cm"),
                },
            )
            for i in range(10)
        )
        reader = Reader.of(gadgets(more))
        (wish,) = reader.read("65 cm shelf").wishes
        assert str(wish) == "attr.height=65 cm or attr.width=65 cm"
        (wish,) = reader.read("shelf under 75 cm").wishes
        mask = wish.mask(FilterIndex(reader.graph.products))
        found = set(reader.graph.products.id.take(np.flatnonzero(mask)))
        assert found == {f"x{i}" for i in range(10)}
        assert conditions(reader.read("shelf width under 65 cm")) == ["attr.width<=65 cm"]

    def test_a_brand_that_looks_like_an_amount(self, reader: Reader) -> None:
        tape = reader.read("3M tape")
        assert (named(tape, "brand"), tape.filters) == (["3M"], ())
        cable = reader.read("3m hdmi cable")
        assert (named(cable, "brand"), conditions(cable)) == ([], ["attr.length=3 m"])

    def test_units_are_learnt_from_titles(self) -> None:
        more = tuple(
            Product(
                id=f"y{i}",
                title=f'Nordwind display {size}"',
                attributes={"diagonal": size, "depth": 300.0 + i},
            )
            for i, size in enumerate((22.0, 24.0, 27.0, 32.0))
        )
        assert conditions(Reader.of(gadgets(more)).read("display 27 inch")) == [
            "attr.diagonal>=27.0",
            "attr.diagonal<=27.99",
        ]


class TestWhatItIsFor:
    @pytest.mark.parametrize(
        ("text", "wanted", "targets"),
        [
            ("phone case for berry one", ["phone case"], ["Berry One"]),
            ("case that fits berry one", ["phone case"], ["Berry One"]),
            ("case compatible with berry", ["phone case"], ["Berry"]),
            ("cable for my laptop", ["cable"], ["laptop"]),
            ("hülle für berry one", ["phone case"], ["Berry One"]),
            ("tasche für laptop", ["laptop bag"], ["laptop"]),
            ("适用于Berry One的手机壳", ["phone case"], ["Berry One"]),
            ("for berry one: phone case", ["phone case"], ["Berry One"]),
            ("laptop mouse", ["mouse"], ["laptop"]),
            # no "for", but no case is made by Berry
            ("berry one case", ["phone case"], ["Berry One"]),
        ],
    )
    def test_targets(self, reader: Reader, text: str, wanted: list[str], targets: list[str]) -> None:
        reading = reader.read(text)
        assert (named(reading, "type"), named(reading, "target")) == (wanted, targets)

    def test_both_of_an_or_are_wanted(self, reader: Reader) -> None:
        assert named(reader.read("mouse or headset"), "type") == ["mouse", "headset"]

    @pytest.mark.parametrize(
        ("text", "wanted"),
        [
            ("laptop 15 inch fan", ["laptop"]),  # not side by side: no 'laptop fan'
            ("headset usb-c", ["headset"]),
            ("network switch 24 port", ["network switch"]),
        ],
    )
    def test_what_stands_behind_is_a_property(self, reader: Reader, text: str, wanted: list[str]) -> None:
        reading = reader.read(text)
        assert (named(reading, "type"), named(reading, "target")) == (wanted, [])


class TestNegation:
    @pytest.mark.parametrize(
        ("text", "left_out"),
        [
            ("laptop without fan", ["cooling: fan"]),
            ("laptop ohne lüfter", ["lüfter"]),
            ("laptop, no touchscreen", ["touchscreen: yes"]),
            ("mouse not black", ["colour: black"]),
            ("keine schwarze maus", ["colour: black"]),
            ("不带风扇的笔记本电脑", ["cooling: fan"]),
            ("headset without bluetooth or usb-c", ["connection: Bluetooth", "connection: USB-C"]),
            ("leather-free laptop bag", ["material: leather"]),
        ],
    )
    def test_what_is_left_out(self, reader: Reader, text: str, left_out: list[str]) -> None:
        reading = reader.read(text)
        assert named(reading, "excluded") == left_out
        assert set(left_out).isdisjoint(named(reading, "attribute"))

    def test_less_only_where_the_shop_knows_the_stem_and_not_the_word(self, reader: Reader) -> None:
        cableless = reader.read("cableless mouse")
        assert named(cableless, "excluded") == ["cable"]
        assert named(cableless, "type") == ["mouse"]
        fanless = reader.read("fanless laptop")
        assert (named(fanless, "attribute"), fanless.excluded) == (["fanless: yes"], ())
        assert reader.read("wireless mouse").excluded == ()
        assert reader.read("zipperless laptop").excluded == ()

    def test_wireless_in_chinese_is_no_negation(self, reader: Reader) -> None:
        assert reader.read("无线鼠标").excluded == ()


class TestSpelling:
    def test_the_text_is_given_back_mended(self, reader: Reader) -> None:
        reading = reader.read("Acme  wirless mouse, balck")
        assert reading.corrected == "Acme  wireless mouse, black"
        assert named(reading, "attribute") == ["connection: wireless", "colour: black"]

    def test_nothing_is_corrected_that_is_right(self, reader: Reader) -> None:
        for product in reader.graph.products.title:
            assert reader.read(product).corrected == ""

    @pytest.mark.parametrize("text", ["mous3", "wh1000xm4", "acm", "switchy123", "laptop", "lüfter"])
    def test_model_numbers_short_words_and_known_words_stay(self, reader: Reader, text: str) -> None:
        assert reader.read(text).corrected == ""

    def test_a_word_of_the_language_is_not_mended(self) -> None:
        graph = gadgets()
        assert Reader.of(graph).read("mousse").corrected == "mouse"
        reading = Reader.of(graph, language=["mousse"]).read("mousse")
        assert (reading.corrected, reading.unknown) == ("", ("mousse",))

    def test_the_neighbour_helps(self) -> None:
        titles = ["Nordwind solar panel"] * 3 + ["Nordwind solid shelf"] * 6
        more = tuple(Product(id=f"z{i}", title=title) for i, title in enumerate(titles))
        facts = (fact("z0", "of_type", "solar panel", "type"),)
        assert Reader.of(gadgets(more, facts)).read("solad panel").corrected == "solar panel"

    def test_half_of_a_model_number_names_nothing(self) -> None:
        shelf = Product(id="hl", title="Nordwind rack unit", attributes={"form factor": "HL"})
        reader = Reader.of(gadgets((shelf,)))
        assert named(reader.read("rack hl"), "attribute") == ["form factor: HL"]
        assert named(reader.read("rack HL-2030"), "attribute") == []


class TestUnknown:
    def test_words_that_nothing_has(self, reader: Reader) -> None:
        assert reader.read("samsung phone").unknown == ("samsung",)
        assert reader.read("zzyzx 耕耘 laptop").unknown == ("zzyzx", "耕耘")

    @pytest.mark.parametrize(
        "text", ["cheap laptop for me", "a mouse under 20", "günstige maus", "便宜的鼠标", "", "!?"]
    )
    def test_small_and_vague_words_are_never_unknown(self, reader: Reader, text: str) -> None:
        assert reader.read(text).unknown == ()


def test_a_property_narrows_a_type_down() -> None:
    more = tuple(
        Product(id=f"n{i}", title=f"Linkwell patch cable {i}", attributes={"standard": "cat6"})
        for i in range(4)
    )
    facts = (
        *(fact(product.id, "of_type", "patch cable", "type") for product in more),
        fact("patch cable", "subtype_of", "cable", "type", "type"),
    )
    reader = Reader.of(gadgets(more, facts))
    assert named(reader.read("cat6 cable"), "type") == ["patch cable"]
    assert named(reader.read("hdmi cable"), "type") == ["cable"]
    assert named(reader.read("cable"), "type") == ["cable"]


def test_an_attribute_that_says_what_a_product_is() -> None:
    """'Product type: soundbar' names speakers where no other word says what is wanted."""
    more = tuple(
        Product(id=f"v{i}", title=f"Tonwerk speaker {i}", attributes={"product type": "soundbar"})
        for i in range(3)
    )
    facts = tuple(fact(product.id, "of_type", "speaker", "type") for product in more)
    reader = Reader.of(gadgets(more, facts))
    assert named(reader.read("soundbar"), "type") == ["speaker"]
    assert named(reader.read("soundbar cable"), "type") == ["cable"]


def test_synonyms_of_a_shop() -> None:
    graph = gadgets()
    own = Synonyms(same=(("klapprechner", "laptop"),), means=(("ultraportable", ("laptop",)),))
    reader = Reader.of(graph, synonyms=packaged_synonyms().and_also(own))
    assert named(reader.read("klapprechner"), "type") == ["laptop"]
    assert named(reader.read("ultraportable"), "type") == ["laptop"]
    assert named(Reader.of(graph).read("klapprechner"), "type") == []


def test_aliases_name_nodes() -> None:
    aliases: list[Alias] = [("slate", "type", "laptop", 0.8), ("thing", "type", "no such type", 1.0)]
    reader = Reader.of(gadgets(), aliases=aliases)
    assert named(reader.read("slate"), "type") == ["laptop"]
    assert reader.read("slate").entities[0].source == "alias"


def test_names_are_learnt_from_titles() -> None:
    """Nothing says that a torchiere is a floor lamp, but all torchieres are filed there."""
    titles = (
        ("Acme", "floor lamp"),
        ("Parcel", "floor lamp"),
        ("Acme", "torchiere"),
        ("Parcel", "torchiere"),
        ("Nordwind", "torchiere"),
        ("Nordwind", "立灯"),
        ("Acme", "立灯"),
    )
    lamps = ("Home", "Floor lamps")
    more = tuple(
        Product(id=f"w{i}", title=f"{brand} {word} {i}", brand=brand, category=lamps)
        for i, (brand, word) in enumerate(titles)
    )
    reader = Reader.of(gadgets(more))
    for word in ("torchiere", "立灯"):
        assert named(reader.read(word), "type") == ["Floor lamps"]
        assert reader.read(word).entities[0].source == "synonym"


def test_json(reader: Reader) -> None:
    plain = reader.read("wirless mouse without bluetooth under 20 zzyzx").plain()
    assert json.loads(json.dumps(plain)) == plain
    assert plain["corrected"] == "wireless mouse without bluetooth under 20 zzyzx"
    assert plain["filters"] == ["price<=20.0"]
    assert plain["unknown"] == ["zzyzx"]
    assert [entity["role"] for entity in plain["entities"]] == ["attribute", "type"]
    assert plain["excluded"][0]["nodes"][0]["name"] == "connection: Bluetooth"


def test_as_text(reader: Reader) -> None:
    text = str(reader.read("acme mouse under 20"))
    assert "Acme (brand) 100%" in text
    assert "price<=20.0" in text
