"""The report as one HTML page that needs nothing else: no network, no script, readable on a phone."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from html import escape

from kg.doctor.report import Finding, Item, Report, Severity

_NAMES: dict[Severity, str] = {"error": "Error", "warning": "Warning", "note": "Note"}

_STYLE = """
:root { color-scheme: light dark; --ink: #1c1f24; --dim: #5b6470; --paper: #fff; --soft: #f3f4f6;
  --line: #d9dde3; --error: #b3261e; --warning: #8a5a00; --note: #2f5d8a }
@media (prefers-color-scheme: dark) { :root { --ink: #e7e9ec; --dim: #a3abb6; --paper: #15181c;
  --soft: #1f2429; --line: #363d46; --error: #ff8a80; --warning: #ffca6b; --note: #8cc1f5 } }
* { box-sizing: border-box }
body { margin: 0 auto; max-width: 62rem; padding: 1rem 1rem 3rem; font: 16px/1.5 system-ui, sans-serif;
  color: var(--ink); background: var(--paper); overflow-wrap: anywhere }
h1 { font-size: 1.5rem; margin: .5rem 0 } h2 { font-size: 1.1rem; margin: 0 }
.dim { color: var(--dim) } .error { color: var(--error) }
.warning { color: var(--warning) } .note { color: var(--note) }
nav ul { padding: 0; list-style: none } nav li { padding: .25rem 0; border-bottom: 1px solid var(--line) }
nav li { display: flex; gap: .75rem } nav a { color: inherit } nav b { flex: 0 0 4.8rem; white-space: nowrap }
section { margin: 1.5rem 0; padding: 1rem; background: var(--soft); border-radius: 4px;
  border-left: 4px solid currentColor }
section > * { color: var(--ink) } section > .tag { font-weight: 600; font-size: .85rem; color: inherit }
table { border-collapse: collapse; width: 100%; font-size: .9rem; background: var(--paper) }
th, td { text-align: left; vertical-align: top; padding: .35rem .5rem; border: 1px solid var(--line) }
th { font-weight: 600 } code { font-size: .9em }
@media (max-width: 40rem) { table, tbody, tr, td { display: block; width: 100% } thead { display: none }
  tr { border: 1px solid var(--line); margin-bottom: .5rem } td { border: 0; padding: .15rem .5rem }
  td:empty { display: none } td::before { content: attr(data-label) " "; color: var(--dim) } }
@media print { section { break-inside: avoid } }
""".strip()


def html_page(report: Report, *, shop: str = "", made: datetime | None = None) -> str:
    """The whole page. Everything that comes from the catalog is escaped."""
    return "\n".join(_lines(report, shop, made)) + "\n"


def _lines(report: Report, shop: str, made: datetime | None) -> Iterator[str]:
    title = "Catalog report" + (f": {shop}" if shop else "")
    yield "<!doctype html>"
    yield '<html lang="en"><head><meta charset="utf-8">'
    yield '<meta name="viewport" content="width=device-width, initial-scale=1">'
    # even a mistake of ours must not load or run anything
    yield (
        '<meta http-equiv="Content-Security-Policy" '
        "content=\"default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'\">"
    )
    yield f"<title>{_text(title)}</title><style>{_STYLE}</style></head><body>"
    yield f"<header><h1>{_text(title)}</h1>"
    when = f", {made:%Y-%m-%d %H:%M}" if made else ""
    yield f'<p class="dim">{report.looked_at} examined in {report.seconds:.1f} s{when}.</p>'
    counts = [(name, sum(f.severity == name for f in report.findings)) for name in _NAMES]
    told = ", ".join(
        f'<span class="{name}">{count} {_plural(name, count)}</span>' for name, count in counts if count
    )
    yield f"<p><strong>{told or 'Nothing was found.'}</strong></p></header>"
    if report.findings:
        yield "<nav><ul>"
        for number, finding in enumerate(report.findings):
            yield (
                f'<li><b class="{finding.severity}">{_NAMES[finding.severity]}</b> '
                f'<a href="#f{number}">{_text(finding.title)}</a></li>'
            )
        yield "</ul></nav>"
    yield "<main>"
    for number, finding in enumerate(report.findings):
        yield from _section(number, finding)
    yield "</main><footer>"
    if report.notes:
        yield "<h2>Also</h2><ul>" + "".join(f"<li>{_text(note)}</li>" for note in report.notes) + "</ul>"
    yield f'<p class="dim">Checks: {_text(", ".join(report.checks))}. Made by Shelfgraph.</p>'
    yield "</footer></body></html>"


def _section(number: int, finding: Finding) -> Iterator[str]:
    yield f'<section id="f{number}" class="{finding.severity}">'
    yield f'<p class="tag">{_NAMES[finding.severity]} · {_text(finding.check)} / {_text(finding.kind)}</p>'
    yield f"<h2>{_text(finding.title)}</h2><p>{_text(finding.fix)}</p>"
    if finding.examples:
        yield "<table><thead><tr><th>What</th><th>Id</th><th>Title</th></tr></thead><tbody>"
        yield from map(_row, finding.examples)
        yield "</tbody></table>"
    left = finding.count - len(finding.examples)
    if left > 0:
        yield f'<p class="dim">… and {left:,} more.</p>'
    yield "</section>"


def _row(item: Item) -> str:
    ids = " ".join(f"<code>{_text(one)}</code>" for one in item.ids)
    more = item.count - len(item.ids)
    return (
        f'<tr><td data-label="">{_text(item.value)}</td>'
        f'<td data-label="Id">{ids}{f" and {more:,} more" if more > 0 else ""}</td>'
        f'<td data-label="Title">{_text(item.title)}</td></tr>'
    )


def _text(text: str) -> str:
    """Escaped, and without control characters, which no page may have."""
    return escape("".join(c if c.isprintable() or c == " " else "\ufffd" for c in text))


def _plural(name: str, count: int) -> str:
    return name if count == 1 else f"{name}s"
