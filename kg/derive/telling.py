"""Kinds that attributes tell where words do not: a 'card' that has all that memory cards have is one of them.

Only kinds of which the attributes are unlike those of all else that is called so: what laser printers have,
other printers have as well.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt
import scipy.sparse as sp

from kg.derive.deciding import CLASSIFIER, Decision
from kg.derive.features import Features
from kg.derive.phrases import Phrases
from kg.derive.vocabulary import Vocabulary
from kg.derive.words import GENERAL

Numbers = npt.NDArray[np.int64]

_FEWEST = 8
"""So many products of a kind must have attributes."""
_DESCRIBED = 4
"""A product with fewer attributes tells nothing by them."""
_UNLIKE = 0.35
"""The greatest cosine with the attributes of what else is called so."""
_USUAL = 25.0
"""So many percent of a kind's own products may be less like it than what is taken to be of it."""
_ROUNDING = 1e-5
_SHARE = 0.9
"""What remains of the confidence."""


@dataclass(frozen=True, kw_only=True, eq=False)
class TellingKinds:
    """wide, kind int64 [k]: types and the kinds of them that attributes tell; least float32 [k]: how like the
    kind a product must be; seen float32 [k, features], sparse: the usual attributes of each, of length 1."""

    wide: Numbers
    kind: Numbers
    least: npt.NDArray[np.float32]
    seen: sp.csr_array

    @classmethod
    def nothing(cls, columns: int) -> TellingKinds:
        """Of so many features none tells anything."""
        none = np.zeros(0, dtype=np.int64)
        seen = sp.csr_array(np.zeros((0, columns), dtype=np.float32))
        return cls(wide=none, kind=none, least=np.zeros(0, dtype=np.float32), seen=seen)

    def told(self, decision: Decision, features: Features, matrix: sp.csr_array) -> Decision:
        """The decision, with narrower types for products of which words say the wide ones."""
        wanted = np.flatnonzero(np.isin(decision.node, self.wide) & (decision.source != CLASSIFIER))
        if not len(wanted):  # so is any that no kind tells of
            return decision
        rows, described = _attributes(features, matrix[wanted])
        wanted, rows = wanted[described], rows[np.flatnonzero(described)]
        like = (rows @ self.seen.T).toarray()
        like[decision.node[wanted, None] != self.wide] = -1
        like[like < self.least - _ROUNDING] = -1
        found = np.flatnonzero(like.max(axis=1) > 0)
        best = like.argmax(axis=1)
        node, confidence = decision.node.copy(), decision.confidence.copy()
        node[wanted[found]] = self.kind[best[found]]
        confidence[wanted[found]] *= _SHARE
        return replace(decision, node=node, confidence=confidence)


def learn_telling(
    phrases: Phrases, vocabulary: Vocabulary, decision: Decision, features: Features, matrix: sp.csr_array
) -> TellingKinds:
    """Compare the products of all types with those of the types above."""
    rows, described = _attributes(features, matrix)
    above = phrases.type_above()
    typed = np.flatnonzero((decision.node >= 0) & described)
    members = phrases.members(typed, decision.node[typed], len(decision.node)).T
    size = np.diff(members.indptr)
    pairs = [
        (wide, kind)
        for kind in np.flatnonzero(size >= _FEWEST).tolist()
        if vocabulary.words[phrases.words(kind)[-1]] not in GENERAL
        for wide in _above(kind, above)
    ]
    wide, kind = np.array(pairs, dtype=np.int64).reshape(-1, 2).T
    sums = (members @ rows).tocsr()
    square = np.asarray(sums.multiply(sums).sum(axis=1), dtype=np.float64).ravel()
    inner = np.asarray(sums[kind].multiply(sums[wide]).sum(axis=1), dtype=np.float64).ravel()
    rest = np.sqrt(np.maximum(0, square[wide] - 2 * inner + square[kind]))
    alike = (inner - square[kind]) / np.maximum(1e-9, np.sqrt(square[kind]) * rest)
    kept = (alike <= _UNLIKE) & (rest > 1e-3)
    wide, kind = wide[kept], kind[kept]
    scale = sp.diags_array(1 / np.sqrt(np.maximum(1e-12, square[kind])))
    unit = sp.csr_array(scale @ sums[kind])
    least = np.zeros(len(kind), dtype=np.float32)
    for place, node in enumerate(kind.tolist()):
        own = members.indices[members.indptr[node] : members.indptr[node + 1]]
        least[place] = np.percentile((rows[own] @ unit[[place]].T).toarray(), _USUAL)
    return TellingKinds(wide=wide, kind=kind, least=least, seen=unit.astype(np.float32))


def _above(node: int, above: Numbers) -> Iterator[int]:
    while (node := int(above[node])) >= 0:
        yield node


def _attributes(features: Features, matrix: sp.csr_array) -> tuple[sp.csr_array, npt.NDArray[np.bool_]]:
    """(which attributes products have, rows of length 1; whether they are enough to tell anything)."""
    names = np.array([name.startswith("a:") for name in features.names], dtype=np.bool_)
    rows = sp.csr_array(matrix @ sp.diags_array(names.astype(np.float32)))
    rows.eliminate_zeros()
    length = np.sqrt(np.asarray(rows.multiply(rows).sum(axis=1))).ravel()
    rows = sp.csr_array(sp.diags_array((1 / np.maximum(length, 1e-9)).astype(np.float32)) @ rows)
    return rows, np.diff(rows.indptr) >= _DESCRIBED
