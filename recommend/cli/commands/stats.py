"""Count what the graph holds, by kind and relation, and what was derived from it."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

import click

from recommend.cli.derived import derived_of
from recommend.cli.opening import open_shop
from recommend.cli.options import credentials_option, json_option, shop_option
from recommend.cli.output import print_json, print_table, waiting

if TYPE_CHECKING:
    from kg.derive import DerivedSummary


@click.command("stats")
@shop_option
@credentials_option
@json_option
def stats(shop: Path, credentials: Path | None, as_json: bool) -> None:
    """Count nodes by kind and edges by relation, and the edges that the last build derived.

    Exit status 1 if a load into the graph was cut off.
    """
    with waiting("counting …"):
        opened = open_shop(shop, credentials)
        counts = opened.counts()
        found = derived_of(opened)
    if as_json:
        derived = None if found is None else {"version": found[0], **asdict(found[1].summary())}
        print_json({**asdict(counts), "derived": derived})
    else:
        click.echo(f"{counts.products:,} products, and {counts.stubs:,} that are only mentioned")
        kinds = [(kind, f"{count:,}") for kind, count in counts.nodes.items()]
        print_table(("nodes", "count"), kinds, right=("count",))
        click.echo()
        relations = [(name, f"{count:,}") for name, count in counts.edges.items()]
        print_table(("edges", "count"), relations, right=("count",))
        if found is not None:
            click.echo()
            _print_derived(found[0], found[1].summary())
    if counts.unfinished_load:  # the store has warned of it when it was opened
        click.get_current_context().exit(1)


def _print_derived(version: str, summary: DerivedSummary) -> None:
    """The derived edges by relation and source; facts correct them."""
    click.echo(
        f"derived for version {version}: {summary.types:,} types, {summary.series:,} series; "
        f"{summary.typed:.1%} of the products have a category or a type"
    )
    rows = [
        (
            f"{count.head} {count.relation} {count.tail}",
            count.source,
            f"{count.edges:,}",
            f"{count.confidence:.2f}",
        )
        for count in summary.counts
    ]
    columns = ("derived edges", "found by", "count", "mean confidence")
    print_table(columns, rows, right=("count", "mean confidence"))
