"""Teaching a fitted model to search, with queries that its own graph makes up."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from recommend.asking import query_reader
from recommend.channels.base import Prior
from recommend.query import PreparedQuery, Query, QueryEncoder
from recommend.query_encoders import QueryEncoders
from recommend.settings import Settings
from recommend.stages import Progress
from recommend.training.clicks import ClickLog, typed_queries
from recommend.training.train import train_search

if TYPE_CHECKING:
    from recommend.fitting import Fitted


def teach_search(fitted: Fitted, settings: Settings, *, seed: int, progress: Progress | None) -> None:
    """Learn the weights of the query channels and the trees of `best`; `fitted` gets what helps."""
    lessons = _Lessons(fitted, QueryEncoders.of(fitted.made, settings))
    trained = train_search(
        fitted.graph,
        [channel for _, channel in fitted.query_channels],
        lessons.prepare,
        fitted.weights["query"],
        prime=lessons.prime,
        aliases=fitted.derived.aliases,
        vectors=fitted.made.vectors.get("text"),
        typed=typed_queries(ClickLog.of_graph(fitted.graph)),
        popularity=popularity_of(fitted.priors),
        count=settings.search_queries,
        seed=seed,
        progress=progress,
    )
    fitted.weights["query"] = dict(trained.weights)
    fitted.ranker = trained.ranker
    fitted.card["search"] = dict(trained.card)


def popularity_of(priors: Sequence[Prior]) -> npt.NDArray[np.float32] | None:
    """float32 [n]: what the prior of popularity says; None without behaviour."""
    return next((one.values for one in priors if one.name == "popularity"), None)


class _Lessons:
    """Makes queries ready, with vectors that are encoded together."""

    def __init__(self, fitted: Fitted, encoders: QueryEncoders) -> None:
        self._encoders = encoders
        self._vectors: dict[str, npt.NDArray[np.float32]] = {}
        spaces = encoders.spaces
        self._spaces: Mapping[str, QueryEncoder] = (
            {**spaces, "text": self._of_text} if "text" in spaces else spaces
        )
        self._reader, self._intent = fitted.reader, fitted.intent
        self._read = query_reader(fitted.reader, fitted.intent, self._spaces)

    def prepare(self, text: str, meaning: str | None = None) -> PreparedQuery:
        if meaning is None or meaning == text:
            return PreparedQuery(query=Query(text=text), encoders=self._spaces, read=self._read)
        whole = self.prepare(meaning)
        heard = {space: partial(_vector_of, whole, space) for space in self._spaces}
        read = query_reader(self._reader, self._intent, heard)
        return PreparedQuery(query=Query(text=text), encoders=heard, read=read)

    def prime(self, texts: Sequence[str]) -> None:
        if "text" in self._spaces:
            different = list(dict.fromkeys(texts))
            self._vectors.update(zip(different, self._encoders.text_vectors(different), strict=True))

    def _of_text(self, query: PreparedQuery) -> npt.NDArray[np.float32] | None:
        known = self._vectors.get(query.said)
        return self._encoders.spaces["text"](query) if known is None else known


def _vector_of(whole: PreparedQuery, space: str, _: PreparedQuery) -> npt.NDArray[np.float32] | None:
    return whole.vector(space)
