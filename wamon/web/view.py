"""The status page as plain values: everything the template prints, put into words beforehand."""

from collections.abc import Callable, Mapping, Sequence
from datetime import date
from zoneinfo import ZoneInfo

import msgspec

from wamon.core.finding import Verdict
from wamon.core.incident import Incident
from wamon.core.notice_words import duration_text
from wamon.core.observation import ProbeKind
from wamon.core.report import Day, Report, State, TargetReport, Told
from wamon.core.timeline import day_of
from wamon.core.uptime import Figures, clock_text
from wamon.core.vigil import EVIDENCE
from wamon.metrics import allowed_down_ms, error_budget
from wamon.web import words
from wamon.web.bars import Bar, bars
from wamon.web.reference import Theirs, theirs
from wamon.web.words import Headline, Share, When

INCIDENTS = 40
NOTICES = 30
"""More of these would bury the newest; all are in the JSON and on the command line."""


class Story(msgspec.Struct, frozen=True):
    """What really happened, where somebody knows: the demo tells its scenario beside what was made of it."""

    at_ms: int
    title: str
    text: str


class Line(msgspec.Struct, frozen=True):
    """A row of the table of figures: what it is, what it means, and a cell for each period."""

    title: str
    meaning: str
    cells: tuple[Share, ...]


class Reading(msgspec.Struct, frozen=True):
    """One way to read the figures of a period: a row of the table before it is filled."""

    title: str
    meaning: str
    read: Callable[[Figures], Share]


class Chart(msgspec.Struct, frozen=True):
    """A row's days: bars, a sentence that sums them up, the days worth a word, and the figures of the periods."""

    bars: list[Bar]
    first: str
    summary: str
    days: list[Bar]
    periods: tuple[str, ...]
    lines: list[Line]
    budget: str = ""


class Trouble(msgspec.Struct, frozen=True):
    """An incident, open or over."""

    target: str
    kind: str
    opened: When
    closed: When | None
    lasted: str
    blame: str
    counted: str
    verdict: str


class Target(msgspec.Struct, frozen=True):
    """One target. ``said`` is whose fault its trouble is, with explanation and remedy where something is wrong."""

    name: str
    component: str
    account: str
    state: State
    sign: str
    since: str
    last: When | None
    said: str
    explanation: str
    remedy: str
    chart: Chart | None


class Restated(msgspec.Struct, frozen=True):
    """A day of which something else is said now than at first."""

    day: str
    target: str
    before: Share
    after: Share
    revision: int
    reason: str


class Tale(msgspec.Struct, frozen=True):
    """A story with its instant in words; also a notice that was told."""

    at: When
    title: str
    text: str


class Page(msgspec.Struct, frozen=True):
    """The whole page."""

    at: When
    zone: str
    version: str
    objective: str
    headline: Headline
    sign: str
    several_accounts: bool
    targets: list[Target]
    evidence: list[Target]
    platform: Chart | None
    incidents: list[Trouble]
    older_incidents: int
    restated: list[Restated]
    notices: list[Tale]
    stories: list[Tale]
    theirs: Theirs | None


def page(report: Report, stories: Sequence[Story]) -> Page:
    """Everything the page prints, in the order of the page."""
    zone = ZoneInfo(report.zone)
    today = day_of(report.at_ms, zone)
    top = words.headline(report)
    targets = [_target(one, report, today, zone) for one in report.targets]
    probes = {one.name: one.probe for one in report.targets}
    newest = sorted(report.incidents, key=lambda one: (one.closed_ms is not None, -one.opened_ms))
    return Page(
        at=words.when(report.at_ms, zone),
        zone=report.zone,
        version=report.version,
        objective=f"{report.objective_percent:g} %",
        headline=top,
        sign=words.SIGNS[top.state],
        several_accounts=len({one.account for one in report.targets}) > 1,
        targets=[one for one in targets if one.chart is not None],
        evidence=[one for one in targets if one.chart is None],
        platform=_platform(report, today),
        incidents=[_trouble(one, probes, report.at_ms, zone) for one in newest[:INCIDENTS]],
        older_incidents=max(0, len(newest) - INCIDENTS),
        restated=_restated(report),
        notices=[_told(one, zone) for one in sorted(report.notices, key=lambda one: -one.at_ms)[:NOTICES]],
        stories=[Tale(words.when(one.at_ms, zone), one.title, one.text) for one in stories],
        theirs=theirs(report, zone),
    )


def _platform(report: Report, today: date) -> Chart | None:
    if not words.sends_and_receives(report):
        return None
    return _chart(report.platform, report.platform_periods, today, report.objective_percent, _READINGS)


def _target(one: TargetReport, report: Report, today: date, zone: ZoneInfo) -> Target:
    trouble = next((i for i in report.incidents if i.target == one.name and i.closed_ms is None), None)
    wrong = one.last is None or one.last.verdict is not Verdict.OK
    readings = _ENDPOINT_READINGS if one.probe is ProbeKind.WEBHOOK else _READINGS
    chart = _chart(one.days, one.periods, today, report.objective_percent, readings)
    return Target(
        name=one.name,
        component=one.component.removeprefix("evidence: "),
        account=one.account,
        state=one.state,
        sign=words.SIGNS[one.state],
        since=_since(one, report.at_ms, zone),
        last=words.when(one.last_at_ms, zone) if one.last_at_ms is not None else None,
        said=f"{words.blame(trouble, one.probe)}. {words.counted_as(trouble)}" if trouble else "",
        explanation=one.explanation if wrong else "",
        remedy=one.remedy if wrong else "",
        chart=None if one.probe in EVIDENCE else chart,
    )


def _since(one: TargetReport, now_ms: int, zone: ZoneInfo) -> str:
    if one.since_ms is None:
        return ""
    return f"since {words.when(one.since_ms, zone).text} ({duration_text(now_ms - one.since_ms)})"


def _chart(
    days: Sequence[Day],
    periods: Mapping[str, Figures],
    today: date,
    objective_percent: float,
    readings: Sequence[Reading],
) -> Chart:
    shown = bars(days, today)
    worth = [one for one in reversed(shown) if one.worth]
    rest = len(days) - len(worth)
    columns = {"Today": "today", "This month": "month", f"{len(days)} days" if len(days) != 1 else "1 day": "days"}
    return Chart(
        bars=shown,
        first=words.day_text(days[0].date) if days else "",
        summary=f"{rest} of {len(days)} days without trouble" if days else "no day has been watched yet",
        days=worth,
        periods=tuple(columns),
        lines=_lines([periods.get(name, Figures()) for name in columns.values()], readings),
        budget=_budget(periods.get("month", Figures()), objective_percent),
    )


_PLATFORM = Reading("Platform", "every second down counts; beside it the downtime", words.platform_share)
_ENDPOINT = Reading("Your endpoint", "never part of the platform's figures", words.platform_share)
_META = Reading("By Meta's formula", "only what lasted ten minutes or more counts", words.meta_share)
_EXPERIENCED = Reading("Experienced", "everything that stopped us, whoever's fault", words.experienced_share)
_COVERAGE = Reading("Coverage", "how much was observed; beside it the time unobserved", words.coverage_share)
_BOUNDS = Reading("Down at least, at most", "proven by the looks around it; the worst they allow", words.bounds)
_BLIND = Reading("Blind spot", "trouble that Meta says it does not track", words.blind_spot)
_MAINTENANCE = Reading("Maintenance", "declared; beside it what was declared afterwards", words.maintenance)

_READINGS = (_PLATFORM, _META, _EXPERIENCED, _COVERAGE, _BOUNDS, _BLIND)
_ENDPOINT_READINGS = (_ENDPOINT, _EXPERIENCED, _COVERAGE, _BOUNDS, _BLIND)


def _lines(columns: Sequence[Figures], readings: Sequence[Reading]) -> list[Line]:
    planned = any(one.maintenance_ms for one in columns)
    shown = [*readings, _MAINTENANCE] if planned else readings
    return [Line(one.title, one.meaning, tuple(map(one.read, columns))) for one in shown]


def _budget(month: Figures, objective_percent: float) -> str:
    """How much of the month's error budget is left, with the time behind it."""
    left = error_budget(month, objective_percent)
    if left is None:
        return ""
    allowed = clock_text(int(allowed_down_ms(month, objective_percent)))
    spent = f"{clock_text(month.down_ms)} of {allowed} spent"
    if left < 0:
        return f"Error budget of this month: overspent, {spent}"
    return f"Error budget of this month: {int(left * 100)} % left, {spent}"


def _trouble(one: Incident, probes: Mapping[str, ProbeKind], now_ms: int, zone: ZoneInfo) -> Trouble:
    return Trouble(
        target=one.target,
        kind=one.kind.value.replace("_", " "),
        opened=words.when(one.opened_ms, zone),
        closed=words.until(one.closed_ms, one.opened_ms, zone) if one.closed_ms is not None else None,
        lasted=words.lasted(one, now_ms),
        blame=words.blame(one, probes.get(one.target, ProbeKind.API)),
        counted=words.counted_as(one),
        verdict=f"{one.verdict.value}, cause {one.cause.value}",
    )


def _restated(report: Report) -> list[Restated]:
    """All days restated, newest first; the platform's own row before its targets."""
    rows = [*((one.name, one.days) for one in report.targets)]
    if words.sends_and_receives(report):
        rows.insert(0, ("platform", report.platform))
    found = [(day, name) for name, days in rows for day in days if day.restated and day.first is not None]
    return [
        Restated(
            words.day_text(day.date),
            name,
            words.platform_share(day.first or day.figures),
            words.platform_share(day.figures),
            day.revision,
            day.reason,
        )
        for day, name in sorted(found, key=lambda one: one[0].date, reverse=True)
    ]


def _told(one: Told, zone: ZoneInfo) -> Tale:
    return Tale(words.when(one.at_ms, zone), one.title, f"{one.kind.replace('_', ' ')}, {one.phase}")
