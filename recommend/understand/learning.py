"""Names that titles teach: a word that stands where a thing's own name is missing, and hardly anywhere else.

'Ferrum steel skillet' and 'Ferrum 煎锅' are frying pans whose titles do not say so; the words that such
titles share, and that other products lack, are other names of frying pans.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator

import numpy as np
import numpy.typing as npt
import scipy.sparse as sp

from kg.graph import Graph, Node
from kg.records import NodeKind
from recommend.understand.grams import LEAST, LEAST_CJK, Titles, grams
from recommend.understand.language import Grammar
from recommend.understand.names import KINDS_OF_THING, SPOKEN, SYNONYM, Entry, called
from recommend.understand.nodes import Nodes
from recommend.understand.tokens import is_cjk
from recommend.understand.words import Word, normal, split

_SURE = 0.8
"""Of the titles with the word, this share must be of the node's products."""
_COVER_THING, _COVER_LIKE, _COVER = 0.2, 0.1, 0.4
"""Of the node's titles without its name, this share must have the word: of a type, of a type whose name has
the same last word, of anything else."""
_ONE_BRAND = 0.8
"""A word that one brand has in more of its titles than this is a name of that brand's."""
_THING = 0.05
"""What is left open names a thing, not one of its properties."""
_UBIQUITOUS = 0.3
_VOICE = 0.02
"""A language has this share of the titles, else it is a chance."""
_FAR = 0xE3
"""The first byte in UTF-8 of CJK characters."""
_CHOICES = 4
_LOOKED_AT = 8


def learnt_names(
    graph: Graph,
    linked: sp.csr_array,
    *,
    known: Collection[str],
    things: Collection[str],
    grammar: Grammar,
) -> Iterator[Entry]:
    """Entries for words that name nothing so far. linked: products × all nodes (`agreement.product_nodes`);
    known: all names; things: those of types and categories."""
    if not len(graph.nodes["category"]) and _one_language(graph):
        return
    titles = Titles.of(graph)
    names, has = grams(titles, known, grammar)
    if not names:
        return
    own = linked[titles.rows]
    totals = np.asarray(own.sum(axis=0)).ravel()
    useful = (totals >= LEAST_CJK) & (totals <= max(LEAST, _UBIQUITOUS * len(titles.rows)))
    own = _columns(own, useful & _learnable(graph, titles))
    shared = (has.T.tocsr() @ own).tocoo()
    occurs = np.asarray(has.sum(axis=0)).ravel()
    least = np.array([LEAST_CJK if is_cjk(gram[0]) else LEAST for gram in names])
    sure = (shared.data >= _SURE * occurs[shared.row]) & (shared.data >= least[shared.row])
    row, column, count = shared.row[sure], shared.col[sure], shared.data[sure]
    closeness = count / np.sqrt(occurs[row] * totals[column])
    order = np.lexsort((-column, -closeness, row))  # of equals the deeper category
    row, column = row[order], column[order]
    evidence = _Evidence(graph, titles, names, has, own, linked[titles.rows], things)
    for gram in np.unique(row).tolist():
        start, stop = np.searchsorted(row, [gram, gram + 1])
        near = column[start : min(stop, start + _CHOICES)].tolist()
        fits = [(evidence.fit(gram, node), -place, node) for place, node in enumerate(near)]
        fit, _, node = max(fits)
        if fit > 0:
            yield Entry(names[gram], node, min(1.0, fit), SYNONYM)


class _Evidence:
    """Looks at titles one by one, for the few pairs of a word and a node that are worth it."""

    def __init__(
        self,
        graph: Graph,
        titles: Titles,
        grams: list[str],
        has: sp.csr_array,
        own: sp.csr_array,
        linked: sp.csr_array,
        things: Collection[str],
    ) -> None:
        self._graph = graph
        self._titles = titles
        self._grams = grams
        self._with = has.tocsc()
        self._products = own.tocsc()
        self._nodes = Nodes(graph)
        self._things = [name.replace(" ", "") for name in things if is_cjk(name[0]) and len(name) > 1]
        self._without: dict[int, npt.NDArray[np.int64]] = {}
        self._names: dict[Node, list[Word]] = {}
        self._voices = int(titles.voice.max()) + 1
        self._common = int(np.bincount(titles.voice).argmax())
        start = graph.offsets["brand"]
        brands = linked[:, start : start + len(graph.nodes["brand"])].tocsr()
        self._brand = np.where(np.diff(brands.indptr) > 0, 0, -1).astype(np.int64)
        filled = np.flatnonzero(self._brand == 0)
        self._brand[filled] = brands.indices[brands.indptr[filled]]

    def fit(self, gram: int, number: int) -> float:
        """How well a word fits as a name of a node; 0 if it is none."""
        node = self._nodes.node(number)
        thing = node.kind in KINDS_OF_THING
        among = self._with.indices[self._with.indptr[gram] : self._with.indptr[gram + 1]]
        products = self._of_node(number)
        cjk = is_cjk(self._grams[gram][0])
        alike = self._ends_like(gram, node)
        lacking = products if alike else self._lacking(number, node)
        voices = np.bincount(self._titles.voice[among], minlength=self._voices)
        if node.kind != "category" and int(voices.argmax()) == self._common:
            return 0.0
        # two products share some property or other by chance
        if node.kind == "attribute" and (len(among) < LEAST or (cjk and self._names_thing(gram, among))):
            return 0.0
        lacking = lacking[voices[self._titles.voice[lacking]] >= 0.2 * len(among)]
        stand_in = len(np.intersect1d(lacking, among, assume_unique=True))
        if stand_in < (LEAST_CJK if cjk else LEAST):
            return 0.0
        cover = stand_in / len(lacking)
        least = _COVER if not thing else _COVER_LIKE if alike else _COVER_THING
        if cover < least or (thing and self._of_one_brand(among, products)):
            return 0.0
        return (0.5 if cjk else 0.4) + 0.35 * cover + (_THING if thing else 0.0)

    def _ends_like(self, gram: int, node: Node) -> bool:
        """Whether words end as a name does, 'drinking bottle' as 'water bottle': they may stand beside it."""
        words = self._called(node)
        return bool(words) and not words[-1].cjk and self._grams[gram].split(" ")[-1] == words[-1].token

    def _names_thing(self, gram: int, among: npt.NDArray[np.int32]) -> bool:
        """Whether some characters are part of what titles call a thing: those of 机械键盘 say no property."""
        name = self._grams[gram].replace(" ", "")
        cut = 0
        some = among[:_LOOKED_AT].tolist()
        for title in some:
            text = self._titles.cjk[title]
            start = text.find(name)
            spans = ((text.find(thing), len(thing)) for thing in self._things)
            cut += any(0 <= at < start + len(name) and start < at + length for at, length in spans)
        return 2 * cut > len(some)

    def _called(self, node: Node) -> list[Word]:
        """The words of a node's name."""
        if node not in self._names:
            self._names[node] = split(normal(called(self._graph, node)))
        return self._names[node]

    def _of_one_brand(self, among: npt.NDArray[np.int32], products: npt.NDArray[np.int64]) -> bool:
        brands = self._brand[among]
        brands = brands[brands >= 0]
        if not len(brands) or np.bincount(brands).max() <= _ONE_BRAND * len(brands):
            return False
        others = self._brand[products]
        return bool((others != others[0]).any())

    def _of_node(self, number: int) -> npt.NDArray[np.int64]:
        found: npt.NDArray[np.int32] = self._products.indices[
            self._products.indptr[number] : self._products.indptr[number + 1]
        ]
        return found.astype(np.int64)

    def _lacking(self, number: int, node: Node) -> npt.NDArray[np.int64]:
        """The titles of a node that lack the last word of its name (of Chinese, its name)."""
        known = self._without.get(number)
        if known is None:
            products = self._of_node(number)
            words = self._called(node)
            if not words:
                named = products
            elif words[-1].cjk:
                name, cjk = "".join(word.folded for word in words), self._titles.cjk
                named = np.array([p for p in products.tolist() if name in cjk[p]], dtype=np.int64)
            else:
                named = self._titles.having(words[-1].token)
            known = self._without[number] = np.setdiff1d(products, named)
        return known


def _learnable(graph: Graph, titles: Titles) -> npt.NDArray[np.bool_]:
    """bool [all nodes]: categories, whose names a shop makes up beside the titles; where titles are in
    several languages all that has names, which are then written in only one of them."""
    found = np.zeros(graph.node_count, dtype=np.bool_)
    kinds: tuple[NodeKind, ...] = ("category",)
    if np.count_nonzero(np.bincount(titles.voice) >= _VOICE * len(titles.voice)) > 1:
        kinds = SPOKEN
    for kind in kinds:
        found[graph.offsets[kind] : graph.offsets[kind] + len(graph.nodes[kind])] = True
    return found


def _one_language(graph: Graph) -> bool:
    """Whether all products say the same language, and hardly any title has a letter beyond Europe's."""
    table = graph.products
    languages = set(table.language.distinct()[0]) - {""}
    return len(languages) < 2 and int(np.count_nonzero(table.title.data >= _FAR)) < _VOICE * len(table)


def _columns(matrix: sp.csr_array, wanted: npt.NDArray[np.bool_]) -> sp.csr_array:
    """The same shape with only some columns filled."""
    found = matrix.tocoo()
    kept = wanted[found.col]
    return sp.coo_array((found.data[kept], (found.row[kept], found.col[kept])), shape=matrix.shape).tocsr()
