"""An explanation as a shopper reads it: a few sentences without figures, channels or other people.

What leads from one known product to the recommended one is said in one sentence, however many paths that are;
the words of a search share a sentence too.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from recommend.explain.explanation import CONFIDENCE, ExplainedEdge, ExplainedNode, ExplainedPath, Explanation
from recommend.explain.labels import attribute_name, shortened
from recommend.explain.phrases import Marks, Phrasebook, Rest, Way, words_of

LONGEST = 48
"""The columns of a title; a Chinese character takes two."""
_MOST = 0.5
"""From this share of the score on, what has no path is said beside the paths."""
_POPULARITY = "popularity"
_NEXT, _TOGETHER, _ALIKE = "_next", "_together", "_alike"


@dataclass(frozen=True, kw_only=True)
class Reason:
    """Why a path leads here: the template's relation and way, and what is filled into it."""

    relation: str
    way: Way
    nodes: tuple[str, ...] = ()
    word: str = ""


@dataclass(frozen=True, kw_only=True)
class _Told:
    """A path: from which product (None: a search), what was done with it, and why it leads here."""

    source: ExplainedNode | None
    did: str
    reason: Reason


def shopper_sentences(explanation: Explanation, phrases: Phrasebook, language: str) -> tuple[str, ...]:
    """One sentence for each thing that leads to the product, the strongest first."""
    marks = phrases.marks(language)
    told = [_told(path, explanation) for path in explanation.paths]
    groups = [
        (sources, did, _said_once(reasons, phrases, language)) for sources, did, reasons in _grouped(told)
    ]
    said = _merged(groups, phrases, language)
    rests = _rests(explanation)
    first, last = (
        [phrases.rest(name, language) for name in rests if (name == _POPULARITY) is popular]
        for popular in (True, False)
    )
    paths = [_sentence(sources, did, reasons, phrases, language) for sources, did, reasons in said]
    sentences = [*first, *paths, *last]  # popularity is only told where it weighs most
    return tuple(marks.sentence(text) for text in dict.fromkeys(sentences))


def path_sentence(path: ExplainedPath, explanation: Explanation, phrases: Phrasebook, language: str) -> str:
    """One path of an explanation as a sentence."""
    one = _told(path, explanation)
    sources = [] if one.source is None else [one.source]
    return phrases.marks(language).sentence(_sentence(sources, one.did, [one.reason], phrases, language))


def title(node: ExplainedNode, most: int = LONGEST) -> str:
    """What to call a node, in short."""
    label = attribute_name(node.label) if node.kind == "attribute" else node.label
    return shortened(label, most)


def reason_of(edges: Sequence[ExplainedEdge]) -> Reason:
    """Why edges lead from a known product, or from a word of a search, to the product at their end."""
    first, last = edges[0], edges[-1]
    if first.start.kind == "word":
        word = title(first.start)
        if len(edges) > 1:
            return Reason(relation=last.relation, way="asked", nodes=(title(last.start),), word=word)
        near = first.relation == "asks_for" and first.support is not None and first.support < 1
        return Reason(relation=first.relation, way="near" if near else "word", word=word)
    if len(edges) == 1:
        return Reason(relation=first.relation, way=_way(first))
    between = next(
        (edge for edge in edges if not edge.stored and _way(edge) not in ("forward", "backward")), None
    )
    if between is not None:  # lamps are bought with bulbs
        nodes = (title(between.start), title(between.end))
        return Reason(relation=between.relation, way="through", nodes=nodes)
    both = len(edges) == 2 and first.relation == last.relation and first.forward != last.forward
    way: Way = "sharing" if both and not first.forward else "shared"
    return Reason(relation=last.relation, way=way, nodes=(title(last.start),))


def _way(edge: ExplainedEdge) -> Way:
    if edge.stored or edge.support_unit.startswith(CONFIDENCE):
        return "forward" if edge.forward else "backward"
    return "users" if edge.support_unit == "users" else "similar"


def _told(path: ExplainedPath, explanation: Explanation) -> _Told:
    edges = list(path.edges)
    did = "seed" if explanation.asked == "product" else "named"
    if edges[0].start.kind == "user" and len(edges) > 1:
        did = edges[0].relation
        edges = edges[1:]
    elif edges[0].start.id in explanation.viewed:
        did = "viewed"
    start = edges[0].start
    return _Told(source=None if start.kind == "word" else start, did=did, reason=reason_of(edges))


_Group = tuple[list[ExplainedNode], str, list[Reason]]


def _grouped(told: Sequence[_Told]) -> list[_Group]:
    """The reasons of each source together, in the order in which the sources come."""
    groups: dict[tuple[ExplainedNode | None, str], list[Reason]] = {}
    for one in told:
        groups.setdefault((one.source, "" if one.source is None else one.did), []).append(one.reason)
    return [
        ([] if source is None else [source], did, _brought_together(reasons))
        for (source, did), reasons in groups.items()
    ]


def _brought_together(reasons: Sequence[Reason]) -> list[Reason]:
    """Reasons that differ in what lies between alone, as one; what goes together stays in pairs."""
    found: dict[Reason, dict[str, None]] = {}
    for one in reasons:
        alike = one if one.way == "through" else replace(one, nodes=())
        found.setdefault(alike, {}).update(dict.fromkeys(one.nodes))
    return [replace(one, nodes=tuple(nodes)) for one, nodes in found.items()]


def _said_once(reasons: Sequence[Reason], phrases: Phrasebook, language: str) -> list[Reason]:
    """What people met together, and this one after the other, in one clause: two would say much the same, and
    that the same people meet both says nothing more at all."""
    found = list(reasons)
    for step in reasons:
        if step.way != "users" or not step.relation.endswith(_NEXT):
            continue
        together = replace(step, relation=step.relation.removesuffix(_NEXT) + _TOGETHER)
        if together in found and phrases.says(together.relation, "after", language):
            first = min(found.index(together), found.index(step))
            found = [one for one in found if one not in (together, step)]
            found.insert(first, replace(together, way="after"))
    relations = {one.relation for one in found}
    return [
        one
        for one in found
        if not (one.relation.endswith(_ALIKE) and one.relation.removesuffix(_ALIKE) + _TOGETHER in relations)
    ]


def _merged(groups: list[_Group], phrases: Phrasebook, language: str) -> list[_Group]:
    """Sources that lead here by one and the same reason, together where a sentence for several is known."""
    found: dict[object, _Group] = {}
    for number, (sources, did, reasons) in enumerate(groups):
        several = bool(sources) and len(reasons) == 1 and bool(_alone(reasons[0], phrases, language))
        key: object = (did, reasons[0]) if several else number
        if key in found:
            found[key][0].extend(sources)
        else:
            found[key] = (list(sources), did, reasons)
    return list(found.values())


def _alone(reason: Reason, phrases: Phrasebook, language: str) -> str:
    return phrases.reason(reason.relation, reason.way, language).alone


def _sentence(
    sources: Sequence[ExplainedNode], did: str, reasons: Sequence[Reason], phrases: Phrasebook, language: str
) -> str:
    marks = phrases.marks(language)
    if not sources:
        return marks.clauses(_searched(reasons, phrases, language))
    verb = phrases.did(did, language)
    names = [marks.quoted(title(source)) for source in sources]
    alone = _alone(reasons[0], phrases, language) if len(reasons) == 1 else ""
    if alone:
        yours = [verb.alone.format(source=name) for name in names]
        return _filled(alone, reasons[0], marks, yours=marks.listed(yours))
    clauses = [
        _filled(phrases.reason(one.relation, one.way, language).clause, one, marks, yours=names[0])
        for one in reasons
    ]
    between = marks.one if len(clauses) == 1 else marks.more
    return verb.clause.format(source=names[0]) + between + marks.clauses(clauses)


def _searched(reasons: Sequence[Reason], phrases: Phrasebook, language: str) -> list[str]:
    """The clauses of a search, those that say the same of several words in one."""
    marks = phrases.marks(language)
    words: dict[Reason, list[str]] = {}
    for one in reasons:
        key = replace(one, word="")
        words.setdefault(key, []).append(marks.quoted(one.word))
    return [
        _filled(
            phrases.reason(one.relation, one.way, language).clause,
            one,
            marks,
            word=marks.listed(list(dict.fromkeys(said))),
        )
        for one, said in words.items()
    ]


def _filled(template: str, reason: Reason, marks: Marks, *, yours: str = "", word: str = "") -> str:
    return template.format(
        yours=yours,
        source=yours,
        node=marks.listed([marks.quoted(node) for node in reason.nodes]),
        name=marks.listed(reason.nodes),
        word=word or marks.quoted(reason.word),
        relation=words_of(reason.relation),
    )


def _rests(explanation: Explanation) -> list[Rest]:
    """What is to be said beside the paths, or instead of them."""
    rests = explanation.rests
    # only what lifts a product is told: nobody needs to hear that another one was put lower
    raised = sum(value for name, value in rests.items() if name.startswith("rule.")) > 0
    pinned = any(sentence.startswith("pinned ") for sentence in explanation.told)
    found: list[Rest] = ["rule"] if raised or pinned else []
    popular = sum(value for name, value in rests.items() if name.endswith(_POPULARITY))
    if popular > 0 and (not explanation.paths or popular >= _MOST * explanation.score):
        return [*found, "popularity"]
    if explanation.paths or found:
        return found
    if explanation.adjustment > 0:
        return ["adjustment"]
    if explanation.score <= 0:
        return ["nothing"]
    return ["search" if explanation.asked == "search" else "other"]
