"""Find products by words, a picture or both."""

from __future__ import annotations

from contextlib import ExitStack
from pathlib import Path
from typing import Literal

import click

from recommend.cli.answers import print_answers
from recommend.cli.opening import open_recommender, open_shop, picture
from recommend.cli.options import (
    ListCommand,
    answer_options,
    credentials_option,
    shop_option,
    taste_options,
)


@click.command("search", cls=ListCommand)
@click.argument("text", required=False)
@click.option("--image", type=click.Path(path_type=Path), metavar="FILE", help="A picture of what is wanted.")
@taste_options
@answer_options
@click.option(
    "--vectors",
    type=click.Choice(["files", "graph"]),
    default="files",
    show_default=True,
    help="Where neighbours are looked for: the version's files, or the graph (build --vectors-to-graph).",
)
@shop_option
@credentials_option
def search(
    text: str | None,
    image: Path | None,
    user: str | None,
    history: tuple[str, ...],
    k: int,
    where: tuple[str, ...],
    explain: bool,
    as_json: bool,
    vectors: Literal["files", "graph"],
    shop: Path,
    credentials: Path | None,
) -> None:
    """Find products for TEXT, a picture or both; with --user or --history, to somebody's taste.

    \b
    shelfgraph search "wireless headphones" --where 'price<=80' --explain
    shelfgraph search --image sofa.jpg --shop myshop
    """
    if text is None and image is None:
        raise click.UsageError("nothing to search for; write a TEXT (before --history) or give --image FILE")
    with ExitStack() as stack:
        store = None
        if vectors == "graph":
            store = stack.enter_context(open_shop(shop, credentials).store(read_only=True))
        model = open_recommender(shop, vectors=store)
        found = model.search(text, image=picture(model, image), user=user, history=history, where=where, k=k)
        print_answers(model, found, explain=explain, as_json=as_json)
