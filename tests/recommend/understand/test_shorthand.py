"""Queries as shoppers jot them down: bare ranges, several amounts, parts, short forms, two kinds at once."""

from __future__ import annotations

from decimal import Decimal

import pytest

from kg.records import Product, Quantity
from recommend.understand.reader import Reader
from tests.recommend.understand.gadgets import fact, gadgets
from tests.recommend.understand.saying import conditions, named


@pytest.fixture(scope="module")
def displays() -> Reader:
    """Displays of 22 to 32 inches, as their titles say, for 100 to 400."""
    displays = tuple(
        Product(
            id=f"y{i}",
            title=f'Nordwind display {size}"',
            price=Decimal(100 + 75 * i),
            attributes={"diagonal": size, "depth": 300.0 + i},
        )
        for i, size in enumerate((22.0, 24.0, 27.0, 30.0, 32.0))
    )
    kinds = tuple(fact(one.id, "of_type", "display", "type") for one in displays)
    return Reader.of(gadgets(displays, kinds))


@pytest.mark.parametrize(
    ("text", "filters"),
    [
        ("headset 40-55", ["price>=40.0", "price<=55.0"]),
        ("headset 40 - 55", ["price>=40.0", "price<=55.0"]),
        ("headset 40 to 55", ["price>=40.0", "price<=55.0"]),
        ("40-55 headset", ["price>=40.0", "price<=55.0"]),
        ("耳机 40-55", ["price>=40.0", "price<=55.0"]),
        ("耳机 40到55", ["price>=40.0", "price<=55.0"]),
        ("headset between 55 and 40", ["price>=40.0", "price<=55.0"]),
        ("between 55 and 40 euro", ["price>=40.0", "price<=55.0"]),
        ("headset 2019-2020", []),  # no headset costs that
        ("headset 55-40", []),  # a name rather than a range
        ("acme book 13-15", []),  # a series: no kind that could have a price
        ("4-9 port network switch", ["attr.ports>=4.0", "attr.ports<=9.0"]),
    ],
)
def test_a_range_without_a_unit_is_a_price(reader: Reader, text: str, filters: list[str]) -> None:
    assert conditions(reader.read(text)) == filters


@pytest.mark.parametrize(
    ("text", "filters"),
    [
        ("display 24-27", ["attr.diagonal>=24.0", "attr.diagonal<=27.0"]),
        ("display >= 27", ["attr.diagonal>=27.0"]),
        ("display under 25", ["attr.diagonal<=25.0"]),
        ("display 100-200", ["price>=100.0", "price<=200.0"]),
        ("display 24-150", ["price>=24.0", "price<=150.0"]),
        ("display under 200", ["price<=200.0"]),
        ("display >= 27 inch", ["attr.diagonal>=27.0"]),
        ("network switch > 50", ["price>=50.0"]),  # its titles measure nothing
    ],
)
def test_or_what_titles_measure_where_only_that_fits(displays: Reader, text: str, filters: list[str]) -> None:
    assert conditions(displays.read(text)) == filters


def test_what_was_stated_in_a_unit_is_filtered_in_it() -> None:
    hoses = tuple(
        Product(
            id=f"s{i}",
            title=f"Nordwind hose {length} m",
            price=Decimal(100 + i),
            attributes={"length": Quantity(number=float(length), unit="m")},
        )
        for i, length in enumerate((5, 10, 15, 20, 25))
    )
    kinds = tuple(fact(one.id, "of_type", "hose", "type") for one in hoses)
    reader = Reader.of(gadgets(hoses, kinds))
    assert conditions(reader.read("hose 10-20")) == ["attr.length>=10 m", "attr.length<=20 m"]


@pytest.mark.parametrize(
    ("text", "low", "high"),
    [
        ("10ft hdmi cable", 9.8, 10.2),  # catalogs call 3.048 m 3 m
        ("3/2 m hdmi cable", 2.0, 2.0),  # no fraction
        ("1 1/2 m hdmi cable", 1.5, 1.5),
        ("4½ m hdmi cable", 4.5, 4.5),
    ],
)
def test_feet_and_fractions(reader: Reader, text: str, low: float, high: float) -> None:
    found = reader.read(text).filters
    assert {one.field for one in found} == {"attr.length"}
    numbers = [float(str(one.value).split()[0]) for one in found]
    assert min(numbers) == pytest.approx(low)
    assert max(numbers) == pytest.approx(high)


@pytest.fixture(scope="module")
def computers() -> Reader:
    more = tuple(
        Product(
            id=f"c{i}",
            title=f"Nordwind desktop pc {i}",
            attributes={
                "memory": Quantity(number=memory, unit="GB"),
                "ssd capacity": Quantity(number=disk, unit="GB"),
            },
        )
        for i, (memory, disk) in enumerate(((8.0, 256.0), (16.0, 512.0), (16.0, 1000.0)))
    )
    modules = tuple(
        Product(
            id=f"r{i}",
            title=f"Flash memory module {size:.0f} GB",
            attributes={"memory": Quantity(number=size, unit="GB")},
        )
        for i, size in enumerate((8.0, 16.0, 32.0))
    )
    kinds = (
        *(fact(one.id, "of_type", "desktop pc", "type") for one in more),
        *(fact(one.id, "of_type", "memory", "type") for one in modules),
    )
    return Reader.of(gadgets((*more, *modules), kinds))


class TestParts:
    """What stands behind an amount is a part of another thing, and two amounts are about two parts."""

    @pytest.mark.parametrize(
        "text",
        [
            "desktop pc with 16 gb memory",
            "desktop pc with 16 gb of memory",
            "desktop pc 16 gb memory",
            "16gb memory desktop pc",
            "desktop pc 16gb ram",
            "台式机 16GB内存",
        ],
    )
    def test_a_part_with_its_amount(self, computers: Reader, text: str) -> None:
        reading = computers.read(text)
        assert (named(reading, "type"), named(reading, "target")) == (["desktop pc"], [])
        assert conditions(reading) == ["attr.memory>=15.6 GB", "attr.memory<=16.4 GB"]

    @pytest.mark.parametrize("text", ["16 gb memory", "memory 16 gb", "16gb memory for desktop pc"])
    def test_the_part_itself(self, computers: Reader, text: str) -> None:
        reading = computers.read(text)
        assert named(reading, "type") == ["memory"]
        assert conditions(reading) == ["attr.memory>=15.6 GB", "attr.memory<=16.4 GB"]

    @pytest.mark.parametrize(
        "text", ["desktop pc 16gb ram 512gb", "desktop pc 512gb 16gb ram", "desktop pc 16gb 512gb"]
    )
    def test_two_amounts_are_about_two_attributes(self, computers: Reader, text: str) -> None:
        assert sorted(conditions(computers.read(text))) == [
            "attr.memory<=16.4 GB",
            "attr.memory>=15.6 GB",
            "attr.ssd capacity<=524.8 GB",
            "attr.ssd capacity>=499.2 GB",
        ]

    def test_an_or_is_about_one(self, computers: Reader) -> None:
        (wish,) = computers.read("memory 8 gb or 16 gb").wishes
        assert (
            str(wish)
            == "attr.memory>=7.8 GB and attr.memory<=8.2 GB or attr.memory>=15.6 GB and attr.memory<=16.4 GB"
        )
        assert wish.words == "8 gb or 16 gb"


def test_a_count_by_the_name_of_a_number_of_things() -> None:
    more = tuple(
        Product(
            id=f"q{i}",
            title=f"Linkwell strip {i}",
            attributes={"number of sockets": float(n), "sockets": "grounded"},
        )
        for i, n in enumerate((4, 6, 8))
    )
    facts = tuple(fact(one.id, "of_type", "power strip", "type") for one in more)
    reader = Reader.of(gadgets(more, facts))
    assert conditions(reader.read("power strip 6 sockets")) == ["attr.number of sockets=6.0"]
    assert conditions(reader.read("power strip 4-6 sockets")) == [
        "attr.number of sockets>=4.0",
        "attr.number of sockets<=6.0",
    ]


class TestShortForms:
    @pytest.mark.parametrize(
        ("text", "left_out"),
        [
            ("laptop w/o fan", ["cooling: fan"]),
            ("laptop W/O fan", ["cooling: fan"]),
            ("laptop w/out touchscreen", ["touchscreen: yes"]),
            ("laptop w/o os", ["os"]),
        ],
    )
    def test_without(self, reader: Reader, text: str, left_out: list[str]) -> None:
        reading = reader.read(text)
        assert (named(reading, "type"), named(reading, "excluded")) == (["laptop"], left_out)
        assert reading.unknown == ()

    @pytest.mark.parametrize("text", ["laptop w/ touchscreen", "laptop w/touchscreen", "laptop w/ a fan"])
    def test_with(self, reader: Reader, text: str) -> None:
        reading = reader.read(text)
        assert (named(reading, "type"), named(reading, "excluded")) == (["laptop"], [])
        assert len(named(reading, "attribute")) == 1

    def test_what_comes_with_a_thing_is_not_wanted_itself(self, reader: Reader) -> None:
        assert named(reader.read("laptop w/ mouse"), "type") == ["laptop"]

    @pytest.mark.parametrize("text", ["cable no. 17", "cable no 17"])
    def test_the_number_of_a_name_is_not_left_out(self, reader: Reader, text: str) -> None:
        assert reader.read(text).excluded == ()

    @pytest.mark.parametrize(
        "text", ["mouse and headset", "mouse & headset", "maus und kopfhörer", "鼠标和耳机"]
    )
    def test_both_of_an_and_are_wanted(self, reader: Reader, text: str) -> None:
        assert named(reader.read(text), "type") == ["mouse", "headset"]

    def test_a_long_number_counts_nothing(self, reader: Reader) -> None:
        assert named(reader.read("cable 1151 headset"), "type") == ["headset"]


def test_a_value_that_ends_in_a_kind_asks_for_the_kind() -> None:
    more = tuple(
        Product(id=f"e{i}", title=f"Tonwerk piece {i}", attributes={"fits": "blu-ray phone"})
        for i in range(3)
    )
    reading = Reader.of(gadgets(more)).read("blu-ray phone under 900")
    assert (named(reading, "attribute"), named(reading, "type")) == (["fits: blu-ray phone"], ["phone"])
    assert Reader.of(gadgets(more)).read("blu-ray phone mouse").of_role("type")[0].words == "mouse"


def test_the_property_stays_if_such_things_have_it() -> None:
    more = (
        *(Product(id=f"g{i}", title=f"Acme mouse {i}", attributes={"gaming mouse": True}) for i in range(3)),
        Product(id="b9", title="Parcel bag", attributes={"fits": "wireless headset"}),
    )
    kinds = tuple(fact(one.id, "of_type", "mouse", "type") for one in more[:3])
    reader = Reader.of(gadgets(more, kinds))
    gaming, wireless = reader.read("gaming mouse"), reader.read("wireless headset")
    assert (named(gaming, "attribute"), named(gaming, "type")) == (["gaming mouse: yes"], ["mouse"])
    assert (named(wireless, "attribute"), named(wireless, "type")) == (["connection: wireless"], ["headset"])


def test_neighbours_are_joined_within_a_longer_name() -> None:
    more = tuple(Product(id=f"d{i}", title=f"Linkwell displayport cable {i}") for i in range(3))
    facts = tuple(fact(one.id, "of_type", "displayport cable", "type") for one in more)
    reader = Reader.of(gadgets(more, facts))
    reading = reader.read("display port cable")
    assert named(reading, "type") == ["displayport cable"]
    assert reading.entities[0].source == "compound"


def test_a_piece_of_a_list_is_no_name_where_the_words_are_one_written_apart() -> None:
    more = (
        Product(id="d1", title="Linkwell adapter", attributes={"plug": "DisplayPort", "class": "A, B"}),
        Product(id="d2", title="Nordwind monitor", attributes={"inputs": "DVI-I, DVI-D, Display Port"}),
    )
    reading = Reader.of(gadgets(more)).read("display port mouse")
    assert named(reading, "attribute") == ["plug: DisplayPort"]


def test_the_stem_of_a_word_that_is_right_does_not_make_a_word_right() -> None:
    titles = ["Nordwind running shoe"] * 6
    more = tuple(Product(id=f"z{i}", title=title) for i, title in enumerate(titles))
    reader = Reader.of(gadgets(more), language=["rune", "mousse"])
    assert reader.read("runing shoe").corrected == "running shoe"
    assert reader.read("mousse").corrected == ""


def test_what_the_shop_calls_a_wider_word_is_meant_by_a_narrower_one() -> None:
    """Whoever writes macbook means laptops, also where the shop calls them notebooks."""
    more = (Product(id="n1", title="Nordwind slate"), Product(id="n2", title="Nordwind slate 2"))
    facts = tuple(fact(one.id, "of_type", "portable computer", "type") for one in more)
    assert "portable computer" in named_all(Reader.of(gadgets(more, facts)), "macbook")


def named_all(reader: Reader, text: str) -> list[str]:
    """All that a query may mean."""
    reading = reader.read(text)
    return [reading.name(node) for entity in reading.entities for node, _ in entity.nodes]


def test_a_very_long_query_is_read_in_time() -> None:
    """Names of one query are compared with each other; of a hundred that took more than a second."""
    more = (Product(id="n1", title="Nordwind mouse", attributes={"mouse": "laptop", "laptop": "mouse"}),)
    reader = Reader.of(gadgets(more))
    reading = reader.read("switch laptop berry " * 500)
    assert len(reading.words) == 100
    assert reading.entities
