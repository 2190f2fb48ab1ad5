"""The doctor on real catalogs: what was judged by hand, how fast it is, what dangles."""

from __future__ import annotations

import csv
import gzip
import time
from collections.abc import Iterator
from hashlib import blake2b
from itertools import combinations
from pathlib import Path

import pytest

from kg import Mapping
from kg.doctor import Records, Report, examine
from kg.reading import read
from kg.records import Fact, Interaction, Product

pytestmark = pytest.mark.data

VERDICTS = Path(__file__).with_name("icecat_verdicts.csv")
BUDGET = 60.0


@pytest.fixture(scope="module")
def icecat(test_data: Path) -> tuple[Report, float]:
    """The report and the processor's seconds: the machine has other work too."""
    mapping = Mapping.builtin("icecat")
    rows = read(
        test_data / "icecat" / "products.jsonl.gz",
        kind="products",
        mapping=mapping,
        patch=False,
        rejects_file=None,
    )
    products = [row for row in rows if isinstance(row, Product)]
    started = time.process_time()
    report = examine(Records(products))
    return report, time.process_time() - started


def test_icecat_takes_less_than_a_minute(icecat: tuple[Report, float]) -> None:
    report, seconds = icecat
    assert report.products == 19_406
    assert seconds <= BUDGET


def test_judged_findings(icecat: tuple[Report, float]) -> None:
    """100 items drawn at random within each kind and judged from the rows: nine in ten are right."""
    with VERDICTS.open(encoding="utf-8", newline="") as file:
        verdicts = list(csv.DictReader(file))
    assert len(verdicts) == 100
    reported = _keys(icecat[0])
    still = [v for v in verdicts if (v["check"], v["kind"], v["ids"], v["subject_digest"]) in reported]
    right = [v for v in still if v["verdict"] == "true"]
    lost = [v for v in verdicts if v["verdict"] == "true" and v not in right]
    assert lost == []
    assert len(right) >= 0.9 * len(still)


def _keys(report: Report) -> set[tuple[str, str, str, str]]:
    """As the verdicts name items: by an id, or two where the item is a group, and a digest of the subject."""
    keys: set[tuple[str, str, str, str]] = set()
    for finding in report.findings:
        for item in finding.items:
            digest = blake2b(item.subject.encode(), digest_size=8).hexdigest() if item.subject else ""
            pairs = combinations(sorted(item.ids), 2) if finding.check == "duplicates" else zip(item.ids)
            keys |= {(finding.check, finding.kind, " ".join(ids), digest) for ids in pairs}
    return keys


def test_remote_pictures_are_not_fetched_and_it_says_so(icecat: tuple[Report, float]) -> None:
    assert icecat[0].of("pictures") == ()
    assert "pictures at remote addresses, which are not fetched: 19,406" in icecat[0].notes


class Beauty:
    """A source that streams the facts, as a store does."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def products(self) -> Iterator[Product]:
        return (Product(id=row["id"], brand=row["brand"]) for row in self._rows("products"))

    def facts(self) -> Iterator[Fact]:
        for relation in ("also_bought", "also_viewed", "bought_together"):
            for row in self._rows(relation):
                yield Fact(head=row["id"], relation=relation, tail=row["related_id"])

    def interactions(self) -> Iterator[Interaction]:
        return iter(())

    def _rows(self, name: str) -> Iterator[dict[str, str]]:
        with gzip.open(self._folder / f"{name}.csv.gz", "rt", encoding="utf-8", newline="") as file:
            yield from csv.DictReader(file)


def test_dangling_relations_of_beauty(test_data: Path) -> None:
    report = examine(Beauty(test_data / "beauty"), checks=["dangling"])
    (finding,) = report.findings
    assert (report.facts, finding.count) == (1_055_553, 106_548)
    assert "651,837 of 1,055,553" in finding.title
    assert finding.examples[0].value == "also_bought 863"
    assert sum(1 for _ in finding.ids()) == 106_548
