"""Delete products or users, with every edge that touches them."""

from __future__ import annotations

from pathlib import Path

import click

from recommend.cli.opening import open_shop
from recommend.cli.options import DeleteCommand, credentials_option, shop_option


@click.command("delete", cls=DeleteCommand)
@click.option("--product", "products", multiple=True, metavar="ID…", help="Products to delete.")
@click.option("--user", "users", multiple=True, metavar="ID…", help="Users to delete.")
@shop_option
@credentials_option
def delete(products: tuple[str, ...], users: tuple[str, ...], shop: Path, credentials: Path | None) -> None:
    """Delete products and users from the graph. Ids that are not there are no error.

    Answers change with the next build.

    \b
    shelfgraph delete --product SG-0070 SG-0099
    shelfgraph delete --user U0042
    """
    if not products and not users:
        raise click.UsageError("nothing to delete; add --product ID… or --user ID…")
    counts = open_shop(shop, credentials).delete(products=products, users=users)
    click.echo(f"{counts.deleted:,} records deleted; `shelfgraph build` takes them out of the answers")
