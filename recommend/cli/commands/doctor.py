"""Say what is wrong with a catalog: doubles, gaps, odd prices, variant spellings."""

from __future__ import annotations

import shutil
import sys
from collections.abc import Iterator
from contextlib import nullcontext
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

import click

from recommend.cli.failures import Failure, one_line
from recommend.cli.opening import open_shop
from recommend.cli.options import ListCommand, credentials_option, json_option, shop_option
from recommend.cli.output import print_json
from recommend.cli.progress import BuildProgress

if TYPE_CHECKING:
    from kg.doctor import Finding, Item, Report

_IDS = 24
_WIDTH = 110


class DoctorCommand(ListCommand):
    """--check takes several names, and the help tells them."""

    lists = ("--check",)

    def format_epilog(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        from kg.doctor import all_checks

        with formatter.section("Checks"):
            formatter.write_dl([(check.name, check.about) for check in all_checks()])


@click.command("doctor", cls=DoctorCommand)
@click.option("--check", "checks", multiple=True, metavar="NAME…", help="Only these checks; see below.")
@click.option(
    "--limit", type=click.IntRange(0), default=5, show_default=True, help="Examples of each finding."
)
@click.option(
    "--html",
    "page",
    type=click.Path(path_type=Path, dir_okay=False),
    metavar="FILE",
    help="Write a page for the browser too.",
)
@shop_option
@credentials_option
@json_option
def doctor(
    checks: tuple[str, ...],
    limit: int,
    page: Path | None,
    shop: Path,
    credentials: Path | None,
    as_json: bool,
) -> None:
    """Look for what is wrong with the catalog of a shop; nothing is changed.

    \b
    shelfgraph doctor --shop myshop
    shelfgraph doctor --check prices titles --html report.html

    The most important comes first. Exit status: 0 nothing serious, 1 errors were found, 2 wrong use.
    """
    from kg.doctor import examine
    from kg.doctor.page import html_page

    if page is not None and not page.parent.is_dir():
        raise Failure(f"{page.parent} is not a folder; make it first")
    progress = BuildProgress() if sys.stderr.isatty() else None
    with open_shop(shop, credentials).store(read_only=True) as store, progress or nullcontext():
        report = examine(store, checks=checks or None, examples=limit, progress=progress)
    if page is not None:
        _write(page, html_page(report, shop=shop.name, made=datetime.now()))
    if as_json:
        print_json(report.plain())
    else:
        click.echo("\n".join(_lines(report)))
    if not report.ok:
        click.get_current_context().exit(1)


def _write(page: Path, text: str) -> None:
    draft = page.with_name(f".{page.name}.draft")
    try:
        draft.write_text(text, encoding="utf-8", errors="replace")
        draft.replace(page)
    finally:
        draft.unlink(missing_ok=True)


def _lines(report: Report) -> Iterator[str]:
    counts = [
        (name, sum(f.severity == name for f in report.findings)) for name in ("error", "warning", "note")
    ]
    told = ", ".join(f"{count} {name}{'s' if count > 1 else ''}" for name, count in counts if count)
    yield f"{report.looked_at} examined in {report.seconds:.1f} s: {told or 'nothing was found'}"
    for finding in report.findings:
        yield ""
        yield from _finding(finding)
    if report.notes:
        yield ""
        yield from (f"note: {one_line(note)}" for note in report.notes)


def _finding(finding: Finding) -> Iterator[str]:
    yield f"{finding.severity.upper():7}  {finding.check}: {one_line(finding.title)}"
    for example in finding.examples:
        yield _example(example)
    left = finding.count - len(finding.examples)
    if left > 0 and finding.examples:
        yield f"           … and {left:,} more"
    yield click.wrap_text(
        f"fix: {finding.fix}", width=_width(), initial_indent=" " * 9, subsequent_indent=" " * 14
    )


def _example(example: Item) -> str:
    ids = ", ".join(example.ids[:2]) + (f" +{example.count - 2:,}" if example.count > 2 else "")
    if example.title and len(ids) > _IDS:
        ids = ids[: _IDS - 1] + "…"
    parts = [example.value] if example.title in example.value else [example.value, example.title]
    line = f"{one_line(ids):{_IDS}}  " + "  ·  ".join(one_line(part) for part in parts if part)
    room = _width() - 11
    return " " * 11 + (line if len(line) <= room else line[: room - 1] + "…")


def _width() -> int:
    return (
        max(60, min(160, shutil.get_terminal_size((_WIDTH, 24)).columns)) if sys.stdout.isatty() else _WIDTH
    )
