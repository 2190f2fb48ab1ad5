"""The command line as a whole: help, errors, interrupts, pipes, and what it imports."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import click
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from recommend.cli.group import shelfgraph
from tests.recommend.cli.lampshop import run

ROOT = Path(__file__).resolve().parents[3]
COMMANDS = shelfgraph.list_commands(click.Context(shelfgraph))
NEED_A_SHOP = [name for name in COMMANDS if name not in ("demo", "evaluate", "copy", "reproduce")]
HEAVY = ("torch", "transformers", "pykeen", "torch_geometric", "pandas", "networkx")


def call(*args: object) -> subprocess.CompletedProcess[str]:
    """`python -m recommend.cli args…` in another process."""
    command = [sys.executable, "-m", "recommend.cli", *map(str, args)]
    environment = {name: value for name, value in os.environ.items() if not name.startswith("SHELFGRAPH_")}
    return subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False)


def test_the_commands_are_those_promised() -> None:
    promised = (
        "load build search similar recommend explain evaluate stats versions rollback delete export demo"
    )
    assert set(promised.split()) <= set(COMMANDS)


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_and_option_has_help(name: str) -> None:
    command = shelfgraph.get_command(click.Context(shelfgraph), name)
    assert command is not None
    assert command.help
    assert [
        p.name for p in command.params if isinstance(p, click.Option) and not p.help and p.name != "help"
    ] == []
    ran = run(name, "--help")
    assert ran.status == 0
    assert ran.out.startswith(f"Usage: shelfgraph {name} ")


def test_help_lists_all_commands_and_imports_none() -> None:
    code = (
        "import json, sys\nfrom click.testing import CliRunner\nfrom recommend.cli.group import shelfgraph\n"
        "print(json.dumps([CliRunner().invoke(shelfgraph, ['--help']).stdout, list(sys.modules)]))"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    text, modules = json.loads(done.stdout)
    listed = {
        line.split()[0] for line in text.partition("Commands:")[2].splitlines() if line.startswith("  ")
    }
    assert set(COMMANDS) <= listed
    assert [name for name in modules if name.startswith("recommend.cli.commands.")] == []
    assert [name for name in (*HEAVY, "rich", "faiss", "neo4j") if name in modules] == []


@pytest.mark.parametrize(
    "args",
    [
        ("similar", "L1", "--explain"),
        ("recommend", "--user", "anna", "--json"),
        ("stats",),
        ("versions",),
        ("load", "{file}"),
    ],
    ids=lambda args: args[0],
)
def test_light_commands_load_no_heavy_library(args: tuple[str, ...], shop: Path, tmp_path: Path) -> None:
    file = tmp_path / "more.csv"
    file.write_text("id,title\nX1,another lamp\n", encoding="utf-8")
    words = [word.format(file=file) for word in args]
    code = (
        "import sys\nfrom recommend.cli import main\n"
        f"sys.argv = ['shelfgraph', *{words!r}, '--shop', {str(shop)!r}]\n"
        "try:\n    main()\nexcept SystemExit as end:\n    status = end.code\n"
        f"print(status, [name for name in {HEAVY!r} if name in sys.modules], file=sys.stderr)"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.stderr == "0 []\n"


def test_as_a_module_it_answers_the_same(pristine: Path) -> None:
    done = call("similar", "L1", "--json", "--shop", pristine)
    assert (done.returncode, done.stderr) == (0, "")
    assert json.loads(done.stdout) == run("similar", "L1", "--json", "--shop", pristine).document


def test_statuses_of_a_process(pristine: Path, tmp_path: Path) -> None:
    file = tmp_path / "some.csv"
    file.write_text("id,price\nA,1\nB,x\n", encoding="utf-8")
    assert call("load", file, "--shop", tmp_path / "new").returncode == 1
    done = call("similar", "NOPE", "--shop", pristine)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr == "error: no product has the id 'NOPE'\n"


def test_no_arguments_print_the_help() -> None:
    done = call()
    assert done.returncode == 2
    assert "Commands:" in done.stderr
    assert call("--version").stdout.startswith("shelfgraph")


@pytest.mark.parametrize("name", NEED_A_SHOP)
def test_a_missing_shop_is_said(name: str, tmp_path: Path) -> None:
    given: dict[str, list[object]] = {
        "search": ["lamp"],
        "similar": ["L1"],
        "complete": ["L1"],
        "recommend": ["--user", "anna"],
        "explain": ["L1", "--user", "anna"],
        "delete": ["--user", "anna"],
        "export": [tmp_path / "g.json"],
        "load": [__file__],
        "suggest": ["la"],
        "understand": ["lamp"],
    }
    words = given.get(name, [])
    unnamed = run(name, *words)
    assert unnamed.status == 2
    assert "add --shop DIR or set SHELFGRAPH_SHOP" in unnamed.err
    if name != "load":
        nowhere = run(name, *words, "--shop", tmp_path / "nowhere")
        assert (nowhere.status, nowhere.out) == (2, "")
        assert "is not a shop" in nowhere.err
    assert list(tmp_path.iterdir()) == []


def test_a_damaged_shop_file_is_said(shop: Path) -> None:
    (shop / "shop.json").write_text("{", encoding="utf-8")
    assert "shop.json cannot be read" in run("stats", "--shop", shop).err


def test_debug_lets_an_error_through(pristine: Path) -> None:
    done = call("--debug", "similar", "NOPE", "--shop", pristine)
    assert done.returncode != 0
    assert "Traceback" in done.stderr
    assert "UnknownProductError" in done.stderr


def test_verbose_tells_what_is_done(shop: Path) -> None:
    without = [word for part in ("text", "image", "kge", "gnn", "fusion") for word in ("--without", part)]
    assert "INFO recommend.stages: index" in run("-v", "build", *without, "--shop", shop).err
    assert "INFO" not in run("build", *without, "--shop", shop).err


def test_a_closed_pipe_is_no_error(pristine: Path) -> None:
    environment = {**os.environ, "SHELFGRAPH_SHOP": str(pristine)}
    command = f"{sys.executable} -m recommend.cli similar L1 --explain --json | head -c 1"
    done = subprocess.run(
        command, shell=True, cwd=ROOT, env=environment, capture_output=True, text=True, check=False
    )
    assert (done.stdout, done.stderr) == ("{", "")


def test_an_interrupted_build_leaves_what_serves(shop: Path) -> None:
    before = run("recommend", "--user", "anna", "--json", "--shop", shop).document
    command = [sys.executable, "-m", "recommend.cli", "build", "--profile", "fast", "--shop", str(shop)]
    process = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    assert process.stderr is not None
    first = process.stderr.readline()  # the first stage is done: the graph is being read
    time.sleep(0.2)
    process.send_signal(signal.SIGINT)
    _, rest = process.communicate(timeout=60)
    assert "types" in first
    assert process.returncode == 130
    assert rest.splitlines()[-1] == "interrupted; what served before still serves"
    assert "Traceback" not in rest
    assert [v["version"] for v in run("versions", "--json", "--shop", shop).document["versions"]] == ["0001"]
    assert run("recommend", "--user", "anna", "--json", "--shop", shop).document == before


WORDS = st.sampled_from(
    [
        "similar",
        "recommend",
        "search",
        "explain",
        "L1",
        "anna",
        "--user",
        "--history",
        "--query",
        "--where",
        "-k",
        "--json",
        "--explain",
        "--paths",
        "--",
        "-1",
        "price<=",
        "=",
        "",
        "99999999999999999999",
        "\x00",
        "煎锅",
    ]
)


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(words=st.lists(WORDS | st.text(max_size=8), max_size=6))
def test_garbage_ends_in_an_answer_or_one_line(words: list[str], pristine: Path) -> None:
    ran = run(*words, env={"SHELFGRAPH_SHOP": str(pristine)})
    assert ran.status in (0, 2)
    if ran.status == 2 and words:
        assert ran.err.startswith("error: ")
        assert "error: unexpected" not in ran.err  # a fault of ours, not of the words
        assert ran.err.count("\n") == 1
