"""Edges of some nodes in a graph server, as the snapshot has them, read for sets of nodes at a time.

What the snapshot leaves out is left out here: attribute values that are numbers, long texts or common
to many products, and edges that are neither of the catalog nor a fact. Edges that several records state count
once. Nodes go by kind and id, as in a snapshot.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace

from kg.paths import Step
from kg.records import NodeKind
from kg.snapshot import ATTRIBUTE_FLOOR, ATTRIBUTE_LENGTH, ATTRIBUTE_SHARE
from kg.store.server_read import Read
from kg.store.server_schema import KINDS, LABELS, USER_TYPES, Row, attribute_node_ids

Name = tuple[NodeKind, str]
"""A node: its kind and its id."""

_PAGE = 2_000
_MOST_WITHIN = 10_000
"""A longer list of wanted ids is compared here and not sent to the server."""

_CATALOG: frozenset[tuple[NodeKind, str, NodeKind]] = frozenset(
    {
        ("product", "MADE_BY", "brand"),
        ("product", "IN_CATEGORY", "category"),
        ("product", "HAS_ATTRIBUTE", "attribute"),
        ("product", "IN_COLLECTION", "collection"),
        ("category", "SUBCATEGORY_OF", "category"),
        ("query", "FOUND", "product"),
        *(("user", name, "product") for name in USER_TYPES.values()),
    }
)

_ATTRIBUTE_NODE = f"""CASE
  WHEN r.fact THEN {{attribute}}.id
  WHEN r.fact IS NOT NULL OR r.name IS NULL OR r.unit IS NOT NULL THEN null
  WHEN r.value IS :: STRING NOT NULL AND size(r.value) <= {ATTRIBUTE_LENGTH} THEN r.name + '=' + r.value
  WHEN r.value IS :: BOOLEAN NOT NULL AND r.value THEN r.name + '=yes'
END"""
"""The id of an attribute as the snapshot has it (`kg.snapshot.attribute_node`), null if it has none."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Way:
    """A relation as it leaves nodes of one kind; `stated` if only facts lie between these kinds."""

    relation: str
    type: str
    here: NodeKind
    there: NodeKind
    forward: bool
    stated: bool

    @property
    def turned(self) -> Way:
        return replace(self, here=self.there, there=self.here, forward=not self.forward)

    @property
    def of_attributes(self) -> bool:
        return self.type == "HAS_ATTRIBUTE" and not self.stated

    def pattern(self, there: str) -> str:
        arrow = f"-[r:`{self.type.replace('`', '``')}`]-"
        return f"(n){arrow}>({there})" if self.forward else f"(n)<{arrow}({there})"


class Edges:
    """Reads edges of nodes and remembers what it has read; made for one search."""

    def __init__(self, read: Read, relations: Collection[str] | None) -> None:
        self._read = read
        self._ways: dict[NodeKind, list[Way]] = defaultdict(list)
        for way in _ways(read, relations):
            self._ways[way.here].append(way)
            self._ways[way.there].append(way.turned)
        self._onward: dict[Name, frozenset[Step]] = {}
        self._degrees: dict[Name, Mapping[Way, int]] = {}
        self._common: dict[str, bool] = {}
        self._most_common: int | None = None

    def onward(self, nodes: Collection[Name]) -> dict[Name, frozenset[Step]]:
        """The steps from each node to others that are no users."""
        for kind, ids in by_kind(node for node in nodes if node not in self._onward).items():
            found: dict[str, set[Step]] = {node_id: set() for node_id in ids}
            for way in self._ways[kind]:
                if way.there != "user":
                    for here, there in self._expand(way, ids):
                        found[here].add(_step(way, there))
            self._onward.update({(kind, node_id): frozenset(steps) for node_id, steps in found.items()})
        return {node: self._onward[node] for node in nodes}

    def between(self, heads: Collection[Name], tails: Collection[Name]) -> dict[Name, set[Step]]:
        """The steps from nodes of one set to nodes of the other; each relation is read from the side where
        it has fewer edges."""
        found: dict[Name, set[Step]] = defaultdict(set)
        wanted = by_kind(tails)
        for kind, ids in by_kind(heads).items():
            for way in self._ways[kind]:
                others = wanted.get(way.there)
                if not others:
                    continue
                if self._cost(way, ids) <= self._cost(way.turned, others):
                    pairs = self._expand(way, ids, within=others)
                else:
                    turned = self._expand(way.turned, others, within=ids)
                    pairs = ((here, there) for there, here in turned)
                for here, there in pairs:
                    found[kind, here].add(_step(way, there))
        return found

    def degree(self, node: Name) -> int:
        """How many edges lead from a node to others that are no users, about."""
        self._count([node])
        return sum(count for way, count in self._degrees[node].items() if way.there != "user")

    def count(self, nodes: Collection[Name]) -> int:
        """The same for many nodes."""
        self._count(nodes)
        return sum(self.degree(node) for node in nodes)

    def _cost(self, way: Way, ids: Collection[str]) -> int:
        self._count([(way.here, node_id) for node_id in ids])
        return sum(self._degrees[way.here, node_id].get(way, 0) for node_id in ids)

    def _count(self, nodes: Iterable[Name]) -> None:
        for kind, ids in by_kind(node for node in nodes if node not in self._degrees).items():
            ways = self._ways[kind]
            totals: dict[str, list[int]] = {node_id: [0] * len(ways) for node_id in ids}
            counts = ", ".join(f"COUNT {{ {way.pattern('')} }}" for way in ways)
            for row in self._rows(
                kind,
                ids,
                f"MATCH (n:{LABELS[kind]} {{id: row.node}}) RETURN row.id AS id, [{counts}] AS counts",
            ):
                totals[row["id"]] = [a + b for a, b in zip(totals[row["id"]], row["counts"], strict=True)]
            for node_id, total in totals.items():
                self._degrees[kind, node_id] = dict(zip(ways, total, strict=True))

    def _expand(
        self, way: Way, ids: Collection[str], *, within: Collection[str] | None = None
    ) -> Iterator[tuple[str, str]]:
        """(id, id of the other end) for every edge; several times, if facts and the catalog state it."""
        self._count([(way.here, node_id) for node_id in ids])
        ids = [node_id for node_id in ids if self._degrees[way.here, node_id].get(way)]
        sent = None if within is None or len(within) > _MOST_WITHIN else list(within)
        kept = None if within is None else frozenset(within)
        start = f"MATCH (n:{LABELS[way.here]} {{id: row.node}}) MATCH {way.pattern('m:' + LABELS[way.there])}"
        if not way.of_attributes:
            stated = "r.fact" if way.stated else "(r.fact OR r.fact IS NULL)"
            chosen = "" if sent is None else " AND m.id IN $within"
            query = f"{start} WHERE {stated}{chosen} RETURN row.id AS id, collect(DISTINCT m.id) AS found"
            for row in self._rows(way.here, ids, query, within=sent):
                yield from ((row["id"], other) for other in row["found"] if kept is None or other in kept)
            return
        node = _ATTRIBUTE_NODE.format(attribute="m" if way.forward else "n")
        other, same = ("node", "true") if way.forward else ("m.id", "node = row.id")
        chosen = "" if sent is None else f" AND {other} IN $within"
        query = (
            f"{start} WITH row, m, r, {node} AS node WHERE node IS NOT NULL AND {same}{chosen} "
            f"RETURN row.id AS id, collect(DISTINCT CASE WHEN r.fact THEN {other} END) AS stated, "
            f"collect(DISTINCT CASE WHEN r.fact IS NULL THEN {other} END) AS found"
        )
        rows = list(self._rows(way.here, ids, query, within=sent))
        listed = [
            (row["id"], other) for row in rows for other in row["found"] if kept is None or other in kept
        ]
        attributes = {pair[1] if way.forward else pair[0] for pair in listed}
        common = self._common_ones(attributes)
        yield from (pair for pair in listed if (pair[1] if way.forward else pair[0]) not in common)
        for row in rows:
            yield from ((row["id"], other) for other in row["stated"] if kept is None or other in kept)

    def _common_ones(self, attributes: Collection[str]) -> set[str]:
        """Those of some attributes that too many products have to say anything about one of them."""
        unknown = [attribute for attribute in attributes if attribute not in self._common]
        degrees: dict[str, int] = dict.fromkeys(unknown, 0)
        count = "COUNT { (n)<-[:HAS_ATTRIBUTE]-() }"
        query = f"MATCH (n:Attribute {{id: row.node}}) RETURN row.id AS id, {count} AS count"
        for row in self._rows("attribute", unknown, query):
            degrees[row["id"]] += row["count"]
        for attribute, degree in degrees.items():
            # the degree costs nothing, but counts facts, numbers and repeated values too
            self._common[attribute] = (
                degree > ATTRIBUTE_FLOOR
                and degree > self._most()
                and (self._products_of(attribute) > self._most())
            )
        return {attribute for attribute in attributes if self._common[attribute]}

    def _products_of(self, attribute: str) -> int:
        """How many products have an attribute, counted no further than needed."""
        query = (
            f"MATCH (n:Attribute {{id: row.node}})<-[r:HAS_ATTRIBUTE]-(m:Product) "
            f"WHERE r.fact IS NULL AND {_ATTRIBUTE_NODE.format(attribute='n')} = row.id "
            "WITH DISTINCT m LIMIT $most RETURN count(m) AS count"
        )
        return sum(row["count"] for row in self._rows("attribute", [attribute], query, most=self._most() + 1))

    def _most(self) -> int:
        if self._most_common is None:
            (row,) = self._read("MATCH (p:Product) WHERE p.listed RETURN count(p) AS count")
            self._most_common = max(ATTRIBUTE_FLOOR, int(ATTRIBUTE_SHARE * row["count"]))
        return self._most_common

    def _rows(self, kind: NodeKind, ids: Collection[str], query: str, **parameters: object) -> Iterator[Row]:
        rows = [
            {"id": node_id, "node": node}
            for node_id in ids
            for node in (attribute_node_ids(node_id) if kind == "attribute" else (node_id,))
        ]
        for start in range(0, len(rows), _PAGE):
            yield from self._read(
                f"UNWIND $rows AS row {query}", rows=rows[start : start + _PAGE], **parameters
            )


def by_kind(nodes: Iterable[Name]) -> dict[NodeKind, list[str]]:
    """The ids of some nodes, sorted, by kind."""
    found: dict[NodeKind, list[str]] = {}
    for kind, node_id in sorted(set(nodes)):
        found.setdefault(kind, []).append(node_id)
    return found


def _step(way: Way, there: str) -> Step:
    return Step(relation=way.relation, kind=way.there, id=there, forward=way.forward)


def _ways(read: Read, relations: Collection[str] | None) -> Iterator[Way]:
    """The relations of the graph, along their arrows: which types leave which kinds is counted already."""
    kinds = list(KINDS.values())
    for row in read("CALL db.relationshipTypes() YIELD relationshipType AS type RETURN type"):
        name = row["type"]
        relation = name.lower()
        if relations is not None and relation not in relations:
            continue
        quoted = name.replace("`", "``")
        heads = ", ".join(f"COUNT {{ (:{LABELS[kind]})-[:`{quoted}`]->() }}" for kind in kinds)
        tails = ", ".join(f"COUNT {{ ()-[:`{quoted}`]->(:{LABELS[kind]}) }}" for kind in kinds)
        (counts,) = read(f"RETURN [{heads}] AS heads, [{tails}] AS tails")
        for here, leaving in zip(kinds, counts["heads"], strict=True):
            for there, arriving in zip(kinds, counts["tails"], strict=True):
                if leaving and arriving:
                    stated = (here, name, there) not in _CATALOG
                    yield Way(
                        relation=relation, type=name, here=here, there=there, forward=True, stated=stated
                    )
