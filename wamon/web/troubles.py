"""Incidents and restated days as the pages tell them."""

from collections.abc import Mapping
from urllib.parse import quote
from zoneinfo import ZoneInfo

import msgspec

from wamon.core.days import PLATFORM
from wamon.core.incident import Incident
from wamon.core.observation import ProbeKind
from wamon.core.report import Report, Told
from wamon.core.standing import Standing
from wamon.web import words
from wamon.web.words import Share, When


class Trouble(msgspec.Struct, frozen=True):
    """An incident, open or over. ``acknowledged`` is who sees to it, empty where nobody said so."""

    target: str
    href: str
    kind: str
    opened: When
    closed: When | None
    lasted: str
    blame: str
    counted: str
    verdict: str
    acknowledged: str = ""


class Restated(msgspec.Struct, frozen=True):
    """A day of which something else is said now than at first; ``stays`` is what did, where a view is named."""

    day: str
    href: str
    target: str
    stays: Share
    change: words.Changed
    revision: int
    reason: str


class Tale(msgspec.Struct, frozen=True):
    """Something that was told, with its instant in words."""

    at: When
    title: str
    text: str


def target_href(name: str) -> str:
    """The page of a target."""
    return f"/target/{quote(name, safe='', errors='replace')}"


def day_href(name: str, day: object) -> str:
    """The page of a day of a target."""
    return f"{target_href(name)}/{day}"


def incident_href(one: Incident) -> str:
    """The page of an incident."""
    return f"/incident/{quote(one.name, safe='@:', errors='replace')}"


def probes_of(report: Report) -> dict[str, ProbeKind]:
    """What every target is."""
    return {one.name: one.probe for one in report.targets}


def newest_first(report: Report) -> list[Incident]:
    """Open ones before those that are over."""
    return sorted(report.incidents, key=lambda one: (one.closed_ms is not None, -one.opened_ms))


def trouble(
    one: Incident, probes: Mapping[str, ProbeKind], now_ms: int, zone: ZoneInfo, stands: Standing | None = None
) -> Trouble:
    """One incident in words."""
    ack = stands.acknowledged if stands else None
    return Trouble(
        target=one.target,
        href=incident_href(one),
        kind=one.kind.value.replace("_", " "),
        opened=words.when(one.opened_ms, zone),
        closed=words.until(one.closed_ms, one.opened_ms, zone) if one.closed_ms is not None else None,
        lasted=words.lasted(one, now_ms),
        blame=words.blame(one, probes.get(one.target, ProbeKind.API)),
        counted=words.counted_as(one),
        verdict=f"{one.verdict.value}, cause {one.cause.value}",
        acknowledged=ack.author if ack else "",
    )


def restated(report: Report, name: str | None = None) -> list[Restated]:
    """All days restated, or one row's, newest first; the platform's own row before its targets."""
    rows = [*((one.name, one.days) for one in report.targets)]
    if words.sends_and_receives(report):
        rows.insert(0, (PLATFORM, report.platform))
    found = [
        (day, row)
        for row, days in rows
        for day in days
        if day.restated and day.first is not None and name in (None, row)
    ]
    return [
        Restated(
            words.day_text(day.date),
            day_href(row, day.date),
            row,
            words.platform_share(day.figures),
            words.changed(day.first or day.figures, day.figures),
            day.revision,
            day.reason,
        )
        for day, row in sorted(found, key=lambda one: one[0].date, reverse=True)
    ]


def told(one: Told, zone: ZoneInfo) -> Tale:
    """A notice as it was told."""
    return Tale(words.when(one.at_ms, zone), one.title, f"{one.kind.replace('_', ' ')}, {one.phase}")
