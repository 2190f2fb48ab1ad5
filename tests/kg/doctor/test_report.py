"""The report: order, all ids, the page that cannot be broken out of, and checks that register themselves."""

from __future__ import annotations

import json
import subprocess
import sys
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import kg.doctor.checks
from kg.doctor import Records, Report, all_checks, examine
from kg.doctor.page import html_page
from kg.errors import SettingsError
from kg.records import Fact, Product
from tests.strategies import facts, products
from tests.tiny import FACTS, INTERACTIONS, PRODUCTS

ROOT = Path(__file__).resolve().parents[3]
NASTY = '<script src="https://evil.example/x.js">alert(1)</script>&"\'\x1b[31m'


class Page(HTMLParser):
    """The tags and attributes of a page; fails on tags that do not match."""

    VOID = frozenset({"meta", "!doctype"})

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.links: list[str] = []
        self.text = ""
        self._open: list[str] = []
        self.feed(text)
        self.close()
        assert self._open == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.links += [value or "" for name, value in attrs if name in ("href", "src")]
        assert not [name for name, _ in attrs if name.startswith("on")]
        if tag not in self.VOID:
            self._open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self._open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.text += data


def messy() -> Report:
    doubles = [
        Product(id=f"d{i}{NASTY}", title=NASTY, gtin="2398235000017", attributes={NASTY: NASTY})
        for i in range(9)
    ]
    facts = [*FACTS, Fact(head=NASTY, relation="goes_with", tail="lamp-black")]
    return examine(Records([*PRODUCTS, *doubles], facts, INTERACTIONS), examples=2)


def test_the_most_important_comes_first() -> None:
    report = messy()
    ranks = [("error", "warning", "note").index(f.severity) for f in report.findings]
    assert ranks == sorted(ranks)
    assert report.findings[0].severity == "error"
    assert not report.ok
    assert examine(Records([])).findings == ()
    assert examine(Records([])).ok


def test_a_finding_lists_everything_and_shows_little() -> None:
    (finding,) = (f for f in messy().findings if f.kind == "same_gtin")
    assert (finding.count, finding.products, len(finding.items)) == (1, 9, 1)
    assert len(finding.items[0].ids) == finding.items[-1].count == 9
    assert len(finding.examples[0].ids) < 9
    assert sorted(finding.ids()) == sorted(finding.items[0].ids)
    with pytest.raises(IndexError):
        finding.items[1]


def test_json_holds_plain_values_only() -> None:
    told = json.loads(json.dumps(messy().plain()))
    assert told["ok"] is False
    assert told["findings"][0]["examples"][0]["count"] >= 1


def test_no_examples_on_request_and_none_below_zero() -> None:
    report = examine(Records(PRODUCTS), examples=0)
    assert report.findings
    assert all(f.examples == () and f.count for f in report.findings)
    with pytest.raises(SettingsError, match="examples=-1"):
        examine(Records(PRODUCTS), examples=-1)


def test_an_unknown_check_is_refused_with_the_names_of_all() -> None:
    with pytest.raises(SettingsError, match=r"no check 'nonsense'; there are: attribute-names, .*titles"):
        examine(Records(PRODUCTS), checks=["nonsense"])


def test_the_page_is_whole_and_loads_nothing() -> None:
    report = messy()
    page = Page(html_page(report, shop=NASTY))
    assert "script" not in page.tags
    assert "img" not in page.tags
    assert all(link.startswith("#f") for link in page.links)
    assert "alert(1)" in page.text  # shown, not run
    assert "\x1b" not in page.text
    for finding in report.findings:
        assert finding.title in page.text
        assert finding.fix in page.text


def test_the_page_of_a_clean_catalog_says_so() -> None:
    assert "Nothing was found." in Page(html_page(examine(Records([])))).text


def test_every_file_in_the_folder_is_a_check_and_the_command_names_none() -> None:
    folder = Path(kg.doctor.checks.__file__).parent
    files = {path.stem.replace("_", "-") for path in folder.glob("*.py")} - {"--init--"}
    assert {check.name for check in all_checks()} == files
    command = (ROOT / "recommend" / "cli" / "commands" / "doctor.py").read_text(encoding="utf-8")
    named = [check.name for check in all_checks() if f'"{check.name}"' in command]
    assert named == []


def test_importing_kg_does_not_load_the_doctor() -> None:
    code = "import sys, kg; print([m for m in sys.modules if m.startswith('kg.doctor') or m == 'PIL'])"
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_progress_tells_every_stage_and_an_interrupt_gets_out() -> None:
    stages: list[str] = []

    def tell(stage: str, done: int, total: int) -> None:
        stages.append(stage)
        if stage == "prices":
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        examine(Records(PRODUCTS, FACTS, INTERACTIONS), progress=tell)
    assert {"products", "facts", "interactions", "duplicates", "pictures"} <= set(stages)


def test_only_what_a_check_needs_is_read() -> None:
    class Source(Records):
        def facts(self):  # type: ignore[no-untyped-def]
            raise AssertionError("facts were read")

    products = [replace(p, title=p.title.upper()) for p in PRODUCTS]
    assert examine(Source(products), checks=["titles"]).facts == 0


@given(st.lists(products(), max_size=12, unique_by=lambda p: p.id), st.lists(facts(), max_size=6))
@settings(max_examples=60)
def test_any_catalog_can_be_examined(some: list[Product], stated: list[Fact]) -> None:
    report = examine(Records(some, stated))
    known = {product.id.encode("utf-8", "replace").decode() for product in some}
    for finding in report.findings:
        assert finding.count == len(finding.items) > 0
        if finding.check not in ("dangling", "categories"):
            assert set(finding.ids()) <= known
    assert Page(html_page(report)).tags[0] == "html"
