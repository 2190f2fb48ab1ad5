"""Find products by words, a picture or both."""

from __future__ import annotations

from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Literal

import click

from recommend.cli.answers import print_answers
from recommend.cli.opening import open_recommender, open_shop, picture
from recommend.cli.options import (
    ListCommand,
    answer_options,
    balance_option,
    credentials_option,
    ranking_option,
    shop_option,
    taste_options,
)

if TYPE_CHECKING:
    from recommend.query import RankingName
    from recommend.rank.balance import Balance
    from recommend.shopfront import SortOrder


@click.command("search", cls=ListCommand)
@click.argument("text", required=False)
@click.option("--image", type=click.Path(path_type=Path), metavar="FILE", help="A picture of what is wanted.")
@taste_options
@answer_options
@ranking_option
@click.option(
    "--sort",
    metavar="ORDER",
    help="Another order than by relevance: price, price_desc, newest, popularity or title.",
)
@click.option(
    "--facets",
    multiple=True,
    metavar="FIELDS",
    help="Count the result by fields, such as 'brand,price,attr.colour'; 'all' for those that make sense.",
)
@balance_option
@click.option("--profile", default="", metavar="NAME", help="A ranking profile of the shop's rules.")
@click.option(
    "--rules",
    type=click.Path(path_type=Path),
    metavar="FILE",
    help="The shop's rules; by default rules.toml in its folder, if there is one.",
)
@click.option(
    "--vectors",
    type=click.Choice(["files", "graph"]),
    default="files",
    show_default=True,
    help="Where neighbours are looked for: the version's files, or the graph (build --vectors-to-graph).",
)
@shop_option
@credentials_option
def search(
    text: str | None,
    image: Path | None,
    user: str | None,
    history: tuple[str, ...],
    k: int,
    where: tuple[str, ...],
    explain: bool,
    as_json: bool,
    ranking: RankingName,
    sort: str | None,
    facets: tuple[str, ...],
    balance: Balance | None,
    profile: str,
    rules: Path | None,
    vectors: Literal["files", "graph"],
    shop: Path,
    credentials: Path | None,
) -> None:
    """Find products for TEXT, a picture or both; with --user or --history, to somebody's taste.

    \b
    shelfgraph search "wireless headphones" --where 'price<=80' --explain
    shelfgraph search --image sofa.jpg --shop myshop
    shelfgraph search "desk lamp" --sort price --facets brand,price --profile clearance
    shelfgraph search "desk lamp" --balance per_brand=2,in_stock
    """
    if text is None and image is None:
        raise click.UsageError("nothing to search for; write a TEXT (before --history) or give --image FILE")
    with ExitStack() as stack:
        store = None
        if vectors == "graph":
            store = stack.enter_context(open_shop(shop, credentials).store(read_only=True))
        model = open_recommender(shop, vectors=store, rules=rules)
        found = model.search(
            text,
            image=picture(model, image),
            user=user,
            history=history,
            where=where,
            ranking=ranking,
            k=k,
            sort=_order(sort),
            facets=_fields(facets),
            profile=profile,
            balance=balance,
        )
        print_answers(model, found, explain=explain, as_json=as_json)


def _order(name: str | None) -> SortOrder | None:
    from recommend.shopfront import check_sort

    return None if name is None else check_sort(name)


def _fields(given: tuple[str, ...]) -> tuple[str, ...] | bool:
    """The fields of all --facets, parted by commas."""
    names = tuple(name.strip() for one in given for name in one.split(",") if name.strip())
    return True if "all" in names else names
