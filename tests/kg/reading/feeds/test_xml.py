"""XML is read as a stream and safely: nothing is expanded, fetched or held without bounds."""

from __future__ import annotations

import contextlib
import gzip
import time
import tracemalloc
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from kg.errors import DataError, MappingError
from kg.reading import read
from kg.records import Product
from kg.shop import Shop
from tests.kg.reading.feeds.samples import FIXTURES

ITEM = "<item><id>1</id><title>Lamp</title></item>"


def failure(tmp_path: Path, content: str | bytes, name: str = "feed.xml") -> str:
    path = tmp_path / name
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    reading = read(path)
    with pytest.raises(DataError) as caught:
        list(reading)
    assert name in str(caught.value)
    return str(caught.value)


BILLION_LAUGHS = (
    '<?xml version="1.0"?><!DOCTYPE lolz [<!ENTITY lol "lol">'
    + "".join(f'<!ENTITY lol{n} "{f"&lol{n - 1};" * 10}">' for n in range(1, 10)).replace("&lol0;", "&lol;")
    + "]><rss><channel><item><id>&lol9;</id></item></channel></rss>"
)
ATTACKS = {
    "billion laughs": BILLION_LAUGHS,
    "quadratic blow-up": f'<!DOCTYPE r [<!ENTITY a "{"a" * 50_000}">]><rss><id>{"&a;" * 1000}</id></rss>',
    "external entity": '<!DOCTYPE r [<!ENTITY x SYSTEM "file:///etc/passwd">]><rss><item><id>&x;</id></item></rss>',
    "external entity on the web": '<!DOCTYPE r [<!ENTITY x SYSTEM "http://127.0.0.1:9/x">]><rss>&x;</rss>',
    "parameter entity": '<!DOCTYPE r [<!ENTITY % x SYSTEM "http://127.0.0.1:9/x.dtd"> %x;]><rss/>',
    "external DTD": '<!DOCTYPE rss SYSTEM "http://127.0.0.1:9/rss.dtd"><rss/>',
    "public DTD": '<!DOCTYPE rss PUBLIC "-//Netscape//DTD RSS 0.91//EN" "http://127.0.0.1:9/rss.dtd"><rss/>',
}


@pytest.mark.parametrize("attack", ATTACKS)
def test_document_types_are_refused(tmp_path: Path, attack: str) -> None:
    assert "a document type (<!DOCTYPE …>)" in failure(tmp_path, ATTACKS[attack])


def test_inclusion_is_refused(tmp_path: Path) -> None:
    text = (
        '<rss xmlns:any="http://www.w3.org/2001/XInclude"><item><id>1</id>'
        '<any:include href="file:///etc/passwd" parse="text"/></item></rss>'
    )
    assert "XInclude" in failure(tmp_path, text)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("<rss>" + "<a>" * 100_000, "nested more than 64 deep"),
        ("<rss><item><id>1</id><title>" + "x" * (5 << 20), "has more than 4,194,304 characters"),
        ("<rss><item><id>1</id>" + "<a/>" * 70_000, "has more than 4,194,304 characters"),
        ("<rss><item a='" + "x" * (5 << 20), "longer than 4 MB"),
        ("<rss><!-- " + "x" * (6 << 20), "longer than 4 MB"),
        ("<rss>" + "".join(f"<n{n}/>" for n in range(30_000)), "more than 20,000 different names"),
        (
            "<rss a0='' " + " ".join(f"a{n}=''" for n in range(1, 30_000)) + "/>",
            "more than 20,000 different names",
        ),
    ],
)
def test_what_has_no_end_is_refused(tmp_path: Path, text: str, words: str) -> None:
    tracemalloc.start()
    try:
        assert words in failure(tmp_path, text)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak < 40 << 20


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (f"<rss>\n{ITEM}\n<item><id>2</di></item></rss>", "line 3, column 14: broken XML (mismatched tag)"),
        (f"<rss>\n{ITEM}\n<item><id>2", "it ends too early"),
        (f"<rss>{ITEM}<item><id>Salt & pepper</id></item></rss>", "write & as &amp;"),
        (f"<rss>{ITEM}<item><id>a&nbsp;b</id></item></rss>", "write &#160; for &nbsp;"),
        (f"<rss>{ITEM}</rss><rss/>", "broken XML"),
        (b"<rss><item><id>caf\xe9</id></item><item><id>\xff\x81</id></item></rss>", "feed.xml"),
        (
            b'<?xml version="1.0" encoding="utf-8"?><rss><item><id>caf\xe9</id></item></rss>',
            "line 1, column 57",
        ),
        (b'<?xml version="1.0" encoding="klingon"?><rss/>', "encoding='klingon'"),
        (b'<?xml version="1.0" encoding="rot13"?><rss/>', "encoding='rot13'"),
        ("<urlset><url><loc>https://x.example</loc></url></urlset>", "holds no products"),
        ('<?xml version="1.0"?><Error><Code>AccessDenied</Code></Error>', "in its <Error>"),
    ],
)
def test_broken_xml_is_one_clear_error(tmp_path: Path, text: str | bytes, words: str) -> None:
    assert words in failure(tmp_path, text)


def test_a_feed_that_breaks_off_changes_nothing_in_the_shop(tmp_path: Path) -> None:
    shop = Shop.create(tmp_path / "shop")
    shop.load(FIXTURES / "google_rss.xml")
    with shop.store() as store:
        before = tuple(store.products())
    items = "".join(f"<item><id>{n}</id><title>Lamp {n}</title></item>\n" for n in range(5_000))
    path = tmp_path / "feed.xml"
    path.write_text(f"<rss><channel>{items}<item><id>cut")
    with pytest.raises(DataError, match="line 5,001"):
        shop.load(path)
    with shop.store() as store:
        assert tuple(store.products()) == before


def test_a_cut_gzip_file(tmp_path: Path) -> None:
    packed = gzip.compress((FIXTURES / "google_rss.xml").read_bytes())
    assert "packed file" in failure(tmp_path, packed[: len(packed) // 2], "feed.xml.gz")


def test_a_feed_without_products_is_no_error(tmp_path: Path) -> None:
    path = tmp_path / "feed.xml"
    path.write_text("<rss><channel><title>none today</title></channel></rss>")
    reading = read(path)
    assert list(reading) == []
    assert any("has no rows" in note for note in reading.report().notes)


def test_xml_of_no_feed_is_read_by_its_names(tmp_path: Path) -> None:
    path = tmp_path / "catalog.xml"
    path.write_text(
        '<?xml version="1.0"?>\n<shop><name>Fjordhus</name><products>\n'
        '<PRODUCT sku="7"><name>Lamp</name><brand>Vik</brand><price>5.50</price></PRODUCT>\n'
        '<PRODUCT sku="8"><name>Rug</name><image>a.jpg</image><image>b.jpg</image></PRODUCT>\n'
        "</products></shop>"
    )
    found = [record for record in read(path) if isinstance(record, Product)]
    assert [(p.id, p.title, p.brand, str(p.price)) for p in found] == [
        ("7", "Lamp", "Vik", "5.50"),
        ("8", "Rug", "", "None"),
    ]
    assert found[1].image == str(tmp_path / "a.jpg")


def test_xml_is_streamed(tmp_path: Path) -> None:
    path = tmp_path / "feed.xml"
    with path.open("w") as file:
        file.write('<rss xmlns:g="http://base.google.com/ns/1.0"><channel>')
        for i in range(5_000):
            file.write(
                f"<item><g:id>p{i}</g:id><g:description>{'of some length ' * 280}</g:description></item>\n"
            )
        file.write("</channel></rss>")
    assert path.stat().st_size > 20 << 20
    next(iter(read(path)))  # imports are not what is measured
    tracemalloc.start()
    try:
        assert sum(1 for _ in read(path)) == 5_000
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak < 9 << 20, f"{peak:,} bytes"


@pytest.mark.parametrize(
    "start", [" " * 60_000, "<!---->" * 9_000, "#\n" * 30_000, "<meta " * 10_000, "\n# " * 9_000]
)
def test_a_look_at_any_head_is_quick(tmp_path: Path, start: str) -> None:
    path = tmp_path / "c.txt"
    path.write_text(start + "\x01", encoding="utf-8")
    started = time.process_time()
    with contextlib.suppress(DataError):
        list(read(path))
    assert time.process_time() - started < 5


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(data=st.data())
def test_damage_gives_a_clear_error_and_no_traceback(tmp_path: Path, data: st.DataObject) -> None:
    name = data.draw(st.sampled_from(["google_rss.xml", "google_atom.xml", "google_plain.xml"]))
    content = bytearray((FIXTURES / name).read_bytes())
    for _ in range(data.draw(st.integers(0, 4))):
        content[data.draw(st.integers(0, len(content) - 1))] = data.draw(st.integers(0, 255))
    path = tmp_path / name
    path.write_bytes(bytes(content[: data.draw(st.integers(0, len(content)))]))
    reading = read(path, feed="google_merchant")
    message = name
    count = -1
    try:
        count = len(list(reading))
    except (DataError, MappingError) as error:
        message = str(error)
    assert name in message
    report = reading.report()
    assert count in (-1, report.read - report.rejected)
