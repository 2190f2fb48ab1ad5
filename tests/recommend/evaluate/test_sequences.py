"""Leave-one-out: who is told what, and what counts."""

from __future__ import annotations

import gzip
from pathlib import Path

import numpy as np
import pytest

from kg.errors import DataError, SettingsError
from kg.graph import Graph
from kg.records import Fact, Product
from recommend.behaviour import Behaviour
from recommend.evaluate import Sequences, evaluate_sequences, read_sequences
from recommend.evaluate.sequences import Protocol, described_by
from recommend.recommender import Recommender
from tests.recommend.shops import PLAIN

# popularity in the strict training part (without two): a 4, b 2, then c d e f with none
LINES = ("u1 a b c d", "u2 a b d c", "u3 a e f", "u4 a f e", "u5 b")


def sequences(*lines: str) -> Sequences:
    parts = [line.split() for line in lines]
    return Sequences(users=tuple(p[0] for p in parts), items=tuple(tuple(p[1:]) for p in parts))


def test_known_answer_of_popularity() -> None:
    strict = evaluate_sequences(sequences(*LINES), protocol="strict", settings=PLAIN)
    # all of a and b that are popular were bought by their users, or are no target
    assert strict.row("popularity").means["hr@10"] == 0
    refit = evaluate_sequences(sequences(*LINES), protocol="refit", settings=PLAIN)
    # refit also counts c, d, e and f once: u1 sees [d, e, f], u2 [c, e, f], u3 [b, c, d, f], u4 [b, c, d, e]
    popular = refit.row("popularity").units
    assert popular["hr@5"].tolist() == [1, 1, 1, 1]
    # the target is tied with two others: in places 1 to 3, or 2 to 4 behind b
    places = 2 ** (1 / popular["ndcg@5"]) - 1
    assert places == pytest.approx(np.round(places))
    assert all(1 <= place <= 3 for place in places[:2].round())
    assert all(2 <= place <= 4 for place in places[2:].round())
    assert refit.protocol["users"] == strict.protocol["users"] == 4
    assert refit.protocol["users_with_fewer_than_3_items"] == 1


@pytest.mark.parametrize(("protocol", "left_out"), [("strict", 2), ("refit", 1)])
def test_the_model_knows_only_what_it_may(
    protocol: Protocol, left_out: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    fitted: list[Graph] = []
    real = Recommender.fit

    def watched(graph: Graph, **options: object) -> Recommender:
        fitted.append(graph)
        return real(graph, **options)  # type: ignore[arg-type]

    monkeypatch.setattr(Recommender, "fit", watched)
    evaluate_sequences(sequences(*LINES), protocol=protocol, settings=PLAIN)
    (graph,) = fitted
    behaviour = Behaviour.of(graph)
    for line in LINES[:4]:
        user, *items = line.split()
        number = graph.nodes["user"].number(user)
        assert number is not None
        known = [graph.nodes["product"][int(p)] for p in behaviour.history(number).products]
        assert known == items[:-left_out]


def test_steps_are_learned_and_the_last_item_but_one_leads_the_way() -> None:
    """Everybody goes x1 x2 x3 x4 x5 of their own ring; where one stands says what comes next."""
    rng = np.random.default_rng(0)
    lines = []
    for user in range(120):
        ring, start = int(rng.integers(6)), int(rng.integers(8))
        lines.append(" ".join([f"u{user}", *(f"r{ring}i{(start + step) % 8}" for step in range(5))]))
    report = evaluate_sequences(sequences(*lines), protocol="strict", settings=PLAIN)
    assert report.row("transitions").means["ndcg@5"] > 0.9
    assert report.row("exact").means["ndcg@5"] > 0.9
    assert report.row("popularity").means["ndcg@5"] < 0.3


def test_a_target_met_before_is_a_miss_and_is_counted() -> None:
    report = evaluate_sequences(
        sequences("u1 a b a", "u2 a b c", "u3 b c a"), protocol="refit", settings=PLAIN
    )
    assert report.protocol["targets_met_before"] == 1
    assert report.row("exact").units["hr@10"][0] == 0


def test_facts_about_items_help() -> None:
    products = [Product(id=f"i{n}", brand=f"B{n // 4}") for n in range(40)] + [Product(id="elsewhere")]
    facts = [Fact(head="i0", relation="also_viewed", tail="i1")]
    lines = [f"u{n} i{n % 40} i{(n * 7) % 40} i{(n * 3) % 40} i{(n * 3) // 4 * 4 % 40}" for n in range(20)]
    report = evaluate_sequences(sequences(*lines), products=products, facts=facts, settings=PLAIN)
    assert report.protocol["items_described"] == report.protocol["items"] <= 40
    assert report.protocol["candidates"] == report.protocol["items"]


def test_a_graph_gives_its_products_and_facts_back(hand_graph: Graph) -> None:
    products, facts = described_by(hand_graph)
    assert {p.id for p in products} == {
        hand_graph.nodes["product"][int(i)] for i in np.flatnonzero(hand_graph.products.listed)
    }
    assert Fact(head="lamp1", relation="compatible_with", tail="bulb1") in facts


def test_reading_plain_and_gzipped(tmp_path: Path) -> None:
    plain, packed = tmp_path / "s.txt", tmp_path / "s.txt.gz"
    plain.write_text("u1 a b c\n\nu2 a\n")
    packed.write_bytes(gzip.compress(plain.read_bytes()))
    expected = Sequences(users=("u1", "u2"), items=(("a", "b", "c"), ("a",)))
    assert read_sequences(plain) == read_sequences(packed) == expected


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("u1 a b\nu2\n", "line 2: user 'u2' has no items"),
        ("u1 a\nu1 b\n", "line 2: user 'u1' has a line"),
        ("", "empty"),
    ],
)
def test_damaged_files_are_named(text: str, message: str, tmp_path: Path) -> None:
    file = tmp_path / "s.txt"
    file.write_text(text)
    with pytest.raises(DataError, match=message):
        read_sequences(file)


def test_what_cannot_be_measured_is_told() -> None:
    with pytest.raises(DataError, match="three items"):
        evaluate_sequences(sequences("u1 a b"), settings=PLAIN)
    with pytest.raises(SettingsError, match="strict"):
        evaluate_sequences(sequences(*LINES), protocol="loose", settings=PLAIN)  # type: ignore[arg-type]
