"""Teaching the channels what they are worth for histories: memories, weights, and which parts stay."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt

from recommend.channels import FitContext, Links
from recommend.channels.base import (
    Change,
    fit_priors,
    free_name,
    made_in,
    optional_channels,
    optional_links,
    other_ways,
)
from recommend.channels.neighbours import channels_of_spaces
from recommend.folds import Blind, Folds
from recommend.rank.candidates import Candidates, candidates
from recommend.rank.gains import Lessons, gains_of
from recommend.rank.memory import Memory
from recommend.rank.memory_learning import learn_memories, said_of, with_memories
from recommend.rank.relations import channels_of_relations, relations_of
from recommend.rank.steady import joined, learn_steadily, widened
from recommend.rank.ways import Choice, choose_optional, choose_way, judged_again
from recommend.rank.worth import without, worth_of

Values: TypeAlias = npt.NDArray[np.float32]


@dataclass(frozen=True, kw_only=True, eq=False)
class Taught:
    """The channels with their memories, and their `weights` for histories.

    `blind` are the same channels without what the first fold hides, `first` and `further` what was made for
    the folds, `names` the channels that had to be made anew for them. `lessons` are what the weights were
    learned from; `card` says what was found.
    """

    links: tuple[Links, ...]
    weights: Mapping[str, float]
    blind: tuple[Links, ...]
    first: Blind
    further: Sequence[Blind]
    names: Collection[str]
    lessons: Lessons
    card: Mapping[str, Any]


def teach_history(
    links: tuple[Links, ...],
    counted: Sequence[Links],
    usual: Mapping[str, float],
    folds: Folds,
    plain: FitContext,
    whole: FitContext,
) -> Taught:
    """Learn on what the folds hide. `links` and `whole`, their context, know everything; `counted` and
    `plain` nothing of what the first fold hides. `usual` are the weights to begin with."""
    weights, card = dict(usual), dict[str, Any]()
    lesson = _begun(links, counted, folds, plain, whole)
    choices = _choices(lesson, weights)
    if choices:
        card["ways"] = {name: choice.card() for name, choice in choices.items()}
    lesson = lesson.made_in({name: choice.values for name, choice in choices.items() if choice.kept})
    for channel, choice, seen in _gained(lesson, weights):
        card.setdefault("channels", {})[channel] = choice.card()
        made = optional_links(channel, choice.values, whole) if choice.kept else None
        if made is not None:
            name = free_name(made.name, lesson.links)
            named = [None if one is None else replace(one, name=name) for one in seen]
            lesson = lesson.given(replace(made, name=name), named)
            weights[name] = made.defaults.get("history", 0.0)
    learned, idle = _learned(lesson, weights, card)
    first, *further = lesson.folds
    return Taught(
        links=lesson.links,
        weights=learned,
        blind=lesson.blind,
        first=first,
        further=further,
        names=lesson.names,
        lessons=Lessons(given=lesson.every, start=weights, learned=learned, idle=idle, seed=plain.seed),
        card=card,
    )


@dataclass(frozen=True, kw_only=True, eq=False)
class _Lesson:
    """Channels that know everything (`links`), the same without what the first fold hides (`blind`), what was
    made for each of the folds, and the contexts of the first two. `memories` are those that were learned.

    `asked` is what every channel says of the products that users may want of whom a fold hides something.
    """

    links: tuple[Links, ...]
    blind: tuple[Links, ...]
    folds: tuple[Blind, ...]
    asked: tuple[Candidates, ...]
    plain: FitContext
    whole: FitContext
    memories: Mapping[str, Memory]

    @cached_property
    def names(self) -> frozenset[str]:
        """The channels that had to be made anew for the folds."""
        return told_by_log(self.links)

    @cached_property
    def every(self) -> Candidates:
        """What is said for the users of all folds."""
        return joined(self.asked)

    @cached_property
    def seen(self) -> tuple[FitContext, ...]:
        """The context of what each fold does not hide."""
        return tuple(replace(self.plain, graph=fold.graph, behaviour=fold.behaviour) for fold in self.folds)

    def said(self, seen: Sequence[Links | None]) -> Values:
        """float32 [u, m]: what links say of the candidates of all folds, made for each of them (None: there
        are none)."""
        width = self.every.valid.shape[1]
        columns = zip(self.asked, self.folds, seen, strict=True)
        return np.concatenate([widened(_column(given, fold, one), width) for given, fold, one in columns])

    def remade(self, links: Links, values: Change) -> list[Links]:
        """Links made in a way for each of the folds."""
        return [made_in(links, values, context) for context in self.seen]

    def made_in(self, chosen: Mapping[str, Change]) -> _Lesson:
        """Some channels, by name, made in another way."""
        lesson = self
        for one in self.links:
            if one.name in chosen:
                values = chosen[one.name]
                lesson = lesson.given(made_in(one, values, self.whole), self.remade(one, values))
        return lesson

    def given(self, whole: Links, seen: Sequence[Links | None]) -> _Lesson:
        """With links that know everything, in place of others of their name or beside all others; `seen` are
        the same, made for each of the folds. (The candidates stay: other links would hardly find others.)"""
        made = list(zip(self.folds, seen, strict=True))
        return replace(
            self,
            links=_put(self.links, whole),
            blind=_put(self.blind, seen[0]),
            folds=tuple(replace(fold, links=_put(fold.links, one)) for fold, one in made),
            asked=tuple(
                _told(given, whole.name, _column(given, fold, one))
                for given, (fold, one) in zip(self.asked, made, strict=True)
            ),
        )


def _put(links: Sequence[Links], one: Links | None) -> tuple[Links, ...]:
    """Links with one more, or in place of the one of its name."""
    if one is None:
        return tuple(links)
    rest = (other for other in links if other.name != one.name)
    return tuple(sorted((*rest, one), key=lambda links: links.name))


def _column(given: Candidates, fold: Blind, links: Links | None) -> Values:
    """float32 [u, m]: what links of a fold say of its candidates."""
    if links is None:
        return np.zeros(given.valid.shape, dtype=np.float32)
    return said_of(given, fold.behaviour, links)


def _told(given: Candidates, name: str, column: Values) -> Candidates:
    """The candidates with what a channel says of them now; a new one stands before the priors."""
    names = list(given.names)
    if name in names:
        features = given.features.copy()
        features[:, :, names.index(name)] = column
        return replace(given, features=features)
    place = len(names) - given.priors
    return replace(
        given,
        names=(*names[:place], name, *names[place:]),
        features=np.insert(given.features, place, column, axis=2),
    )


def _begun(
    links: tuple[Links, ...], counted: Sequence[Links], folds: Folds, plain: FitContext, whole: FitContext
) -> _Lesson:
    """The channels with their memories, and made for the folds as far as these differ."""
    split, seed = folds.first, plain.seed
    # what depends on nothing that was hidden need not be fitted again
    names = told_by_log(links)
    unchanged = tuple(one for one in links if one.name not in names)
    same = {one.name for one in unchanged}
    seen = tuple(one for one in counted if one.name not in same)
    blind = (*seen, *unchanged)
    memories = learn_memories(
        blind, plain.behaviour, split.hidden, split.users, listed=plain.graph.products.listed, seed=seed
    )
    seen, blind, links = (with_memories(some, memories) for some in (seen, blind, links))
    first = Blind(
        graph=split.graph,
        behaviour=plain.behaviour,
        links=seen,
        priors=fit_priors(plain),
        hidden=split.hidden,
    )
    others = folds.others() if folds.few else ()
    made = (first, *(Blind.of(one, names, plain.settings, seed=seed) for one in others))
    asked = tuple(
        candidates(
            [one for one in fold.known(blind, names) if "history" in one.defaults],
            fold.priors,
            fold.behaviour,
            fold.hidden,
            fold.users,
            listed=plain.graph.products.listed,
        )
        for fold in made
    )
    return _Lesson(
        links=links, blind=blind, folds=made, asked=asked, plain=plain, whole=whole, memories=memories
    )


def _learned(
    lesson: _Lesson, start: Mapping[str, float], card: dict[str, Any]
) -> tuple[dict[str, float], set[str]]:
    """(the weights, the channels that did not earn their place); what was found goes on the card."""
    seed, given, weights = lesson.plain.seed, lesson.every, dict(start)
    gains = gains_of(
        given,
        channels_of_spaces(lesson.blind),
        weights,
        behaviour=lesson.plain.behaviour,
        hidden=sum((fold.hidden for fold in lesson.folds[1:]), lesson.folds[0].hidden),
        seed=seed,
    )
    if gains:
        card["vectors"] = {space: gain.card() for space, gain in gains.items()}
    for gain in gains.values():
        weights |= gain.settled
        given = given if gain.kept else without(given, gain.channels)
    relations = relations_of(given, channels_of_relations(lesson.blind), weights, seed=seed)
    if relations:
        card["relations"] = {name: one.card() for name, one in relations.items()}
    for one in relations.values():
        weights |= one.settled
        given = given if one.kept else without(given, one.channels)
    told = told_by_log(lesson.blind)
    worth = worth_of(given, [one.name for one in lesson.blind if one.name not in told], weights, seed=seed)
    if worth is not None:
        card["graph"] = worth.card()
        weights |= worth.settled
        given = given if worth.kept else without(given, worth.channels)
    learned, value = learn_steadily(given, weights, seed=seed)
    weights |= learned
    card["validation"] = {
        "users": sum(len(fold.users) for fold in lesson.folds),
        "ndcg@10": round(value, 6),
        "weights": {name: round(w, 4) for name, w in sorted(weights.items()) if w > 0},
    }
    if lesson.memories:
        card["validation"]["memory"] = {name: one.decay for name, one in sorted(lesson.memories.items())}
    return weights, set(lesson.every.names).difference(given.names)


def told_by_log(links: Sequence[Links]) -> frozenset[str]:
    """The names of the channels that are made of what users did."""
    return frozenset(one.name for one in links if one.trace.of_log)


def _choices(lesson: _Lesson, start: Mapping[str, float]) -> dict[str, Choice]:
    """In which way each channel that offers several is best made, by name."""
    found: dict[str, Choice] = {}
    for links in lesson.blind:
        steps = other_ways(links)
        if not steps or "history" not in links.defaults:
            continue

        def said(values: Change, links: Links = links) -> Values:
            return lesson.said(lesson.remade(links, values))

        choice = choose_way(lesson.every, links.name, steps, said, start, seed=lesson.plain.seed)
        if choice is not None and choice.kept:
            other = _told(lesson.every, links.name, said(choice.values))
            choice = judged_again(choice, lesson.every, other, start, seed=lesson.plain.seed)
        if choice is not None:
            found[links.name] = choice
    return found


def _gained(
    lesson: _Lesson, start: Mapping[str, float]
) -> Iterator[tuple[str, Choice, Sequence[Links | None]]]:
    """What each optional channel adds to what is known without it, and what it made for the folds."""
    for channel, steps in optional_channels().items():
        made: dict[tuple[tuple[str, float], ...], list[Links | None]] = {}

        def seen(values: Change, channel: str = channel, made: Any = made) -> list[Links | None]:
            key = tuple(sorted(values.items()))
            if key not in made:
                made[key] = [optional_links(channel, values, context) for context in lesson.seen]
            found: list[Links | None] = made[key]
            return found

        def said(values: Change, seen: Any = seen) -> Values:
            return lesson.said(seen(values))

        if not any(seen({})):
            continue
        choice = choose_optional(lesson.every, steps, said, start, seed=lesson.plain.seed)
        if choice is not None:
            yield channel, choice, seen(choice.values)
