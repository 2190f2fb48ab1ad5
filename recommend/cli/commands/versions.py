"""List the built versions and which one serves; remove old ones."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from recommend.cli.commands.build import plain_version
from recommend.cli.opening import open_shop
from recommend.cli.options import json_option, shop_option
from recommend.cli.output import print_json, print_table

if TYPE_CHECKING:
    from kg import Version


@click.command("versions")
@shop_option
@click.option(
    "--prune",
    type=click.IntRange(min=1),
    metavar="N",
    help="Remove all but the newest N versions and the one that serves.",
)
@json_option
def versions(shop: Path, prune: int | None, as_json: bool) -> None:
    """List the built versions, oldest first, and which one serves.

    With --prune, old ones are removed first; what is left can still be rolled back to.

    \b
    shelfgraph versions --prune 3
    """
    opened = open_shop(shop)
    removed: tuple[str, ...] = ()
    if prune is not None:
        with opened.built.locked("prune"):
            removed = opened.built.prune(keep=prune)
    found = opened.versions()
    if as_json:
        print_json({"versions": [plain_version(version) for version in found], "removed": list(removed)})
        return
    if removed:
        click.echo(f"removed: {', '.join(removed)}")
    if found:
        rows = [_row(version) for version in found]
        columns = ("", "version", "created", "with", "seconds", "nDCG@10", "")
        print_table(columns, rows, right=("seconds", "nDCG@10"))
        click.echo("* serves. nDCG@10: of held-out interactions, as the build learned its weights on them.")
    else:
        click.echo("(no versions; `shelfgraph build` makes one)")


def _row(version: Version) -> tuple[str, ...]:
    settings = version.settings.get("settings", {})
    parts = [part for part in ("text", "image", "kge", "gnn", "fusion") if settings.get(part)]
    stages = version.card.get("stages", {})
    learned = version.card.get("validation", {}).get("ndcg@10")
    return (
        "*" if version.current else "",
        version.name,
        version.created,
        " ".join(parts),
        f"{sum(stages.values()):.1f}" if stages else "",
        "" if learned is None else f"{learned:.4f}",
        str(version.card.get("damaged", "")),
    )
