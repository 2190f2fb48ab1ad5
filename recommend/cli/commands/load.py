"""Load products, interactions or facts from files into a shop."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import click

from recommend.cli.failures import Failure
from recommend.cli.opening import credentials_of
from recommend.cli.options import credentials_option, json_option, shop_option
from recommend.cli.output import print_json, waiting

if TYPE_CHECKING:
    from kg import LoadReport, Shop


@click.command("load")
@click.argument("files", nargs=-1, required=True, type=click.Path(path_type=Path), metavar="FILE…")
@shop_option
@click.option(
    "--mapping", metavar="TOML", help="A mapping file, or the name of one that comes along: icecat, …"
)
@click.option(
    "--kind",
    type=click.Choice(["products", "interactions", "facts"]),
    help="What the files hold.  [default: what the mapping says, else products]",
)
@click.option(
    "--mode",
    type=click.Choice(["replace", "patch"]),
    default="replace",
    show_default=True,
    help="Replace whole products, or only the fields that the files name.",
)
@click.option(
    "--feed",
    metavar="NAME",
    help="Whose export it is: shopify, google_merchant …; none: a plain table.  [default: by its columns]",
)
@click.option(
    "--graph", metavar="URL", help="For a new shop: keep its graph on a Neo4j server, neo4j://host:7687."
)
@credentials_option
@json_option
def load(
    files: tuple[Path, ...],
    shop: Path,
    mapping: str | None,
    kind: Literal["products", "interactions", "facts"] | None,
    mode: Literal["replace", "patch"],
    feed: str | None,
    graph: str | None,
    credentials: Path | None,
    as_json: bool,
) -> None:
    """Load FILEs into a shop; the shop is made if it does not exist yet.

    CSV, TSV, JSON Lines and Parquet are read, gzipped too. Rows that break a rule are reported and kept in
    the shop's folder `rejects`; the rest is loaded, and the exit status is 1. What serves is not touched.

    \b
    shelfgraph load products.csv --shop myshop
    shelfgraph load orders.csv --kind interactions --shop myshop
    """
    missing = [str(file) for file in files if not file.is_file()]
    if missing:
        raise Failure(f"{missing[0]} is not a file; check the path")
    with waiting("loading …"):
        opened = _shop(shop, graph, credentials)
        report = opened.load(list(files), mapping=mapping, kind=kind, mode=mode, feed=feed)
    if as_json:
        print_json(plain_report(report))
    else:
        click.echo(str(report))
    if not report.ok:
        click.get_current_context().exit(1)


def plain_report(report: LoadReport) -> dict[str, Any]:
    """The report as JSON values."""
    return {
        **asdict(report),
        "by_rule": [{"field": f, "rule": rule, "count": count} for (f, rule), count in report.by_rule],
        "seconds": round(report.seconds, 3),
    }


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
