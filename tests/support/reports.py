"""Reports put together by hand: a bad week, a calm day, nothing at all; and a face that shows them."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from zoneinfo import ZoneInfo

import msgspec

from tests.support.remarks import NOW_MS, held_back, people_said
from wamon.core import account_lines
from wamon.core.account_lines import Line
from wamon.core.chronicle import Chronicle, Ruled
from wamon.core.days import PLATFORM
from wamon.core.finding import Cause, Column, Finding, Origin, Scope, Verdict
from wamon.core.incident import Incident, Kind
from wamon.core.latency import Latency, Quantiles
from wamon.core.meta_outages import KnownOutage
from wamon.core.meta_page import GRAPH, WHATSAPP, Change, Light
from wamon.core.observation import ProbeKind
from wamon.core.publication import DayState, Publication
from wamon.core.reference import Beside, MetaMonth, MetasWord
from wamon.core.reference import Shown as ReferenceSign
from wamon.core.report import COMPONENTS, Day, Report, State, TargetReport, Told
from wamon.core.segments import Segment
from wamon.core.timeline import DAY, HOUR, MINUTE, SECOND, Span, day_span, parse_iso, subtract
from wamon.core.uptime import Figures, add
from wamon.metrics import Rendered, Tally
from wamon.web.app import Health, Story

TODAY = date(2026, 11, 9)
OK = Finding(Verdict.OK, column=Column.UP, rule="success")
DOWN = Finding(Verdict.SYSTEM_ERROR, Cause.SERVICE, Column.DOWN, Scope.GLOBAL, code=131016, rule="known_code")
REFUSED = Finding(Verdict.USER_ERROR, Cause.AUTHENTICATION, Column.USER, Scope.APP, code=190, rule="known_code")


def figures(
    *, down_ms: int = 0, user_ms: int = 0, network_ms: int = 0, unobserved_ms: int = 0, total_ms: int = DAY
) -> Figures:
    """A day's sums as the arithmetic would give them for one stretch of each."""
    return Figures(
        total_ms=total_ms,
        unobserved_ms=unobserved_ms,
        network_ms=network_ms,
        user_error_ms=user_ms,
        unproved_ms=user_ms,
        down_ms=down_ms,
        meta_down_ms=down_ms if down_ms >= 10 * MINUTE else 0,
        blind_spot_ms=network_ms,
        proven_down_ms=max(0, down_ms - MINUTE),
        worst_down_ms=down_ms + user_ms + unobserved_ms + (MINUTE if down_ms else 0),
    )


def days(special: dict[date, Day], count: int = 90) -> tuple[Day, ...]:
    """``count`` days up to today, perfect where nothing special is said of them."""
    dates = [TODAY - timedelta(days=number) for number in range(count - 1, -1, -1)]
    today = Day(TODAY, DayState.OPEN, 0, figures(total_ms=9 * HOUR))
    perfect = {one: Day(one, DayState.CLOSED, 1, figures(), figures()) for one in dates} | {TODAY: today}
    return tuple((perfect | special)[one] for one in dates)


def target(
    name: str,
    probe: ProbeKind = ProbeKind.API,
    *,
    state: State = State.OPERATIONAL,
    since_ms: int | None = None,
    last: Finding | None = OK,
    explanation: str = "The exchange went through and its answer has the expected shape.",
    remedy: str = "Nothing to do.",
    past: tuple[Day, ...] = (),
    account: str = "",
    latency: Latency | None = None,
) -> TargetReport:
    """A target whose periods are the sums of its days."""
    return TargetReport(
        name=name,
        probe=probe,
        account=account,
        component=COMPONENTS[probe],
        state=state,
        since_ms=since_ms,
        last_at_ms=NOW_MS - 12 * SECOND if last else None,
        last=last,
        explanation=explanation,
        remedy=remedy,
        days=past,
        periods=periods(past),
        latency=latency,
    )


def quick(past: Sequence[Day], around_ms: float = 120.0) -> Latency:
    """Latencies of some days, slower on every seventh, and of the last 24 hours."""

    def quantiles(number: int, looks: int) -> Quantiles:
        slow = 1.0 + 0.02 * (number % 5) + (1.4 if number % 7 == 3 else 0.0)
        return Quantiles(looks, round(around_ms * slow, 1), round(around_ms * 1.7 * slow, 1), around_ms * 4 * slow)

    hour_ms = NOW_MS - NOW_MS % HOUR
    return Latency(
        {"24h": quantiles(1, 1440), "7d": quantiles(2, 10_080), "90d": quantiles(3, 129_600)},
        tuple((day.date, quantiles(number, 1440)) for number, day in enumerate(past)),
        tuple((hour_ms - back * HOUR, quantiles(back, 60)) for back in range(23, -1, -1)),
    )


def periods(past: Sequence[Day]) -> dict[str, Figures]:
    """The sums that a report holds for a row of days."""

    def summed(wanted: Callable[[Day], bool]) -> Figures:
        return add(one.figures for one in past if wanted(one))

    return {
        "today": summed(lambda one: one.date == TODAY),
        "yesterday": summed(lambda one: one.date == TODAY - timedelta(days=1)),
        "month": summed(lambda one: one.date.month == TODAY.month),
        "last_month": summed(lambda one: (one.date.month + 1) == TODAY.month),
        "days": summed(lambda one: True),
    }


def report(
    targets: Sequence[TargetReport] = (),
    *,
    incidents: Sequence[Incident] = (),
    notices: Sequence[Told] = (),
    platform: tuple[Day, ...] = (),
    zone: str = "UTC",
    objective_percent: float = 99.9,
    reference: MetasWord | None = None,
) -> Report:
    """A report at ``NOW_MS``."""
    return Report(
        at_ms=NOW_MS,
        zone=zone,
        objective_percent=objective_percent,
        version="0.1.0",
        targets=tuple(targets),
        platform=platform,
        platform_periods=periods(platform),
        incidents=tuple(incidents),
        notices=tuple(notices),
        reference=reference,
    )


def metas_word(said: Callable[[str], str] = str) -> MetasWord:
    """Meta's page on a bad morning; every text of theirs goes through ``said``."""
    signs = (
        (WHATSAPP, "Cloud API", "High disruptions", Light.RED),
        (WHATSAPP, "WhatsApp Business account management", "Medium disruptions", Light.YELLOW),
        (WHATSAPP, "Embedded Signup", "No known issues", Light.GREEN),
        (GRAPH, "Graph API", "Something new", Light.UNKNOWN),
    )
    november = MetaMonth(
        "2026-11", 99.7, 34.56, 8, 30, NOW_MS - 6 * HOUR, (Beside("cloud-api", 114.0, 79.44, 0.9989, 120.5),)
    )
    october = MetaMonth("2026-10", 100.0, 0.0, 31, 31, NOW_MS - 9 * DAY)
    return MetasWord(
        read_ms=NOW_MS - 3 * MINUTE,
        fresh=True,
        services=tuple(
            ReferenceSign(org, said(name), said(words), light, NOW_MS - 4 * MINUTE)
            for org, name, words, light in signs
        ),
        open_outages=(
            KnownOutage(
                WHATSAPP,
                "7",
                said("Cloud API"),
                said("We are looking into it."),
                said("High disruptions"),
                Light.RED,
                NOW_MS - 10 * MINUTE,
                None,
            ),
        ),
        months=(november, october),
        changes=(Change(NOW_MS - DAY, said("Cloud API's availability"), said("97.92 %"), said("97.64 %")),),
    )


def _november(number: int) -> date:
    return date(2026, 11, number)


def _day(number: int, sums: Figures, first: Figures | None = None, reason: str = "") -> dict[date, Day]:
    day = _november(number)
    return {day: Day(day, DayState.CLOSED, 2 if first else 1, sums, first or sums, reason)}


def _bad_days() -> dict[date, Day]:
    outage = figures(down_ms=34 * MINUTE)
    forgotten = figures(down_ms=70 * MINUTE)
    at_first = figures(down_ms=10 * MINUTE + 1, user_ms=60 * MINUTE)
    return {
        **_day(3, outage),
        **_day(4, figures(down_ms=5 * MINUTE, user_ms=50 * MINUTE)),
        **_day(5, forgotten, at_first, "weekly pass: same token valid (cloud-api), mixed burst (cloud-api)"),
        **_day(6, figures(unobserved_ms=25 * MINUTE)),
        **_day(7, figures(network_ms=3 * MINUTE)),
        date(2026, 10, 12): Day(date(2026, 10, 12), DayState.SETTLED, 1, figures(unobserved_ms=9 * HOUR)),
        date(2026, 9, 20): Day(date(2026, 9, 20), DayState.FROZEN, 1, figures(down_ms=8 * HOUR)),
        date(2026, 9, 1): Day(date(2026, 9, 1), DayState.FROZEN, 1, figures(down_ms=44 * SECOND)),
        TODAY: Day(TODAY, DayState.OPEN, 0, figures(down_ms=14 * MINUTE + 20_300, total_ms=9 * HOUR)),
    }


def _incident(
    name: str, kind: Kind, verdict: Verdict, cause: Cause, opened: str, minutes: int | None, *codes: int
) -> Incident:
    opened_ms = parse_iso(opened)
    closed_ms = None if minutes is None else opened_ms + minutes * MINUTE
    return Incident(name, kind, opened_ms, closed_ms, verdict, cause, codes=codes)


def bad_week(*, messages: bool = False) -> Report:
    """One of each: an open outage, user errors, an endpoint down, a pulled cable, days restated and unseen."""
    endpoint_days = days(_day(7, figures(down_ms=40 * MINUTE)), count=40)
    api_days = days(_bad_days())
    found = [
        _incident(
            "cloud-api",
            Kind.OUTAGE,
            Verdict.SYSTEM_ERROR,
            Cause.SERVICE,
            "2026-11-09T08:45:39Z",
            None,
            131016,
            2,
        ),
        _incident("webhook", Kind.ENDPOINT, Verdict.USER_ERROR, Cause.ENDPOINT, "2026-11-07T11:06:00Z", 40),
        _incident(
            "graph", Kind.UNOBSERVED, Verdict.NETWORK_ERROR, Cause.LOCAL_NETWORK, "2026-11-06T16:02:30Z", 25
        ),
        _incident(
            "cloud-api",
            Kind.OUTAGE,
            Verdict.SYSTEM_ERROR,
            Cause.AUTHENTICATION,
            "2026-11-05T09:31:20Z",
            70,
            190,
        ),
        _incident(
            "cloud-api", Kind.USER_ERROR, Verdict.USER_ERROR, Cause.AUTHENTICATION, "2026-11-04T14:21:10Z", 50, 190
        ),
        _incident("cloud-api", Kind.OUTAGE, Verdict.SYSTEM_ERROR, Cause.SERVICE, "2026-11-03T10:12:40Z", 34, 2),
    ]
    watched = [
        target(
            "cloud-api",
            state=State.OUTAGE,
            since_ms=found[0].opened_ms,
            last=DOWN,
            explanation="Meta's service is temporarily unavailable.",
            remedy="Hold the queues, wait five minutes, then let one call try before releasing the rest.",
            past=api_days,
            latency=quick(api_days),
        ),
        target("graph", ProbeKind.EDGE, past=days({}), latency=quick(days({}), 38.0)),
        target("webhook", ProbeKind.WEBHOOK, past=endpoint_days),
        *([target("send", ProbeKind.MESSAGE, past=api_days)] if messages else []),
        target("token", ProbeKind.TOKEN),
        target("control-1", ProbeKind.CONTROL),
        target("control-2", ProbeKind.CONTROL),
    ]
    notices = [
        Told(
            parse_iso("2026-11-09T08:48:00Z"),
            "outage",
            "opened",
            "cloud-api",
            "urgent",
            "[URGENT] Meta · account management fails · cloud-api · since 08:45 UTC (2 min 21 s) · code 131016/2"
            " · do: hold queues, no re-sends",
        ),
        Told(parse_iso("2026-11-09T06:00:04Z"), "restated", "note", PLATFORM, "standard", "Restated · 1 figures"),
    ]
    now = report(
        watched, incidents=found, notices=notices, platform=api_days if messages else (), reference=metas_word()
    )
    return msgspec.structs.replace(
        now, ourselves=own_lines(), standings=people_said(found), silences=(held_back(),)
    )


def own_lines(said: Callable[[str], str] = str) -> tuple[Line, ...]:
    """A line of every light; every text of it goes through ``said``."""
    lights = account_lines.Light
    rows = (
        (lights.RED, "subscribed apps", "no app gets the account's webhooks", "subscribe your app"),
        (lights.AMBER, "certificate", "the certificate of webhook ends in 12 days", "renew it"),
        (lights.GREEN, "token", "token: The exchange went through.", ""),
    )
    return tuple(
        Line(said("graph"), said(subject), light, said(text), said(do)) for light, subject, text, do in rows
    )


def large(targets: int = 20) -> Report:
    """``targets`` targets with ninety days each, several of them bad."""
    past = days(_bad_days())
    return report([target(f"target-{number}", past=past) for number in range(targets)], platform=past)


def chronicle(now: Report, target: str, day: date) -> Chronicle | None:
    """A day put together of its incidents: down or refused as they are, up in between, a ruling on each."""
    rows = {one.name: one.days for one in now.targets} | {PLATFORM: now.platform}
    known = next((one for one in rows.get(target, ()) if one.date == day), None)
    if known is None:
        return None
    span = day_span(day, ZoneInfo(now.zone))
    past = span.clip(Span(0, now.at_ms))
    found = [one for one in now.incidents if one.target == target and one.span(now.at_ms).overlaps(span)]
    troubled = [_stretch(one, one.span(now.at_ms).clip(span)) for one in found]
    up = [_calm(one) for one in subtract([past], [one.span for one in troubled])]
    shifted = Publication(target, day, now.zone, 1, span.end_ms + HOUR, known.first or known.figures, "closed")
    trail = (shifted, msgspec.structs.replace(shifted, revision=2, figures=known.figures, reason=known.reason))
    return Chronicle(
        target,
        span,
        now.zone,
        known,
        segments=tuple(sorted([*troubled, *up])) if target != PLATFORM else (),
        rulings=tuple(
            Ruled(
                at.start_ms, at.end_ms, 12, Origin.RECLASSIFICATION, NOW_MS, REFUSED, DOWN, withdrawn=number == 1
            )
            for number, at in enumerate(one.span for one in troubled)
        ),
        trail=trail if known.restated else trail[:1],
        maintenance=(Span(span.start_ms + 2 * HOUR, span.start_ms + 3 * HOUR),) if day.day == 4 else (),
        incidents=tuple(found),
        looks=1440,
    )


_COLUMNS = {
    Kind.OUTAGE: Column.DOWN,
    Kind.ENDPOINT: Column.DOWN,
    Kind.USER_ERROR: Column.USER,
    Kind.DISRUPTION: Column.NETWORK,
    Kind.UNOBSERVED: Column.UNOBSERVED,
}


def _stretch(one: Incident, at: Span) -> Segment:
    return Segment(*at, _COLUMNS[one.kind], one.verdict, one.cause, one.provisional, "", one.opened_ms, 7)


def _calm(at: Span) -> Segment:
    return Segment(*at, Column.UP, Verdict.OK, Cause.NONE, False, "", -1, 60)


@dataclass
class Shown:
    """A face over a report that tests may exchange; ``reports`` counts how often it was asked for."""

    now: Report
    told: Sequence[Story] = ()
    unwell: tuple[str, ...] = ()
    unready: tuple[str, ...] = ()
    tally: Tally = field(default_factory=Tally)
    reports: int = 0
    told_days: dict[date, Chronicle] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.rendered = Rendered(self.tally, self.report)

    def report(self) -> Report:
        self.reports += 1
        return self.now

    async def chronicle(self, target: str, day: date) -> Chronicle | None:
        return self.told_days.get(day) or chronicle(self.now, target, day)

    def health(self) -> Health:
        return Health(self.unwell)

    def readiness(self) -> Health:
        return Health(self.unready)

    def stories(self) -> Sequence[Story]:
        return self.told
