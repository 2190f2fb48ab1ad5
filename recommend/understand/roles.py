"""What named things are to a query: wanted, fitted to, left out."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from typing import Literal, TypeAlias

from kg.records import NodeKind
from recommend.understand.agreement import Agreement
from recommend.understand.marks import Mark
from recommend.understand.meanings import Meaning, kept, role_of, share_of_things
from recommend.understand.nodes import Nodes
from recommend.understand.reading import Role
from recommend.understand.words import Word

Scope: TypeAlias = Literal["plain", "for", "with", "without"]

_BREAK = re.compile(r"[,;|,。;!?、()\[\]]")
_CLEARLY = 0.1
"""A word that names things in this much more of its meaning is a thing more clearly."""
_MAYBE, _SURELY = 0.2, 0.5
"""So much of what words mean is a thing where they may name one, and where they surely do."""
_COUNT_DIGITS = 2
_AND = frozenset({"and", "und", "et", "y", "&", "+", "和", "与", "、"})
_ENDS = frozenset({"的"})
"""Small words that end what a "for" or a "without" begins, in languages that put it before the thing."""


@dataclass(frozen=True, kw_only=True)
class Scopes:
    """scope of each word; left_out: spans of words in a "without" that name nothing."""

    of: tuple[Scope, ...]
    left_out: tuple[tuple[int, int], ...]


def scopes(text: str, words: Sequence[Word], marks: Sequence[Mark], several: Sequence[Meaning]) -> Scopes:
    """In what each word stands: after "for", after "with", after "without"."""
    named = {i: one for one in several for i in range(one.match.start, one.match.stop)}
    found: list[Scope] = []
    left_out: list[tuple[int, int]] = []
    scope: Scope = "plain"
    again = False  # whether an "or" goes on with what is left out
    for i, word in enumerate(words):
        if i and _BREAK.search(text[words[i - 1].stop : word.start]):
            again = again and scope == "without"
            scope = "plain"
        mark = marks[i]
        if i in named:
            one = named[i].match
            found.append(scope)
            if scope == "without" and i == one.stop - 1:
                scope, again = "plain", True
            continue
        if mark == "without":
            scope = "without"
        elif mark in ("for", "with"):
            scope, again = mark, False
        elif mark == "or" and again:
            scope = "without"
        elif word.folded in _ENDS or (mark == "measure" and marks[i - 1] not in ("for", "with", "measure")):
            scope, again = "plain", False
        elif (
            mark == "without_after"
            and i
            and (i - 1) in named
            and not _BREAK.search(text[words[i - 1].stop : word.start])
        ):
            _leave_out(named[i - 1], found)
        elif not mark and scope == "without":
            if left_out and left_out[-1][1] == i and words[i - 1].cjk == word.cjk:
                left_out[-1] = (left_out[-1][0], i + 1)
            else:
                left_out.append((i, i + 1))
            found.append(scope)
            following = i + 1 < len(words) and (i + 1) not in named and not marks[i + 1]
            if not following:
                scope, again = "plain", True
            continue
        found.append(scope)
    return Scopes(of=tuple(found), left_out=tuple(left_out))


def _leave_out(one: Meaning, found: list[Scope]) -> None:
    """'Sugar-free': the words before are left out."""
    found[one.match.start : one.match.stop] = ["without"] * (one.match.stop - one.match.start)


def roles(
    text: str,
    words: Sequence[Word],
    marks: Sequence[Mark],
    several: Sequence[Meaning],
    scope: Scopes,
    nodes: Nodes,
    agreement: Agreement,
    become_thing: Callable[[Meaning], bool],
    measured: Collection[int],
) -> list[Role | Literal["excluded"]]:
    """The role of each meaning; a meaning that is a property loses what contradicts that.

    Of several types without an "or" or "and" one is wanted (`_head`); the others are what it is for, or where
    the wanted products have such an attribute, a property. What is counted ('24 port') or `measured` (what
    another has by an amount, as '16 GB memory') is a property too. A brand or series that has no product of
    the wanted type is what it is for, if something of the type is. Where nothing is wanted,
    `become_thing` may make types out of a property, or it is a type that a property may be as well.
    """
    thing_share = [share_of_things(one.weights, nodes) for one in several]
    kinds = [role_of(one.weights, nodes) for one in several]
    places = [scope.of[one.match.start] for one in several]
    found: list[Role | Literal["excluded"]] = []
    for kind, place in zip(kinds, places, strict=True):
        if place == "without":
            found.append("excluded")
        elif place == "for" and kind in ("type", "brand", "series"):
            found.append("target")
        elif place == "with" and kind == "type":
            found.append("attribute")
        else:
            found.append(_role(kind))
    wanted = [i for i, role in enumerate(found) if role == "type"]
    if not wanted:
        loose = [i for i, role in enumerate(found) if role == "attribute" and places[i] == "plain"]
        wanted = [i for i in loose if become_thing(several[i])][-1:]
        for i in [] if wanted else [i for i in loose if thing_share[i] >= _MAYBE][-1:]:
            wanted = [i]
            several[i].weights = kept({n: w for n, w in several[i].weights.items() if nodes.is_thing(n)})
        for i in wanted:
            found[i] = "type"
    if not wanted:
        # "for iPhone charger": the last of what follows is the thing, if it is not alone there
        targets = [i for i, role in enumerate(found) if role == "target"]
        things = [i for i in targets if kinds[i] == "type"]
        if len(targets) > 1 and things and things[-1] == targets[-1]:
            found[things[-1]] = "type"
            wanted = [things[-1]]
    if len(wanted) > 1:
        counted = [i for i in wanted if i in measured or _counted(words, several[i])]
        if len(counted) < len(wanted):
            wanted = [i for i in wanted if i not in counted]
            for i in counted:
                found[i] = "attribute"
    head = _head(wanted, several, thing_share)
    for i in wanted:
        if head is None or i == head or _or_between(several[i], several[head], marks):
            continue
        surely = min(thing_share[i], thing_share[head]) >= _SURELY
        if not (surely and _and_between(text, words, several[i], several[head])):
            is_property = _is_property(several[i], several[head], nodes, agreement)
            found[i] = "attribute" if is_property or i > head else "target"
    if head is not None:
        for i, role in enumerate(found):
            if places[i] in ("with", "without"):
                _is_property(several[i], several[head], nodes, agreement)
            if role in ("brand", "series") and _only_fits(several[i], several[head], nodes, agreement):
                found[i] = "target"
    return found


def _head(wanted: Sequence[int], several: Sequence[Meaning], thing_share: Sequence[float]) -> int | None:
    """The one of several types that is wanted: of those side by side the last ('laptop bag'), and of what
    remains the one that is clearly a thing ('hard drive, 2 TB, USB'), else the last again."""
    starts = {several[i].match.start for i in wanted}
    ends = [i for i in wanted if several[i].match.stop not in starts]
    if not ends:
        return None
    surest = max(thing_share[i] for i in ends)
    return max(i for i in ends if thing_share[i] >= surest - _CLEARLY)


def _or_between(one: Meaning, other: Meaning, marks: Sequence[Mark]) -> bool:
    """Whether an "or" stands between two things."""
    first, last = sorted((one.match, other.match), key=lambda match: match.start)
    return "or" in marks[first.stop : last.start]


def _and_between(text: str, words: Sequence[Word], one: Meaning, other: Meaning) -> bool:
    """Whether an "and" and nothing else stands between two things."""
    first, last = sorted((one.match, other.match), key=lambda match: match.start)
    gap = text[words[first.stop - 1].stop : words[last.start].start]
    return gap.strip().casefold() in _AND


def _counted(words: Sequence[Word], one: Meaning) -> bool:
    """Whether a number stands before: '24 port', '4 bay'. A longer one may be a name: 'socket 1151 board'."""
    before = words[one.match.start - 1].folded if one.match.start else ""
    return before.isdigit() and len(before) <= _COUNT_DIGITS


def _is_property(one: Meaning, head: Meaning, nodes: Nodes, agreement: Agreement) -> bool:
    """Whether words before the wanted thing are an attribute that such things have, and nothing that they are
    for; then only the attributes remain."""
    things = [node for node in head.weights if nodes.is_thing(node)]
    own = [node for node in one.weights if nodes.is_thing(node)]
    if any(agreement.fit(thing, node) for thing in things for node in own):
        return False
    had = {
        node: weight
        for node, weight in one.weights.items()
        if node not in own and any(agreement.have(thing, node) for thing in things)
    }
    if had:
        one.weights = kept(had)
    return bool(had)


def _role(kind: NodeKind) -> Role:
    return kind if kind in ("type", "brand", "series") else "attribute"


def _only_fits(one: Meaning, head: Meaning, nodes: Nodes, agreement: Agreement) -> bool:
    """Whether the wanted things go with something, and are never of it."""
    fitting = False
    for thing in head.weights:
        if not nodes.is_thing(thing):
            continue
        for node in one.weights:
            if agreement.have(thing, node):
                return False
            fitting = fitting or agreement.fit(thing, node) > 0
    return fitting or all(nodes.node(node).kind == "series" for node in one.weights)
