"""Find products that go with one product, a basket, or what a user owns."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from recommend.cli.answers import print_answers
from recommend.cli.opening import open_recommender
from recommend.cli.options import ListCommand, answer_options, balance_option, fits_options, shop_option

if TYPE_CHECKING:
    from recommend.rank.balance import Balance


@click.command("complete", cls=ListCommand)
@click.argument("products", nargs=-1, metavar="[ID]…")
@click.option("--user", metavar="ID", help="Without an ID…: complete what this user owns.")
@fits_options
@balance_option
@answer_options
@shop_option
def complete(
    products: tuple[str, ...],
    user: str | None,
    fits: tuple[str, ...],
    fits_owned: bool,
    balance: Balance | None,
    k: int,
    where: tuple[str, ...],
    explain: bool,
    as_json: bool,
    shop: Path,
) -> None:
    """Find what goes with the products ID…; what may stand in for one of them is left to `similar`.

    \b
    shelfgraph complete SG-0070
    shelfgraph complete SG-0070 SG-0049 --where 'price<=50' --explain
    shelfgraph complete --user U0042 --fits-owned
    """
    if not products and user is None:
        raise click.UsageError("complete what? Name products: ID…, or --user ID for what the user owns")
    if fits and fits_owned:
        raise click.UsageError("--fits and --fits-owned exclude each other; leave one out")
    model = open_recommender(shop)
    results = model.complete(products, user=user, fits=fits_owned or fits, where=where, k=k, balance=balance)
    print_answers(model, results, explain=explain, as_json=as_json)
