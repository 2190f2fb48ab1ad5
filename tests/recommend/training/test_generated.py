"""Queries made from a graph: known answers, and the same ones from the same seed."""

from __future__ import annotations

import re

import numpy as np
import pytest

from kg.records import Product
from kg.snapshot import assemble
from recommend.training.generated import GeneratedQueries, generate
from recommend.training.noise import other_number, slipped, spaced
from recommend.training.split import by_group
from recommend.training.templates import TEMPLATES
from tests.recommend.shops import planted
from tests.recommend.training.catalog import computers
from tests.tiny import tiny_graph


@pytest.fixture(scope="module")
def made() -> GeneratedQueries:
    return generate(computers(), count=150)


def test_every_query_has_an_answer_and_is_asked_once(made: GeneratedQueries) -> None:
    assert len(made) >= 60
    assert len({text.casefold() for text in made.text}) == len(made)
    for query in range(len(made)):
        products, grades = made.graded(query)
        assert (np.diff(products) > 0).all()
        assert grades.max() == 3
        assert set(grades.tolist()) <= {-1, 1, 2, 3}
        assert (made.grades_of(query, made.hard_of(query)) == 0).all()


def test_most_templates_find_something_in_a_typed_shop(made: GeneratedQueries) -> None:
    assert set(made.template) >= {"type", "brand_type", "attribute_type", "measure_type", "x_for_y", "series"}
    assert set(made.template) <= set(TEMPLATES)


def test_accessories_are_hard_negatives_of_the_device() -> None:
    graph = computers()
    made = generate(graph, count=150)
    laptops = [q for q, wanted in enumerate(made.wanted) if made.text[q] in ("laptop", "laptops")]
    assert laptops
    names = {graph.nodes["product"][int(p)] for p in made.hard_of(laptops[0])}
    assert {"b-hp", "b-any", "s-care"} <= names


def test_aliases_are_asked_for() -> None:
    made = generate(computers(), count=200, aliases=[("notebook", "type", "laptop", 0.9)])
    asked = [
        q for q in range(len(made)) if re.search("notebook", made.text[q]) and made.template[q] == "type"
    ]
    assert asked
    _, grades = made.graded(asked[0])
    assert int((grades == 3).sum()) == 4


def test_the_seed_decides() -> None:
    graph = planted()
    one, same, other = (generate(graph, count=80, seed=seed) for seed in (1, 1, 2))
    assert one.text == same.text
    assert one.text != other.text
    for name in ("indptr", "products", "grades", "hard", "hard_indptr"):
        np.testing.assert_array_equal(getattr(one, name), getattr(same, name))


def test_whole_families_are_held_out() -> None:
    made = generate(planted(), count=200)
    split = by_group(made.group)
    sides = [{made.group[q] for q in side.tolist()} for side in (split.train, split.check, split.held)]
    assert all(sides)
    assert not sides[0] & sides[1]
    assert not sides[0] & sides[2]
    assert not sides[1] & sides[2]
    assert sorted(np.concatenate([split.train, split.check, split.held]).tolist()) == list(range(len(made)))


def test_chinese_queries_have_no_spaces() -> None:
    kinds = {
        "台灯": "Table lamps",
        "咖啡杯": "Cups",
        "帐篷": "Tents",
        "背包": "Bags",
        "跑步鞋": "Shoes",
        "键盘": "Keyboards",
    }
    colours = ("黑色经典", "白色简约", "红色", "蓝色实木", "绿色新款")
    graph = assemble(
        [
            Product(id=f"{name}{i}", title=f"{colour}{name}", brand=f"Brand{i}", category=("All", name_en))
            for name, name_en in kinds.items()
            for i, colour in enumerate(colours)
        ],
        (),
        (),
    )
    made = generate(graph, count=100)
    types = [q for q in range(len(made)) if made.template[q] == "type" and not made.text[q].isascii()]
    assert {made.text[q] for q in types} & set(kinds)
    assert all(" " not in made.text[q] for q in types)
    for query in types:
        _, grades = made.graded(query)
        assert int((grades == 3).sum()) == len(colours)


def test_a_shop_that_says_nothing_gives_no_queries() -> None:
    assert len(generate(assemble((), (), ()), count=20)) == 0
    assert len(generate(assemble([Product(id="a"), Product(id="b")], (), ()), count=20)) == 0
    assert len(generate(tiny_graph(), count=50)) > 0


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("laptop bag", "laptop bags"),
        ("Batteries", "Battery"),
        ("watch", "watches"),
        ("glass", "glasses"),
        ("boxes", "box"),
        ("tv", "tv"),
        ("bus", "buses"),
    ],
)
def test_another_number(one: str, other: str) -> None:
    assert other_number(one) == other


def test_slips_change_one_word_and_not_its_first_letter() -> None:
    for seed in range(50):
        rng = np.random.default_rng(seed)
        words = slipped("wireless tv headphones", rng).split()
        assert len(words) == 3
        assert [word[0] for word in words] == ["w", "t", "h"]
        assert words[1] == "tv"
    assert slipped("tv 500gb", np.random.default_rng(0)) == "tv 500gb"


def test_spacing() -> None:
    rng = np.random.default_rng(0)
    assert spaced("head set", rng) == "headset"
    assert spaced("e-reader", rng) in ("e reader", "ereader")
    assert spaced("monitor 24", rng) == "monitor 24"
