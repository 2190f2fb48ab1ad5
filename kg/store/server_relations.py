"""Writing one batch of interactions or facts into a graph server: edges that are records of their own."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from typing import Any, TypeAlias

from neo4j import ManagedTransaction

from kg.records import Fact, Interaction, NodeKind
from kg.store.server_links import LinkType, link, merge_nodes, node_of
from kg.store.server_read import run
from kg.store.server_schema import LABELS, USER_TYPES, checked_id, interaction_key, relation_type

_Key: TypeAlias = tuple[str, str, str]
"""Head, tail, and what tells edges of one type between the two apart."""

_INTERACTION = ("key", "time", "position", "value", "query", "rank", "order")
_FACT = ("source", "fact", "weight")


def write_interactions(tx: ManagedTransaction, interactions: Sequence[Interaction]) -> int:
    """Write interactions, in order; how many of them changed something."""
    by_kind: dict[str, list[tuple[_Key, Sequence[Any]]]] = defaultdict(list)
    for i in interactions:
        key = (checked_id(i.user), checked_id(i.product), interaction_key(i))
        time = None if i.time is None else float(i.time)
        query = checked_id(i.query) or None
        properties = (key[2], time, i.position, float(i.value), query, i.rank, i.order or None)
        by_kind[USER_TYPES[i.kind]].append((key, properties))
    written = 0
    for name, records in by_kind.items():
        type = LinkType(head="user", name=name, tail="product", properties=_INTERACTION)
        written += _write(tx, type, records, compared=("position", "value", "rank"))
    found = {(i.query, i.product) for i in interactions if i.query}
    merge_nodes(tx, "query", dict.fromkeys((query for query, _ in found), ()))
    run(
        tx,
        "UNWIND $rows AS row MATCH (q:Query {id: row[0]}) MATCH (p:Product {id: row[1]}) "
        "WHERE NOT EXISTS { (q)-[r:FOUND]->(p) WHERE r.fact IS NULL } CREATE (q)-[:FOUND]->(p)",
        rows=[[query, product] for query, product in sorted(found)],
    )
    return written


def write_facts(tx: ManagedTransaction, facts: Sequence[Fact]) -> int:
    """Write facts, in order; how many of them changed something."""
    by_type: dict[tuple[NodeKind, str, NodeKind], list[tuple[_Key, Sequence[Any]]]] = defaultdict(list)
    for f in facts:
        key = (checked_id(f.head), checked_id(f.tail), f.source)
        by_type[f.head_kind, relation_type(f.relation), f.tail_kind].append(
            (key, (f.source, True, float(f.weight)))
        )
    written = 0
    for (head, name, tail), records in by_type.items():
        type = LinkType(head=head, name=name, tail=tail, properties=_FACT)
        written += _write(tx, type, records, compared=("weight",))
    return written


def _write(
    tx: ManagedTransaction,
    type: LinkType,
    records: Sequence[tuple[_Key, Sequence[Any]]],
    *,
    compared: Sequence[str],
) -> int:
    """Write edges given as (key, properties), in order; how many records changed something.

    The first property is the last part of the key; `compared` are those that may change.
    """
    places = [type.properties.index(name) for name in compared]
    stored = _stored(tx, type, list(dict.fromkeys(key for key, _ in records)), compared)
    state = dict(stored)
    changed: dict[_Key, Sequence[Any]] = {}
    written = 0
    for key, properties in records:
        now = [properties[place] for place in places]
        if state.get(key) != now:
            written += 1
            state[key] = now
            changed[key] = properties
    edges: dict[str, list[tuple[str, Sequence[Any]]]] = defaultdict(list)
    tails: dict[str, Sequence[Any]] = {}
    for (head, tail, _), properties in ((key, changed[key]) for key in changed if key not in stored):
        edges[head].append((tail, properties))
        tails[tail] = node_of(type.tail, tail)
    link(tx, type, edges, heads={head: node_of(type.head, head) for head in edges}, tails=tails)
    settings = ", ".join(f"r.{name} = row[{i}]" for i, name in enumerate(compared, 3))
    run(
        tx,
        f"UNWIND $rows AS row {_match(type, 0)} SET {settings}",
        rows=[[*key, *state[key]] for key in changed if key in stored],
    )
    return written


def _stored(
    tx: ManagedTransaction, type: LinkType, keys: Sequence[_Key], compared: Sequence[str]
) -> dict[_Key, list[Any]]:
    """The compared properties of those edges that are there. Most loads bring new heads, which have none."""
    known = run(
        tx,
        f"UNWIND $rows AS id MATCH (h:{LABELS[type.head]} {{id: id}}) RETURN id",
        rows=list(dict.fromkeys(head for head, _, _ in keys)),
    )
    heads = {row["id"] for row in known}
    found = run(
        tx,
        f"UNWIND $rows AS row {_match(type, 1)} "
        f"RETURN row[0] AS n, [{', '.join(f'r.{name}' for name in compared)}] AS properties",
        rows=[[n, *key] for n, key in enumerate(keys) if key[0] in heads],
    )
    return {keys[row["n"]]: row["properties"] for row in found}


def _match(type: LinkType, first: int) -> str:
    """The pattern of an edge `r` whose key stands in a row from column `first` on."""
    fact = "fact: true, " if "fact" in type.properties else ""
    return (
        f"MATCH (h:{LABELS[type.head]} {{id: row[{first}]}}) "
        f"MATCH (t:{LABELS[type.tail]} {{id: row[{first + 1}]}}) "
        f"MATCH (h)-[r:`{type.name}` {{{fact}{type.properties[0]}: row[{first + 2}]}}]->(t)"
    )
