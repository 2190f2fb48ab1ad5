"""Answers from a fitted model: search, similar products, recommendations, explanations."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from kg.errors import SettingsError, UnknownProductError
from kg.filters import FilterIndex, Where, parse_where
from kg.graph import Graph
from kg.store import GraphStore
from kg.versions import seal
from recommend.behaviour import History
from recommend.channels.base import Signal, Task, moved_channels
from recommend.earlier import Earlier
from recommend.explain.collect import Evidence, explain
from recommend.explain.explanation import Explanation
from recommend.fitting import Fitted, fit, refit
from recommend.index.graph_index import spaces_in_graph
from recommend.index.vector_index import SpaceIndex
from recommend.opening import Opened, open_fitted
from recommend.query import PreparedQuery, Query, RankingName
from recommend.query_encoders import QueryEncoders
from recommend.rank.additive import Additive
from recommend.rank.blend import Part, blend
from recommend.rank.top import top
from recommend.results import Hit, Ranking, Results
from recommend.saving import save_fitted
from recommend.settings import Settings
from recommend.stages import Progress, Stages

UNKNOWN_USER = "nothing is known of this user yet: the most popular products"


class Recommender:
    """Search, similar products, recommendations and explanations. Immutable, safe to use from many
    threads."""

    def __init__(
        self,
        fitted: Fitted,
        encoders: QueryEncoders,
        additive: Mapping[Task, Additive],
        *,
        settings: Settings,
        seed: int,
    ) -> None:
        self._fitted = fitted
        self._encoders = encoders
        self._additive = additive
        self._filters = FilterIndex(fitted.graph.products)
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
    ) -> Recommender:
        """Fit everything in memory. `cache` is a folder for encodings that may be reused."""
        settings = settings or Settings()
        stages = Stages(progress)
        fitted = fit(graph, settings, seed=seed, cache=cache, stages=stages)
        return cls._merged(fitted, settings, seed, stages, None)

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
        earlier = Earlier(opened.fitted, graph, folder=opened.folder, written=written)
        fitted = refit(earlier, opened.settings, seed=opened.seed, cache=cache, stages=stages)
        return cls._merged(fitted, opened.settings, opened.seed, stages, opened)

    @classmethod
    def _merged(
        cls, fitted: Fitted, settings: Settings, seed: int, stages: Stages, opened: Opened | None
    ) -> Recommender:
        with stages.stage("index"):
            tasks: tuple[Task, ...] = ("history", "product")
            additive = {
                task: Additive.of(
                    fitted.links,
                    fitted.priors,
                    fitted.weights[task],
                    products=fitted.graph.product_count,
                    earlier=None if opened is None else opened.additive[task],
                )
                for task in tasks
            }
        fitted.card = {**fitted.card, **fitted.made.card, "stages": stages.seconds}
        encoders = QueryEncoders(
            keys=fitted.made.keys,
            text_model=settings.text_model,
            text_length=settings.text_length,
            image_model=settings.image_model,
            fusion=fitted.made.fusion,
        )
        return cls(fitted, encoders, additive, settings=settings, seed=seed)

    @classmethod
    def open(cls, path: Path | str, *, vectors: GraphStore | None = None) -> Recommender:
        """Open a saved model, or the serving version of a shop. Every file is checked against its
        checksum.

        With `vectors`, a store into which this version's vectors were put (`build(vectors_to_graph=True)`),
        searches look for neighbours there; it must stay open as long as the recommender. VersionError if it
        does not hold them.
        """
        opened = open_fitted(Path(path))
        model = cls(
            opened.fitted, opened.encoders, opened.additive, settings=opened.settings, seed=opened.seed
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
        save_fitted(folder, self._fitted, self._additive, earlier=earlier, share=share)

    def manifest_settings(self, revision: str = "") -> dict[str, Any]:
        """What the manifest says of how this model was made, and from which revision of the store."""
        return {"settings": self.settings.plain(), "seed": self.seed, "revision": revision}

    @property
    def graph(self) -> Graph:
        """The graph that this model was fitted on."""
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
    ) -> Results:
        """Products for a text, a picture or both; with a user or a history, to their taste.

        `where` are filters, such as 'price<=50'. Raises SettingsError for a query that says nothing.
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
        )
        return self._search(query)

    def similar(self, product_id: str, *, where: Where = (), k: int = 10) -> Results:
        """Products like one product. Raises UnknownProductError."""
        query = Query(product=product_id, where=parse_where(where), k=k)
        return self._by_history(query, "product", History.of(np.array([self.graph.number(product_id)])))

    def recommend(
        self, user: str | None = None, *, history: Sequence[str] = (), where: Where = (), k: int = 10
    ) -> Results:
        """Products for a user, or for somebody who just met the products of `history` (oldest first).

        What was bought before is left out. Of an unknown user without a history nothing is known: they get
        what is popular, and `note` says so.
        """
        query = Query(user=user, history=tuple(history), where=parse_where(where), k=k)
        return self._by_history(query, "history", self._history(query))

    def search_many(self, texts: Iterable[str], *, k: int = 10) -> Ranking:
        """The same as `search` for many texts, without signals."""
        rankings = [self._search_numbers(Query(text=text, k=k))[:2] for text in texts]
        return self._ranking(rankings, k)

    def recommend_many(self, users: Iterable[str], *, k: int = 10) -> Ranking:
        """The same as `recommend` for many users, without signals."""
        rankings = []
        for user in users:
            query = Query(user=user, k=k)
            history = self._history(query)
            rankings.append(self._best("history", history, query, self._allowed(query)))
        return self._ranking(rankings, k)

    def explain(self, query: Query, product_id: str, *, paths: int = 3) -> Explanation:
        """Why a product has its score for a query: `results.query`, or one you make.

        `paths` is how many are shown: the strongest of each pattern first. The product need not be in the
        results.
        """
        if paths < 1:
            raise SettingsError(f"paths={paths} must be at least 1")
        number = self.graph.number(product_id)
        return explain(self._fitted, self._evidence(query, number), number, paths=paths)

    def evaluate_history(self, history: History, *, k: int, task: Task = "history") -> npt.NDArray[np.int64]:
        """int64 [<= k]: product numbers for a history, as `recommend` ranks them."""
        return self._best(task, history, Query(k=k), self.graph.products.listed)[0]

    def evaluate_search(
        self, query: Query, *, weights: Mapping[str, float] | None = None
    ) -> npt.NDArray[np.int64]:
        """int64 [<= k]: product numbers for a search, as `search` ranks them; with `weights`, as these
        channels would (those left out are off)."""
        return blend(self._parts(query, weights), query.k, self._allowed(query))[0]

    @property
    def fitted(self) -> Fitted:
        """The channels, weights and vectors behind the answers."""
        return self._fitted

    def _by_history(self, query: Query, task: Task, history: History) -> Results:
        products, scores = self._best(task, history, query, self._allowed(query))
        signals = self._additive[task].signals(history, products)
        note = UNKNOWN_USER if task == "history" and len(history.products) == 0 else ""
        return self._results(query, products, scores, signals, note)

    def _best(
        self, task: Task, history: History, query: Query, allowed: npt.NDArray[np.bool_]
    ) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.float32]]:
        scores = self._additive[task].scores(history)
        scores[~allowed] = -np.inf
        scores[history.products[history.owned]] = -np.inf
        scores[scores <= 0] = -np.inf
        products = top(scores, query.k)
        return products, scores[products]

    def _search(self, query: Query) -> Results:
        products, scores, parts = self._search_numbers(query)
        signals: dict[str, npt.NDArray[np.float32]] = {}
        for part in parts:
            signals.update(part.shares(products))
        return self._results(query, products, scores, signals, "")

    def _search_numbers(
        self, query: Query
    ) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.float32], tuple[Part, ...]]:
        parts = self._parts(query)
        products, scores = blend(parts, query.k, self._allowed(query))
        return products, scores, parts

    def _parts(self, query: Query, weights: Mapping[str, float] | None = None) -> tuple[Part, ...]:
        """What every query channel says, and the user's taste beside it."""
        prepared = PreparedQuery(query=query, encoders=self._encoders.spaces)
        if not prepared.text and prepared.image is None:
            raise SettingsError("the search text is empty; type something, or call recommend()")
        weights = self._fitted.weights["query"] if weights is None else weights
        found: list[Part] = []
        for _, channel in self._fitted.query_channels:
            wanted = weights.get(channel.name, 0.0) > 0
            signal: Signal | None = channel.signal(prepared) if wanted else None
            if signal is not None:
                found.append(Part(name=channel.name, weight=weights[channel.name], signal=signal))
        if not found and prepared.image is not None and "image" not in self._encoders.spaces:
            raise SettingsError(
                "this version knows no pictures, so none can be searched for; "
                "load products with pictures and build with the profile 'full'"
            )
        if found and (query.user is not None or query.history):
            history = self._history(query)
            if len(history.products):
                intent = sum(part.weight for part in found)
                found.append(Part.taste(self._additive["history"], history, self.settings.taste * intent))
        return tuple(found)

    def _evidence(self, query: Query, product: int) -> Evidence:
        if query.is_search:
            prepared = PreparedQuery(query=query, encoders=self._encoders.spaces)
            parts = self._parts(query)
            history = self._history(query) if query.user is not None or query.history else None
            return Evidence.of_search(prepared, parts, self._additive["history"], history, product)
        if query.product is not None:
            history = History.of(np.array([self.graph.number(query.product)]))
            return Evidence.of_history(self._additive["product"], history, None, product)
        history = self._history(query)
        user = None if query.user is None else self.graph.nodes["user"].number(query.user)
        return Evidence.of_history(self._additive["history"], history, user, product)

    def _history(self, query: Query) -> History:
        if query.history:
            numbers = self.graph.nodes["product"].numbers(query.history)
            for product_id, number in zip(query.history, numbers.tolist(), strict=True):
                if number < 0:
                    raise UnknownProductError(product_id)
            given = History.of(numbers)
            if query.user is None:
                return given
            return self._user_history(query.user).then(given)
        if query.user is None:
            return History.of(np.empty(0, dtype=np.int64))
        return self._user_history(query.user)

    def _user_history(self, user: str) -> History:
        number = self.graph.nodes["user"].number(user)
        if number is None:
            return History.of(np.empty(0, dtype=np.int64))
        return self._fitted.behaviour.history(number)

    def _allowed(self, query: Query) -> npt.NDArray[np.bool_]:
        listed = self.graph.products.listed
        return listed & self._filters.mask(query.where) if query.where else listed

    def _results(
        self,
        query: Query,
        products: npt.NDArray[np.int64],
        scores: npt.NDArray[np.float32],
        signals: Mapping[str, npt.NDArray[np.float32]],
        note: str,
    ) -> Results:
        table = self.graph.products
        hits = tuple(
            Hit(
                product=table.product(int(product)),
                score=float(scores[place]),
                signals={name: float(v[place]) for name, v in signals.items() if v[place] > 0},
            )
            for place, product in enumerate(products)
        )
        return Results(query=query, hits=hits, note=note)

    def _ranking(
        self, rankings: Sequence[tuple[npt.NDArray[np.int64], npt.NDArray[np.float32]]], k: int
    ) -> Ranking:
        ids = np.full((len(rankings), k), "", dtype=object)
        scores = np.full((len(rankings), k), -np.inf, dtype=np.float32)
        names = self.graph.nodes["product"]
        for row, (products, found) in enumerate(rankings):
            ids[row, : len(products)] = [names[int(p)] for p in products]
            scores[row, : len(found)] = found
        return Ranking(ids=ids, scores=scores)
