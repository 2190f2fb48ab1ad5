"""What `shelfgraph evaluate` was asked for: whether its options go together, and the report they give."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, TypeAlias

import click

from recommend.cli.model_options import settings_for
from recommend.cli.opening import open_recommender, open_shop

if TYPE_CHECKING:
    from kg import Interaction, Shop
    from recommend.evaluate import Report
    from recommend.rank.balance import Balance
    from recommend.stages import Progress

ProtocolName: TypeAlias = Literal["strict", "refit", "time"]


@dataclass(frozen=True, kw_only=True)
class Asked:
    """The options of one call; None and empty are what was not given."""

    shop: Path | None
    holdout: float | None
    test_file: Path | None
    mapping: str | None
    sequences: Path | None
    protocol: ProtocolName | None
    until: str | None
    cold: float | None
    arriving: float | None
    judgments: Path | None
    clicks: float | None
    personal: float | None
    explanations: bool
    ablation: bool
    balance: Balance | None
    profile: Literal["fast", "full"] | None
    without: tuple[str, ...]
    k: int | None
    seed: int
    threads: int | None
    memory: int | None
    credentials: Path | None

    @property
    def _late(self) -> bool:
        """Products are made new."""
        return self.cold is not None or self.arriving is not None

    def check(self) -> None:
        """UsageError if the options do not go together."""
        for wrong, message in self._rules():
            if wrong:
                raise click.UsageError(message)

    def _rules(self) -> Iterator[tuple[bool, str]]:
        kinds = (
            None if self._late or self.until is not None else self.holdout,
            self.test_file,
            self.sequences,
            self.until,
            self.cold,
            self.arriving,
            self.judgments,
            self.clicks,
            self.personal,
            self.explanations or None,
        )
        yield (
            sum(one is not None for one in kinds) != 1,
            "say what to test on: one of --holdout, --until, --cold, --arriving, --test, --sequences, "
            "--judgments, --clicks, --personal, --explanations",
        )
        yield (
            self.until is not None and self.holdout is not None,
            "--until names the moment, and --holdout a share; leave one out",
        )
        yield (
            self.shop is None and self.sequences is None,
            "no shop is named; add --shop DIR or set SHELFGRAPH_SHOP",
        )
        yield (self.mapping is not None and self.test_file is None, "--mapping is for --test; leave it out")
        yield (
            self.protocol in ("strict", "refit") and self.sequences is None,
            f"--protocol {self.protocol} is for --sequences; leave it out",
        )
        yield (
            self.protocol == "time" and (self.holdout is None or self._late),
            "--protocol time is for --holdout: it says which share lies after the moment",
        )
        yield (
            self.sequences is not None and self.k is not None,
            "sequences are measured at 5 and 10; leave -k out",
        )
        serving = "--judgments" if self.judgments is not None else "--explanations"
        yield (
            (self.judgments is not None or self.explanations)
            and bool(self.profile or self.without or self.threads or self.ablation),
            f"{serving} measures what serves; leave --profile, --without, --threads, --ablation out",
        )
        searched = self.clicks is not None or self.personal is not None
        yield (
            self.ablation and (searched or self._late),
            "--ablation is for --holdout, --until, --test and --sequences; leave it out",
        )
        yield (
            self.balance is not None
            and (self.holdout is None or self.protocol is not None or self._late or self.ablation),
            "--balance is for a plain --holdout: what the re-ranking gains and what it costs",
        )
        yield (
            self.memory is not None and self.balance is not None,
            "--memory is not for --balance; leave it out",
        )
        yield (
            self.memory is not None and (searched or self.judgments is not None or self.explanations),
            "--memory is for recommendations; leave it out",
        )

    def report(self, progress: Progress) -> Report:
        """Run the evaluation that was asked for."""
        from recommend import evaluate as evaluation

        k = self.k or 10
        if self.judgments is not None:
            rated = evaluation.read_judgments(self.judgments)
            assert self.shop is not None
            model = open_recommender(self.shop)
            return evaluation.evaluate_judgments(model, rated, k=k, seed=self.seed, progress=progress)
        if self.explanations:
            assert self.shop is not None
            model = open_recommender(self.shop)
            return evaluation.evaluate_explanations(model, k=k, seed=self.seed, progress=progress)
        shop = None if self.shop is None else open_shop(self.shop, self.credentials)
        common: dict[str, Any] = {
            "seed": self.seed,
            "settings": settings_for(shop, self.profile, self.without, self.threads),
            "cache": None if shop is None else shop.cache,
            "progress": progress,
        }
        if self.clicks is not None or self.personal is not None:
            assert shop is not None
            chosen = evaluation.evaluate_clicks if self.clicks is not None else evaluation.evaluate_personal
            with shop.store(read_only=True) as store:
                share = self.clicks if self.clicks is not None else self.personal
                assert share is not None
                return chosen(store.snapshot(), store.interactions(), share=share, k=k, **common)
        if self.memory is not None:
            common["memory"] = self.memory
        return self._recommended(shop, k, common)

    def _recommended(self, shop: Shop | None, k: int, common: dict[str, Any]) -> Report:
        """The evaluations of recommendations, each of which fits a model of its own."""
        from kg.time_split import parse_moment
        from recommend import evaluate as evaluation
        from recommend.evaluate.sequences import described_by

        if self.sequences is not None:
            lines = evaluation.read_sequences(self.sequences)
            products, facts = ([], []) if shop is None else described_by(shop.graph())
            return evaluation.evaluate_sequences(
                lines,
                protocol="refit" if self.protocol == "refit" else "strict",
                products=products,
                facts=facts,
                ablation=self.ablation,
                **common,
            )
        assert shop is not None
        graph = shop.graph()
        if self._late:
            common.update(share=0.25 if self.holdout is None else self.holdout, k=k)
            if self.cold is not None:
                return evaluation.evaluate_cold(graph, cold=self.cold, **common)
            assert self.arriving is not None
            return evaluation.evaluate_arriving(graph, arriving=self.arriving, **common)
        if self.balance is not None:
            assert self.holdout is not None
            return evaluation.evaluate_balance(graph, self.balance, share=self.holdout, k=k, **common)
        common.update(ablation=self.ablation, k=k)
        if self.until is not None:
            return evaluation.evaluate_later(graph, until=parse_moment(self.until), **common)
        if self.test_file is not None:
            return evaluation.evaluate_test(graph, _interactions(self.test_file, self.mapping), **common)
        assert self.holdout is not None
        if self.protocol == "time":
            return evaluation.evaluate_later(graph, share=self.holdout, **common)
        return evaluation.evaluate_holdout(graph, share=self.holdout, **common)


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
