"""A search does what its words ask for: kinds, amounts, exclusions, what is not stocked, what is misspelt."""

from __future__ import annotations

from decimal import Decimal

import pytest

from kg.records import Fact, Interaction, Product
from kg.snapshot import assemble
from recommend.leaving_out import without_left_out
from recommend.query import Query
from recommend.recommender import Recommender
from tests.recommend.shops import PLAIN

LAMPS, SHADES, FANS, DESKS = (
    ("Home", "Lamps"),
    ("Home", "Lamp shades"),
    ("Home", "Fans"),
    ("Home", "Desks"),
)


def _product(
    product_id: str, title: str, category: tuple[str, ...], price: int, brand: str, **more: bool
) -> Product:
    return Product(
        id=product_id, title=title, category=category, price=Decimal(price), brand=brand, attributes=more
    )


PRODUCTS = (
    _product("lamp1", "Brass reading lamp", LAMPS, 40, brand="Lumo", dimmable=True),
    _product("lamp2", "Paper lamp", LAMPS, 60, brand="Nori", dimmable=False),
    _product("lamp3", "Glass lamp", LAMPS, 90, brand="Lumo", dimmable=True),
    _product("shade1", "Lamp shade for every lamp", SHADES, 12, brand="Lumo"),
    _product("shade2", "Linen shade, fits any lamp", SHADES, 18, brand="Nori"),
    _product("fan1", "Quiet desk fan", FANS, 35, brand="Aero"),
    _product("fan2", "Tower fan with remote", FANS, 75, brand="Aero"),
    _product("desk1", "Oak desk", DESKS, 300, brand="Holt"),
    _product("desk2", "Steel desk", DESKS, 200, brand="Holt"),
)
FACTS = tuple(
    Fact(
        head="Home > Lamp shades",
        relation="accessory_of",
        tail="Home > Lamps",
        head_kind="category",
        tail_kind="category",
    )
    for _ in range(1)
)
BOUGHT = tuple(Interaction(user="u", product=p, time=float(i)) for i, p in enumerate(("desk1", "fan2")))


@pytest.fixture(scope="module")
def shop() -> Recommender:
    return Recommender.fit(assemble(PRODUCTS, FACTS, BOUGHT), settings=PLAIN)


def test_a_price_in_the_words_is_a_limit(shop: Recommender) -> None:
    found = shop.search("lamp under 65")
    assert {"lamp1", "lamp2"} <= set(found.ids)
    assert all(hit.product.price is not None and hit.product.price <= 65 for hit in found)


def test_a_limit_that_leaves_nothing_of_the_kind_becomes_a_preference(shop: Recommender) -> None:
    found = shop.search("desk under 100")
    assert found.ids[0] in ("desk1", "desk2")
    assert found.ids.index("desk2") < found.ids.index("desk1")  # the cheaper one comes nearer
    assert "price<=100" in found.note


def test_a_filter_of_the_caller_always_holds(shop: Recommender) -> None:
    assert shop.search("desk under 100", where="price<=50").ids == ("fan1",)


def test_what_is_excluded_is_not_shown(shop: Recommender) -> None:
    brands = {hit.product.brand for hit in shop.search("lamp without Lumo")}
    assert "Lumo" not in brands
    assert "Nori" in brands


@pytest.fixture(scope="module")
def gadgets() -> Recommender:
    """Things whose titles say what their attributes leave out."""
    sound, ink = ("Audio", "Headphones"), ("Office", "Cartridges")
    return Recommender.fit(
        assemble(
            (
                _product("blue", "Bluetooth headphones", sound, 30, brand="Aero"),
                _product("wired", "Headphones with a plug", sound, 30, brand="Aero"),
                _product("none", "Studio headphones, no Bluetooth inside", sound, 30, brand="Holt"),
                _product("free", "Quiet headphones bluetooth-free", sound, 30, brand="Holt"),
                _product("pure", "Nori headphones", sound, 30, brand="Nori", bluetooth=True),
                _product("dongle", "Bluetooth adapter", ("Audio", "Adapters"), 10, brand="Aero"),
                _product("17", "Ink cartridge no. 17", ink, 20, brand="Lumo"),
                _product("18", "Ink cartridge no. 18", ink, 20, brand="Lumo"),
                _product("odd", "Cartridge without ink", ink, 5, brand="Lumo"),
            ),
            (),
            (),
        ),
        settings=PLAIN,
    )


@pytest.mark.parametrize(
    "text",
    ["headphones without bluetooth", "no bluetooth headphones", "non-bluetooth headphones",
     "headphones, not bluetooth", "headphones but without bluetooth", "Kopfhörer ohne Bluetooth"],
)  # fmt: skip
def test_a_title_that_says_what_is_left_out_is_not_shown(gadgets: Recommender, text: str) -> None:
    found = gadgets.search(text)
    assert set(found.ids[:3]) == {"wired", "none", "free"}, "those that say they go without it are shown"
    assert not {"blue", "pure"} & set(found.ids)


def test_words_that_are_left_out_bring_nothing_up(gadgets: Recommender) -> None:
    found = gadgets.search("headphones without bluetooth")
    assert "dongle" not in found.ids[:4]
    (hit,) = (hit for hit in gadgets.search("headphones") if hit.product.id == "wired")
    (same,) = (hit for hit in found if hit.product.id == "wired")
    assert same.signals["lexical"] == pytest.approx(hit.signals["lexical"])


def test_a_reason_names_the_words_that_were_compared(reader: Recommender) -> None:
    found = reader.search("desk without drawers")
    told = reader.explain(found.query, found[0].product.id, paths=10)
    (line,) = (line for line in told.text.splitlines() if "means much the same as" in line)
    assert "“desk”" in line
    assert "drawers" not in line


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("headphones without bluetooth", "headphones"),
        ("red headphones with a plug but without bluetooth under 50", "red headphones with a plug under 50"),
        ("headphones without bluetooth or ink", "headphones"),
        ("no bluetooth headphones, please", "headphones, please"),
        ("不要bluetooth的headphones", "headphones"),
        ("bluetooth-free headphones", "bluetooth-free headphones"),
        ("without bluetooth", "without bluetooth"),
        ("headphones", "headphones"),
    ],
)
def test_what_is_said_of_the_thing_that_is_wanted(gadgets: Recommender, text: str, said: str) -> None:
    assert without_left_out(text, gadgets.understand(text)) == said


def test_a_number_is_not_left_out(gadgets: Recommender) -> None:
    assert gadgets.search("ink cartridge no. 17").ids[0] == "17"
    assert gadgets.search("lumo cartridge no 17").ids[0] == "17"


def test_a_title_finds_its_product_whatever_else_it_says(gadgets: Recommender) -> None:
    assert gadgets.search("Cartridge without ink").ids[0] == "odd"
    assert gadgets.search("Studio headphones, no Bluetooth inside").ids[0] == "none"


def test_what_all_have_cannot_be_left_out(gadgets: Recommender) -> None:
    found = gadgets.search("adapter without bluetooth")
    assert found.ids[0] == "dongle"
    assert "everything here has “bluetooth”" in found.note


def test_an_accessory_sinks_below_the_thing_and_rises_when_it_is_meant(shop: Recommender) -> None:
    found = shop.search("lamp").ids
    assert set(found[:3]) == {"lamp1", "lamp2", "lamp3"}
    assert shop.search("lamp").hits[-1].signals["apart"] < 0
    assert set(shop.search("lamp shade").ids[:2]) == {"shade1", "shade2"}
    assert shop.search("shade for a lamp").ids[0] in ("shade1", "shade2")


def test_why_an_accessory_sank_is_told(shop: Recommender) -> None:
    told = shop.explain(Query(text="lamp"), "shade1", paths=10)
    (path,) = (path for path in told.paths if path.channel == "apart")
    assert path.contribution < 0
    assert [edge.relation for edge in path.edges] == ["names", "accessory_of", "in_category"]


def test_what_is_not_stocked_is_said(shop: Recommender) -> None:
    found = shop.search("zeppelin lamp")
    assert "“zeppelin” is not in this shop" in found.note
    assert found.reading is not None
    assert found.reading.unknown == ("zeppelin",)
    assert set(found.ids[:3]) == {"lamp1", "lamp2", "lamp3"}


def test_several_words_that_are_not_stocked_are_named_shortly(shop: Recommender) -> None:
    note = shop.search(f"zeppelin balloon {'x' * 90} glider rocket lamp").note
    assert note == (
        f"“zeppelin”, “balloon”, “{'x' * 39}…” and 2 more words are not in this shop: "
        "the nearest alternatives are shown"
    )


def test_a_kind_that_the_brand_does_not_make_is_said(shop: Recommender) -> None:
    found = shop.search("holt lamp")
    assert found.note == "nothing here is known to be both “holt” and “lamp”: what comes near is shown"
    assert set(found.ids) >= {"lamp1", "lamp2", "lamp3"}
    assert shop.search("lumo lamp").note == ""


def test_a_title_that_names_the_brand_is_enough(gadgets: Recommender) -> None:
    assert gadgets.search("nori headphones").note == ""


def test_what_nothing_is_called_is_said(shop: Recommender) -> None:
    assert shop.search("remote").note == ""
    assert shop.search("reading remote").note == (
        "nothing here is called “reading remote”: what comes near is shown"
    )


def test_filters_that_leave_nothing_are_named(shop: Recommender) -> None:
    assert shop.search("lamp", where=["brand=Nobody", "price<50"]).note == (
        "no product of this shop has brand=Nobody"
    )
    assert shop.search("lamp", where=["brand=Holt", "price<50"]).note == (
        "no product of this shop passes all of these filters"
    )
    assert shop.search("lamp", where="price<50").note == ""


def test_a_user_of_whom_nothing_is_known_is_told(shop: Recommender) -> None:
    found = shop.search("lamp", user="nobody")
    assert "nothing is known of this user" in found.note
    assert found.ids == shop.search("lamp").ids
    assert shop.search("lamp", user="u").note == ""


def test_a_misspelt_query_is_searched_as_it_was_meant(shop: Recommender) -> None:
    found = shop.search("lampp")
    assert set(found.ids[:3]) == {"lamp1", "lamp2", "lamp3"}
    assert found.correction is not None
    assert (found.correction.text, found.correction.searched) == ("lamp", True)
    assert "“lamp”" in found.note
    assert shop.search("lamp").correction is None
    kept = shop.search("paper lampp")  # one word stays: searched as typed, with a hint
    assert kept.correction is not None
    assert not kept.correction.searched
    assert kept.ids[0] == "lamp2"


def test_amounts_alone_are_answered_by_what_meets_them(shop: Recommender) -> None:
    assert set(shop.search("under 20").ids) == {"shade1", "shade2"}


def test_title_id_and_gtin_find_their_product_first(shop: Recommender) -> None:
    for product in PRODUCTS:
        assert shop.search(product.title).ids[0] == product.id
        assert shop.search(product.id.upper()).ids[0] == product.id
    assert "is what" in shop.explain(Query(text="Paper lamp"), "lamp2").text


def test_taste_orders_what_the_words_mean_and_adds_nothing(shop: Recommender) -> None:
    plain, tasted = shop.search("lamp"), shop.search("lamp", user="u")
    assert set(plain.ids) == set(tasted.ids)
    assert shop.explain(Query(text="paper", user="u"), "desk2").score == 0


@pytest.mark.parametrize(
    "text", ["lamp", "Lumo lamp under 65", "shade for a lamp", "desk under 100", "Paper lamp", "fan zzz"]
)
@pytest.mark.parametrize("user", [None, "u"])
def test_signals_add_up_to_the_score_and_paths_to_the_signals(
    shop: Recommender, text: str, user: str | None
) -> None:
    found = shop.search(text, user=user)
    assert found.hits
    for hit in found:
        assert sum(hit.signals.values()) + hit.adjustment == pytest.approx(hit.score, rel=1e-5)
        told = shop.explain(found.query, hit.product.id, paths=100)
        assert told.score == pytest.approx(hit.score, rel=1e-5)
        by_channel = dict.fromkeys(hit.signals, 0.0)
        for path in told.paths:
            by_channel[path.channel] += path.contribution
        for name, value in hit.signals.items():
            if name != "taste.popularity":
                assert by_channel[name] == pytest.approx(value, rel=1e-4, abs=1e-6)
