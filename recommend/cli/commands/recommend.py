"""Recommend products to a user, or to somebody who met some products."""

from __future__ import annotations

from pathlib import Path

import click

from recommend.cli.answers import print_answers
from recommend.cli.opening import open_recommender
from recommend.cli.options import ListCommand, answer_options, shop_option, taste_options


@click.command("recommend", cls=ListCommand)
@taste_options
@answer_options
@shop_option
def recommend(
    user: str | None,
    history: tuple[str, ...],
    k: int,
    where: tuple[str, ...],
    explain: bool,
    as_json: bool,
    shop: Path,
) -> None:
    """Recommend products to --user, or to somebody who just met the products of --history.

    \b
    shelfgraph recommend --user U0042 --explain
    shelfgraph recommend --history SG-0070 SG-0099 -k 5
    """
    if user is None and not history:
        raise click.UsageError("recommend to whom? Add --user ID or --history ID…")
    model = open_recommender(shop)
    results = model.recommend(user, history=history, where=where, k=k)
    print_answers(model, results, explain=explain, as_json=as_json)
