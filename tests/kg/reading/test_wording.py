"""HTML in titles and descriptions becomes plain text."""

from __future__ import annotations

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kg.reading.wording import one_line, paragraphs


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("plain\ntext", "plain\ntext"),
        ("<p>One <b>two</b></p><p>three</p>", "One two\nthree"),
        ("a<br/>b<BR>c", "a\nb\nc"),
        ("<ul><li>one</li><li>two</li></ul>", "• one\n• two"),
        ("5 < 6 and 7 > 6, size <M>", "5 < 6 and 7 > 6, size <M>"),
        ("&lt;p&gt;twice &amp;amp; written&lt;/p&gt;", "twice & written"),
        ("caf&eacute;&nbsp;&#8364;5 &#x41;", "café €5 A"),
        ("Fish&notes &copy &unknown;", "Fish&notes &copy &unknown;"),
        ("<style>p {}</style><p onclick=\"x('>')\">a</p><script>alert('<p>')</script>", "')\">a"),
        ("<p>a<!-- hidden <p> -->b</p>", "a b"),
        ("<table><tr><td>Width</td><td>4 cm</td></tr></table>", "Width 4 cm"),
        ("", ""),
    ],
)
def test_paragraphs(text: str, expected: str) -> None:
    assert paragraphs(text) == expected


def test_a_title_is_one_line() -> None:
    assert one_line(" <b>Lamp</b> &amp;\n shade,<br>oak ") == "Lamp & shade, oak"
    assert one_line("Lamp\t 5 < 6") == "Lamp 5 < 6"


@given(st.text(st.sampled_from("<>/&;pbliscrt#x39 -!\n\"'=amp"), max_size=60))
def test_whatever_is_written_nothing_breaks(text: str) -> None:
    assert "<p>" not in paragraphs(text)
    assert "\n" not in one_line(text)


@pytest.mark.parametrize(
    "scrap", ["<", "<p ", "<!--", "<script>", "&amp;", "&#", "</p", "<p>", "<p" + " " * 50]
)
def test_time_is_linear(scrap: str) -> None:
    started = time.process_time()
    paragraphs(scrap * (400_000 // len(scrap)) + "<p>")
    assert time.process_time() - started < 5
