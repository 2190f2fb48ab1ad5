"""The built wheel: what is in it, and that it works on its own, away from the checkout."""

from __future__ import annotations

import os
import subprocess
import sys
import sysconfig
import tomllib
import zipfile
from collections.abc import Sequence
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
PACKAGES = ("kg", "encoders", "fusion", "recommend")


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel of the checkout, built with the build tools of this environment."""
    folder = tmp_path_factory.mktemp("wheel")
    run([sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", folder, ROOT], cwd=folder)
    (built,) = folder.glob("shelfgraph-*.whl")
    return built


@pytest.fixture(scope="module")
def installed(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The `bin` of a clean environment, outside the checkout, with only the wheel installed in it.

    The other libraries are several GB, so they are borrowed: a .pth file appends this environment's
    site-packages to the clean one's path. Python reads no .pth files of a folder that came from a .pth
    file, so the line of an editable install, which leads to the checkout, is not borrowed with them.
    With SHELFGRAPH_TEST_FULL_INSTALL=1 nothing is borrowed: pip installs everything.
    """
    folder = tmp_path_factory.mktemp("clean")
    environment = folder / "environment"
    full = os.environ.get("SHELFGRAPH_TEST_FULL_INSTALL") == "1"
    options = [] if full else ["--without-pip"]
    run([sys.executable, "-m", "venv", *options, environment], cwd=folder)
    python = environment / "bin" / "python"
    if full:
        run([python, "-m", "pip", "install", "--quiet", wheel], cwd=folder)
        return environment / "bin"
    pip: list[str | Path] = [sys.executable, "-m", "pip", "--python", python, "--disable-pip-version-check"]
    run([*pip, "install", "--quiet", "--no-index", "--no-deps", wheel], cwd=folder)
    own = Path(
        run([python, "-c", "import sysconfig; print(sysconfig.get_path('purelib'))"], cwd=folder).strip()
    )
    borrowed = dict.fromkeys(sysconfig.get_path(scheme) for scheme in ("purelib", "platlib"))
    (own / "borrowed.pth").write_text("\n".join(borrowed) + "\n", encoding="utf-8")
    return environment / "bin"


def test_the_wheel_carries_the_packages_and_their_data(wheel: Path) -> None:
    names = set(zipfile.ZipFile(wheel).namelist())
    for package in PACKAGES:
        assert {f"{package}/__init__.py", f"{package}/py.typed"} <= names
        modules = {path.relative_to(ROOT).as_posix() for path in (ROOT / package).rglob("*.py")}
        assert modules <= names
    for kept in ("demo", "language", "mappings"):
        files = {path.relative_to(ROOT / "data").as_posix() for path in (ROOT / "data" / kept).rglob("*.*")}
        assert files
        assert {f"kg/_data/{name}" for name in files} <= names
    assert "kg/_data/README.md" in names
    assert any(name.endswith(".dist-info/licenses/LICENSE") for name in names)


def test_the_wheel_carries_nothing_else(wheel: Path) -> None:
    names = zipfile.ZipFile(wheel).namelist()
    tops = {name.split("/")[0] for name in names if ".dist-info/" not in name}
    assert tops == set(PACKAGES)
    assert [name for name in names if "generator" in name or "__pycache__" in name or "/tests/" in name] == []


def test_metadata(wheel: Path) -> None:
    archive = zipfile.ZipFile(wheel)
    (name,) = [name for name in archive.namelist() if name.endswith(".dist-info/METADATA")]
    lines = archive.read(name).decode().splitlines()
    assert "Name: shelfgraph" in lines
    assert "License-Expression: Apache-2.0" in lines
    (python,) = [line for line in lines if line.startswith("Requires-Python: ")]
    assert set(python.removeprefix("Requires-Python: ").split(",")) == {">=3.11", "<3.14"}


@pytest.mark.timeout(1200)  # a full install downloads GBs
@pytest.mark.parametrize("profile", ["fast", pytest.param("full", marks=pytest.mark.long)])
def test_the_demo_runs_from_the_installed_wheel(installed: Path, tmp_path: Path, profile: str) -> None:
    where = f"import importlib\nfor name in {PACKAGES!r}: print(importlib.import_module(name).__file__)"
    for line in run([installed / "python", "-c", where], cwd=tmp_path).splitlines():
        assert Path(line).is_relative_to(installed.parent), f"{line} is not of the clean environment"
    shown = run([installed / "shelfgraph", "demo", "--profile", profile], cwd=tmp_path)
    assert any("because" in line.lower() for line in shown.splitlines()), f"no explanation in:\n{shown}"


@pytest.fixture(scope="module")
def resolver(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A pip of 23.3 or later: the first whose dry run downloads no wheels."""
    environment = tmp_path_factory.mktemp("resolver") / "environment"
    run([sys.executable, "-m", "venv", environment], cwd=environment.parent)
    pip = environment / "bin" / "pip"
    command: list[str | Path] = [
        pip,
        "install",
        "--quiet",
        "--upgrade",
        "--retries",
        "0",
        "--timeout",
        "30",
        "pip>=23.3",
    ]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        pytest.skip(f"the package index cannot be reached: {done.stderr.strip()[-200:]}")
    return pip


@pytest.mark.long
@pytest.mark.parametrize("version", ["3.11", "3.12", "3.13"])
def test_every_dependency_has_wheels(version: str, resolver: Path, tmp_path: Path) -> None:
    """The whole tree resolves to wheels for each supported Python, whichever runs the tests.

    Only metadata travels (fast-deps reads it from the wheels by ranges), never PyTorch itself.
    pip evaluates environment markers with its own Python; nothing else distinguishes the runs.
    """
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    wanted = [*project["dependencies"], *project["optional-dependencies"]["polars"]]
    options = ["--dry-run", "--ignore-installed", "--only-binary=:all:", "--use-feature=fast-deps", "--quiet"]
    target: list[str | Path] = ["--python-version", version, "--target", tmp_path / "never-written"]
    run([resolver, "install", *options, *target, *wanted], cwd=tmp_path)


def run(command: Sequence[str | Path], *, cwd: Path) -> str:
    """What a command prints. It must succeed; it sees neither the checkout nor settings of ours."""
    hidden = ("PYTHON", "SHELFGRAPH_", "VIRTUAL_ENV")
    environment = {name: value for name, value in os.environ.items() if not name.startswith(hidden)}
    done = subprocess.run(command, cwd=cwd, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, f"{command} in {cwd}:\n{done.stdout}\n{done.stderr}"
    return done.stdout
