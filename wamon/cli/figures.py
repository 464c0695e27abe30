"""Days and months as people read them: one table a target, every percentage beside the time behind it."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date
from typing import Any

import msgspec

from wamon.cli.sparks import sparks
from wamon.core.days import PLATFORM
from wamon.core.secondary import MILLION, Secondary, add
from wamon.core.timeline import SECOND
from wamon.core.uptime import Figures, Period, clock_text, percent, percent_and_lost, period, ratio_percent
from wamon.terminal import BAD, OFF, OURS, QUIET, Cell, Page
from wamon.web.words import INSUFFICIENT, Share, experienced_share, maintenance_text, meta_share, platform_share

SPARK_FROM, MOST_SPARKS = 3, 366
"""A line of blocks stands above this many days and more."""

WIDE = 100
"""From so many columns on, every sum has a column of its own."""

_SHORT = {INSUFFICIENT: "too little"}
_ALWAYS = ("platform", "Meta's way", "experienced")
_ONLY_WIDE = ("network", "ours", "unobserved")


class Row(msgspec.Struct, frozen=True):
    """A day of one target. ``first`` is the availability as it was first published, as text; empty for none."""

    target: str
    date: date
    state: str
    revision: int
    figures: Figures
    first: str = ""
    reason: str = ""
    secondary: Secondary | None = None
    partial: bool = False


def row_of(document: Mapping[str, Any]) -> Row:
    """A row from one of a replay's or a page's ``days``."""
    sums = figures_of(document)
    told = document.get("first_published")
    first = ratio_percent(told["availability"]) if told else ""
    return Row(
        document["target"],
        date.fromisoformat(document["date"]),
        document["state"],
        document["revision"],
        sums,
        first,
        document.get("reason", ""),
        partial=document.get("partial", False),
    )


def figures_of(document: Mapping[str, Any]) -> Figures:
    """The sums of a document in milliseconds; ``seconds`` is the total."""
    keys = {name: f"{name.removesuffix('_ms')}_s" for name in Figures.__struct_fields__ if name.endswith("_ms")}
    sums = {name: round(document[key] * SECOND) for name, key in keys.items() if key in document}
    return Figures(total_ms=round(document["seconds"] * SECOND), **sums)


def months_of(rows: Iterable[Row], *, insufficient: bool = False) -> dict[tuple[str, str], Period]:
    """Sums by target and month (``2026-11``). Badly observed days count only when they are asked for."""
    parts: dict[tuple[str, str], list[Figures]] = {}
    for row in rows:
        parts.setdefault((row.target, f"{row.date:%Y-%m}"), []).append(row.figures)
    return {key: period(days, insufficient=insufficient) for key, days in parts.items()}


def secondary_of(
    rows: Iterable[Row], *, insufficient: bool = False
) -> dict[tuple[str, str], list[Secondary | None]]:
    """The secondary lines of the days that a month is made of; None for days that have none."""
    parts: dict[tuple[str, str], list[Secondary | None]] = {}
    for row in rows:
        found = parts.setdefault((row.target, f"{row.date:%Y-%m}"), [])
        if insufficient or not row.figures.insufficient:
            found.append(row.secondary)
    return parts


def days_text(one: Period) -> str:
    """``29 days, 1 left out``: what a month is made of."""
    days = "1 day" if one.days == 1 else f"{one.days} days"
    return f"{days}, {one.left_out} left out" if one.left_out else days


def print_days(page: Page, rows: Sequence[Row], *, insufficient: bool = False) -> None:
    """A table for each target, its months below its days; the platform last."""
    months = months_of(rows, insufficient=insufficient)
    shown = {row.target for row in rows if row.target != PLATFORM or row.figures.observed_ms > 0}
    targets = sorted(shown, key=lambda name: (name == PLATFORM, name))
    heads = ("day", *_ALWAYS, *(_ONLY_WIDE if page.width >= WIDE else ()), "said")
    for target in targets:
        page.heading(target)
        days = [(row.date.isoformat(), row.figures, _said(row)) for row in rows if row.target == target]
        whole: list[tuple[str, Figures, Cell]] = [
            (month, one.figures, (", ".join(filter(None, (days_text(one), _planned(one.figures)))), QUIET))
            for (name, month), one in months.items()
            if name == target
        ]
        lines = [_line(name, sums, said, heads) for name, sums, said in (*days, *whole)]
        if len(days) >= SPARK_FROM:
            known = {row.date: row.figures for row in rows if row.target == target}
            first, last = min(known), max(known)
            page.line(*sparks(known, last, min((last - first).days + 1, page.width, MOST_SPARKS)))
        page.table(heads, lines, right=heads[1:-1], prose=["said"])
    if PLATFORM not in shown:
        page.line("")
        page.line((f"{PLATFORM}: no figures, as no target sends and receives messages.", QUIET))


_SECONDARY = ("day", "bad min", "in rows of 10", "slow", "5-min success", "looks", "succeeded", "95 % sure")


def print_secondary(page: Page, rows: Sequence[Row], *, insufficient: bool = False) -> None:
    """The secondary lines, a table for each target: never beside the figures that count."""
    months, slow = secondary_of(rows, insufficient=insufficient), months_of(rows, insufficient=insufficient)
    for target in dict.fromkeys(row.target for row in sorted(rows, key=lambda row: row.target)):
        page.heading(f"{target}, secondary lines")
        days = [(row.date.isoformat(), row.figures.slow_ms, row.secondary) for row in rows if row.target == target]
        whole = [
            (month, slow[target, month].figures.slow_ms, add(parts))
            for (name, month), parts in months.items()
            if name == target
        ]
        page.table(_SECONDARY, [_secondary_line(*one) for one in (*days, *whole)], right=_SECONDARY[1:])
    page.line("")
    page.line(
        (
            "bad min: minutes more than half of which was down. slow: time of good answers that took longer than "
            "[availability] latency_objective. 5-min success: the mean share of looks that were "
            "answered, over five-minute windows. succeeded: all looks, single failures included; they are looked "
            "at again sooner while they fail, so this is a share of looks and not of time.",
            QUIET,
        )
    )


def _secondary_line(name: str, slow_ms: int, sums: Secondary | None) -> list[Cell]:
    if sums is None:
        return [name, *[("not kept", QUIET)] * (len(_SECONDARY) - 1)]
    low, high = sums.success_bounds or (None, None)
    failed = sums.looks - sums.succeeded
    return [
        name,
        str(sums.bad_minutes),
        str(sums.bad_minutes_in_rows),
        _lost(slow_ms, OURS),
        percent(MILLION * sums.windows - sums.share_ppm, MILLION * sums.windows),
        f"{failed} of {sums.looks} failed",
        percent(failed, sums.looks),
        f"{ratio_percent(low)} to {ratio_percent(high)}" if sums.looks else "no data",
    ]


def print_restated(page: Page, rows: Iterable[Row]) -> None:
    """What is said otherwise today than when it was first published."""
    changed = [row for row in rows if row.revision > 1]
    page.heading("Restated")
    page.listed([restated_text(row) for row in changed] or ["nothing: every day stands as it was first published"])


def restated_text(row: Row) -> str:
    """``cloud-api 2026-11-03: 99.81 % (0:02:44) -> 99.97 % (0:00:25), revision 3, weekly pass: ...``."""
    now = percent_and_lost(row.figures.down_ms, row.figures.platform_ms)
    same = now == row.first or now.startswith(f"{row.first} (")
    change = f"{now}, other sums changed" if same else f"{row.first} -> {now}"
    because = f", {row.reason}" if row.reason else ""
    return f"{row.target} {row.date}: {change}, revision {row.revision}{because}"


def _line(name: str, sums: Figures, said: Cell, heads: Sequence[str]) -> list[Cell]:
    cells: dict[str, Cell] = {
        "day": name,
        "platform": _share(platform_share(sums), BAD),
        "Meta's way": _share(meta_share(sums), BAD),
        "experienced": _share(experienced_share(sums), OURS),
        "network": _lost(sums.network_ms, OFF),
        "ours": _lost(sums.user_error_ms, OURS),
        "unobserved": _lost(sums.unobserved_ms, QUIET),
        "said": said,
    }
    return [cells[head] for head in heads]


def _share(share: Share, style: str) -> Cell:
    text = f"{_SHORT.get(share.text, share.text)} {share.lost}".rstrip()
    return (text, QUIET) if not share.said else text if share.text == "100 %" else (text, style)


def _lost(lost_ms: int, style: str) -> Cell:
    return (clock_text(lost_ms), style) if lost_ms else ("-", QUIET)


def _said(row: Row) -> Cell:
    """``closed``, ``settled, rev 2``, whether it is partial, and the maintenance of the day."""
    revised = f"rev {row.revision}" if row.revision > 1 else ""
    partial = "partial" if row.partial else ""
    text = ", ".join(filter(None, (row.state, revised, partial, _planned(row.figures))))
    return text if revised else (text, QUIET)


def _planned(sums: Figures) -> str:
    return maintenance_text(sums) if sums.maintenance_ms else ""


def legend() -> Iterator[str]:
    """What the columns mean."""
    yield (
        "platform: every second down counts. Meta's way: only what lasted 10 minutes. "
        "experienced: whatever stopped us. Beside each: the time lost."
    )
    yield (
        "too little: less than 90 % of the time was observed, so no percentage is claimed, "
        "and the day is left out of its month."
    )
    yield "partial: watched for less than the day; a first day begins with watching, today ends now."
