"""An explanation as text, JSON, GraphML and Cypher."""

from __future__ import annotations

import io
import json
import re

import networkx as nx
import pytest

from recommend.explain.explanation import Explanation
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
}


@pytest.fixture(params=sorted(ASKED))
def explanation(request: pytest.FixtureRequest, hand: Recommender) -> Explanation:
    query, product = ASKED[request.param]
    return hand.explain(query, product, paths=ALL)


def test_the_cases_have_paths(hand: Recommender) -> None:
    assert {name for name, (query, product) in ASKED.items() if hand.explain(query, product).paths} == {
        *ASKED
    } - {"nothing"}


def test_text_names_what_it_speaks_of(hand: Recommender) -> None:
    text = hand.explain(Query(user="u1"), "lamp3", paths=ALL).text
    for label in (
        "Black desk lamp for reading",
        "[lamp3]",
        "you bought",
        "“LED bulb E14, warm white”",
        "“fitting: E14”",
    ):
        assert label in text
    assert re.search(r"\d+ customers? who (looked at or )?bought", text)


def test_the_percentages_of_a_text_add_up(hand: Recommender) -> None:
    for paths in (1, 3, ALL):
        for product in hand.recommend("u1").ids:
            text = hand.explain(Query(user="u1"), product, paths=paths).text
            shares = [int(found) for found in re.findall(r"^ +(?:\d+\. +)?(\d+)%", text, re.MULTILINE)]
            assert len(shares) >= 1
            assert sum(shares) == pytest.approx(100, abs=0.5 * len(shares) + 0.5)


def test_a_stranger_is_told_of_popularity(hand: Recommender) -> None:
    assert "100%  popularity" in hand.explain(Query(user="nobody"), "bulb1").text


def test_a_search_is_told_by_its_own_words(hand: Recommender) -> None:
    text = hand.explain(Query(text="Lamps by LUMO"), "lamp1", paths=ALL).text
    assert "mentions “lamps”" in text
    assert "“LUMO” names the brand “Lumo”" in text


def test_text_has_a_line_for_each_path(explanation: Explanation) -> None:
    assert str(explanation) == explanation.text
    assert len(re.findall(r"^  \d+\. ", explanation.text, re.MULTILINE)) == len(explanation.paths)


def test_json_holds_everything(explanation: Explanation) -> None:
    told = json.loads(json.dumps(explanation.plain(), allow_nan=False))
    assert told["product"]["id"] == explanation.product.id
    assert told["score"] == explanation.score
    assert told["signals"] == dict(explanation.signals)
    assert len(told["paths"]) == told["path_count"] == len(explanation.paths)
    for path, plain in zip(explanation.paths, told["paths"], strict=True):
        assert plain["contribution"] == path.contribution
        assert [edge["end"]["id"] for edge in plain["edges"]] == [edge.end.id for edge in path.edges]


def test_graphml_reads_back(explanation: Explanation) -> None:
    graph = nx.read_graphml(io.BytesIO(explanation.graphml().encode()), force_multigraph=True)
    edges = [(edge, number) for number, path in enumerate(explanation.paths, 1) for edge in path.edges]
    assert graph.number_of_edges() == len(edges)
    drawn = sorted((data["relation"], data["path"], data["stored"]) for _, _, data in graph.edges(data=True))
    assert drawn == sorted((edge.relation, number, edge.stored) for edge, number in edges)
    for edge, _ in edges:
        ends = [f"{node.kind}:{node.id}" for node in (edge.start, edge.end)]
        assert graph.has_edge(*(ends if edge.forward else ends[::-1]))
        assert graph.nodes[ends[1]]["label"] == edge.end.label


def test_networkx_has_every_edge(explanation: Explanation) -> None:
    graph = explanation.networkx()
    assert graph.number_of_edges() == sum(len(path.edges) for path in explanation.paths)
    assert all("label" in data for _, data in graph.nodes(data=True))


def _outside_strings(cypher: str) -> str:
    """What is left when string literals are taken away; an open one would stay and be found."""
    return re.sub(r'"(?:[^"\\\n]|\\.)*"', "«»", cypher)


def test_cypher_is_closed_whatever_it_names(explanation: Explanation) -> None:
    cypher = explanation.cypher()
    assert cypher.isascii()
    outside = _outside_strings(cypher)
    assert not set("\"'`\\") & set(outside)
    code = [line for line in outside.splitlines() if not line.startswith("//")]
    for line in code:
        assert re.fullmatch(r"MATCH .* RETURN p\d+(, p\d+)* LIMIT (1|25);", line) or line == ""
        for opening, closing in ("()", "[]", "{}"):
            assert line.count(opening) == line.count(closing)
        assert "DELETE" not in line
    assert sum(line.startswith("MATCH") for line in code) == len(explanation.paths)


def test_cypher_names_the_stored_pattern(hand: Recommender) -> None:
    stored = hand.explain(Query(product="lamp1"), "bulb1", paths=ALL).cypher()
    assert '(:Product {id: "lamp1"})-[:COMPATIBLE_WITH]->(:Product {id: "bulb1"})' in stored
    assert '(:Product {id: "lamp1"})-[:HAS_ATTRIBUTE]->(:Attribute {id: "fitting=E14"})' in stored
    assert "(:User)" in stored  # who bought both: a pattern, not a person
    back = hand.explain(Query(product="bulb1"), "lamp1", paths=ALL).cypher()
    assert '(:Product {id: "bulb1"})<-[:COMPATIBLE_WITH]-(:Product {id: "lamp1"})' in back


def test_ids_in_cypher_read_back_as_they_are(hand: Recommender) -> None:
    cypher = hand.explain(Query(product=NASTY), "lamp1", paths=ALL).cypher()
    literals = re.findall(r'"(?:[^"\\\n]|\\.)*"', cypher)
    assert NASTY in {json.loads(literal) for literal in literals}
