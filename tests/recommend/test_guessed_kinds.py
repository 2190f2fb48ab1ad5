"""Searches whose words name no kind of product: their meaning leads to it, and says so."""

from __future__ import annotations

from pathlib import Path

import pytest

from kg.errors import SettingsError
from recommend.channels.kinds import KindsChannel
from recommend.naming import NEAR
from recommend.query import PreparedQuery, Query
from recommend.recommender import Recommender
from recommend.understand.reading import BY_MEANING
from tests.recommend.contracts import check_paths

OTHERWISE = {
    "comfy seat for the whole family": "sofa",
    "writing table": "desk",
    "something to play music": "headphones",
}
"""What is asked for, and the kind that is meant."""


def _kinds(model: Recommender) -> KindsChannel:
    return next(one for _, one in model.fitted.query_channels if isinstance(one, KindsChannel))


def _asked(model: Recommender, text: str) -> PreparedQuery:
    return PreparedQuery(query=Query(text=text), encoders={}, read=model.understand)


@pytest.mark.parametrize(("text", "kind"), OTHERWISE.items())
def test_other_words_for_a_kind_find_it(reader: Recommender, text: str, kind: str) -> None:
    reading = reader.understand(text)
    assert reading.name(reading.guesses[0][0]).casefold() == kind
    results = reader.search(text, k=5)
    assert {hit.product.category[-1] for hit in results[:3]} == {kind}
    assert all(hit.signals["kinds"] > 0 for hit in results[:3])


def test_a_synonym_of_the_shop_is_surer_than_a_guess(reader: Recommender, tmp_path: Path) -> None:
    reader.save(tmp_path / "model")
    rules = tmp_path / "rules.toml"
    rules.write_text('[[synonym]]\nwords = ["writing table", "sofa"]', encoding="utf-8")
    model = Recommender.open(tmp_path / "model", rules=rules)
    found = model.search("writing table", k=3)
    assert found.reading is not None
    (kind,) = found.reading.of_role("type")
    assert (kind.words, kind.source) == ("writing table", "synonym")
    assert [found.reading.name(node) for node, _ in kind.nodes] == ["sofa"]
    assert (found.reading.guesses, found.note) == ((), "")
    assert {hit.product.category[-1] for hit in found} == {"sofa"}


@pytest.mark.parametrize("text", [*OTHERWISE, "qzxqzvq sofa", "sofa qzxqzvq for the bedroom"])
def test_a_product_is_worth_the_chance_that_one_of_its_kinds_is_meant(reader: Recommender, text: str) -> None:
    query = _asked(reader, text)
    assert query.reading.guesses
    channel = _kinds(reader)
    signal = channel.signal(query)
    assert signal is not None
    numbers = signal.best(1_000, reader.graph.products.listed)
    values = signal.values(numbers)
    assert (values <= 1 + 1e-6).all()
    for product in numbers[values > 0].tolist():
        check_paths(channel.paths(reader.graph, query, product), reader.graph, product)


def test_the_path_says_how_sure_the_meaning_is(reader: Recommender) -> None:
    text = next(iter(OTHERWISE))
    results = reader.search(text, k=1)
    found = reader.explain(results.query, results.ids[0])
    path = next(path for path in found.paths if path.channel == "kinds")
    edge = path.edges[0]
    assert (edge.relation, edge.support_unit, edge.stored) == (NEAR, BY_MEANING, False)
    chances = {reader.graph.node_id(node): chance for node, chance in reader.understand(text).guesses}
    assert edge.support == pytest.approx(chances[edge.end.id])
    assert f"{edge.support:.0%} sure, {BY_MEANING}" in str(found)
    assert found.sentences()


def test_another_kind_than_the_named_one_is_said(reader: Recommender) -> None:
    alone = reader.search("sofa")
    assert "may also mean" not in alone.note
    assert alone.reading is not None
    assert alone.reading.guesses == ()
    beside = reader.search("desk qzxqzvq to listen to music")
    reading = beside.reading
    assert reading is not None
    (named,) = reading.of_role("type")
    assert [reading.name(node) for node, _ in (named.nodes[0], reading.guesses[0])] == ["desk", "headphones"]
    assert "this may also mean headphones" in beside.note


def test_nothing_is_guessed_without_a_text_model(hand: Recommender) -> None:
    assert hand.understand("somewhere comfortable to sit").guesses == ()
    with pytest.raises(SettingsError):
        hand.search("")
