"""Teaching the channels what they are worth for histories: memories, weights, and which parts stay."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import numpy as np
import numpy.typing as npt

from recommend.channels import FitContext, Links
from recommend.channels.base import fit_priors, made_in, other_ways
from recommend.channels.neighbours import channels_of_spaces
from recommend.folds import Blind, Folds
from recommend.rank.candidates import Candidates, candidates
from recommend.rank.gains import Lessons, gains_of
from recommend.rank.memory import Memory
from recommend.rank.memory_learning import learn_memories, said_of, with_memories
from recommend.rank.steady import joined, learn_steadily, widened
from recommend.rank.ways import Choice, choose_optional, choose_way
from recommend.rank.worth import without, worth_of


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
    optional = [one for one in links if one.optional]
    links, counted = (tuple(one for one in some if not one.optional) for some in (links, counted))
    weights = {name: weight for name, weight in usual.items() if name not in {one.name for one in optional}}
    card: dict[str, Any] = {}
    lesson = _begun(links, counted, folds, plain, whole)
    choices = _choices(lesson, weights)
    if choices:
        card["ways"] = {name: choice.card() for name, choice in choices.items()}
    lesson = lesson.made_in({name: choice.values for name, choice in choices.items() if choice.kept})
    gained = _gained(optional, lesson, weights)
    if gained:
        card["channels"] = {one.name: choice.card() for one, choice in gained}
    kept = [(one, choice.values) for one, choice in gained if choice.kept]
    lesson = lesson.joined_by(kept)
    weights |= {one.name: usual.get(one.name, 0.0) for one, _ in kept}
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
    made for each of the folds, and the contexts of the first two. `memories` are those that were learned."""

    links: tuple[Links, ...]
    blind: tuple[Links, ...]
    folds: tuple[Blind, ...]
    plain: FitContext
    whole: FitContext
    memories: Mapping[str, Memory]

    @cached_property
    def names(self) -> frozenset[str]:
        """The channels that had to be made anew for the folds."""
        return told_by_log(self.links)

    @cached_property
    def asked(self) -> tuple[Candidates, ...]:
        """What every channel says of the products that users may want of whom a fold hides something."""
        return tuple(
            candidates(
                [one for one in fold.known(self.blind, self.names) if "history" in one.defaults],
                fold.priors,
                fold.behaviour,
                fold.hidden,
                fold.users,
                listed=self.plain.graph.products.listed,
            )
            for fold in self.folds
        )

    @cached_property
    def every(self) -> Candidates:
        """The same for the users of all folds."""
        return joined(self.asked)

    def said(self, links: Links) -> Callable[[Mapping[str, float]], npt.NDArray[np.float32]]:
        """What links say of the candidates of all folds, fold after fold, if they are made in some way."""
        width = self.every.valid.shape[1]

        def in_way(values: Mapping[str, float]) -> npt.NDArray[np.float32]:
            columns = [
                said_of(given, fold.behaviour, made_in(links, values, self._seen_by(fold)))
                for fold, given in zip(self.folds, self.asked, strict=True)
            ]
            return np.concatenate([widened(column, width) for column in columns])

        return in_way

    def made_in(self, chosen: Mapping[str, Mapping[str, float]]) -> _Lesson:
        """Some channels, by name, made in another way."""
        if not chosen:
            return self

        def made(links: Sequence[Links], context: FitContext) -> tuple[Links, ...]:
            return tuple(
                made_in(one, chosen[one.name], context) if one.name in chosen else one for one in links
            )

        return replace(
            self,
            links=made(self.links, self.whole),
            blind=made(self.blind, self.plain),
            folds=tuple(replace(fold, links=made(fold.links, self._seen_by(fold))) for fold in self.folds),
        )

    def joined_by(self, more: Sequence[tuple[Links, Mapping[str, float]]]) -> _Lesson:
        """With links that were optional, each made in a way."""
        if not more:
            return self

        def beside(links: Sequence[Links], context: FitContext) -> tuple[Links, ...]:
            made = (made_in(one, values, context) for one, values in more)
            return tuple(sorted((*links, *made), key=lambda one: one.name))

        return replace(
            self,
            links=beside(self.links, self.whole),
            blind=beside(self.blind, self.plain),
            folds=tuple(replace(fold, links=beside(fold.links, self._seen_by(fold))) for fold in self.folds),
        )

    def _seen_by(self, fold: Blind) -> FitContext:
        """The context of what a fold does not hide."""
        return replace(self.plain, graph=fold.graph, behaviour=fold.behaviour)


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
    further = (Blind.of(one, names, plain.settings, seed=seed) for one in others)
    return _Lesson(
        links=links, blind=blind, folds=(first, *further), plain=plain, whole=whole, memories=memories
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
        ways = other_ways(links)
        if not ways or "history" not in links.defaults:
            continue
        choice = choose_way(lesson.every, links.name, ways, lesson.said(links), start, seed=lesson.plain.seed)
        if choice is not None:
            found[links.name] = choice
    return found


def _gained(
    optional: Sequence[Links], lesson: _Lesson, start: Mapping[str, float]
) -> list[tuple[Links, Choice]]:
    """What optional links add to what is known without them, each by themselves."""
    found = []
    for links in optional:
        ways = ({}, *other_ways(links))
        choice = choose_optional(lesson.every, ways, lesson.said(links), start, seed=lesson.plain.seed)
        if choice is not None:
            found.append((links, choice))
    return found
