"""Find products like one product."""

from __future__ import annotations

from pathlib import Path

import click

from recommend.cli.answers import print_answers
from recommend.cli.opening import open_recommender
from recommend.cli.options import answer_options, shop_option


@click.command("similar")
@click.argument("product")
@answer_options
@shop_option
def similar(product: str, k: int, where: tuple[str, ...], explain: bool, as_json: bool, shop: Path) -> None:
    """Find products like PRODUCT, an id of the catalog."""
    model = open_recommender(shop)
    print_answers(model, model.similar(product, where=where, k=k), explain=explain, as_json=as_json)
