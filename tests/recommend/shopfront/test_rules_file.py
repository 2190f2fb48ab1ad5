"""Rules files: the documented format, and everything that can be wrong with one."""

from __future__ import annotations

import re
from datetime import date
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kg.errors import SettingsError
from recommend.shopfront import rules
from recommend.shopfront.rules import When, words_of
from recommend.shopfront.rules_file import read_rules, rules_of, rules_of_shop


def documented() -> str:
    """The example in the module's docstring."""
    return "\n".join(line[4:] for line in (rules.__doc__ or "").splitlines() if line.startswith("    "))


def test_the_documented_file_is_read_as_it_says() -> None:
    read = rules_of(documented())
    assert read.synonyms.same == (("sofa", "couch", "settee"),)
    assert read.synonyms.means == (("notebook", ("laptop",)),)
    (pin,) = read.pins
    assert (pin.name, pin.products, pin.position, pin.when.queries) == (
        "pin 1",
        ("SG-0012",),
        1,
        (("desk", "lamp"),),
    )
    own, sold_out = read.boosts
    assert (own.name, own.factor, own.when.types) == ("own brand", 1.3, frozenset({"lamp"}))
    assert (sold_out.name, [str(one) for one in sold_out.where]) == (
        "bury 1",
        ["availability=sold_out", "price>500"],
    )
    (hide,) = read.hides
    assert (hide.when.first, hide.when.last) == (date(2026, 3, 1), date(2026, 3, 31))
    profile = read.profiles["clearance"]
    assert (profile.channels, profile.taste, profile.relevance, profile.sort) == (
        {"lexical": 1.5},
        0.1,
        0.4,
        "price",
    )
    assert [(one.name, one.factor) for one in profile.boosts] == [
        ("clearance boost 1", 2.0),
        ("clearance bury 1", 0.8),
    ]
    assert read.newest == "release date"


def test_the_example_in_the_readme_is_one() -> None:
    readme = (Path(__file__).parents[3] / "README.md").read_text(encoding="utf-8")
    (block,) = [part for part in re.findall(r"```toml\n(.*?)```", readme, re.DOTALL) if "[[boost]]" in part]
    read = rules_of(block, "README.md")
    assert read.synonyms.same
    assert (len(read.pins), len(read.boosts), len(read.profiles)) == (1, 1, 1)


def test_a_profile_weighs_channels() -> None:
    profile = rules_of("[profiles.x]\nchannels = { lexical = 1.5, fused = 0 }").profiles["x"]
    assert profile.weighted({"lexical": 0.4, "fused": 0.1, "text": 1.0}) == {
        "lexical": pytest.approx(0.6),
        "fused": 0.0,
        "text": 1.0,
    }


def test_an_empty_file_has_no_rules(tmp_path: Path) -> None:
    path = tmp_path / "rules.toml"
    path.write_bytes(b"\xef\xbb\xbf# nothing yet\n")
    assert read_rules(path).pins == ()
    assert rules_of_shop(tmp_path) == path
    assert rules_of_shop(tmp_path / "elsewhere") is None


WRONG = {
    'x = 1': (0, "'x' is unknown", "there are synonym"),
    '[[pins]]\nquery = "a"': (0, "'pins' is unknown", "did you mean 'pin'?"),
    '[pin]\nquery = "a"': (0, "[pin] is one table", "[[pin]]"),
    'pin = 3': (0, "[pin] is one table", "[[pin]]"),
    '[[pin]]\nquery = "a"': (1, "pin 1: product is missing", 'product = "ID"'),
    '[[pin]]\nproduct = "A"': (1, "pin 1: query is missing", "contains or types"),
    '[[pin]]\nproduct = "A"\nproducts = ["B"]\nquery = "a"': (2, "side by side", "keep products"),
    '# …\n\n[[pin]]\nproduct = "A"\nquery = "a"\nposition = 0': (6, "position = 0", "position = 1"),
    '[[pin]]\nproduct = "A"\nquery = "a"\nposition = true': (4, "position = True", "position = 1"),
    '[[pin]]\nproduct = 7\nquery = "a"': (2, "product = 7", 'product = "…"'),
    '[[pin]]\nproduct = "A"\nquery = "!?"': (3, "query holds no word", "people search for"),
    '[[pin]]\nproduct = "A"\nquery = ["a", 3]': (3, "query = ['a', 3]", "list of texts"),
    '[[pin]]\nproduct = "A"\nquery = []': (3, "query = [] lists nothing", "remove the line"),
    '[[pin]]\nproduct = "A"\nquery = "a"\nfrom = "soon"': (4, "from = 'soon' is no date", "2026-03-01"),
    '[[pin]]\nproduct = "A"\nquery = "a"\nfrom = 5': (4, "from = 5 is no date", "2026-03-01"),
    '[[pin]]\nproduct = "A"\nquery = "a"\nfrom = 2026-03-02\nto = 2026-03-01': (5, "lies before", "exchange"),
    '[[pin]]\nproduct = "A"\nquery = "a"\npostion = 3': (4, "postion is unknown", "did you mean 'position'?"),
    '[[boost]]\nfactor = 2': (1, "boost 1: where is missing", 'where = "brand=…"'),
    '[[boost]]\nwhere = "brand=HP"': (1, "factor is missing", "factor = 1.5"),
    '[[boost]]\nwhere = "brand=HP"\nfactr = 2': (3, "factr is unknown", "did you mean 'factor'?"),
    '[[boost]]\nname = "us"\nwhere = "brand=HP"\nfactor = 0.5': (4, "boost 'us': factor = 0.5", "= 1.5"),
    '[[bury]]\nwhere = "brand=HP"\nfactor = 2': (3, "factor = 2 must be", "factor = 0.5"),
    '[[boost]]\nwhere = "brand=HP"\nfactor = nan': (3, "factor = nan", "factor = 1.5"),
    '[[boost]]\nwhere = "brand=HP"\nfactor = "2"': (3, "factor = '2'", "factor = 1.5"),
    '[[boost]]\nwhere = "colour=red"\nfactor = 2': (2, "'colour=red' is no filter", "attr.NAME"),
    '[[boost]]\nwhere = "price<cheap"\nfactor = 2': (2, "'price<cheap' is no filter", "number"),
    '[[boost]]\nwhere = { brand = "HP" }\nfactor = 2': (2, "where = {'brand': 'HP'}", "list of texts"),
    '[[boost]]\nname = " "\nwhere = "brand=HP"\nfactor = 2': (2, "name = ' '", "name"),
    '[[hide]]': (1, "one of them is needed", 'where = "…"'),
    '[[hide]]\nwhere = "brand=HP"\nproduct = "A"': (2, "one of them is needed", "product"),
    '[[synonym]]\nwords = ["sofa"]': (2, "must be two at least", "mend"),
    '[[synonym]]\nwords = ["sofa", "sofa"]': (2, "must be two at least", "mend"),
    '[[synonym]]\nword = "sofa"': (1, "means is missing", 'word = "sofa"'),
    '[[synonym]]\nwords = ["a", "b"]\nword = "c"': (1, "needs either", "words ="),
    'synonym = [3]': (0, "3, not a table", "[[synonym]]"),
    '[profiles]\nx = 1': (0, "profile 'x': is 1, not a table", "[profiles.x]"),
    'profiles = 1': (0, "must be tables", "[profiles.NAME]"),
    '[profiles.x]\nchannels = { lexical = "much" }': (2, "lexical = 'much'", "lexical = 1.5"),
    '[profiles.x]\nchannels = 3': (2, "channels = 3", "{ lexical = 1.5 }"),
    '[profiles.x]\ntaste = 2': (2, "taste = 2", "taste = 0.1"),
    '[profiles.x]\nbalance = "variety=1"': (2, "'variety' is unknown", "diversity"),
    '[profiles.x]\nsort = "price"\nbalance = "per_brand=2"': (3, "a sort exclude each other", "leave one"),
    '[profiles.x]\nsort = "cheapest"': (2, "sort = 'cheapest'", "price_desc"),
    '[profiles.x]\nboost = { where = "brand=HP" }': (2, "must be a list", "boost = [{"),
    '[profiles.x]\nboost = [{ where = "brand=HP" }]': (1, "x boost 1: factor is missing", "factor = 1.5"),
    '[profiles.x]\nweight = 1': (2, "weight is unknown", "there are"),
    '[sort]\nnewest = 3': (2, "newest = 3", "newest"),
    '[sort]\noldest = "x"': (2, "oldest is unknown", "newest"),
    '[[pin]\nquery = "a"': (0, "is not TOML", "quotes"),
    '[[pin]]\nquery = desk lamp': (0, "is not TOML", "quotes"),
    '[[hide]]\nname="a"\nproduct="A"\n[[hide]]\nname="a"\nproduct="B"': (0, "two rules", "another"),
    "a = " + "[" * 5_000: (0, "TOML", ""),
}  # fmt: skip


@pytest.mark.parametrize("text", WRONG, ids=[text[:60] for text in WRONG])
def test_what_cannot_be_meant_is_an_error_with_line_rule_value_and_fix(text: str) -> None:
    line, problem, fix = WRONG[text]
    with pytest.raises(SettingsError) as caught:
        rules_of(text, "shop/rules.toml")
    said = str(caught.value)
    assert said.startswith("shop/rules.toml")
    assert problem in said
    assert fix in said
    assert "\n" not in said
    if line:
        assert said.startswith(f"shop/rules.toml, line {line}: ")


def test_the_line_is_that_of_the_rule_among_several() -> None:
    pins = ('[[pin]]\nproduct="A"\nquery="a"\n', '[[pin]]\nproduct="C"\nquery="c"\nposition="1"')
    text = '\n[[hide]]\nproduct="B"\n\n'.join(pins)
    with pytest.raises(SettingsError, match=r"line 11: pin 2: position = '1'"):
        rules_of(text)


def test_files_that_cannot_be_read(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match=r"gone\.toml cannot be read \(No such file.*check the path"):
        read_rules(tmp_path / "gone.toml")
    with pytest.raises(SettingsError, match="cannot be read"):
        read_rules(tmp_path)
    (tmp_path / "latin.toml").write_bytes('[[synonym]]\nwords = ["Stühle", "Sessel"]'.encode("latin-1"))
    with pytest.raises(SettingsError, match=r"not UTF-8 \(byte \d+\); save them as UTF-8"):
        read_rules(tmp_path / "latin.toml")


def refusal(text: str) -> str:
    """What is said of a file; nothing if it can be read."""
    try:
        rules_of(text)
    except SettingsError as error:
        return str(error)
    return ""


@given(cut=st.integers(0, 2_000), put=st.text(max_size=4))
def test_a_damaged_file_is_read_or_refused(cut: int, put: str) -> None:
    text = documented()
    cut %= len(text)
    for damaged in (text[:cut] + put, text[:cut] + put + text[cut + len(put) :]):
        assert refusal(damaged) == "" or refusal(damaged).startswith("rules.toml")


@given(text=st.text())
def test_any_text_is_read_or_refused(text: str) -> None:
    assert refusal(text) == "" or refusal(text).startswith("rules.toml")


TODAY = date(2026, 3, 15)


@pytest.mark.parametrize(
    ("when", "query", "types", "day", "holds"),
    [
        (When(), "anything", (), TODAY, True),
        (When(queries=(words_of("desk lamp"),)), "Desk LAMPS", (), TODAY, True),
        (When(queries=(words_of("desk lamp"),)), "lamp desk", (), TODAY, False),
        (When(queries=(words_of("desk lamp"),)), "desk lamp brass", (), TODAY, False),
        (When(queries=(words_of("rug"), words_of("lamp"))), "lamp", (), TODAY, True),
        (When(contains=(words_of("desk lamp"),)), "cheap desk lamp brass", (), TODAY, True),
        (When(contains=(words_of("desk lamp"),)), "lamp for a desk", (), TODAY, False),
        (When(contains=(words_of("台灯"),)), "黄铜台灯", (), TODAY, True),
        (When(types=frozenset({"laptop"})), "notebook", ("laptop",), TODAY, True),
        (When(types=frozenset({"laptop"})), "laptop", (), TODAY, False),
        (When(types=frozenset({"laptop"}), contains=(("hp",),)), "hp", ("laptop",), TODAY, True),
        (When(types=frozenset({"laptop"}), contains=(("hp",),)), "dell", ("laptop",), TODAY, False),
        (When(first=TODAY, last=TODAY), "x", (), TODAY, True),
        (When(first=date(2026, 3, 16)), "x", (), TODAY, False),
        (When(last=date(2026, 3, 14)), "x", (), TODAY, False),
    ],
)
def test_when_a_rule_holds(when: When, query: str, types: tuple[str, ...], day: date, holds: bool) -> None:
    assert when.holds(words_of(query), types, day) is holds
