"""Paths in words, from a template for each relation."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from recommend.explain.explanation import (
    CONFIDENCE,
    ExplainedEdge,
    ExplainedNode,
    ExplainedPath,
    Explanation,
)
from recommend.explain.phrases import Phrasebook
from recommend.explain.shopper import path_sentence
from recommend.naming import NEAR
from recommend.understand.reading import BY_MEANING

_DID: Mapping[str, str] = {
    "purchased": "bought",
    "rated": "rated",
    "carted": "put into the cart",
    "clicked": "clicked",
    "viewed": "looked at",
}
_SAID: Mapping[str, str] = {
    "made_by": "is made by",
    "in_category": "is in",
    "subcategory_of": "is part of",
    "has_attribute": "has",
    "in_collection": "belongs to",
    "found": "led to",
    "compatible_with": "is compatible with",
    "of_type": "is of the type",
    "subtype_of": "is a kind of",
    "in_series": "belongs to the series",
    "accessory_of": "is an accessory for",
    "service_for": "is a service for",
}
_LONGEST = 60
_SHARED: Mapping[str, str] = {
    "made_by": "both are made by {node}",
    "in_category": "both are in {node}",
    "has_attribute": "both have {node}",
    "in_collection": "both belong to {node}",
    "of_type": "both are of the type {node}",
    "in_series": "both belong to the series {node}",
}


def sentences(explanation: Explanation) -> str:
    """The head line and one line a path."""
    product = explanation.product
    lines = [f"{product.title or product.id} [{product.id}], score {explanation.score:.4f}"]
    score = explanation.score or 1.0
    for number, path in enumerate(explanation.paths, start=1):
        lines.append(f"  {number}. {path.contribution / score:4.0%}  {describe(path)}")
    more = explanation.path_count - len(explanation.paths)
    shown = sum(path.contribution for path in explanation.paths)
    if more > 0:
        lines.append(
            f"     {(explanation.explained - shown) / score:4.0%}  {more} more path{'' if more == 1 else 's'}"
        )
    if explanation.adjustment:
        lines.append(f"     {explanation.adjustment / score:+4.0%}  the learned ranking")
    lines += [f"           {sentence}" for sentence in explanation.told]
    lines += [f"     {value / score:4.0%}  {name}" for name, value in _other(explanation).items()]
    return "\n".join(lines)


def analyst_lines(explanation: Explanation, phrases: Phrasebook, language: str) -> list[str]:
    """A line for each path with its share, channel and the support of derived edges; then the rests."""
    if language == "en":
        return sentences(explanation).splitlines()[1:]
    score = explanation.score or 1.0
    lines = [
        f"{path.contribution / score:4.0%}  {path_sentence(path, explanation, phrases, language)}"
        f" [{'; '.join([path.channel, *_supports(path)])}]"
        for path in explanation.paths
    ]
    more = explanation.path_count - len(explanation.paths)
    if more > 0:
        lines.append(f"{explanation.share - explanation.shown_share:4.0%}  +{more}")
    lines += explanation.told
    if explanation.adjustment:
        lines.append(f"{explanation.adjustment / score:+4.0%}  adjustment")
    return lines + [f"{value / score:4.0%}  {name}" for name, value in _other(explanation).items()]


def _supports(path: ExplainedPath) -> list[str]:
    return [
        f"{edge.support:.3g} {edge.support_unit}"
        for edge in path.edges
        if not edge.stored and edge.support is not None
    ]


def _other(explanation: Explanation) -> dict[str, float]:
    """What adds to the score without a path, but for what is told apart; popularity under one name."""
    found: dict[str, float] = {}
    for name, value in explanation.rests.items():
        if name == "adjustment" or name.startswith("rule."):
            continue
        name = "popularity" if name.endswith("popularity") else name
        found[name] = found.get(name, 0.0) + value
    return {name: value for name, value in found.items() if value > 0.005 * explanation.score}


def describe(path: ExplainedPath) -> str:
    """One path as a sentence."""
    edges = list(path.edges)
    parts: list[str] = []
    if edges and edges[0].start.kind == "user":
        parts.append(f"because you {_DID.get(edges[0].relation, edges[0].relation)} {_quoted(edges[0].end)}")
        edges = edges[1:]
    if len(edges) == 2 and edges[0].relation == edges[1].relation and edges[0].forward != edges[1].forward:
        parts.append(_shared(edges))
    else:
        parts.extend(_edge(edge) for edge in edges)
    return "; ".join(parts)


def _shared(edges: Sequence[ExplainedEdge]) -> str:
    node, relation = edges[0].end, edges[0].relation
    start, end = _quoted(edges[0].start), _quoted(edges[1].end)
    if relation in _SHARED:
        return f"{start} and {end}: {_SHARED[relation].format(node=_quoted(node))}"
    said = relation.replace("_", " ")
    if edges[0].forward:
        return f"{start} and {end} are both linked to {_quoted(node)} ({said})"
    return f"{_quoted(node)} is linked to both {start} and {end} ({said})"


def _edge(edge: ExplainedEdge) -> str:
    start, end = _quoted(edge.start), _quoted(edge.end)
    if not edge.stored and not edge.support_unit.startswith(CONFIDENCE):
        return _derived(edge, start, end)
    if not edge.forward:
        start, end = end, start
    said = f"{start} {_SAID.get(edge.relation, edge.relation.replace('_', ' '))} {end}"
    return said if edge.stored else f"{said} ({edge.support or 0:.0%} sure)"


def _derived(edge: ExplainedEdge, start: str, end: str) -> str:
    support = edge.support or 0.0
    if edge.support_unit == "users":
        people = "1 customer" if support == 1 else f"{support:.0f} customers"
        did, way = edge.relation.split("_", 1)
        did = "bought" if did == "bought" else "looked at or bought"
        if way == "next":
            return f"{people} {did} {end} after {start}"
        if way == "alike":
            return f"{people} {did} both {start} and {end}, which are chosen with much the same others"
        return f"{people} who {did} {start} also {did} {end}"
    if edge.start.kind == "word":
        if edge.relation == "names":
            return f"{start} names the {edge.end.kind} {end}"
        if edge.relation == NEAR:
            return f"{start} may mean the {edge.end.kind} {end} ({support:.0%} sure, {BY_MEANING})"
        if edge.relation == "mentioned_in":
            return f"{end} mentions {start}"
        if edge.relation == "identifies":
            return f"{start} is what {end} is called"
        if edge.relation == "asks_for":
            return f"{end} meets {start}" if support >= 1 else f"{end} comes near {start}"
        return (
            f"{end} means much the same as {start} ({edge.relation.replace('_', ' ')}, cosine {support:.2f})"
        )
    if edge.support_unit == "similarity":
        return f"{end} is like {start} ({edge.relation.replace('_', ' ')}, cosine {support:.2f})"
    return f"{start} and {end} go together ({support:,.0f} {edge.support_unit})"


def _quoted(node: ExplainedNode) -> str:
    label = node.label if len(node.label) <= _LONGEST else node.label[: _LONGEST - 1].rstrip() + "…"
    return f"“{label}”"
