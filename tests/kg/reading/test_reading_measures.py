"""Numbers with units, and which sign is the decimal one."""

from __future__ import annotations

from contextlib import suppress
from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kg.errors import DataError
from kg.reading import LoadReport, Mapping, read, values
from kg.reading.decimals import SAMPLE_ROWS, shown_by
from kg.reading.measures import measure, plain_quantity
from kg.reading.values import Decimals
from kg.records import Product, Quantity


def q(number: float, unit: str) -> Quantity:
    return Quantity(number=number, unit=unit)


@pytest.mark.parametrize(
    ("text", "decimals", "expected"),
    [
        ("1,5 kg", ",", q(1.5, "kg")),
        ("1.5kg", ".", q(1.5, "kg")),
        ('15.6"', ".", q(15.6, "in")),
        ("15,6 Zoll", ",", q(15.6, "in")),
        ("15.6″", ".", q(15.6, "in")),
        ("15.6 英寸", ".", q(15.6, "in")),
        ("500毫升", ".", q(500, "ml")),
        ("2 x 500 ml", ".", q(1000, "ml")),
        ("6×0,33 l", ",", q(1.98, "l")),
        ("2x8GB", ".", q(16, "GB")),
        ("1/2 in", ".", q(0.5, "in")),
        ('1 1/2"', ".", q(1.5, "in")),
        ("½ l", ".", q(0.5, "l")),
        ("2½ Stunden", ".", q(2.5, "h")),
        ("10–12 cm", ".", (q(10, "cm"), q(12, "cm"))),
        ("10-12 cm", ".", (q(10, "cm"), q(12, "cm"))),
        ("10 cm bis 1,2 m", ",", (q(10, "cm"), q(1.2, "m"))),
        ("-10 to 40 °C", ".", (q(-10, "°C"), q(40, "°C"))),
        ("≤ 5 W", ".", q(5, "W")),
        ("max. 5 W", ".", q(5, "W")),
        ("ca. 1.200 g", ",", q(1200, "g")),
        ("1.234,56", ",", 1234.56),
        ("12 000 mAh", ".", q(12000, "mAh")),
        ("12\u00a0000 mAh", ",", q(12000, "mAh")),
        ("−5 °C", ".", q(-5, "°C")),
        ("15.6 in (39.6 cm)", ".", q(15.6, "in")),
        ("3 Stück", ".", q(3, "pcs")),
        ("150 Mbit/s", ".", q(150, "Mbit/s")),
        ("300 dpi", ".", q(300, "dpi")),
        ("4 MW", ".", q(4, "MW")),
        ("4 mW", ".", q(4, "mW")),
        ("1.5 FL OZ", ".", q(1.5, "fl.oz")),
        ("80 %", ".", q(80, "%")),
        ("75", ".", 75.0),
    ],
)
def test_measures(text: str, decimals: Decimals, expected: object) -> None:
    assert measure(text, decimals) == expected


@pytest.mark.parametrize(
    ("text", "unit", "expected"),
    [
        ("1.5 kg", "g", q(1500, "g")),
        ("0.3 kg", "g", q(300, "g")),
        ("12", "g", q(12, "g")),
        ("12 G", "g", q(12, "g")),
        ("68 °F", "°C", q(20, "°C")),
        ("1 m - 120 cm", "cm", (q(100, "cm"), q(120, "cm"))),
        ("5 Blobs", "blobs", q(5, "blobs")),
    ],
)
def test_measures_in_a_given_unit(text: str, unit: str, expected: object) -> None:
    assert measure(text, ".", unit) == expected


@pytest.mark.parametrize(
    ("text", "unit", "rule"),
    [
        ("heavy", "", "must be a number"),
        ("", "", "must be a number"),
        ("5 blobs", "", "must be a number with a known unit"),
        ("5 kgg", "", "as kg"),
        ("5 cm", "g", "must be in g or a unit of the same dimension, which 'cm' is not"),
        ("1.299,00 g", "", "unless decimal = ','"),
        ("2 x 50 cm", "", "several measures of length do not add up"),
        ("10 x 20 x 30 cm", "", "give each measure a column of its own"),
        ("1/0 in", "", "must be a number"),
        ("9" * 200, "", "must be a number"),
        ("12.03.2024", "", "must be a number"),
    ],
)
def test_what_is_no_measure(text: str, unit: str, rule: str) -> None:
    with pytest.raises(ValueError, match=r"must|add up") as caught:
        measure(text, ".", unit)
    assert rule in str(caught.value)


@given(st.text(max_size=30) | st.from_regex(r"[0-9.,x/ –-]{1,12}( ?(kg|cm|\"|Zoll|ml))?", fullmatch=True))
def test_any_text_is_a_measure_or_a_rule(text: str) -> None:
    for decimals in (".", ","):
        with suppress(ValueError):
            assert isinstance(measure(text, decimals), (float, Quantity, tuple))


@pytest.mark.parametrize(
    "text", ["1.5 kg", "1.5kg", '15.6"', "60W", "230V", "2L", "500 ml", "12 000 mAh", "5 A", "90°"]
)
def test_a_cell_that_is_plainly_a_quantity(text: str) -> None:
    assert plain_quantity(text, ".") is not None


@pytest.mark.parametrize(
    "text",
    [
        "size 10 in",
        "75B",
        "4K",
        "5s",
        "5G",
        "34 M",
        "10-12 cm",
        "2 x 500 ml",
        "1,5 kg",
        "1.5 kg net",
        "14ct",
        "kg",
        "3XL",
        "10 000",
        "A4",
        "1080p",
        "2 in 1",
    ],
)
def test_a_cell_that_stays_text(text: str) -> None:
    assert plain_quantity(text, ".") is None


def load(tmp_path: Path, text: str, mapping: str = "") -> tuple[list[Product], LoadReport]:
    (tmp_path / "c.csv").write_text(text, encoding="utf-8")
    reading = read(tmp_path / "c.csv", mapping=Mapping.from_text(mapping) if mapping else None)
    return [p for p in reading if isinstance(p, Product)], reading.report()


def test_the_attributes_of_a_table_get_their_units(tmp_path: Path) -> None:
    products, _ = load(
        tmp_path,
        "id;attr_weight;attr_screen;attr_size;attr_pack;attr_note\n"
        '1;1,5 kg;"15,6 Zoll";75B;2 x 500 ml;size 10 in\n2;800 g;14 Zoll;L;1,5 l;\n',
    )
    assert products[0].attributes == {
        "weight": q(1.5, "kg"),
        "screen": q(15.6, "in"),
        "size": "75B",
        "pack": "2 x 500 ml",
        "note": "size 10 in",
    }
    assert products[1].attributes["weight"] == q(800, "g")


def test_text_stays_text_and_numbers_become_numbers_where_a_mapping_says_so(tmp_path: Path) -> None:
    products, report = load(
        tmp_path,
        "id,w,t,pack,width\n1,1.5 kg,1.5 kg,2 x 500 ml,10–12 cm\n2,800,8,6 x 1 l,\n3,5 cm,x,,\n",
        '[columns]\nw = { attribute = "w", type = "number", unit = "g" }\nt = "attr.t:text"\n'
        'pack = "attr.pack:number"\nwidth = "attr.width:number"',
    )
    assert [p.attributes for p in products] == [
        {"w": q(1500, "g"), "t": "1.5 kg", "pack": q(1000, "ml"), "width": (q(10, "cm"), q(12, "cm"))},
        {"w": q(800, "g"), "t": "8", "pack": q(6, "l")},
    ]
    assert [(r.line, r.field) for r in report.rejections] == [(4, "attr.w")]


def test_values_with_a_type_of_their_own_stay_as_they_are() -> None:
    rows = [{"id": "1", "attributes": {"weight": "1.5 kg"}, "attr_size": "2 l"}]
    (product,) = read(rows)
    assert isinstance(product, Product)
    assert product.attributes == {"weight": "1.5 kg", "size": "2 l"}
    mapping = Mapping.from_text('[columns]\n"attr_*" = "attribute:number"')
    (product,) = read([{"id": "1", "attr_size": "2 l"}], mapping=mapping)
    assert isinstance(product, Product)
    assert product.attributes == {"size": q(2, "l")}


@pytest.mark.parametrize(
    ("text", "sign"),
    [
        ("1.299,00 €", ","),
        ("$1,299.00", "."),
        ("12,50", ","),
        ("12.5 kg", "."),
        ("1.299.000", ","),
        ("1,299,000", "."),
        ("0,125", ","),
        ("1299,000", ","),
        ("1 299,00 kr", ","),
        ("CHF 1'299.50", "."),
        ("1,299", None),
        ("1.299", None),
        ("1299", None),
        ("12.03.2024", None),
        ("1.2.3,4,5", None),
        ("lamp", None),
    ],
)
def test_which_sign_a_number_shows(text: str, sign: str | None) -> None:
    assert shown_by(text) == sign


@pytest.mark.parametrize(
    ("cells", "prices"),
    [
        (["1.299,00 €", "12,50", "1.299"], ["1299.00", "12.50", "1299"]),
        (["EUR 1.299", "12,50 EUR"], ["1299", "12.50"]),
        (["US$1,299.00", "1,299"], ["1299.00", "1299"]),
        (["¥1,299", "¥99"], ["1299", "99"]),
        (["1 299,00 kr", "99,- kr."], ["1299.00", "99"]),
        (["12.50", "1,299"], ["12.50", "1299"]),
        (["1299", "5"], ["1299", "5"]),
        (["CHF 5.–", "CHF 1'299.50"], ["5", "1299.50"]),
    ],
)
@pytest.mark.parametrize("form", ["csv", "rows"])
def test_the_whole_column_settles_how_prices_are_read(
    tmp_path: Path, cells: list[str], prices: list[str], form: str
) -> None:
    if form == "csv":
        text = "id;price\n" + "".join(f"{i};{cell}\n" for i, cell in enumerate(cells))
        products, report = load(tmp_path, text)
    else:
        reading = read([{"id": str(i), "price": cell} for i, cell in enumerate(cells)])
        products, report = [p for p in reading if isinstance(p, Product)], reading.report()
    assert [p.price for p in products] == [Decimal(price) for price in prices]
    assert report.ok
    commas = any("a comma is the decimal sign" in note for note in report.notes)
    assert commas == any(shown_by(cell) == "," for cell in cells)


def test_the_note_names_an_example_and_the_way_out(tmp_path: Path) -> None:
    _, report = load(tmp_path, "id;price\n1;1.299,00\n")
    assert report.notes == (
        f"{tmp_path / 'c.csv'}: a comma is the decimal sign, as in '1.299,00'; "
        'say decimal = "." in a mapping if that is wrong',
    )
    products, report = load(tmp_path, "id;price\n1;1.299\n")
    assert products[0].price == Decimal("1.299")
    assert "numbers like '1.299' in price can be read in two ways" in report.notes[0]


def test_a_column_with_both_signs_is_told(tmp_path: Path) -> None:
    _, report = load(tmp_path, "id;attr_weight\n1;1,5 kg\n2;0.9 kg\n3;1,250 kg\n")
    (note,) = report.notes
    assert "attr_weight has numbers with a decimal comma and with a decimal point" in note
    assert "as '1,5 kg' and '0.9 kg'; a point was taken" in note
    _, report = load(tmp_path, "id;attr_weight\n1;1,5 kg\n2;0,9 kg\n3;1.250 kg\n")
    assert not any("decimal point" in note for note in report.notes)


def test_each_column_may_have_its_own_sign(tmp_path: Path) -> None:
    products, report = load(
        tmp_path, "id;price;attr_weight\n1;1,299.00;1,5 kg\n2;5.00;1.200 g\n3;7.50;0,3 kg\n"
    )
    assert [p.price for p in products] == [Decimal("1299.00"), Decimal("5.00"), Decimal("7.50")]
    assert [p.attributes["weight"] for p in products] == [q(1.5, "kg"), q(1200, "g"), q(0.3, "kg")]
    assert any("a comma is the decimal sign in attr_weight" in note for note in report.notes)


def test_a_mapping_settles_it_without_a_look(tmp_path: Path) -> None:
    text = "id;price\n1;1.299\n2;12.50\n"
    products, report = load(tmp_path, text, '[options]\ndecimal = ","')
    assert [p.price for p in products] == [Decimal("1299")]
    assert [(r.line, r.field) for r in report.rejections] == [(3, "price")]
    assert report.notes == ()


def test_rows_that_differ_from_the_most_are_rejected_not_misread(tmp_path: Path) -> None:
    rows = "".join(f"{i};{i}.50\n" for i in range(20))
    products, report = load(tmp_path, f"id;price\n{rows}x;12,50\n")
    assert len(products) == 20
    assert [r.rule for r in report.rejections] == [
        "a price must be a number (unless decimal = ',' is set in the mapping)"
    ]


def test_a_list_of_sizes_is_no_decimal_number(tmp_path: Path) -> None:
    products, report = load(tmp_path, "id;attr_sizes\n1;38,39\n2;40,41\n")
    assert [p.attributes["sizes"] for p in products] == ["38,39", "40,41"]
    assert report.notes == ()


def test_what_fails_while_looking_ahead_fails_in_its_place(tmp_path: Path) -> None:
    rows = "".join(f'{{"id": "p{i}", "price": "5,50"}}\n' for i in range(SAMPLE_ROWS // 2))
    (tmp_path / "c.jsonl").write_bytes(
        rows.encode() + '{"id": "ü", "x": "\xfc"}\n'.encode() + b'{"id": "\xff"}\n'
    )
    reading = read(tmp_path / "c.jsonl")
    seen: list[object] = []
    with pytest.raises(DataError, match=f"line {SAMPLE_ROWS // 2 + 2} is 0xff"):
        seen.extend(reading)
    assert len(seen) == SAMPLE_ROWS // 2 + 1


@given(st.decimals(0, 10**6, places=2), st.sampled_from([".", ","]), st.sampled_from(["", " €", " kr"]))
def test_a_price_with_cents_is_read_in_either_writing(amount: Decimal, sign: str, currency: str) -> None:
    written = f"{amount:,}" if sign == "." else f"{amount:,}".translate(str.maketrans(",.", ".,"))
    (product,) = read([{"id": "1", "price": written + currency}])
    assert isinstance(product, Product)
    assert product.price == amount
    assert values.price(written + currency, sign)[0] == amount  # type: ignore[arg-type]
