"""The files of KGAT (Wang et al., 2019), which many graph recommenders share: numbers, and lists of what they
stand for.

Items keep the ids they had before (org_id), so that other data about them fits, and users theirs. A number of
the graph that is no item is an attribute node, 'entity=m.0kpv1t', under its name in entity_list.txt.
An interaction stands for a purchase: the files say only that a user liked an item.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from kg.reading.feeds import triples
from kg.reading.feeds.base import Feed, Sample
from kg.reading.formats.base import BadRow, Row, Table
from kg.records import RecordKind

GRAPH = "kg_final.txt"
ITEMS_LIST = "item_list.txt"
_LISTS = ("relation_list.txt", "entity_list.txt")
_LOGS = ("train.txt", "test.txt", "valid.txt")
_FEEDS = {GRAPH: "kgat", ITEMS_LIST: "kgat_items"} | dict.fromkeys(_LOGS, "kgat_interactions")


def _is_graph(sample: Sample) -> bool:
    return sample.file == GRAPH and triples.beside(sample.path, ITEMS_LIST)


def _is_items(sample: Sample) -> bool:
    return sample.file == ITEMS_LIST and triples.beside(sample.path, GRAPH, *_LISTS)


def _is_log(sample: Sample) -> bool:
    return (
        sample.file in _LOGS
        and triples.beside(sample.path, ITEMS_LIST)
        and triples.beside(sample.path, GRAPH, *_LISTS)
    )


def _facts(table: Table, kind: RecordKind) -> Table:
    triples.check_feed(table, "kgat", _FEEDS)
    products = _names(triples.needed(table.name, ITEMS_LIST, "which says what of it are products"))
    entities = _names(triples.read_beside(table.name, "entity_list.txt") or [])
    relations = _names(triples.read_beside(table.name, "relation_list.txt") or [])
    return triples.typed_facts(table, products, entities=entities, relations=relations)


def _products(table: Table, kind: RecordKind) -> Table:
    triples.check_feed(table, "kgat_items", _FEEDS)

    def rows() -> Iterator[Row]:
        for number, parts in triples.cut(table.rows):
            if isinstance(parts, BadRow):
                yield number, parts
            elif parts[0] != "org_id":
                yield number, {"id": parts[0]}

    return replace(table, columns=("id",), rows=rows())


def _interactions(table: Table, kind: RecordKind) -> Table:
    triples.check_feed(table, "kgat_interactions", _FEEDS)
    items = _names(triples.read_beside(table.name, ITEMS_LIST) or [])
    users = _names(triples.read_beside(table.name, "user_list.txt") or [])

    def rows() -> Iterator[Row]:
        for number, parts in triples.cut(table.rows):
            if isinstance(parts, BadRow):
                yield number, parts
                continue
            user, *met = parts
            for item in met:
                yield number, {"user": users.get(user, user), "product": items.get(item, item)}

    return replace(table, columns=("user", "product"), rows=rows())


def _names(lines: list[list[str]]) -> dict[str, str]:
    """remap_id → org_id, of a list that has them the other way round, under a header or none."""
    return {parts[1]: parts[0] for parts in lines if len(parts) > 1 and parts[1].isdecimal()}


FEED = Feed(
    name="kgat",
    title="KGAT's knowledge graph",
    kinds=("facts",),
    claims=_is_graph,
    convert=_facts,
    format=triples.LINES,
)
ITEMS = Feed(
    name="kgat_items",
    title="KGAT's list of items",
    claims=_is_items,
    convert=_products,
    format=triples.LINES,
)
INTERACTIONS = Feed(
    name="kgat_interactions",
    title="KGAT's interactions",
    kinds=("interactions",),
    claims=_is_log,
    convert=_interactions,
    format=triples.LINES,
)
