"""The files of KGCN and RippleNet (Wang et al., 2019 and 2018): a graph, and which of its entities are items.

Items have the ids of the original ratings, as in item_index2entity_id.txt. Any other entity is an
attribute node, 'entity=3846'. kg.txt names its relations. The *_final.txt files, which the authors' script
makes, number items by the lines of that file, and everything else anew: load either the one or the other.
An interaction stands for a purchase; in user_artists.dat its value counts how often someone listened. The
zeros of ratings_final.txt are negatives drawn by chance, and left out.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from kg.reading.feeds import triples
from kg.reading.feeds.base import Feed, Sample, file_name
from kg.reading.formats.base import BadRow, Row, Table
from kg.records import RecordKind

ITEMS_LIST = "item_index2entity_id.txt"
_GRAPHS = ("kg.txt", "kg_part1.txt", "kg_part2.txt", "kg_final.txt")
_LISTENING = ("userID", "artistID", "weight")
_RATINGS = "ratings_final.txt"
_FEEDS = dict.fromkeys(_GRAPHS, "kgcn") | {
    ITEMS_LIST: "kgcn_items",
    _RATINGS: "kgcn_interactions",
    "user_artists.dat": "kgcn_interactions",
}
_FINAL = "_final.txt"


def _is_graph(sample: Sample) -> bool:
    return sample.file in _GRAPHS and triples.beside(sample.path, ITEMS_LIST)


def _is_items(sample: Sample) -> bool:
    return sample.file == ITEMS_LIST and triples.beside(sample.path, *_GRAPHS)


def _is_log(sample: Sample) -> bool:
    if sample.file == _RATINGS:
        return triples.beside(sample.path, ITEMS_LIST)
    return sample.columns == frozenset(_LISTENING)


def _facts(table: Table, kind: RecordKind) -> Table:
    triples.check_feed(table, "kgcn", _FEEDS)
    return triples.typed_facts(table, _items(table.name))


def _products(table: Table, kind: RecordKind) -> Table:
    triples.check_feed(table, "kgcn_items", _FEEDS)

    def rows() -> Iterator[Row]:
        for number, parts in triples.cut(table.rows):
            yield number, parts if isinstance(parts, BadRow) else {"id": parts[0]}

    return replace(table, columns=("id",), rows=rows())


def _interactions(table: Table, kind: RecordKind) -> Table:
    triples.check_feed(table, "kgcn_interactions", _FEEDS)
    final = _is_final(table.name)
    items = _items(table.name) if final else {}

    def rows() -> Iterator[Row]:
        negatives = 0
        for number, parts in triples.cut(table.rows):
            if isinstance(parts, BadRow) or len(parts) != 3:
                text = parts.text if isinstance(parts, BadRow) else " ".join(parts)
                yield number, BadRow(text=text, rule="a line must be a user, an item and a number")
            elif final and parts[2] == "0":
                negatives += 1
            elif parts[0] != _LISTENING[0]:
                user, item, value = parts
                yield number, {"user": user, "product": items.get(item, item), "value": value}
        if negatives:
            table.late_notes.append(f"{table.name}: negatives, drawn by chance, were left out: {negatives:,}")

    return replace(table, columns=("user", "product", "value"), rows=rows())


def _items(path: str) -> dict[str, str]:
    """Entity → item; in the files of the authors' script, entities are the lines of the list."""
    lines = triples.needed(path, ITEMS_LIST, "which says what of it are products")
    final = _is_final(path)
    return {str(n) if final else parts[1]: parts[0] for n, parts in enumerate(lines) if len(parts) == 2}


def _is_final(path: str) -> bool:
    return file_name(path).endswith(_FINAL)


FEED = Feed(
    name="kgcn",
    title="KGCN's knowledge graph",
    kinds=("facts",),
    claims=_is_graph,
    convert=_facts,
    format=triples.LINES,
)
ITEMS = Feed(
    name="kgcn_items",
    title="KGCN's list of items",
    claims=_is_items,
    convert=_products,
    format=triples.LINES,
)
INTERACTIONS = Feed(
    name="kgcn_interactions",
    title="KGCN's interactions",
    kinds=("interactions",),
    claims=_is_log,
    convert=_interactions,
    format=triples.LINES,
)
