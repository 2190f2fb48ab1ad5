"""Find products by words, a picture or both."""

from __future__ import annotations

from pathlib import Path

import click

from recommend.cli.answers import print_answers
from recommend.cli.opening import open_recommender, picture
from recommend.cli.options import ListCommand, answer_options, shop_option, taste_options


@click.command("search", cls=ListCommand)
@click.argument("text", required=False)
@click.option("--image", type=click.Path(path_type=Path), metavar="FILE", help="A picture of what is wanted.")
@taste_options
@answer_options
@shop_option
def search(
    text: str | None,
    image: Path | None,
    user: str | None,
    history: tuple[str, ...],
    k: int,
    where: tuple[str, ...],
    explain: bool,
    as_json: bool,
    shop: Path,
) -> None:
    """Find products for TEXT, a picture or both; with --user or --history, to somebody's taste.

    \b
    shelfgraph search "wireless headphones" --where 'price<=80' --explain
    shelfgraph search --image sofa.jpg --shop myshop
    """
    if text is None and image is None:
        raise click.UsageError("nothing to search for; write a TEXT (before --history) or give --image FILE")
    model = open_recommender(shop)
    results = model.search(text, image=picture(model, image), user=user, history=history, where=where, k=k)
    print_answers(model, results, explain=explain, as_json=as_json)
