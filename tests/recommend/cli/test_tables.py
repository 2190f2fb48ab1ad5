"""Tables fit the terminal, and nothing is lost that somebody copies out of them."""

from __future__ import annotations

import io
import re
import sys

import pytest

from recommend.cli.output import print_table

COLUMNS = ("", "score", "id", "product", "price", "signals")
ROWS = [
    (
        str(place),
        "2.3358",
        f"SG-{place:04d}",
        "Noise cancelling headphones with a very long name",
        "1,249.00 EUR",
        "text_similarity 0.979 lexical 0.757 kinds 0.600",
    )
    for place in (9, 10)
]
_STYLE = re.compile(r"\x1b\[[0-9;]*m")


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def printed(monkeypatch: pytest.MonkeyPatch, width: int | None) -> list[str]:
    out = io.StringIO() if width is None else Terminal()
    monkeypatch.setattr(sys, "stdout", out)
    if width is not None:
        monkeypatch.setenv("COLUMNS", str(width))
    print_table(COLUMNS, ROWS, right=("", "score", "price"))
    return [_STYLE.sub("", line).rstrip() for line in out.getvalue().splitlines()]


@pytest.mark.parametrize("width", [80, 90, 120])
def test_a_narrow_terminal_keeps_ids_scores_and_prices(monkeypatch: pytest.MonkeyPatch, width: int) -> None:
    head, *lines = printed(monkeypatch, width)
    assert head.split() == ["score", "id", "product", "price", "signals"]
    assert max(map(len, lines)) <= width
    for row, line in zip(ROWS, lines, strict=True):
        assert set(row[:3]) | set(row[4].split()) <= set(line.split())
        assert "Noise cancelling" in line
        assert "text_similar" in line


def test_a_pipe_gets_everything(monkeypatch: pytest.MonkeyPatch) -> None:
    lines = printed(monkeypatch, None)
    assert all(cell in line for row, line in zip(ROWS, lines[1:], strict=True) for cell in row)
