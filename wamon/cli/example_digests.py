"""Example digests: of a quiet day, of a day with trouble, and of a week that was judged again."""

from collections.abc import Sequence
from datetime import UTC, date, timedelta

from wamon.core.digest import digest
from wamon.core.expiry import Ending, Thing
from wamon.core.finding import Cause, Verdict
from wamon.core.incident import Incident, Kind
from wamon.core.notice import Notice
from wamon.core.observation import ProbeKind
from wamon.core.publication import DayState, Publication
from wamon.core.report import COMPONENTS, Day, Report, State, TargetReport
from wamon.core.timeline import DAY, HOUR, MINUTE, SECOND, from_ms
from wamon.core.uptime import Figures

_QUIET = Figures(total_ms=DAY)


def calm_digest(at_ms: int) -> Notice:
    """Of a day on which nothing happened."""
    return _digest(at_ms, {}, (), weekly=False)


def daily_digest(at_ms: int) -> Notice:
    """Of a day with an outage and an error of our own."""
    return _digest(at_ms, _bad_day(at_ms), _incidents(at_ms), weekly=False)


def weekly_digest(at_ms: int) -> Notice:
    """Of the same day's week, after the weekly pass."""
    return _digest(at_ms, _bad_day(at_ms), _incidents(at_ms), weekly=True)


def _bad_day(at_ms: int) -> dict[str, Figures]:
    return {
        "cloud-api": Figures(
            total_ms=DAY, down_ms=31 * MINUTE, user_error_ms=HOUR, unproved_ms=HOUR, unobserved_ms=130 * SECOND
        ),
        "webhook": Figures(total_ms=DAY, unobserved_ms=130 * SECOND),
    }


def _incidents(at_ms: int) -> tuple[Incident, ...]:
    noon_ms = at_ms - at_ms % DAY - DAY // 2
    return (
        Incident(
            "cloud-api", Kind.USER_ERROR, noon_ms + 3 * HOUR, noon_ms + 4 * HOUR, Verdict.USER_ERROR,
            Cause.AUTHENTICATION, codes=(190,),
        ),
        Incident(
            "cloud-api", Kind.OUTAGE, noon_ms - 106 * MINUTE, noon_ms - 75 * MINUTE, Verdict.SYSTEM_ERROR,
            Cause.SERVICE, codes=(131016,),
        ),
    )  # fmt: skip


def _digest(at_ms: int, yesterday: dict[str, Figures], incidents: Sequence[Incident], *, weekly: bool) -> Notice:
    today = from_ms(at_ms).astimezone(UTC).date()
    targets = (("cloud-api", ProbeKind.API), ("webhook", ProbeKind.WEBHOOK))
    report = Report(
        at_ms=at_ms,
        zone="UTC",
        objective_percent=99.9,
        version="",
        targets=tuple(_target(name, probe, today, yesterday.get(name, _QUIET)) for name, probe in targets),
        platform=(),
        platform_periods={},
        incidents=tuple(incidents),
    )
    token = Ending(Thing.TOKEN, "graph", at_ms + 29 * DAY)
    trail = {("cloud-api", today - timedelta(days=5)): _restated(today - timedelta(days=5), at_ms)}
    notice = digest(report, [token] if yesterday else [], trail if weekly else {}, at_ms, weekly=weekly)
    assert notice is not None
    return notice


def _target(name: str, probe: ProbeKind, today: date, yesterday: Figures) -> TargetReport:
    days = [Day(today - timedelta(days=ago), DayState.CLOSED, 1, _QUIET) for ago in range(7, 1, -1)]
    days.append(Day(today - timedelta(days=1), DayState.CLOSED, 1, yesterday))
    return TargetReport(
        name=name, probe=probe, account="graph", component=COMPONENTS[probe], state=State.OPERATIONAL,
        since_ms=None, last_at_ms=None, last=None, explanation="", remedy="", days=tuple(days), periods={},
    )  # fmt: skip


def _restated(day: date, at_ms: int) -> tuple[Publication, Publication]:
    first = Publication(
        "cloud-api", day, "UTC", 1, at_ms - 4 * DAY, Figures(total_ms=DAY, user_error_ms=HOUR), "closed"
    )
    sums = Figures(total_ms=DAY, down_ms=HOUR)
    return first, Publication(
        "cloud-api", day, "UTC", 2, at_ms - 2 * HOUR, sums, "weekly pass: same token valid (cloud-api)"
    )
