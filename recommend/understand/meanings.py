"""What the words of a query most likely name, given the others: weights of alternatives."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from kg.graph import Node
from kg.records import NodeKind
from recommend.understand.agreement import Agreement
from recommend.understand.name_table import NameTable
from recommend.understand.nodes import Nodes
from recommend.understand.segments import Match

MOST_NODES = 6
"""So many alternatives of one entity are kept."""
_MOST_AGREEING = 16
"""So many names of one query are compared with each other: no query of a shopper has more."""
_LEAST_WEIGHT = 0.02
_DISAGREE = 0.05
"""What remains of an alternative's weight where it never goes with the rest of the query."""
_UNSAID = 0.02
_SURE = 0.5
_ENOUGH = 3
_MOSTLY, _RAISED = 0.5, 1.5
"""A type is narrowed down where this share of its products with a property is of the narrower type, and where
the property makes that so much likelier."""
_OFTEN = 0.25
"""Of the products with such a property, this share must be of a type."""
_FITTING = 0.5
"""Being compatible with a thing counts this much of having it."""


@dataclass(slots=True)
class Meaning:
    """A match and what it may name: number of a node → weight; the weights add up to 1."""

    match: Match
    weights: dict[int, float]


def meanings(matches: Sequence[Match], table: NameTable) -> list[Meaning]:
    """What each match names by itself."""
    found = []
    for match in matches:
        numbers, weights = table.node[match.at].tolist(), table.weight[match.at].tolist()
        found.append(Meaning(match=match, weights=_scaled(dict(zip(numbers, weights, strict=True)))))
    return found


def agree(several: Sequence[Meaning], agreement: Agreement, nodes: Nodes) -> None:
    """Moves the weights of alternatives to those that go with what the other words may name."""
    if len(several) < 2 or all(len(one.weights) == 1 for one in several):
        return
    several = several[:_MOST_AGREEING]
    before = [
        [(node, weight, nodes.is_thing(node)) for node, weight in list(one.weights.items())[:MOST_NODES]]
        for one in several
    ]
    for place, one in enumerate(several):
        if len(one.weights) == 1:
            continue
        moved = {node: weight for node, weight, _ in before[place]}
        for other_place, others in enumerate(before):
            if other_place == place:
                continue
            for node, _, thing in before[place]:
                shared = _DISAGREE
                for other, weight, other_thing in others:
                    if thing != other_thing:
                        shared += weight * _together(agreement, node, other, thing)
                moved[node] *= shared
        one.weights = _scaled(moved)


def _together(agreement: Agreement, node: int, other: int, node_is_thing: bool) -> float:
    """The share of the other's products that have the node, from 0 to 1."""
    pair = (node, other) if node_is_thing else (other, node)
    count = agreement.have(*pair) or _FITTING * agreement.fit(*pair)
    return min(1.0, count / max(1, int(agreement.counts[other])))


def weighed(
    one: Meaning,
    guess: Sequence[tuple[Node, float]],
    nodes: Nodes,
    agreement: Agreement,
) -> None:
    """Moves the weights of alternatives to the types that a model takes to be meant.

    A sure model also moves them between types and other nodes: a brand, series or property is as likely as
    the types of its products are. What the model leaves out keeps a little.
    """
    things = [node for node in one.weights if nodes.is_thing(node)]
    if not things or len(one.weights) == 1:
        return
    said = {nodes.number(node): chance for node, chance in guess}
    sure = max(said.values(), default=0.0) >= _SURE
    moved = dict(one.weights)
    for node, weight in one.weights.items():
        chance = said.get(node, 0.0)
        if node in things:
            moved[node] = weight * (chance + _UNSAID)
        elif sure and (most := int(agreement.counts[node])):
            shares = agreement.things_with(node)
            chance = min(1.0, sum(said.get(thing, 0.0) * count / most for thing, count in shares))
            moved[node] = weight * (chance + _UNSAID)
    if not sure:  # the types together keep what they had
        share = sum(one.weights[node] for node in things) / sum(moved[node] for node in things)
        moved.update({node: moved[node] * share for node in things})
    one.weights = kept(moved)


def narrowed(
    head: Meaning,
    properties: Sequence[Meaning],
    agreement: Agreement,
    nodes: Nodes,
) -> None:
    """Puts a narrower type before a wider one where a property says it: a cat6 cable is a patch cable.

    Most of the wider type's products with the property must be of the narrower one, and more of them than
    without.
    """
    wide = max(head.weights, key=lambda node: (head.weights[node], -node))
    if not nodes.is_thing(wide):
        return
    for one in properties:
        value = max(one.weights, key=lambda node: (one.weights[node], -node))
        both = 0 if nodes.is_thing(value) else agreement.have(wide, value)
        if both < _ENOUGH:
            continue
        for narrow, count in agreement.things_with(value, least=_MOSTLY * both):
            usual = int(agreement.counts[narrow]) / max(1, int(agreement.counts[wide]))
            if narrow != wide and count / both >= _RAISED * usual and nodes.is_below(narrow, wide):
                weight = head.weights.pop(wide)
                head.weights[narrow] = head.weights.get(narrow, 0.0) + weight * min(1.0, count / both)
                head.weights[wide] = weight * max(_LEAST_WEIGHT, 1.0 - count / both)
                head.weights = kept(head.weights)
                return


def things_of(one: Meaning, agreement: Agreement, says_kind: Callable[[int], bool]) -> bool:
    """Turns a property that says what a product is ('product type: webcam') into the types of such products;
    True if there are any."""
    things: dict[int, float] = {}
    for node, weight in one.weights.items():
        most = int(agreement.counts[node])
        if not most or not says_kind(node):
            continue
        for thing, count in agreement.things_with(node, least=_OFTEN * most)[:MOST_NODES]:
            things[thing] = things.get(thing, 0.0) + weight * count / most
    if things:
        one.weights = kept(things)
    return bool(things)


def kept(weights: Mapping[int, float]) -> dict[int, float]:
    """The likeliest alternatives, scaled to add up to 1."""
    ordered = sorted(weights.items(), key=lambda item: (-item[1], item[0]))[:MOST_NODES]
    return _scaled({node: weight for node, weight in ordered if weight >= _LEAST_WEIGHT * ordered[0][1]})


def role_of(weights: Mapping[int, float], nodes: Nodes) -> NodeKind:
    """The kind of the likeliest node; "type" for a category."""
    kind = nodes.node(min(weights, key=lambda node: (-weights[node], node))).kind
    return "type" if kind == "category" else kind


def share_of_things(weights: Mapping[int, float], nodes: Nodes) -> float:
    """How much of the weight is on types and categories."""
    return sum(weight for node, weight in weights.items() if nodes.is_thing(node))


def _scaled(weights: dict[int, float]) -> dict[int, float]:
    total = sum(weights.values())
    if not total > 0:
        return {node: 1.0 / len(weights) for node in weights}
    return {node: weight / total for node, weight in weights.items()}
