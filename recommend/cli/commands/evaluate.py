"""Measure how good the answers are, on what was hidden from them."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import fields, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import click

from recommend.cli.opening import open_recommender, open_shop
from recommend.cli.options import credentials_option, json_option
from recommend.cli.output import facts_of, print_json, print_table
from recommend.cli.progress import BuildProgress

if TYPE_CHECKING:
    from kg import Interaction, Shop
    from recommend import Settings
    from recommend.evaluate import Report
    from recommend.evaluate.report import Comparison

_PARTS = ("text", "image", "kge", "gnn", "fusion")
_FILE = click.Path(path_type=Path, dir_okay=False)


@click.command("evaluate")
@click.option(
    "--shop",
    type=click.Path(path_type=Path),
    metavar="DIR",
    envvar="SHELFGRAPH_SHOP",
    help="The folder of the shop; or set SHELFGRAPH_SHOP. --sequences can do without.",
)
@click.option(
    "--holdout", type=float, metavar="SHARE", help="Hide this share of each user's purchases, such as .25."
)
@click.option(
    "--test", "test_file", type=_FILE, metavar="FILE", help="Interactions that the shop does not have."
)
@click.option(
    "--mapping", metavar="TOML", help="The mapping of the --test file, or the name of one that comes along."
)
@click.option("--sequences", type=_FILE, metavar="FILE", help="Lines 'user item item …', oldest item first.")
@click.option(
    "--protocol",
    type=click.Choice(["strict", "refit"]),
    help="For --sequences: whether the model is built with the last item but one.  [default: strict]",
)
@click.option("--judgments", type=_FILE, metavar="FILE", help="Rated products: query, product_id, rating.")
@click.option(
    "--clicks",
    type=float,
    metavar="SHARE",
    help="Hide this share of what was chosen after a search, and search for it.",
)
@click.option(
    "--personal",
    type=float,
    metavar="SHARE",
    help="Hide this share of each user's purchases, and search for them with the user and without.",
)
@click.option(
    "--profile",
    type=click.Choice(["fast", "full"]),
    help="What to build the model from.  [default: as what serves was built, else full]",
)
@click.option(
    "--without", type=click.Choice(_PARTS), multiple=True, help="Leave a part out; may be repeated."
)
@click.option("--ablation", is_flag=True, help="Also measure without each channel (--judgments always does).")
@click.option("-k", "--k", type=click.IntRange(1, 100), help="The length of the lists.  [default: 10]")
@click.option(
    "--seed", type=click.IntRange(min=0), default=0, show_default=True, help="For every random step."
)
@click.option("--threads", type=int, help="Threads for encoders and training.  [default: all cores]")
@credentials_option
@json_option
def evaluate(
    shop: Path | None,
    holdout: float | None,
    test_file: Path | None,
    mapping: str | None,
    sequences: Path | None,
    protocol: Literal["strict", "refit"] | None,
    judgments: Path | None,
    clicks: float | None,
    personal: float | None,
    profile: Literal["fast", "full"] | None,
    without: tuple[str, ...],
    ablation: bool,
    k: int | None,
    seed: int,
    threads: int | None,
    credentials: Path | None,
    as_json: bool,
) -> None:
    """Measure answers on what was hidden from the model, with simple methods beside it.

    All figures are over the whole catalog, as fractions, with 95 % intervals; the protocol says what they
    mean. Nothing in the shop changes.

    \b
    shelfgraph evaluate --shop myshop --holdout .25 --ablation
    shelfgraph evaluate --shop myshop --test later.csv --json
    shelfgraph evaluate --sequences sequences.txt --protocol refit
    shelfgraph evaluate --shop myshop --judgments ratings.csv
    shelfgraph evaluate --shop myshop --clicks .25
    """
    if sum(one is not None for one in (holdout, test_file, sequences, judgments, clicks, personal)) != 1:
        raise click.UsageError(
            "say what to test on: one of --holdout, --test, --sequences, --judgments, --clicks and --personal"
        )
    if shop is None and sequences is None:
        raise click.UsageError("no shop is named; add --shop DIR or set SHELFGRAPH_SHOP")
    if mapping is not None and test_file is None:
        raise click.UsageError("--mapping is for --test; leave it out")
    if protocol is not None and sequences is None:
        raise click.UsageError("--protocol is for --sequences; leave it out")
    if sequences is not None and k is not None:
        raise click.UsageError("sequences are measured at 5 and 10; leave -k out")
    if judgments is not None and (profile or without or threads or ablation):
        raise click.UsageError(
            "--judgments measures what serves; leave --profile, --without, --threads, --ablation out"
        )
    if ablation and (clicks is not None or personal is not None):
        raise click.UsageError("--ablation is for --holdout, --test and --sequences; leave it out")
    from recommend import evaluate as evaluation

    with BuildProgress() as progress:
        if judgments is not None:
            assert shop is not None
            rated = evaluation.read_judgments(judgments)
            report = evaluation.evaluate_judgments(
                open_recommender(shop), rated, k=k or 10, seed=seed, progress=progress
            )
        else:
            opened = None if shop is None else open_shop(shop, credentials)
            settings = _settings(opened, profile, without, threads)
            common: dict[str, Any] = {
                "seed": seed,
                "settings": settings,
                "cache": None if opened is None else opened.cache,
                "progress": progress,
            }
            if clicks is not None:
                report = _searched(evaluation.evaluate_clicks, opened, clicks, k or 10, common)
            elif personal is not None:
                report = _searched(evaluation.evaluate_personal, opened, personal, k or 10, common)
            else:
                common["ablation"] = ablation
                report = _learned(
                    opened, holdout, test_file, mapping, sequences, protocol or "strict", k or 10, common
                )
    if as_json:
        print_json(report.plain())
    else:
        print_report(report)


def _searched(
    evaluation: Callable[..., Report], shop: Shop | None, share: float, k: int, common: dict[str, Any]
) -> Report:
    """The evaluations of search that fit a model of their own."""
    assert shop is not None
    with shop.store(read_only=True) as store:
        return evaluation(store.snapshot(), store.interactions(), share=share, k=k, **common)


def _learned(
    shop: Shop | None,
    holdout: float | None,
    test_file: Path | None,
    mapping: str | None,
    sequences: Path | None,
    protocol: Literal["strict", "refit"],
    k: int,
    common: dict[str, Any],
) -> Report:
    """The evaluations that fit a model of their own."""
    from recommend import evaluate as evaluation
    from recommend.evaluate.sequences import described_by

    if sequences is not None:
        lines = evaluation.read_sequences(sequences)
        products, facts = ([], []) if shop is None else described_by(shop.graph())
        return evaluation.evaluate_sequences(
            lines, protocol=protocol, products=products, facts=facts, **common
        )
    assert shop is not None
    if holdout is not None:
        return evaluation.evaluate_holdout(shop.graph(), share=holdout, k=k, **common)
    assert test_file is not None
    tested = _interactions(test_file, mapping)
    return evaluation.evaluate_test(shop.graph(), tested, k=k, **common)


def _interactions(file: Path, mapping: str | None) -> list[Interaction]:
    from kg.reading import Mapping, read
    from kg.records import Interaction

    chosen = None
    if mapping is not None:
        chosen = Mapping.from_toml(Path(mapping)) if mapping.endswith(".toml") else Mapping.builtin(mapping)
    reading = read(file, kind="interactions", mapping=chosen)
    found = [record for record in reading if isinstance(record, Interaction)]
    report = reading.report()
    if not report.ok:
        click.echo(str(report), err=True)
    return found


def _settings(
    shop: Shop | None, profile: Literal["fast", "full"] | None, without: tuple[str, ...], threads: int | None
) -> Settings:
    """Those of the profile, else those that serve now were built with, else of 'full'."""
    from recommend import Settings

    chosen = None if profile is None else Settings.of_profile(profile)
    if chosen is None and shop is not None:
        served = [version for version in shop.versions() if version.current]
        known = {field.name for field in fields(Settings)}
        if served:
            plain = served[0].settings.get("settings", {})
            chosen = Settings(**{name: value for name, value in plain.items() if name in known})
    chosen = chosen or Settings()
    changed: dict[str, Any] = {part: None if part == "fusion" else False for part in without}
    if threads is not None:
        changed["threads"] = threads
    return replace(chosen, **changed)


def print_report(report: Report) -> None:
    """The protocol, then tables; `--json` has a few figures more."""
    told = {name: value for name, value in report.protocol.items() if name != "settings"}
    _print_facts("protocol", told)
    names = _shown(list(report.rows[0].means))
    lead = names[0]
    rows = [
        (
            row.model,
            *(f"{row.means[name]:.4f}" for name in names),
            f"{row.low[lead]:.4f} to {row.high[lead]:.4f}",
        )
        for row in report.rows
    ]
    interval = f"{lead}, 95 %"
    print_table(("model", *names, interval), rows, right=(*names, interval))
    click.echo()
    _print_facts("models", {row.model: row.about for row in report.rows})
    _print_comparisons("against", report.comparisons, lambda one: f"{one.model} against {one.against}")
    _print_comparisons("ablation", report.ablation, lambda one: one.model)
    _print_facts("paths", report.paths)
    _print_facts("speed", report.speed)
    _print_facts("weights", report.weights)


def _shown(names: list[str]) -> list[str]:
    """The metrics that fit into a table."""
    kept = [name for name in names if not name.startswith(("mrr", "map"))]
    return kept if len(kept) <= 6 else [name for name in names if name.startswith(("ndcg", "hr"))]


def _print_facts(title: str, facts: Mapping[str, Any]) -> None:
    """Lines rather than a table: some values are sentences."""
    if facts:
        click.echo(title)
        for name, value in facts_of(facts):
            click.echo(f"  {name}: {value}")
        click.echo()


def _print_comparisons(title: str, found: Sequence[Comparison], name: Callable[[Comparison], str]) -> None:
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
