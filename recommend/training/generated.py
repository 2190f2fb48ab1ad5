"""Queries that nobody typed, made from the graph, with the products that answer them.

The graph knows what is relevant to a type, to 'brand + type', to 'attribute + type', to 'X for Y' (see
`recommend.training.wanted` for the rule). Derived edges have errors: only sure ones are used, products of
which nothing is sure are left out of the lists, and names that titles do not have are drawn more often.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from kg.graph import MADE_BY, Graph
from kg.vectors import Vectors
from recommend.stages import Progress
from recommend.training.draw import Draft, Draw
from recommend.training.kinds import SURE, Kinds
from recommend.training.likeness import Likeness
from recommend.training.names import Alias, Names, drawn, odds
from recommend.training.noise import typed
from recommend.training.templates import TEMPLATES
from recommend.training.titles import Titles
from recommend.training.wanted import Grader, Wanted
from recommend.understand.tokens import tokens

_TRIES = 12
"""So many drafts are drawn for each query that is wanted, before the rest is given up."""
_STALE = 150
"""After so many drafts without a new query there are no more."""
EACH = 8
"""No more queries than this for each product: in a small shop the same would only be said again, mistyped."""
BEST = 3


@dataclass(frozen=True, kw_only=True, eq=False)
class GeneratedQueries:
    """Queries and their graded products: those of query q are products[indptr[q]:indptr[q + 1]], int32,
    ascending, with grades int8: 3 (all met) to 1, and -1 where nobody knows. All other products have grade 0.

    `template` says how a query was made ('clicks': it was typed). `group` is what a query is about: all
    queries of one family of kinds, or of one brand, share it, so that whole families can be held out.
    `hard` holds, in the same way, products that look right and are not: accessories, the same brand or the
    same words with another kind.
    """

    text: tuple[str, ...]
    template: tuple[str, ...]
    group: tuple[str, ...]
    wanted: tuple[Wanted, ...]
    indptr: npt.NDArray[np.int64]
    products: npt.NDArray[np.int32]
    grades: npt.NDArray[np.int8]
    hard_indptr: npt.NDArray[np.int64]
    hard: npt.NDArray[np.int32]

    def __len__(self) -> int:
        return len(self.text)

    def graded(self, query: int) -> tuple[npt.NDArray[np.int32], npt.NDArray[np.int8]]:
        """(products, grades) of one query."""
        cells = slice(int(self.indptr[query]), int(self.indptr[query + 1]))
        return self.products[cells], self.grades[cells]

    def hard_of(self, query: int) -> npt.NDArray[np.int32]:
        """The hard negatives of one query."""
        return self.hard[int(self.hard_indptr[query]) : int(self.hard_indptr[query + 1])]

    def grades_of(self, query: int, products: npt.NDArray[np.integer]) -> npt.NDArray[np.int8]:
        """int8 [m]: the grades of some products for one query."""
        known, grades = self.graded(query)
        if len(known) == 0:
            return np.zeros(len(products), dtype=np.int8)
        at = np.minimum(np.searchsorted(known, products), len(known) - 1)
        return np.where(known[at] == products, grades[at], 0).astype(np.int8)

    def then(self, other: GeneratedQueries) -> GeneratedQueries:
        """These queries and others; of two with the same text the other one stays."""
        newer = {text.casefold() for text in other.text}
        kept = [q for q, text in enumerate(self.text) if text.casefold() not in newer]
        rows = [Made.of(self, q) for q in kept] + [Made.of(other, q) for q in range(len(other))]
        return together(rows)


@dataclass(frozen=True, kw_only=True, eq=False)
class Made:
    """One query of GeneratedQueries."""

    text: str
    template: str
    group: str
    wanted: Wanted
    products: npt.NDArray[np.int32]
    grades: npt.NDArray[np.int8]
    hard: npt.NDArray[np.int32]

    @classmethod
    def of(cls, queries: GeneratedQueries, query: int) -> Made:
        products, grades = queries.graded(query)
        return cls(
            text=queries.text[query],
            template=queries.template[query],
            group=queries.group[query],
            wanted=queries.wanted[query],
            products=products,
            grades=grades,
            hard=queries.hard_of(query),
        )


def together(rows: Collection[Made]) -> GeneratedQueries:
    """Queries one after the other."""
    return GeneratedQueries(
        text=tuple(row.text for row in rows),
        template=tuple(row.template for row in rows),
        group=tuple(row.group for row in rows),
        wanted=tuple(row.wanted for row in rows),
        indptr=_ends(len(row.products) for row in rows),
        products=_joined((row.products for row in rows), np.int32),
        grades=_joined((row.grades for row in rows), np.int8),
        hard_indptr=_ends(len(row.hard) for row in rows),
        hard=_joined((row.hard for row in rows), np.int32),
    )


def generate(
    graph: Graph,
    *,
    count: int = 1_500,
    aliases: Iterable[Alias] = (),
    titles: Titles | None = None,
    vectors: Vectors | None = None,
    hard: int = 30,
    broadest: float = 0.25,
    seed: int = 0,
    progress: Progress | None = None,
) -> GeneratedQueries:
    """Up to `count` different queries; fewer where the graph has little to ask for (at most EACH a product).

    `aliases` are other names of types and series, `vectors` those of the products' texts, `hard` how many
    hard negatives a query gets at most. Queries that a larger share than `broadest` of the shop answers are
    passed over.
    """
    rng = np.random.default_rng(seed)
    titles = titles or Titles.of(graph.products)
    kinds = Kinds.of(graph)
    names = Names(graph=graph, kinds=kinds, titles=titles, aliases=tuple(aliases))
    draw = Draw(graph, kinds, titles, names, rng)
    grader = Grader(graph, kinds, titles, None if vectors is None else Likeness(vectors))
    shares = odds([share for _, share in TEMPLATES.values()])
    forms = list(TEMPLATES)
    listed = int(graph.products.listed.sum())
    count, most = min(count, EACH * listed), max(broadest * listed, 3.0)
    rows: list[Made] = []
    seen: set[str] = set()
    last = 0
    for tried in range(count * _TRIES):
        if len(rows) == count or tried - last > _STALE:
            break
        if progress is not None and tried % 200 == 0:
            progress("queries", len(rows), count)
        form = forms[drawn(rng, shares)]
        draft = TEMPLATES[form][0](draw)
        if draft is None:
            continue
        text = _typed(draft, rng)
        if not text or text.casefold() in seen:
            continue
        grades = grader.grades(draft.wanted)
        if not 0 < int((grades == BEST).sum()) <= most:
            continue
        seen.add(text.casefold())
        last = tried
        products = np.flatnonzero(grades)
        rows.append(
            Made(
                text=text,
                template=form,
                group=group_of(draft.wanted, kinds, graph),
                wanted=draft.wanted,
                products=products.astype(np.int32),
                grades=grades[products],
                hard=_hard(draft, grades, draw, hard),
            )
        )
    if progress is not None:
        progress("queries", len(rows), len(rows))
    return together(rows)


def _typed(draft: Draft, rng: np.random.Generator) -> str:
    """The text as typed. What names one product is not mistyped as often: it is pasted."""
    text = " ".join(draft.text.split())
    if draft.exact:
        return text.lower() if rng.random() < 0.7 else text
    return typed(text, rng)


def group_of(wanted: Wanted, kinds: Kinds, graph: Graph) -> str:
    """What a query is about: a family of kinds, else a brand, else one product."""
    kind = wanted.kind
    if kind is None and wanted.source is not None:
        own = kinds.direct
        cells = slice(int(own.indptr[wanted.source]), int(own.indptr[wanted.source + 1]))
        sure = own.indices[cells][own.data[cells] >= SURE]
        kind = int(sure[0]) if len(sure) else None
    if kind is not None:
        root = kinds.node(kinds.root(kind))
        return f"{root.kind} {graph.node_id(root)}"
    brand = wanted.brand
    if brand is None and wanted.source is not None:
        made = graph.relation(MADE_BY, "product", "brand")
        brands = np.empty(0, np.int32) if made is None else made.tails[made.row(wanted.source)]
        brand = int(brands[0]) if len(brands) else None
    return f"brand {graph.nodes['brand'][brand]}" if brand is not None else f"product {wanted.source}"


def _hard(draft: Draft, grades: npt.NDArray[np.int8], draw: Draw, most: int) -> npt.NDArray[np.int32]:
    """Accessories of the wanted kind, the same words and the same brand with another kind, in this order."""
    wanted, graph = draft.wanted, draw.graph
    wrong = (grades == 0) & graph.products.listed
    some: list[npt.NDArray[np.int64]] = []
    if wanted.kind is not None:
        some.append(np.flatnonzero(draw.kinds.accessories(wanted.kind) & wrong))
        for word in dict.fromkeys(tokens(draft.text)):
            some.append(_where(draw.titles.with_words([word]), wrong))
    if wanted.brand is not None:
        made = graph.relation(MADE_BY, "product", "brand")
        if made is not None:
            back = made.backward
            some.append(
                _where(back.indices[back.indptr[wanted.brand] : back.indptr[wanted.brand + 1]], wrong)
            )
    share = max(most // max(len(some), 1), 1)
    picked = [rows if len(rows) <= share else draw.rng.choice(rows, share, replace=False) for rows in some]
    found = np.unique(np.concatenate(picked)) if picked else np.empty(0, np.int64)
    return found[:most].astype(np.int32)


def _where(rows: npt.NDArray[np.integer], mask: npt.NDArray[np.bool_]) -> npt.NDArray[np.int64]:
    return np.asarray(rows[mask[rows]], dtype=np.int64)


def _ends(lengths: Iterable[int]) -> npt.NDArray[np.int64]:
    return np.concatenate([[0], np.cumsum(list(lengths), dtype=np.int64)]).astype(np.int64)


def _joined(parts: Iterable[npt.NDArray[Any]], dtype: Any) -> npt.NDArray[Any]:
    return np.concatenate([np.empty(0, dtype), *parts]).astype(dtype)
