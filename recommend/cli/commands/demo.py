"""Show everything once, on a made-up shop: load, build, search, recommend, explain."""

from __future__ import annotations

import shlex
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Literal

import click

from recommend.cli.answers import print_explained
from recommend.cli.commands.build import print_version
from recommend.cli.progress import BuildProgress

if TYPE_CHECKING:
    from kg import Shop
    from recommend import Recommender, Results

_QUESTIONS: tuple[tuple[str, ...], ...] = (
    ("search", "noise cancelling bluetooth headphones", "--explain"),
    ("search", "lamp for reading in bed", "--where", "price<=80", "--explain"),
    ("search", "煎锅", "--explain"),
    ("similar", "SG-0070", "--explain"),
    ("recommend", "--user", "U0042", "--explain"),
    ("recommend", "--history", "SG-0070", "SG-0049", "--explain"),
)
_SHOWN = 3
_PATHS = 2


@click.command("demo")
@click.option(
    "--shop", type=click.Path(path_type=Path), metavar="DIR", help="Keep the demo shop in this folder."
)
@click.option(
    "--profile",
    type=click.Choice(["fast", "full"]),
    default="full",
    show_default=True,
    help="fast: graph, words and text; full: pictures, graph embeddings and fusion too.",
)
def demo(shop: Path | None, profile: Literal["fast", "full"]) -> None:
    """Load the made-up shop that comes along, build it, and print some answers with their reasons."""
    started = time.perf_counter()
    with _folder(shop) as folder:
        opened = _load(folder)
        _build(opened, profile)
        _answer(folder, started)
    _next(shop)


@contextmanager
def _folder(kept: Path | None) -> Iterator[Path]:
    if kept is not None:
        yield kept
        return
    with tempfile.TemporaryDirectory(prefix="shelfgraph-demo-") as folder:
        yield Path(folder) / "shop"


def _load(folder: Path) -> Shop:
    from kg import Shop
    from kg.resources import data_folder

    _title("Load: files become a graph")
    source = data_folder() / "demo"
    shop = Shop.create(folder)
    click.echo(shop.load(source / "products.jsonl"))
    click.echo(shop.load(source / "facts.csv", kind="facts"))
    click.echo(shop.load(source / "interactions.csv", kind="interactions"))
    click.echo(
        "\nA supplier's file with faults, into another shop. The good rows are loaded, the others kept apart:"
    )
    with tempfile.TemporaryDirectory(prefix="shelfgraph-demo-") as other:
        report = Shop.create(other).load(source / "faulty.csv")
    click.echo(replace(report, rejects_file=None))  # it is gone with that shop
    counts = shop.counts()
    nodes, edges = sum(counts.nodes.values()), sum(counts.edges.values())
    click.echo(
        f"\nThe graph has {nodes:,} nodes and {edges:,} edges, {counts.products:,} products among them."
    )
    return shop


def _build(shop: Shop, profile: Literal["fast", "full"]) -> None:
    from recommend import build

    _title(f"Build: models and indexes (profile {profile})")
    with BuildProgress() as progress:
        version = build(shop, profile=profile, progress=progress)
    print_version(version)


def _answer(folder: Path, started: float) -> None:
    from recommend import Recommender

    _title("Ask: every answer with its reasons")
    click.echo(
        "The shares say how much of its score each reason makes: a product is there because of their sum.\n"
    )
    model = Recommender.open(folder)
    for number, words in enumerate(_QUESTIONS):
        ask = _asking(model, words)
        before = time.perf_counter()
        results = ask()
        taken = time.perf_counter() - before
        explanations = model.explain_all(results, paths=_PATHS)
        loaded = ", the text encoder's start included" if number == 0 else ""
        click.echo(f"$ shelfgraph {shlex.join(words)} -k {_SHOWN}    ({taken * 1000:,.0f} ms{loaded})")
        if results.note:
            click.echo(f"note: {results.note}")
        for place, (hit, explanation) in enumerate(zip(results, explanations, strict=True), start=1):
            print_explained(place, hit, explanation)
        if number == 0:
            click.echo(f"\nFirst explained answer after {time.perf_counter() - started:.0f} s")
        click.echo()


def _asking(model: Recommender, words: tuple[str, ...]) -> Callable[[], Results]:
    """The call that a command line stands for."""
    command, rest = words[0], [word for word in words[1:] if word != "--explain"]
    if command == "search":
        where = rest[2:] if "--where" in rest else []
        return lambda: model.search(rest[0], where=where, k=_SHOWN)
    if command == "similar":
        return lambda: model.similar(rest[0], k=_SHOWN)
    if rest[0] == "--user":
        return lambda: model.recommend(rest[1], k=_SHOWN)
    return lambda: model.recommend(history=rest[1:], k=_SHOWN)


def _next(kept: Path | None) -> None:
    _title("Now yours")
    if kept is None:
        click.echo("The demo shop is gone again; `shelfgraph demo --shop demoshop` keeps it.\n")
    else:
        name = shlex.quote(str(kept))
        click.echo(f"The demo shop is kept in {name}:")
        click.echo(f'  shelfgraph search "coffee grinder" --explain --shop {name}')
        click.echo(f"  shelfgraph stats --shop {name}\n")
    click.echo("With a file of yours; only a column with an id is required, a title helps most:")
    click.echo("  export SHELFGRAPH_SHOP=myshop")
    click.echo("  shelfgraph load products.csv")
    click.echo(
        "  shelfgraph load orders.csv --kind interactions      # user, product, time; if you have them"
    )
    click.echo("  shelfgraph build")
    click.echo('  shelfgraph search "what you sell" --explain')


def _title(text: str) -> None:
    click.echo(f"\n{text}\n{'─' * len(text)}")
