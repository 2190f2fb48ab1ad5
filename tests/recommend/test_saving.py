"""A saved model: the same files, the same answers, in another process, and light to open."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from kg.errors import SettingsError, ShelfgraphError, VersionError
from kg.graph import Graph
from kg.records import Product
from kg.snapshot import assemble
from recommend.query import Query
from recommend.recommender import Recommender
from tests.recommend.shops import NASTY, PLAIN

ROOT = Path(__file__).resolve().parents[2]

ANSWERS = """
def answers(r, users, products, texts):
    found = []
    for results in (
        *(r.recommend(user, k=20) for user in users),
        *(r.similar(product, k=20) for product in products),
        *(r.search(text, k=20) for text in texts),
        *(r.search(texts[0], user=user, where="price<=60") for user in users),
    ):
        for hit in results:
            signals = sorted((name, value.hex()) for name, value in hit.signals.items())
            found.append([hit.product.id, hit.score.hex(), signals])
        for hit in results[:2]:
            found.append(r.explain(results.query, hit.product.id, paths=50).plain())
    return found
"""
LIGHT = ("torch", "transformers", "pykeen", "torch_geometric")


def _here(r: Recommender, asked: tuple[list[str], list[str], list[str]]) -> list[Any]:
    space: dict[str, Any] = {}
    exec(ANSWERS, space)
    found: list[Any] = json.loads(json.dumps(space["answers"](r, *asked)))
    return found


def elsewhere(folder: Path, code: str) -> Any:
    """What a new process prints as JSON, for `r` opened from the folder."""
    opened = f"r = Recommender.open({str(folder)!r})"
    program = f"import json, sys\nfrom recommend.recommender import Recommender\n{opened}\n{code}"
    done = subprocess.run(
        [sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def _files(folder: Path) -> dict[str, bytes]:
    return {
        p.relative_to(folder).as_posix(): p.read_bytes() for p in sorted(folder.rglob("*")) if p.is_file()
    }


@pytest.fixture(scope="module")
def saved(shop: Recommender, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("saved") / "model"
    shop.save(folder)
    return folder


@pytest.mark.parametrize("which", ["planted", "by hand"])
def test_a_new_process_gives_the_same_answers_to_the_last_bit(
    which: str, shop: Recommender, hand: Recommender, tmp_path: Path
) -> None:
    if which == "planted":
        r, asked = shop, (["u001", "u002", "nobody"], ["p010", "p020"], ["kind3 oak", "brand2 colour1"])
    else:
        r, asked = hand, (["u1", "u7", "nobody"], ["lamp1", NASTY], ["黄铜台灯", "dimmable lighting", NASTY])
    r.save(tmp_path / "model")
    code = f"{ANSWERS}\nprint(json.dumps(answers(r, *json.loads({json.dumps(json.dumps(asked))}))))"
    here = _here(r, asked)
    assert len(here) > 30
    assert elsewhere(tmp_path / "model", code) == here


def test_opened_again_it_is_the_same_model(shop: Recommender, saved: Path) -> None:
    again = Recommender.open(saved)
    assert again.settings == shop.settings
    assert again.seed == shop.seed
    assert again.weights == shop.weights
    assert dict(again.card) == json.loads(json.dumps(dict(shop.card)))


def test_light_questions_load_no_heavy_library(saved: Path) -> None:
    code = f"""
assert r.recommend("u001") and r.similar("p010") and r.search("kind3 oak")
assert r.explain(r.recommend("u001").query, "p010").text
print(json.dumps([name for name in {LIGHT!r} if name in sys.modules]))"""
    assert elsewhere(saved, code) == []


def test_saved_twice_the_files_are_the_same(shop: Recommender, saved: Path, tmp_path: Path) -> None:
    """Saved again, and saved after it was opened; only the manifest knows when."""
    shop.save(tmp_path / "again")
    Recommender.open(saved).save(tmp_path / "opened")
    first = _files(saved)
    for other in (_files(tmp_path / "again"), _files(tmp_path / "opened")):
        assert set(other) == set(first)
        for name, content in first.items():
            if name == "manifest.json":
                one, two = json.loads(content), json.loads(other[name])
                one.pop("created"), two.pop("created")
                assert one == two
            elif name != "manifest.sha256":
                assert other[name] == content, name


def test_fitted_twice_the_files_are_the_same(planted_graph: Graph, saved: Path, tmp_path: Path) -> None:
    Recommender.fit(planted_graph, settings=PLAIN).save(tmp_path / "model")
    other = _files(tmp_path / "model")
    assert all(
        other[name] == content for name, content in _files(saved).items() if not name.startswith("manifest")
    )


def test_every_file_is_guarded(saved: Path) -> None:
    """A flipped byte is found before anything is answered, and the message names the file."""
    for path in sorted(p for p in saved.rglob("*") if p.is_file()):
        content = path.read_bytes()
        if not content:
            continue
        place = len(content) // 2
        path.write_bytes(content[:place] + bytes([content[place] ^ 1]) + content[place + 1 :])
        try:
            with pytest.raises(
                VersionError, match=path.name if path.name != "manifest.sha256" else "manifest"
            ):
                Recommender.open(saved)
        finally:
            path.write_bytes(content)
    assert Recommender.open(saved).recommend("u001")


@pytest.mark.parametrize("name", ["graph.safetensors", "model.json", "manifest.json", "manifest.sha256"])
def test_a_missing_file_is_named(name: str, saved: Path) -> None:
    content = (saved / name).read_bytes()
    (saved / name).unlink()
    try:
        with pytest.raises(VersionError, match=name.replace(".", r"\.")):
            Recommender.open(saved)
    finally:
        (saved / name).write_bytes(content)


@pytest.mark.parametrize("make", [lambda p: None, lambda p: p.mkdir(), lambda p: p.write_text("x")])
def test_what_is_no_model_is_an_error(make: Callable[[Path], object], tmp_path: Path) -> None:
    make(tmp_path / "model")
    with pytest.raises(ShelfgraphError, match="model"):
        Recommender.open(tmp_path / "model")


def test_a_model_is_not_written_over_something(hand: Recommender, tmp_path: Path) -> None:
    (tmp_path / "mine.txt").write_text("keep me")
    with pytest.raises(SettingsError, match="empty"):
        hand.save(tmp_path)
    with pytest.raises(SettingsError, match="empty"):
        hand.save(tmp_path / "mine.txt")
    assert (tmp_path / "mine.txt").read_text() == "keep me"


@pytest.mark.parametrize(
    "graph",
    [assemble([], [], []), assemble([Product(id="only", title="one lamp")], [], [])],
    ids=["empty", "one"],
)
def test_next_to_nothing_is_saved_too(graph: Graph, tmp_path: Path) -> None:
    r = Recommender.fit(graph, settings=PLAIN)
    r.save(tmp_path / "model")
    again = Recommender.open(tmp_path / "model")
    assert again.search("lamp").ids == r.search("lamp").ids
    assert again.recommend("u").ids == ()


def test_a_query_outlives_its_model(hand: Recommender, tmp_path: Path) -> None:
    """`results.query` of one process can be asked of another."""
    hand.save(tmp_path / "model")
    query = hand.recommend("u1").query
    assert query == Query(user="u1")
    again = Recommender.open(tmp_path / "model")
    assert again.explain(query, "lamp3").plain() == hand.explain(query, "lamp3").plain()
