"""Every way to ask a recommender for products."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from recommend.recommender import Recommender
from recommend.results import Results

Ask = Callable[..., Results]
ALL = 10_000


def entrances(r: Recommender, user: str, product: str, text: str) -> Mapping[str, Ask]:
    """Every way to ask, as a function of k and where."""
    return {
        "search": lambda **a: r.search(text, **a),
        "search for a user": lambda **a: r.search(text, user=user, **a),
        "search with a history": lambda **a: r.search(text, history=[product], **a),
        "similar": lambda **a: r.similar(product, **a),
        "complete": lambda **a: r.complete(product, **a),
        "recommend": lambda **a: r.recommend(user, **a),
        "recommend to a history": lambda **a: r.recommend(history=[product], **a),
        "recommend to a user and a history": lambda **a: r.recommend(user, history=[product], **a),
        "recommend to a visitor": lambda **a: r.recommend(viewed=[product], **a),
        "recommend to a stranger": lambda **a: r.recommend("nobody", **a),
    }


ENTRANCES = tuple(entrances(None, "", "", ""))  # type: ignore[arg-type]


def same(one: Results, other: Results) -> None:
    """The same products with the same scores, to the last bit."""
    assert one.ids == other.ids
    assert [hit.score for hit in one] == [hit.score for hit in other]
