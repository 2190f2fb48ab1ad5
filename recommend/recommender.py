"""Answers from a fitted model: search, similar products, recommendations, explanations."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from kg.errors import SettingsError
from kg.filters import FilterIndex, Where, parse_where
from kg.graph import Graph
from kg.store import GraphStore
from kg.versions import seal
from recommend.behaviour import History
from recommend.channels.base import Task
from recommend.channels.queries import moved_channels
from recommend.earlier import Earlier
from recommend.explain.counterfactual import Counterfactual
from recommend.explain.explanation import Explanation
from recommend.explain.phrases import Phrasebook, phrases_of_shop
from recommend.explain.preferring import Prefer
from recommend.explaining import Explaining
from recommend.fitting import Fitted, fit
from recommend.index.graph_index import spaces_in_graph
from recommend.index.vector_index import SpaceIndex
from recommend.opening import Opened, open_fitted
from recommend.query import Fitting, Query, RankingName, product_ids, wished
from recommend.query_encoders import QueryEncoders
from recommend.rank.balance import Balance
from recommend.recommending import NO_TREES, Recommending
from recommend.refitting import enriched, refit
from recommend.results import Ranking, Results, hits_of, ranking_of
from recommend.saving import save_fitted
from recommend.searching import Searching
from recommend.settings import Settings
from recommend.shopfront import (
    Rulebook,
    Shopfront,
    SortOrder,
    Suggestion,
    check_sort,
    facet_names,
    rules_of_shop,
)
from recommend.stages import Progress, Stages
from recommend.understand.reading import Reading


class Recommender:
    """Search, similar products, recommendations and explanations. Immutable, safe to use from many
    threads."""

    def __init__(
        self,
        fitted: Fitted,
        encoders: QueryEncoders,
        *,
        settings: Settings,
        seed: int,
        rules: Path | None = None,
        phrases: Phrasebook | None = None,
    ) -> None:
        self._fitted = fitted
        self._encoders = encoders
        additive = fitted.additive()
        tastes = additive["history"]
        filters = FilterIndex.of(fitted.graph)
        book = Rulebook.open(rules, fitted.graph, filters, channels=tuple(fitted.weights["query"]))
        self._front = Shopfront(
            fitted.graph,
            filters,
            book,
            popularity=lambda: fitted.behaviour.popularity,
            shelf=lambda: self._recommending.shelf,
        )
        self._searching = Searching(fitted, encoders, filters, self._front, tastes, taste=settings.taste)
        self._recommending = Recommending(fitted, additive, filters, self._front)
        self._explaining = Explaining(fitted, self._recommending, self._searching, tastes, phrases)
        self.settings = settings
        self.seed = seed

    @classmethod
    def fit(
        cls,
        graph: Graph,
        *,
        settings: Settings | None = None,
        seed: int = 0,
        cache: Path | None = None,
        progress: Progress | None = None,
        keep_lessons: bool = False,
    ) -> Recommender:
        """Fit everything in memory. `cache` is a folder for encodings that may be reused.

        With `keep_lessons` the model keeps what its weights for histories were learned from
        (`fitted.lessons`), so that they can be learned again without some channels.
        """
        settings = settings or Settings()
        stages = Stages(progress)
        fitted = fit(graph, settings, seed=seed, cache=cache, stages=stages, keep_lessons=keep_lessons)
        return cls._of(fitted, settings, seed, stages)

    @classmethod
    def refit(
        cls,
        opened: Opened,
        graph: Graph,
        *,
        written: tuple[str, ...] | None = None,
        cache: Path | None = None,
        progress: Progress | None = None,
    ) -> Recommender:
        """A saved model brought to a newer graph, without training: encoders, fusion and weights stay.

        `written` are the ids of the products that may differ from the saved graph (None: compare them all).
        """
        stages = Stages(progress)
        with stages.stage("types"):
            derived, whole = enriched(opened.fitted, graph, written)
        earlier = Earlier(opened.fitted, whole, folder=opened.folder, written=written)
        fitted = refit(earlier, graph, derived, opened.settings, seed=opened.seed, cache=cache, stages=stages)
        return cls._of(fitted, opened.settings, opened.seed, stages)

    @classmethod
    def _of(cls, fitted: Fitted, settings: Settings, seed: int, stages: Stages) -> Recommender:
        fitted.card = {**fitted.card, **fitted.made.card, "stages": stages.seconds}
        return cls(fitted, QueryEncoders.of(fitted.made, settings), settings=settings, seed=seed)

    @classmethod
    def open(
        cls, path: Path | str, *, vectors: GraphStore | None = None, rules: Path | str | None = None
    ) -> Recommender:
        """Open a saved model, or the serving version of a shop. Every file is checked against its
        checksum.

        `rules` is a file of the shop's own rules (`recommend.shopfront.rules`); rules.toml in the shop's
        folder if that is there. explanations.toml there changes what explanations say
        (`recommend.explain.phrases`).

        With `vectors`, a store into which this version's vectors were put (`build(vectors_to_graph=True)`),
        searches look for neighbours there; it must stay open as long as the recommender. VersionError if it
        does not hold them.
        """
        opened = open_fitted(Path(path))
        model = cls(
            opened.fitted,
            QueryEncoders.of(opened.fitted.made, opened.settings),
            settings=opened.settings,
            seed=opened.seed,
            rules=rules_of_shop(Path(path)) if rules is None else Path(rules),
            phrases=phrases_of_shop(Path(path)),
        )
        if vectors is not None:
            found = spaces_in_graph(vectors, opened.folder, model.query_spaces, model.graph.nodes["product"])
            opened.fitted.query_channels = moved_channels(opened.fitted.query_channels, model.graph, found)
        return model

    def save(self, path: Path | str) -> None:
        """Write the model into a folder that is new or empty."""
        folder = Path(path)
        if folder.exists() and (folder.is_file() or any(folder.iterdir())):
            raise SettingsError(f"{folder} is not an empty folder; choose another one")
        folder.mkdir(parents=True, exist_ok=True)
        self.write(folder)
        seal(folder, settings=self.manifest_settings(), card=self.card)

    def write(
        self, folder: Path, *, earlier: Opened | None = None, share: Callable[[str], None] | None = None
    ) -> None:
        """Write the files of the model, without sealing them; see `recommend.saving.save_fitted`."""
        save_fitted(folder, self._fitted, earlier=earlier, share=share)

    def manifest_settings(self, revision: str = "") -> dict[str, Any]:
        """What the manifest says of how this model was made, and from which revision of the store."""
        return {"settings": self.settings.plain(), "seed": self.seed, "revision": revision}

    @property
    def graph(self) -> Graph:
        """The graph that this model was fitted on, with what was derived from it."""
        return self._fitted.graph

    @property
    def card(self) -> Mapping[str, Any]:
        """Metrics and timings of the fit."""
        return self._fitted.card

    @property
    def query_spaces(self) -> Mapping[str, SpaceIndex]:
        """The vector spaces that queries can enter."""
        indexes = self._fitted.indexes
        return {space: indexes[space] for space in self._encoders.spaces if space in indexes}

    @property
    def rankings(self) -> tuple[RankingName, ...]:
        """The rankings of searches that this version has."""
        return ("exact",) if self._fitted.ranker is None else ("exact", "best")

    @property
    def weights(self) -> Mapping[Task, Mapping[str, float]]:
        """How much each channel is worth, by task."""
        return self._fitted.weights

    def search(
        self,
        text: str | None = None,
        *,
        image: Path | str | None = None,
        user: str | None = None,
        history: Sequence[str] = (),
        where: Where = (),
        ranking: RankingName = "exact",
        k: int = 10,
        sort: SortOrder | None = None,
        facets: Sequence[str] | bool = (),
        profile: str = "",
        balance: Balance | None = None,
    ) -> Results:
        """Products for a text, a picture or both; with a user or a history, to their taste.

        `where` are filters, such as 'price<=50'; `ranking` 'best' lets trees rank the best products again, if
        this version has them. `sort` is another order of the result than by relevance, `facets` the fields by
        which its products are counted (True: those that make sense), `profile` a ranking profile of the
        shop's rules; `balance` re-ranks (`recommend.rank.balance`). Raises SettingsError for a query that
        says nothing.
        """
        if text is None and image is None:
            raise SettingsError("a search needs a text or an image; for recommendations call recommend()")
        query = Query(
            text=text,
            image=None if image is None else str(image),
            user=user,
            history=tuple(history),
            where=parse_where(where),
            ranking=ranking,
            k=k,
            sort=None if sort is None else check_sort(sort),
            facets=facet_names(facets),
            profile=profile,
            balance=balance,
        )
        return self._search(query)

    def understand(self, text: str) -> Reading:
        """What a text names in this shop: `search` reads it in the same way."""
        return self._searching.read(text)

    def suggest(self, prefix: str, *, k: int = 8) -> tuple[Suggestion, ...]:
        """What may be meant by the beginning of a query: brands, types, titles, queries of others …"""
        return self._fitted.suggester().suggest(prefix, k, hidden=self._front.rules.hidden(date.today()))

    def similar(
        self, product_id: str, *, where: Where = (), k: int = 10, balance: Balance | None = None
    ) -> Results:
        """Products like one product: what may be bought instead. Raises UnknownProductError."""
        return self._recommend(Query(product=product_id, where=parse_where(where), k=k, balance=balance))

    def complete(
        self,
        products: str | Sequence[str] = (),
        *,
        user: str | None = None,
        fits: Fitting = (),
        where: Where = (),
        k: int = 10,
        balance: Balance | None = None,
    ) -> Results:
        """Products that go with one product or with a basket; without any, with what `user` owns.

        What may stand in for one of them is left out (`recommend.complements.Kinds`), and what the user owns.
        `fits` is as in `recommend`. Raises UnknownProductError, and SettingsError if nothing is named.
        """
        basket = product_ids(products)
        if not basket and user is None:
            raise SettingsError("complete what? Name products, or a user for what they own")
        query = Query(user=user, history=basket, complete=True, **wished(fits, user, where, k, balance))
        return self._recommend(query)

    def recommend(
        self,
        user: str | None = None,
        *,
        history: Sequence[str] = (),
        viewed: Sequence[str] = (),
        fits: Fitting = (),
        where: Where = (),
        ranking: RankingName = "exact",
        k: int = 10,
        balance: Balance | None = None,
    ) -> Results:
        """Products for a user, or for somebody who just met the products of `history` (oldest first).

        What was bought before is left out; `history` counts as bought, `viewed` (looked at just now, oldest
        first) does not. `fits` are products that the answers must be compatible with, True for any that the
        user owns. `ranking` 'best' lets trees rank the best products again, if this version has them;
        `balance` re-ranks (`recommend.rank.balance`). Of an unknown user without a history nothing is known:
        they get what is popular, and `note` says so.
        """
        asked = wished(fits, user, where, k, balance)
        return self._recommend(
            Query(
                user=user,
                history=product_ids(history),
                viewed=product_ids(viewed),
                ranking=ranking,
                **asked,
            )
        )

    def search_many(self, texts: Iterable[str], *, k: int = 10) -> Ranking:
        """The same as `search` for many texts, without signals."""
        return ranking_of(self.graph, [self._searching.ranked(Query(text=text, k=k)) for text in texts], k)

    def recommend_many(self, users: Iterable[str], *, ranking: RankingName = "exact", k: int = 10) -> Ranking:
        """The same as `recommend` for many users, without signals."""
        return ranking_of(self.graph, list(self._recommending.many(users, k=k, ranking=ranking)), k)

    def explain(
        self, query: Query, product_id: str, *, paths: int = 3, prefer: Prefer = "strongest"
    ) -> Explanation:
        """Why a product has its score for a query: `results.query`, or one you make.

        `paths` is how many are shown: the strongest of each pattern first; `prefer` 'recent', 'familiar' or
        'diverse' shows others of the same paths. The product need not be in the results.
        """
        number = np.array([self.graph.number(product_id)])
        return self._explaining.products(query, number, paths=paths, prefer=prefer)[0]

    def explain_all(
        self, results: Results, *, paths: int = 3, prefer: Prefer = "strongest"
    ) -> tuple[Explanation, ...]:
        """`explain` for every hit, at once: much quicker than one by one."""
        return self._explaining.results(results, paths=paths, prefer=prefer)

    def counterfactual(self, query: Query, product_id: str) -> Counterfactual:
        """The fewest products of the history, or words of the search, without which a product would not be in
        the list of a query (`results.query`): verified by asking again without them."""
        return self._explaining.counterfactual(query, self.graph.number(product_id))

    def evaluate_history(
        self, history: History, *, k: int, task: Task = "history", balance: Balance | None = None
    ) -> npt.NDArray[np.int64]:
        """int64 [<= k]: product numbers for a history, as `recommend` ranks them."""
        return self._recommending.ranked(history, task=task, k=k, balance=balance)

    def evaluate_search(
        self, query: Query, *, weights: Mapping[str, float] | None = None
    ) -> npt.NDArray[np.int64]:
        """int64 [<= k]: product numbers for a search, as `search` ranks them; with `weights`, as these
        channels would (those left out are off)."""
        return self._searching.ranked(query, self._taste_of(query), weights=weights)[0]

    @property
    def fitted(self) -> Fitted:
        """The channels, weights and vectors behind the answers."""
        return self._fitted

    def _recommend(self, query: Query) -> Results:
        found = self._recommending.found(query)
        hits = hits_of(
            self.graph.products,
            found.products,
            found.scores,
            found.signals,
            adjustment=found.adjustment,
            chances=found.chances,
            balanced=found.balanced,
        )
        return Results(query=query, hits=hits, note=found.note)

    def _search(self, query: Query) -> Results:
        found = self._searching.found(query, self._taste_of(query))
        asked, page = found.asked, found.page
        notes = asked.notes
        if query.ranking == "best" and self._fitted.ranker is None:
            notes = (*notes, NO_TREES)
        return Results(
            query=query,
            hits=hits_of(
                self.graph.products,
                page.products,
                page.scores,
                found.signals,
                adjustment=found.adjustment,
                pinned=page.pinned,
                balanced=page.balanced,
            ),
            note="; ".join(notes),
            reading=asked.query.reading,
            correction=asked.correction,
            facets=page.facets,
            total=page.total,
        )

    def _taste_of(self, query: Query) -> History | None:
        """The history behind a search, if it comes with one."""
        return self._recommending.known(query) if query.user is not None or query.history else None
