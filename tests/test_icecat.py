"""The Icecat sample from file to explained answers: 19,406 products, 5,354 attribute columns, no category."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from kg import EdgeType, Shop
from kg.filters import FilterIndex, parse_where
from kg.records import NODE_KINDS
from recommend import Explanation, Recommender, build
from recommend.evaluate import evaluate_judgments, read_judgments
from recommend.query import RankingName
from recommend.understand.tokens import tokens
from tests.recommend.understand.type_queries import linked, type_queries

pytestmark = pytest.mark.data

QUERIES = ("hp toner", "usb battery", "wireless keyboard", "15 inch laptop bag")


@pytest.fixture(scope="session")
def icecat(test_data: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[Shop, Recommender]:
    """The shop with one fast build, shared by the session."""
    shop = Shop.create(tmp_path_factory.mktemp("icecat") / "shop")
    report = shop.load(test_data / "icecat" / "products.jsonl.gz", mapping="icecat")
    assert (report.loaded, report.rejected) == (19_406, 0)
    build(shop, profile="fast")
    return shop, Recommender.open(shop.path)


def test_nine_of_ten_queries_are_linked_to_their_type(icecat: tuple[Shop, Recommender]) -> None:
    model = icecat[1]
    queries = type_queries()
    found = {one.query: linked(model.search(one.query, k=1).reading, model.graph) for one in queries}
    wrong = [one for one in queries if (to := found[one.query]) is None or not one.means(*to)]
    told = "\n".join(f"{one.kind}: {one.query} → {found[one.query]}" for one in wrong)
    assert len(wrong) <= len(queries) // 10, f"{len(wrong)} of {len(queries)} are linked wrongly:\n{told}"


@pytest.mark.parametrize("ranking", ["exact", "best"])
def test_a_title_finds_its_product_first(icecat: tuple[Shop, Recommender], ranking: RankingName) -> None:
    model = icecat[1]
    titles = [title for title in model.graph.products.title if title][::97]
    found = {title: model.search(title, ranking=ranking, k=1) for title in titles}
    missed = [t for t, hits in found.items() if not hits or tokens(hits[0].product.title) != tokens(t)]
    assert missed == []


def test_every_attribute_is_stored(icecat: tuple[Shop, Recommender]) -> None:
    graph = icecat[1].graph
    assert graph.products.listed.all()
    assert len(graph.products.attributes.name) == 371_405


def test_search_beats_bm25_on_judged_queries(icecat: tuple[Shop, Recommender], test_data: Path) -> None:
    judgments = read_judgments(test_data / "icecat" / "judgments.csv")
    rows = {row.model: row.means for row in evaluate_judgments(icecat[1], judgments).rows}
    assert rows["exact"]["condensed_ndcg@10"] >= 0.72
    assert rows["exact"]["condensed_ndcg@10"] > rows["bm25"]["condensed_ndcg@10"]
    assert rows["exact"]["ndcg@10"] > rows["dense"]["ndcg@10"]


@pytest.mark.parametrize("query", QUERIES)
def test_explanations_name_what_is_there(icecat: tuple[Shop, Recommender], query: str) -> None:
    model = icecat[1]
    results = model.search(query)
    assert len(results) == 10
    for hit in results:
        explanation = model.explain(results.query, hit.product.id, paths=50)
        assert explanation.score == pytest.approx(hit.score, rel=1e-5)
        assert explanation.explained == pytest.approx(hit.score, rel=1e-4)
        _assert_exists(model, explanation)


@pytest.mark.parametrize("where", ["brand=HP", "price<=20", "attr.product colour in black,white"])
def test_filters_equal_a_look_at_every_product(icecat: tuple[Shop, Recommender], where: str) -> None:
    model = icecat[1]
    mask = FilterIndex(model.graph.products).mask(parse_where(where))
    everything = model.search("usb cable", k=10_000)
    wanted = [h.product.id for h in everything if mask[model.graph.number(h.product.id)]][:20]
    assert list(model.search("usb cable", where=where, k=len(wanted)).ids) == wanted


def test_a_new_process_gives_identical_answers(icecat: tuple[Shop, Recommender]) -> None:
    shop, model = icecat
    script = (
        "import json, sys; from recommend import Recommender; r = Recommender.open(sys.argv[1]); "
        "print(json.dumps([[(h.product.id, h.score.hex()) for h in r.search(q)] for q in sys.argv[2:]]))"
    )
    done = subprocess.run(
        [sys.executable, "-c", script, str(shop.path), *QUERIES],
        capture_output=True,
        text=True,
        check=True,
        cwd=Path(__file__).parent.parent,
    )
    mine = [[[h.product.id, h.score.hex()] for h in model.search(q)] for q in QUERIES]
    assert json.loads(done.stdout) == mine


def _assert_exists(model: Recommender, explanation: Explanation) -> None:
    graph = model.graph
    for path in explanation.paths:
        for edge in path.edges:
            for node in (edge.start, edge.end):
                assert node.kind == "word" or node.id in graph.nodes[_kind(node.kind)]
            if edge.stored:
                head, tail = (edge.start, edge.end) if edge.forward else (edge.end, edge.start)
                edge_type = EdgeType(_kind(head.kind), edge.relation, _kind(tail.kind))
                relation = graph.relations[edge_type]
                row = relation.row(int(graph.nodes[edge_type.head].numbers([head.id])[0]))
                assert np.isin(graph.nodes[edge_type.tail].numbers([tail.id])[0], relation.tails[row])


def _kind(kind: str) -> Any:
    assert kind in NODE_KINDS
    return kind
