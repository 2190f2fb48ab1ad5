"""Which of the types that are spoken of a product is: the phrases propose, its attributes and other words
decide."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import scipy.sparse as sp

from kg.derive.classifier import Classifier, Judgement
from kg.derive.evidence import DESCRIPTION, TITLE, Evidence
from kg.derive.phrases import LONGEST, Phrases

Numbers = npt.NDArray[np.int64]
Shares = npt.NDArray[np.float64]

CLASSIFIER = 3
"""The source of a type that no text speaks of (see `evidence` for the others)."""
_ROUNDS = 2
_CHECKS = 4
_SMALLEST = 3.0
"""A type with less than so many products is learnt as the wider one."""
_WEIGHT = 0.6
_SURE, _FIRM = 0.3, 0.75
_UNSEEN = -8.0
_NEVER = -30.0
_LEAST = 0.35
"""With less confidence a product is left without a type."""
_KIN = 0.6
"""…or, if that much speaks for the kinds of one noun together, with the noun as its type."""
_NARROWER = 3.0
"""So much less, as a logarithm, may features say of the narrower of two types than of the wider one."""
_SPOKEN = 0.4
"""The confidence of a type by a known name, where nothing else tells the type."""
_OFTEN_SAID, _HARDLY = 30, 0.025
"""A noun of so many titles names no type if so few of them are of one that ends in it."""
_ALONE = -3.0
"""What a type that only the classifier proposes starts with."""


@dataclass(frozen=True, kw_only=True, eq=False)
class Decider:
    """classes, nouns int64 [classes]: the phrase of each class, and the noun that it ends in; class_of int64
    [phrases]: the class of each, or -1."""

    classifier: Classifier
    classes: Numbers
    nouns: Numbers
    class_of: Numbers


@dataclass(frozen=True, kw_only=True, eq=False)
class Decision:
    """For each product the phrase (-1: none), a confidence and where it was read."""

    node: Numbers
    confidence: Shares
    source: npt.NDArray[np.uint8]


def learn_decider(
    phrases: Phrases,
    strength: npt.NDArray[np.float32],
    evidence: Evidence,
    features: sp.csr_array,
    said: Numbers,
) -> tuple[Decider, npt.NDArray[np.bool_]]:
    """Learn which features go with which types from what titles say, then read the titles again with that.

    `strength` float32 [phrases]: how surely the noun of each is one. Only sure ones are learnt. `said` int64
    [phrases]: the titles with that noun. Gives with the decider the phrases that turned out to name no type.
    """
    allowed = strength >= _SURE
    count = features.shape[0]
    share, best = _softmax(evidence.row, evidence.score, count)
    weight = np.minimum(1.0, np.exp(best / 2))  # a product of which little is said teaches little
    decider = _fit(phrases, allowed, evidence, features, share * weight[evidence.row])
    for _ in range(_ROUNDS - 1):
        scores = evidence.score + _WEIGHT * np.maximum(_judge(decider, evidence, features).said, _UNSEEN)
        share, _ = _softmax(evidence.row, scores, count)
        decider = _fit(phrases, allowed, evidence, features, share * weight[evidence.row])
    idle = np.zeros(len(phrases), dtype=np.bool_)
    for _ in range(_CHECKS):
        decision = decide(phrases, decider, evidence, features)
        idle |= _idle(phrases, decision, said)
        doubtful = allowed & (_guessed(decision, strength) | idle)
        if not doubtful.any():
            break
        allowed &= ~doubtful
        decider = _fit(phrases, allowed, evidence, features, share * weight[evidence.row])
    return decider, idle


def _idle(phrases: Phrases, decision: Decision, said: Numbers) -> npt.NDArray[np.bool_]:
    """bool [phrases]: those whose noun many titles say and hardly any product is: 'USB' names no type."""
    nouns = phrases.nouns()
    are = np.bincount(nouns[decision.node[decision.node >= 0]], minlength=len(phrases))[nouns]
    return (said >= _OFTEN_SAID) & (are <= _HARDLY * said)


def _guessed(decision: Decision, strength: npt.NDArray[np.float32]) -> npt.NDArray[np.bool_]:
    """bool [phrases]: types that are guessed more often than they are read, as 'lite' is of telephones; of
    sure nouns, hardly ever read."""
    typed = decision.node >= 0
    total = np.bincount(decision.node[typed], minlength=len(strength))
    guessed = np.bincount(decision.node[typed & (decision.source == CLASSIFIER)], minlength=len(strength))
    return ((strength < _FIRM) & (2 * guessed > total)) | (5 * guessed > 4 * total)


def decide(phrases: Phrases, decider: Decider, evidence: Evidence, features: sp.csr_array) -> Decision:
    """The type of each product."""
    count = features.shape[0]
    judged = _judge(decider, evidence, features)
    told = _told(phrases, evidence, judged.said)
    node = np.full(count, -1, dtype=np.int64)
    source = np.full(count, CLASSIFIER, dtype=np.uint8)
    confidence = np.zeros(count)
    odds = np.full(count, _NEVER)
    if len(decider.classes):
        confidence = np.exp(judged.sure)
        node = np.where(confidence >= _LEAST, decider.classes[judged.best], -1)
        # 'desk lamp' or 'floor lamp'? a lamp it is
        kin = (confidence < _LEAST) & (judged.kin_sure >= np.log(_KIN))
        node[kin], confidence[kin] = np.unique(decider.nouns)[judged.kin[kin]], np.exp(judged.kin_sure[kin])
        odds = _ALONE + _WEIGHT * judged.sure
    row = np.concatenate((evidence.row, np.arange(count)))
    share, _ = _softmax(row, np.concatenate((told, odds)), count)
    order = np.lexsort((share[: len(told)], evidence.row))
    last = order[np.flatnonzero(np.diff(evidence.row[order], append=-1))]
    better = (told[last] >= odds[evidence.row[last]]) & (share[last] >= _LEAST)
    last = last[better]
    rows = evidence.row[last]
    node[rows], source[rows], confidence[rows] = evidence.node[last], evidence.field[last], share[last]
    return Decision(node=node, confidence=confidence, source=source)


def with_known(decision: Decision, evidence: Evidence, known: npt.NDArray[np.bool_]) -> Decision:
    """What has no type is what its title or an attribute called 'type' says, if that is a type by a name that
    is known (bool [phrases]): the one camcorder of a shop."""
    wanted = (decision.node < 0)[evidence.row] & known[evidence.node] & (evidence.field != DESCRIPTION)
    pairs = np.flatnonzero(wanted)
    best = pairs[np.lexsort((evidence.score[pairs], evidence.row[pairs]))]
    best = best[np.diff(evidence.row[best], append=-1) != 0]
    rows = evidence.row[best]
    node, source, confidence = decision.node.copy(), decision.source.copy(), decision.confidence.copy()
    node[rows], source[rows], confidence[rows] = evidence.node[best], evidence.field[best], _SPOKEN
    return Decision(node=node, confidence=confidence, source=source)


def _told(phrases: Phrases, evidence: Evidence, said: Shares) -> Shares:
    """float64 [pairs]: how much speaks for each type, in words and, by what is `said` of them, in features.

    Where the title speaks of a 'notebook pc', features of a PC are no reason to leave it at that.
    """
    said = said.copy()
    above = phrases.type_above()
    key = evidence.row * max(1, len(phrases)) + evidence.node
    wider = np.where(evidence.field == TITLE, above[evidence.node], -1)
    for _ in range(LONGEST - 1):
        wanted = key - evidence.node + wider
        place = np.minimum(np.searchsorted(key, wanted), max(0, len(key) - 1))
        known = (wider >= 0) & (key[place] == wanted)
        said[known] = np.maximum(said[known], np.minimum(said[place[known]], said[known] + _NARROWER))
        wider = np.where(wider >= 0, above[wider], -1)
    return evidence.score + _WEIGHT * np.maximum(said, _UNSEEN)


def _fit(
    phrases: Phrases,
    allowed: npt.NDArray[np.bool_],
    evidence: Evidence,
    features: sp.csr_array,
    share: Shares,
) -> Decider:
    """A classifier for the types that have enough products; smaller ones count for the wider type."""
    mass = np.bincount(evidence.node, weights=share, minlength=len(phrases))
    target = np.arange(len(phrases))
    above = phrases.type_above()
    for node in range(len(phrases) - 1, -1, -1):  # children first
        if mass[node] < _SMALLEST or not allowed[node]:
            target[node] = above[node]
            if above[node] >= 0:
                mass[above[node]] += mass[node]
    for node in range(len(phrases)):  # parents first
        if target[node] >= 0:
            target[node] = target[target[node]] if target[node] != node else node
    classes = np.unique(target[target >= 0])
    number = np.full(len(phrases) + 1, -1, dtype=np.int64)
    number[classes] = np.arange(len(classes))
    class_of = number[target]
    column = class_of[evidence.node]
    known = column >= 0
    shares = sp.csr_array(
        (share[known].astype(np.float32), (evidence.row[known], column[known])),
        shape=(features.shape[0], len(classes)),
    )
    return Decider(
        classifier=Classifier.fit(features, shares),
        classes=classes,
        nouns=phrases.nouns()[classes],
        class_of=class_of,
    )


def _judge(decider: Decider, evidence: Evidence, features: sp.csr_array) -> Judgement:
    _, kin_of = np.unique(decider.nouns, return_inverse=True)
    return decider.classifier.judge(features, evidence.row, decider.class_of[evidence.node], kin_of)


def _softmax(row: Numbers, score: Shares, count: int) -> tuple[Shares, Shares]:
    """(the share of each score among those of its row, float64 [rows]: the best score)."""
    best = np.full(count, -np.inf)
    np.maximum.at(best, row, score)
    power = np.exp(score - best[row])
    return power / np.bincount(row, weights=power, minlength=count)[row], best
