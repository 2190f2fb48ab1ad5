"""The group of commands: finds them by their files, imports the one in use, makes errors one line."""

from __future__ import annotations

import ast
import importlib
import os
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NoReturn

import click

from recommend.cli.failures import failure, one_line
from recommend.cli.quiet import keep_quiet

_COMMANDS = Path(__file__).parent / "commands"
_ORDER = (
    "demo",
    "load",
    "build",
    "search",
    "similar",
    "complete",
    "recommend",
    "explain",
    "evaluate",
    "stats",
)
"""How help lists the commands; the rest follow by name."""
_INTERRUPTED, _BROKEN_PIPE = 128 + 2, 128 + 13  # as shells count the signals


class CommandFolder(click.Group):
    """Every file in `commands/` is a command; nothing else has to know of it."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        names = [path.stem for path in _COMMANDS.glob("*.py") if not path.stem.startswith("_")]
        return sorted(names, key=lambda name: (_ORDER.index(name) if name in _ORDER else len(_ORDER), name))

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in self.list_commands(ctx):
            return None
        module = importlib.import_module(f"recommend.cli.commands.{cmd_name}")
        return next(
            value
            for value in vars(module).values()
            if isinstance(value, click.Command) and value.name == cmd_name
        )

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """The list of commands, from the first lines of their files: none is imported for it."""
        with formatter.section("Commands"):
            formatter.write_dl([(name, _first_line(name)) for name in self.list_commands(ctx)])

    def invoke(self, ctx: click.Context) -> Any:
        try:
            result = super().invoke(ctx)
            sys.stdout.flush()
            return result
        except (click.ClickException, click.exceptions.Exit, click.Abort):
            raise
        except BrokenPipeError:  # whoever read our output, such as `head`, has seen enough
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
            ctx.exit(_BROKEN_PIPE)
        except Exception as error:
            if ctx.params.get("debug"):
                raise
            raise failure(error) from error

    def main(  # type: ignore[override]
        self, args: Sequence[str] | None = None, prog_name: str | None = None, **extra: Any
    ) -> NoReturn:
        for stream in (sys.stdout, sys.stderr):
            if hasattr(stream, "reconfigure"):
                # a title that the terminal cannot write must not stop an answer
                stream.reconfigure(errors="backslashreplace")
        extra["standalone_mode"] = False
        try:
            status = super().main(args, prog_name, **extra)
        except click.exceptions.NoArgsIsHelpError as error:
            click.echo(error.ctx.get_help(), err=True)
            status = 2
        except click.ClickException as error:
            click.echo(f"error: {one_line(error.format_message())}{_where_to_read(error)}", err=True)
            status = 2
        except click.Abort:
            click.echo("interrupted; what served before still serves", err=True)
            status = _INTERRUPTED
        sys.exit(status if isinstance(status, int) else 0)


def _print_version(ctx: click.Context, parameter: click.Parameter, asked: bool) -> None:
    if asked:
        from importlib.metadata import PackageNotFoundError, version

        try:
            click.echo(f"shelfgraph {version('shelfgraph')}")
        except PackageNotFoundError:
            click.echo("shelfgraph, a checkout that is not installed")
        ctx.exit()


@click.group(
    cls=CommandFolder, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100}
)
@click.option(
    "--version",
    is_flag=True,
    is_eager=True,
    expose_value=False,
    callback=_print_version,
    help="Show the version.",
)
@click.option("-v", "--verbose", is_flag=True, help="Tell on stderr what is being done.")
@click.option("--debug", is_flag=True, help="Show where an error came from.")
def shelfgraph(verbose: bool, debug: bool) -> None:
    """Search and recommendation for a shop, on a knowledge graph, with explanations that add up.

    \b
    The way through it:
        shelfgraph demo                                 everything once, on a made-up shop
        shelfgraph load products.csv --shop myshop      your catalog
        shelfgraph build --shop myshop                  models and indexes
        shelfgraph search "desk lamp" --shop myshop --explain

    The shop may also be named once for all by the variable SHELFGRAPH_SHOP. Exit status: 0 fine, 1 some rows
    rejected or a check not met, 2 wrong use or failure.
    """
    keep_quiet(verbose=verbose, debug=debug)


def _first_line(name: str) -> str:
    source = (_COMMANDS / f"{name}.py").read_text(encoding="utf-8")
    return (ast.get_docstring(ast.parse(source)) or "").partition("\n")[0]


def _where_to_read(error: click.ClickException) -> str:
    if isinstance(error, click.UsageError) and error.ctx is not None:
        return f" (see `{error.ctx.command_path} --help`)"
    return ""
