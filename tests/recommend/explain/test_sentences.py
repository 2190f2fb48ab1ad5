"""What shoppers read: a template for every relation, in every language, and a shop's own words over them."""

from __future__ import annotations

import string
from pathlib import Path

import pytest

from kg.errors import DataError, SettingsError
from kg.graph import DERIVED_RELATIONS, MEMBERSHIP, SERVING, USER_RELATIONS
from kg.records import Fact, Interaction, Product
from kg.snapshot import assemble
from recommend.explain.explanation import ExplainedEdge, ExplainedNode, ExplainedPath, Explanation
from recommend.explain.phrases import FILE, Phrasebook, Way, packaged_phrases, phrases_of_shop
from recommend.query import Query
from recommend.recommender import Recommender
from tests.recommend.shops import PLAIN

ALL = 1_000
YOU = ExplainedNode(kind="user", id="u42", label="u42")
LAMP = ExplainedNode(kind="product", id="l", label="Brass lamp")
GOAL = ExplainedNode(kind="product", id="g", label="LED bulb")
BRAND = ExplainedNode(kind="brand", id="Lumo", label="Lumo")
WORD = ExplainedNode(kind="word", id="lamp", label="lamp", stored=False)


def edge(
    start: ExplainedNode,
    relation: str,
    end: ExplainedNode,
    *,
    forward: bool = True,
    support: float | None = None,
    unit: str = "",
) -> ExplainedEdge:
    return ExplainedEdge(
        start=start,
        relation=relation,
        end=end,
        forward=forward,
        stored=support is None,
        support=support,
        support_unit=unit,
    )


BOUGHT = edge(YOU, "purchased", LAMP)
ALSO = edge(LAMP, "bought_together", GOAL, support=3.0, unit="users")
ALIKE = edge(LAMP, "bought_alike", GOAL, support=3.0, unit="users")
NEXT = edge(LAMP, "bought_next", GOAL, support=2.0, unit="users")
SAME = (edge(LAMP, "made_by", BRAND), edge(BRAND, "made_by", GOAL, forward=False))


def told(*ways: tuple[ExplainedEdge, ...], asked: str = "user", **more: object) -> Explanation:
    paths = tuple(ExplainedPath(channel="c", contribution=1.0, edges=way) for way in ways)
    score = more.pop("score", len(paths) or 1.0)
    return Explanation(
        product=Product(id="g", title="LED bulb"),
        score=score,  # type: ignore[arg-type]
        signals={},
        paths=paths,
        path_count=len(paths),
        explained=float(len(paths)),
        asked=asked,  # type: ignore[arg-type]
        **more,  # type: ignore[arg-type]
    )


SAID = [
    (
        told((BOUGHT, ALSO)),
        "Because you bought “Brass lamp”, and people who bought it also bought this.",
        "因为您买过“Brass lamp”，买了它的人也买了这件商品。",
    ),
    (
        told((BOUGHT, NEXT), (BOUGHT, *SAME), (BOUGHT, ALSO)),
        "Because you bought “Brass lamp”: people who bought it went on to buy this, and both are made by "
        "Lumo.",
        "因为您买过“Brass lamp”：买了它的人随后也买了这件商品，两者同为Lumo品牌。",
    ),
    (
        told((BOUGHT, ALIKE), (BOUGHT, ALSO)),
        "Because you bought “Brass lamp”, and people who bought it also bought this.",
        "因为您买过“Brass lamp”，买了它的人也买了这件商品。",
    ),
    (
        told((BOUGHT, ALIKE)),
        "Because you bought “Brass lamp”, and the same people tend to buy both.",
        "因为您买过“Brass lamp”，常有同一群人购买这两件商品。",
    ),
    (
        told((BOUGHT, NEXT)),
        "Because you bought “Brass lamp”, and others bought this next.",
        "因为您买过“Brass lamp”，有人随后买了这件商品。",
    ),
    (
        told((BOUGHT, *SAME)),
        "Same brand as your “Brass lamp”: Lumo.",
        "与您买过的“Brass lamp”同一品牌：Lumo。",
    ),
    (
        told((BOUGHT, ALSO), (BOUGHT, *SAME)),
        "Because you bought “Brass lamp”: people who bought it also bought this, and both are made by Lumo.",
        "因为您买过“Brass lamp”：买了它的人也买了这件商品，两者同为Lumo品牌。",
    ),
    (
        told((BOUGHT, edge(LAMP, "compatible_with", GOAL, forward=False))),
        "Fits your “Brass lamp”.",
        "适用于您买过的“Brass lamp”。",
    ),
    (
        told((edge(YOU, "viewed", LAMP), *SAME)),
        "Same brand as “Brass lamp”: Lumo.",
        "与您看过的“Brass lamp”同一品牌：Lumo。",
    ),
    (
        told((edge(LAMP, "image_neighbour", GOAL, support=0.91, unit="similarity"),), asked="product"),
        "Similar in style to “Brass lamp”.",
        "外观与“Brass lamp”相似。",
    ),
    (
        told((ALSO,), asked="product"),
        "Because you are looking at “Brass lamp”, and people who bought it also bought this.",
        "因为您正在看“Brass lamp”，买了它的人也买了这件商品。",
    ),
    (
        told((BOUGHT, edge(LAMP, "dances_with", GOAL))),
        "Linked to your “Brass lamp” (dances with).",
        "与您买过的“Brass lamp”有关联（dances with）。",
    ),
    (
        told(
            (edge(WORD, "mentioned_in", GOAL, support=2.0, unit="BM25"),),
            (edge(WORD, "names", BRAND, support=1.0), edge(BRAND, "made_by", GOAL, forward=False)),
            asked="search",
        ),
        "It matches “lamp”, and it is made by Lumo.",
        "它与“lamp”相符，它是Lumo的产品。",
    ),
    (told(rests={"popularity": 1.0}), "Popular with our customers.", "深受顾客欢迎。"),
    (told(adjustment=1.0), "Chosen by what we have learned from all customers.", None),
    (told(told=("pinned by the rule “x”",)), "Placed by the shop.", "由本店推荐。"),
    (told(asked="search"), "It matches your search.", "与您的搜索相符。"),
]


@pytest.mark.parametrize(("explanation", "english", "chinese"), SAID, ids=[said for _, said, _ in SAID])
def test_sentences(explanation: Explanation, english: str, chinese: str | None) -> None:
    assert explanation.sentences() == (english,)
    if chinese is not None:
        assert explanation.sentences(language="zh") == (chinese,)


def test_what_was_only_looked_at_was_not_chosen() -> None:
    (said,) = told((ALSO,), asked="history", viewed=frozenset({LAMP.id})).sentences()
    assert said == "Because you looked at “Brass lamp”, and people who bought it also bought this."


def test_kinds_that_go_together_are_named() -> None:
    lamps, bulbs = (ExplainedNode(kind="type", id=name, label=name) for name in ("lamp", "bulb"))
    way = (
        BOUGHT,
        edge(LAMP, "of_type", lamps),
        edge(lamps, "ordered_together", bulbs, support=29.0, unit="orders"),
        edge(bulbs, "of_type", GOAL, forward=False),
    )
    one = told(way)
    assert one.sentences() == (
        "Because you bought “Brass lamp”, and “lamp” and “bulb” are often ordered together.",
    )
    assert one.sentences(language="zh") == ("因为您买过“Brass lamp”，“lamp”和“bulb”经常一起下单。",)
    assert "29 orders" in one.svg()
    assert "“lamp” and “bulb” go together (29 orders)" in one.text


def test_a_shop_that_lifts_a_product_says_so_one_that_lowers_it_need_not() -> None:
    for value, said in ((0.5, True), (-0.5, False)):
        one = told((BOUGHT, ALSO), rests={"rule.summer": value}, told=("moved by the rule “summer”",))
        assert ("Placed by the shop." in one.sentences()) is said


def test_what_weighs_most_is_said_first_also_if_it_is_popularity() -> None:
    mostly = told((BOUGHT, *SAME), rests={"popularity": 9.0}, score=10.0)
    assert mostly.sentences() == ("Popular with our customers.", "Same brand as your “Brass lamp”: Lumo.")
    hardly = told((BOUGHT, *SAME), rests={"popularity": 0.1}, score=1.1)
    assert hardly.sentences() == ("Same brand as your “Brass lamp”: Lumo.",)


def test_a_language_that_has_no_words_for_it_says_two_things_one_by_one(tmp_path: Path) -> None:
    english = packaged_phrases()._tables["marks"]["en"]
    marks = ", ".join(f"{name} = {value!r}" for name, value in english.items())
    (tmp_path / FILE).write_text(
        f"[marks]\nfr = {{ {marks} }}\n"
        '[did.purchased]\nfr = "vous avez {source}"\n'
        '[relation.bought_together.users]\nfr = "souvent avec"\n'
        '[relation.bought_next.users]\nfr = "puis ceci"\n',
        encoding="utf-8",
    )
    one = told((BOUGHT, ALSO), (BOUGHT, NEXT), phrases=phrases_of_shop(tmp_path))
    assert one.sentences(language="fr") == ("Vous avez “Brass lamp”: souvent avec, and puis ceci.",)


def test_several_products_for_one_reason_are_named_together() -> None:
    shade = ExplainedNode(kind="product", id="s", label="Paper shade")
    both = told(
        (BOUGHT, *SAME), (edge(YOU, "purchased", shade), edge(shade, "made_by", BRAND), SAME[1])
    ).sentences()
    assert both == ("Same brand as your “Brass lamp” and your “Paper shade”: Lumo.",)


def test_several_nodes_of_one_relation_share_a_clause() -> None:
    values = [ExplainedNode(kind="attribute", id=v, label=v) for v in ("colour: black", "dimmable: yes")]
    ways = [
        (BOUGHT, edge(LAMP, "has_attribute", v), edge(v, "has_attribute", GOAL, forward=False))
        for v in values
    ]
    assert told(*ways).sentences() == ("Has “colour: black” and “dimmable”, like your “Brass lamp”.",)
    assert told(*ways).sentences(language="zh") == (
        "与您买过的“Brass lamp”一样具有“colour: black”和“dimmable”。",
    )


def test_long_titles_are_cut() -> None:
    lamp = ExplainedNode(kind="product", id="l", label="Lamp with " + "very " * 30 + "long foot")
    (said,) = told((edge(YOU, "purchased", lamp), edge(lamp, "goes_with", GOAL))).sentences()
    assert said.startswith("Goes well with your “Lamp with very very")
    assert said.endswith("…”.")
    assert len(said) < 90


def test_braces_in_titles_are_no_templates() -> None:
    lamp = ExplainedNode(kind="product", id="l", label="{yours} {0} {")
    assert (
        "{yours} {0} {" in told((edge(YOU, "purchased", lamp), edge(lamp, "goes_with", GOAL))).sentences()[0]
    )


def test_an_analyst_gets_shares_and_support() -> None:
    one = told((BOUGHT, ALSO))
    assert one.sentences(voice="analyst") == tuple(line.strip() for line in one.text.splitlines()[1:])
    (line,) = one.sentences(language="zh", voice="analyst")
    assert line == "100%  因为您买过“Brass lamp”，买了它的人也买了这件商品。 [c; 3 users]"


def test_unknown_languages_and_voices_are_said() -> None:
    with pytest.raises(SettingsError, match="language='tlh' is not one of en, zh"):
        told().sentences(language="tlh")
    with pytest.raises(SettingsError, match="voice='poet'"):
        told().sentences(voice="poet")  # type: ignore[arg-type]
    with pytest.raises(SettingsError, match="language='tlh'"):
        told().svg(language="tlh")


WAYS: tuple[tuple[str, tuple[Way, ...]], ...] = (
    *((relation, ("shared", "asked")) for relation in MEMBERSHIP.values()),
    ("in_collection", ("shared", "asked")),
    *((relation, ("forward", "backward", "shared", "asked")) for relation in SERVING),
    *((relation, ("users", "after")) for relation in ("bought_together", "met_together")),
    *((relation, ("users",)) for relation in ("bought_next", "met_next", "bought_alike", "met_alike")),
    *((f"{space}_neighbour", ("similar",)) for space in ("text", "image", "fused", "kge", "gnn")),
    *((f"{space}_similarity", ("word",)) for space in ("text", "image", "fused")),
    *((relation, ("word",)) for relation in ("mentioned_in", "identifies", "asks_for", "names")),
)


@pytest.mark.parametrize("language", ["en", "zh"])
def test_what_channels_say_has_templates_of_its_own(language: str) -> None:
    book = packaged_phrases()
    for relation, ways in WAYS:
        for way in ways:
            clause = book.reason(relation, way, language).clause
            assert clause != book.reason("no such relation", way, language).clause or clause in (
                "it matches {word}",
                "它与{word}相符",
            )
    for relation in (*(name for name, _ in WAYS), *DERIVED_RELATIONS, *USER_RELATIONS.values()):
        if not relation.endswith("_similarity"):
            assert book.label(relation, "zh") != book.label(relation, "en")
    for did in USER_RELATIONS.values():
        assert "{source}" in book.did(did, language).clause


def test_every_text_is_in_both_languages_with_the_same_places() -> None:
    def pairs(table: dict[str, object]) -> None:
        for ending in ("", "_alone", "_yours"):
            ours = [table.get(language + ending) for language in ("en", "zh")]
            if isinstance(ours[0], str) or isinstance(ours[1], str):
                if ending == "":
                    assert isinstance(ours[0], str)
                    assert isinstance(ours[1], str), table
                places = [
                    {
                        name
                        for _, name, _, _ in string.Formatter().parse(str(text).replace("{name}", "{node}"))
                        if name
                    }
                    for text in ours
                    if text
                ]
                assert all(one == places[0] for one in places), table
        for value in table.values():
            if isinstance(value, dict):
                pairs(value)

    for name, table in packaged_phrases()._tables.items():
        if name not in ("marks", "picture"):
            pairs(table)


def test_a_shop_says_it_in_its_own_words(tmp_path: Path) -> None:
    (tmp_path / FILE).write_text(
        """
[marks.de]
quote = "„{}“"
and = " und "
list = ", "
one = ", und "
more = ": "
comma = ", "
last = " und "
stop = "."
[relation.dances_with.forward]
en = "the two dance"
en_alone = "dances with {yours}"
[relation.made_by.shared]
en_alone = "also by {name}"
[did.purchased]
de = "weil Sie {source} kauften"
de_yours = "Ihr {source}"
[relation.bought_together.users]
de = "wer das kaufte, kaufte auch dies"
""",
        encoding="utf-8",
    )
    book = phrases_of_shop(tmp_path)
    assert book.languages == ("en", "zh", "de")
    dancing = told((BOUGHT, edge(LAMP, "dances_with", GOAL)), phrases=book)
    assert dancing.sentences() == ("Dances with your “Brass lamp”.",)
    assert dancing.sentences(language="zh") == ("与您买过的“Brass lamp”有关联（dances with）。",)
    assert told((BOUGHT, *SAME), phrases=book).sentences() == ("Also by Lumo.",)
    german = told((BOUGHT, ALSO), phrases=book).sentences(language="de")
    assert german == ("Weil Sie „Brass lamp“ kauften, und wer das kaufte, kaufte auch dies.",)
    assert set(told((BOUGHT, ALSO), phrases=book).plain()["sentences"]) == {"en", "zh", "de"}
    assert phrases_of_shop(tmp_path / "elsewhere") is packaged_phrases()


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("[", "cannot be read as TOML"),
        ("[song]\nen = 'x'", "song"),
        ("[relation.a.sideways]\nen = 'x'", "forward, backward"),
        ("[any.sideways]\nen = 'x'", "forward, backward"),
        ("[relation.a.forward]\nen = 1", "must be a text"),
        ("[relation.a.forward]\nen = 'x {user}'", "{user}"),
        ("[relation.a.forward]\nen = 'x {'", "x {"),
        ("[relation.a.forward]\nen = 'x {node.id}'", "{node.id}"),
        ("[marks]\nde = { quote = '„{}“' }", "[marks] de has no 'and'"),
    ],
)
def test_faults_in_a_shops_file_are_said(text: str, said: str, tmp_path: Path) -> None:
    (tmp_path / FILE).write_text(text, encoding="utf-8")
    with pytest.raises(DataError) as raised:
        phrases_of_shop(tmp_path)
    assert said in str(raised.value)
    assert FILE in str(raised.value)


def test_a_recommender_of_a_folder_speaks_in_its_words(hand: Recommender, tmp_path: Path) -> None:
    hand.save(tmp_path / "model")
    (tmp_path / "model" / FILE).write_text('[did.purchased]\nen = "as {source} is yours"', encoding="utf-8")
    model = Recommender.open(tmp_path / "model")
    said = model.explain(Query(user="u1"), "lamp3", paths=ALL).sentences()
    assert any(sentence.startswith("As “") for sentence in said)


def test_a_relation_that_a_shop_invents_is_told() -> None:
    products = [Product(id=i, title=f"Title {i}") for i in "abc"]
    facts = [Fact(head="a", relation="dances_with", tail=t) for t in "bc"]
    log = [Interaction(user="someone", product="a")]
    model = Recommender.fit(assemble(products, facts, log), settings=PLAIN)
    assert model.explain(Query(user="someone"), "b", paths=1).sentences() == (
        "Linked to your “Title a” (dances with).",
    )
    shared = model.explain(Query(product="b"), "c", paths=1).sentences()
    assert shared == ("Because you are looking at “Title b”, and “Title a” is linked to both (dances with).",)
    assert isinstance(model.explain(Query(user="someone"), "b").phrases, Phrasebook)
