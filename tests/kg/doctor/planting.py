"""The demo catalog with planted faults, and how well the doctor finds them."""

from __future__ import annotations

import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any, NamedTuple

from data.generator.untidy import Planted, Untidy, make_untidy, write_untidy
from kg import Shop
from kg.doctor import Report, examine

DEMO = Path(__file__).resolve().parents[3] / "data" / "demo"


class Score(NamedTuple):
    """What was missed, and what was reported without being planted, as (check, kind, subject)."""

    missed: set[tuple[str, str, str]]
    false: list[tuple[str, str, str]]
    reported: int


def demo_records() -> list[dict[str, Any]]:
    return [json.loads(line) for line in (DEMO / "products.jsonl").read_text(encoding="utf-8").splitlines()]


def untidy_report(seed: int, folder: Path) -> tuple[Report, Untidy]:
    """Plant faults, load them as a shop would, and examine it."""
    untidy = make_untidy(demo_records(), seed)
    write_untidy(folder, untidy)
    (folder / "pictures").symlink_to(DEMO / "pictures")
    return examined(folder), untidy


def examined(folder: Path, shop: Path | None = None) -> Report:
    """The report on the untidy catalog of a folder."""
    opened = Shop.create(shop or folder / "shop")
    assert opened.load(folder / "untidy.jsonl").ok
    opened.load(DEMO / "facts.csv", kind="facts")
    opened.load(folder / "untidy_facts.csv", kind="facts")
    opened.load(folder / "untidy_interactions.csv", kind="interactions")
    with opened.store(read_only=True) as store:
        return examine(store)


def score(report: Report, faults: Iterable[Planted]) -> Score:
    """An item counts as planted if its subject, or any of its products, was."""
    planted = {(fault.check, fault.kind, fault.subject) for fault in faults}
    found: set[tuple[str, str, str]] = set()
    false: list[tuple[str, str, str]] = []
    reported = 0
    for finding in report.findings:
        for item in finding.items:
            reported += 1
            subjects = [item.subject] if item.subject else item.ids
            keys = {(finding.check, finding.kind, subject) for subject in subjects}
            found |= keys & planted
            if not keys & planted:
                false.append(min(keys))
    return Score(planted - found, false, reported)
