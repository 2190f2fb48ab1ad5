"""Options of commands that fit models of their own, and the settings they amount to."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import fields, replace
from typing import TYPE_CHECKING, Any, Literal, TypeVar

import click

if TYPE_CHECKING:
    from kg import Shop
    from recommend import Settings

F = TypeVar("F", bound=Callable[..., Any])

PARTS = ("text", "image", "kge", "gnn", "fusion", "learned")
"""What a build may leave out."""
_SIZE = re.compile(r"(\d+(?:\.\d+)?)\s*([kmg]?)b?", re.IGNORECASE)
_UNITS = {"": 1, "k": 1_000, "m": 1_000_000, "g": 1_000_000_000}


def model_options(command: F) -> F:
    """--profile, --without, --seed, --threads and --memory."""
    for option in (
        memory_option,
        click.option("--threads", type=int, help="Threads for encoders and training.  [default: all cores]"),
        click.option(
            "--seed", type=click.IntRange(min=0), default=0, show_default=True, help="For every random step."
        ),
        click.option(
            "--without", type=click.Choice(PARTS), multiple=True, help="Leave a part out; may be repeated."
        ),
        click.option(
            "--profile",
            type=click.Choice(["fast", "full"]),
            help="What to build the model from.  [default: as what serves was built, else full]",
        ),
    ):
        command = option(command)
    return command


class MemorySize(click.ParamType[int]):
    """'500MB' or '4 GB' as bytes."""

    name = "SIZE"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> int:
        if isinstance(value, int):
            return value
        found = _SIZE.fullmatch(str(value).strip())
        size = int(float(found[1]) * _UNITS[found[2].lower()]) if found else 0
        if size < _UNITS["m"]:
            self.fail(f"{value!r} is no size of at least 1MB; write it as 500MB or 4GB", param, ctx)
        return size


def memory_option(command: F) -> F:
    """--memory."""
    return click.option(
        "--memory",
        type=MemorySize(),
        help="What rankings and dense baselines may take, such as 500MB; figures stay the same.  "
        "[default: 4GB]",
    )(command)


def settings_for(
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
