"""Filters on quantities: one dimension is one scale, whatever the units."""

from __future__ import annotations

import operator
import time
from collections import Counter
from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from kg.errors import FilterError
from kg.filters import Filter, FilterIndex, parse_where
from kg.measured import as_measure
from kg.records import AttributeValue, Product, Quantity
from kg.snapshot import assemble
from kg.units import convert, find_unit, near_units


def found(values: dict[str, AttributeValue], where: str) -> set[str]:
    graph = assemble([Product(id=key, attributes={"x": value}) for key, value in values.items()], [], [])
    mask = FilterIndex(graph.products).mask(parse_where(where))
    return set(graph.nodes["product"].texts.take(np.flatnonzero(mask)))


def q(number: float, unit: str) -> Quantity:
    return Quantity(number=number, unit=unit)


MASSES: dict[str, AttributeValue] = {
    "light": q(1500, "g"),
    "two": q(2, "kg"),
    "also two": q(2000, "Gramm"),
    "three": q(3, "kg"),
    "five": q(5, "KG"),
    "bare": 1.0,
    "long": q(1, "cm"),
    "odd": q(1, "blob"),
    "text": "2 kg",
}


@pytest.mark.parametrize(
    ("where", "expected"),
    [
        ("attr.x<=2 kg", {"light", "two", "also two", "bare"}),  # most are in kg, so 1 is 1 kg
        ("attr.x<2 kg", {"light", "bare"}),
        ("attr.x>2000g", {"three", "five"}),
        ("attr.x>=2000 g", {"two", "also two", "three", "five"}),
        ("attr.x=2kg", {"two", "also two"}),
        ("attr.x=2 kg", {"two", "also two", "text"}),  # the text says just that
        ("attr.x!=2 kg", set(MASSES) - {"two", "also two", "text"}),
        ("attr.x in 1.5 kg,3000 g", {"light", "three"}),
        ("attr.x<=2", {"light", "two", "also two", "bare"}),
        ("attr.x=1500 g", {"light"}),
        ("attr.x<5 cm", {"long"}),
        ("attr.x<5 W", set()),
        ("attr.x=4.4092452436976 lb", {"two", "also two"}),
    ],
)
def test_units_of_one_dimension_are_one_scale(where: str, expected: set[str]) -> None:
    assert found(MASSES, where) == expected


def test_where_most_values_have_no_unit_numbers_stand_as_they_are() -> None:
    values: dict[str, AttributeValue] = {"a": 1.0, "b": 2.0, "c": 3.0, "d": q(1500, "g"), "e": q(1, "kg")}
    assert found(values, "attr.x<=2") == {"a", "b", "e"}
    assert found(values, "attr.x>=1000") == {"d"}
    assert found(values, "attr.x<=2 kg") == {"d", "e"}


def test_conversion_is_exact_where_nothing_is_converted_and_forgiving_where_it_is() -> None:
    values: dict[str, AttributeValue] = {"a": q(0.1 + 0.2, "m"), "b": q(70, "cm"), "c": q(68, "°F")}
    assert found(values, "attr.x=0.3 m") == set()
    assert found(values, "attr.x=0.7 m") == {"b"}
    assert found(values, "attr.x<=0.7 m") == {"a", "b"}
    assert found(values, "attr.x<0.7 m") == {"a"}
    assert found(values, "attr.x=20 °C") == {"c"}


def test_a_unit_that_no_one_knows() -> None:
    values: dict[str, AttributeValue] = {"a": q(1, "blob"), "b": q(3, "Blob"), "c": q(2, "kg")}
    assert found(values, "attr.x<=2") == {"a"}  # blobs are home
    with pytest.raises(FilterError, match=r"no unit is called 'blob' \(near: .*\), so leave it out"):
        parse_where("attr.x<=2 blob")
    with pytest.raises(FilterError, match=r"no unit is called 'kgg' \(near: kg"):
        parse_where("attr.x<=2 kgg")
    with pytest.raises(FilterError, match="which '2 kg' is not"):
        parse_where("price<=2 kg")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2 kg", (2.0, "kg")),
        ('15.6"', (15.6, "in")),
        ("2.5 Liter", (2.5, "l")),
        ("500毫升", (500.0, "ml")),
        ("-5°C", (-5.0, "°C")),
        ("2", None),
        ("kg", None),
        ("2 blobs", None),
        ("1,5 kg", None),
    ],
)
def test_what_a_filter_may_say(text: str, expected: tuple[float, str] | None) -> None:
    measure = as_measure(text)
    assert (measure and (measure[0], measure[1].name)) == expected


@given(
    st.floats(-1e6, 1e6),
    st.sampled_from(["kg", "g", "mg", "t", "lb", "oz"]),
    st.sampled_from(["kg", "g", "lb"]),
)
def test_conversion_goes_there_and_back(number: float, one: str, other: str) -> None:
    a, b = find_unit(one), find_unit(other)
    assert a is not None
    assert b is not None
    assert convert(convert(number, a, b), b, a) == pytest.approx(number, rel=1e-9, abs=1e-9)


def test_names_of_units() -> None:
    same = [
        ("KG", "kg"),
        ("Kilogramm", "kg"),
        ("公斤", "kg"),
        ("zoll", "in"),
        ("″", "in"),
        ("Liter", "l"),
        ("fl oz", "fl.oz"),
    ]
    for name, unit in same:
        found_unit = find_unit(name)
        assert found_unit is not None
        assert found_unit.name == unit
    pairs = [("mW", "MW"), ("MB/s", "Mb/s"), ("nm", "Nm"), ("ms", "m/s")]
    for one, other in pairs:
        assert find_unit(one) != find_unit(other)
    assert [find_unit(name) for name in ("", "G", "M", "XL", "x", "kgg")] == [None] * 6
    assert near_units("kgg").startswith("kg")


units = st.sampled_from(["", "g", "kg", "KG", "cm", "m", "blob"])
quantities = st.builds(Quantity, number=st.sampled_from([0.0, 1.0, 2.0, 100.0, 1000.0, 2000.0]), unit=units)
values = st.one_of(
    quantities, st.sampled_from([1.0, 2.0, 1000.0]), st.sampled_from(["2 kg", "red"]), st.booleans()
)
COMPARE: dict[str, Callable[[float, float], bool]] = {
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}


@given(
    st.lists(values, max_size=8),
    st.sampled_from(list(COMPARE)),
    st.sampled_from([1.0, 2.0, 1000.0]),
    st.sampled_from(["", "g", "kg", "cm"]),
)
def test_any_comparison_is_that_of_each_value(
    shelf: list[AttributeValue], op: str, number: float, unit: str
) -> None:
    named: dict[str, AttributeValue] = {f"p{i:03}": value for i, value in enumerate(shelf)}
    owned = [
        value.unit if isinstance(value, Quantity) else ""
        for value in named.values()
        if isinstance(value, (float, Quantity)) and not isinstance(value, bool)
    ]
    first = {name: place for place, name in reversed(list(enumerate(owned)))}
    order = {name: (-count, name != "", first[name]) for name, count in Counter(owned).items()}
    home = min(order, key=order.__getitem__, default="")

    def holds(value: AttributeValue) -> bool:
        if isinstance(value, (bool, str)):
            return False
        held, own = (value.number, value.unit) if isinstance(value, Quantity) else (value, "")
        if not unit and not home:
            return COMPARE[op](held, number)
        own, wanted = own or home, unit or home
        one, other = find_unit(own), find_unit(wanted)
        if one is None or other is None:
            return own == wanted and COMPARE[op](held, number)
        return one.dimension == other.dimension and COMPARE[op](convert(held, one, other), number)

    assert found(named, f"attr.x{op}{number} {unit}") == {key for key, value in named.items() if holds(value)}


def test_it_stays_quick() -> None:
    rng = np.random.default_rng(0)
    kinds = ["g", "kg", "cm", "mm", "W"]
    shelf = [
        Product(
            id=f"p{i}", attributes={f"a{k}": q(float(rng.integers(1, 99)), kinds[k % 5]) for k in range(20)}
        )
        for i in range(4_000)
    ]
    index = FilterIndex(assemble(shelf, [], []).products)
    where = [Filter(field="attr.a1", op="<=", value="20 kg"), Filter(field="attr.a2", op=">", value="1 m")]
    index.mask(where)
    started = time.process_time()
    for _ in range(20):
        index.mask(where)
    assert (time.process_time() - started) / 20 < 0.02
