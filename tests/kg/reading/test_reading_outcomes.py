"""Bad input: every kind of fault has one clear outcome, and what is good still loads."""

from __future__ import annotations

import gzip
import json
from decimal import Decimal
from pathlib import Path

import pytest

from kg.errors import DataError
from kg.reading import Reading, read
from kg.records import Fact, Interaction, Product


def write(path: Path, content: str | bytes) -> Path:
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return path


def everything(reading: Reading) -> list[object]:
    return list(reading)


def ids(reading: Reading) -> list[str]:
    return [record.id for record in reading if isinstance(record, Product)]


@pytest.mark.parametrize(
    ("name", "content", "words"),
    [
        ("picture.csv", b"\x89PNG\r\n\x1a\n" + bytes(40), "PNG picture"),
        ("cut.zip", b"PK\x03\x04" + bytes(40), "the ZIP archive is damaged"),
        ("page.csv", b"<!DOCTYPE html><html><body>Not found</body></html>", "HTML"),
        ("shop.db", b"SQLite format 3\x00" + bytes(40), "SQLite"),
        ("noise.csv", bytes(range(256)) * 4, "binary file"),
        ("empty.csv", b"", "is empty"),
        ("spaces.csv", b"\xef\xbb\xbf  \n\n", "is empty"),
        ("catalog.parquet", b"PAR1 and then nothing of the kind", "damaged Parquet"),
        ("commas.csv", b",,,\n,,,\n", "has no header"),
        ("cut.csv.gz", b"\x1f", "has no header"),
        ("twice.csv", b"id,price,price\n1,2,3\n", "column 'price' twice"),
        ("other.csv", b"colour,size\nred,4\n", "no column for 'id'"),
        ("pretty.json", b'{\n  "id": "1"\n}\n', "one object per line"),
        ("array.json", b'[{"id": "1"},\n{"id": ]', "JSON array"),
        ("log.csv", b"user_id,product_id\nu1,p1\n", 'kind="interactions"'),
        ("links.csv", b"head,relation,tail\na,goes_with,b\n", 'kind="facts"'),
        ("log.jsonl", b'{"product_id": "p1", "user_id": "u1"}', 'kind="interactions"'),
    ],
)
def test_wrong_file_is_one_clear_error(tmp_path: Path, name: str, content: bytes, words: str) -> None:
    path = write(tmp_path / name, content)
    with pytest.raises(DataError) as caught:
        everything(read(path))
    assert words in str(caught.value)
    assert name in str(caught.value)


def test_missing_file_and_folder(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="does not exist"):
        everything(read(tmp_path / "absent.csv"))
    with pytest.raises(DataError, match="is a folder"):
        everything(read(tmp_path))


@pytest.mark.parametrize("source", [b"bytes", {"id": "1"}, 7, Product(id="1"), None])
def test_what_is_no_source(source: object) -> None:
    with pytest.raises(DataError, match="cannot read"):
        everything(read(source))


def test_header_only_and_nothing(tmp_path: Path) -> None:
    path = write(tmp_path / "c.csv", "id,title\n")
    reading = read(path)
    assert everything(reading) == []
    report = reading.report()
    assert (report.ok, report.read) == (True, 0)
    assert any("has no rows" in note for note in report.notes)
    assert everything(read([])) == []


def test_truncated_gzip_says_where(tmp_path: Path) -> None:
    text = "id,title\n" + "".join(f"p{i},lamp number {i * 7919 % 104729}\n" for i in range(50_000))
    whole = gzip.compress(text.encode())
    reading = read(write(tmp_path / "c.csv.gz", whole[: len(whole) // 2]))
    records: list[object] = []
    with pytest.raises(
        DataError, match=r"c\.csv\.gz: the packed file ends too early at line [\d,]+"
    ) as caught:
        records.extend(reading)
    seen = reading.report().read
    line = int(str(caught.value).partition("at line ")[2].partition(";")[0].replace(",", ""))
    assert 10_000 < seen == len(records) < 40_000
    assert line == seen + 2  # the header, and the first line that is not whole

    damaged = bytearray(whole)
    damaged[len(whole) // 2] ^= 0xFF
    with pytest.raises(DataError, match="the packed file"):
        everything(read(write(tmp_path / "d.csv.gz", bytes(damaged))))
    with pytest.raises(DataError, match="gzip twice"):
        everything(read(write(tmp_path / "e.csv.gz", gzip.compress(whole))))


def test_every_bad_row_is_reported_and_the_rest_loads(tmp_path: Path) -> None:
    rows = [
        {"id": "good", "title": "Lamp\twith\nbreaks", "price": "12.50 EUR"},
        {"id": "negative", "price": -1},
        {"id": "words", "price": "abc"},
        {"id": "endless", "price": float("inf")},
        {"title": "no id"},
        {"id": "  ", "title": "blank id"},
        {"id": "x" * 201},
        {"id": "1MB", "title": "x" * (1 << 20)},
        {"id": "control", "title": "a\x00b"},
        {"id": "half", "title": "\ud83d"},
        {"id": "story", "description": "x" * 100_001},
        {"id": "bell", "description": "line\n\ttab fine \x07"},
        {"id": "cycle", "category": "A > B > A"},
        {"id": "money", "price": 5, "currency": "EURO"},
        {"id": "clash", "price": "5 USD", "currency": "EUR"},
        {"id": "deep", "attributes": {"size": {"width": 3}}},
        {"id": "infinite", "attributes": {"size": float("-inf")}},
        {"id": "long name", "attributes": {"n" * 101: 1}},
        {"id": "two faults", "title": "a\x01", "price": "free"},
        {"id": "last"},
    ]
    path = write(tmp_path / "c.jsonl", "".join(json.dumps(row) + "\n" for row in rows))
    rejects = tmp_path / "deep" / "rejects.jsonl"
    reading = read(path, rejects_file=rejects)
    products = [r for r in reading if isinstance(r, Product)]
    report = reading.report()

    assert [p.id for p in products] == ["good", "last"]
    assert (products[0].title, products[0].price, products[0].currency) == (
        "Lamp with breaks",
        Decimal("12.50"),
        "EUR",
    )
    assert (report.read, report.loaded, report.rejected) == (20, 2, 18)
    assert {(r.line, r.field, r.rule) for r in report.rejections} == {
        (2, "price", "a price must not be negative"),
        (3, "price", "a price must be a number"),
        (4, "price", "a price must be a finite number"),
        (5, "id", "is required"),
        (6, "id", "is required"),
        (7, "id", "must have at most 200 characters"),
        (8, "title", "must have at most 2,000 characters"),
        (9, "title", "must not contain control characters"),
        (10, "title", "must not contain control characters"),
        (11, "description", "must have at most 100,000 characters"),
        (12, "description", "must not contain control characters"),
        (13, "category", "a category must not come twice in one path (a category cycle)"),
        (14, "currency", "a currency must have three letters, as EUR"),
        (15, "currency", "the currency must be the one that stands beside the price"),
        (16, "attr.size", 'an object must look like {"number": 1.2, "unit": "kg"}'),
        (17, "attr.size", "must be a finite number"),
        (18, "attr." + "n" * 101, "must have at most 100 characters"),
        (19, "title", "must not contain control characters"),
        (19, "price", "a price must be a number"),
    }
    assert all(len(r.value) <= 80 and r.file == str(path) for r in report.rejections)
    assert next(r for r in report.rejections if r.line == 3).record_id == "words"
    assert not report.ok
    kept = [json.loads(line) for line in rejects.read_text().splitlines()]
    assert [entry["line"] for entry in kept] == list(range(2, 20))
    assert len(kept[6]["row"]["title"]) == 1 << 20
    assert [reason["field"] for reason in kept[17]["reasons"]] == ["price", "title"]
    text = str(report)
    assert "20 read, 2 loaded, 18 rejected" in text
    assert "4 rows, title: must not contain" not in text
    assert "3 rows, title: must not contain control characters" in text
    assert str(rejects) in text


def test_no_rejects_file_without_rejects(tmp_path: Path) -> None:
    reading = read([{"id": "1"}], rejects_file=tmp_path / "rejects.jsonl")
    assert ids(reading) == ["1"]
    assert not (tmp_path / "rejects.jsonl").exists()
    assert reading.report().rejects_file is None


def test_only_the_first_rejections_are_kept_but_all_are_counted() -> None:
    reading = read({"id": str(i), "price": -i} for i in range(1, 1001))
    assert everything(reading) == []
    report = reading.report()
    assert (report.rejected, len(report.rejections)) == (1000, 100)
    assert report.by_rule == ((("price", "a price must not be negative"), 1000),)


def test_bad_json_lines(tmp_path: Path) -> None:
    lines = [
        '{"id": "1"}',
        "",
        "[1, 2]",
        '"text"',
        "null",
        '{"id": "2"',
        '{"id": ' + "9" * 5000 + "}",
        "[" * 9999,
    ]
    path = write(tmp_path / "c.jsonl", "\n".join([*lines, '{"id": "3"}']))
    reading = read(path)
    assert ids(reading) == ["1", "3"]
    report = reading.report()
    assert [r.line for r in report.rejections] == [3, 4, 5, 6, 7, 8]
    assert all(r.rule.startswith("each line must be one JSON object") for r in report.rejections)


def test_cells_that_do_not_fit_the_header(tmp_path: Path) -> None:
    reading = read(write(tmp_path / "c.csv", "id,title\n1,a\n2\n3,b,c\n\n,\n4,d\n"))
    assert ids(reading) == ["1", "4"]
    report = reading.report()
    assert [(r.line, r.value, r.rule) for r in report.rejections] == [
        (3, "2", "the row has fewer cells than the header"),
        (4, "3,b,c", "the row has more cells than the header"),
    ]


def test_quoted_line_breaks_keep_line_numbers_right(tmp_path: Path) -> None:
    text = 'id,description,price\r\n1,"two\r\nlines, ""quoted""",3\r\n2,plain,-3\r\n'
    reading = read(write(tmp_path / "c.csv", text))
    product = next(iter(reading))
    assert isinstance(product, Product)
    assert product.description == 'two\nlines, "quoted"'
    assert everything(read(write(tmp_path / "c.csv", text)))
    again = read(tmp_path / "c.csv")
    everything(again)
    assert [r.line for r in again.report().rejections] == [4]


@pytest.mark.parametrize("tail", ["", 'p9,"fine"\n'])
def test_an_open_quote_costs_one_row_only(tmp_path: Path, tail: str) -> None:
    rows = "".join(f"p{i},lamp {i}\n" for i in range(8))
    reading = read(write(tmp_path / "c.csv", f'id,title\na,"open\n{rows}{tail}'))
    assert ids(reading) == [f"p{i}" for i in range(8)] + (["p9"] if tail else [])
    report = reading.report()
    assert [(r.line, r.value) for r in report.rejections] == [(2, 'a,"open')]
    assert "quote" in report.rejections[0].rule


def test_megabyte_title_in_csv_costs_one_row_only(tmp_path: Path) -> None:
    reading = read(write(tmp_path / "c.csv", f"id,title\n1,{'x' * (1 << 20)}\n2,Lamp\n"))
    assert ids(reading) == ["2"]
    assert [(r.line, len(r.value)) for r in reading.report().rejections] == [(2, 80)]


def test_the_last_row_of_an_id_wins_and_the_earlier_is_reported(tmp_path: Path) -> None:
    first = write(tmp_path / "a.csv", "id,title\n1,old\n2,other\n1,newer\n")
    second = write(tmp_path / "b.csv", "id,title\n1,newest\n1,\x00\n")
    reading = read([first, second])
    records = {r.id: r for r in reading if isinstance(r, Product)}
    assert records["1"].title == "newest"
    report = reading.report()
    assert (report.read, report.loaded, report.duplicates, report.rejected) == (5, 2, 2, 1)
    assert [(r.file, r.line, r.value, r.rule) for r in report.replaced] == [
        (str(first), 2, "1", "replaced by line 4, which has the same id"),
        (str(first), 4, "1", f"replaced by line 2 of {second}, which has the same id"),
    ]
    assert "2 duplicates" in str(report)


def test_keys_of_interactions_and_facts_that_come_again_are_counted() -> None:
    met = Interaction(user="u", product="p", time=5.0)
    others = [
        Interaction(user="u", product="p", time=6.0),
        Interaction(user="u", product="p", kind="view", time=5.0),
        Interaction(user="u", product="p", position=5),
        Interaction(user="u", product="p", time=5.0, query="lamp"),
        Interaction(user="u", product="p", time=5.0, order="o1"),
    ]
    reading = read([met, met, *others, met], kind=None)
    assert len(everything(reading)) == 8
    report = reading.report()
    assert (report.kind, report.loaded, report.duplicates, report.ok) == ("interactions", 6, 2, True)

    facts = [
        Fact(head="a", relation="fits", tail="b"),
        Fact(head="a", relation="fits", tail="b", source="expert"),
        Fact(head="a", relation="fits", tail="b", weight=2.0),
    ]
    reading = read(facts, kind="facts")
    everything(reading)
    assert reading.report().duplicates == 1


@pytest.mark.parametrize(
    ("fact", "field", "rule"),
    [
        ({"head": "a", "tail": "b"}, "relation", "is required"),
        ({"head": "a", "relation": "x", "tail": ""}, "tail", "is required"),
        ({"head": "a", "relation": "4you", "tail": "b"}, "relation", "a relation must be"),
        ({"head": "a", "relation": "x", "tail": "b", "weight": -1}, "weight", "must not be negative"),
        ({"head": "a", "relation": "x", "tail": "b", "weight": "nan"}, "weight", "number"),
        (
            {"head": "a", "relation": "x", "tail": "b", "head_kind": "shop"},
            "head_kind",
            "must be one of product",
        ),
        ({"head": "A", "relation": "subcategory of", "tail": "A"}, "", "a category cycle"),
    ],
)
def test_bad_facts(fact: dict[str, object], field: str, rule: str) -> None:
    reading = read([fact], kind="facts")
    assert everything(reading) == []
    (rejection,) = reading.report().rejections
    assert rejection.field == field
    assert rule in rejection.rule


@pytest.mark.parametrize(
    ("row", "field", "rule"),
    [
        ({"product": "p"}, "user", "is required"),
        ({"user": "u", "product": "p", "kind": "stolen"}, "kind", "must be one of view"),
        ({"user": "u", "product": "p", "time": "yesterday"}, "time", "a time must be"),
        ({"user": "u", "product": "p", "value": "many"}, "value", "must be a number"),
        ({"user": "u", "product": "p", "position": -1}, "position", "whole number"),
        ({"user": "u", "product": "p", "rank": "0"}, "rank", "a whole number from 1 (the first result)"),
        ({"user": "u", "product": "p", "rank": -3}, "rank", "a whole number from 1"),
        ({"user": "u", "product": "p", "rank": 1.5}, "rank", "a whole number from 1"),
        ({"user": "u", "product": "p", "rank": 1e300}, "rank", "a whole number from 1"),
        ({"user": "u", "product": "p", "rank": "top"}, "rank", "must be a number"),
        ({"user": "u", "product": 1.5}, "product", "text or a whole number"),
    ],
)
def test_bad_interactions(row: dict[str, object], field: str, rule: str) -> None:
    reading = read([row], kind="interactions")
    assert everything(reading) == []
    (rejection,) = reading.report().rejections
    assert rejection.field == field
    assert rule in rejection.rule


def test_a_reading_goes_through_once() -> None:
    reading = read([{"id": "1"}])
    assert ids(reading) == ["1"]
    with pytest.raises(DataError, match="read already"):
        iter(reading)


def test_who_stores_a_record_may_refuse_it(tmp_path: Path) -> None:
    path = write(tmp_path / "c.csv", "id,title\n1,a\n2,b\n3,c\n")
    reading = read(path, rejects_file=tmp_path / "rejects.jsonl")
    for record in reading:
        if isinstance(record, Product) and record.id == "2":
            reading.reject(record, field="title", value=record.title, rule="not this one")
    report = reading.report()
    assert (report.loaded, report.rejected) == (2, 1)
    assert [(r.line, r.record_id, r.value) for r in report.rejections] == [(3, "2", "b")]
    assert json.loads((tmp_path / "rejects.jsonl").read_text())["row"] == {"id": "2", "title": "b"}


def test_records_of_the_wrong_kind_are_rejected() -> None:
    reading = read([Product(id="1"), Interaction(user="u", product="p")])
    assert ids(reading) == ["1"]
    assert reading.report().rejected == 1


def test_html_of_a_table_becomes_plain_text(tmp_path: Path) -> None:
    path = write(
        tmp_path / "export.csv",
        "sku,name,manufacturer,body_html\n"
        "1,<b>Oak</b> lamp &amp; shade,Johnson &amp; Sons,<p>Warm.</p><ul><li>oak</li></ul>\n"
        "2,Cable <5 m,A&B,5 < 6\n",
    )
    first, second = (one for one in everything(read(path)) if isinstance(one, Product))
    assert (first.title, first.brand, first.description) == (
        "Oak lamp & shade",
        "Johnson & Sons",
        "Warm.\n• oak",
    )
    assert (second.title, second.brand, second.description) == ("Cable <5 m", "A&B", "5 < 6")
