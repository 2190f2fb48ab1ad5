"""What an evaluation found, as tables for people."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import click

from recommend.cli.output import facts_of, print_table

if TYPE_CHECKING:
    from recommend.evaluate import Report
    from recommend.evaluate.leaks import Caution
    from recommend.evaluate.report import Comparison, Row
    from recommend.measure.bands import Bands


def print_report(report: Report) -> None:
    """The protocol, then tables; `--json` has a few figures more."""
    told = {name: value for name, value in report.protocol.items() if name != "settings"}
    print_facts("protocol", told)
    print_cautions(report.cautions)
    print_rows(report.rows)
    print_facts("models", {row.model: row.about for row in report.rows})
    if report.bands is not None:
        print_bands(report.bands)
    print_comparisons("against", report.comparisons, lambda one: f"{one.model} against {one.against}")
    print_comparisons("ablation", report.ablation, lambda one: one.model)
    print_facts("paths", report.paths)
    print_facts("speed", report.speed)
    print_facts("weights", report.weights)


def print_cautions(found: Sequence[Caution]) -> None:
    """What to know before the figures are believed."""
    if found:
        click.echo("be careful" if len(found) == 1 else f"be careful: {len(found)} warnings")
        for one in found:
            click.echo(f"  {one.kind.replace('_', ' ')}: {one.text}")
        click.echo()


def print_rows(rows: Sequence[Row]) -> None:
    """A model each, the first metric with its interval."""
    names = _shown(list(rows[0].means))
    lead = names[0]
    interval = f"{lead}, 95 %"
    cells = [
        (
            row.model,
            *(f"{row.means[name]:.4f}" for name in names),
            f"{row.low[lead]:.4f} to {row.high[lead]:.4f}",
        )
        for row in rows
    ]
    print_table(("model", *names, interval), cells, right=(*names, interval))
    click.echo()


def print_bands(bands: Bands) -> None:
    """A model each, since there may be many: the bands are few."""
    found = bands.plain()
    columns = ("purchases of the product", *(str(one["purchases"]) for one in found))
    cells = [("pairs", *(f"{one['pairs']:,}" for one in found))]
    for model in bands.hits:
        values = (one[f"recall@{bands.k}"][model] for one in found)
        cells.append((model, *("" if value is None else f"{value:.4f}" for value in values)))
    click.echo(f"recall@{bands.k} by how often the wanted product was bought in the training part")
    print_table(columns, cells, right=columns[1:])
    click.echo()


def _shown(names: list[str]) -> list[str]:
    """The metrics that fit into a table."""
    kept = [name for name in names if not name.startswith(("mrr", "map"))]
    return (
        kept
        if len(kept) <= 6 or "diversity" in kept
        else [name for name in names if name.startswith(("ndcg", "hr"))]
    )


def print_facts(title: str, facts: Mapping[str, Any]) -> None:
    """Lines rather than a table: some values are sentences."""
    if facts:
        click.echo(title)
        for name, value in facts_of(facts):
            click.echo(f"  {name}: {value}")
        click.echo()


def print_comparisons(title: str, found: Sequence[Comparison], name: Callable[[Comparison], str]) -> None:
    if not found:
        return
    columns = (title, found[0].metric, "delta", "95 %", "relative", "95 % ")
    rows = []
    for one in found:
        d = one.difference
        rows.append(
            (
                name(one),
                f"{one.value:.4f}",
                f"{d.delta:+.4f}",
                f"{d.low:+.4f} to {d.high:+.4f}",
                f"{d.relative:+.1%}",
                f"{d.relative_low:+.1%} to {d.relative_high:+.1%}",
            )
        )
    print_table(columns, rows, right=columns[1:])
    click.echo()


def print_spaces(spaces: Mapping[str, Mapping[str, Any]]) -> None:
    """What each vector space gained over the rest, on users who did not teach its weight, and which serve."""
    columns = (
        "neighbours in",
        "nDCG@10 without",
        "with",
        "gain, 95 %",
        "rare without",
        "with ",
        "gain, 95 % ",
        "kept",
    )
    rows = [
        (
            space,
            *_gained(one, ".4f"),
            *(_gained(one["rare"], ".3f") if one["rare"]["pairs"] else ("", "", "")),
            one["kept"],
        )
        for space, one in spaces.items()
    ]
    print_table(columns, rows, right=columns[1:-1])
    click.echo(
        "rare: recall@10 of products with 1 to 5 purchases; all on users who did not teach the weights"
    )


def _gained(one: Mapping[str, Any], form: str) -> tuple[str, str, str]:
    low, high = one["interval"]
    return f"{one['without']:{form}}", f"{one['with']:{form}}", f"{low:+{form}} to {high:+{form}}"
