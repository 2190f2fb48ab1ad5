"""Which values of a field products have, as numbers, so that counting a result is counting numbers.

A value holds for a product exactly where the filter `field=value` does: text is compared without regard to
case, a category or type holds for everything below it.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise

import numpy as np
import numpy.typing as npt

from kg.graph import OF_TYPE, SUBTYPE_OF, Graph
from kg.product_table import ProductTable
from kg.ragged import spans
from kg.records import CATEGORY_SEPARATOR
from kg.texts import Texts

_NAMES = "\x1f"  # between the names of a path, as filters split the column


@dataclass(frozen=True, kw_only=True, eq=False)
class ValueSets:
    """Product i has the values of the set of_product[i] (int32 [n]); the values of the set s are
    codes[indptr[s]:indptr[s + 1]] (int32, each once).

    `texts` are the values as a filter names them, `labels` what to call them in front of people. `parents`
    is the value above each one, or -1; `shown` marks those that people choose from.
    """

    of_product: npt.NDArray[np.int32]
    indptr: npt.NDArray[np.int64]
    codes: npt.NDArray[np.int32]
    texts: Sequence[str]
    labels: Sequence[str]
    parents: npt.NDArray[np.int32]
    shown: npt.NDArray[np.bool_]

    def counts(self, products: npt.NDArray[np.int64]) -> npt.NDArray[np.int64]:
        """int64 [values]: how many of some products have each."""
        times = np.bincount(self.of_product[products], minlength=len(self.indptr) - 1)
        used = np.flatnonzero(times)
        lengths = np.diff(self.indptr)[used]
        found = np.bincount(
            self.codes[spans(self.indptr[used], lengths)],
            weights=np.repeat(times[used], lengths),
            minlength=len(self.texts),
        )
        return found.astype(np.int64)

    def pairs(self, products: npt.NDArray[np.int64]) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int32]]:
        """(some of these products, a value of each): every pair once."""
        sets = self.of_product[products]
        lengths = np.diff(self.indptr)[sets]
        return np.repeat(products, lengths), self.codes[spans(self.indptr[sets], lengths)]

    @cached_property
    def numbers(self) -> dict[str, int]:
        """Folded text → number of the value."""
        return {text.casefold(): number for number, text in enumerate(self.texts)}

    def named(self, texts: Iterable[str]) -> npt.NDArray[np.int64]:
        """int64, ascending: the values that some texts mean; categories may be named without those above."""
        found: set[int] = set()
        for text in texts:
            number = self.numbers.get(text.casefold())
            found.update(self._called.get(text.casefold(), ()) if number is None else (number,))
        return np.array(sorted(found), dtype=np.int64)

    @cached_property
    def _called(self) -> dict[str, list[int]]:
        found: dict[str, list[int]] = {}
        for number, label in enumerate(self.labels):
            found.setdefault(label.casefold(), []).append(number)
        return found

    @classmethod
    def of_column(cls, column: Texts) -> ValueSets:
        """One text a product; an empty one is no value."""
        found, of_product = column.distinct()
        sets = [[text] if text else [] for text in found]
        uses = np.bincount(of_product, minlength=len(found)).tolist()
        return _folded(of_product, sets, uses, [text for text in found if text])

    @classmethod
    def of_categories(cls, table: ProductTable) -> ValueSets:
        """Category paths, every one above them, and labels."""
        paths, path_of = table.category.distinct()
        lists, list_of = table.labels.distinct()
        both, of_product = np.unique(path_of * np.int64(len(lists)) + list_of, return_inverse=True)
        uses = np.bincount(of_product, minlength=len(both)).tolist()
        branches = [path.split(_NAMES) if path else [] for path in paths]
        labels = [names.split(_NAMES) if names else [] for names in lists]
        tails = [_tails(branch) for branch in branches]
        nodes = dict.fromkeys(
            text
            for text in (*(t for some in tails for t in some), *(n for some in labels for n in some))
            if text
        )
        sets = []
        for pair in both.tolist():
            path, names = divmod(pair, len(lists))
            # a name inside a path is a value only if some path begins with it, or it is a label
            sets.append([*tails[path], *branches[path], *labels[names]])
        parents = {child: parent for some in tails for parent, child in pairwise(some)}
        called = {
            tail: name
            for some, names in zip(tails, branches, strict=True)
            for tail, name in zip(some, names, strict=True)
        }
        return _folded(of_product, sets, uses, nodes, parents=parents, labels=called)

    @classmethod
    def of_types(cls, graph: Graph) -> ValueSets:
        """Types, and every one above them; people choose from those that products are of."""
        names = list(graph.nodes["type"])
        relation = graph.relation(OF_TYPE, "product", "type")
        if relation is None or not names:
            return _folded(np.zeros(graph.product_count, dtype=np.int64), [[]], [0], [])
        tree = graph.relation(SUBTYPE_OF, "type", "type")
        above: list[list[int]] = [[] for _ in names]
        if tree is not None:
            for child, parent in zip(tree.heads.tolist(), tree.tails.tolist(), strict=True):
                above[child].append(parent)
        closures = [_closure(node, above) for node in range(len(names))]
        # most products are of one type: a set for each type, and one for each product that has several
        counts = np.diff(relation.indptr)
        of_product = np.full(graph.product_count, len(names), dtype=np.int64)
        single = np.flatnonzero(counts == 1)
        of_product[single] = relation.tails[relation.indptr[single]]
        sets: list[list[str]] = [[names[n] for n in closure] for closure in closures]
        sets.append([])
        for product in np.flatnonzero(counts > 1).tolist():
            of_product[product] = len(sets)
            direct = relation.tails[relation.row(product)].tolist()
            sets.append([names[n] for node in direct for n in closures[node]])
        uses = np.bincount(of_product, minlength=len(sets)).tolist()
        direct_names = {names[n] for n in np.unique(relation.tails).tolist()}
        parents = {names[child]: names[some[0]] for child, some in enumerate(above) if some}
        return _folded(of_product, sets, uses, names, parents=parents, shown=direct_names)


def _tails(branch: Sequence[str]) -> list[str]:
    return [CATEGORY_SEPARATOR.join(branch[: depth + 1]) for depth in range(len(branch))]


def _closure(node: int, above: Sequence[Sequence[int]]) -> list[int]:
    found = [node]
    for one in found:  # grows while it is walked
        found += [parent for parent in above[one] if parent not in found]
    return found


def _folded(
    of_product: npt.NDArray[np.int64],
    sets: Sequence[Iterable[str]],
    uses: Sequence[int],
    values: Iterable[str],
    *,
    parents: dict[str, str] | None = None,
    labels: dict[str, str] | None = None,
    shown: set[str] | None = None,
) -> ValueSets:
    """Values that differ in case are one, called as most products write it."""
    wanted = {text.casefold() for text in values}
    spelt: Counter[str] = Counter()
    for some, times in zip(sets, uses, strict=True):
        for text in set(some):
            spelt[text] += times
    spelling: dict[str, str] = {}
    for text in sorted(spelt, key=lambda text: (-spelt[text], text)):
        if text.casefold() in wanted:
            spelling.setdefault(text.casefold(), text)
    for text in sorted(wanted - spelling.keys()):
        spelling[text] = text
    order = sorted(spelling)
    numbers = {folded: number for number, folded in enumerate(order)}
    rows = [sorted({numbers[f] for t in some if (f := t.casefold()) in numbers}) for some in sets]
    indptr = np.zeros(len(rows) + 1, dtype=np.int64)
    np.cumsum([len(row) for row in rows], out=indptr[1:])
    above = np.full(len(order), -1, dtype=np.int32)
    for child, parent in (parents or {}).items():
        one, other = numbers.get(child.casefold()), numbers.get(parent.casefold())
        if one is not None and other is not None and one != other:
            above[one] = other
    called = {text.casefold(): label for text, label in (labels or {}).items()}
    chosen = None if shown is None else {text.casefold() for text in shown}
    return ValueSets(
        of_product=of_product.astype(np.int32),
        indptr=indptr,
        codes=np.array([code for row in rows for code in row], dtype=np.int32),
        texts=[spelling[folded] for folded in order],
        labels=[called.get(folded, spelling[folded]) for folded in order],
        parents=above,
        shown=np.array([chosen is None or folded in chosen for folded in order], dtype=np.bool_),
    )
