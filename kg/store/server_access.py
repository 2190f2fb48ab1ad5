"""Who may enter a graph server, and where it is: no secret ever appears in a message, a repr or a URL."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

from kg.errors import StoreError

SCHEMES = ("neo4j", "neo4j+s", "neo4j+ssc", "bolt", "bolt+s", "bolt+ssc")
DEFAULT_PORT = 7687
DEFAULT_USER = "neo4j"


@dataclass(frozen=True, kw_only=True, slots=True)
class Credentials:
    """A user name and a password; `database` is the database they are meant for, if told."""

    username: str = DEFAULT_USER
    password: str = field(repr=False)
    database: str | None = None


def credentials(env: Mapping[str, str], file: Path | None = None) -> Credentials | None:
    """Credentials from a file, else from the variables in `env`, else None.

    Both hold NEO4J_USERNAME, NEO4J_PASSWORD and NEO4J_DATABASE; the file one a line, `NAME=value`, as Neo4j
    Aura hands them out. NEO4J_AUTH=user/password, as the Neo4j container has it, will do too.
    """
    found = env if file is None else _read(file)
    username, password = found.get("NEO4J_USERNAME", ""), found.get("NEO4J_PASSWORD", "")
    if not password and "/" in found.get("NEO4J_AUTH", ""):
        username, password = found["NEO4J_AUTH"].split("/", 1)
    if not password:
        if file is None:
            return None
        raise StoreError(
            f"{file} holds no line NEO4J_PASSWORD=…; add one (and NEO4J_USERNAME=… if it is not neo4j)"
        )
    return Credentials(
        username=username or DEFAULT_USER, password=password, database=found.get("NEO4J_DATABASE") or None
    )


def server_url(url: str) -> str:
    """The URL in its plain form, 'neo4j://host:7687'.

    Raises StoreError for another scheme, and for what does not belong in a URL: a password above all.
    """
    try:
        parts = urlsplit(url)
        port = parts.port or DEFAULT_PORT
    except ValueError as error:
        raise StoreError("the graph's URL cannot be understood; write it as neo4j://host:7687") from error
    if parts.scheme not in SCHEMES:
        raise StoreError(
            f"the graph's URL begins with {parts.scheme + '://' if parts.scheme else 'no scheme'!r}; "
            f"it must be one of {', '.join(SCHEMES)}, as in neo4j://host:7687"
        )
    if "@" in parts.netloc:
        raise StoreError(
            f"the URL of the graph at {parts.hostname} holds a user name or password for all to read; "
            "give NEO4J_USERNAME and NEO4J_PASSWORD in the environment or a credentials file instead"
        )
    if not parts.hostname:
        raise StoreError("the graph's URL names no host; write it as neo4j://host:7687")
    host = f"[{parts.hostname}]" if ":" in parts.hostname else parts.hostname
    if parts.path.strip("/") or parts.query or parts.fragment:
        raise StoreError(
            f"the graph's URL goes on after {parts.scheme}://{host}:{port}; "
            "leave that away, and name a database with NEO4J_DATABASE"
        )
    return f"{parts.scheme}://{host}:{port}"


def _read(file: Path) -> dict[str, str]:
    try:
        lines = file.read_text(encoding="utf-8-sig").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise StoreError(f"the credentials file {file} cannot be read ({type(error).__name__})") from error
    found: dict[str, str] = {}
    for line in lines:
        name, sign, value = line.partition("=")
        if sign and not name.lstrip().startswith("#"):
            value = value.strip()
            if len(value) > 1 and value[0] == value[-1] and value[0] in "\"'":
                value = value[1:-1]
            found[name.strip().removeprefix("export ").strip()] = value
    return found
