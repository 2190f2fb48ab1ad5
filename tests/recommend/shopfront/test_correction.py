"""Did you mean: what is said."""

from __future__ import annotations

from recommend.shopfront import Correction


def test_it_says_whether_it_was_searched() -> None:
    said = Correction(typed="labtop bag", text="laptop bag", searched=False)
    assert said.note == "did you mean “laptop bag”?"
    done = Correction(typed="labtop", text="laptop", searched=True)
    assert done.note == "nothing fits “labtop”: these are the products for “laptop”"
    assert done.plain() == {"typed": "labtop", "text": "laptop", "searched": True}
