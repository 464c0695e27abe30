"""A row's ninety days and its figures: bars, three views of four periods, the budget, Meta's figure beside."""

from collections.abc import Callable, Mapping, Sequence
from datetime import date, timedelta
from zoneinfo import ZoneInfo

import msgspec

from wamon.core.budget import budget_of
from wamon.core.meta_days import percent_text
from wamon.core.observation import ProbeKind
from wamon.core.reference import MetasWord
from wamon.core.report import Day, Report
from wamon.core.uptime import Figures, clock_text
from wamon.web import words
from wamon.web.bars import Bar, strip
from wamon.web.words import Share


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

    name: str
    bars: tuple[Bar, ...]
    html: str
    first: str
    summary: str
    days: tuple[Bar, ...]
    periods: tuple[str, ...]
    lines: list[Line]
    budget: str = ""


_PLATFORM = Reading("Platform", "every second down counts; beside it the downtime", words.platform_share)
_ENDPOINT = Reading("Your endpoint", "never part of the platform's figures", words.platform_share)
_META = Reading("By Meta's formula", "only what lasted ten minutes or more counts", words.meta_share)
_EXPERIENCED = Reading("Experienced", "everything that stopped us, whoever's fault", words.experienced_share)
_COVERAGE = Reading("Coverage", "how much was observed; beside it the time unobserved", words.coverage_share)
_PROVEN = Reading("Down, proven", "the looks around it prove so much", words.proven)
_ESTIMATE = Reading("Down, estimate", "what the percentages stand on", words.estimate)
_WORST = Reading("Down, worst case", "the most that could hide between the looks", words.worst)
_BLIND = Reading("Blind spot", "trouble that Meta says it does not track", words.blind_spot)
_MAINTENANCE = Reading("Maintenance", "declared; beside it what was declared afterwards", words.maintenance)

_BEHIND = (_EXPERIENCED, _COVERAGE, _PROVEN, _ESTIMATE, _WORST, _BLIND)
PLATFORM_READINGS = (_PLATFORM, _META, *_BEHIND)
ENDPOINT_READINGS = (_ENDPOINT, *_BEHIND)


def readings_of(probe: ProbeKind) -> tuple[Reading, ...]:
    """What is said of a target: of the business's own endpoint nothing that is Meta's."""
    return ENDPOINT_READINGS if probe is ProbeKind.WEBHOOK else PLATFORM_READINGS


def chart(
    name: str,
    days: Sequence[Day],
    periods: Mapping[str, Figures],
    report: Report,
    today: date,
    readings: Sequence[Reading],
) -> Chart:
    """Everything about a row's days."""
    drawn = strip(days, today)
    rest = len(days) - len(drawn.worth)
    whole = f"{len(days)} days" if len(days) != 1 else "1 day"
    columns = {"Today": "today", "This month": "month", "Last month": "last_month", whole: "days"}
    return Chart(
        name=name,
        bars=drawn.bars,
        html=drawn.html,
        first=words.day_text(days[0].date) if days else "",
        summary=f"{rest} of {len(days)} days without trouble" if days else "no day has been watched yet",
        days=drawn.worth,
        periods=tuple(columns),
        lines=[
            *lines([periods.get(column, Figures()) for column in columns.values()], readings),
            *_metas(name, report.reference, today),
        ],
        budget=_budget(periods.get("month", Figures()), report),
    )


def lines(columns: Sequence[Figures], readings: Sequence[Reading]) -> list[Line]:
    """Every reading of every column; maintenance only where there was any."""
    planned = any(one.maintenance_ms for one in columns)
    shown = [*readings, _MAINTENANCE] if planned else readings
    return [Line(one.title, one.meaning, tuple(map(one.read, columns))) for one in shown]


def _metas(name: str, word: MetasWord | None, today: date) -> list[Line]:
    """Meta's own figure of the months, beside the rows that may be laid beside it."""
    told = {one.month: one for one in word.months if any(b.row == name for b in one.beside)} if word else {}
    if not told:
        return []
    months = ("", f"{today:%Y-%m}", f"{today.replace(day=1) - timedelta(days=1):%Y-%m}", "")
    found = [told.get(month) for month in months]
    cells = [
        Share(percent_text(round(one.percent, 4)), f"{one.down_minutes:.1f} min")
        if one
        else Share("–", "", said=False)
        for one in found
    ]
    return [
        Line("Meta's own figure", "as Meta's page tells the month; to be laid beside its formula", tuple(cells))
    ]


def _budget(month: Figures, report: Report) -> str:
    """How much of the month's error budget is left, with the time behind it."""
    found = budget_of(month, report.objective_percent, report.at_ms, ZoneInfo(report.zone))
    if found is None:
        return ""
    spent = f"{clock_text(found.spent_ms)} of {clock_text(found.allowed_ms)} spent"
    left = f"{int(found.remaining * 100)} % left" if found.left_ms >= 0 else "overspent"
    return f"Error budget of this month: {left}, {spent}"
