"""Teaching the channels what they are worth for histories: memories, weights, and which parts stay."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import numpy.typing as npt

from recommend.channels import FitContext, Links
from recommend.channels.base import fit_priors, made_in, other_ways
from recommend.channels.neighbours import channels_of_spaces
from recommend.folds import Blind, Folds
from recommend.rank.candidates import Candidates, candidates
from recommend.rank.gains import Lessons, gains_of
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
    listed, seed = plain.graph.products.listed, plain.seed
    split = folds.first
    optional = [one for one in links if one.optional]
    links, counted = (tuple(one for one in some if not one.optional) for some in (links, counted))
    weights = {name: weight for name, weight in usual.items() if name not in {one.name for one in optional}}
    # what depends on nothing that was hidden need not be fitted again
    names = told_by_log(links)
    unchanged = tuple(one for one in links if one.name not in names)
    same = {one.name for one in unchanged}
    seen = tuple(one for one in counted if one.name not in same)
    blind = (*seen, *unchanged)
    memories = learn_memories(blind, plain.behaviour, split.hidden, split.users, listed=listed, seed=seed)
    seen, blind, links = (with_memories(some, memories) for some in (seen, blind, links))
    first = Blind(
        graph=split.graph,
        behaviour=plain.behaviour,
        links=seen,
        priors=fit_priors(plain),
        hidden=split.hidden,
    )
    others = folds.others() if folds.few else ()
    further = [Blind.of(one, names, plain.settings, seed=seed) for one in others]
    asked = [_asked(one, blind, names, plain) for one in (first, *further)]
    every, start = joined(asked), dict(weights)
    card: dict[str, Any] = {}
    choices = _choices(blind, (first, *further), asked, every, weights, plain)
    if choices:
        card["ways"] = {name: choice.card() for name, choice in choices.items()}
    chosen = {name: choice.values for name, choice in choices.items() if choice.kept}
    if chosen:
        links, blind = _made_in(links, chosen, whole), _made_in(blind, chosen, plain)
        first, *further = (_remade(one, chosen, plain) for one in (first, *further))
        asked = [_asked(one, blind, names, plain) for one in (first, *further)]
        every = joined(asked)
    gained = _gained(optional, (first, *further), asked, every, weights, plain)
    if gained:
        card["channels"] = {one.name: choice.card() for one, choice in gained}
    kept = [(one, choice.values) for one, choice in gained if choice.kept]
    if kept:
        links = _sorted((*links, *(made_in(one, values, whole) for one, values in kept)))
        blind = _sorted((*blind, *(made_in(one, values, plain) for one, values in kept)))
        first, *further = (_with_optional(one, kept, plain) for one in (first, *further))
        names = told_by_log(links)
        start |= {one.name: usual.get(one.name, 0.0) for one, _ in kept}
        weights = dict(start)
        every = joined([_asked(one, blind, names, plain) for one in (first, *further)])
    given = every
    gains = gains_of(
        given,
        channels_of_spaces(blind),
        weights,
        behaviour=plain.behaviour,
        hidden=sum((one.hidden for one in further), split.hidden),
        seed=seed,
    )
    if gains:
        card["vectors"] = {space: gain.card() for space, gain in gains.items()}
    for gain in gains.values():
        weights |= gain.settled
        given = given if gain.kept else without(given, gain.channels)
    worth = worth_of(
        given, [one.name for one in blind if one.name not in told_by_log(blind)], weights, seed=seed
    )
    if worth is not None:
        card["graph"] = worth.card()
        weights |= worth.settled
        given = given if worth.kept else without(given, worth.channels)
    learned, value = learn_steadily(given, weights, seed=seed)
    weights |= learned
    card["validation"] = {
        "users": sum(len(fold.users) for fold in (first, *further)),
        "ndcg@10": round(value, 6),
        "weights": {name: round(w, 4) for name, w in sorted(weights.items()) if w > 0},
    }
    if memories:
        card["validation"]["memory"] = {name: one.decay for name, one in sorted(memories.items())}
    idle = set(every.names).difference(given.names)
    return Taught(
        links=links,
        weights=weights,
        blind=blind,
        first=first,
        further=further,
        names=names,
        lessons=Lessons(given=every, start=start, learned=dict(weights), idle=idle, seed=seed),
        card=card,
    )


def told_by_log(links: Sequence[Links]) -> frozenset[str]:
    """The names of the channels that are made of what users did."""
    return frozenset(one.name for one in links if one.trace.of_log)


def _choices(
    blind: tuple[Links, ...],
    folds: Sequence[Blind],
    asked: Sequence[Candidates],
    every: Candidates,
    start: Mapping[str, float],
    plain: FitContext,
) -> dict[str, Choice]:
    """In which way each channel that offers several is best made, by name. `asked` are the candidates of each
    fold, `every` those of all."""
    found: dict[str, Choice] = {}
    width = every.valid.shape[1]
    for links in blind:
        ways = other_ways(links)
        if not ways or "history" not in links.defaults:
            continue
        said = _said(links, folds, asked, width, plain)
        choice = choose_way(every, links.name, ways, said, start, seed=plain.seed)
        if choice is not None:
            found[links.name] = choice
    return found


def _gained(
    optional: Sequence[Links],
    folds: Sequence[Blind],
    asked: Sequence[Candidates],
    every: Candidates,
    start: Mapping[str, float],
    plain: FitContext,
) -> list[tuple[Links, Choice]]:
    """What optional links add to what `every` user is asked of, each by themselves."""
    found = []
    for links in optional:
        said = _said(links, folds, asked, every.valid.shape[1], plain)
        choice = choose_optional(every, ({}, *other_ways(links)), said, start, seed=plain.seed)
        if choice is not None:
            found.append((links, choice))
    return found


def _with_optional(
    fold: Blind, kept: Sequence[tuple[Links, Mapping[str, float]]], plain: FitContext
) -> Blind:
    """A fold with optional links, made of what it does not hide."""
    made = (made_in(links, values, _seen_by(fold, plain)) for links, values in kept)
    return replace(fold, links=_sorted((*fold.links, *made)))


def _sorted(links: Sequence[Links]) -> tuple[Links, ...]:
    return tuple(sorted(links, key=lambda one: one.name))


def _said(
    links: Links, folds: Sequence[Blind], asked: Sequence[Candidates], width: int, plain: FitContext
) -> Callable[[Mapping[str, float]], npt.NDArray[np.float32]]:
    """What links say of the candidates of all folds, fold after fold, if they are made in some way."""

    def said(values: Mapping[str, float]) -> npt.NDArray[np.float32]:
        columns = [
            said_of(given, fold.behaviour, made_in(links, values, _seen_by(fold, plain)))
            for fold, given in zip(folds, asked, strict=True)
        ]
        return np.concatenate([widened(column, width) for column in columns])

    return said


def _made_in(
    links: Sequence[Links], chosen: Mapping[str, Mapping[str, float]], context: FitContext
) -> tuple[Links, ...]:
    """The links, some made in another way."""
    return tuple(made_in(one, chosen[one.name], context) if one.name in chosen else one for one in links)


def _remade(fold: Blind, chosen: Mapping[str, Mapping[str, float]], plain: FitContext) -> Blind:
    return replace(fold, links=_made_in(fold.links, chosen, _seen_by(fold, plain)))


def _seen_by(fold: Blind, plain: FitContext) -> FitContext:
    """The context of what a fold does not hide."""
    return replace(plain, graph=fold.graph, behaviour=fold.behaviour)


def _asked(fold: Blind, blind: tuple[Links, ...], names: Collection[str], plain: FitContext) -> Candidates:
    """What every channel says of the products that users may want of whom a fold hides something."""
    return candidates(
        [one for one in fold.known(blind, names) if "history" in one.defaults],
        fold.priors,
        fold.behaviour,
        fold.hidden,
        fold.users,
        listed=plain.graph.products.listed,
    )
