"""Orders, facets, rules and suggestions through `Recommender`, on the planted shop and the one by hand."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from decimal import Decimal
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kg import Product, Shop
from kg.errors import SettingsError
from kg.filters import Filter
from recommend import build, update
from recommend.rank.balance import Balance
from recommend.recommender import Recommender
from tests.recommend.asking import ALL
from tests.recommend.shops import PLAIN

TEXTS = ("kind3 oak brand2", "kind5 item", "Brand1", "steel")
CHOICES = ("brand", "category", "price", "availability", "attr.colour", "attr.eco", "attr.size")


@given(
    text=st.sampled_from(TEXTS),
    picks=st.lists(st.tuples(st.sampled_from(CHOICES), st.integers(0, 20)), max_size=3),
)
@settings(max_examples=40)
def test_choosing_values_one_after_the_other_lists_as_many_as_they_say(
    text: str, picks: list[tuple[str, int]], shop: Recommender
) -> None:
    where: dict[str, tuple[Filter, ...]] = {}
    for field, pick in picks:
        told = tuple(one for some in where.values() for one in some)
        (facet,) = shop.search(text, where=told, facets=[field], k=ALL).facets
        if facet.values:
            value = facet.values[pick % len(facet.values)]
            where[field] = value.where
            found = shop.search(
                text, where=[one for some in where.values() for one in some], facets=[field], k=ALL
            )
            assert len(found) == found.total == value.count, (facet.field, value)
            assert [v.label for v in found.facets[0].values if v.selected] == [value.label]
            if field != "category":  # which goes down a level
                # counted without its own filters, so it still offers what it offered
                assert [(v.label, v.count) for v in found.facets[0].values if v.count] == [
                    (v.label, v.count) for v in facet.values if v.count
                ]


def test_several_values_of_one_facet_may_be_chosen(shop: Recommender) -> None:
    one = {v.value: v.count for v in shop.search("kind3 oak", facets=["brand"]).facets[0].values}
    first, second = list(one)[:2]
    both = shop.search("kind3 oak", where=f"brand in {first},{second}", facets=["brand"], k=ALL)
    assert len(both) == both.total == one[first] + one[second]
    assert {v.value: v.count for v in both.facets[0].values} == one


@pytest.mark.parametrize("text", TEXTS)
def test_an_order_lists_the_same_products_otherwise(text: str, shop: Recommender) -> None:
    relevant = shop.search(text, facets=["brand"], k=ALL)
    cheap = shop.search(text, sort="price", k=ALL)
    assert 0 < len(relevant) < 200
    assert len(relevant) == relevant.total == cheap.total
    assert sorted(relevant.ids) == sorted(cheap.ids)
    prices = [hit.product.price for hit in cheap]
    known = [price for price in prices if price is not None]
    assert known == sorted(known)
    assert prices[: len(known)] == known
    scores = dict(zip(relevant.ids, [hit.score for hit in relevant], strict=True))
    assert {hit.product.id: hit.score for hit in cheap} == pytest.approx(scores, rel=1e-5)


def test_asking_for_facets_changes_no_hit_before_the_result_ends(shop: Recommender) -> None:
    for text in TEXTS:
        plain = shop.search(text, k=ALL)
        counted = shop.search(text, facets=True, k=ALL)
        assert plain.ids[: len(counted)] == counted.ids
        assert (plain.total, plain.facets) == (None, ())


def test_taste_and_result(shop: Recommender) -> None:
    """What the result is does not depend on who asks."""
    mine = shop.search("kind3 oak", user="u003", facets=["brand"], k=ALL)
    anybodys = shop.search("kind3 oak", facets=["brand"], k=ALL)
    assert mine.facets == anybodys.facets
    assert sorted(mine.ids) == sorted(anybodys.ids)


RULES = """
[[synonym]]
words = ["glimmer", "lamp"]
[[synonym]]
word = "schale"
means = ["cup"]
[[synonym]]
word = "bulb"
means = ["cup"]
[[synonym]]
word = "schmuse"
means = ["reading"]
[[pin]]
name = "spring"
contains = "black"
product = "rug1"
position = 2
[[boost]]
name = "terra"
where = "brand=Noctis"
factor = 3
[[hide]]
product = "lamp2"
[profiles.cheap]
sort = "price"
[profiles.words]
channels = { lexical = 10 }
"""


@pytest.fixture(scope="module")
def ruled(hand: Recommender, tmp_path_factory: pytest.TempPathFactory) -> Recommender:
    folder = tmp_path_factory.mktemp("ruled")
    hand.save(folder / "model")
    (folder / "rules.toml").write_text(RULES, encoding="utf-8")
    return Recommender.open(folder / "model", rules=folder / "rules.toml")


def test_rules_move_pin_and_hide(hand: Recommender, ruled: Recommender) -> None:
    before, after = hand.search("black lamp"), ruled.search("black lamp")
    assert "lamp2" in before.ids
    assert "lamp2" not in after.ids
    assert after.ids[1] == "rug1"
    assert [hit.pinned for hit in after][:3] == ["", "spring", ""]
    noctis = next(hit for hit in after if hit.product.id == "lamp3")
    assert noctis.signals["rule.terra"] == pytest.approx(noctis.score * 2 / 3)
    for hit in after:
        assert sum(hit.signals.values()) == pytest.approx(hit.score, abs=1e-5)


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("glimmer", "lamp"),  # both ways
        ("Brass Glimmers", "brass lamp"),
        ("schale", "cup"),  # one way
        ("blue schale", "blue cup"),
    ],
)
def test_synonyms_find_what_they_mean(typed: str, meant: str, ruled: Recommender) -> None:
    found, expected = ruled.search(typed), ruled.search(meant)
    assert set(found.ids) == set(expected.ids)
    assert found.reading is not None
    assert found.reading.unknown == ()
    (entity,) = found.reading.of_role("type")
    assert (entity.words.casefold(), entity.source) in {
        ("glimmer", "synonym"), ("glimmers", "synonym"), ("schale", "synonym"),
    }  # fmt: skip
    for hit in found:
        assert sum(hit.signals.values()) == pytest.approx(hit.score, abs=1e-5)


def test_a_synonym_adds_to_what_the_word_itself_names(hand: Recommender, ruled: Recommender) -> None:
    assert "cup1" not in hand.search("bulb").ids
    found = ruled.search("bulb").ids
    assert set(found[:2]) == {"bulb1", "bulb2"}  # what was typed counts most
    assert {"cup1", "cup2", "cup3"} <= set(found)
    assert not {"bulb1", "bulb2"} & set(ruled.search("cup").ids)  # not the other way round


@pytest.mark.parametrize(("typed", "meant"), [("glimmer", "lamp"), ("brass Glimmer", "brass lamp")])
def test_a_synonym_is_as_good_as_a_name(typed: str, meant: str, ruled: Recommender) -> None:
    """What the shop says a word means is understood, and searched for as if it had been typed."""
    found, expected = ruled.search(typed), ruled.search(meant)
    assert found.reading is not None
    assert (found.reading.understood, found.note) == (1.0, "")
    assert found.ids == expected.ids
    assert [hit.score for hit in found] == pytest.approx([hit.score for hit in expected], abs=0.05)


def test_a_synonym_that_only_products_mention_is_searched(ruled: Recommender) -> None:
    found = ruled.search("schmuse")
    assert "lamp3" in found.ids  # "Black desk lamp for reading"
    assert found.correction is not None
    assert (found.correction.text, found.correction.searched) == ("reading", True)


def test_hidden_products_are_nowhere(hand: Recommender, ruled: Recommender) -> None:
    for shop, there in ((hand, True), (ruled, False)):
        assert ("lamp2" in shop.recommend(history=["bulb2"]).ids) is there
        assert ("lamp2" in shop.similar("lamp1").ids) is there
        assert ("lamp2" in shop.search("black lamp", sort="title").ids) is there
    assert "Black table lamp" in [one.text for one in hand.suggest("black")]
    assert "Black table lamp" not in [one.text for one in ruled.suggest("black")]


def test_explanations_name_the_rules(ruled: Recommender) -> None:
    results = ruled.search("black lamp")
    for hit in results:
        explanation = ruled.explain(results.query, hit.product.id)
        assert explanation.score == pytest.approx(hit.score, abs=1e-5)
        assert ("pinned by the rule “spring”" in explanation.text) == (hit.product.id == "rug1")
        assert ("moved by the rule “terra” (score × 3)" in explanation.text) == (
            hit.product.brand == "Noctis"
        )


def test_profiles(ruled: Recommender) -> None:
    plain = ruled.search("black lamp", k=ALL)
    words = ruled.search("black lamp", profile="words", k=ALL)
    best = np.array([hit.signals.get("lexical", 0.0) for hit in plain])
    assert [hit.signals.get("lexical", 0.0) for hit in words if hit.product.id == plain[0].product.id] == [
        pytest.approx(10 * best[0], rel=1e-5)
    ]
    cheap = ruled.search("black lamp", profile="cheap")
    assert cheap.ids == ruled.search("black lamp", sort="price").ids
    assert ruled.search("black lamp", profile="cheap", sort="relevance").total is None
    with pytest.raises(SettingsError, match="there are cheap, words"):
        ruled.search("black lamp", profile="dear")


def test_a_balanced_search_keeps_scores_and_says_so(shop: Recommender) -> None:
    plain = shop.search("kind3 oak", k=ALL)
    place = {hit.product.id: at for at, hit in enumerate(plain, start=1)}
    found = shop.search("kind3 oak", balance=Balance(per_brand=1, novelty=0.2), k=8)
    brands = [hit.product.brand for hit in found]
    assert len(set(brands)) == len(brands) > 1
    assert "re-ranked for novelty=0.2, per_brand=1" in found.note
    assert [hit.by_score for hit in found] == [place[one] for one in found.ids]
    assert [hit.by_score for hit in found] != list(range(1, len(found) + 1))
    for hit in found:
        assert sum(hit.signals.values()) == pytest.approx(hit.score, rel=1e-5)
        assert hit.score == plain[place[hit.product.id] - 1].score


def test_a_profile_may_balance_until_a_request_sorts(hand: Recommender, tmp_path: Path) -> None:
    hand.save(tmp_path / "model")
    rules = tmp_path / "rules.toml"
    rules.write_text('[profiles.varied]\nbalance = "per_brand=1"\n', encoding="utf-8")
    model = Recommender.open(tmp_path / "model", rules=rules)
    varied = model.search("lamp", profile="varied")
    assert "re-ranked for per_brand=1" in varied.note
    assert max(Counter(hit.product.brand for hit in varied if hit.product.brand).values()) == 1
    assert max(Counter(hit.product.brand for hit in model.search("lamp")).values()) > 1
    cheap = model.search("lamp", profile="varied", sort="price")
    assert cheap.ids == model.search("lamp", sort="price").ids
    with pytest.raises(SettingsError, match="exclude each other"):
        model.search("lamp", sort="price", balance=Balance(per_brand=1))


def test_what_makes_no_sense_is_an_error(hand: Recommender, tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="price_desc"):
        hand.search("lamp", sort="cheap")  # type: ignore[arg-type]
    with pytest.raises(SettingsError, match="no facet 'colour'"):
        hand.search("lamp", facets=["colour"])
    with pytest.raises(SettingsError, match=r"\[profiles.x\]"):
        hand.search("lamp", profile="x")
    hand.save(tmp_path / "model")
    (tmp_path / "rules.toml").write_text("[[pin]]\nquery = 'a'", encoding="utf-8")
    with pytest.raises(SettingsError, match="line 1: pin 1: product is missing"):
        Recommender.open(tmp_path / "model", rules=tmp_path / "rules.toml")
    with pytest.raises(SettingsError, match="cannot be read"):
        Recommender.open(tmp_path / "model", rules=tmp_path / "gone.toml")


def test_suggestions_after_an_update(tmp_path: Path) -> None:
    shop = Shop.create(tmp_path / "shop")
    products = [Product(id=f"p{i}", title=f"Lamp {i}", brand="Lumo", price=Decimal(i)) for i in range(9)]
    shop.load(products)
    build(shop, settings=PLAIN)
    dearer = update(shop, [replace(products[1], price=Decimal(99))])
    assert (dearer.version.path / "suggest.safetensors").stat().st_nlink == 2  # taken over as it was
    assert "Lamp 1" in [one.text for one in Recommender.open(shop.path).suggest("lamp", k=20)]
    update(shop, [replace(products[1], title="Zebra")])
    after = Recommender.open(shop.path)
    assert [one.text for one in after.suggest("zeb")] == ["Zebra"]
    assert "Lamp 1" not in [one.text for one in after.suggest("lamp", k=20)]
