"""Explanations as pictures: whole documents in which nothing overlaps, whatever the products are called."""

from __future__ import annotations

import re
import xml.etree.ElementTree as ElementTree
from itertools import combinations, pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kg.records import Product
from recommend.explain.explanation import ExplainedEdge, ExplainedNode, ExplainedPath, Explanation
from recommend.explain.labels import columns, ems, lines_of, shortened
from recommend.explain.layout import BOX_HEIGHT, BOX_WIDTH, laid_out
from recommend.explain.phrases import packaged_phrases
from recommend.explain.svg import goal_of, texts_of
from recommend.query import Query
from recommend.recommender import Recommender
from tests.recommend.shops import NASTY

ALL = 1_000
ASKED = {
    "user": (Query(user="u1"), "lamp3"),
    "seed": (Query(product="lamp1"), "bulb1"),
    "search": (Query(text="lumo lighting dimmable brass"), "lamp1"),
    "taste": (Query(text="bulb", user="u3"), "bulb1"),
    "ugly seed": (Query(product=NASTY), "lamp1"),
    "ugly answer": (Query(user="u1"), NASTY),
    "ugly words": (Query(text=NASTY), NASTY),
    "nothing": (Query(text="zebra"), "lamp1"),
    "stranger": (Query(user="nobody"), "bulb1"),
}
GOAL = ExplainedNode(kind="product", id="goal", label="goal")


@pytest.fixture(params=sorted(ASKED))
def explanation(request: pytest.FixtureRequest, hand: Recommender) -> Explanation:
    query, product = ASKED[request.param]
    return hand.explain(query, product, paths=ALL)


def _edge(start: ExplainedNode, relation: str, end: ExplainedNode, stored: bool) -> ExplainedEdge:
    support, unit = (None, "") if stored else (3.0, "users")
    return ExplainedEdge(
        start=start,
        relation=relation,
        end=end,
        forward=stored,
        stored=stored,
        support=support,
        support_unit=unit,
    )


_LABELS = st.text(st.characters(codec="utf-8"), max_size=80) | st.sampled_from(
    [NASTY, "灯" * 60, "W" * 90, "</svg><script>alert(1)</script>", "\x00\x1b]]>&amp;", "a b " * 30, ""]
)


@st.composite
def _paths(draw: st.DrawFn) -> tuple[ExplainedPath, ...]:
    """Paths of up to four steps through a few nodes, which they often share."""
    kinds = st.sampled_from(["product", "brand", "category", "attribute", "word", "user", "planet"])
    nodes = [
        ExplainedNode(kind=draw(kinds), id=str(number), label=draw(_LABELS))
        for number in range(draw(st.integers(1, 6)))
    ]
    found = []
    for _ in range(draw(st.integers(0, 12))):
        way = [*draw(st.lists(st.sampled_from(nodes), min_size=1, max_size=4)), GOAL]
        relation = st.sampled_from(["made_by", "bought_together", "mentioned_in", "a" * 60, NASTY])
        edges = tuple(_edge(a, draw(relation), b, draw(st.booleans())) for a, b in pairwise(way))
        contribution = draw(st.floats(0, 5))
        found.append(ExplainedPath(channel="c", contribution=contribution, edges=edges))
    return tuple(found)


def _explained(paths: tuple[ExplainedPath, ...], title: str = "goal") -> Explanation:
    total = sum(path.contribution for path in paths)
    return Explanation(
        product=Product(id="goal", title=title),
        score=total + 1,
        signals={"c": total, "popularity": 1.0},
        paths=paths,
        path_count=len(paths),
        explained=total,
        rests={"popularity": 1.0},
    )


def _overlap(a: tuple[float, float, float, float], b: tuple[float, float, float, float]) -> bool:
    return a[0] < b[2] and b[0] < a[2] and a[1] < b[3] and b[1] < a[3]


def _check(explanation: Explanation, language: str) -> None:
    svg = ElementTree.fromstring(explanation.svg(language=language))
    assert svg.tag == "{http://www.w3.org/2000/svg}svg"
    assert svg.get("role") == "img"
    assert svg.findtext("{*}title") == svg.get("aria-label")
    assert svg.findtext("{*}desc")
    assert not svg.findall(".//{*}script")
    width, height = (float(svg.get(side, "")) for side in ("width", "height"))
    layout = laid_out(goal_of(explanation), explanation.paths)
    boxes = [(b.x, b.top, b.x + BOX_WIDTH, b.top + BOX_HEIGHT) for b in layout.boxes]
    assert not [pair for pair in combinations(boxes, 2) if _overlap(*pair)]
    texts = list(texts_of(explanation, layout, packaged_phrases(), language, width))
    assert len(svg.findall("{*}text")) == len(texts)
    places = [text.box for text in texts if text.text.strip()]
    assert not [pair for pair in combinations(places, 2) if _overlap(*pair)]
    for left, top, right, bottom in places:
        assert left >= 0
        assert top >= 0
        assert right <= width
        assert bottom <= height


def test_pictures_are_whole_and_nothing_overlaps(explanation: Explanation) -> None:
    for language in packaged_phrases().languages:
        _check(explanation, language)


@settings(max_examples=60, deadline=None)
@given(paths=_paths(), title=_LABELS)
def test_nothing_overlaps_however_paths_cross(paths: tuple[ExplainedPath, ...], title: str) -> None:
    _check(_explained(paths, title), "en")
    _check(_explained(paths, title), "zh")


@settings(max_examples=60, deadline=None)
@given(paths=_paths())
def test_lines_cross_no_box(paths: tuple[ExplainedPath, ...]) -> None:
    """A line runs straight through the columns that it passes by; no box may stand there."""
    layout = laid_out(GOAL, paths)
    for line in layout.lines:
        for leg in line.legs:
            for box in layout.boxes:
                if leg.x0 <= box.x < box.x + BOX_WIDTH <= leg.x1 and box.x + BOX_WIDTH > leg.x0 + 1:
                    passed = leg.x0 == box.x
                    assert not (passed and abs(leg.y0 - box.y) < BOX_HEIGHT / 2)


def test_every_edge_is_drawn_once(hand: Recommender) -> None:
    found = hand.explain(Query(user="u1"), "lamp3", paths=ALL)
    layout = laid_out(found.paths[0].edges[-1].end, found.paths)
    drawn = sum(line.contribution for line in layout.lines if line.edge.end.id == "lamp3")
    assert drawn == pytest.approx(found.explained)
    said = {(line.edge.start.id, line.edge.relation, line.edge.end.id) for line in layout.lines}
    assert said == {(e.start.id, e.relation, e.end.id) for path in found.paths for e in path.edges}
    you = [box for box in layout.boxes if box.node.kind == "user"]
    assert len(you) == 1
    assert you[0].column == 0


def test_derived_edges_are_dashed_and_strong_ones_thick() -> None:
    user, near = (ExplainedNode(kind=k, id=k, label=k) for k in ("user", "product"))
    strong = ExplainedPath(
        channel="a",
        contribution=3.0,
        edges=(_edge(user, "purchased", near, True), _edge(near, "r", GOAL, True)),
    )
    weak = ExplainedPath(
        channel="b", contribution=0.5, edges=(strong.edges[0], _edge(near, "bought_together", GOAL, False))
    )
    svg = ElementTree.fromstring(_explained((strong, weak)).svg())
    lines = svg.findall(".//{*}path[@class='line']")
    assert [bool(line.get("stroke-dasharray")) for line in lines] == [False, False, True]
    widths = [float(line.get("stroke-width", "")) for line in lines]
    assert widths[0] > widths[1] > widths[2]


def test_the_picture_names_nobody(hand: Recommender) -> None:
    svg = hand.explain(Query(user="u1"), "lamp3", paths=ALL).svg()
    assert not re.search(r"\bu\d\b", svg)
    assert ">you<" in svg


def test_notebooks_show_the_picture(explanation: Explanation) -> None:
    assert explanation._repr_svg_() == explanation.svg()
    assert explanation.svg() in explanation._repr_html_()
    ElementTree.fromstring(explanation._repr_html_())


@given(text=st.text(max_size=120), most=st.integers(4, 60))
def test_short_titles_are_short(text: str, most: int) -> None:
    short = shortened(text, most)
    assert columns(short) <= most
    assert "\n" not in short
    if columns(" ".join(text.split())) <= most:
        assert short == " ".join(text.split())


def test_a_title_is_cut_at_a_word_and_chinese_counts_double() -> None:
    assert shortened("Brass table lamp with a long foot", 20) == "Brass table lamp…"
    assert shortened("黄铜台灯卧室床头灯", 9) == "黄铜台灯…"
    assert lines_of("Wattwise 透明ABS塑料LED灯泡 灯头规格GU10", 13, 2) == [
        "Wattwise 透明ABS塑料",
        "LED灯泡 灯头规格GU10",
    ]


@given(text=st.text(max_size=120), width=st.floats(3, 30), most=st.integers(1, 3))
def test_lines_fit_their_box(text: str, width: float, most: int) -> None:
    lines = lines_of(text, width, most)
    assert len(lines) <= most
    assert all(ems(line) <= width for line in lines)
