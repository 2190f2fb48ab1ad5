"""Find products like one product: what may be bought instead."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from recommend.cli.answers import print_answers
from recommend.cli.opening import open_recommender
from recommend.cli.options import answer_options, balance_option, shop_option

if TYPE_CHECKING:
    from recommend.rank.balance import Balance


@click.command("similar")
@click.argument("product")
@balance_option
@answer_options
@shop_option
def similar(
    product: str,
    balance: Balance | None,
    k: int,
    where: tuple[str, ...],
    explain: bool,
    as_json: bool,
    shop: Path,
) -> None:
    """Find products like PRODUCT, an id of the catalog; what goes with it finds `shelfgraph complete`."""
    model = open_recommender(shop)
    results = model.similar(product, where=where, k=k, balance=balance)
    print_answers(model, results, explain=explain, as_json=as_json)
