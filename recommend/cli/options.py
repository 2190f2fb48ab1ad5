"""Options that several commands share."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import click

F = TypeVar("F", bound=Callable[..., Any])


def _named_shop(ctx: click.Context, parameter: click.Parameter, value: Path | None) -> Path:
    if value is None:
        raise click.UsageError("no shop is named; add --shop DIR or set SHELFGRAPH_SHOP", ctx)
    return value


def shop_option(command: F) -> F:
    """--shop, or the variable SHELFGRAPH_SHOP."""
    return click.option(
        "--shop",
        type=click.Path(path_type=Path),
        metavar="DIR",
        envvar="SHELFGRAPH_SHOP",
        callback=_named_shop,
        help="The folder of the shop; or set SHELFGRAPH_SHOP.",
    )(command)


def ranking_option(command: F) -> F:
    """--ranking exact or best."""
    return click.option(
        "--ranking",
        type=click.Choice(["exact", "best"]),
        default="exact",
        show_default=True,
        help="The sum of the signals, or trees that rank the best products again.",
    )(command)


def credentials_option(command: F) -> F:
    """--credentials, for commands that open a graph on a server."""
    return click.option(
        "--credentials",
        type=click.Path(path_type=Path),
        metavar="FILE",
        help="Lines NEO4J_USERNAME=… and NEO4J_PASSWORD=…, for a graph on a server; or set these variables.",
    )(command)


def json_option(command: F) -> F:
    """--json."""
    return click.option("--json", "as_json", is_flag=True, help="Print one JSON document.")(command)


def answer_options(command: F) -> F:
    """What every list of answers can be asked for."""
    for option in (
        json_option,
        click.option("--explain", is_flag=True, help="Show for each product why it is there."),
        click.option(
            "--where",
            multiple=True,
            metavar="FILTER",
            help="Such as 'price<=50', 'brand=HP', 'attr.colour in black,grey'; several must all hold.",
        ),
        click.option("-k", type=int, default=10, show_default=True, help="How many products."),
    ):
        command = option(command)
    return command


def taste_options(command: F) -> F:
    """Whose taste counts."""
    for option in (
        click.option("--history", multiple=True, metavar="ID…", help="Products met before, oldest first."),
        click.option("--user", metavar="ID", help="A user of the shop."),
    ):
        command = option(command)
    return command


def balance_option(command: F) -> F:
    """--balance, read."""

    def read(ctx: click.Context, parameter: click.Parameter, value: str | None) -> Any:
        if value is None:
            return None
        from recommend.rank.balance import Balance

        return Balance.parse(value)

    return click.option(
        "--balance",
        metavar="GOALS",
        callback=read,
        help="Such as 'diversity=.2,novelty=.1,freshness=.1,fairness=.2,in_stock,per_brand=2': strengths "
        "from 0 to 1, caps per brand, category and seller.",
    )(command)


def fits_options(command: F) -> F:
    """--fits and --fits-owned."""
    for option in (
        click.option("--fits-owned", is_flag=True, help="Only what fits a product that the user owns."),
        click.option("--fits", multiple=True, metavar="ID…", help="Only what fits one of these products."),
    ):
        command = option(command)
    return command


class ListCommand(click.Command):
    """Lets the options in `lists` take several values: --history A B is --history A --history B."""

    lists: tuple[str, ...] = ("--history", "--viewed", "--fits")

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        known = {name for parameter in self.get_params(ctx) for name in parameter.opts}
        return super().parse_args(ctx, _repeated(args, self.lists, known, ctx))


class DeleteCommand(ListCommand):
    """The same for what is to be deleted."""

    lists = ("--product", "--user")


def _repeated(args: list[str], lists: tuple[str, ...], known: set[str], ctx: click.Context) -> list[str]:
    made: list[str] = []
    option, fresh = "", False
    for position, argument in enumerate(args):
        if argument == "--":
            return made + args[position:]
        if fresh and argument.partition("=")[0] in known:  # else it would be taken for a value, and be missed
            raise click.UsageError(
                f"{option} is followed by {argument} and not by a value; write one, as in {option} ID", ctx
            )
        if argument in lists:
            option, fresh = argument, True
        elif argument.partition("=")[0] in lists:
            option, fresh = argument.partition("=")[0], False
        elif argument.startswith("-") and not fresh:
            option = ""
        elif option:
            if not fresh:
                made.append(option)
            fresh = False
        made.append(argument)
    return made
