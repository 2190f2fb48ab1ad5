"""Names and words are read again only where they changed, and nothing is forgotten over it."""

from __future__ import annotations

from collections.abc import Iterable

from hypothesis import given, settings
from hypothesis import strategies as st

from kg.graph import IN_SERIES, Graph
from kg.records import Fact, Product
from kg.snapshot import assemble
from recommend.understand.language import packaged_grammar
from recommend.understand.own_names import OwnNames
from recommend.understand.shop_words import renewed_words, shop_words

SERIES = ("Holt Pro 300", "Pro 300", "Ferrum Office")
NAMES = (
    "Holt",
    "Ferrum",
    "Pro",
    "desk lamps",
    "table lamp & shade",
    "灯具",
    "煎锅 大号",
    "802.11ac (Wi-Fi 5)",
)

products = st.builds(
    Product,
    id=st.sampled_from(("a", "b", "c", "d")),
    title=st.sampled_from(("", *NAMES)),
    description=st.sampled_from(("", *NAMES)),
    brand=st.sampled_from(("", *NAMES[:3])),
    labels=st.lists(st.sampled_from(NAMES), max_size=2, unique=True).map(tuple),
    attributes=st.dictionaries(st.sampled_from(("kind", "灯")), st.sampled_from(NAMES), max_size=2),
)
shops = st.tuples(st.lists(products, max_size=4), st.sets(st.sampled_from(SERIES)))


def graph_of(listed: Iterable[Product], series: Iterable[str]) -> Graph:
    facts = [Fact(head="a", relation=IN_SERIES, tail=name, tail_kind="series") for name in series]
    return assemble(tuple({product.id: product for product in listed}.values()), facts, ())


@settings(deadline=None)
@given(shops, shops)
def test_renewed_names_are_those_of_the_newer_shop(
    early: tuple[list[Product], set[str]], late: tuple[list[Product], set[str]]
) -> None:
    before, after, grammar = graph_of(*early), graph_of(*late), packaged_grammar()
    assert list(OwnNames.of(before, grammar).renewed(before, after, grammar)) == list(
        OwnNames.of(after, grammar)
    )


@settings(deadline=None)
@given(shops, shops)
def test_renewed_words_are_those_of_the_newer_shop(
    early: tuple[list[Product], set[str]], late: tuple[list[Product], set[str]]
) -> None:
    before, after = graph_of(*early), graph_of(*late)
    assert renewed_words(shop_words(before), before, after) == shop_words(after)


def test_a_brand_that_comes_later_shortens_the_names_of_its_series() -> None:
    listed = [Product(id="a", title="Printer")]
    before = graph_of(listed, ["Holt Pro 300"])
    after = graph_of([*listed, Product(id="b", brand="Holt")], ["Holt Pro 300"])
    grammar = packaged_grammar()
    names = OwnNames.of(before, grammar)
    assert "pro 300" not in set(names.keys)
    assert "pro 300" in set(names.renewed(before, after, grammar).keys)
