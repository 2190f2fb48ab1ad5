"""`shelfgraph explain` for shoppers, in pictures, and what would have to be missing."""

from __future__ import annotations

import re
import xml.etree.ElementTree as ElementTree
from pathlib import Path

import pytest

from recommend.explain.phrases import FILE
from tests.recommend.cli.lampshop import run

WHY = ("explain", "L3", "--user", "anna")


def test_a_shopper_reads_sentences(pristine: Path) -> None:
    ran = run(*WHY, "--for", "shopper", "--shop", pristine)
    assert (ran.status, ran.err) == (0, "")
    lines = ran.out.splitlines()
    assert lines
    assert all(line[0].isupper() and line.endswith(".") for line in lines)
    assert not re.search(r"%|anna|score|cosine", ran.out)


def test_another_language_is_an_option(pristine: Path) -> None:
    ran = run(*WHY, "--for", "shopper", "--language", "zh", "--shop", pristine)
    assert all(line.endswith("。") for line in ran.out.splitlines())
    analyst = run(*WHY, "--language", "zh", "--shop", pristine).out.splitlines()
    assert analyst[0].startswith("brass floor lamp [L3], score ")
    assert re.match(r"  +\d+%  .*。 \[", analyst[1])
    unknown = run(*WHY, "--language", "tlh", "--shop", pristine)
    assert unknown.status == 2
    assert "'tlh' is not one of en, zh" in unknown.err


def test_a_shop_changes_the_words(pristine: Path) -> None:
    (pristine / FILE).write_text('[did.purchased]\nen = "as {source} is yours"', encoding="utf-8")
    try:
        said = run(*WHY, "--for", "shopper", "--paths", 9, "--shop", pristine).out
        (pristine / FILE).write_text("[did.purchased]\nen = 1", encoding="utf-8")
        faulty = run(*WHY, "--shop", pristine)
    finally:
        (pristine / FILE).unlink()
    assert "As “" in said
    assert faulty.status == 2
    assert "did.purchased.en must be a text" in faulty.err


def test_the_picture_is_written(pristine: Path, tmp_path: Path) -> None:
    file = tmp_path / "why.svg"
    plain = run(*WHY, "--shop", pristine)
    drawn = run(*WHY, "--svg", file, "--shop", pristine)
    assert (drawn.status, drawn.out) == (0, plain.out)
    picture = ElementTree.fromstring(file.read_text(encoding="utf-8"))
    assert picture.findtext("{*}title") == "Why “brass floor lamp”"
    nowhere = run(*WHY, "--svg", tmp_path / "no" / "why.svg", "--shop", pristine)
    assert nowhere.status == 2
    assert "why.svg" in nowhere.err


def test_what_would_have_to_be_missing_is_said(pristine: Path) -> None:
    best = run("recommend", "--user", "anna", "--json", "--shop", pristine).document["hits"][0]["id"]
    asked = ("explain", best, "--user", "anna", "--counterfactual", "--shop", pristine)
    told = run(*asked, "--json").document["counterfactual"]
    assert (told["product"], told["place"]) == (best, 1)
    assert set(told["sentences"]) == {"en", "zh"}
    assert told["text"] in run(*asked).out
    assert told["sentences"]["zh"] in run(*asked, "--for", "shopper", "--language", "zh").out
    assert "counterfactual" not in run(*WHY, "--json", "--shop", pristine).document


@pytest.mark.parametrize("prefer", ["strongest", "recent", "familiar", "diverse"])
def test_other_paths_of_the_same_score(prefer: str, pristine: Path) -> None:
    document = run(*WHY, "--prefer", prefer, "--paths", 2, "--json", "--shop", pristine).document
    every = run(*WHY, "--paths", 99, "--json", "--shop", pristine).document
    assert document["score"] == every["score"]
    assert document["path_count"] == every["path_count"]
    assert document["shown_share"] <= document["share"] == pytest.approx(every["shown_share"])
    assert all(path in every["paths"] for path in document["paths"])
    assert document["explained"] + sum(document["rests"].values()) == pytest.approx(document["score"])


def test_a_search_is_explained_with_its_reading_and_the_shares_of_its_signals(pristine: Path) -> None:
    ran = run("explain", "L1", "--query", "desk lamp without bulb under 90", "--shop", pristine)
    assert ran.status == 0
    head, *lines = ran.out.splitlines()
    assert head.endswith(f"score {head.rsplit(' ', 1)[1]}")
    said = "\n".join(lines)
    assert "without  “bulb”" in said
    assert "filter  price<=90" in said
    (shares,) = (line for line in lines if line.startswith("  signals  "))
    assert sum(int(one) for one in re.findall(r"(\d+)%", shares)) in range(97, 104)
    assert "signals  " not in run("explain", "L1", "--user", "anna", "--shop", pristine).out
