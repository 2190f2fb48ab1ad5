"""How cells are read: prices, numbers, times, categories, and which keys came before."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone
from decimal import Decimal
from typing import Literal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kg.reading import values
from kg.reading.rules import identifier, interaction_kind, one_line, relation
from kg.reading.seen import Seen


@pytest.mark.parametrize(
    ("cell", "decimals", "expected"),
    [
        ("12.50", ".", ("12.50", "")),
        ("12.50 EUR", ".", ("12.50", "EUR")),
        ("€ 12.50", ".", ("12.50", "EUR")),
        ("$5", ".", ("5", "USD")),
        ("1,299.00 usd", ".", ("1299.00", "USD")),
        ("1.299,00 €", ",", ("1299.00", "EUR")),
        ("1 299,00", ",", ("1299.00", "")),
        ("CHF 1'299.50", ".", ("1299.50", "CHF")),
        ("￥99", ".", ("99", "")),
        ("99元", ".", ("99", "CNY")),
        ("-3", ".", ("-3", "")),
        (".5", ".", ("0.5", "")),
        (12.1, ".", ("12.1", "")),
        (12, ".", ("12", "")),
        (Decimal("1.10"), ".", ("1.10", "")),
    ],
)
def test_prices(cell: object, decimals: Literal[".", ","], expected: tuple[str, str]) -> None:
    assert values.price(cell, decimals) == (Decimal(expected[0]), expected[1])


@pytest.mark.parametrize(
    "cell", ["abc", "1.299,00", "12,50", "1,2,3", "EUR 5 USD", "1.2.3", "", "5" * 200, True, [1], "1e5"]
)
def test_what_is_no_price(cell: object) -> None:
    with pytest.raises(ValueError, match="a price must"):
        values.price(cell)


def test_cents_are_exact() -> None:
    assert values.price(4995, scale=Decimal("0.01")) == (Decimal("49.95"), "")


def test_the_other_decimal_sign_is_suggested() -> None:
    with pytest.raises(ValueError, match="decimal = ','"):
        values.price("1.299,00")


@given(st.decimals(0, 10**9, places=2))
def test_prices_survive_being_written(amount: Decimal) -> None:
    assert values.price(f"{amount:,} EUR") == (amount, "EUR")
    german = f"{amount:,}".translate(str.maketrans(",.", ".,"))
    assert values.price(german, ",") == (amount, "")


MOMENT = datetime(2024, 1, 2, 3, 4, 5, tzinfo=UTC)


@pytest.mark.parametrize(
    "value",
    [
        "2024-01-02T03:04:05Z",
        "2024-01-02T03:04:05",
        "2024-01-02 03:04:05",
        "2024/01/02 03:04:05",
        "2024-01-02T05:04:05+02:00",
        MOMENT,
        MOMENT.replace(tzinfo=None),
        MOMENT.astimezone(timezone(timedelta(hours=-7))),
        1704164645,
        "1704164645",
        1704164645.0,
        1704164645000,
        "1704164645000",
        1704164645000000,
        1704164645000000000,
    ],
)
def test_times(value: object) -> None:
    assert values.seconds(value) == 1704164645.0


def test_dates_and_formats() -> None:
    assert values.seconds("20240102") == values.seconds("2024-01-02") == 1704153600.0
    assert values.seconds("02.01.2024", "%d.%m.%Y") == 1704153600.0
    for wrong in ("01/13/2024", "soon", True, "9" * 400, float("nan")):
        with pytest.raises(ValueError, match="must be"):
            values.seconds(wrong)


@given(st.floats(allow_nan=False, allow_infinity=False, width=32))
def test_numbers_survive_being_written(number: float) -> None:
    assert values.number(repr(number)) == number


def test_booleans() -> None:
    assert [values.boolean(v) for v in (True, "YES", "1", 1.0, "是")] == [True] * 5
    assert [values.boolean(v) for v in (False, " no", "0", 0, "off")] == [False] * 5
    with pytest.raises(ValueError, match="true or false"):
        values.boolean("maybe")


def test_categories() -> None:
    assert values.category_path("Home> Lighting >Lamps", " > ") == (("Home", "Lighting", "Lamps"), ())
    assert values.category_path([["A", "B"], ["A", "C"]], ">") == (("A", "B"), ("C",))
    assert values.names("a| b|a|", "|") == ("a", "b")


@pytest.mark.parametrize("value", [None, "", "  ", float("nan"), [], {}, Decimal("NaN")])
def test_blank(value: object) -> None:
    assert values.blank(value)
    assert not values.blank(0)
    assert not values.blank(False)


def test_texts() -> None:
    assert one_line("a\t\r\n b", 10) == "a b"
    assert one_line("trade mark\x99", 20) == "trade mark™"  # Windows-1252 read as Latin-1
    assert [identifier(v) for v in (123, 123.0, " x y ", "12.0")] == ["123", "123", "x y", "12.0"]
    assert [relation(v) for v in ("Compatible with", "compatibleWith", "also-viewed", "p2p")] == [
        "compatible_with",
        "compatible_with",
        "also_viewed",
        "p2p",
    ]
    assert interaction_kind(" Buy ") == "purchase"
    for wrong in ("a\nb", True, 1.5, "x" * 201, ["a", "b"]):
        with pytest.raises(ValueError, match=r"must|id"):
            identifier(wrong)


@given(st.lists(st.integers(-5, 30) | st.just(-(2**63)), max_size=200), st.integers(1, 20))
def test_every_replaced_place_is_found_once(keys: list[int], block: int) -> None:
    seen, last, expected, found = Seen(), dict[int, int](), [], []
    for place, key in enumerate(keys):
        if key in last:
            expected.append((last[key], place))
        last[key] = place
        earlier = seen.add(key, place, str(key))
        if earlier is not None:
            found.append((earlier, place))
        if place % block == 0:
            found += [(a, b) for a, b, name in seen.older() if name == str(keys[b])]
    found += [(a, b) for a, b, _ in seen.older()]
    assert len(found) == len(expected)
    assert {a for a, _ in found} == {a for a, _ in expected}
