"""One catalog in every form that can be read gives the same records."""

from __future__ import annotations

import csv
import gzip
import io
import json
import tracemalloc
from collections.abc import Callable
from dataclasses import fields
from decimal import Decimal
from pathlib import Path

import pandas as pd
import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from kg.errors import DataError
from kg.reading import read
from kg.records import Interaction, Product, ProductPatch, Quantity

COLUMNS = ("sku", "Name", "brand", "category", "price", "attr_colour", "attr_height")
ROWS = [
    ("1", 'Lamp, "tall"', "Nordlicht", "Home > Lighting", 49.9, "black", 120.5),
    ("2", "台灯", None, None, None, None, None),
    ("3", "Two\nlines; and | bars\t", "A & B", "Home", 5.0, "white", None),
]
EXPECTED = [
    Product(
        id="1",
        title='Lamp, "tall"',
        brand="Nordlicht",
        category=("Home", "Lighting"),
        price=Decimal("49.9"),
        attributes={"colour": "black", "height": 120.5},
    ),
    Product(id="2", title="台灯"),
    Product(
        id="3",
        title="Two lines; and | bars",
        brand="A & B",
        category=("Home",),
        price=Decimal("5.0"),
        attributes={"colour": "white"},
    ),
]


def delimited(delimiter: str, end: str = "\n", mark: bytes = b"") -> bytes:
    text = io.StringIO(newline="")
    writer = csv.writer(text, delimiter=delimiter, lineterminator=end)
    writer.writerow(COLUMNS)
    writer.writerows(ROWS)
    return mark + text.getvalue().encode()


def dicts() -> list[dict[str, object]]:
    return [dict(zip(COLUMNS, row, strict=True)) for row in ROWS]


def json_lines() -> bytes:
    return "".join(json.dumps(row) + "\n" for row in dicts()).encode()


def parquet() -> bytes:
    buffer = io.BytesIO()
    pq.write_table(pa.Table.from_pylist(dicts()), buffer)
    return buffer.getvalue()


FILES: dict[str, Callable[[], bytes]] = {
    "comma.csv": lambda: delimited(","),
    "semicolon.csv": lambda: delimited(";"),
    "bar.txt": lambda: delimited("|"),
    "tab.tsv": lambda: delimited("\t"),
    "windows.csv": lambda: delimited(",", "\r\n", b"\xef\xbb\xbf"),
    "lines.jsonl": json_lines,
    "marked.jsonl": lambda: b"\xef\xbb\xbf" + json_lines(),
    "array.json": lambda: json.dumps(dicts(), indent=1).encode(),
    "array_on_one_line.json": lambda: json.dumps(dicts()).encode(),
    "table.parquet": parquet,
    "by_id.json": lambda: json.dumps({row.pop("sku"): row for row in dicts()}).encode(),
    "no_ending": json_lines,
    "wrong_ending.csv": parquet,
}


@pytest.mark.parametrize("gzipped", [False, True])
@pytest.mark.parametrize("name", FILES)
def test_every_file_gives_the_same_products(tmp_path: Path, name: str, gzipped: bool) -> None:
    content = FILES[name]()
    path = tmp_path / name  # a gzipped file is known by its content, with or without .gz
    path.write_bytes(gzip.compress(content) if gzipped else content)
    reading = read(path)
    assert list(reading) == EXPECTED
    report = reading.report()
    assert (report.read, report.loaded, report.ok, report.files) == (3, 3, True, (str(path),))


def test_every_frame_gives_the_same_products() -> None:
    frame = pd.DataFrame(dicts())
    assert list(read(frame)) == EXPECTED
    assert list(read(frame.set_index("sku"))) == EXPECTED
    assert list(read(frame.convert_dtypes())) == EXPECTED
    assert list(read(pl.DataFrame(dicts()))) == EXPECTED
    assert list(read(row for row in dicts())) == EXPECTED
    assert list(read(list(EXPECTED))) == EXPECTED


def test_frames_with_awkward_cells() -> None:
    frame = pd.DataFrame({"id": [1.0, 2.0, None], "title": ["a", float("nan"), "c"], "price": [1, 2, 3]})
    reading = read(frame)
    assert [(p.id, p.title) for p in reading if isinstance(p, Product)] == [("1", "a"), ("2", "")]
    assert [r.line for r in reading.report().rejections] == [3]
    with pytest.raises(DataError, match="twice"):
        read(pd.DataFrame([[1, 2]], columns=["id", "id"]))
    with pytest.raises(DataError, match="collect"):
        read(pl.LazyFrame({"id": ["1"]}))
    times = pd.DataFrame({"user": ["u"], "product": ["p"], "time": [pd.Timestamp("2024-01-02T00:00:00")]})
    (met,) = read(times, kind="interactions")
    assert isinstance(met, Interaction)
    assert met.time == 1704153600.0


def test_parquet_lists_and_structs(tmp_path: Path) -> None:
    rows = [
        {
            "id": 7,
            "category": ["Home", "Lighting"],
            "gtin": ["0123456789012", "x"],
            "attributes": {
                "colours": ["red", "blue"],
                "weight": {"number": 2, "unit": "kg"},
                "dimmable": True,
            },
        }
    ]
    pq.write_table(pa.Table.from_pylist(rows), tmp_path / "c.parquet")
    (product,) = read(tmp_path / "c.parquet")
    assert product == Product(
        id="7",
        category=("Home", "Lighting"),
        gtin="0123456789012",
        attributes={"colours": ("red", "blue"), "weight": Quantity(number=2.0, unit="kg"), "dimmable": True},
    )


def test_csv_numbers_become_numbers_and_codes_stay_text(tmp_path: Path) -> None:
    (tmp_path / "c.csv").write_text(
        "id,attr_a,attr_b,attr_c,attr_d,attr_e\n007,12.50,007,yes,12 kg,1234567890123456789\n"
    )
    (product,) = read(tmp_path / "c.csv")
    assert product == Product(
        id="007",
        attributes={
            "a": 12.5,
            "b": "007",
            "c": "yes",
            "d": Quantity(number=12.0, unit="kg"),
            "e": "1234567890123456789",
        },
    )


def test_chinese_headers(tmp_path: Path) -> None:
    (tmp_path / "c.csv").write_text(
        "商品编号,标题,品牌,类目,价格,图片\n1,台灯,北极光,家居 > 照明,￥99.00,a.jpg\n", encoding="utf-8"
    )
    assert list(read(tmp_path / "c.csv")) == [
        Product(
            id="1",
            title="台灯",
            brand="北极光",
            category=("家居", "照明"),
            price=Decimal("99.00"),
            image=str(tmp_path / "a.jpg"),
        )
    ]


def test_the_better_name_wins_and_the_other_is_noted() -> None:
    reading = read(
        [{"name": "code", "id": "1", "title": "Lamp", "colour": "red"}, {"name": "Chair", "id": "2"}]
    )
    assert [p.title for p in reading if isinstance(p, Product)] == ["Lamp", "Chair"]
    (note,) = reading.report().notes
    assert note.startswith("columns not used: ")
    assert {"colour", "name"} <= set(note.removeprefix("columns not used: ").partition(";")[0].split(", "))


def test_old_spreadsheet_line_ends(tmp_path: Path) -> None:
    (tmp_path / "c.csv").write_bytes(b"id,title\r1,a\r2,b")
    assert [p.id for p in read(tmp_path / "c.csv") if isinstance(p, Product)] == ["1", "2"]


def test_patch_names_the_columns_that_are_present(tmp_path: Path) -> None:
    (tmp_path / "c.csv").write_text("id,price,brand,attr_colour,attr_size\n1,5 EUR,,red,\n")
    assert list(read(tmp_path / "c.csv", patch=True)) == [
        ProductPatch(
            product=Product(id="1", price=Decimal(5), currency="EUR", attributes={"colour": "red"}),
            fields=frozenset({"price", "currency", "brand", "attr.colour", "attr.size"}),
        )
    ]
    rows = [{"id": "1", "title": None}, {"id": "2", "attributes": {"size": None, "colour": "red"}}]
    patches = [r for r in read(rows, patch=True) if isinstance(r, ProductPatch)]
    assert [set(p.fields) for p in patches] == [{"title"}, {"attr.size", "attr.colour"}]
    (patch,) = read([Product(id="1", title="x")], patch=True)
    assert patch == ProductPatch(product=Product(id="1", title="x"), fields=frozenset({"title"}))
    assert list(read([patch], patch=True)) == [patch]
    with pytest.raises(DataError, match="only products can be patched"):
        read(rows, kind="facts", patch=True)


def test_reading_is_streamed(tmp_path: Path) -> None:
    path = tmp_path / "c.csv"
    with path.open("w") as file:
        file.write("id,title,description\n")
        for i in range(20_000):
            file.write(f"p{i},Lamp {i},{'a description of some length ' * 36}\n")
    assert path.stat().st_size > 20 << 20
    next(iter(read(path)))  # imports are not what is measured
    tracemalloc.start()
    try:
        assert sum(1 for _ in read(path)) == 20_000
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    # the ids of the last 65,536 rows are kept, and nothing else
    assert peak < 7 << 20, f"{peak:,} bytes"


# no '<' and '&', for '<A>' would be read as HTML, which test_wording.py tests
texts = st.text(
    st.characters(exclude_categories=["Cc", "Cs", "Cn", "Zl", "Zp", "Zs"], exclude_characters="<&"),
    min_size=1,
    max_size=30,
)


@given(
    st.lists(
        st.tuples(texts, texts, st.decimals(0, 10**6, places=2), st.lists(texts, max_size=4, unique=True)),
        max_size=20,
        unique_by=lambda row: row[0],
    )
)
def test_any_valid_product_comes_back_from_csv_and_json(
    rows: list[tuple[str, str, Decimal, list[str]]],
) -> None:
    products = [
        Product(id=i, title=t, price=p, category=tuple(c.replace(">", "") or "x" for c in path[:1]))
        for i, t, p, path in rows
    ]
    assert list(read(products)) == products
    table = [
        {"id": p.id, "title": p.title, "price": str(p.price), "category": " > ".join(p.category)}
        for p in products
    ]
    assert list(read(json.loads(json.dumps(table)))) == products


@settings(max_examples=100, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(data=st.data())
def test_damage_gives_a_clear_error_or_rejected_rows_but_no_traceback(
    tmp_path: Path, data: st.DataObject
) -> None:
    name = data.draw(st.sampled_from(["comma.csv", "lines.jsonl", "array.json", "table.parquet"]))
    content = bytearray(FILES[name]())
    if data.draw(st.booleans()):
        content = bytearray(gzip.compress(bytes(content), mtime=0))
    for _ in range(data.draw(st.integers(0, 3))):
        content[data.draw(st.integers(0, len(content) - 1))] = data.draw(st.integers(0, 255))
    cut = data.draw(st.integers(0, len(content)))
    path = tmp_path / name
    path.write_bytes(bytes(content[:cut]) + data.draw(st.binary(max_size=20)))
    reading = read(path)
    message = name
    records: list[object] = []
    try:
        records.extend(reading)
    except DataError as error:
        message = str(error)
    assert name in message
    report = reading.report()
    assert len(records) == report.read - report.rejected


cells = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=5,
)
columns = st.sampled_from(
    [field.name for field in fields(Product)] + ["attr_x", "attr_x_", "attr_", "rest", ""]
)


@settings(max_examples=100, deadline=None)
@given(rows=st.lists(st.dictionaries(columns, cells, max_size=8), max_size=5), patch=st.booleans())
def test_whatever_stands_in_a_row_it_is_a_record_or_a_rejection(
    rows: list[dict[str, object]], patch: bool
) -> None:
    reading = read(rows, patch=patch)
    records = list(reading)
    report = reading.report()
    assert len(records) + report.rejected == len(rows)
    if not patch:  # what was accepted once is accepted again, unchanged
        assert list(read(records)) == records


@pytest.mark.parametrize("declared", ["sep=;\r\n", '"sep=;"\n', "SEP=;\n"])
def test_the_delimiter_that_is_declared_for_excel(tmp_path: Path, declared: str) -> None:
    path = tmp_path / "c.csv"
    path.write_text(declared + "id;title, long;name;price\n1;x;One, two;3,5\n2;x\n", newline="")
    reading = read(path)
    (product,) = reading
    assert product == Product(id="1", title="One, two", price=Decimal("3.5"))
    (rejection,) = reading.report().rejections
    assert rejection.line == 4


def test_an_object_of_lists_names_the_labels_of_each_id(tmp_path: Path) -> None:
    file = tmp_path / "labels.json.gz"
    file.write_bytes(gzip.compress(b'{"17": ["lamps", "black"], "4": [12, 7], "9": []}'))
    reading = read(file)
    assert list(reading) == [
        Product(id="17", labels=("lamps", "black")),
        Product(id="4", labels=("12", "7")),
        Product(id="9"),
    ]
    assert "its keys are ids" in str(reading.report())


@pytest.mark.parametrize(
    "line", [b'{"id": "a", "labels": ["x"]}', b'{"attributes": {"colour": "red"}}', b'{"a": [], "b": {}}']
)
def test_one_product_on_one_line_stays_one_row(tmp_path: Path, line: bytes) -> None:
    file = tmp_path / "one.json"
    file.write_bytes(line)
    reading = read(file)
    list(reading)
    assert reading.report().read == 1
