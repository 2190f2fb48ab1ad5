"""The README tells the truth: its commands run, its code runs, and it names what there is."""

from __future__ import annotations

import re
import shlex
import tomllib
from pathlib import Path

import click
import pytest

from kg import Mapping
from recommend.cli.group import shelfgraph
from tests.recommend.cli.lampshop import run

ROOT = Path(__file__).resolve().parent.parent
README = (ROOT / "README.md").read_text(encoding="utf-8")
COMMANDS = shelfgraph.list_commands(click.Context(shelfgraph))
INDENTED = [line.strip() for line in README.splitlines() if line.startswith("    ")]
LINES = [shlex.split(line, comments=True)[1:] for line in INDENTED if line.startswith("shelfgraph ")]


def block(language: str) -> str:
    """The first fenced block of a language."""
    found = re.search(rf"```{language}\n(.*?)```", README, re.DOTALL)
    assert found, f"the README has no block of {language}"
    return found.group(1)


def section(title: str) -> str:
    return README.split(f"\n## {title}", 1)[1].split("\n## ", 1)[0]


def usages() -> list[str]:
    """What stands in the first column of the table of commands, one for each command."""
    rows = [line for line in section("Commands").splitlines() if line.startswith("| `")]
    return [usage for row in rows for usage in re.findall(r"`([^`]+)`", row.split(" | ")[0])]


@pytest.fixture
def catalog(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with the README's CSV and the small files that it speaks of, as the working folder."""
    rows = [line for line in INDENTED if line.startswith("id,") or re.match(r"[A-Z]\d,.+,.+", line)]
    assert len(rows) >= 3
    (tmp_path / "products.csv").write_text("\n".join(rows) + "\n", encoding="utf-8")
    (tmp_path / "orders.csv").write_text("user,product\nu1,L1\nu1,B1\nu2,L1\n", encoding="utf-8")
    fact = re.search(r"# head, relation, tail: (\S+)", README)
    assert fact
    (tmp_path / "facts.csv").write_text(f"head,relation,tail\n{fact.group(1)}\n", encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_every_command_is_in_the_table_and_nothing_else() -> None:
    assert {usage.split()[0] for usage in usages()} == set(COMMANDS)


def test_every_option_in_the_table_exists() -> None:
    for usage in usages():
        command = shelfgraph.get_command(click.Context(shelfgraph), usage.split()[0])
        assert command is not None
        known = {word for parameter in command.params for word in parameter.opts}
        told = set(re.findall(r"(?<![\w-])--?[a-z][a-z-]*", usage))
        assert told <= known, f"{usage}: there is no {told - known}"


def test_commands_named_in_the_text_exist() -> None:
    assert set(re.findall(r"\bshelfgraph ([a-z]+)", README)) <= set(COMMANDS)


@pytest.mark.parametrize("words", LINES, ids=" ".join)
def test_every_command_line_parses(words: list[str]) -> None:
    command = shelfgraph.get_command(click.Context(shelfgraph), words[0])
    assert command is not None
    takes_shop = any("--shop" in parameter.opts for parameter in command.params)
    shop = ["--shop", "my-shop"] if takes_shop and "--shop" not in words else []
    command.make_context(words[0], [*words[1:], *shop])


def test_the_way_from_a_csv_runs_as_printed(catalog: Path) -> None:
    own = section("Your own shop, from a CSV").split("The same from Python")[0]
    lines = [line.strip() for line in own.splitlines() if line.startswith("    shelfgraph ")]
    assert len(lines) >= 8
    for line in lines:
        words = shlex.split(line, comments=True)[1:]
        if words == ["build"]:
            words += ["--profile", "fast"]  # the full one is what the demo builds
        ran = run(*words, env={"SHELFGRAPH_SHOP": "my-shop"})
        assert ran.status == 0, f"{line}: {ran.err}"
        assert "(no products)" not in ran.out, line
        if "--explain" in words or words[0] == "explain":
            assert "%" in ran.out, line


def test_the_python_runs_as_printed(catalog: Path, capsys: pytest.CaptureFixture[str]) -> None:
    exec(compile(block("python"), "README.md", "exec"), {})
    assert "desk lamp" in capsys.readouterr().out


def test_the_mapping_is_one(tmp_path: Path) -> None:
    text = block("toml")
    assert tomllib.loads(text)["kind"] == "products"
    (tmp_path / "mapping.toml").write_text(text, encoding="utf-8")
    assert Mapping.from_toml(tmp_path / "mapping.toml").kind == "products"


def test_the_make_targets_exist() -> None:
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    told = set(re.findall(r"`make ([a-z-]+)", README))
    told |= {line.split()[1] for line in INDENTED if line.startswith("make ")}
    assert told >= {"demo", "test"}
    assert [target for target in told if not re.search(rf"^{target}:", makefile, re.MULTILINE)] == []


def test_the_files_it_points_to_exist() -> None:
    told = set(re.findall(r"`([\w./-]+/|[\w./-]+\.(?:md|py|toml))`", README))
    made = {"rejects/"}  # inside a shop
    assert [name for name in told - made if not (ROOT / name).exists()] == []
