"""Recommend products to a user, or to somebody who met some products."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from recommend.cli.answers import print_answers
from recommend.cli.opening import open_recommender
from recommend.cli.options import (
    ListCommand,
    answer_options,
    balance_option,
    fits_options,
    ranking_option,
    shop_option,
    taste_options,
)

if TYPE_CHECKING:
    from recommend.query import RankingName
    from recommend.rank.balance import Balance


@click.command("recommend", cls=ListCommand)
@taste_options
@click.option("--viewed", multiple=True, metavar="ID…", help="Products just looked at, oldest first.")
@fits_options
@balance_option
@ranking_option
@answer_options
@shop_option
def recommend(
    user: str | None,
    history: tuple[str, ...],
    viewed: tuple[str, ...],
    fits: tuple[str, ...],
    fits_owned: bool,
    balance: Balance | None,
    ranking: RankingName,
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
    shelfgraph recommend --viewed SG-0374 SG-0045 SG-0506
    shelfgraph recommend --user U0042 --balance diversity=.3,per_brand=2,in_stock
    """
    if user is None and not history and not viewed:
        raise click.UsageError("recommend to whom? Add --user ID or --history ID…, or --viewed ID…")
    if fits and fits_owned:
        raise click.UsageError("--fits and --fits-owned exclude each other; leave one out")
    model = open_recommender(shop)
    results = model.recommend(
        user,
        history=history,
        viewed=viewed,
        fits=fits_owned or fits,
        where=where,
        ranking=ranking,
        k=k,
        balance=balance,
    )
    print_answers(model, results, explain=explain, as_json=as_json)
