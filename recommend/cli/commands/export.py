"""Write the graph for other tools: GraphML, Cypher or JSON."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import click

from recommend.cli.failures import Failure
from recommend.cli.opening import open_shop
from recommend.cli.options import credentials_option, shop_option
from recommend.cli.output import waiting

if TYPE_CHECKING:
    from kg import Graph


@click.command("export")
@click.argument("file", type=click.Path(path_type=Path, dir_okay=False))
@shop_option
@credentials_option
def export(file: Path, shop: Path, credentials: Path | None) -> None:
    """Write the graph as it is now into FILE; its ending says how.

    \b
    .graphml   for Gephi, yEd and the like
    .cypher    a script for cypher-shell, for an empty Neo4j database
    .json      networkx's node-link form (networkx.node_link_graph reads it)
    """
    write = _WRITERS.get(file.suffix.lower())
    if write is None:
        raise click.UsageError(f"{file.name} must end in {', '.join(_WRITERS)}")
    if not file.parent.is_dir():
        raise Failure(f"{file.parent} is not a folder; make it first")
    draft = file.with_name(f".{file.name}.draft")
    with waiting("exporting …"):
        graph = open_shop(shop, credentials).graph()
        try:
            write(graph, draft)
            draft.replace(file)
        finally:
            draft.unlink(missing_ok=True)
    nodes = sum(len(names) for names in graph.nodes.values())
    click.echo(f"{file}: {nodes:,} nodes, {graph.edge_count:,} edges, {file.stat().st_size / 1e6:.1f} MB")


def _graphml(graph: Graph, file: Path) -> None:
    from kg.exports import write_graphml

    write_graphml(graph, file)


def _cypher(graph: Graph, file: Path) -> None:
    from kg.exports import write_cypher

    write_cypher(graph, file)


def _json(graph: Graph, file: Path) -> None:
    import networkx as nx

    from kg.exports import to_networkx

    with file.open("w", encoding="utf-8") as opened:
        json.dump(nx.node_link_data(to_networkx(graph), edges="edges"), opened, ensure_ascii=False)


_WRITERS: dict[str, Callable[[Graph, Path], None]] = {
    ".graphml": _graphml,
    ".cypher": _cypher,
    ".json": _json,
}
