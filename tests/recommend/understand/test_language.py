"""The word lists: those that come along, and those of a shop."""

from __future__ import annotations

from pathlib import Path

import pytest

from kg.errors import DataError
from recommend.understand.language import CUES, Grammar, Synonyms, packaged_grammar, packaged_synonyms


def test_the_packaged_lists_are_whole() -> None:
    grammar = packaged_grammar()
    assert all(grammar.phrases[cue] for cue in CUES)
    assert len(packaged_synonyms().same) > 100
    for group in packaged_synonyms().same:
        assert len(group) > 1
        assert len(set(group)) == len(group), group


def test_no_phrase_asks_for_the_least_and_the_most() -> None:
    phrases = packaged_grammar().phrases
    assert phrases["below"].isdisjoint(phrases["above"])
    assert phrases["for"].isdisjoint(phrases["without"])


def test_fellows_go_both_ways_and_meanings_one_way() -> None:
    synonyms = Synonyms(same=(("TV", "television sets"),), means=(("hoodie", ("sweater",)),))
    assert synonyms.fellows() == {
        "tv": ("television set",),
        "television set": ("tv",),
        "sweater": ("hoodie",),
    }


def test_lists_of_a_shop_are_read(tmp_path: Path) -> None:
    path = tmp_path / "synonyms.toml"
    path.write_text('same = ["sofa, couch"]\n[means]\nchesterfield = "sofa"\n', encoding="utf-8")
    own = Synonyms.read(path)
    assert own == Synonyms(same=(("sofa", "couch"),), means=(("chesterfield", ("sofa",)),))
    both = packaged_synonyms().and_also(own)
    assert both.means[-1] == ("chesterfield", ("sofa",))


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("same = 3", "list of lines"),
        ("same = [3]", "list of lines"),
        ("means = ['a']", "[means] must have lines"),
        ("equal = ['a, b']", "use 'same' and 'means'"),
        ("same = [", "cannot be read as TOML"),
        (b"\xff\xfe\x00", "cannot be read as TOML"),
    ],
)
def test_damaged_synonyms(tmp_path: Path, content: str | bytes, said: str) -> None:
    path = tmp_path / "synonyms.toml"
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    with pytest.raises(DataError, match=said.replace("[", r"\[")):
        Synonyms.read(path)


def test_a_grammar_with_an_unknown_list(tmp_path: Path) -> None:
    path = tmp_path / "grammar.toml"
    path.write_text('[beneath]\nen = ["beneath"]\n', encoding="utf-8")
    with pytest.raises(DataError, match="beneath"):
        Grammar.read(path)
    with pytest.raises(DataError, match="cannot be read"):
        Grammar.read(tmp_path / "missing.toml")
