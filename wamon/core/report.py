"""One frozen snapshot that every face prints: page, metrics, JSON, terminal. Nothing is computed after it."""

from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from enum import StrEnum
from typing import NamedTuple
from zoneinfo import ZoneInfo

import msgspec

from wamon.core.account_lines import Line
from wamon.core.calendar import Calendar
from wamon.core.catalogue import wording
from wamon.core.days import PLATFORM, Overlay, counted, day_figures
from wamon.core.finding import Column, Finding
from wamon.core.incident import Incident, Kind
from wamon.core.latency import Latency
from wamon.core.observation import ProbeKind
from wamon.core.publication import DayState, Passed, Publication, day_state
from wamon.core.reference import MetasWord
from wamon.core.shown_days import NO_DAYS, Day, ShownDays, ShownRow, published_day
from wamon.core.silence import Silence
from wamon.core.standing import Standing, standings
from wamon.core.timeline import MINUTE
from wamon.core.uptime import Figures
from wamon.core.vigil import Vigil
from wamon.core.watched import EVIDENCE, Watched

__all__ = [
    "COMPONENTS",
    "Day",
    "Ledgered",
    "Report",
    "State",
    "TargetReport",
    "Told",
    "published_day",
    "snapshot",
]

COMPONENTS = {
    ProbeKind.EDGE: "Graph",
    ProbeKind.API: "account management",
    ProbeKind.MESSAGE: "send",
    ProbeKind.ROUNDTRIP: "send and receive",
    ProbeKind.TRAFFIC: "real messages",
    ProbeKind.WEBHOOK: "your endpoint",
    ProbeKind.TOKEN: "evidence: the token",
    ProbeKind.CONTROL: "evidence: a control",
}


class State(StrEnum):
    """States of a target (CONTRACT section 8)."""

    OPERATIONAL = "operational"
    DEGRADED = "degraded"
    DISRUPTION = "disruption"
    OUTAGE = "outage"
    UNOBSERVED = "unobserved"
    MAINTENANCE = "maintenance"


class TargetReport(msgspec.Struct, frozen=True):
    """One target now. ``explanation`` and ``remedy`` are of its last look; ``days`` run from old to today."""

    name: str
    probe: ProbeKind
    account: str
    component: str
    state: State
    since_ms: int | None
    last_at_ms: int | None
    last: Finding | None
    explanation: str
    remedy: str
    days: tuple[Day, ...]
    periods: Mapping[str, Figures]
    latency: Latency | None = None


class Told(msgspec.Struct, frozen=True):
    """A notice as it was told; ``incident`` names what it was about, where it was about one."""

    at_ms: int
    kind: str
    phase: str
    target: str
    severity: str
    title: str
    incident: str = ""


class Report(msgspec.Struct, frozen=True):
    """Everything there is to show at one instant. ``platform`` is null without targets that send and receive.

    ``reference`` is Meta's own status page; None where it is not asked.
    """

    at_ms: int
    zone: str
    objective_percent: float
    version: str
    targets: tuple[TargetReport, ...]
    platform: tuple[Day, ...]
    platform_periods: Mapping[str, Figures]
    incidents: tuple[Incident, ...]
    notices: tuple[Told, ...] = ()
    standings: Mapping[str, Standing] = {}
    silences: tuple[Silence, ...] = ()
    reference: MetasWord | None = None
    ourselves: tuple[Line, ...] = ()
    """Are we the problem? What is wrong first."""


class Ledgered(msgspec.Struct, frozen=True):
    """What the ledger adds to the watch: the trail of published days, when watching began, and what was told.

    ``published`` gives, by row and day, the first and the latest publication; ``incidents`` are read off the
    segments behind them, for the days that memory no longer holds. ``zones`` are those in which days were closed.
    """

    published: Mapping[tuple[str, date], tuple[Publication, Publication]]
    first_ms: Mapping[str, int]
    overlay: Overlay = Overlay()
    notices: tuple[Told, ...] = ()
    passes: tuple[Passed, ...] = ()
    incidents: tuple[Incident, ...] = ()
    zones: Mapping[date, str] = {}
    shown: ShownDays | None = None
    """The days that were published, where they were put together for an earlier report already."""


def snapshot(
    vigil: Vigil,
    past: Ledgered,
    now_ms: int,
    zone: ZoneInfo,
    *,
    objective_percent: float,
    version: str,
    days: int = 90,
    last: Mapping[str, tuple[int, Finding]],
) -> Report:
    """Put the report together. ``last`` gives each target's last look: its instant and finding."""
    calendar = Calendar(zone, past.zones)
    today = calendar.day_of(now_ms)
    targets = list(vigil.watched.values())
    timelines = {one.name: vigil.timeline(one.name, now_ms) for one in counted(targets)}
    open_day = day_figures(targets, timelines, past.first_ms, calendar.span(today), now_ms, past.overlay)
    yesterday = today - timedelta(days=1)
    unclosed = (
        day_figures(targets, timelines, past.first_ms, calendar.span(yesterday), now_ms, past.overlay)
        if day_state(yesterday, calendar.zone_of(yesterday), now_ms) is DayState.OPEN
        else {}
    )
    shown = past.shown or ShownDays(past.published, past.passes, days)
    rows = shown.rows((*timelines, PLATFORM), {yesterday: unclosed, today: open_day}, now_ms, today, zone)
    found = {name: vigil.incidents(name, now_ms) for name in timelines}
    troubles = _every_incident(past.incidents, [one for row in found.values() for one in row], now_ms)
    return Report(
        at_ms=now_ms,
        zone=zone.key,
        objective_percent=objective_percent,
        version=version,
        targets=tuple(_target(one, vigil, rows, found, last, _Now(now_ms, past.overlay)) for one in targets),
        platform=rows[PLATFORM].days,
        platform_periods=rows[PLATFORM].periods,
        incidents=troubles,
        notices=past.notices,
        standings=standings(troubles, vigil.watched, vigil.remarks, vigil.lasting, vigil.known.catalogue, now_ms),
        silences=tuple(one for one in vigil.silences if one.holds(now_ms)),
    )


def _every_incident(past: Sequence[Incident], fresh: Sequence[Incident], now_ms: int) -> tuple[Incident, ...]:
    """Newest first. One that memory holds only the end of is told once, as the ledger has it."""
    since_ms = min((one.opened_ms for one in fresh), default=now_ms)
    near = [(one.target, span) for one in past if (span := one.span(now_ms)).end_ms > since_ms]
    later = [
        one
        for one in fresh
        if not any(target == one.target and span.overlaps(one.span(now_ms)) for target, span in near)
    ]
    return tuple(sorted((*past, *later), key=lambda one: -one.opened_ms))


class _Now(NamedTuple):
    at_ms: int
    overlay: Overlay


def _target(
    one: Watched,
    vigil: Vigil,
    rows: Mapping[str, ShownRow],
    found: Mapping[str, Sequence[Incident]],
    last: Mapping[str, tuple[int, Finding]],
    now: _Now,
) -> TargetReport:
    looked = last.get(one.name)
    current = next((i for i in found.get(one.name, ()) if i.closed_ms is None), None)
    resting = next((span for span in now.overlay.of(one.name).spans if span.holds(now.at_ms)), None)
    explanation, remedy = wording(looked[1], vigil.known.catalogue) if looked else ("Not looked at yet.", "")
    row = rows.get(one.name, NO_DAYS)
    return TargetReport(
        name=one.name,
        probe=one.probe,
        account=one.account,
        component=COMPONENTS[one.probe],
        state=State.MAINTENANCE if resting else _state(one, current, looked, now.at_ms),
        since_ms=resting.start_ms if resting else current.opened_ms if current else None,
        last_at_ms=looked[0] if looked else None,
        last=looked[1] if looked else None,
        explanation=explanation,
        remedy=remedy,
        days=row.days,
        periods=row.periods,
    )


_OF_KIND = {
    Kind.OUTAGE: State.OUTAGE,
    Kind.ENDPOINT: State.OUTAGE,
    Kind.DISRUPTION: State.DISRUPTION,
    Kind.USER_ERROR: State.DISRUPTION,
    Kind.UNOBSERVED: State.UNOBSERVED,
}


_QUIET_MS = 10 * MINUTE
"""Of real messages nothing is said any more when none was told of for so long."""


def _state(one: Watched, current: Incident | None, looked: tuple[int, Finding] | None, now_ms: int) -> State:
    """The state of an open incident; without one, a single bad look is "degraded" until it is confirmed."""
    if looked is None:
        return State.UNOBSERVED
    looked_ms, last = looked
    if current is not None:
        return _OF_KIND[current.kind]
    if one.told and now_ms - looked_ms > _QUIET_MS:
        return State.UNOBSERVED
    if last.column is Column.UP:
        return State.OPERATIONAL
    if one.probe in EVIDENCE:
        return State.OUTAGE
    return State.UNOBSERVED if last.column is Column.UNOBSERVED else State.DEGRADED
