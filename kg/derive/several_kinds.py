"""Types that are kinds of several others: a 'notebook pc' is a pc and a notebook, a webcam is a camera.

That a name begins with another one says nothing by itself: a 'notebook case' is no notebook. Nor does a list
of synonyms: a notebook is no 'writing pad' where it is a computer. So the attributes are asked: those of a
type's products must be like those of the wider one's.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from typing import TYPE_CHECKING, TypeAlias

import numpy as np
import numpy.typing as npt
import scipy.sparse as sp

from kg.derive.attributes import attribute_rows
from kg.derive.evidence import behind_turns
from kg.derive.phrases import Phrases, mentions
from kg.derive.words import ACCESSORIES, GENERAL
from kg.doctor.spelling import singular, words

if TYPE_CHECKING:
    from kg.derive.deciding import Decision
    from kg.derive.inventory import Fields, Inventory
    from kg.derive.source import Source

Numbers: TypeAlias = npt.NDArray[np.int64]
Wider: TypeAlias = Mapping[int, tuple[tuple[int, float], ...]]
"""Type → (wider type, confidence), beside those that end its name."""

_NOUN = 0.5
"""So sure must a noun be that a phrase may be a kind of."""
_FEWEST = 3
"""So many products must be of such a type; and, if it is a kind of what stands in front, called by both
names…"""
_BOTH = 0.1
"""…which is such a share of all that are called by the longer one."""
_ALIKE = 0.25
"""The least cosine of the attributes of two types."""
_FRONT, _SYNONYM = 0.7, 0.8
"""Confidence in the one and the other."""


def several_kinds(
    inventory: Inventory,
    decision: Decision,
    fields: Fields,
    source: Source,
    *,
    names: Mapping[int, str],
    synonyms: Mapping[str, Collection[str]],
) -> Wider:
    """Wider types of the types in `names`: what stands in front of them, if products are called by both
    names, and what `synonyms` of them end in ('web camera').

    A 'mount accessory' is for a mount, however alike they are.
    """
    phrases, vocabulary = inventory.phrases, inventory.vocabulary
    sure = vocabulary.noun[phrases.word[phrases.nouns()]] >= _NOUN
    fronts = [
        (node, front)
        for node in names
        if vocabulary.words[phrases.words(node)[-1]] not in ACCESSORIES & GENERAL
        for front in _fronts(phrases, node)
        if front in names and sure[front]
    ]
    heads = [(node, head) for node, head in _heads(names, synonyms) if sure[head]]
    if not fronts and not heads:
        return {}
    narrow, wide = np.array([*fronts, *heads], dtype=np.int64).T
    known = np.flatnonzero(decision.node >= 0)
    said = phrases.members(*_said(inventory, fields), len(source))
    typed = phrases.members(known, decision.node[known], len(source))
    called, size = (np.asarray(counted.sum(axis=0)).ravel() for counted in (said, typed))
    alike = _cosine((typed.T @ attribute_rows(source)).tocsr(), narrow, wide)
    both = np.asarray(said[:, narrow].multiply(said[:, wide]).sum(axis=0)).ravel()
    kept = (alike >= _ALIKE) & (size[narrow] >= _FEWEST)
    front = np.arange(len(narrow)) < len(fronts)
    kept &= ~front | ((both >= _FEWEST) & (both >= _BOTH * called[narrow]))
    found: dict[int, dict[int, float]] = {}
    above = phrases.type_above()
    for place in np.flatnonzero(kept)[np.argsort(-alike[kept], kind="stable")].tolist():
        node, other = int(narrow[place]), int(wide[place])
        if not _is_below(other, node, above, found):  # nothing is a kind of itself
            found.setdefault(node, {}).setdefault(other, _FRONT if front[place] else _SYNONYM)
    return {node: tuple(others.items()) for node, others in sorted(found.items())}


def _is_below(node: int, other: int, above: Numbers, found: Mapping[int, Mapping[int, float]]) -> bool:
    """Whether a type is the other or one of its kinds."""
    waiting, seen = [node], {node}
    while waiting:
        one = waiting.pop()
        if one == other:
            return True
        fresh = {int(above[one]), *found.get(one, ())} - seen - {-1}
        seen |= fresh
        waiting += fresh
    return False


def _heads(names: Mapping[int, str], synonyms: Mapping[str, Collection[str]]) -> Iterator[tuple[int, int]]:
    """(type, the longest type that a synonym of it ends in)."""
    keys = {node: _key(name) for node, name in names.items()}
    nodes = {name: node for node, name in keys.items()}
    for node, name in keys.items():
        for other in synonyms.get(name, ()):
            parts = other.split(" ")
            if "".join(parts) == name.replace(" ", ""):
                continue  # 'head set' is the same word
            head = next((end for k in range(1, len(parts)) if (end := " ".join(parts[k:])) in nodes), None)
            if head is not None and nodes[head] != node:
                yield node, nodes[head]


def _key(name: str) -> str:
    """A name as synonyms are written: words in the singular."""
    return " ".join(singular(word) for word in words(name))


def _fronts(phrases: Phrases, node: int) -> Iterator[int]:
    """The phrases that a phrase begins with."""
    said = phrases.words(node)
    for length in range(1, len(said)):
        front = -1
        for word in reversed(said[:length]):
            front = int(phrases.find(np.array([front]), np.array([word]))[0])
            if front < 0:
                break
        if front >= 0:
            yield front


def _said(inventory: Inventory, fields: Fields) -> tuple[Numbers, Numbers]:
    """(products, what their texts call them): not what they are for or come with."""
    rows: list[Numbers] = []
    nodes: list[Numbers] = []
    for tokens in (fields.titles, fields.descriptions, fields.attributes):
        found = mentions(inventory.phrases, inventory.vocabulary, tokens)
        meant = ~behind_turns(tokens, found.place)
        rows.append(tokens.text[found.place][meant])
        nodes.append(found.node[meant])
    return np.concatenate(rows), np.concatenate(nodes)


def _cosine(rows: sp.csr_array, one: Numbers, other: Numbers) -> npt.NDArray[np.float64]:
    """float64 [k]: the cosines of pairs of rows, 0 for empty ones."""
    length = np.sqrt(np.asarray(rows.multiply(rows).sum(axis=1), dtype=np.float64)).ravel()
    inner = np.asarray(rows[one].multiply(rows[other]).sum(axis=1), dtype=np.float64).ravel()
    found: npt.NDArray[np.float64] = inner / np.maximum(1e-9, length[one] * length[other])
    return found
