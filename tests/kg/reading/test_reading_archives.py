"""Packed catalogs: ZIP archives of tables, and what must not be unpacked."""

from __future__ import annotations

import gzip
import io
import json
import stat
import tracemalloc
import zipfile
import zlib
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from kg.errors import DataError
from kg.reading import Reading, read, unpacking
from kg.records import Product
from recommend.evaluate import read_judgments

CSV = "id,title\n1,Lamp\n2,Chair\n"
LINES = '{"id": "3", "title": "Desk"}\n'


def pack(path: Path, files: dict[str, str | bytes], method: int = zipfile.ZIP_DEFLATED) -> Path:
    with zipfile.ZipFile(path, "w", method) as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return path


def products(reading: Reading) -> list[Product]:
    return [record for record in reading if isinstance(record, Product)]


def test_every_table_of_an_archive_is_read_under_its_own_name(tmp_path: Path) -> None:
    parquet = io.BytesIO()
    pq.write_table(pa.Table.from_pylist([{"id": "4", "title": "Rug"}]), parquet)
    path = pack(
        tmp_path / "feed.zip",
        {
            "shop/": "",
            "shop/products.csv": CSV,
            "more.jsonl": LINES,
            "shop/rugs.parquet": parquet.getvalue(),
            "german.csv": "id;title\n5;Büroleuchte\n".encode("latin-1"),
            "__MACOSX/shop/._products.csv": b"\x00\x05\x16\x07",
            "shop/.DS_Store": b"\x00\x00\x00\x01",
            "README.txt": "How to read this feed",
            "terms.pdf": b"%PDF-1.4",
        },
    )
    reading = read(path)
    assert [(p.id, p.title) for p in products(reading)] == [
        ("1", "Lamp"),
        ("2", "Chair"),
        ("3", "Desk"),
        ("4", "Rug"),
        ("5", "Büroleuchte"),
    ]
    report = reading.report()
    names = ("shop/products.csv", "more.jsonl", "shop/rugs.parquet", "german.csv")
    assert report.files == tuple(f"{path}/{name}" for name in names)
    assert any(note.startswith(f"{path}/german.csv: read as Latin-1") for note in report.notes)


def test_an_archive_is_known_by_its_content(tmp_path: Path) -> None:
    assert len(products(read(pack(tmp_path / "products.csv", {"a.csv": CSV})))) == 2
    assert len(products(read(pack(tmp_path / "stored", {"a.csv": CSV}, zipfile.ZIP_STORED)))) == 2


def test_rejected_rows_name_the_table_in_the_archive(tmp_path: Path) -> None:
    reading = read(pack(tmp_path / "feed.zip", {"a.csv": CSV, "b.csv": "id,price\n1,-2\n"}))
    assert len(products(reading)) == 2
    (rejection,) = reading.report().rejections
    assert (rejection.file, rejection.line) == (f"{tmp_path}/feed.zip/b.csv", 2)


def test_pictures_inside_an_archive_are_told(tmp_path: Path) -> None:
    rows = "id,image\n1,pictures/1.png\n2,https://shop.example/2.png\n3,../../etc/passwd\n"
    path = pack(tmp_path / "feed.zip", {"products.csv": rows, "pictures/1.png": b"\x89PNG\r\n\x1a\n"})
    reading = read(path)
    assert [p.image for p in products(reading)] == ["", "https://shop.example/2.png", ""]
    notes = reading.report().notes
    assert f"{path}: 1 pictures in the archive were not read; unpack it to use them" in notes
    assert any(
        note.startswith(f"{path}/products.csv: 2 picture paths lead into the archive") for note in notes
    )


def link() -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        entry = zipfile.ZipInfo("products.csv")
        entry.create_system = 3
        entry.external_attr = (stat.S_IFLNK | 0o777) << 16
        archive.writestr(entry, "/etc/passwd")
    return buffer.getvalue()


def zipped(files: dict[str, str | bytes], method: int = zipfile.ZIP_DEFLATED) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", method) as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return buffer.getvalue()


def locked() -> bytes:
    content = bytearray(zipped({"a.csv": CSV}))
    for magic, at in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        content[content.index(magic) + at] |= 1
    return bytes(content)


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (zipped({"/etc/products.csv": CSV}), "leads out of the archive"),
        (zipped({"../products.csv": CSV}), "leads out of the archive"),
        (zipped({"a.csv": CSV, "b/../../c.csv": CSV}), "leads out of the archive"),
        (zipped({"..\\products.csv": CSV}), "leads out of the archive"),
        (zipped({"C:\\products.csv": CSV}), "leads out of the archive"),
        (link(), "is a link"),
        (locked(), "locked with a password"),
        (zipped({"a.csv": CSV}, zipfile.ZIP_BZIP2), "pack it by deflate"),
        (zipped({"a.csv": CSV}, zipfile.ZIP_LZMA), "pack it by deflate"),
        (zipped({"inner.zip": zipped({"a.csv": CSV})}), "a ZIP archive inside another archive"),
        (zipped({"a.csv.gz": gzip.compress(CSV.encode())}), "compressed with gzip"),
        (gzip.compress(zipped({"a.csv": CSV})), "a ZIP archive inside another archive"),
        (zipped({"[Content_Types].xml": "<Types/>", "xl/workbook.xml": "<workbook/>"}), "an Excel workbook"),
        (zipped({"mimetype": "x", "content.xml": "<x/>"}), "an OpenDocument sheet"),
        (zipped({}), "holds no table"),
        (zipped({"a.png": b"\x89PNG"}), "holds no table"),
        (zipped({"a.csv": CSV})[:-30], "the ZIP archive is damaged"),
        (zipped({"a.csv": ""}), "feed.zip/a.csv is empty"),
    ],
)
def test_an_archive_that_is_refused(tmp_path: Path, content: bytes, words: str) -> None:
    path = tmp_path / "feed.zip"
    path.write_bytes(content)
    with pytest.raises(DataError) as caught:
        products(read(path))
    assert words in str(caught.value)
    assert "feed.zip" in str(caught.value)


@settings(max_examples=300, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(data=st.data())
def test_damage_is_a_clear_error_and_no_traceback(tmp_path: Path, data: st.DataObject) -> None:
    content = bytearray(zipped({"a.csv": CSV, "b/c.jsonl": LINES}))
    for _ in range(data.draw(st.integers(1, 4))):
        content[data.draw(st.integers(4, len(content) - 1))] = data.draw(st.integers(0, 255))
    path = tmp_path / "feed.zip"
    path.write_bytes(bytes(content[: data.draw(st.integers(len(content) // 2, len(content)))]))
    message = "feed.zip"
    try:
        products(read(path))
    except DataError as error:
        message = str(error)
    assert "feed.zip" in message


def test_too_many_files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("kg.reading.archives.MAX_ENTRIES", 3)
    path = pack(tmp_path / "feed.zip", {f"{i}.csv": CSV for i in range(4)})
    with pytest.raises(DataError, match="holds 4 files, more than 3"):
        products(read(path))


def test_a_damaged_member_says_where(tmp_path: Path) -> None:
    rows = "id,title\n" + "".join(f"p{i},lamp number {i * 7919 % 104729}\n" for i in range(60_000))
    content = bytearray(zipped({"a.csv": rows}))
    content[len(content) // 2] ^= 0xFF
    path = tmp_path / "feed.zip"
    path.write_bytes(content)
    reading = read(path)
    with pytest.raises(DataError, match=r"feed\.zip/a\.csv: the packed file is damaged .* at line [\d,]+"):
        products(reading)
    assert reading.report().read > 5_000


def test_what_wants_one_table_refuses_an_archive_of_several(tmp_path: Path) -> None:
    judged = "query,product_id,rating\nlamp,1,3\n"
    assert len(read_judgments(pack(tmp_path / "one.zip", {"q.csv": judged}))) == 1
    with pytest.raises(DataError, match="holds 2 tables, and one is wanted"):
        read_judgments(pack(tmp_path / "two.zip", {"q.csv": judged, "r.csv": judged}))


def bomb(size: int) -> bytes:
    """A table of long rows that packs a thousand times."""
    packer = zlib.compressobj(9, zlib.DEFLATED, 31)
    row = b"p," + b"x" * 100_000 + b"\n"
    parts = [packer.compress(b"id,title\n")] + [packer.compress(row) for _ in range(size // len(row))]
    return b"".join([*parts, packer.flush()])


def test_a_bomb_is_stopped_while_it_unpacks(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(unpacking, "HARMLESS", 32 << 20)
    path = tmp_path / "bomb.csv.gz"
    path.write_bytes(bomb(64 << 20))
    assert path.stat().st_size < 1 << 20
    tracemalloc.start()
    try:
        with pytest.raises(DataError, match="unpacks to more than 250 times its size, as a bomb does"):
            products(read(path))
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak < 40 << 20


@pytest.mark.parametrize("form", ["gzip", "zip", "several members", "parquet"])
def test_limits_count_for_every_kind_of_packing(
    tmp_path: Path, form: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    rows = ("id,title\n" + "1," + "x" * 4_000 + "\n") * 200
    path = tmp_path / "feed"
    if form == "gzip":
        path.write_bytes(gzip.compress(rows.encode()))
    elif form == "zip":
        pack(path, {"a.csv": rows})
    elif form == "several members":
        pack(path, {f"{i}.csv": rows[:80_000] for i in range(10)})
    else:
        path.write_bytes(gzip.compress(b"PAR1" + rows.encode()))
    monkeypatch.setattr(unpacking, "HARMLESS", 300_000)
    monkeypatch.setattr(unpacking, "MAX_RATIO", 20)
    with pytest.raises(DataError, match="unpacks to more than 20 times its size"):
        products(read(path))
    monkeypatch.setattr(unpacking, "MAX_RATIO", 1_000_000)
    monkeypatch.setattr(unpacking, "MAX_UNPACKED", 500_000)
    with pytest.raises(DataError, match="unpacks to more than 500,000 bytes"):
        products(read(path))


def test_honest_feeds_are_far_from_the_limits() -> None:
    wide = {f"attribute_{i}": "" for i in range(2_000)}  # the worst: a wide table, nearly all of it empty
    lines = [",".join(["id", *wide])]
    lines += [
        f"p{i}," + ",".join("x" if (i * 31 + j) % 400 == 0 else "" for j in range(2_000)) for i in range(500)
    ]
    text = "\n".join(lines).encode()
    assert len(text) / len(gzip.compress(text)) < unpacking.MAX_RATIO
    records = "".join(
        json.dumps({"id": f"p{i}", "title": f"Lamp {i}", "in_stock": True}) + "\n" for i in range(5_000)
    )
    assert len(records) / len(gzip.compress(records.encode())) < unpacking.MAX_RATIO / 10
