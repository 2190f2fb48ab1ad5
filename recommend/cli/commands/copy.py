"""Copy a graph from one store into another, without loss."""

from __future__ import annotations

import sys
import time
from contextlib import ExitStack
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

import click

from recommend.cli.failures import Failure
from recommend.cli.opening import credentials_of
from recommend.cli.options import credentials_option, json_option
from recommend.cli.output import print_json

if TYPE_CHECKING:
    from kg import GraphStore

_FILES = (".sqlite", ".sqlite3", ".db")
_SILENCE = 10.0
"""Seconds after which a stage that goes on says so."""


@click.command("copy")
@click.argument("source")
@click.argument("target")
@click.option("--merge", is_flag=True, help="Into a target that holds something: what has the same key wins.")
@credentials_option
@click.option(
    "--target-credentials",
    type=click.Path(path_type=Path),
    metavar="FILE",
    help="The same for the target, where source and target are two servers.",
)
@json_option
def copy(
    source: str,
    target: str,
    merge: bool,
    credentials: Path | None,
    target_credentials: Path | None,
    as_json: bool,
) -> None:
    """Copy products, facts, interactions and vectors from the graph SOURCE into the graph TARGET.

    Each is the folder of a shop, an embedded graph (graph.sqlite) or the URL of a Neo4j server. A target that
    does not exist is made: a file if its name ends in .sqlite or .db, else a shop. Built versions stay where
    they are.

    \b
    shelfgraph copy my-shop neo4j://localhost:7687
    shelfgraph copy neo4j://localhost:7687 backup.sqlite
    """
    from kg.store.copying import copy_graph

    with ExitStack() as stack:
        read = stack.enter_context(_open(source, credentials, reading=True))
        write = stack.enter_context(_open(target, target_credentials or credentials, reading=False))
        report = copy_graph(read, write, merge=merge, progress=_Telling())
        urls = read.url, write.url
    if as_json:
        print_json({"source": urls[0], "target": urls[1], **asdict(report)})
        return
    click.echo(
        f"{urls[0]} -> {urls[1]}: {report.products:,} products, {report.facts:,} facts, "
        f"{report.interactions:,} interactions, {report.vectors:,} vectors"
        + (f"; {report.unchanged:,} records were there already" if report.unchanged else "")
    )


def _open(name: str, credentials: Path | None, *, reading: bool) -> GraphStore:
    from kg import Shop
    from kg.store import open_store

    if "://" in name and not name.startswith("sqlite:///"):
        return open_store(name, Path(), credentials=credentials_of(credentials), read_only=reading)
    path = Path(name.removeprefix("sqlite:///"))
    if Shop.exists(path):
        return Shop.open(path, credentials=credentials_of(credentials)).store(read_only=reading)
    if path.is_file() or path.suffix in _FILES:
        if not reading and not path.parent.is_dir():
            raise Failure(f"{path.parent} is not a folder; make it first")
        return open_store(None, path, read_only=reading)
    if reading:
        raise Failure(f"{path} is neither a shop, nor an embedded graph, nor the URL of a server")
    return Shop.create(path).store()


class _Telling:
    """How far a copy is, on stderr: a line on a terminal, elsewhere one now and then."""

    def __init__(self) -> None:
        self._live = sys.stderr.isatty()
        self._spoke = time.perf_counter()

    def __call__(self, stage: str, done: int, total: int) -> None:
        ended = done == total
        if self._live:
            click.echo(f"\r\x1b[K  {stage}: {done:,}", err=True, nl=ended)
        elif ended or time.perf_counter() - self._spoke > _SILENCE:
            self._spoke = time.perf_counter()
            click.echo(f"  {stage}: {done:,}{'' if ended else ' …'}", err=True)
