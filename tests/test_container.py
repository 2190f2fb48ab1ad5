"""The container files name what there is, and keep what must not be seen."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Any

import yaml

ROOT = Path(__file__).resolve().parent.parent
COMPOSE: dict[str, Any] = yaml.safe_load((ROOT / "compose.yaml").read_text(encoding="utf-8"))
DOCKERFILE = (ROOT / "Dockerfile").read_text(encoding="utf-8")


def test_no_password_is_written_down_and_none_is_optional() -> None:
    for service in COMPOSE["services"].values():
        for name, value in service["environment"].items():
            if "PASSWORD" in name or "AUTH" in name:
                assert "${NEO4J_PASSWORD:?" in value


def test_the_database_listens_on_this_machine_only() -> None:
    assert all(port.startswith("127.0.0.1:") for port in COMPOSE["services"]["neo4j"]["ports"])


def test_what_has_to_last_lies_in_named_volumes() -> None:
    mounts = [mount for service in COMPOSE["services"].values() for mount in service["volumes"]]
    assert {mount.split(":")[0] for mount in mounts} == {*COMPOSE["volumes"], "./feeds"}


def test_the_image_holds_every_package_of_the_wheel_and_nothing_that_is_left_out_of_its_context() -> None:
    wheel = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["tool"]["hatch"]["build"]
    packages = set(wheel["targets"]["wheel"]["packages"])
    copied = {
        name for line in DOCKERFILE.splitlines() if line.startswith("COPY") for name in line.split()[1:-1]
    }
    let_in = {line[1:] for line in (ROOT / ".dockerignore").read_text().splitlines() if line.startswith("!")}
    assert packages <= copied == let_in
    assert all((ROOT / name).exists() for name in copied)
