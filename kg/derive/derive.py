"""From a stated graph to what it implies."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import replace
from typing import TypeAlias

import numpy as np
import numpy.typing as npt

from kg.derive.adding import unstated
from kg.derive.assembling import between_types, number_found, vocabularies
from kg.derive.categories import category_links
from kg.derive.derived import Derived, filed_products, ids_of, placed_products, reader_brands
from kg.derive.edges import Alias
from kg.derive.inventory import Inventory, learn_inventory
from kg.derive.naming import type_aliases, type_names
from kg.derive.reader import ProductReader
from kg.derive.series import SeriesNames, learn_series, pieces_of
from kg.derive.several_kinds import several_kinds
from kg.derive.source import source_of
from kg.derive.words import GRAMMAR, MEASURES
from kg.graph import Graph
from kg.records import NodeKind

Progress: TypeAlias = Callable[[str, int, int], None]

_STEPS = 4


def derive(
    graph: Graph,
    *,
    synonyms: Mapping[str, Collection[str]] | None = None,
    progress: Progress | None = None,
) -> Derived:
    """Types for products without a category or a stated type, series, and what goes with what.

    `synonyms` are other names of kinds of things, folded and in the singular ('webcam' → 'web camera'); they
    say which is a kind of which, and that a word is a kind, should few products be one.

    Deterministic. Products that have categories get no types; links are derived for them all the same.
    """
    tell = progress or (lambda *_: None)
    tell("derive", 0, _STEPS)
    placed = placed_products(graph)
    source = source_of(graph, np.flatnonzero(graph.products.listed))
    pieces = pieces_of(source)
    # products with a stated type teach, too; they only get no other
    lessons = ~filed_products(graph)[source.rows] & source.told
    untyped = lessons & ~placed[source.rows]
    tell("derive", 1, _STEPS)
    reader = ProductReader(inventory=None, names={}, series=SeriesNames(ids={}), brands=reader_brands(graph))
    known = None
    if untyped.any():
        taught = np.flatnonzero(lessons)
        inventory, decision, fields = learn_inventory(source.some(taught), synonyms or {})
        names = type_names(inventory.phrases, inventory.vocabulary, (fields.titles, fields.descriptions))
        reader = replace(reader, inventory=inventory, names=names)
        known = (decision, fields) if np.array_equal(lessons, untyped) else None
    tell("derive", 2, _STEPS)
    reader = replace(reader, series=learn_series(source, pieces, common=_common(reader.inventory)))
    if reader.inventory is not None:
        told = [pieces[row] for row in taught.tolist()]
        reader = reader.taught(decision, source.some(taught), told)
        also = several_kinds(
            inventory,
            decision,
            fields,
            source.some(taught),
            names=names,
            synonyms=synonyms or {},
        )
        reader = replace(reader, also=also)
    own: dict[NodeKind, dict[str, int]] = {"type": {}, "series": {}}
    found = reader.read(source, untyped, known=known, pieces=pieces)
    edges = number_found(graph, source, found, own)
    tell("derive", 3, _STEPS)
    edges |= between_types(reader, own["type"]) | category_links(graph)
    aliases: tuple[Alias, ...] = ()
    if reader.inventory is not None:
        aliases = tuple(type_aliases(reader.inventory, reader.names, own["type"], source.titles))
    tell("derive", _STEPS, _STEPS)
    nodes = vocabularies(own)
    return Derived(
        nodes=nodes,
        ids=ids_of(graph),
        edges=dict(sorted(unstated(graph, nodes, edges).items())),
        aliases=aliases,
        listed=graph.products.listed,
        placed=placed,
        reader=reader,
    )


def _common(inventory: Inventory | None) -> frozenset[str]:
    """Words that name no series."""
    if inventory is None:
        return GRAMMAR | MEASURES
    known = inventory.vocabulary
    common: npt.NDArray[np.bool_] = (known.noun >= 0.3) | known.quality | known.unit
    learnt = (known.words[number] for number in np.flatnonzero(common).tolist())
    return frozenset(learnt) | GRAMMAR | MEASURES
