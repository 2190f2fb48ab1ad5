"""What shoppers call the kinds, brands, series and attribute values of a shop.

Names come from the graph's labels, from the aliases that were derived with the types and, for catalogs in
Chinese or Japanese, from titles: a run of characters that most titles of a kind have and few others.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import TypeAlias

import numpy as np
import numpy.typing as npt

from kg.graph import Graph, Node
from kg.records import NodeKind
from recommend.training.kinds import Kinds
from recommend.training.titles import Titles
from recommend.understand.tokens import tokens

Alias: TypeAlias = tuple[str, NodeKind, str, float]
"""A phrase, the kind and the id of the node that it names, and how sure that is."""

LONGEST = 4
"""Nobody types longer names of kinds."""
_CJK_RUN = re.compile("[\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uac00-\ud7af]+")
_SIZES = (2, 3, 4)
_LEAST, _PRECISION, _RECALL, _MOST = 3, 0.6, 0.4, 3
_STRANGE = 0.3
"""How much a name counts that stands in all titles of its kind; one that stands in none counts 1 more."""


@dataclass(frozen=True, kw_only=True, eq=False)
class Names:
    """The names of one graph."""

    graph: Graph
    kinds: Kinds
    titles: Titles
    aliases: tuple[Alias, ...] = ()
    _known: dict[int, tuple[tuple[str, float], ...]] = field(default_factory=dict)

    @cached_property
    def _aliases(self) -> dict[Node, list[tuple[str, float]]]:
        found: dict[Node, list[tuple[str, float]]] = {}
        for phrase, kind, node_id, weight in self.aliases:
            number = self.graph.nodes[kind].number(node_id)
            if number is not None:
                found.setdefault(Node(kind, number), []).append((phrase, weight))
        return found

    def of_kind(self, kind: int) -> tuple[tuple[str, float], ...]:
        """(name, weight) of a kind. Words that its titles lack weigh more: they teach what titles cannot."""
        if kind not in self._known:
            self._known[kind] = tuple(self._of_kind(kind))
        return self._known[kind]

    def _of_kind(self, kind: int) -> Iterator[tuple[str, float]]:
        node = self.kinds.node(kind)
        label = plain(self.graph.label(node))
        names = {label: 1.0} if 0 < len(tokens(label)) <= LONGEST else {}
        for phrase, weight in self._aliases.get(node, ()):
            names.setdefault(plain(phrase), weight)
        rows = np.flatnonzero(self.kinds.sure(kind))
        found = [(name, w * (_STRANGE + 1 - self._said(tokens(name), rows))) for name, w in names.items()]
        found += [(name, 1.0) for name in self.from_titles.get(kind, ())]
        yield from ((name, weight) for name, weight in found if name)

    def _said(self, words: Sequence[str], rows: npt.NDArray[np.int64]) -> float:
        """The share of some products whose titles say a name."""
        if len(rows) == 0 or not words:
            return 0.0
        said = np.zeros(self.graph.product_count, dtype=np.bool_)
        said[self.titles.with_words(words)] = True
        return float(said[rows].mean())

    def of_brand(self, brand: int) -> str:
        return self.graph.nodes["brand"][brand]

    def of_attribute(self, attribute: int) -> str:
        """The value of an attribute as a shopper says it; '' for one that nobody would type."""
        name, _, value = self.graph.nodes["attribute"][attribute].partition("=")
        said = plain(name) if value == "yes" else plain(value)
        if value == "no" or not 0 < len(tokens(said)) <= 3 or len(said) > 30:
            return ""
        return said if any(c.isalpha() for c in said) else ""

    def of_series(self, series: int, brand: int | None) -> str:
        """The name of a series, without the brand in front."""
        name = plain(self.graph.nodes["series"][series])
        maker = "" if brand is None else self.of_brand(brand)
        if maker and name.casefold().startswith(f"{maker.casefold()} "):
            return name[len(maker) + 1 :]
        return name

    @cached_property
    def from_titles(self) -> dict[int, tuple[str, ...]]:
        """Names of kinds from titles in scripts that put no spaces between words."""
        runs = _runs(self.titles, self.graph)
        if not runs:
            return {}
        holders: dict[str, set[int]] = {}
        for row, pieces in runs.items():
            for piece in pieces:
                holders.setdefault(piece, set()).add(row)
        common = {piece: rows for piece, rows in holders.items() if len(rows) >= _LEAST}
        best: dict[str, tuple[float, int]] = {}
        for kind in np.flatnonzero(self.kinds.sizes >= _LEAST).tolist():
            below = [self._with_title(child, runs) for child in self.kinds.children(kind)]
            for score, piece in _telling(self._with_title(kind, runs), runs, common):
                rows = common[piece]
                if any(len(rows & part) >= _PRECISION * len(rows) for part in below):
                    continue  # it names a narrower kind
                if piece not in best or (score, -kind) > (best[piece][0], -best[piece][1]):
                    best[piece] = (score, kind)
        found: dict[int, list[str]] = {}
        for piece in sorted(best, key=lambda p: (-best[p][0], -len(p), p)):
            names = found.setdefault(best[piece][1], [])
            if len(names) < _MOST and not any(piece in other or other in piece for other in names):
                names.append(piece)
        return {kind: tuple(names) for kind, names in found.items()}

    def _with_title(self, kind: int, runs: Mapping[int, set[str]]) -> set[int]:
        return set(np.flatnonzero(self.kinds.sure(kind)).tolist()) & runs.keys()


def plain(text: str) -> str:
    """A label as words: 'Cables_&_adapters' → 'Cables adapters'."""
    return " ".join(re.sub(r"[_&/,;|()]+|\band\b", " ", text).split())


def _runs(titles: Titles, graph: Graph) -> dict[int, set[str]]:
    """Product → the pieces of its title that may be names, for titles without spaces between words."""
    words = titles.corpus.words
    strange = np.array([not word.isascii() and bool(_CJK_RUN.match(word)) for word in words], dtype=np.bool_)
    if not strange.any():
        return {}
    rows = np.repeat(np.arange(len(titles.corpus.indptr) - 1), np.diff(titles.corpus.indptr))
    found: dict[int, set[str]] = {}
    for row in np.unique(rows[strange[titles.corpus.token]]).tolist():
        runs = _CJK_RUN.findall(graph.products.title[row])
        found[row] = {
            run[i : i + size] for run in runs for size in _SIZES for i in range(len(run) - size + 1)
        }
    return found


def _telling(
    own: set[int], runs: dict[int, set[str]], common: dict[str, set[int]]
) -> Iterator[tuple[float, str]]:
    """(how well it tells them from the rest, a piece) for pieces that most of some titles have and few
    others."""
    for piece, count in Counter(piece for row in own for piece in runs[row] if piece in common).items():
        precision, recall = count / len(common[piece]), count / len(own)
        if count >= _LEAST and precision >= _PRECISION and recall >= _RECALL:
            yield 2 * precision * recall / (precision + recall), piece


def odds(weights: npt.ArrayLike) -> npt.NDArray[np.float64]:
    """Weights added up to 1, as `drawn` takes them."""
    share = np.asarray(weights, dtype=np.float64)
    ends = np.cumsum(share / share.sum())
    return np.asarray(ends / ends[-1], dtype=np.float64)


def drawn(rng: np.random.Generator, ends: npt.NDArray[np.float64]) -> int:
    """A place by its odds: what `rng.choice(…, p=…)` draws, in a tenth of the time."""
    return int(ends.searchsorted(rng.random(), side="right"))


def weighted(rng: np.random.Generator, names: Iterable[tuple[str, float]]) -> str:
    """One of some names by weight; '' if there is none."""
    some = tuple(names)
    if not some:
        return ""
    weights = np.array([weight for _, weight in some], dtype=np.float64)
    if weights.sum() <= 0:
        return ""
    return some[drawn(rng, odds(weights))][0]
