"""Let an earlier version serve again."""

from __future__ import annotations

from pathlib import Path

import click

from recommend.cli.opening import open_shop
from recommend.cli.options import shop_option


@click.command("rollback")
@click.argument("version", required=False)
@shop_option
def rollback(version: str | None, shop: Path) -> None:
    """Let VERSION serve, or the one before the current. `shelfgraph versions` lists them."""
    click.echo(f"version {open_shop(shop).rollback(version).name} serves now")
