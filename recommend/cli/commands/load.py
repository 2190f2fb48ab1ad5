"""Load products, interactions or facts from files into a shop."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from recommend.cli.failures import Failure
from recommend.cli.opening import credentials_of
from recommend.cli.options import credentials_option, json_option, shop_option
from recommend.cli.output import print_json, waiting
from recommend.cli.sources import checked_files, plain_report, source_options

if TYPE_CHECKING:
    from kg import Shop


@click.command("load")
@source_options(required=True)
@shop_option
@click.option(
    "--graph", metavar="URL", help="For a new shop: keep its graph on a Neo4j server, neo4j://host:7687."
)
@credentials_option
@json_option
def load(
    files: tuple[str, ...],
    shop: Path,
    graph: str | None,
    credentials: Path | None,
    as_json: bool,
    **options: Any,
) -> None:
    """Load FILEs into a shop; the shop is made if it does not exist yet.

    CSV, TSV, JSON Lines, Parquet and the feeds of shop systems (XML, JSON-LD, Shopify …) are read, gzipped
    or in a ZIP archive too, and from https://… Rows that break a rule are reported and kept in the shop's
    folder `rejects`; the rest is loaded, and the exit status is 1. What serves is not touched.

    \b
    shelfgraph load products.csv --shop myshop
    shelfgraph load orders.csv --kind interactions --shop myshop
    shelfgraph load everything.csv.gz --full-feed --shop myshop
    """
    sources = checked_files(files)
    with waiting("loading …"):
        report = _shop(shop, graph, credentials).load(sources, **options)
    if as_json:
        print_json(plain_report(report))
    else:
        click.echo(str(report))
    if not report.ok:
        click.get_current_context().exit(1)


def _shop(path: Path, graph: str | None, credentials: Path | None) -> Shop:
    from kg import Shop
    from kg.store.server_access import server_url

    known = credentials_of(credentials)
    if not Shop.exists(path):
        return Shop.create(path, graph=graph, credentials=known)
    shop = Shop.open(path, credentials=known)
    if graph is not None:
        with shop.store() as store:
            if store.url != server_url(graph):
                raise Failure(
                    f"{path} keeps its graph at {store.url}; leave --graph out, or choose another folder"
                )
    return shop
