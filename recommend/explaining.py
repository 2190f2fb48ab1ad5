"""Explanations of answers, for one product or for a whole list at once; and what would have to be missing for
an answer to be another."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np
import numpy.typing as npt

from kg.graph import Node
from recommend.behaviour import History
from recommend.explain.collect import Candidates, Choose, Evidence, Scored, explain
from recommend.explain.counterfactual import Counterfactual, Search
from recommend.explain.explanation import ExplainedNode, Explanation
from recommend.explain.phrases import Phrasebook, packaged_phrases
from recommend.explain.preferring import Prefer, Preferring
from recommend.fitting import Fitted
from recommend.query import Query
from recommend.rank.additive import Additive
from recommend.rank.blend import TASTE
from recommend.recommending import Recommending
from recommend.results import Results
from recommend.searching import Searching


class Explaining:
    """Explains what `Recommending` and `Searching` answer. Safe to use from many threads."""

    def __init__(
        self,
        fitted: Fitted,
        recommending: Recommending,
        searching: Searching,
        tastes: Additive,
        phrases: Phrasebook | None = None,
    ) -> None:
        self._fitted = fitted
        self._recommending = recommending
        self._searching = searching
        self._tastes = tastes
        self._phrases = phrases or packaged_phrases()
        self._preferring = Preferring(fitted.graph)

    def products(
        self,
        query: Query,
        products: npt.NDArray[np.int64],
        *,
        paths: int,
        prefer: Prefer = "strongest",
        choose: Choose | None = None,
    ) -> tuple[Explanation, ...]:
        """Why some products, listed or not, have their scores for a query. `choose` picks the paths that are
        shown, in place of what `prefer` says."""
        if query.is_search:
            evidence, scored = self._searched(query, products)
        else:
            history, additive = self._recommending.known(query), self._recommending.additive(query)
            evidence = self._recommended(query, history)
            moved = None if query.ranking == "exact" else self._recommending.moved(query, products)
            scored = self._split(products, additive.signals(history, products), moved)
        return self._explained(evidence, scored, paths, choose or self._chosen(prefer, evidence))

    def results(
        self, results: Results, *, paths: int, prefer: Prefer = "strongest"
    ) -> tuple[Explanation, ...]:
        """Why each hit is there."""
        query = results.query
        numbers = self._fitted.graph.nodes["product"].numbers(results.ids)
        if query.is_search:
            return self.products(query, numbers, paths=paths, prefer=prefer)
        evidence = self._recommended(query, self._recommending.known(query))
        scored = tuple(
            Scored(
                product=number,
                record=hit.product,
                score=hit.score,
                signals=hit.signals,
                adjustment=hit.adjustment,
            )
            for number, hit in zip(numbers.tolist(), results, strict=True)
        )
        return self._explained(evidence, scored, paths, self._chosen(prefer, evidence))

    def _chosen(self, prefer: Prefer, evidence: Evidence) -> Choose:
        return self._preferring.choose(prefer, evidence.history)

    def _explained(
        self, evidence: Evidence, scored: Sequence[Scored], paths: int, choose: Choose
    ) -> tuple[Explanation, ...]:
        return explain(self._fitted, evidence, scored, paths=paths, phrases=self._phrases, choose=choose)

    def counterfactual(self, query: Query, product: int) -> Counterfactual:
        """What would have to be missing for a product to leave the list of a query."""
        listed = self._listed(query)
        record = self._fitted.graph.products.product(product)
        if product not in listed:
            return Counterfactual(query=query, product=record, place=None, phrases=self._phrases)
        parts = self._words(query) if query.is_search else self._strongest(query, product)

        def gone(places: Sequence[int]) -> bool:
            changed = _without(query, [parts[place] for place in places])
            if changed.is_search and not changed.text and changed.image is None:
                return False  # nothing would be asked
            return product not in self._listed(changed)

        looking = Search(len(parts), gone)
        missing = [parts[place] for place in looking.smallest()]
        found = Counterfactual(
            query=query,
            product=record,
            place=listed.index(product) + 1,
            looked=looking.looked,
            phrases=self._phrases,
        )
        if not missing:
            return found
        changed = _without(query, missing)
        names = self._fitted.graph.nodes["product"]
        instead = tuple(names[one] for one in self._listed(changed) if one not in listed)
        return replace(found, missing=tuple(missing), without=changed, instead=instead)

    def _listed(self, query: Query) -> list[int]:
        """The products of an answer, best first."""
        if query.is_search:
            listed: list[int] = self._searching.found(query, self._taste(query)).page.products.tolist()
            return listed
        found: list[int] = self._recommending.found(query).products.tolist()
        return found

    def _strongest(self, query: Query, product: int) -> list[ExplainedNode]:
        """What the question knows of the past, the products first that add most to a product's score. A seed
        product is all that such a question holds, so there is nothing to leave out of it."""
        if query.product is not None:
            return []
        history = self._recommending.known(query)
        added = np.zeros(len(history.products))

        def add(candidates: Candidates, most: int) -> list[int]:
            known = candidates.source >= 0
            np.add.at(added, candidates.source[known], candidates.contribution[known])
            return []

        self.products(query, np.array([product]), paths=1, choose=add)
        order = np.lexsort((history.products, -added))
        return [self._node(one) for one in dict.fromkeys(history.products[order].tolist())]

    def _words(self, query: Query) -> list[ExplainedNode]:
        """The words of a search, unless there is only one."""
        text = query.text or ""
        words = list(dict.fromkeys(text.split()))
        if len(words) < 2:
            named = [entity.words for entity in self._searching.read(text).entities if entity.words in text]
            words = list(dict.fromkeys(word for word in named if word and word != text.strip()))
        if len(words) < 2 and query.image is None:
            words = []
        return [ExplainedNode(kind="word", id=word, label=word, stored=False) for word in words]

    def _node(self, product: int) -> ExplainedNode:
        graph, node = self._fitted.graph, Node("product", product)
        return ExplainedNode(kind="product", id=graph.node_id(node), label=graph.label(node))

    def _recommended(self, query: Query, history: History) -> Evidence:
        return Evidence(
            asked="product" if query.product is not None else "history" if query.user is None else "user",
            additive=self._recommending.additive(query),
            history=history,
            user=self._user(query),
            viewed=frozenset(query.viewed) - set(query.history),
        )

    def _searched(self, query: Query, products: npt.NDArray[np.int64]) -> tuple[Evidence, tuple[Scored, ...]]:
        history = self._taste(query)
        judged = self._searching.judged(query, history, products)
        shares: dict[str, list[float]] = {}
        asked = judged[0].asked if judged else None
        for part in () if asked is None else asked.parts:
            shares |= {name: values.tolist() for name, values in part.shares(products).items()}
        scored = []
        for place, (product, one) in enumerate(zip(products.tolist(), judged, strict=True)):
            # of a product that the query says nothing of, taste says nothing either
            silent = one.score == 0 and not one.adjustment
            signals = {} if silent else {n: values[place] for n, values in shares.items() if values[place]}
            scored.append(
                Scored(
                    product=product,
                    record=self._fitted.graph.products.product(product),
                    score=one.score,
                    signals={**signals, **one.rules},
                    adjustment=one.adjustment,
                    told=one.told,
                )
            )
        evidence = Evidence(
            asked="search",
            additive=self._tastes,
            history=history,
            user=self._user(query) if history is not None else None,
            prefix=f"{TASTE}.",
            query=None if asked is None else asked.query,
        )
        return evidence, tuple(scored)

    def _split(
        self,
        products: npt.NDArray[np.int64],
        signals: Mapping[str, npt.NDArray[np.float32]],
        moved: npt.NDArray[np.float32] | None,
    ) -> tuple[Scored, ...]:
        """Each product with its own part of the signals, which add up to its score with what trees `moved` it
        by."""
        columns = [(name, values.tolist()) for name, values in signals.items()]
        found = []
        for place, product in enumerate(products.tolist()):
            mine = {name: values[place] for name, values in columns if values[place]}
            record = self._fitted.graph.products.product(product)
            more = 0.0 if moved is None else float(moved[place])
            score = sum(mine.values()) + more
            found.append(Scored(product=product, record=record, score=score, signals=mine, adjustment=more))
        return tuple(found)

    def _taste(self, query: Query) -> History | None:
        """The history behind a search, if it comes with one."""
        return self._recommending.known(query) if query.user is not None or query.history else None

    def _user(self, query: Query) -> int | None:
        return None if query.user is None else self._fitted.graph.nodes["user"].number(query.user)


def _without(query: Query, parts: Sequence[ExplainedNode]) -> Query:
    """The question as it would be without some products of the history, or words."""
    if not query.is_search:
        return replace(query, without=(*query.without, *(one.id for one in parts)))
    gone = {one.id for one in parts}
    text = query.text or ""
    if len(text.split()) > 1:
        text = " ".join(word for word in text.split() if word not in gone)
    else:
        for word in sorted(gone, key=len, reverse=True):
            text = text.replace(word, " ")
    return replace(query, text=text)
