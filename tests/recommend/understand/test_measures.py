"""Amounts as people write them."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from recommend.understand.language import packaged_grammar
from recommend.understand.measures import MeasureReader
from recommend.understand.numbers import as_number
from recommend.understand.words import normal

MEASURES = MeasureReader(packaged_grammar())
Said = tuple[float | None, float | None, str]


def _said(text: str) -> list[Said]:
    """(low, high, unit or 'price' or '') of each amount."""
    found = MEASURES.find(normal(text))
    return [(m.low, m.high, "price" if m.price else m.unit.name if m.unit else "") for m in found]


@pytest.mark.parametrize(
    ("text", "low", "high", "unit"),
    [
        ("under 50", None, 50, ""),
        ("laptop under $500", None, 500, "price"),
        ("no more than 20 kg", None, 20, "kg"),
        ("more than 20 kg", 20, None, "kg"),
        ("less than 1,299.00 usd", None, 1299, "price"),
        ("unter 1.500 €", None, 1500, "price"),
        ("ab 12,5 kg", 12.5, None, "kg"),
        ("mindestens 16 GB", 16, None, "GB"),
        ("50 or less", None, 50, ""),
        ("16gb+", 16, None, "GB"),
        ("100 €以下", None, 100, "price"),
        ("50元以内", None, 50, "price"),
        ("不超过200元", None, 200, "price"),
        ("三百元以下", None, 300, "price"),
        ("两百以内", None, 200, ""),
        ("五米网线", 5, 5, "m"),
        ("500毫升水杯", 500, 500, "ml"),
        ("1.5升水壶", 1.5, 1.5, "l"),
        ("50-100 €", 50, 100, "price"),
        ("between 10 and 20", 10, 20, ""),
        ("zwischen 10 und 20 kg", 10, 20, "kg"),
        ("from 50 to 100", 50, 100, ""),
        ("10–20 W", 10, 20, "W"),
        ("100-200元", 100, 200, "price"),
        ("15 inch", 15, 15.99, "in"),
        ("15-inch", 15, 15.99, "in"),
        ('15.6"', 15.6, 15.6, "in"),
        ("15寸", 15, 15.99, "in"),
        ("about 2 kg", 1.8, 2.2, "kg"),
        ("10斤左右", 9, 11, "斤"),
        ("1TB", 0.975, 1.025, "TB"),
        ("2 x 500 ml", 500, 500, "ml"),
        ("-5 °C", 5, 5, "°C"),
    ],
)
def test_one_amount(text: str, low: float | None, high: float | None, unit: str) -> None:
    ((its_low, its_high, its_unit),) = _said(text)
    assert (its_low, its_high) == (_near(low), _near(high))
    assert its_unit == unit


def _near(number: float | None) -> object:
    return None if number is None else pytest.approx(number)


def test_sizes_share_their_unit() -> None:
    assert _said("30x40 cm") == [(30, 30, "cm"), (40, 40, "cm")]


@pytest.mark.parametrize(
    "text",
    [
        "iphone 11",
        "5.1 speakers",
        "gtx1080",
        "4k monitor",
        "usb 3.0",
        "2 in 1 laptop",
        "wh-1000xm4",
        "A4 paper",
        "1.2.3",
        "galaxy s10",
        "75B bra",
        "1920x1080",
        "9" * 400 + " kg",
        "over-ear headphones",
        "无线鼠标",
    ],
)
def test_no_amount(text: str) -> None:
    assert _said(text) == []


@pytest.mark.parametrize(
    ("written", "number"),
    [
        ("1,299.00", 1299),
        ("1.299,00", 1299),
        ("12,5", 12.5),
        ("1,500", 1500),
        ("1.5", 1.5),
        ("1.299.000", 1_299_000),
    ],
)
def test_signs_in_numbers(written: str, number: float) -> None:
    assert as_number(written) == number


def test_a_price_has_no_three_decimals() -> None:
    assert as_number("1.500", price=True) == 1500
    assert as_number("1.500") == 1.5


@given(st.text(max_size=80), st.text("0123456789.,-x×€$ kgminch十百以下under\"'", max_size=60))
def test_places_are_inside_the_text_and_do_not_overlap(one: str, other: str) -> None:
    for text in (normal(one), normal(other)):
        end = 0
        for measure in MEASURES.find(text):
            assert end <= measure.start < measure.stop <= len(text)
            end = measure.stop
            assert math.isfinite(measure.number)
            assert measure.low is None or measure.high is None or measure.low <= measure.high
