"""How results look in a terminal and a notebook."""

from __future__ import annotations

from html.parser import HTMLParser

from kg.records import Interaction, Product
from kg.snapshot import assemble
from recommend.recommender import Recommender
from tests.recommend.shops import NASTY, PLAIN


class _Page(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.text = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)

    def handle_data(self, data: str) -> None:
        self.text += data


def _page(html: str) -> _Page:
    page = _Page()
    page.feed(html)
    return page


def test_a_line_for_each_hit(hand: Recommender) -> None:
    results = hand.search("black table lamp", k=3)
    lines = str(results).splitlines()
    assert len(lines) == 3
    for place, (line, hit) in enumerate(zip(lines, results, strict=True), start=1):
        assert line.split()[0] == str(place)
        assert f"[{hit.product.id}]" in line
        assert hit.product.title in line
        assert f"{hit.score:.4f}" in line
        assert max(hit.signals, key=hit.signals.__getitem__) in line


def test_no_hits_are_said_to_be_none(hand: Recommender) -> None:
    assert "no products" in str(hand.search("zebra"))
    assert _page(hand.search("zebra")._repr_html_()).tags.count("td") == 0


def test_a_product_without_a_title_has_a_name_all_the_same() -> None:
    products = [Product(id="B1", brand="Acme", labels=("Soap",)), Product(id="B2")]
    log = [Interaction(user="u", product=p.id) for p in products]
    shown = str(Recommender.fit(assemble(products, [], log), settings=PLAIN).recommend())
    assert "Acme Soap" in shown
    assert "B2  [B2]" in shown


def test_html_shows_names_and_runs_none_of_them(hand: Recommender) -> None:
    results = hand.similar("rug1", k=20)
    assert NASTY in results.ids
    page = _page(results._repr_html_())
    assert set(page.tags) <= {"table", "caption", "thead", "tbody", "tr", "th", "td"}
    assert page.tags.count("tr") == len(results) + 1
    assert NASTY in page.text
    assert "<b>" not in results._repr_html_()


def test_html_carries_the_note(hand: Recommender) -> None:
    results = hand.recommend("nobody")
    page = _page(results._repr_html_())
    assert "caption" in page.tags
    assert results.note in page.text


def test_results_are_a_sequence(hand: Recommender) -> None:
    results = hand.search("black table lamp")
    assert len(results) == len(list(results))
    assert results[0] is results.hits[0]
    assert results[-1] in results
    assert [hit.product.id for hit in results[:2]] == list(results.ids[:2])
