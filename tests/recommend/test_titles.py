"""What titles say of a property: the same whether all of them are read or only those that mention it."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given
from hypothesis import strategies as st

from kg.texts import Texts
from recommend.channels.lexical import fields_of
from recommend.channels.queries import mentioning
from recommend.recommender import Recommender
from recommend.titles import Titles
from recommend.understand.tokens import tokens
from tests.recommend.shops import PLAIN
from tests.tiny import tiny_graph

WORDS = ("fan", "Fans", "fan-less", "no", "without", "free", "usb", "3.0", "ÜBER", "风扇", "x", "'", "w/o")
texts = st.lists(st.sampled_from(WORDS), max_size=6).flatmap(
    lambda words: st.sampled_from([" ", "-", ", ", ""]).map(lambda joint: joint.join(words))
)


def _said(title: str, words: str) -> bool:
    """Whether a title has the words in a row."""
    phrase, own = tokens(words), tokens(title)
    return any(own[at : at + len(phrase)] == phrase for at in range(len(own) - len(phrase) + 1))


@given(st.lists(texts, max_size=12), texts.filter(tokens), st.integers(0, 99))
def test_only_those_that_mention_it_need_to_be_read(titles: list[str], words: str, seed: int) -> None:
    def having(phrase: Sequence[str]) -> npt.NDArray[np.int64]:
        return np.array(
            [n for n, title in enumerate(titles) if set(phrase) <= {*tokens(title)}], dtype=np.int64
        )

    among = np.random.default_rng(seed).random(len(titles)) < 0.8
    found = list(Titles(Texts.of(titles)).saying(words, among))
    assert found == list(Titles(Texts.of(titles), having).saying(words, among))
    assert all(among[row] and _said(titles[row], words) for row in found)
    plain = [
        n for n, title in enumerate(titles) if not any(cue in title for cue in ("no", "out", "free", "w/o"))
    ]
    assert set(plain).intersection(found) == {n for n in plain if among[n] and _said(titles[n], words)}


@pytest.mark.parametrize(
    ("title", "said"),
    [
        ("Desk fan", True),
        ("Desk FANS, quiet", True),
        ("Case, no fan", False),
        ("Case without fans", False),
        ("Fan-free case", False),
        ("Fanless case", False),
        ("Fantasy book", False),
    ],
)
def test_a_title_that_says_it_lacks_something_does_not_say_it(title: str, said: bool) -> None:
    assert list(Titles(Texts.of([title])).saying("fan", np.ones(1, dtype=np.bool_))) == ([0] if said else [])


def test_the_words_of_a_shop_tell_which_titles_to_read() -> None:
    model = Recommender.fit(tiny_graph(), settings=PLAIN)
    having, table = mentioning(model.fitted.query_channels), model.graph.products
    assert having is not None
    listed = np.flatnonzero(table.listed).tolist()
    words = {row: set(tokens("\n".join(fields_of(table, row)))) for row in listed}
    for said in [table.title[row] for row in listed if table.title[row]] + [
        "lamp",
        "qzxqzvq",
        "lamp qzxqzvq",
    ]:
        expected = [row for row in listed if set(tokens(said)) <= words[row]]
        assert having(tokens(said)).tolist() == expected
    assert len(having([])) == 0
