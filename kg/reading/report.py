"""What became of the rows of a load: how many, which were refused, and why."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from pathlib import Path

from kg.records import RecordKind

KEPT = 100
"""So many rejections and replaced rows are kept in a report; the rejects file has all rejected rows."""

SHORT = 80


def shorten(value: object) -> str:
    """A value as text of at most 80 characters, on one line."""
    text = value if isinstance(value, str) else str(value)
    start = text[: SHORT + 1].replace("\n", "\\n").replace("\r", "\\r").replace("\t", "\\t")
    return start if len(text) <= SHORT and len(start) <= SHORT else start[: SHORT - 1] + "…"


@dataclass(frozen=True, kw_only=True)
class Rejection:
    """One rule that one row breaks. `line` counts from 1; for frames and records it is the row's number."""

    file: str
    line: int
    field: str
    value: str
    rule: str
    record_id: str = ""

    def __str__(self) -> str:
        where = f"{self.file}:{self.line}"
        return f"{where}: {self.field or 'row'} {self.value!r}: {self.rule}"


@dataclass(frozen=True, kw_only=True)
class LoadReport:
    """The summary of a load: read = loaded + rejected + duplicates.

    `rejections` are the first 100 broken rules, `replaced` the first 100 products whose id came again
    later (the last row wins), `by_rule` counts every broken rule as ((field, rule), count).
    `stubs` and `unchanged` are filled by the store, `deleted` by a full feed: products that it does not name.
    """

    kind: RecordKind
    files: tuple[str, ...]
    read: int
    loaded: int
    rejected: int
    duplicates: int
    rejections: tuple[Rejection, ...] = ()
    replaced: tuple[Rejection, ...] = ()
    by_rule: tuple[tuple[tuple[str, str], int], ...] = ()
    rejects_file: Path | None = None
    notes: tuple[str, ...] = ()
    seconds: float = 0.0
    stubs: int = 0
    unchanged: int = 0
    deleted: int = 0

    @property
    def ok(self) -> bool:
        """True if no row was rejected."""
        return self.rejected == 0

    def __str__(self) -> str:
        lines = [f"{self.kind} from {_names(self.files)}: " + ", ".join(self._counts())]
        firsts = {(r.field, r.rule): r for r in reversed(self.rejections)}
        if self.rejected:
            kept = f", kept in {self.rejects_file}" if self.rejects_file else ""
            lines.append(f"  rejected rows{kept}:")
            for (field, rule), count in self.by_rule:
                lines.append(f"    {count:,} rows, {field or 'row'}: {rule}")
                if (first := firsts.get((field, rule))) is not None:
                    lines.append(f"        first: {first.file} line {first.line}: {first.value!r}")
        if self.replaced:
            lines.append("  earlier rows with the same id, replaced by the last one:")
            lines += [f"    {r.file} line {r.line}: {r.value} {r.rule}" for r in self.replaced[:5]]
            if self.duplicates > 5:
                lines.append(f"    and {self.duplicates - 5:,} more")
        lines += [f"  note: {note}" for note in self.notes]
        return "\n".join(lines)

    def _counts(self) -> list[str]:
        counts = [f"{self.read:,} read", f"{self.loaded:,} loaded", f"{self.rejected:,} rejected"]
        optional = {
            "duplicates": self.duplicates,
            "stubs": self.stubs,
            "unchanged": self.unchanged,
            "deleted": self.deleted,
        }
        counts += [f"{count:,} {name}" for name, count in optional.items() if count]
        return [*counts, f"{self.seconds:.1f} s"]


def _names(files: tuple[str, ...]) -> str:
    return ", ".join(files[:3]) + (f" and {len(files) - 3} more" if len(files) > 3 else "") or "nothing"


class Tally:
    """Counts that grow while rows are read; `report` freezes them."""

    def __init__(self, kind: RecordKind) -> None:
        self.kind: RecordKind = kind
        self.files: list[str] = []
        self.read = 0
        self.rejected = 0
        self.duplicates = 0
        self.rejections: list[Rejection] = []
        self.replaced: list[Rejection] = []
        self.by_rule: Counter[tuple[str, str]] = Counter()

    def reject(self, faults: list[Rejection]) -> None:
        """One row, refused for at least one reason."""
        self.rejected += 1
        self.rejections += faults[: KEPT - len(self.rejections)]
        self.by_rule.update((f.field, f.rule) for f in faults)

    def replace(self, earlier: Rejection | None) -> None:
        """One row whose key comes again later."""
        self.duplicates += 1
        if earlier is not None and len(self.replaced) < KEPT:
            self.replaced.append(earlier)

    def take_back(self, *, earlier: bool) -> None:
        """Undo the last `replace`; `earlier` says whether it told which row."""
        if earlier and self.duplicates == len(self.replaced):
            self.replaced.pop()
        self.duplicates -= 1

    def report(self, *, rejects_file: Path | None, notes: tuple[str, ...], seconds: float) -> LoadReport:
        return LoadReport(
            kind=self.kind,
            files=tuple(self.files),
            read=self.read,
            loaded=self.read - self.rejected - self.duplicates,
            rejected=self.rejected,
            duplicates=self.duplicates,
            rejections=tuple(self.rejections),
            replaced=tuple(self.replaced),
            by_rule=tuple(self.by_rule.most_common()),
            rejects_file=rejects_file if self.rejected else None,
            notes=notes,
            seconds=seconds,
        )
