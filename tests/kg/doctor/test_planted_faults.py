"""Every planted fault is found, hardly anything else is, and the clean demo catalog is clean."""

from __future__ import annotations

import csv
from pathlib import Path

import pytest

from data.generator.untidy import SPOILT, Planted, make_untidy, write_untidy
from kg import Shop
from kg.doctor import all_checks, examine
from tests.kg.doctor.planting import DEMO, demo_records, examined, score, untidy_report

SHIPPED = ("untidy.jsonl", "untidy_facts.csv", "untidy_interactions.csv", "untidy_faults.csv")


@pytest.mark.parametrize("seed", range(1, 6))
def test_all_planted_faults_are_found_and_little_else(seed: int, tmp_path: Path) -> None:
    report, untidy = untidy_report(seed, tmp_path)
    result = score(report, untidy.faults)
    assert result.missed == set()
    assert len(result.false) <= 0.05 * result.reported, result.false
    assert {fault.check for fault in untidy.faults} == {check.name for check in all_checks()}


def test_the_shipped_file_is_examined_right(tmp_path: Path) -> None:
    with (DEMO / "untidy_faults.csv").open(encoding="utf-8", newline="") as file:
        faults = [Planted(**row) for row in csv.DictReader(file)]
    result = score(examined(DEMO, tmp_path / "shop"), faults)
    assert (result.missed, result.false) == (set(), [])
    assert result.reported >= 140


def test_the_shipped_files_are_what_the_generator_writes(tmp_path: Path) -> None:
    write_untidy(tmp_path, make_untidy(demo_records(), 0))
    for name in (*SHIPPED, *(f"untidy_pictures/{name}" for name in SPOILT)):
        assert (tmp_path / name).read_bytes() == (DEMO / name).read_bytes(), name


def test_the_clean_catalog_has_no_findings(tmp_path: Path) -> None:
    shop = Shop.create(tmp_path / "shop")
    shop.load(DEMO / "products.jsonl")
    shop.load(DEMO / "facts.csv", kind="facts")
    shop.load(DEMO / "interactions.csv", kind="interactions")
    with shop.store(read_only=True) as store:
        report = examine(store)
    assert [finding.title for finding in report.findings] == []
    assert (report.products, report.facts) == (844, 851)
