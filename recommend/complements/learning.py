"""How much each channel says of what goes with a product, learned on orders that were hidden from them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import scipy.sparse as sp

from kg.graph import Graph
from recommend.behaviour import Behaviour
from recommend.channels.base import Links
from recommend.complements.kinds import Kinds, Numbers, orders
from recommend.rank.candidates import candidates
from recommend.rank.learning import learn
from recommend.sparse import csr, only_rows, rows_of

LEAST = 30
MOST = 3_000
DOUBT = 200
"""From so many lines of orders on, what they say counts more than the default weights. Some of these always
stay: orders of what sells well say nothing of what is new, for which facts and kinds are all there is."""


def learn_complements(
    links: Sequence[Links],
    graph: Graph,
    hidden: sp.csr_array,
    start: Mapping[str, float],
    *,
    seed: int,
) -> tuple[dict[str, float], dict[str, Any]] | None:
    """(weight by name, what to put on the card) from what was ordered with one product and was `hidden`
    [users, products] from `links`; None where the log has too few such orders to learn from.

    What may stand in for a product counts neither as a candidate nor as a truth.
    """
    kinds = Kinds.of(graph)
    sources, truth = completed(graph, kinds, hidden)
    if len(sources) < LEAST:
        return None
    chosen = np.arange(len(sources))
    if len(chosen) > MOST:
        chosen = np.sort(np.random.default_rng(seed).choice(chosen, MOST, replace=False))
    sources, truth = sources[chosen], truth[chosen]
    m, n = truth.shape
    asked = Behaviour(
        weight=csr(np.ones(m, dtype=np.float32), sources, np.arange(m + 1), (m, n)),
        moment=np.full(m, np.nan),
        owned=np.ones(m, dtype=np.bool_),
    )
    told = [_for_complements(one, kinds, np.unique(sources)) for one in links if "complement" in one.defaults]
    given = candidates(told, (), asked, truth, np.arange(m), listed=graph.products.listed)
    weights, value = learn(given, {one.name: start.get(one.name, 0.0) for one in told})
    sure = m / (m + DOUBT)
    size = max(start.get(name, 0.0) for name in weights) or 1.0
    weights = {n: sure * worth + (1 - sure) * start.get(n, 0.0) / size for n, worth in weights.items()}
    kept = {name: round(worth, 4) for name, worth in sorted(weights.items()) if worth > 0}
    card = {"lines_of_orders": m, "ndcg@10": round(value, 6), "weights": kept}
    return {**start, **weights}, card


def completed(graph: Graph, kinds: Kinds, hidden: sp.csr_array) -> tuple[Numbers, sp.csr_array]:
    """(a product of an order, bool [lines, products]: what was ordered with it and is hidden from its user).
    Only what may go with it counts, and only lines that have such a thing."""
    order, user, product = orders(graph)
    n = graph.product_count
    lines: list[Numbers] = []
    others: list[Numbers] = []
    place = np.arange(len(order))
    for step in range(1, int(np.bincount(order).max(initial=1))):
        near = np.flatnonzero(order[step:] == order[:-step])
        lines += [place[near], place[near + step]]
        others += [product[near + step], product[near]]
    line, other = np.concatenate([place[:0], *lines]), np.concatenate([product[:0], *others])
    cells = np.sort(rows_of(hidden) * np.int64(n) + hidden.indices)
    unseen = np.isin(user[line] * np.int64(n) + other, cells)
    apart = ~kinds.alike_pairs(product[line], other) | kinds.sets[product[line]]
    line, other = line[unseen & apart], other[unseen & apart]
    asked, row = np.unique(line, return_inverse=True)
    shape = (len(asked), n)
    truth = sp.csr_array((np.ones(len(row), dtype=np.bool_), (row, other)), shape=shape)
    return product[asked], truth


def _for_complements(links: Links, kinds: Kinds, rows: Numbers) -> Links:
    """The rows of some products, without what may stand in for them; candidates are taken as the task weighs
    them."""
    matrix = only_rows(links.matrix, rows)
    heads = rows_of(matrix)
    kept = ~kinds.alike_pairs(heads, matrix.indices.astype(np.int64)) | kinds.sets[heads]
    indptr = np.zeros(matrix.shape[0] + 1, dtype=np.int64)
    np.cumsum(np.bincount(heads[kept], minlength=matrix.shape[0]), out=indptr[1:])
    return replace(
        links,
        matrix=csr(matrix.data[kept], matrix.indices[kept], indptr, matrix.shape),
        defaults={"history": links.defaults["complement"]},
    )
