"""What `load` and `update` can be told about files to read, and how they show what became of them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from recommend.cli.failures import Failure

if TYPE_CHECKING:
    from kg import LoadReport

F = TypeVar("F", bound=Callable[..., Any])

_OPTIONS = (
    click.option(
        "--mapping", metavar="TOML", help="A mapping file, or the name of one that comes along: icecat, …"
    ),
    click.option(
        "--kind",
        type=click.Choice(["products", "interactions", "facts"]),
        help="What the files hold.  [default: what the mapping or the feed says, else products]",
    ),
    click.option(
        "--mode",
        type=click.Choice(["replace", "patch"]),
        default="replace",
        show_default=True,
        help="Replace whole products, or only the fields that the files name.",
    ),
    click.option(
        "--feed",
        metavar="NAME",
        help="Whose export it is: shopify, google_merchant …; none: a plain table.  [default: by columns]",
    ),
    click.option(
        "--full-feed",
        is_flag=True,
        help="The files name all products: delete those that they do not name, unless they are many.",
    ),
    click.option("--confirm", is_flag=True, help="With --full-feed: delete them even if they are many."),
    click.option(
        "--allow-private",
        is_flag=True,
        help="Fetch https://… also from this machine or the local network.",
    ),
)


def source_options(*, required: bool) -> Callable[[F], F]:
    """FILE… and how it is to be read: parameter names are those of `Shop.load`, and `files`."""

    def add(command: F) -> F:
        for option in reversed(_OPTIONS):
            command = option(command)
        return click.argument("files", nargs=-1, required=required, metavar="FILE…")(command)

    return add


def checked_files(files: tuple[str, ...]) -> list[str]:
    """The files and addresses, if all files are there."""
    from kg.reading.fetching import is_address

    missing = [file for file in files if not is_address(file) and not Path(file).is_file()]
    if missing and Path(missing[0]).is_dir():
        raise Failure(f"{missing[0]} is a folder; name the files in it, as {missing[0]}/*.csv")
    if missing:
        raise Failure(f"{missing[0]} is not a file; check the path")
    return list(files)


def plain_report(report: LoadReport) -> dict[str, Any]:
    """The report of a load as JSON values."""
    return {
        **asdict(report),
        "by_rule": [{"field": f, "rule": rule, "count": count} for (f, rule), count in report.by_rule],
        "seconds": round(report.seconds, 3),
    }
