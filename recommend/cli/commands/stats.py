"""Count what the graph holds, by kind and relation."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path

import click

from recommend.cli.opening import open_shop
from recommend.cli.options import credentials_option, json_option, shop_option
from recommend.cli.output import print_json, print_table, waiting


@click.command("stats")
@shop_option
@credentials_option
@json_option
def stats(shop: Path, credentials: Path | None, as_json: bool) -> None:
    """Count nodes by kind and edges by relation. Exit status 1 if a load into the graph was cut off."""
    with waiting("counting …"):
        counts = open_shop(shop, credentials).counts()
    if as_json:
        print_json(asdict(counts))
    else:
        click.echo(f"{counts.products:,} products, and {counts.stubs:,} that are only mentioned")
        kinds = [(kind, f"{count:,}") for kind, count in counts.nodes.items()]
        print_table(("nodes", "count"), kinds, right=("count",))
        click.echo()
        relations = [(name, f"{count:,}") for name, count in counts.edges.items()]
        print_table(("edges", "count"), relations, right=("count",))
    if counts.unfinished_load:  # the store has warned of it when it was opened
        click.get_current_context().exit(1)
