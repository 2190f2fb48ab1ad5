"""Show what may be typed next: types, brands, series, titles and searches of others."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path

import click

from recommend.cli.opening import open_recommender
from recommend.cli.options import json_option, shop_option
from recommend.cli.output import print_json, print_table


@click.command("suggest")
@click.argument("text")
@click.option("-k", type=int, default=8, show_default=True, help="How many suggestions.")
@json_option
@shop_option
def suggest(text: str, k: int, as_json: bool, shop: Path) -> None:
    """Show what somebody who has typed TEXT so far may want to search for.

    \b
    shelfgraph suggest "desk la" --shop myshop
    """
    found = open_recommender(shop).suggest(text, k=k)
    if as_json:
        print_json({"typed": text, "suggestions": [asdict(one) for one in found]})
    elif found:
        rows = [(one.text, one.kind.replace("_", " and "), f"{one.count:,}") for one in found]
        print_table(("suggestion", "kind", "products"), rows, right=("products",))
    else:
        click.echo("(no suggestions)")
