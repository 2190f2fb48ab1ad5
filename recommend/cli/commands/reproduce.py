"""Run a published protocol again: our figures beside simple methods and those of the papers."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from recommend.cli.model_options import memory_option
from recommend.cli.options import json_option
from recommend.cli.output import print_json, print_table
from recommend.cli.progress import BuildProgress
from recommend.cli.reports import print_cautions

if TYPE_CHECKING:
    from recommend.reproduce import Line, Protocol, Reproduction, Table


@click.command("reproduce")
@click.argument("name", required=False)
@click.option("--list", "listing", is_flag=True, help="The protocols, their files and where these are from.")
@click.option(
    "--data",
    type=click.Path(path_type=Path, file_okay=False),
    metavar="DIR",
    help="The folder with the files, or with a folder of them named as --list says.",
)
@click.option(
    "--seed", type=click.IntRange(min=0), default=0, show_default=True, help="For every random step."
)
@memory_option
@json_option
def reproduce(
    name: str | None, listing: bool, data: Path | None, seed: int, memory: int | None, as_json: bool
) -> None:
    """Run the protocol NAME over files that you have, in a shop that is thrown away afterwards.

    Simple methods are tuned and run beside ours; published figures are printed below, with where they were
    read. One configuration serves each kind of data.

    \b
    shelfgraph reproduce --list
    shelfgraph reproduce toys --data downloads
    """
    from recommend import reproduce as reproducing
    from recommend.evaluate.ranking import MEMORY

    if listing:
        _print_protocols(reproducing.all_protocols(), as_json)
        return
    if name is None or data is None:
        raise click.UsageError("name a protocol and its files: NAME --data DIR; --list shows what there is")
    with BuildProgress() as progress:
        found = reproducing.reproduce(name, data, seed=seed, memory=memory or MEMORY, progress=progress)
    if as_json:
        print_json(found.plain())
    else:
        _print_reproduction(found)


def _print_protocols(found: tuple[Protocol, ...], as_json: bool) -> None:
    if as_json:
        print_json(
            [
                {
                    "name": one.name,
                    "title": one.title,
                    "folder": one.folder,
                    "source": one.source,
                    "files": [
                        {"name": file.name, "about": file.about, "needed": file.needed} for file in one.files
                    ],
                }
                for one in found
            ]
        )
        return
    for one in found:
        click.echo(f"{one.name}: {one.title}")
        click.echo(f"  from {one.source}")
        for file in one.files:
            needed = "" if file.needed else " (if there is one)"
            click.echo(f"  {one.folder}/{file.name}{needed}: {file.about}")
        click.echo()


def _print_reproduction(found: Reproduction) -> None:
    click.echo(f"{found.name}: {found.title}")
    for note in found.notes:
        click.echo(f"  note: {note}")
    click.echo()
    for table in found.tables:
        click.echo(table.title + (", in percent" if table.percent else ""))
        lead = f"{table.metrics[0]}, 95 %"
        columns = ("model", *table.metrics, lead, "figures from")
        print_table(columns, [_cells(table, line) for line in table.lines], right=columns[1:-1])
        click.echo()
        if table.report is not None:
            print_cautions(table.report.cautions)


def _cells(table: Table, line: Line) -> tuple[str, ...]:
    def shown(values: dict[str, float], name: str) -> str:
        if name not in values:
            return ""
        return f"{100 * values[name]:.3f}" if table.percent else f"{values[name]:.4f}"

    lead = table.metrics[0]
    low, high = shown(dict(line.low), lead), shown(dict(line.high), lead)
    figures = (shown(dict(line.values), name) for name in table.metrics)
    return (line.model, *figures, f"{low} to {high}" if low else "", line.source)
