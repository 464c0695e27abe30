"""The pages of a target, of a day and of an incident as plain values."""

from datetime import date, timedelta
from zoneinfo import ZoneInfo

import msgspec

from wamon.core.catalogue import load, meanings
from wamon.core.chronicle import Chronicle, Ruled
from wamon.core.days import PLATFORM
from wamon.core.finding import Finding
from wamon.core.incident import REOPENED_WITHIN_MS, Incident
from wamon.core.notice_words import WHOSE
from wamon.core.observation import ProbeKind
from wamon.core.publication import Publication
from wamon.core.report import Day, Report
from wamon.core.timeline import day_of, days_between, parse_iso
from wamon.core.watched import EVIDENCE
from wamon.web import words
from wamon.web.charts import PLATFORM_READINGS, Chart, Line, lines, readings_of
from wamon.web.people import Stands, stands
from wamon.web.ribbon import Ribbon, ribbon
from wamon.web.troubles import (
    Restated,
    Tale,
    Trouble,
    day_href,
    newest_first,
    probes_of,
    restated,
    target_href,
    told,
    trouble,
)
from wamon.web.view import Frame, Target, frame, platform_chart, target
from wamon.web.words import Headline, When

_ORIGINS = {
    "live": "at once",
    "follow_up": "evidence that came within minutes",
    "reclassification": "the weekly pass",
    "person": "a person",
}
MOST_DAYS = 31
"""An incident's page links to so many days at most."""


class TargetPage(msgspec.Struct, frozen=True):
    """Everything about one target; ``chart`` is the platform's where ``target`` is None."""

    frame: Frame
    name: str
    target: Target | None
    now: Headline | None
    sign: str
    chart: Chart
    incidents: list[Trouble]
    restated: list[Restated]


class Turn(msgspec.Struct, frozen=True):
    """Rulings that say the same of looks in a row, in words."""

    when: str
    looks: str
    who: str
    ruled: When
    before: str
    after: str
    because: str
    withdrawn: bool


class Said(msgspec.Struct, frozen=True):
    """One publication of a day, in words."""

    revision: int
    at: When
    figures: str
    because: str
    author: str


class DayPage(msgspec.Struct, frozen=True):
    """A day of a row: ``ribbon`` is None for a row that is put together of others."""

    frame: Frame
    name: str
    href: str
    day: str
    state: str
    earlier: str
    later: str
    lines: list[Line]
    columns: tuple[str, ...]
    ribbon: Ribbon | None
    turns: list[Turn]
    trail: list[Said]
    incidents: list[Trouble]
    looks: str


class Code(msgspec.Struct, frozen=True):
    """One of Meta's codes, and what it means."""

    code: int
    title: str
    explanation: str
    remedy: str


class IncidentPage(msgspec.Struct, frozen=True):
    """An incident told whole. ``renamed``: it was asked for by a name it had before it was judged again."""

    frame: Frame
    trouble: Trouble
    name: str
    renamed: bool
    target_href: str
    codes: list[Code]
    days: list[tuple[str, str]]
    told: list[Tale]
    remedy: str
    stands: Stands | None


def target_page(report: Report, name: str) -> TargetPage | None:
    """None for a name that has no days."""
    zone = ZoneInfo(report.zone)
    today = day_of(report.at_ms, zone)
    found = next((one for one in report.targets if one.name == name and one.probe not in EVIDENCE), None)
    one = target(found, report, today, zone) if found else None
    drawn = one.chart if one else platform_chart(report, today) if name == PLATFORM else None
    if drawn is None:
        return None
    probes = probes_of(report)
    now = words.platform_now(report) if one is None else None
    return TargetPage(
        frame(report),
        name,
        one,
        now,
        words.SIGNS[now.state] if now else one.sign if one else "",
        drawn,
        [
            trouble(i, probes, report.at_ms, zone, report.standings.get(i.name))
            for i in newest_first(report)
            if i.target == name
        ],
        restated(report, name),
    )


def day_page(report: Report, found: Chronicle, day: date) -> DayPage:
    """A day's figures, its ribbon and its trail."""
    zone, probes = ZoneInfo(found.zone), probes_of(report)
    probe = probes.get(found.target, ProbeKind.API)
    readings = PLATFORM_READINGS if found.target == PLATFORM else readings_of(probe)
    stands = found.day
    first = stands.first if stands.restated else None
    return DayPage(
        frame=frame(report),
        name=found.target,
        href=target_href(found.target),
        day=words.day_text(day),
        state=_state(stands),
        earlier=day_href(found.target, day - timedelta(days=1)),
        later=day_href(found.target, day + timedelta(days=1)) if day < day_of(report.at_ms, zone) else "",
        columns=("As it stands", "First said") if first else ("The day",),
        lines=lines([stands.figures, first] if first else [stands.figures], readings),
        ribbon=ribbon(found, report.at_ms) if found.target in probes else None,
        turns=[_turn(one, zone) for one in found.rulings],
        trail=[_said(one, zone) for one in reversed(found.trail)],
        incidents=[
            trouble(one, probes, report.at_ms, zone, report.standings.get(one.name)) for one in found.incidents
        ],
        looks=f"{found.looks:,} looks" if found.looks != 1 else "1 look",
    )


def _state(day: Day) -> str:
    revised = f", revision {day.revision}" if day.revision > 1 else ""
    return f"{day.state.value}{revised}{', partial' if day.partial else ''}"


def _turn(one: Ruled, zone: ZoneInfo) -> Turn:
    first, last = words.clock(one.first_ms, zone), words.clock(one.last_ms, zone)
    return Turn(
        when=first if first == last else f"{first} to {last}",
        looks="1 look" if one.looks == 1 else f"{one.looks} looks",
        who=one.author or _ORIGINS[one.origin.value],
        ruled=words.when(one.ruled_at_ms, zone),
        before=_finding(one.before) if one.before else "unknown: the looks were dropped",
        after=_finding(one.after),
        because=one.because or f"rule {one.after.rule.replace('_', ' ')}",
        withdrawn=one.withdrawn,
    )


def _finding(one: Finding) -> str:
    cause = "" if one.cause.value == "none" else f", {one.cause.value.replace('_', ' ')}"
    code = f" (code {one.code})" if one.code is not None else ""
    firm = ", not yet certain" if one.provisional else ""
    return f"{WHOSE[one.verdict]}: {one.verdict.value.replace('_', ' ')}{cause}{code}{firm}"


def _said(one: Publication, zone: ZoneInfo) -> Said:
    share = words.platform_share(one.figures)
    return Said(
        one.revision,
        words.when(one.published_at_ms, zone),
        f"{share.text} {share.lost}".rstrip(),
        one.reason,
        "" if one.author == "wamon" else one.author,
    )


def find_incident(report: Report, name: str) -> Incident | None:
    """By its name; one that was judged otherwise since then by its target and the instant in the old name."""
    exact = next((one for one in report.incidents if one.name == name), None)
    if exact is not None:
        return exact
    row, _, instant = name.rpartition("@")
    try:
        at_ms = parse_iso(instant)
    except ValueError:
        return None
    near = [
        one
        for one in report.incidents
        if one.target == row
        and one.opened_ms - REOPENED_WITHIN_MS <= at_ms < one.span(report.at_ms).end_ms + REOPENED_WITHIN_MS
    ]
    return min(near, key=lambda one: abs(one.opened_ms - at_ms), default=None)


def incident_page(report: Report, name: str) -> IncidentPage | None:
    """None where nothing is known of such an incident."""
    one = find_incident(report, name)
    if one is None:
        return None
    zone = ZoneInfo(report.zone)
    span = one.span(report.at_ms)
    days = days_between(day_of(span.start_ms, zone), day_of(max(span.start_ms, span.end_ms - 1), zone))
    codes = [
        Code(code, entry.title, entry.explanation, entry.remedy)
        for code in one.codes
        if (entry := next(meanings(load(), code), None))
    ]
    notes = sorted(report.notices, key=lambda note: note.at_ms)
    current = next((target for target in report.targets if target.name == one.target), None)
    return IncidentPage(
        frame=frame(report),
        trouble=trouble(one, probes_of(report), report.at_ms, zone),
        name=one.name,
        renamed=one.name != name,
        target_href=target_href(one.target),
        codes=codes,
        days=[(words.day_text(day), day_href(one.target, day)) for day in [*days][-MOST_DAYS:]],
        told=[told(note, zone) for note in notes if note.incident in (name, one.name)],
        remedy=current.remedy if current and one.closed_ms is None else "",
        stands=stands(report.standings.get(one.name), zone),
    )
