"""Measure how good the answers are, on what was hidden from them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from recommend.cli.evaluating import Asked
from recommend.cli.model_options import model_options
from recommend.cli.options import balance_option, credentials_option, json_option
from recommend.cli.output import print_json
from recommend.cli.progress import BuildProgress
from recommend.cli.reports import print_report

_FILE = click.Path(path_type=Path, dir_okay=False)


@click.command("evaluate")
@click.option(
    "--shop",
    type=click.Path(path_type=Path),
    metavar="DIR",
    envvar="SHELFGRAPH_SHOP",
    help="The folder of the shop; or set SHELFGRAPH_SHOP. --sequences can do without.",
)
@click.option(
    "--holdout", type=float, metavar="SHARE", help="Hide this share of each user's purchases, such as .25."
)
@click.option(
    "--until", metavar="DATE", help="Learn from what was before this moment, and test what came after it."
)
@click.option(
    "--cold",
    type=float,
    metavar="SHARE",
    help="Hide all that was done with this share of the products, and rank these for who bought one (in the "
    "--holdout, else in .25).",
)
@click.option(
    "--arriving",
    type=float,
    metavar="SHARE",
    help="Let this share of the products and users come after the build, and compare what they get at once, "
    "and after an update, with a new build.",
)
@click.option(
    "--test", "test_file", type=_FILE, metavar="FILE", help="Interactions that the shop does not have."
)
@click.option(
    "--mapping", metavar="TOML", help="The mapping of the --test file, or the name of one that comes along."
)
@click.option("--sequences", type=_FILE, metavar="FILE", help="Lines 'user item item …', oldest item first.")
@click.option(
    "--protocol",
    type=click.Choice(["strict", "refit", "time"]),
    help="For --sequences strict or refit: whether the model is built with the last item but one.  [default: "
    "strict]  For --holdout time: the share lies after one moment, the same for everybody.",
)
@click.option("--judgments", type=_FILE, metavar="FILE", help="Rated products: query, product_id, rating.")
@click.option(
    "--clicks",
    type=float,
    metavar="SHARE",
    help="Hide this share of what was chosen after a search, and search for it.",
)
@click.option(
    "--personal",
    type=float,
    metavar="SHARE",
    help="Hide this share of each user's purchases, and search for them with the user and without.",
)
@click.option(
    "--explanations",
    is_flag=True,
    help="Test the reasons behind what serves: are they true, and does the score fall without them?",
)
@click.option("--ablation", is_flag=True, help="Also measure without each channel (--judgments always does).")
@balance_option
@click.option("-k", "--k", type=click.IntRange(1, 100), help="The length of the lists.  [default: 10]")
@model_options
@credentials_option
@json_option
def evaluate(as_json: bool, **options: Any) -> None:
    """Measure answers on what was hidden from the model, with simple methods beside it.

    All figures are over the whole catalog, as fractions, with 95 % intervals; the protocol says what they
    mean, and warnings say what they should not be believed without. Nothing in the shop changes.

    \b
    shelfgraph evaluate --shop myshop --holdout .25 --ablation
    shelfgraph evaluate --shop myshop --holdout .2 --protocol time
    shelfgraph evaluate --shop myshop --until 2024-05-01
    shelfgraph evaluate --shop myshop --cold .15
    shelfgraph evaluate --shop myshop --arriving .15
    shelfgraph evaluate --shop myshop --holdout .25 --balance diversity=.2,fairness=.2
    shelfgraph evaluate --shop myshop --test later.csv --json
    shelfgraph evaluate --sequences sequences.txt --protocol refit
    shelfgraph evaluate --shop myshop --judgments ratings.csv
    shelfgraph evaluate --shop myshop --clicks .25
    shelfgraph evaluate --shop myshop --explanations
    """
    asked = Asked(**options)
    asked.check()
    with BuildProgress() as progress:
        report = asked.report(progress)
    if as_json:
        print_json(report.plain())
    else:
        print_report(report)
