"""From what was found of products to edges by numbers, with the types above those of the products."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping

import numpy as np

from kg.derive.edges import OWN, SOURCES, Edges
from kg.derive.links import Found, is_service
from kg.derive.naming import wider_types
from kg.derive.reader import ProductReader
from kg.derive.source import Source
from kg.derive.words import GENERAL, MEASURES, SERVICES, TASKS
from kg.graph import ACCESSORY_OF, SERVICE_FOR, SUBTYPE_OF, EdgeType, Graph
from kg.records import NodeKind
from kg.texts import Vocabulary

_PHRASE = SOURCES.index("phrase")
_FOR = 0.8
"""Confidence that 'notebook case' is for notebooks."""
_SURE = 0.5
"""How sure the noun of such a device must be."""


def number_found(
    graph: Graph, source: Source, found: Iterable[Found], own: Mapping[NodeKind, dict[str, int]]
) -> dict[EdgeType, Edges]:
    """The edges of products by type; new types and series get the next numbers in `own`."""
    columns: dict[EdgeType, list[tuple[int, int, float, int]]] = defaultdict(list)
    rows = source.rows.tolist()
    for one in found:
        if one.kind in OWN:
            tail = own[one.kind].setdefault(one.id, len(own[one.kind]))
        else:
            known = graph.nodes[one.kind].number(one.id)
            if known is None:
                continue
            tail = known
        edge_type = EdgeType("product", one.relation, one.kind)
        columns[edge_type].append((rows[one.row], tail, one.weight, one.source))
    return {edge_type: _edges(found) for edge_type, found in sorted(columns.items())}


def between_types(reader: ProductReader, numbers: dict[str, int]) -> dict[EdgeType, Edges]:
    """Edges between the types that products have and all that are wider; those get the next `numbers`."""
    if reader.inventory is None:
        return {}
    phrases, names = reader.inventory.phrases, reader.names
    wider = wider_types(phrases, reader.inventory.vocabulary, names, reader.also)
    nodes_of: dict[str, list[int]] = defaultdict(list)
    for node, name in names.items():
        nodes_of[name].append(node)
    queue = list(numbers)
    for name in queue:  # grows while it is walked
        for node in nodes_of[name]:
            for above, _ in wider[node]:
                if names[above] not in numbers:
                    numbers[names[above]] = len(numbers)
                    queue.append(names[above])
    columns: dict[str, list[tuple[int, int, float, int]]] = {
        ACCESSORY_OF: [],
        SERVICE_FOR: [],
        SUBTYPE_OF: [],
    }
    by_words = {phrases.words(node): node for node in names}
    for name, number in numbers.items():
        for node in nodes_of[name]:
            columns[SUBTYPE_OF] += (
                (number, numbers[names[above]], weight, _PHRASE)
                for above, weight in wider[node]
                if names[above] != name
            )
            device = _device(phrases.words(node), by_words, reader)
            if any(above == device for above, _ in wider[node]):
                continue  # a 'toner cartridge' is toner, not for it
            if device is not None and names[device] in numbers and names[device] != name:
                relation = SERVICE_FOR if is_service(name) else ACCESSORY_OF
                columns[relation].append((number, numbers[names[device]], _FOR, _PHRASE))
    return {EdgeType("type", name, "type"): _edges(rows) for name, rows in columns.items() if rows}


def vocabularies(own: Mapping[NodeKind, dict[str, int]]) -> dict[NodeKind, Vocabulary]:
    return {kind: Vocabulary.of(ids) for kind, ids in own.items()}


def _edges(rows: list[tuple[int, int, float, int]]) -> Edges:
    heads, tails, weight, source = (np.array(column) for column in zip(*rows, strict=True))
    return Edges.of(heads, tails, weight, source)


def _device(
    words: tuple[int, ...], by_words: Mapping[tuple[int, ...], int], reader: ProductReader
) -> int | None:
    """The type that the front of an accessory's name names: a 'notebook case' is for notebooks."""
    assert reader.inventory is not None
    known = reader.inventory.vocabulary
    head = known.words[words[-1]]
    if len(words) < 2 or (head not in reader.accessories and head not in SERVICES | TASKS):
        return None
    for length in range(len(words) - 1, 0, -1):
        device, last = by_words.get(words[:length]), words[length - 1]
        word = known.words[last]
        if device is not None and word not in reader.accessories | GENERAL | MEASURES:
            return device if known.noun[last] >= _SURE else None
    return None
