"""Filters: every field and operator on the tiny shop, and any filter against trying each product."""

from __future__ import annotations

import operator
from collections.abc import Callable, Mapping
from decimal import Decimal

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kg.errors import FilterError
from kg.filters import FIELDS, Filter, FilterIndex, parse_where
from kg.records import Product, Quantity
from kg.snapshot import assemble
from tests.tiny import PRODUCTS, tiny_graph

EVERY = frozenset(p.id for p in PRODUCTS)
LAMPS = {"lamp-black", "lamp-brass", "lamp-paper"}
OAK = {"desk-oak", "side-oak"}


def matching(*where: str | Filter) -> set[str]:
    """The listed products of the tiny shop for which all filters hold."""
    graph = tiny_graph()
    mask = FilterIndex(graph.products).mask(parse_where(where)) & graph.products.listed
    return set(graph.nodes["product"].texts.take(np.flatnonzero(mask)))


@pytest.mark.parametrize(
    ("where", "expected"),
    [
        ("id=desk-oak", {"desk-oak"}),
        ("id=DESK-OAK", set()),  # ids are exact
        ("id in rake,spade,rug", {"rake", "spade"}),
        ("id!=mystery", EVERY - {"mystery"}),
        ("brand=Nori", {"lamp-paper", "desk-white"}),
        ("brand=nORI", {"lamp-paper", "desk-white"}),
        ("brand in nori,Holt", {"lamp-paper", "desk-white", "desk-oak", "side-oak", "spade", "rake"}),
        ("brand=Unknown", set()),
        ("brand!=Lumo", {"lamp-paper", "desk-white", "desk-oak", "side-oak", "spade", "rake", "mystery"}),
        ("category=Table lamps", LAMPS),
        ("category=lighting", {*LAMPS, "floor-arc"}),
        ("category=Home > Lighting", {*LAMPS, "floor-arc"}),
        ("category=home > tables > desks", {"desk-oak", "desk-white"}),
        ("category=Home", {*LAMPS, "floor-arc", "desk-oak", "desk-white", "side-oak"}),
        ("category=Lighting > Table lamps", set()),  # a part of a path begins at its root
        ("category=Bulbs", {"bulb-warm", "bulb-cold"}),
        ("category in Sale,Tools", {"bulb-warm", "spade", "rake"}),
        ("category!=Home", {"spade", "rake", "bulb-warm", "bulb-cold", "mystery"}),
        ("price<=19", {"lamp-paper", "bulb-warm", "bulb-cold"}),
        ("price<19", {"bulb-warm", "bulb-cold"}),
        ("price>=249.00", {"desk-oak", "desk-white"}),
        ("price>249", {"desk-oak"}),
        ("price=4.99", {"bulb-warm", "bulb-cold"}),
        ("price in 22,25.00", {"rake", "spade"}),
        ("price!=4.99", EVERY - {"bulb-warm", "bulb-cold"}),  # no price is another price
        ("availability=IN_STOCK", {"lamp-black", "lamp-paper", "floor-arc", "desk-oak"}),
        ("availability!=in_stock", EVERY - {"lamp-black", "lamp-paper", "floor-arc", "desk-oak"}),
        ("language=zh", {"lamp-paper"}),
        ("attr.colour=black", {"lamp-black", "floor-arc"}),
        ("attr.Colour=BRASS", {"lamp-black", "lamp-brass"}),  # one of several values is enough
        ("attr.colour in white,brass", {"lamp-black", "lamp-brass", "lamp-paper", "desk-white"}),
        ("attr.colour!=black", EVERY - {"lamp-black", "floor-arc"}),
        ("attr.material=oak", OAK),
        ("attr.height>=74", {"desk-oak", "floor-arc"}),
        ("attr.height<74", {"desk-white"}),
        ("attr.height=72", {"desk-white"}),
        ("attr.height in 72,74.0", {"desk-white", "desk-oak"}),
        ("attr.weight<1.5", {"lamp-black"}),
        ("attr.weight=1.9", {"lamp-brass"}),
        ("attr.dimmable=true", {"lamp-black"}),
        ("attr.dimmable=Yes", {"lamp-black"}),
        ("attr.dimmable=no", {"lamp-brass"}),
        ("attr.dimmable!=no", EVERY - {"lamp-brass"}),
        ("attr.dimmable=1", set()),  # a boolean is no number
        ("attr.colour>1", set()),  # a text has no size
        ("attr.unknown=1", set()),
        ("attr.unknown!=1", set(EVERY)),
    ],
)
def test_known_answers(where: str, expected: set[str]) -> None:
    assert matching(where) == expected


def test_several_filters_must_all_hold() -> None:
    assert matching("category=Home", "price<100", "attr.colour=brass") == {"lamp-black", "lamp-brass"}
    assert matching("category=Lighting", "category=Tables") == set()
    assert matching() == set(EVERY)


def test_filters_with_values_instead_of_text() -> None:
    assert matching(Filter(field="attr.dimmable", op="=", value=True)) == {"lamp-black"}
    assert matching(Filter(field="attr.height", op="in", value=(72.0, 180.0))) == {"desk-white", "floor-arc"}
    assert matching(Filter(field="price", op="<", value=19)) == {"bulb-warm", "bulb-cold"}
    assert matching(Filter(field="brand", op="=", value="")) == set()  # missing is no value
    assert matching(Filter(field="brand", op="in", value=())) == set()


def test_a_stub_has_no_values_at_all() -> None:
    graph = tiny_graph()
    rug = graph.nodes["product"].number("rug")
    index = FilterIndex(graph.products)
    assert not index.mask(parse_where("price>=0"))[rug]
    assert index.mask(parse_where("price!=1"))[rug]


@pytest.mark.parametrize(
    ("text", "field", "op", "value"),
    [
        ("price<=50", "price", "<=", "50"),
        ("  price  >=  50 ", "price", ">=", "50"),
        ("brand != Foundry & Co", "brand", "!=", "Foundry & Co"),
        ("attr.colour in black, grey ,", "attr.colour", "in", ("black", "grey")),
        ("attr.screen size=15 inch", "attr.screen size", "=", "15 inch"),
        ("brand=a=b", "brand", "=", "a=b"),
        ("category=Home > Lighting", "category", "=", "Home > Lighting"),
        ("brand in HP", "brand", "in", ("HP",)),
        ("attr.颜色=黑", "attr.颜色", "=", "黑"),
    ],
)
def test_reading_filters(text: str, field: str, op: str, value: object) -> None:
    read = Filter.parse(text)
    assert (read.field, read.op, read.value) == (field, op, value)
    assert Filter.parse(str(read)) == read


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "cannot read the filter ''"),
        ("brand", "price<=50"),
        ("brand=", "FIELD OP VALUE"),
        ("=HP", "FIELD OP VALUE"),
        ("colour=black", r"'colour'.*attr\.NAME"),
        ("attr.=black", "unknown filter field"),
        ("price<=cheap", "'cheap'"),
        ("price=nan", "number"),
        ("price in 5,ten", "number"),
        ("price==5", "'=5'"),
        ("brand<HP", "compares with a number"),
        ("brand<5", "no order"),
        ("attr.height>tall", "'tall'"),
        ("brand in ,", "lists no value"),
    ],
)
def test_filters_that_make_no_sense(text: str, words: str) -> None:
    with pytest.raises(FilterError, match=words):
        Filter.parse(text)


@pytest.mark.parametrize(
    ("op", "value", "words"),
    [("~", "a", "operators are"), ("in", "a", "tuple"), ("=", ("a",), "use 'in'"), ("<", True, "number")],
)
def test_filters_that_are_made_wrongly(op: str, value: object, words: str) -> None:
    with pytest.raises(FilterError, match=words):
        Filter(field="attr.a", op=op, value=value)  # type: ignore[arg-type]


def test_where_is_one_or_many() -> None:
    one = Filter(field="brand", op="=", value="HP")
    assert parse_where("brand=HP") == parse_where(one) == parse_where(["brand=HP"]) == (one,)
    assert parse_where([one, "price<5"])[1] == Filter(field="price", op="<", value="5")
    assert parse_where(()) == ()


# any filter, by looking at every product

words = st.sampled_from(["a", "B", "b", "true", "no", "5", "5.0", "Straße", "STRASSE", "x > y"])
numbers = st.sampled_from([0.0, 5.0, -1.5, 1e9])
attribute_values = st.one_of(
    words, numbers, st.booleans(), st.builds(Quantity, number=numbers, unit=st.sampled_from(["", "kg"]))
)
shelves = st.lists(
    st.builds(
        Product,
        id=words,
        brand=st.one_of(st.just(""), words),
        category=st.lists(words, max_size=3).map(tuple),
        labels=st.lists(words, max_size=2).map(tuple),
        attributes=st.dictionaries(
            st.sampled_from(["n", "N", "m"]),
            st.one_of(attribute_values, st.lists(attribute_values, max_size=3).map(tuple)),
            max_size=2,
        ),
        price=st.one_of(st.none(), numbers.map(lambda n: Decimal(str(n)))),
        availability=st.one_of(st.just(""), words),
        language=st.sampled_from(["", "en", "EN"]),
    ),
    max_size=6,
    unique_by=lambda p: p.id,
)
plain_values = st.one_of(words, numbers, st.booleans())
ORDERINGS: Mapping[str, Callable[[float, float], bool]] = {
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}
COMPARISONS: Mapping[str, Callable[[float, float], bool]] = {
    **ORDERINGS,
    "=": operator.eq,
    "in": operator.eq,
}


@st.composite
def filters(draw: st.DrawFn) -> Filter:
    field = draw(st.sampled_from([*FIELDS, "attr.n", "attr.M", "attr.none"]))
    ordered = field == "price" or field.startswith("attr.")
    op = draw(st.sampled_from(["=", "!=", "in", *ORDERINGS] if ordered else ["=", "!=", "in"]))
    one = numbers if field == "price" or op in ORDERINGS else plain_values
    value = draw(st.lists(one, max_size=3).map(tuple)) if op == "in" else draw(one)
    return Filter(field=field, op=op, value=value)  # type: ignore[arg-type]


def holds(product: Product, condition: Filter) -> bool:
    """What the filter says of one product, read from its record."""
    if condition.op == "!=":
        return not holds(product, Filter(field=condition.field, op="=", value=condition.value))
    return any(_equal(product, condition, value) for value in condition.values)


def _equal(product: Product, condition: Filter, value: str | float | bool) -> bool:
    field, op, text = condition.field, condition.op, str(value).casefold()
    if field == "id":
        return product.id == str(value)
    if field == "price":
        return product.price is not None and COMPARISONS[op](float(product.price), float(value))
    if field == "category":
        heads = [" > ".join(product.category[: n + 1]) for n in range(len(product.category))]
        return text in {c.casefold() for c in (*product.category, *heads, *product.labels)}
    if field in ("brand", "availability", "language"):
        return text != "" and getattr(product, field).casefold() == text
    name = field.removeprefix("attr.").casefold()
    held = [v for key in product.attributes if key.casefold() == name for v in product.values(key)]
    return any(_equal_value(one, op, value) for one in held)


def _equal_value(one: object, op: str, value: str | float | bool) -> bool:
    text = str(value).casefold()
    if isinstance(one, bool):
        return op not in ORDERINGS and text in (("true", "yes") if one else ("false", "no"))
    if isinstance(one, str):
        return op not in ORDERINGS and one.casefold() == text
    assert isinstance(one, (Quantity, float))
    number = one.number if isinstance(one, Quantity) else one
    try:
        return COMPARISONS[op](number, float(str(value)))
    except ValueError:
        return False


@given(shelf=shelves, where=st.lists(filters(), max_size=3))
@settings(max_examples=300)
def test_a_mask_is_what_each_product_says(shelf: list[Product], where: list[Filter]) -> None:
    graph = assemble(shelf, [], [])
    mask = FilterIndex(graph.products).mask(where)
    by_hand = [all(holds(p, one) for one in where) for p in sorted(shelf, key=lambda p: p.id)]
    assert mask.tolist() == by_hand
