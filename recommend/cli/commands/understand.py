"""Show how a search text is understood: what it names, what it leaves out, what it limits."""

from __future__ import annotations

from pathlib import Path

import click

from recommend.cli.opening import open_recommender
from recommend.cli.options import json_option, shop_option
from recommend.cli.output import print_json, print_table


@click.command("understand")
@click.argument("text")
@json_option
@shop_option
def understand(text: str, as_json: bool, shop: Path) -> None:
    """Show what TEXT names in the shop, in the order of its words.

    \b
    shelfgraph understand "dimmable lamp without fan under 50" --shop myshop
    """
    reading = open_recommender(shop).understand(text)
    if as_json:
        print_json(reading.plain())
    elif reading or reading.unknown or reading.corrected:
        print_table(("part", "words", "meaning"), list(reading.lines()))
    else:
        click.echo("nothing in it names anything in this shop; the words are searched for as they are")
