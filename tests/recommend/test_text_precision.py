"""Text vectors of rounded weights or not: queries and updates follow what the products were encoded with."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from encoders.text import precision_of
from kg.errors import ModelError, SettingsError
from recommend.query_encoders import EncoderKeys, QueryEncoders
from recommend.recommender import Recommender
from recommend.settings import Settings
from recommend.vector_stages import text_encoder
from tests.recommend.shops import TEXTS, of_words

SETTINGS = Settings(image=False, kge=False, gnn=False, fusion=None, threads=1, search_queries=0)


@pytest.fixture(scope="module")
def exact() -> Recommender:
    return Recommender.fit(of_words(), settings=replace(SETTINGS, text_precision="float32"))


def test_rounded_is_the_default_and_finds_the_same_products_first(exact: Recommender) -> None:
    rounded = Recommender.fit(of_words(), settings=SETTINGS)
    assert precision_of(rounded.fitted.made.keys.text or "") == "int8"
    assert precision_of(exact.fitted.made.keys.text or "") == "float32"
    # by meaning alone: where two kinds are equally likely, a rounding may decide which words are added
    first = [[_nearest(model, text) for text in TEXTS] for model in (rounded, exact)]
    assert np.mean([one == other for one, other in zip(*first, strict=True)]) >= 0.9


def _nearest(model: Recommender, text: str) -> str:
    """The product whose text is nearest to a query."""
    hits = model.search(text, k=60)
    return max(hits, key=lambda hit: (hit.signals.get("text_similarity", 0.0), hit.product.id)).product.id


def test_queries_are_encoded_as_the_products_were(exact: Recommender, tmp_path: Path) -> None:
    """Also in a version of before there was a choice, whose settings name none."""
    exact.save(tmp_path / "model")
    again = Recommender.open(tmp_path / "model")
    encoders = QueryEncoders.of(again.fitted.made, SETTINGS)  # which say int8, but products say float32
    expected = text_encoder(replace(SETTINGS, text_precision="float32")).encode_query(TEXTS)
    assert np.array_equal(encoders.text_vectors(TEXTS), expected)


def test_updates_encode_as_the_build_did() -> None:
    for precision in ("int8", "float32"):
        key = text_encoder(replace(SETTINGS, text_precision=precision)).key
        for other in ("int8", "float32"):
            assert text_encoder(replace(SETTINGS, text_precision=other), like=key).key == key


def test_another_model_is_a_clear_error() -> None:
    keys = EncoderKeys(text="text/another@123/mean/64/int8-128")
    encoders = QueryEncoders(keys=keys, text_model=None, text_length=64, image_model=None, fusion=None)
    with pytest.raises(ModelError, match=r"all-MiniLM.*text/another@123.*build the shop again"):
        encoders.text_vectors(["lamp"])


def test_a_precision_there_is_not_is_refused() -> None:
    with pytest.raises(SettingsError, match="int4"):
        replace(SETTINGS, text_precision="int4")  # type: ignore[arg-type]
