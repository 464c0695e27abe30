"""Published days as files for others: CSV for spreadsheets, one HTML page that prints well."""

import csv
from collections.abc import Iterable, Iterator, Mapping, Sequence
from html import escape
from typing import Any, TextIO

from wamon.cli.figures import Row, days_text, legend, months_of, restated_text
from wamon.core.timeline import iso
from wamon.core.uptime import Figures, clock_text
from wamon.web.words import coverage_share, experienced_share, meta_share, platform_share

_STYLE = """
body { font: 11pt/1.4 system-ui, sans-serif; margin: 2em auto; max-width: 62em; padding: 0 1em; color: #111 }
h2 { margin-top: 2em; break-after: avoid } table { border-collapse: collapse; width: 100% }
th, td { text-align: right; padding: .15em .5em; border-bottom: 1px solid #ccc }
td { font-variant-numeric: tabular-nums }
th:first-child, td:first-child, th:last-child, td:last-child { text-align: left }
tr { break-inside: avoid } thead { display: table-header-group } tr.month td { font-weight: bold }
@page { margin: 15mm } @media print { body { margin: 0; max-width: none; font-size: 9pt } }
"""

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


def write_csv(document: Mapping[str, Any], out: TextIO) -> None:
    """A line for each day; seconds and unrounded ratios, as in JSON."""
    days = document["days"]
    plain = [key for key in days[0] if key not in ("first_published", "secondary")]
    lines = csv.writer(out, lineterminator="\n")
    lines.writerow([*plain, "first_published_availability"])
    for day in days:
        first = (day["first_published"] or {}).get("availability")
        lines.writerow([*(_cell(day[key]) for key in plain), "" if first is None else first])


def _cell(value: object) -> object:
    """A text that a spreadsheet would take for a formula is kept a text."""
    if value is None:
        return ""
    return f"'{value}" if isinstance(value, str) and value[:1] in tuple("=+-@") else value


def write_html(rows: Sequence[Row], zone: str, place: str, at_ms: int, *, insufficient: bool = False) -> str:
    """One self-contained page: every target's days and months, and what was restated."""
    first, last = min(row.date for row in rows), max(row.date for row in rows)
    title = f"Availability of the WhatsApp Business Cloud API, {first} to {last}"
    return "".join(
        (
            f'<!doctype html>\n<html lang="en"><head><meta charset="utf-8"><title>{escape(title)}</title>',
            f"<style>{_STYLE}</style></head>\n<body><h1>{escape(title)}</h1>\n",
            f"<p>Observed from {escape(place)}; days in {escape(zone)}; written {iso(at_ms)}.</p>\n",
            *(f"<p>{escape(text)}</p>\n" for text in legend()),
            *(
                _section(target, rows, insufficient=insufficient)
                for target in sorted({row.target for row in rows})
            ),
            _restated(rows),
            "</body></html>\n",
        )
    )


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
