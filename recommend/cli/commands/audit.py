"""Say what the graph is worth here, relation by relation, or what each vector space is."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import click

from recommend.cli.model_options import model_options, settings_for
from recommend.cli.opening import open_shop
from recommend.cli.options import ListCommand, credentials_option, json_option, shop_option
from recommend.cli.output import print_json, print_table
from recommend.cli.progress import BuildProgress
from recommend.cli.reports import (
    print_bands,
    print_cautions,
    print_comparisons,
    print_facts,
    print_rows,
    print_spaces,
)

if TYPE_CHECKING:
    from recommend.evaluate.audit import Audit
    from recommend.evaluate.spaces import SpaceAudit


class AuditCommand(ListCommand):
    """--relation takes several names."""

    lists = ("--relation",)


@click.command("audit", cls=AuditCommand)
@shop_option
@click.option(
    "--holdout",
    type=float,
    default=0.25,
    show_default=True,
    metavar="SHARE",
    help="The share of each user's purchases that is hidden and looked for.",
)
@click.option(
    "--relation",
    "relations",
    multiple=True,
    metavar="NAME…",
    help="Only these relations are also taken away and shuffled alone.  [default: all]",
)
@click.option(
    "--vectors", is_flag=True, help="Say what each vector space (text, kge, gnn …) is worth, and no relation."
)
@click.option(
    "--cold",
    type=float,
    metavar="SHARE",
    help="For --vectors: the share of the products that is tested as new.  [default: .15]",
)
@click.option("-k", "--k", type=click.IntRange(1, 100), default=10, show_default=True, help="List length.")
@model_options
@credentials_option
@json_option
def audit(
    shop: Path,
    holdout: float,
    relations: tuple[str, ...],
    vectors: bool,
    cold: float | None,
    k: int,
    profile: Literal["fast", "full"] | None,
    without: tuple[str, ...],
    seed: int,
    threads: int | None,
    memory: int | None,
    credentials: Path | None,
    as_json: bool,
) -> None:
    """Build the shop several times in memory and compare: does its graph pay, and which relations do?

    Three builds (graph on, off, shuffled) and two for every relation. With --vectors three builds (all
    purchases; new products with all that is known of them, and on their first day), and what each vector
    space adds to them. Nothing in the shop changes.

    \b
    shelfgraph audit --shop myshop --profile fast
    shelfgraph audit --shop myshop --relation also_viewed made_by
    shelfgraph audit --shop myshop --vectors
    """
    from recommend.evaluate.audit import audit as examine
    from recommend.evaluate.spaces import SpaceAudit, audit_spaces

    if vectors and relations:
        raise click.UsageError("--relation is for an audit of the graph; leave it or --vectors out")
    if cold is not None and not vectors:
        raise click.UsageError("--cold is for --vectors; leave it out")
    opened = open_shop(shop, credentials)
    common: dict[str, Any] = {
        "share": holdout,
        "seed": seed,
        "settings": settings_for(opened, profile, without, threads),
        "k": k,
        "cache": opened.cache,
        **({} if memory is None else {"memory": memory}),
    }
    found: Audit | SpaceAudit
    with BuildProgress() as progress:
        if vectors:
            share = 0.15 if cold is None else cold
            found = audit_spaces(opened.graph(), cold=share, progress=progress, **common)
        else:
            found = examine(opened.graph(), relations=relations or None, progress=progress, **common)
    if as_json:
        print_json(found.plain())
    elif isinstance(found, SpaceAudit):
        _print_spaces(found)
    else:
        _print_audit(found, k)


def _print_spaces(found: SpaceAudit) -> None:
    for sentence in found.sentences:
        click.echo(sentence)
    click.echo()
    print_cautions(found.cautions)
    print_rows(found.rows)
    print_comparisons("against", found.comparisons, lambda one: f"{one.model} against {one.against}")
    print_bands(found.bands)
    click.echo("new products")
    print_rows(found.new.rows)
    print_comparisons("against", found.new.comparisons, lambda one: f"{one.model} against {one.against}")
    if found.validation:
        click.echo("as a build measures them")
        print_spaces(found.validation)
        click.echo()
    print_facts("protocol", {name: value for name, value in found.protocol.items() if name != "settings"})


def _print_audit(found: Audit, k: int) -> None:
    for sentence in found.sentences:
        click.echo(sentence)
    click.echo()
    print_cautions(found.cautions)
    names = (f"ndcg@{k}", f"recall@{k}", f"hr@{k}")
    cells = [
        (
            one.name,
            *(f"{one.row.means[name]:.4f}" for name in names),
            f"{one.row.low[names[0]]:.4f} to {one.row.high[names[0]]:.4f}",
            "" if one.validation is None else f"{one.validation:.4f}",
        )
        for one in found.variants
    ]
    columns = ("graph", *names, f"{names[0]}, 95 %", "validation")
    print_table(columns, cells, right=columns[1:])
    click.echo()
    print_comparisons("on against", found.comparisons, lambda one: one.against)
    print_bands(found.bands)
    print_facts("protocol", {name: value for name, value in found.protocol.items() if name != "settings"})
