"""An audit finds the relation that pays and the one that does not; shuffling kills what it knew."""

from __future__ import annotations

import json

import numpy as np
import pytest

from kg.errors import SettingsError
from kg.graph import EdgeType, Graph
from kg.records import Fact, Interaction, Product
from kg.snapshot import assemble
from recommend.behaviour import Behaviour
from recommend.evaluate.audit import OFF, ON, SHUFFLED, Audit, audit
from recommend.evaluate.variants import behaviour_only, product_relations, shuffled
from tests.recommend.evaluate.logs import random_log
from tests.recommend.shops import PLAIN

USEFUL, USELESS = "goes_with", "same_shelf"


def shop(users: int = 300, products: int = 150, *, seed: int = 0) -> Graph:
    """Users buy along 'goes_with'; 'same_shelf' has as many edges and means nothing."""
    rng = np.random.default_rng(seed)
    partner = (np.arange(products)[:, None] + np.array([1, 2, 3])) % products
    facts = [
        Fact(head=f"p{i:03d}", relation=name, tail=f"p{int(j):03d}")
        for i in range(products)
        for name, tails in ((USEFUL, partner[i]), (USELESS, rng.choice(products, 3, replace=False)))
        for j in tails
        if i != j
    ]
    interactions = []
    for user in range(users):
        first = int(rng.integers(products))
        bought = {first, *rng.choice(partner[first], 2, replace=False).tolist(), int(rng.integers(products))}
        interactions += [Interaction(user=f"u{user:03d}", product=f"p{i:03d}") for i in sorted(bought)]
    return assemble(
        [Product(id=f"p{i:03d}", title=f"thing {i}") for i in range(products)], facts, interactions
    )


@pytest.fixture(scope="module")
def found() -> Audit:
    return audit(shop(), settings=PLAIN)


def test_every_variant_is_built(found: Audit) -> None:
    assert [one.name for one in found.variants] == [
        ON,
        OFF,
        SHUFFLED,
        f"without {USEFUL}",
        f"{USEFUL} shuffled",
        f"without {USELESS}",
        f"{USELESS} shuffled",
    ]
    assert all(one.validation is not None for one in found.variants)


def test_the_useful_relation_pays_and_the_useless_one_does_not(found: Audit) -> None:
    against = {one.against: one.difference for one in found.comparisons}
    assert against[f"without {USEFUL}"].low > 0
    assert against[f"without {USELESS}"].low <= 0
    told = {name: next(s for s in found.sentences if s.startswith(name)) for name in (USEFUL, USELESS)}
    assert told[USEFUL].startswith(f"{USEFUL} pays")
    assert told[USELESS].startswith(f"{USELESS} does not pay")


def test_shuffling_kills_what_a_relation_knew(found: Audit) -> None:
    against = {one.against: one.difference for one in found.comparisons}
    value = {one.name: one.row.means["ndcg@10"] for one in found.variants}
    assert against[f"{USEFUL} shuffled"].low > 0
    assert against[SHUFFLED].low > 0
    assert against[f"{USELESS} shuffled"].low <= 0
    gained = value[ON] - value[f"without {USEFUL}"]
    assert value[f"{USEFUL} shuffled"] - value[f"without {USEFUL}"] < 0.3 * gained


def test_the_graph_as_a_whole_is_worth_it_and_validates(found: Audit) -> None:
    assert found.sentences[0].startswith("The graph is worth +")
    assert found.best in (ON, f"without {USELESS}", f"{USELESS} shuffled")
    assert any(sentence.startswith("On validation") for sentence in found.sentences)
    assert any(sentence.startswith("It helps for products") for sentence in found.sentences)


def test_bands_are_those_of_the_same_pairs(found: Audit) -> None:
    assert found.bands.pairs.sum() == found.protocol["hidden_pairs"]
    assert set(found.bands.hits) == {one.name for one in found.variants}


def test_it_is_plain_json(found: Audit) -> None:
    plain = json.loads(json.dumps(found.plain()))
    assert plain["best"] == found.best
    assert plain["rows"][0]["model"] == ON
    assert plain["sentences"] == list(found.sentences)
    assert plain["protocol"]["relations"] == [USEFUL, USELESS]


def test_a_graph_without_any_meaning_is_worth_nothing() -> None:
    rng = np.random.default_rng(0)
    facts = [
        Fact(head=f"p{i:03d}", relation="noise", tail=f"p{int(j):03d}")
        for i in range(40)
        for j in rng.choice(40, 3, replace=False)
        if i != j
    ]
    found = audit(random_log(200, 40, seed=1, facts=facts), settings=PLAIN)
    assert [one.name for one in found.variants] == [ON, OFF, SHUFFLED]  # one relation: the same as the whole
    assert "worth nothing that can be told from chance" in found.sentences[0]


def test_shuffling_keeps_degrees_and_changes_partners() -> None:
    graph = shop()
    mixed = shuffled(graph, [USEFUL], seed=0)
    before, after = (one.relations[EdgeType("product", USEFUL, "product")] for one in (graph, mixed))
    assert np.array_equal(before.indptr, after.indptr)
    assert np.array_equal(np.bincount(before.tails), np.bincount(after.tails))
    assert (before.tails != after.tails).mean() > 0.9
    assert all(np.all(np.diff(after.tails[after.row(head)]) >= 0) for head in range(after.head_count))
    untouched = EdgeType("product", USELESS, "product")
    assert mixed.relations[untouched] is graph.relations[untouched]
    again = shuffled(graph, [USEFUL], seed=0).relations[before.type]
    assert np.array_equal(again.tails, after.tails)


def test_behaviour_alone_knows_no_product() -> None:
    graph = shop()
    bare = behaviour_only(graph)
    assert {one.name for one in bare.relations} == {"purchased"}
    assert product_relations(graph) == (USEFUL, USELESS)
    assert product_relations(bare) == ()
    assert Behaviour.of(bare).weight.nnz == Behaviour.of(graph).weight.nnz
    assert bare.products.title[0] == ""
    assert graph.products.title[0] == "thing 0"
    assert np.array_equal(bare.products.listed, graph.products.listed)


def test_what_cannot_be_audited_is_told() -> None:
    with pytest.raises(SettingsError, match=r"no relation 'also_viewed'; choose of goes_with, same_shelf"):
        audit(shop(60, 30), settings=PLAIN, relations=["also_viewed"])
    with pytest.raises(SettingsError, match="says nothing of its products"):
        audit(random_log(40, 20, seed=0), settings=PLAIN)
    with pytest.raises(SettingsError, match="no user of this shop"):
        audit(assemble([Product(id="a", brand="b")], [], []), settings=PLAIN)
