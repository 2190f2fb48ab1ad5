"""A reading, put together from its parts."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import replace
from itertools import pairwise
from typing import Literal

from kg.graph import Graph, Node
from recommend.understand.amounts import Amounts
from recommend.understand.asked import Asked
from recommend.understand.meanings import MOST_NODES, Meaning
from recommend.understand.name_table import NameTable
from recommend.understand.names import NAME, SOURCES, Source, called
from recommend.understand.nodes import Nodes
from recommend.understand.reading import Entity, Reading, Role
from recommend.understand.roles import Scopes
from recommend.understand.vocabulary import Vocabulary
from recommend.understand.words import Word, normal, split

_SMALL = ("stop", "for", "with", "or")
_MODELS = ("s", "x")
"""Small words that may be a model: 'series x'."""


def assembled(
    text: str,
    plain: str,
    words: Sequence[Word],
    asked: Asked,
    several: Sequence[Meaning],
    role: Sequence[Role | Literal["excluded"]],
    scope: Scopes,
    amounts: Amounts,
    *,
    graph: Graph,
    names: NameTable,
    vocabulary: Vocabulary,
    nodes: Nodes,
) -> Reading:
    """The reading of a query; words are as written, asked.words as mended."""
    measured = _measured(asked.words, amounts)
    entities: list[Entity] = []
    excluded: list[Entity] = []
    covered: set[int] = set(measured)
    for one, its in zip(several, role, strict=True):
        span = range(one.match.start, one.match.stop)
        if measured.intersection(span) and its not in ("type", "brand", "series"):
            continue
        start, stop = asked.origin[one.match.start], asked.origin[one.match.stop - 1] + 1
        if (before := entities[-1].stop if entities else 0) > start:
            # two names in what was written as one word: the last is the thing
            if before > start and entities[-1].start == start:
                entities.pop()
            else:
                continue
        covered.update(span)
        entity = Entity(
            words=plain[words[start].start : words[stop - 1].stop],
            start=start,
            stop=stop,
            role="attribute" if its == "excluded" else its,
            nodes=tuple((nodes.node(number), weight) for number, weight in one.weights.items()),
            source=_source(one, asked, names, nodes, graph),
            fit=round(one.match.fit, 4),
        )
        (excluded if its == "excluded" else entities).append(entity)
    for start, stop in scope.left_out:
        first, last = asked.origin[start], asked.origin[stop - 1] + 1
        covered.update(range(start, stop))
        said = plain[words[first].start : words[last - 1].stop]
        excluded.append(Entity(words=said, start=first, stop=last, role="attribute", nodes=(), source="name"))
    return Reading(
        text=text,
        words=tuple(word.written for word in words),
        entities=tuple(entities),
        excluded=tuple(sorted(excluded, key=lambda entity: entity.start)),
        filters=amounts.filters,
        wishes=amounts.wishes,
        unknown=_unknown(asked, covered, vocabulary),
        corrected=_corrected(plain, words, asked),
        understood=sum(i in covered or bool(mark) for i, mark in enumerate(asked.marks)) / len(asked.marks),
        small=tuple(
            word.folded
            for i, (word, mark) in enumerate(zip(asked.words, asked.marks, strict=True))
            if mark in _SMALL and i not in covered and not word.cjk and word.folded not in _MODELS
        ),
        graph=graph,
    )


def with_guess(
    reading: Reading, guess: Sequence[tuple[Node, float]], least: float, *, small: Collection[int]
) -> Reading:
    """A reading that names no type, with the one that a model takes the whole text to mean, if it is sure
    enough. small: positions of the words that name nothing."""
    named = {node for one in (*reading.entities, *reading.excluded) for node, _ in one.nodes}
    other = [(node, chance) for node, chance in guess if node not in named]
    likely = sorted(other, key=lambda item: (-item[1], item[0]))[:MOST_NODES]
    if not likely or likely[0][1] < least:
        return reading
    total = sum(probability for _, probability in likely)
    start, stop = _free_run(reading, small)
    entity = Entity(
        words=" ".join(reading.words[start:stop]),
        start=start,
        stop=stop,
        role="type",
        nodes=tuple((node, probability / total) for node, probability in likely),
        source="intent",
        fit=round(float(likely[0][1]), 4),
    )
    entities = sorted((*reading.entities, entity), key=lambda one: (one.start, one.stop))
    return replace(reading, entities=tuple(entities), understood=1.0)


def _free_run(reading: Reading, small: Collection[int]) -> tuple[int, int]:
    """The longest run of words that no entity has and that are not small; nothing at the end if all are
    taken."""
    taken = {i for one in (*reading.entities, *reading.excluded) for i in range(one.start, one.stop)}
    taken.update(small)
    n = len(reading.words)
    best, start = (n, n), 0
    for at in range(n + 1):
        if at == n or at in taken:
            if at - start > best[1] - best[0]:
                best = (start, at)
            start = at + 1
    return best


def _measured(words: Sequence[Word], amounts: Amounts) -> set[int]:
    """The positions of the words that an amount uses."""
    found = set(amounts.taken)
    for measure in amounts.used:
        found.update(i for i, w in enumerate(words) if w.start < measure.stop and w.stop > measure.start)
    return found


def _source(one: Meaning, asked: Asked, names: NameTable, nodes: Nodes, graph: Graph) -> Source:
    for place in range(one.match.start, one.match.stop):
        mended = asked.changed.get(asked.origin[place])
        if mended is not None:
            return mended.source
    if one.match.compound:
        return "compound"
    best = max(one.weights, key=lambda node: one.weights[node])
    rows = [row for row in range(one.match.at.start, one.match.at.stop) if int(names.node[row]) == best]
    source = int(names.source[rows[0]]) if rows else NAME
    if source == NAME:
        written = [word.folded for word in asked.words[one.match.start : one.match.stop]]
        own = [word.folded for word in split(normal(called(graph, nodes.node(best))))]
        return "name" if written == own[-len(written) :] else "plural"
    return SOURCES[source]


def _unknown(asked: Asked, covered: set[int], vocabulary: Vocabulary) -> tuple[str, ...]:
    """Words that the shop does not know; of CJK, runs of characters of which it knows no two in a row."""
    found: list[str] = []
    run: list[int] = []

    def ended() -> None:
        pairs = [asked.words[a].folded + asked.words[b].folded for a, b in pairwise(run)]
        if pairs and not any(vocabulary.knows(pair) for pair in pairs):
            found.append("".join(asked.words[i].written for i in run))
        run.clear()

    for i, word in enumerate(asked.words):
        if i in covered or asked.marks[i]:
            ended()
        elif word.cjk:
            run.append(i)
        else:
            ended()
            if not word.folded.isdigit() and len(word.folded) > 1 and not vocabulary.knows(word.folded):
                found.append(word.written)
    ended()
    return tuple(found)


def _corrected(plain: str, words: Sequence[Word], asked: Asked) -> str:
    """The text with other words in the places of those that were mended."""
    changed = [(i, mended) for i, mended in sorted(asked.changed.items()) if mended.source != "name"]
    if not changed:
        return ""
    pieces: list[str] = []
    at = 0
    for i, mended in changed:
        pieces += [plain[at : words[i].start], " ".join(word.folded for word in mended.words)]
        at = words[i].stop
    return "".join((*pieces, plain[at:])).strip()
