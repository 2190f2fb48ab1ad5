"""Feeds that were cut, or have bytes that do not belong there, give records and reasons or a clear error."""

from __future__ import annotations

import shutil
import tempfile
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kg.errors import DataError
from kg.reading import Reading, read
from kg.reading.feeds import feed_named
from tests.kg.reading.feeds.samples import FIXTURES

FEEDS_OF = {
    "shopify_older.csv": "shopify",
    "shopify_newer.csv": "shopify",
    "amazon_meta_2014.json": "amazon",
    "amazon_meta_2018.json": "amazon",
    "amazon_meta_2023.jsonl": "amazon",
    "amazon_reviews_2018.json": "amazon_reviews",
    "wands_product.csv": "wands",
    "kgat/kg_final.txt": "kgat",
    "kgat/item_list.txt": "kgat_items",
    "kgat/train.txt": "kgat_interactions",
    "kgcn/kg.txt": "kgcn",
    "kgcn/ratings_final.txt": "kgcn_interactions",
    "triples.tsv": "triples",
}
BYTES = [b"\x00", b"\xff", b"\t", b'"', b"'", b"{", b"]", b"\n", b",", b"\\", b"9", b"<", "é".encode(), b""]


@pytest.mark.parametrize(("name", "feed"), FEEDS_OF.items())
@settings(max_examples=25, deadline=None)
@given(data=st.data())
def test_damage_is_told_and_never_a_traceback(name: str, feed: str, data: st.DataObject) -> None:
    text = (FIXTURES / name).read_bytes()
    for _ in range(data.draw(st.integers(1, 4))):
        start = data.draw(st.integers(0, len(text)))
        width = data.draw(st.sampled_from([0, 1, 7, 200]))
        text = text[:start] + data.draw(st.sampled_from(BYTES)) + text[start + width :]
    known = feed_named(feed)
    assert known is not None
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / Path(name).name
        for beside in (FIXTURES / name).parent.glob("*_*.txt"):
            shutil.copy(beside, folder)
        path.write_bytes(text)
        for kind in known.kinds:
            reading = read(path, kind=kind, feed=feed)
            records, error = everything(reading)
            if error:
                assert str(path) in error
                continue
            report = reading.report()
            assert report.read == len(records) + report.rejected
            assert report.loaded == len(records) - report.duplicates


def everything(reading: Reading) -> tuple[list[object], str]:
    """The records, or what the error says that ended the reading."""
    try:
        return list(reading), ""
    except DataError as error:
        return [], str(error)
