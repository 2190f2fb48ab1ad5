"""Vectors kept by encoder and content, so that nothing is ever encoded twice.

One SQLite file. Every chunk is committed as it is finished, so a killed build goes on where it
stopped, and several processes may share a file. It is only a cache: a damaged file is set aside.
"""

from __future__ import annotations

import logging
import sqlite3
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager, suppress
from hashlib import blake2b
from pathlib import Path
from typing import TypeVar
from zlib import crc32

import numpy as np

from encoders.base import ContentEncoder, Matrix, Progress
from kg.errors import ModelError

_log = logging.getLogger(__name__)

_SCHEMA = """
create table if not exists vectors (
    digest blob primary key, -- of the encoder's key and the content
    value blob not null, -- float32, little endian
    crc integer not null -- of the value: a flipped bit must not become a wrong answer
)
"""
_VERSION = 1
_VARIABLES = 500
"""How many digests are asked for at once: every SQLite allows 999 variables."""

T = TypeVar("T")
Content = TypeVar("Content", str, bytes)


def content_digest(encoder_key: str, content: str | bytes) -> bytes:
    """blake2b of a content as seen by one encoder."""
    raw = content if isinstance(content, bytes) else content.encode("utf-8", "surrogatepass")
    kind = b"b" if isinstance(content, bytes) else b"s"
    return blake2b(encoder_key.encode() + b"\0" + kind + raw, digest_size=20).digest()


class EncodingCache:
    """Vectors by digest in the file `path`, which is made when something is first stored."""

    def __init__(self, path: Path, *, wait: float = 60.0) -> None:
        self.path = Path(path)
        self._wait = wait

    def get(self, digests: Sequence[bytes]) -> dict[bytes, Matrix]:
        """The vectors that are there; what is missing or damaged is left out."""
        if not self.path.exists():
            return {}

        def read(database: sqlite3.Connection) -> dict[bytes, Matrix]:
            found: dict[bytes, Matrix] = {}
            for start in range(0, len(digests), _VARIABLES):
                part = digests[start : start + _VARIABLES]
                marks = ",".join("?" * len(part))
                query = f"select digest, value, crc from vectors where digest in ({marks})"
                for digest, value, crc in database.execute(query, part):
                    if crc32(value) == crc:
                        found[digest] = np.frombuffer(value, dtype="<f4").astype(np.float32)
            return found

        return self._run(read)

    def put(self, digests: Sequence[bytes], matrix: Matrix) -> None:
        """Store float32 [n, d], in one transaction."""
        rows = [
            (digest, value, crc32(value))
            for digest, value in zip(digests, (row.astype("<f4").tobytes() for row in matrix), strict=True)
        ]

        def write(database: sqlite3.Connection) -> None:
            database.executemany("insert or replace into vectors values (?, ?, ?)", rows)

        if rows:
            self._run(write)

    def __len__(self) -> int:
        if not self.path.exists():
            return 0
        return self._run(lambda database: int(database.execute("select count(*) from vectors").fetchone()[0]))

    def _run(self, work: Callable[[sqlite3.Connection], T]) -> T:
        """Do something in one transaction; if the file turns out damaged, once more on a new file."""
        try:
            with self._open() as database:
                return work(database)
        except sqlite3.OperationalError as error:  # locked, full or forbidden, which is not damage
            raise ModelError(
                f"the encoding cache {self.path} cannot be used: {error}; "
                "check the disk and its permissions, or wait for the other process"
            ) from error
        except sqlite3.DatabaseError as error:
            aside = self._set_aside()
            _log.warning("the encoding cache %s is damaged (%s); set aside as %s", self.path, error, aside)
        with self._open() as database:
            return work(database)

    @contextmanager
    def _open(self) -> Iterator[sqlite3.Connection]:
        # a connection per call is safe for threads and forks, and costs less than encoding one text
        self.path.parent.mkdir(parents=True, exist_ok=True)
        with closing(sqlite3.connect(self.path, timeout=self._wait)) as database:
            version = database.execute("pragma user_version").fetchone()[0]
            if version not in (0, _VERSION):
                raise sqlite3.DatabaseError(f"format {version}, this program knows {_VERSION}")
            if version == 0:
                with suppress(sqlite3.OperationalError):  # another process is just doing the same
                    database.execute("pragma journal_mode = wal")
                database.execute(_SCHEMA)
                database.execute(f"pragma user_version = {_VERSION}")
            database.execute("pragma synchronous = normal")
            with database:
                yield database

    def _set_aside(self) -> Path:
        number = 1
        while (aside := self.path.with_name(f"{self.path.name}.damaged-{number}")).exists():
            number += 1
        for suffix in ("-wal", "-shm"):
            self.path.with_name(self.path.name + suffix).unlink(missing_ok=True)
        if self.path.exists():
            self.path.replace(aside)
        return aside


def cached_encode(
    encoder: ContentEncoder[Content],
    contents: Sequence[Content],
    *,
    cache: EncodingCache | None,
    chunk: int = 512,
    progress: Progress | None = None,
    stage: str = "encode",
) -> Matrix:
    """float32 [n, d]: as `encoder.encode(contents)`, encoding only what the cache does not hold.

    Equal contents are encoded once. If everything is in the cache, the encoder's model is not loaded.
    """
    if not contents:
        return np.zeros((0, encoder.dim), dtype=np.float32)
    digests = [content_digest(encoder.key, content) for content in contents]
    rows = dict(zip(digests, range(len(digests)), strict=True))  # one row for each distinct content
    known = cache.get(list(rows)) if cache is not None else {}
    missing = [digest for digest in rows if digest not in known]
    for start in range(0, len(missing), chunk):
        part = missing[start : start + chunk]
        if progress is not None:
            progress(stage, len(rows) - len(missing) + start, len(rows))
        matrix = encoder.encode([contents[rows[digest]] for digest in part])
        if matrix.shape != (len(part), encoder.dim) or not np.isfinite(matrix).all():
            raise ModelError(
                f"the encoder {encoder.key} gave {matrix.shape} for {len(part)} items, or values that are "
                f"not finite; it must give finite numbers [{len(part)}, {encoder.dim}]"
            )
        if cache is not None:
            cache.put(part, matrix)
        known.update(zip(part, matrix, strict=True))
    if progress is not None:
        progress(stage, len(rows), len(rows))
    return np.stack([known[digest] for digest in digests])
