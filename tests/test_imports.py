"""What an import costs, where it comes from, and which names are public."""

from __future__ import annotations

import ast
import importlib
import json
import re
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from importlib.metadata import packages_distributions
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
PACKAGES = ("kg", "encoders", "fusion", "recommend")
LEARNING = ("torch", "torch_geometric", "transformers", "sentence_transformers", "pykeen")
HEAVY = (*LEARNING, "faiss", "neo4j", "onnx", "onnxruntime")


@pytest.mark.parametrize("module", [*PACKAGES, "recommend.cli"])
def test_an_import_loads_no_heavy_library(module: str) -> None:
    code = (
        f"import json, sys, {module}\nprint(json.dumps([name for name in {HEAVY!r} if name in sys.modules]))"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout) == []


def test_a_search_loads_no_learning_library(tmp_path: Path) -> None:
    """A process that answers needs a few hundred MB and seconds less than one that trains."""
    code = f"""
import json, sys
from kg import Product, Shop
from recommend import Recommender, build

shop = Shop.create({str(tmp_path / "shop")!r})
shop.load([Product(id=str(i), title=title) for i, title in enumerate(["red lamp", "oak table", "tea pot"])])
build(shop, profile="fast")
found = Recommender.open(shop.path).search("a light for the desk")
print(json.dumps([found[0].product.title, *(name for name in {LEARNING!r} if name in sys.modules)]))
"""
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout.splitlines()[-1]) == ["red lamp"]


@pytest.mark.parametrize("package", PACKAGES)
def test_the_packages_under_test_are_those_of_the_checkout(package: str) -> None:
    """Their names are common: a stray `fusion` in site-packages must not be what the tests see."""
    module = importlib.import_module(package)
    assert module.__file__ is not None
    assert Path(module.__file__).resolve() == ROOT / package / "__init__.py"


@pytest.mark.parametrize(
    ("package", "promised"),
    [
        ("kg", {"Shop", "Product", "Interaction", "Fact", "Graph", "Vectors", "Filter"}),
        ("recommend", {"Recommender", "build"}),
    ],
)
def test_public_names(package: str, promised: set[str]) -> None:
    module = importlib.import_module(package)
    names = list(module.__all__)
    assert promised <= set(names)
    assert len(names) == len(set(names))
    assert [name for name in names if not hasattr(module, name)] == []


def test_dependencies_are_those_imported() -> None:
    """What the code imports is declared, so that a fresh install works; what is declared is used."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    declared = {_distribution(requirement) for requirement in project["dependencies"]}
    extras = project["optional-dependencies"]
    optional = {_distribution(requirement) for name in ("polars", "rdf") for requirement in extras[name]}
    providers = {
        module: {_normal(name) for name in names} for module, names in packages_distributions().items()
    }
    sources = {path: path.read_text(encoding="utf-8") for path in _sources()}
    imported = {module for text in sources.values() for module in _imported(text)}
    third_party = imported - set(sys.stdlib_module_names) - set(PACKAGES)

    undeclared = {
        module for module in third_party if not providers.get(module, set()) & (declared | optional)
    }
    assert undeclared == set()

    # Weights are packages that nothing imports: their module is only named.
    everything = "\n".join(sources.values())
    unused = {
        distribution
        for distribution in declared
        if not any(
            distribution in distributions and re.search(rf"\b{re.escape(module)}\b", everything)
            for module, distributions in providers.items()
        )
    }
    assert unused == set()


def test_no_file_is_named_after_a_library() -> None:
    """`python recommend/rich.py` would put that folder first on the path, and shadow the library."""
    imported = {module for path in _sources() for module in _imported(path.read_text(encoding="utf-8"))}
    libraries = imported - set(PACKAGES) - set(sys.stdlib_module_names)
    assert [path for path in _sources() if path.stem in libraries] == []


def _sources() -> Iterator[Path]:
    for package in PACKAGES:
        yield from sorted((ROOT / package).rglob("*.py"))


def _imported(text: str) -> Iterator[str]:
    """The top-level module of every absolute import, at any depth."""
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.Import):
            yield from (alias.name.partition(".")[0] for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.level == 0 and node.module:
            yield node.module.partition(".")[0]


def _distribution(requirement: str) -> str:
    found = re.match(r"[A-Za-z0-9._-]+", requirement)
    assert found, requirement
    return _normal(found.group())


def _normal(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()
