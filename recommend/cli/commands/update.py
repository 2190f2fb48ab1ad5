"""Bring what serves up to date with a changed feed, in seconds, without training."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from recommend.cli.opening import open_shop
from recommend.cli.options import credentials_option, json_option, shop_option
from recommend.cli.output import print_json
from recommend.cli.progress import BuildProgress
from recommend.cli.sources import checked_files, plain_report, source_options


@click.command("update")
@source_options(required=False)
@shop_option
@click.option(
    "--keep",
    type=click.IntRange(min=1),
    metavar="N",
    help="Afterwards remove all but the newest N versions.  [default: keep all]",
)
@click.option(
    "--allow-partial",
    is_flag=True,
    help="Even if a load into the graph server was cut off and not run again.",
)
@credentials_option
@json_option
def update(
    files: tuple[str, ...],
    shop: Path,
    keep: int | None,
    allow_partial: bool,
    credentials: Path | None,
    as_json: bool,
    **options: Any,
) -> None:
    """Load FILEs and let a version that knows them serve; without FILEs, what was loaded before.

    Only what changed is written, encoded and indexed anew; the new version shares the rest with the one
    before. Nothing is trained: now and then, `shelfgraph build` learns from everything again.

    \b
    shelfgraph update changes.csv --mode patch --shop myshop
    shelfgraph update everything.csv.gz --full-feed --keep 3 --shop myshop
    """
    from recommend import update as update_shop

    opened = open_shop(shop, credentials)
    given = options if files else {name: value for name, value in options.items() if _was_given(name)}
    with BuildProgress() as progress:
        done = update_shop(
            opened, checked_files(files) or None, allow_partial=allow_partial, progress=progress, **given
        )
    gone: tuple[str, ...] = ()
    if keep is not None:
        with opened.built.locked("prune"):
            gone = opened.built.prune(keep=keep)
    if as_json:
        print_json(
            {
                "version": done.version.name,
                "new": done.new,
                "added": done.added,
                "changed": done.changed,
                "removed": done.removed,
                "pruned": list(gone),
                "load": None if done.report is None else plain_report(done.report),
            }
        )
    else:
        if done.report is not None:
            click.echo(str(done.report))
        if done.new:
            changes = f"{done.added:,} products added, {done.changed:,} changed, {done.removed:,} removed"
            click.echo(f"version {done.version.name} serves now: {changes}")
        else:
            click.echo(f"nothing has changed: version {done.version.name} serves on")
        if gone:
            click.echo(f"removed versions {', '.join(gone)}")
    if done.report is not None and not done.report.ok:
        click.get_current_context().exit(1)


def _was_given(name: str) -> bool:
    source = click.get_current_context().get_parameter_source(name)
    return source is not None and source is not click.core.ParameterSource.DEFAULT
