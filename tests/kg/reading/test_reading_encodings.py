"""Catalogs in other encodings than UTF-8 give the same products, and the report says how they were read."""

from __future__ import annotations

import gzip
import json
import random
import tracemalloc
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from kg.errors import DataError, MappingError
from kg.reading import LoadReport, Mapping, read
from kg.reading.encoding import guess
from kg.records import Product
from kg.resources import data_folder

GERMAN = ("Tischleuchte für Büro, höhenverstellbar", "Weiße Übergardine 140 × 245 cm", "Küchenwaage, groß")
FRENCH = ("Lampe de chevet à variateur", "Poêle à frire, Ø 28 cm", "Théière en fonte émaillée", "Forêt")
SPANISH = ("Lámpara de mesa pequeña", "Cojín de algodón orgánico", "Sartén tamaño mediano", "Paño de niño")
POLISH = ("Lampa stołowa z regulacją jasności", "Półka ścienna dębowa", "Krzesło obrotowe, żółte")
CZECH = ("Stolní lampa se stmívačem, bílá", "Židle kancelářská otočná", "Příborník z dubového dřeva")
RUSSIAN = ("Настольная лампа с регулировкой яркости", "Кресло офисное поворотное", "Часы бесшумные")
JAPANESE = ("調光できるテーブルランプ、黒", "コーヒーミル 手挽き セラミック刃", "静かな壁掛け時計")
KOREAN = ("밝기 조절 탁상 램프 블랙", "수동 커피 그라인더 세라믹 날", "사무용 회전 의자 검정")
TRADITIONAL = ("北歐風格檯燈，黑色金屬", "手沖咖啡壺，不鏽鋼", "純棉被套，雙人")


def chinese() -> tuple[str, ...]:
    lines = (data_folder() / "demo" / "products.jsonl").read_text(encoding="utf-8").splitlines()
    return tuple(p["title"].replace("ö", "o") for p in map(json.loads, lines) if p["language"] == "zh")


WRITTEN = [
    ("utf-8", GERMAN),
    ("utf-8-sig", GERMAN),
    ("utf-16", GERMAN),
    ("utf-16-le", GERMAN),
    ("utf-16-be", GERMAN),
    ("utf-16-le", RUSSIAN),
    ("utf-16-be", chinese()),
    ("utf-32", FRENCH),
    ("latin-1", GERMAN),
    ("cp1252", FRENCH),
    ("latin-1", SPANISH),
    ("cp1250", POLISH),
    ("iso8859-2", POLISH),
    ("cp1250", CZECH),
    ("cp1251", RUSSIAN),
    ("koi8-r", RUSSIAN),
    ("gbk", chinese()),
    ("gb18030", chinese()),
    ("big5", TRADITIONAL),
    ("cp932", JAPANESE),
    ("euc-jp", JAPANESE),
    ("cp949", KOREAN),
]


def catalog(titles: tuple[str, ...], form: str, count: int) -> str:
    rows = [{"id": f"p{i}", "title": titles[i % len(titles)]} for i in range(count)]
    if form == "jsonl":
        return "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows)
    return "id;title\n" + "".join(f"{row['id']};{row['title']}\n" for row in rows)


def titles_of(path: Path, mapping: Mapping | None = None) -> tuple[list[str], LoadReport]:
    reading = read(path, mapping=mapping)
    titles = [record.title for record in reading if isinstance(record, Product)]
    return titles, reading.report()


@pytest.mark.parametrize("form", ["csv", "jsonl"])
@pytest.mark.parametrize("count", [2, 40])
@pytest.mark.parametrize(("encoding", "titles"), WRITTEN)
def test_a_catalog_is_read_in_its_encoding_and_the_report_says_so(
    tmp_path: Path, encoding: str, titles: tuple[str, ...], count: int, form: str
) -> None:
    path = tmp_path / f"products.{form}"
    path.write_bytes(catalog(titles, form, count).encode(encoding))
    found, report = titles_of(path)
    assert found == [titles[i % len(titles)] for i in range(count)]
    told = [note for note in report.notes if "read as" in note]
    if encoding.startswith("utf-8"):
        assert not told
    else:
        assert len(told) == 1
        assert told[0].startswith(f"{path}: read as ")
        assert "encoding = " in told[0]


@pytest.mark.parametrize(("encoding", "titles"), WRITTEN)
def test_one_product_after_the_other_is_told_apart(encoding: str, titles: tuple[str, ...]) -> None:
    rng = random.Random(0)
    right = 0
    for _ in range(50):
        text = f"id,title,price\nSG-1,{rng.choice(titles)},{rng.randint(1, 999)}\n"
        name = guess(text.encode(encoding)).name
        right += text.encode(encoding).decode(name).removeprefix("\ufeff") == text
    assert right >= 45


def test_the_label_names_the_language(tmp_path: Path) -> None:
    path = tmp_path / "products.csv"
    path.write_bytes(catalog(chinese(), "csv", 3).encode("gbk"))
    _, report = titles_of(path)
    assert (
        f'{path}: read as GBK/GB18030 (Chinese); say encoding = "…" in a mapping if that is wrong'
        in report.notes
    )


def test_a_mapping_overrides_the_guess(tmp_path: Path) -> None:
    path = tmp_path / "products.csv"
    path.write_bytes(catalog(CZECH, "csv", 3).encode("cp1250"))
    mapping = Mapping.from_text('[options]\nencoding = "cp1252"')
    found, report = titles_of(path, mapping)
    assert found == [title.encode("cp1250").decode("cp1252") for title in CZECH]
    assert not any("read as" in note for note in report.notes)
    stateful = Mapping.from_text('[options]\nencoding = "iso-2022-jp"')
    path.write_bytes(catalog(JAPANESE, "csv", 3).encode("iso-2022-jp"))
    assert titles_of(path, stateful)[0] == list(JAPANESE)
    wrong = Mapping.from_text('[options]\nencoding = "utf-8"')
    path.write_bytes(catalog(GERMAN, "csv", 3).encode("latin-1"))
    with pytest.raises(DataError, match=r"is not UTF-8: byte 26 in line 2 is 0xfc"):
        titles_of(path, wrong)


@pytest.mark.parametrize("name", ["latn-1", "utf8000", "rot13", "base64", "\x00"])
def test_an_unknown_encoding_is_an_error_with_near_names(name: str) -> None:
    with pytest.raises(
        MappingError, match=r"options\.encoding = .* no encoding has this name; did you mean '"
    ):
        Mapping.from_text(f"[options]\nencoding = {json.dumps(name)}", "shop.toml")
    with pytest.raises(MappingError, match="latin_1"):
        Mapping.from_text('[options]\nencoding = "latn 1"')


def late(encoding: str, word: str, rows: int = 20_000) -> bytes:
    lines = [f"p{i},Lamp {i}\n" for i in range(rows)]
    lines[rows - 3] = f"p{rows - 3},{word}\n"
    return ("id,title\n" + "".join(lines)).encode(encoding)


@pytest.mark.parametrize(("encoding", "word"), [("latin-1", "Crème brûlée"), ("gbk", "北欧风格台灯")])
def test_the_first_accent_may_come_late(tmp_path: Path, encoding: str, word: str) -> None:
    path = tmp_path / "c.csv.gz"
    path.write_bytes(gzip.compress(late(encoding, word), 1))
    found, report = titles_of(path)
    assert (len(found), found[-3], found[-1]) == (20_000, word, "Lamp 19999")
    (note,) = report.notes
    assert note.startswith(f"{path}: ASCII up to line 19,999, from there read as ")
    path.write_bytes(gzip.compress(late("utf-8", word), 1))
    found, report = titles_of(path)
    assert (found[-3], report.notes) == (word, ())


def test_a_broken_byte_in_utf8_is_an_error_with_its_place(tmp_path: Path) -> None:
    lines = [f"p{i},Büroleuchte {i}\n".encode() for i in range(3_000)]
    lines[7] = b"p7,B\xfcroleuchte\n"  # in the head, among good ones
    path = tmp_path / "c.csv"
    path.write_bytes(b"id,title\n" + b"".join(lines))
    with pytest.raises(DataError, match=r"is not UTF-8: byte 139 in line 9 is 0xfc; mend it there"):
        titles_of(path)
    ascii_head = [f"p{i},Lamp {i}\n".encode() for i in range(20_000)]
    path.write_bytes(b"id,title\n" + b"".join(ascii_head) + b"".join(lines))  # and where nothing was settled
    with pytest.raises(DataError, match=r"is not UTF-8: byte [\d,]+ in line 20,009 is 0xfc"):
        titles_of(path)


def test_a_broken_byte_among_ascii_before_utf8_is_an_error(tmp_path: Path) -> None:
    lines = [f"p{i},Lamp {i}\n".encode() for i in range(40_000)]
    lines[20_000] = b"x,B\xfcro\n"  # nothing but ASCII around it
    lines[39_000] = "y,Büro\n".encode()
    path = tmp_path / "c.csv"
    path.write_bytes(b"id,title\n" + b"".join(lines))
    with pytest.raises(DataError, match=r"mixes encodings: line 39,002 is UTF-8"):
        titles_of(path)


def test_a_broken_byte_in_chinese_is_an_error_with_its_place(tmp_path: Path) -> None:
    path = tmp_path / "c.csv"
    path.write_bytes(catalog(chinese(), "csv", 200).encode("gbk") + b"x;\xff\xff\n")
    with pytest.raises(DataError, match=r"is not GBK/GB18030 \(Chinese\): byte [\d,]+ in line 202 is 0xff"):
        titles_of(path)


def test_a_byte_without_meaning_costs_its_row_only(tmp_path: Path) -> None:
    path = tmp_path / "c.csv"
    path.write_bytes(b"id,title\n1,Caf\xe9 cr\xe8me\n2,a \x81 b\n3,5 \x80\n")
    found, report = titles_of(path)
    assert found == ["Café crème", "5 €"]
    assert [(r.line, r.rule) for r in report.rejections] == [(3, "must not contain control characters")]


def test_utf16_that_ends_in_the_middle_of_a_character(tmp_path: Path) -> None:
    path = tmp_path / "c.csv"
    path.write_bytes("id,title\n1,Büro\n".encode("utf-16") + b"\x20")
    with pytest.raises(DataError, match="is not UTF-16 all through"):
        titles_of(path)


@settings(max_examples=200, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(
    st.binary(max_size=200),
    st.sampled_from(["", "\ufeff"]),
    st.sampled_from(["utf-8", "utf-16-le", "gbk", "cp1252"]),
)
def test_any_bytes_are_rows_or_a_clear_error(tmp_path: Path, noise: bytes, mark: str, encoding: str) -> None:
    path = tmp_path / "c.csv"
    path.write_bytes(
        (mark if encoding.startswith("utf") else "").encode(encoding)
        + "id,title\n1,x\n".encode(encoding)
        + noise
    )
    message = "c.csv"
    try:
        titles_of(path)
    except DataError as error:
        message = str(error)
    assert "c.csv" in message


@pytest.mark.parametrize("encoding", ["gbk", "utf-16"])
def test_decoding_is_streamed(tmp_path: Path, encoding: str) -> None:
    path = tmp_path / "c.csv"
    with path.open("w", encoding=encoding) as file:
        file.write("id,title,description\n")
        for i in range(1_500):
            file.write(f"p{i},台灯 {i},{'黑色金属台灯' * 400}\n")
    assert path.stat().st_size > 6 << 20
    next(iter(read(path)))
    tracemalloc.start()
    try:
        assert sum(1 for _ in read(path)) == 1_500
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak < 5 << 20, f"{peak:,} bytes"
