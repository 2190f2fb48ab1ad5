"""Lines of Python literals are read as data: nothing is run, and no line costs much."""

from __future__ import annotations

from pathlib import Path

import pytest

from kg.reading.formats.literals import MAX_LITERAL
from tests.kg.reading.feeds.samples import load, products

GOOD = "{'id': '1', 'title': 'Comb'}\n"


@pytest.mark.parametrize(
    "line",
    [
        "{'id': __import__('os').system('touch ran')}",
        "{'id': open('/etc/passwd').read()}",
        "{'id': '2', **{}}",
        "{'id': ('x' * 9)}",
        "{'id': f'{1}'}",
        "{'id': '2'",
        "['id', '2']",
        "{'id': " + "9" * 5000 + "}",
        "{'id': " + "[" * 5000 + "}",
        "{'id': " + "-" * 50_000 + "1}",
        "{'id': " + "1+" * 50_000 + "1}",
        "{[]: 1}",
        "lambda: 1",
        "\x00",
    ],
)
def test_what_is_no_plain_value_is_rejected(
    line: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    path = tmp_path / "c.json"
    path.write_text(f"{GOOD}{line}\n\n{GOOD.replace('1', '3')}")
    records, reading = load(path)
    assert list(products(records)) == ["1", "3"]
    (rejection,) = reading.report().rejections
    assert rejection.line == 2
    assert rejection.rule.startswith("each line must be one Python dict of plain values (")
    assert not (tmp_path / "ran").exists()


def test_a_line_has_a_limit(tmp_path: Path) -> None:
    path = tmp_path / "c.json"
    path.write_text(GOOD + "{'id': '2', 'title': '" + "x" * MAX_LITERAL + "'}\n")
    records, reading = load(path)
    assert list(products(records)) == ["1"]
    assert reading.report().rejections[0].rule.endswith("(at most 262,144 characters)")


def test_stray_backslashes_and_old_prefixes_are_no_news(tmp_path: Path) -> None:
    path = tmp_path / "c.json"
    path.write_text("{u'id': u'1', u'title': 'up \\d own \\xe9 \\u4e2d'}\n", encoding="utf-8")
    (comb,) = products(load(path)[0]).values()
    assert comb.title == "up \\d own é 中"
