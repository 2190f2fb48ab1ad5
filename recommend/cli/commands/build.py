"""Build a version: models and indexes from the graph as it is now."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import click

from recommend.cli.model_options import PARTS
from recommend.cli.opening import open_shop
from recommend.cli.options import credentials_option, json_option, shop_option
from recommend.cli.output import facts_of, print_json, print_table
from recommend.cli.progress import BuildProgress
from recommend.cli.reports import print_spaces

if TYPE_CHECKING:
    from kg import Version


@click.command("build")
@shop_option
@click.option(
    "--profile",
    type=click.Choice(["fast", "full"]),
    default="full",
    show_default=True,
    help="fast: graph, words and text; full: pictures, graph embeddings and fusion too.",
)
@click.option("--without", type=click.Choice(PARTS), multiple=True, help="Leave a part out; may be repeated.")
@click.option(
    "--seed", type=click.IntRange(min=0), default=0, show_default=True, help="For every random step."
)
@click.option("--threads", type=int, help="Threads for encoders and training.  [default: all cores]")
@click.option(
    "--text-model", metavar="MODEL", help="A Hugging Face id or a folder.  [default: the packaged one]"
)
@click.option(
    "--image-model", metavar="MODEL", help="A Hugging Face id or a folder.  [default: the packaged one]"
)
@click.option(
    "--vectors-to-graph", is_flag=True, help="Put the vectors into the graph too, for search --vectors graph."
)
@click.option(
    "--allow-partial", is_flag=True, help="Build even though a load into the graph server has not ended."
)
@credentials_option
@json_option
def build(
    shop: Path,
    profile: Literal["fast", "full"],
    without: tuple[str, ...],
    seed: int,
    threads: int | None,
    text_model: str | None,
    image_model: str | None,
    vectors_to_graph: bool,
    allow_partial: bool,
    credentials: Path | None,
    as_json: bool,
) -> None:
    """Build a version of the shop and let it serve. The versions before stay (see `shelfgraph rollback`).

    What was encoded for an earlier version is not encoded again. Whatever happens to a build, what served
    before serves until it is done.
    """
    from recommend import Settings
    from recommend import build as build_version

    left_out: dict[str, Any] = {part: None if part == "fusion" else False for part in without}
    settings = replace(
        Settings.of_profile(profile),
        threads=threads,
        text_model=text_model,
        image_model=image_model,
        **left_out,
    )
    opened = open_shop(shop, credentials)
    with BuildProgress() as progress:
        version = build_version(
            opened,
            settings=settings,
            seed=seed,
            vectors_to_graph=vectors_to_graph,
            allow_partial=allow_partial,
            progress=progress,
        )
    if as_json:
        print_json(plain_version(version))
    else:
        print_version(version)


def print_version(version: Version) -> None:
    """Its name, how long each stage took, and what was measured."""
    card = dict(version.card)
    stages = card.pop("stages", {})
    total = sum(stages.values())
    click.echo(f"version {version.name} serves now; it took {total:.1f} s")
    print_table(("stage", "seconds"), [(name, f"{s:.1f}") for name, s in stages.items()], right=("seconds",))
    learned = dict(card.get("validation", {}))
    weights = learned.pop("weights", {})
    spaces = card.pop("vectors", {})
    pictures = dict(card.get("pictures", {}))
    examples = pictures.pop("examples", [])
    rows = facts_of({**card, "pictures": pictures, "validation": learned})
    if rows:
        click.echo()
        print_table(("measured", "value"), rows)
    if examples:
        click.echo("\npictures that could not be used, for example:")
        for example in examples[:3]:
            click.echo(f"  {example}")
    if spaces:
        click.echo()
        print_spaces(spaces)
        click.echo("(shelfgraph audit --vectors tests new products too)")
    if weights:
        strongest = sorted(weights.items(), key=lambda item: (-item[1], item[0]))
        click.echo("\nweights: " + ", ".join(f"{name} {weight:.2f}" for name, weight in strongest))


def plain_version(version: Version) -> dict[str, Any]:
    """A version as JSON values."""
    return {
        "version": version.name,
        "path": str(version.path),
        "created": version.created,
        "current": version.current,
        "settings": dict(version.settings),
        "card": dict(version.card),
    }
