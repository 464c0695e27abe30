"""Published days as files for others: CSV for spreadsheets, one HTML page that prints well."""

import csv
from collections.abc import Iterable, Iterator, Mapping, Sequence
from html import escape
from typing import Any, TextIO

import msgspec

from wamon.cli.figures import Row, days_text, legend, months_of, restated_text
from wamon.core.timeline import iso
from wamon.core.uptime import Figures, clock_text
from wamon.statement import METHOD, Statement
from wamon.web.words import coverage_share, experienced_share, meta_share, platform_share

_STYLE = """
body { font: 11pt/1.4 system-ui, sans-serif; margin: 2em auto; max-width: 62em; padding: 0 1em; color: #111 }
h2 { margin-top: 2em; break-after: avoid } table { border-collapse: collapse; width: 100% }
th, td { text-align: right; padding: .15em .5em; border-bottom: 1px solid #ccc }
td { font-variant-numeric: tabular-nums }
th:first-child, td:first-child, th:last-child, td:last-child { text-align: left }
tr { break-inside: avoid } thead { display: table-header-group } tr.month td { font-weight: bold }
.list td, .list th { text-align: left } code { overflow-wrap: anywhere }
@page { margin: 15mm } @media print { body { margin: 0; max-width: none; font-size: 9pt } }
"""

_NOT_PLAIN = frozenset(("first_published", "secondary"))

_HEADS = (
    "day",
    "platform",
    "Meta's way",
    "experienced",
    "coverage",
    "down",
    "of it 10 min and more",
    "network",
    "user errors",
    "of it unproved",
    "maintenance",
    "unobserved",
    "blind spot",
    "partial",
    "proven down",
    "worst case down",
    "said",
)


class Head(msgspec.Struct, frozen=True):
    """Where and when a statement was written, the zone of its days, and the client it is for."""

    place: str
    zone: str
    written_ms: int
    account: str | None = None


def write_csv(document: Mapping[str, Any], out: TextIO) -> None:
    """A line for each day, and one for each month whose state is ``month``; seconds and ratios as in JSON.

    The hash of the inputs stands on every line, so that no part of the table can lose it.
    """
    days = document["days"]
    plain = [key for key in days[0] if key not in _NOT_PLAIN]
    lines = csv.writer(out, lineterminator="\n")
    lines.writerow([*plain, "first_published_availability", "inputs_sha256"])
    hashed = document.get("inputs_sha256", "")
    for day in days:
        first = (day["first_published"] or {}).get("availability")
        lines.writerow([*(_cell(day[key]) for key in plain), "" if first is None else first, hashed])
    for month in document.get("months", ()):
        told = month | {"date": month["month"], "state": "month"}
        lines.writerow([*(_cell(told.get(key)) for key in plain), "", hashed])


def _cell(value: object) -> object:
    """A text that a spreadsheet would take for a formula is kept a text."""
    if value is None:
        return ""
    return f"'{value}" if isinstance(value, str) and value[:1] in tuple("=+-@") else value


def write_html(
    rows: Sequence[Row],
    head: Head,
    months: Sequence[Mapping[str, Any]],
    said: Statement,
    *,
    insufficient: bool = False,
) -> str:
    """One self-contained page: method, days and months, outages, exclusions, Meta's figures, what was restated."""
    first, last = min(row.date for row in rows), max(row.date for row in rows)
    title = f"Availability of the WhatsApp Business Cloud API, {first} to {last}"
    client = f"For {escape(head.account)}. " if head.account else ""
    return "".join(
        (
            f'<!doctype html>\n<html lang="en"><head><meta charset="utf-8"><title>{escape(title)}</title>',
            f"<style>{_STYLE}</style></head>\n<body><h1>{escape(title)}</h1>\n",
            f"<p>{client}Observed from {escape(head.place)}; days in {escape(head.zone)};",
            f" written {iso(head.written_ms)}.</p>\n",
            "<h2>Method</h2>\n",
            *(f"<p>{escape(text)}</p>\n" for text in METHOD),
            *(f"<p>{escape(text)}</p>\n" for text in legend()),
            *(
                _section(target, rows, insufficient=insufficient)
                for target in sorted({row.target for row in rows})
            ),
            _outages(said),
            _exclusions(said),
            _metas(months),
            _restated(rows),
            "<h2>What it stands on</h2>\n<p>SHA-256 of every figure, stretch, reason and author behind this"
            f" statement, the same wherever the database is read: <code>{said.inputs_sha256}</code></p>\n",
            "</body></html>\n",
        )
    )


def _outages(said: Statement) -> str:
    heads = ("target", "from", "to", "lasted", "kind", "verdict", "cause", "revision")
    lines = [
        (
            one.target,
            iso(one.opened_ms),
            "" if one.closed_ms is None else iso(one.closed_ms),
            clock_text(one.lasted_ms),
            *(text.replace("_", " ") for text in (one.kind, one.verdict, one.cause)),
            str(one.revision),
        )
        for one in said.outages
    ]
    return _listed("Outages and refusals", heads, lines, "None.")


def _exclusions(said: Statement) -> str:
    heads = ("target", "from", "to", "length", "what", "because")
    lines = [
        (
            one.target,
            iso(one.start_ms),
            iso(one.end_ms),
            clock_text(one.end_ms - one.start_ms),
            one.what,
            one.because,
        )
        for one in said.exclusions
    ]
    return _listed("Left out, and why", heads, lines, "Nothing.")


def _metas(months: Sequence[Mapping[str, Any]]) -> str:
    heads = ("month", "row", "Meta's figure", "Meta's downtime", "ours by its formula", "ours - Meta's")
    lines = [
        (
            month["month"],
            month["target"],
            f"{100 * month['meta']['availability']:.4f} %",
            f"{month['meta']['down_minutes']:.1f} min, {month['meta']['days']} of {month['meta']['of_days']} days",
            f"{month['meta_down_s'] / 60:.1f} min",
            f"{month['meta']['difference_minutes']:+.1f} min",
        )
        for month in months
        if "meta" in month
    ]
    return _listed("Meta's own figures", heads, lines, "None is known for these months.")


def _listed(title: str, heads: Sequence[str], lines: Sequence[Sequence[str]], nothing: str) -> str:
    if not lines:
        return f"<h2>{escape(title)}</h2>\n<p>{escape(nothing)}</p>\n"
    top = "".join(f"<th>{escape(head)}</th>" for head in heads)
    body = "\n".join(f"<tr>{''.join(f'<td>{escape(cell)}</td>' for cell in line)}</tr>" for line in lines)
    table = f'<table class="list"><thead><tr>{top}</tr></thead>\n<tbody>{body}</tbody></table>'
    return f"<h2>{escape(title)}</h2>\n{table}\n"


def _section(target: str, rows: Sequence[Row], *, insufficient: bool) -> str:
    own = [row for row in rows if row.target == target]
    months = months_of(own, insufficient=insufficient)
    lines = [_line("", row.date.isoformat(), row.figures, _said(row)) for row in own]
    lines += [_line(' class="month"', month, one.figures, days_text(one)) for (_, month), one in months.items()]
    heads = "".join(f"<th>{escape(head)}</th>" for head in _HEADS)
    body = "\n".join(lines)
    return f"<h2>{escape(target)}</h2>\n<table><thead><tr>{heads}</tr></thead>\n<tbody>{body}</tbody></table>\n"


def _line(kind: str, name: str, sums: Figures, said: str) -> str:
    cells = (name, *_numbers(sums), said)
    return f"<tr{kind}>{''.join(f'<td>{escape(cell)}</td>' for cell in cells)}</tr>"


def _numbers(sums: Figures) -> Iterator[str]:
    for share in (platform_share, meta_share, experienced_share, coverage_share):
        found = share(sums)
        yield f"{found.text} {found.lost}".rstrip()
    for lost_ms in (
        sums.down_ms,
        sums.meta_down_ms,
        sums.network_ms,
        sums.user_error_ms,
        sums.unproved_ms,
        sums.maintenance_ms,
        sums.unobserved_ms,
        sums.blind_spot_ms,
        sums.partial_ms,
        sums.proven_down_ms,
        sums.worst_down_ms,
    ):
        yield clock_text(lost_ms)


def _said(row: Row) -> str:
    retroactive = f", {clock_text(row.figures.retroactive_ms)} of its maintenance declared afterwards"
    partial = ", partial" if row.partial else ""
    return f"{row.state}, revision {row.revision}{partial}{retroactive if row.figures.retroactive_ms else ''}"


def _restated(rows: Iterable[Row]) -> str:
    changed = [f"<li>{escape(restated_text(row))}</li>" for row in rows if row.revision > 1]
    listed = f"<ul>{''.join(changed)}</ul>" if changed else "<p>Every day stands as it was first published.</p>"
    return f"<h2>Restated</h2>\n{listed}\n"
