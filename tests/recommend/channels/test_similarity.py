"""What the channel of vectors says of products that its search found and of others."""

from __future__ import annotations

import numpy as np
import pytest

from kg.vectors import Vectors
from recommend.channels.similarity import SimilarityChannel
from recommend.index import vector_index
from recommend.index.vector_index import SpaceIndex
from recommend.query import PreparedQuery, Query


@pytest.mark.parametrize("rounded_from", [0, 1_000_000])
def test_what_the_search_found_has_the_values_that_it_has_by_itself(
    rounded_from: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(vector_index, "ROUNDED_FROM", rounded_from)
    rng = np.random.default_rng(3)
    matrix = rng.standard_normal((500, 24)).astype(np.float32)
    matrix[250:300] = matrix[7]  # ties across the end of what the search finds
    present = rng.random(500) < 0.8
    index = SpaceIndex.of(Vectors(ids=tuple(map(str, range(500))), matrix=matrix, present=present))
    vector = matrix[7] / np.linalg.norm(matrix[7])
    query = PreparedQuery(query=Query(text="lamp"), encoders={"text": lambda _: vector})
    signal = SimilarityChannel("text", index).signal(query)
    assert signal is not None
    products = rng.permutation(500)
    together = signal.values(products)
    alone = [float(signal.values(np.array([product]))[0]) for product in products.tolist()]
    assert together.tolist() == alone
    assert not together[~present[products]].any()
    assert together.max() == 1.0
