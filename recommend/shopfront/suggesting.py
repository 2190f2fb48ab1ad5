"""Type-ahead: what somebody who has typed these letters may want to search for.

Every word that was typed must begin a word of the suggestion (words before the last must be whole, where the
shop knows them so); one word may have a mistake, if too little is found without. Suggestions of one kind make
room for those of others.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import numpy as np
import numpy.typing as npt

from kg.arrays import Arrays, load_arrays
from kg.errors import SettingsError, VersionError
from kg.graph import Graph
from kg.texts import Texts
from recommend.rank.top import top
from recommend.shopfront.suggestible import KINDS, SuggestionKind, entries
from recommend.shopfront.word_index import Span, WordIndex, runs
from recommend.understand.tokens import is_cjk

Mask = npt.NDArray[np.bool_]

_WORTH = {
    "type": 1.0,
    "category": 1.0,
    "brand": 1.0,
    "series": 0.7,
    "brand_type": 0.6,
    "query": 0.8,
    "product": 0.3,
}
"""What the largest suggestion of each kind is worth; smaller ones less, by the logarithm of their size."""
_BEGINS = 1.0
"""More, if the suggestion begins with a word that was typed, and as much again if it begins with all."""
_EQUALS = 0.5
_MISTAKE = 3.0
_REPEATED = 0.15
"""Less, for each suggestion of the same kind above it."""
_MOST_WORDS = 8
_MOST_LETTERS = 200
MOST_SUGGESTIONS = 100


@dataclass(frozen=True, kw_only=True, slots=True)
class Suggestion:
    """`text` is what to search for; `id` that of the node behind it (of a 'brand_type' the type or category,
    and `brand` its brand). `count` products stand behind it."""

    text: str
    kind: SuggestionKind
    id: str
    count: int
    brand: str = ""


class Suggester:
    """Suggestions of one graph: kind int8 [m] (number in KINDS), node, brand and count int32 [m], worth
    float32 [m], of_category bool [m]."""

    def __init__(self, graph: Graph, arrays: Arrays) -> None:
        self._graph = graph
        self._arrays = arrays
        self._texts = Texts.from_arrays(arrays, "texts")
        self._words = WordIndex.from_arrays(arrays)
        self._kind = arrays["kind"].astype(np.int8, copy=False)
        self._worth = arrays["worth"].astype(np.float32, copy=False)

    @classmethod
    def of(cls, graph: Graph) -> Suggester:
        """The suggestions of a graph; see `recommend.shopfront.suggestible` for what they are."""
        found = list(entries(graph))
        kind = np.array([KINDS.index(one.kind) for one in found], dtype=np.int8)
        size = np.log1p(np.array([one.size for one in found], dtype=np.float64))
        worth = np.zeros(len(found), dtype=np.float32)
        for number, name in enumerate(KINDS):
            own = kind == number
            peak = float(size[own].max(initial=0.0))
            worth[own] = _WORTH[name] * (size[own] / peak if peak > 0 else 0.0)
        arrays: Arrays = {
            **Texts.of(one.text for one in found).arrays("texts"),
            **WordIndex.of(one.text for one in found).arrays(),
            "kind": kind,
            "worth": worth,
            "node": np.array([one.node for one in found], dtype=np.int32),
            "brand": np.array([one.brand for one in found], dtype=np.int32),
            "count": np.array([one.products for one in found], dtype=np.int32),
            "of_category": np.array([one.of_category for one in found], dtype=np.bool_),
        }
        return cls(graph, arrays)

    def arrays(self) -> Arrays:
        """What, with the graph, makes the suggester again."""
        return self._arrays

    @classmethod
    def from_arrays(cls, graph: Graph, arrays: Arrays) -> Suggester:
        return cls(graph, arrays)

    @classmethod
    def later(cls, graph: Graph, file: Path) -> Callable[[], Suggester]:
        """A function that opens what was saved when it is first called, and makes it anew if it is gone: a
        version may be pruned while it is open."""

        @cache
        def made() -> Suggester:
            try:
                return cls.from_arrays(graph, load_arrays(file))
            except (VersionError, KeyError):
                return cls.of(graph)

        return made

    def __len__(self) -> int:
        return len(self._texts)

    def suggest(self, typed: str, k: int = 8, *, hidden: Mask | None = None) -> tuple[Suggestion, ...]:
        """Up to k suggestions, best first; none for what holds no letter. `hidden` (bool [n]) are products
        that may not be shown."""
        if not isinstance(k, int | np.integer) or not 1 <= k <= MOST_SUGGESTIONS:
            raise SettingsError(f"k={k!r} must be a whole number from 1 to {MOST_SUGGESTIONS}")
        words = runs(typed[:_MOST_LETTERS])[:_MOST_WORDS]
        if not words or not len(self._texts):
            return ()
        spans = [self._spans(word, last=place == len(words) - 1) for place, word in enumerate(words)]
        count = len(self._texts)
        having = [self._words.having(some, count) for some in spans]
        found = [self._scored(spans, _all(having, count))]
        if len(found[0][0]) < k:
            for place, word in enumerate(words):
                left = _all([*having[:place], *having[place + 1 :]], count)
                near = self._words.nearly(word) if left.any() else []
                if near:
                    left &= self._words.having(near, count)
                    entries, scores = self._scored([*spans[:place], near, *spans[place + 1 :]], left)
                    found.append((entries, scores - np.float32(_MISTAKE)))
        score = np.full(count, -np.inf, dtype=np.float32)
        for entries, scores in found:
            score[entries] = np.maximum(score[entries], scores)
        able = found[0][0] if len(found) == 1 else np.unique(np.concatenate([one for one, _ in found]))
        if hidden is not None:
            product = self._kind[able] == KINDS.index("product")
            able = able[~(product & hidden[np.where(product, self._arrays["node"][able], 0)])]
        return self._chosen(able, score[able], words, k)

    def _spans(self, word: str, *, last: bool) -> list[Span]:
        whole = self._words.whole(word)
        if last or is_cjk(word[0]) or whole.start == whole.stop:
            return [self._words.beginning(word)]
        return [whole]

    def _scored(
        self, spans: Sequence[Sequence[Span]], having: Mask
    ) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.float32]]:
        """(the suggestions that have all of some words, ascending; float32 [m]: what each is worth)."""
        entries = np.flatnonzero(having)
        score = self._worth[entries]
        score[self._words.beginning_with(spans, entries)] += np.float32(_BEGINS)
        return entries, score

    def _chosen(
        self, able: npt.NDArray[np.int64], score: npt.NDArray[np.float32], words: list[str], k: int
    ) -> tuple[Suggestion, ...]:
        """The best of some suggestions (ascending), by their scores."""
        said = " ".join(words)
        candidates: list[tuple[float, int, str, int]] = []
        kinds = self._kind[able]
        for number in range(len(KINDS)):
            own = np.flatnonzero(kinds == number)
            # of equals the first: the order of a kind is the same every time
            for place in (own[top(score[own], 4 * k)] if len(own) > 4 * k else own).tolist():
                entry = int(able[place])
                text = " ".join(runs(self._texts[entry]))
                exact = _EQUALS * (text == said) + _BEGINS * text.startswith(said)
                candidates.append((float(score[place]) + exact, number, text, entry))
        candidates.sort(key=lambda one: (-one[0], *one[1:]))
        listed: list[Suggestion] = []
        seen: set[str] = set()
        times = [0] * len(KINDS)
        heads: dict[int, list[tuple[float, int, str, int]]] = {}
        for one in reversed(candidates):
            heads.setdefault(one[1], []).append(one)
        while heads and len(listed) < k:
            best = min(heads, key=lambda kind: (_REPEATED * times[kind] - heads[kind][-1][0], kind))
            _, kind, text, entry = heads[best].pop()
            if not heads[best]:
                del heads[best]
            if text not in seen:
                seen.add(text)
                times[kind] += 1
                listed.append(self._told(entry))
        return tuple(listed)

    def _told(self, entry: int) -> Suggestion:
        kind = KINDS[int(self._kind[entry])]
        node, brand = int(self._arrays["node"][entry]), int(self._arrays["brand"][entry])
        of = kind
        if kind == "brand_type":
            of = "category" if self._arrays["of_category"][entry] else "type"
        return Suggestion(
            text=self._texts[entry],
            kind=kind,
            id=self._graph.nodes[of][node],  # type: ignore[index]
            count=int(self._arrays["count"][entry]),
            brand=self._graph.nodes["brand"][brand] if brand >= 0 else "",
        )


def _all(masks: Sequence[Mask], count: int) -> Mask:
    """bool [count]: where all of some masks hold."""
    found = np.ones(count, dtype=np.bool_)
    for mask in masks:
        found &= mask
    return found
