"""Explain why a product is in an answer: paths through the graph that add up to its score."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

import click

from recommend.cli.answers import plain_query, print_reasons
from recommend.cli.opening import open_recommender, picture
from recommend.cli.options import ListCommand, shop_option, taste_options
from recommend.cli.output import print_json


@click.command("explain", cls=ListCommand)
@click.argument("product", metavar="ID")
@click.option("--query", "text", metavar="TEXT", help="It is an answer to this search.")
@click.option(
    "--image", type=click.Path(path_type=Path), metavar="FILE", help="It is an answer to this picture."
)
@click.option("--product", "seed", metavar="ID", help="It is said to be like this product.")
@taste_options
@click.option("--paths", type=int, default=3, show_default=True, help="How many paths, the strongest first.")
@click.option(
    "--format",
    "form",
    type=click.Choice(["text", "json", "cypher", "graphml"]),
    default="text",
    show_default=True,
    help="Words, a JSON document, statements for Neo4j Browser, or a drawing.",
)
@click.option("--json", "as_json", is_flag=True, help="The same as --format json.")
@shop_option
def explain(
    product: str,
    text: str | None,
    image: Path | None,
    seed: str | None,
    user: str | None,
    history: tuple[str, ...],
    paths: int,
    form: Literal["text", "json", "cypher", "graphml"],
    as_json: bool,
    shop: Path,
) -> None:
    """Explain the score of product ID for a user, a history, a search or another product.

    \b
    shelfgraph explain SG-0070 --user U0042
    shelfgraph explain SG-0070 --query "desk lamp" --paths 5
    shelfgraph explain SG-0070 --product SG-0099 --format cypher
    """
    if seed is not None and (user is not None or history or text is not None or image is not None):
        raise click.UsageError("--product stands alone; leave --user, --history, --query and --image out")
    if seed is None and user is None and not history and text is None and image is None:
        raise click.UsageError("explain it to whom? Add --user, --history, --query, --image or --product")
    from recommend.query import Query

    model = open_recommender(shop)
    query = Query(text=text, image=picture(model, image), product=seed, user=user, history=history)
    explanation = model.explain(query, product, paths=paths)
    if as_json or form == "json":
        asked = {name: value for name, value in plain_query(query).items() if name not in ("k", "ranking")}
        print_json({"query": asked, **explanation.plain()})
    elif form == "cypher":
        click.echo(explanation.cypher(), nl=False)
    elif form == "graphml":
        click.echo(explanation.graphml(), nl=False)
    else:
        click.echo(explanation.text.splitlines()[0])
        print_reasons(explanation)
