"""One writer at a time, between real processes."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from kg.errors import StoreError, StoreLockedError
from kg.lock import writer_lock
from kg.records import Product
from kg.shop import Shop
from kg.store.embedded import EmbeddedStore

ROOT = Path(__file__).resolve().parent.parent.parent

HOLD = """
import sys
from pathlib import Path
from kg.lock import writer_lock
with writer_lock(Path(sys.argv[1]), purpose="spring cleaning", timeout=5):
    print("held", flush=True)
    sys.stdin.read()
"""
LOAD = """
import sys
from kg.records import Product
from kg.shop import Shop
shop, name, count = Shop.open(sys.argv[1]), sys.argv[2], int(sys.argv[3])
def products():
    for n in range(count):
        if n == count // 2:
            print("half", flush=True)
            if sys.argv[4] == "wait":
                sys.stdin.read()
        yield Product(id=f"{name}{n:04}", title=name)
print(shop.load(products()).loaded, flush=True)
"""


@contextmanager
def process(code: str, *arguments: object) -> Iterator[subprocess.Popen[str]]:
    """Python in a process of its own; it is told to go on, and ends, when its input closes."""
    command = [sys.executable, "-c", code, *map(str, arguments)]
    with subprocess.Popen(
        command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as running:
        try:
            yield running
        finally:
            running.kill()


def line(running: subprocess.Popen[str]) -> str:
    assert running.stdout is not None
    return running.stdout.readline().strip()


def go_on(running: subprocess.Popen[str]) -> None:
    assert running.stdin is not None
    running.stdin.close()


def test_the_second_waits_and_then_says_who_holds_it(tmp_path: Path) -> None:
    with process(HOLD, tmp_path / "x.lock") as holder:
        assert line(holder) == "held"
        began = time.monotonic()
        with (
            pytest.raises(StoreLockedError) as caught,
            writer_lock(tmp_path / "x.lock", purpose="second", timeout=0.4),
        ):
            pass
        assert 0.4 <= time.monotonic() - began < 5
        message = str(caught.value)
        assert f"process {holder.pid} " in message
        assert "spring cleaning" in message
        assert str(tmp_path) in message
        assert isinstance(caught.value, (StoreError, TimeoutError))


def test_it_is_free_when_the_holder_ends_or_is_killed(tmp_path: Path) -> None:
    for end in (go_on, lambda running: os.kill(running.pid, signal.SIGKILL)):
        with process(HOLD, tmp_path / "x.lock") as holder:
            assert line(holder) == "held"
            threading.Timer(0.3, end, [holder]).start()
            with writer_lock(tmp_path / "x.lock", purpose="next", timeout=20):
                assert holder.wait(10) is not None


def test_it_is_free_after_an_error(tmp_path: Path) -> None:
    with pytest.raises(KeyError), writer_lock(tmp_path / "x.lock", purpose="first", timeout=1):
        raise KeyError
    with writer_lock(tmp_path / "x.lock", purpose="second", timeout=0):
        assert (tmp_path / "x.lock.holder").is_file()
    assert not (tmp_path / "x.lock.holder").exists()


def test_threads_of_one_process_wait_too(tmp_path: Path) -> None:
    inside: list[int] = []
    most: list[int] = []

    def work(number: int) -> None:
        with writer_lock(tmp_path / "x.lock", purpose=f"thread {number}", timeout=20):
            inside.append(number)
            most.append(len(inside))
            time.sleep(0.01)
            inside.remove(number)

    threads = [threading.Thread(target=work, args=[n]) for n in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert most == [1] * 8


def test_a_damaged_note_does_not_hide_that_it_is_held(tmp_path: Path) -> None:
    with process(HOLD, tmp_path / "x.lock") as holder:
        line(holder)
        for note in ("", "[]", "{}", "null"):
            (tmp_path / "x.lock.holder").write_text(note)
            with (
                pytest.raises(StoreLockedError, match="another process"),
                writer_lock(tmp_path / "x.lock", purpose="second", timeout=0),
            ):
                pass


def test_who_reads_while_another_writes_sees_the_old_state(tmp_path: Path) -> None:
    shop = Shop.create(tmp_path / "shop")
    shop.load([Product(id="old")])
    with process(LOAD, shop.path, "new", 5000, "wait") as loader:
        assert line(loader) == "half"
        assert list(shop.graph().nodes["product"]) == ["old"]
        with EmbeddedStore.open(shop.path / "graph.sqlite", read_only=True) as store:
            assert [p.id for p in store.products()] == ["old"]
        with (
            EmbeddedStore.open(shop.path / "graph.sqlite", lock_timeout=0.2) as store,
            pytest.raises(StoreLockedError, match=rf"process {loader.pid} .*load"),
        ):
            store.upsert([Product(id="me too")])
        go_on(loader)
        assert line(loader) == "5000"
    assert shop.graph().product_count == 5001


def test_two_loads_at_once_both_arrive(tmp_path: Path) -> None:
    shop = Shop.create(tmp_path / "shop")
    with process(LOAD, shop.path, "a", 3000, "") as one, process(LOAD, shop.path, "b", 3000, "") as other:
        assert [line(one), line(one)] == ["half", "3000"]
        assert [line(other), line(other)] == ["half", "3000"]
    ids = [f"{name}{n:04}" for name in "ab" for n in range(3000)]
    assert list(shop.graph().nodes["product"]) == ids
