"""Write the graph for other tools (GraphML, Cypher, JSON), or what was derived from it as facts (CSV)."""

from __future__ import annotations

import csv
import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import click

from recommend.cli.derived import derived_of
from recommend.cli.failures import Failure
from recommend.cli.opening import open_shop
from recommend.cli.options import credentials_option, shop_option
from recommend.cli.output import waiting

if TYPE_CHECKING:
    from kg import Graph


FACT_COLUMNS = ("head", "relation", "tail", "weight", "source", "head_kind", "tail_kind")


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
    .csv       only the edges that the last build derived (types, series, accessories …), as facts.
               Keep the lines to correct, edit them (weight 0 denies an edge), and load them with
               `shelfgraph load FILE --kind facts`: what is stated wins at the next build.
    """
    if file.suffix.lower() == ".csv":
        _facts(file, shop, credentials)
        return
    write = _WRITERS.get(file.suffix.lower())
    if write is None:
        raise click.UsageError(f"{file.name} must end in {', '.join([*_WRITERS, '.csv'])}")
    with waiting("exporting …"), _draft(file) as draft:
        graph = open_shop(shop, credentials).graph()
        write(graph, draft)
    nodes = sum(len(names) for names in graph.nodes.values())
    click.echo(f"{file}: {nodes:,} nodes, {graph.edge_count:,} edges, {file.stat().st_size / 1e6:.1f} MB")


@contextmanager
def _draft(file: Path) -> Iterator[Path]:
    """A file beside `file` that takes its place once it is whole."""
    if not file.parent.is_dir():
        raise Failure(f"{file.parent} is not a folder; make it first")
    draft = file.with_name(f".{file.name}.draft")
    try:
        yield draft
        draft.replace(file)
    finally:
        draft.unlink(missing_ok=True)


def _facts(file: Path, shop: Path, credentials: Path | None) -> None:
    """Write the derived edges of the serving version as a facts file."""
    found = derived_of(open_shop(shop, credentials))
    if found is None:
        raise Failure("nothing was derived yet; run `shelfgraph build` first")
    count = 0
    with (
        waiting("exporting …"),
        _draft(file) as draft,
        draft.open("w", encoding="utf-8", newline="") as opened,
    ):
        rows = csv.writer(opened)
        rows.writerow(FACT_COLUMNS)
        for fact in found[1].facts():
            rows.writerow([getattr(fact, column) for column in FACT_COLUMNS])
            count += 1
    click.echo(f"{file}: {count:,} derived edges of version {found[0]}")


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
