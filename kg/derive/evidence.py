"""What speaks for which type of a product: phrases in its title, its description and its attributes."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from kg.derive.phrases import LONGEST, Phrases, mentions
from kg.derive.tokens import EXTRA, NONE, TARGET, WORD, Tokens
from kg.derive.vocabulary import Vocabulary
from kg.derive.words import GENERAL

Numbers = npt.NDArray[np.int64]
Shares = npt.NDArray[np.float64]

TITLE, DESCRIPTION, ATTRIBUTE = 0, 1, 2
"""Where a type was read."""
_STRONG = 0.5
_FIELD = {TITLE: 0.0, DESCRIPTION: -1.2, ATTRIBUTE: 0.3}


@dataclass(frozen=True, kw_only=True, eq=False)
class Evidence:
    """row, node int64 [k]: distinct pairs of a product and a phrase, sorted; score float64 [k]: how much
    speaks for it (about a log-odds); field uint8 [k]: where the best mention stands."""

    row: Numbers
    node: Numbers
    score: Shares
    field: npt.NDArray[np.uint8]


def gather(
    phrases: Phrases, vocabulary: Vocabulary, titles: Tokens, descriptions: Tokens, attributes: Tokens
) -> Evidence:
    """All mentions of types, the scores of repeated ones joined."""
    rows: list[Numbers] = []
    nodes: list[Numbers] = []
    scores: list[Shares] = []
    fields: list[npt.NDArray[np.uint8]] = []
    for field, tokens in ((TITLE, titles), (DESCRIPTION, descriptions), (ATTRIBUTE, attributes)):
        found = mentions(phrases, vocabulary, tokens)
        rows.append(tokens.text[found.place])
        nodes.append(found.node)
        scores.append(_scores(tokens, vocabulary, found.place, found.length, field))
        fields.append(np.full(len(found.place), field, dtype=np.uint8))
    row, node, score = np.concatenate(rows), np.concatenate(nodes), np.concatenate(scores)
    field_of = np.concatenate(fields)
    key = row * max(1, len(phrases)) + node
    order = np.lexsort((field_of, -score, key))
    key = key[order]
    first = np.flatnonzero(np.diff(key, prepend=-1))
    times = np.diff(np.append(first, len(key)))
    chosen = order[first]
    row, node, field_of = row[chosen], node[chosen], field_of[chosen]
    score = score[chosen] + 0.7 * np.log(times)
    return Evidence(row=row, node=node, score=_with_wider(phrases, key[first], node, score), field=field_of)


def _with_wider(phrases: Phrases, key: Numbers, node: Numbers, score: Shares) -> Shares:
    """What speaks for 'pc' speaks for 'notebook pc' too, where that is spoken of."""
    score = score.copy()
    above = phrases.type_above()
    wider = above[node]
    for _ in range(LONGEST - 1):
        wanted = key - node + wider
        place = np.minimum(np.searchsorted(key, wanted), max(0, len(key) - 1))
        known = (wider >= 0) & (key[place] == wanted)
        score[known] = np.maximum(score[known], score[place[known]]) + 0.3
        wider = np.where(wider >= 0, above[wider], -1)
    return score


def _scores(tokens: Tokens, vocabulary: Vocabulary, place: Numbers, length: Numbers, field: int) -> Shares:
    noun = vocabulary.noun[tokens.word[place]].astype(np.float64)
    loose = np.append(vocabulary.quality | vocabulary.name | vocabulary.unit, True)
    joined = np.zeros(len(tokens.word) + 1, dtype=np.bool_)
    joined[:-2] = (tokens.gap[1:] == NONE) & (tokens.kind[1:] == WORD)
    following = np.append(tokens.word, -1)[place + 1]
    runs_on = joined[place] & ~loose[following]
    behind = behind_turns(tokens, place)
    score = 2.0 * np.log(np.maximum(noun, 1e-3)) + 0.5 * (length - 1) + _FIELD[field]
    score -= 1.2 * runs_on + 2.5 * behind
    vague = np.fromiter((word in GENERAL for word in vocabulary.words), np.bool_, count=len(vocabulary.words))
    score -= 0.8 * (vague[tokens.word[place]] & (length == 1))
    if field != ATTRIBUTE:
        score -= 0.5 * np.minimum(tokens.clause[place], 4)
        score -= 1.0 * np.minimum(_before(tokens.clauses[place], noun >= _STRONG), 2)
    if field == TITLE:
        score += 0.7 * tokens.lower[place]
    return score


def _before(clause: Numbers, strong: npt.NDArray[np.bool_]) -> Numbers:
    """int64 [k]: how many strong nouns of the same clause stand before each mention: 'labels 66 mm white
    paper'."""
    total: Numbers = np.cumsum(strong, dtype=np.int64) - strong
    first = np.flatnonzero(np.diff(clause, prepend=-1))
    return total - np.repeat(total[first], np.diff(np.append(first, len(clause))))


def behind_turns(tokens: Tokens, place: Numbers) -> npt.NDArray[np.bool_]:
    """bool [k]: whether 'for' or 'with' stands before each place: all that comes after is about something
    else."""
    turned = np.full(len(tokens.indptr) - 1, len(tokens.word), dtype=np.int64)
    turns = np.flatnonzero((tokens.gap == TARGET) | (tokens.gap == EXTRA))
    np.minimum.at(turned, tokens.text[turns], turns)
    behind: npt.NDArray[np.bool_] = np.greater_equal(place, turned[tokens.text[place]])
    return behind
