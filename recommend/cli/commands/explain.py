"""Explain why a product is in an answer: paths through the graph that add up to its score."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Literal

import click

from recommend.cli.answers import plain_query, print_reasons, print_understood
from recommend.cli.opening import open_recommender, picture
from recommend.cli.options import ListCommand, shop_option, taste_options
from recommend.cli.output import print_json

if TYPE_CHECKING:
    from recommend.explain.explanation import Voice
    from recommend.explain.preferring import Prefer


@click.command("explain", cls=ListCommand)
@click.argument("product", metavar="ID")
@click.option("--query", "text", metavar="TEXT", help="It is an answer to this search.")
@click.option(
    "--image", type=click.Path(path_type=Path), metavar="FILE", help="It is an answer to this picture."
)
@click.option("--product", "seed", metavar="ID", help="It is said to be like this product.")
@taste_options
@click.option("--viewed", multiple=True, metavar="ID…", help="Products just looked at, oldest first.")
@click.option(
    "--complete", is_flag=True, help="It is said to go with the --history, else with what the --user owns."
)
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
@click.option(
    "--prefer",
    type=click.Choice(["strongest", "recent", "familiar", "diverse"]),
    default="strongest",
    show_default=True,
    help="Which paths are shown: the strongest, through what was met last or is best known, or most unlike.",
)
@click.option(
    "--for",
    "voice",
    type=click.Choice(["analyst", "shopper"]),
    default="analyst",
    show_default=True,
    help="With shares, channels and counts, or in sentences for somebody who shops.",
)
@click.option(
    "--language", default="en", show_default=True, metavar="LANGUAGE", help="en, zh or a shop's own."
)
@click.option(
    "--counterfactual",
    is_flag=True,
    help="Also say without which products of the history, or words, it would not be among the ten best.",
)
@click.option(
    "--svg", type=click.Path(dir_okay=False, path_type=Path), metavar="FILE", help="Draw the paths, too."
)
@shop_option
def explain(
    product: str,
    text: str | None,
    image: Path | None,
    seed: str | None,
    user: str | None,
    history: tuple[str, ...],
    viewed: tuple[str, ...],
    complete: bool,
    paths: int,
    form: Literal["text", "json", "cypher", "graphml"],
    as_json: bool,
    prefer: Prefer,
    voice: Voice,
    language: str,
    counterfactual: bool,
    svg: Path | None,
    shop: Path,
) -> None:
    """Explain the score of product ID for a user, a history, a search or another product.

    \b
    shelfgraph explain SG-0070 --user U0042
    shelfgraph explain SG-0070 --query "desk lamp" --paths 5
    shelfgraph explain SG-0070 --user U0042 --for shopper --language zh --counterfactual
    shelfgraph explain SG-0070 --product SG-0099 --format cypher
    shelfgraph explain SG-0050 --history SG-0043 --complete
    shelfgraph explain SG-0070 --product SG-0099 --svg why.svg
    """
    searched, known = text is not None or image is not None, user is not None or bool(history)
    if seed is not None and (known or viewed or complete or searched):
        raise click.UsageError("--product stands alone; leave --user, --history, --query and --image out")
    if seed is None and not (known or viewed or searched):
        raise click.UsageError("explain it to whom? Add --user, --history, --query, --image or --product")
    if complete and (searched or viewed or not known):
        raise click.UsageError("--complete is for --history or --user; leave --query, --image, --viewed out")
    from recommend.query import Query

    model = open_recommender(shop)
    query = Query(
        text=text,
        image=picture(model, image),
        product=seed,
        user=user,
        history=history,
        viewed=viewed,
        complete=complete,
    )
    explanation = model.explain(query, product, paths=paths, prefer=prefer)
    sentences = explanation.sentences(language=language, voice=voice)
    missing = model.counterfactual(query, product) if counterfactual else None
    if svg is not None:
        svg.write_text(explanation.svg(language=language), encoding="utf-8")
    if as_json or form == "json":
        asked = {name: value for name, value in plain_query(query).items() if name not in ("k", "ranking")}
        told = {} if missing is None else {"counterfactual": missing.plain()}
        print_json({"query": asked, **explanation.plain(), **told})
    elif form == "cypher":
        click.echo(explanation.cypher(), nl=False)
    elif form == "graphml":
        click.echo(explanation.graphml(), nl=False)
    elif voice == "shopper":
        click.echo(
            "\n".join([*sentences, *([] if missing is None else [missing.sentence(language=language)])])
        )
    else:
        click.echo(explanation.text.splitlines()[0])
        if explanation.reading is not None and explanation.reading:
            print_understood(explanation)
        if language == "en":
            print_reasons(explanation)
        else:
            click.echo("\n".join(f"  {line}" for line in sentences))
        if missing is not None:
            click.echo(f"  {missing.text}")
