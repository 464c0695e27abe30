"""How the page says things: instants, percentages with the time behind them, states, and the line on top."""

from collections.abc import Sequence
from datetime import date
from functools import lru_cache
from typing import NamedTuple
from zoneinfo import ZoneInfo

import msgspec

from wamon.core.incident import Incident, Kind
from wamon.core.notice_words import WHOSE, duration_text, what
from wamon.core.observation import ProbeKind
from wamon.core.platform import RECEIVE, SEND
from wamon.core.report import Report, State, TargetReport
from wamon.core.timeline import day_of, from_ms, iso
from wamon.core.uptime import SUFFICIENT_COVERAGE, Figures, clock_text, percent
from wamon.core.watched import EVIDENCE

INSUFFICIENT = "insufficient data"
NO_DATA = "no data"

MOST_NAMES = 5
"""A line that names more is no longer read."""

TROUBLE = frozenset({State.DEGRADED, State.DISRUPTION, State.OUTAGE})

SIGNS = {
    State.OPERATIONAL: "●",
    State.DEGRADED: "◐",
    State.DISRUPTION: "▲",
    State.OUTAGE: "■",
    State.UNOBSERVED: "○",
    State.MAINTENANCE: "◇",
}
"""A shape for every state, for whoever cannot tell the colours apart."""

_SILENT = frozenset({State.UNOBSERVED, State.MAINTENANCE})
_GRAVEST = (
    State.MAINTENANCE,
    State.UNOBSERVED,
    State.OPERATIONAL,
    State.DEGRADED,
    State.DISRUPTION,
    State.OUTAGE,
)

_FAULTS = {
    Kind.OUTAGE: "Counts as downtime.",
    Kind.ENDPOINT: "Counts as downtime of your endpoint, never of the platform.",
    Kind.DISRUPTION: "Counts as blind spot and network trouble, never as downtime of the platform.",
    Kind.USER_ERROR: "Counts as up for the platform, and against what you experienced.",
    Kind.UNOBSERVED: "Counts as unobserved: neither up nor down.",
}


class When(msgspec.Struct, frozen=True):
    """An instant for a person and for a program: text in the report's zone, ``machine`` in UTC."""

    text: str
    machine: str


class Share(msgspec.Struct, frozen=True):
    """A percentage, or the words that stand in its place, and the time lost behind it as h:mm:ss."""

    text: str
    lost: str
    said: bool = True


class Headline(msgspec.Struct, frozen=True):
    """What is watched now, in one line, with the state that colours it."""

    state: State
    text: str
    beside: str = ""


def when(at_ms: int, zone: ZoneInfo) -> When:
    """``Tue 2026-11-03 10:12 UTC``."""
    return When(from_ms(at_ms).astimezone(zone).strftime("%a %Y-%m-%d %H:%M %Z"), iso(at_ms))


def clock(at_ms: int, zone: ZoneInfo) -> str:
    """``10:12:40``."""
    return from_ms(at_ms).astimezone(zone).strftime("%H:%M:%S")


def until(at_ms: int, since_ms: int, zone: ZoneInfo) -> When:
    """The end of a span: ``10:46 UTC`` where it lies on the day of its beginning."""
    if day_of(at_ms, zone) != day_of(since_ms, zone):
        return when(at_ms, zone)
    return When(from_ms(at_ms).astimezone(zone).strftime("%H:%M %Z"), iso(at_ms))


@lru_cache(maxsize=1024)
def day_text(day: date) -> str:
    """``Tue 2026-11-03``."""
    return f"{_WEEKDAYS[day.weekday()]} {day.isoformat()}"


_WEEKDAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")


def share(lost_ms: int, whole_ms: int, sums: Figures) -> Share:
    """``1 - lost/whole`` in percent, toward the worse; under 90 % coverage no percentage is claimed."""
    coverage = sums.coverage
    if not coverage:
        return Share(NO_DATA, "", said=False)
    if coverage < SUFFICIENT_COVERAGE:
        return Share(INSUFFICIENT, clock_text(lost_ms), said=False)
    return Share(percent(lost_ms, whole_ms), clock_text(lost_ms))


def platform_share(sums: Figures) -> Share:
    """The strict view: every second down counts."""
    return share(sums.down_ms, sums.platform_ms, sums)


def meta_share(sums: Figures) -> Share:
    """Meta's formula: only what lasted ten minutes counts."""
    return share(sums.meta_down_ms, sums.total_ms, sums)


def experienced_share(sums: Figures) -> Share:
    """Everything that stopped us, whoever's fault."""
    return share(stopped_ms(sums), sums.observed_ms, sums)


class Changed(NamedTuple):
    """How two publications of a day differ: in the view that says something else, before and after."""

    view: str
    before: Share
    after: Share


def changed(first: Figures, now: Figures) -> Changed:
    """The platform's share where that changed; else what stayed of it, and the view that did not.

    ``view`` is empty for the platform's share, and "other sums" where no view says anything else.
    """
    views = (("", platform_share), ("experienced", experienced_share), ("coverage", coverage_share))
    told = (Changed(view, read(first), read(now)) for view, read in views)
    return next(
        (one for one in told if one.before != one.after),
        Changed("other sums", platform_share(first), platform_share(now)),
    )


def stopped_ms(sums: Figures) -> int:
    """Time in which something stopped us, whoever's fault."""
    return sums.down_ms + sums.network_ms + sums.user_error_ms


def coverage_share(sums: Figures) -> Share:
    """How much of the expected time was observed."""
    if sums.expected_ms <= 0:
        return Share(NO_DATA, "", said=False)
    return Share(percent(sums.unobserved_ms, sums.expected_ms), clock_text(sums.unobserved_ms))


def proven(sums: Figures) -> Share:
    """What was down for certain."""
    return _duration(sums, clock_text(sums.proven_down_ms), "")


def estimate(sums: Figures) -> Share:
    """What the percentages stand on."""
    return _duration(sums, clock_text(sums.down_ms), "")


def worst(sums: Figures) -> Share:
    """The most that could hide between the looks."""
    return _duration(sums, clock_text(sums.worst_down_ms), "")


def blind_spot(sums: Figures) -> Share:
    """Trouble that Meta says it does not track."""
    return _duration(sums, clock_text(sums.blind_spot_ms), "")


def maintenance_text(sums: Figures) -> str:
    """``maintenance 1:00:00``, and how much of it was declared when it was over."""
    afterwards = f", {clock_text(sums.retroactive_ms)} of it declared afterwards" if sums.retroactive_ms else ""
    return f"maintenance {clock_text(sums.maintenance_ms)}{afterwards}"


def maintenance(sums: Figures) -> Share:
    """Declared maintenance, and how much of it was over when it was declared."""
    afterwards = f"{clock_text(sums.retroactive_ms)} afterwards" if sums.retroactive_ms else ""
    return Share(clock_text(sums.maintenance_ms), afterwards)


def _duration(sums: Figures, text: str, lost: str) -> Share:
    return Share(text, lost) if sums.observed_ms > 0 else Share(NO_DATA, "", said=False)


def blame(one: Incident, probe: ProbeKind) -> str:
    """Whose, what, how sure, and Meta's codes: ``Meta: sending fails (code 2)``."""
    whose = "Our endpoint" if one.kind is Kind.ENDPOINT else WHOSE[one.verdict]
    if one.kind is Kind.UNOBSERVED and one.cause == "none":
        return "No message was on its way" if probe is ProbeKind.ROUNDTRIP else "Nobody looked"
    if one.kind is Kind.UNOBSERVED:
        return f"Nobody could say: {one.cause.value.replace('_', ' ')}"
    codes = f" (code {'/'.join(map(str, one.codes))})" if one.codes else ""
    return f"{whose}: {what(one, probe)}{codes}{', not yet certain' if one.provisional else ''}"


def counted_as(one: Incident) -> str:
    """What an incident does to the figures, in a sentence."""
    return _FAULTS.get(one.kind, "")


def lasted(one: Incident, now_ms: int) -> str:
    """How long an incident lasted, or lasts already."""
    length = duration_text(one.span(now_ms).length_ms)
    return f"{length} so far" if one.closed_ms is None else length


def sends_and_receives(report: Report) -> bool:
    """Whether anything is watched that speaks for messages; else only management is reached."""
    return any(one.probe in SEND | RECEIVE for one in report.targets)


def platform_now(report: Report) -> Headline | None:
    """How sending and receiving is now, over all accounts; None where nothing sends or receives.

    Down while at least half of the accounts that report are, and at least two of them (with one, that one).
    """
    states: dict[str, list[State]] = {}
    for one in report.targets:
        if one.probe in SEND | RECEIVE:
            states.setdefault(one.account, []).append(one.state)
    if not states:
        return None
    worst_of = {account: max(found, key=_GRAVEST.index) for account, found in states.items()}
    reporting = [state for state in worst_of.values() if state not in _SILENT]
    down = sum(state is State.OUTAGE for state in reporting)
    if not reporting:
        resting = all(state is State.MAINTENANCE for state in worst_of.values())
        return Headline(State.MAINTENANCE if resting else State.UNOBSERVED, "sending and receiving")
    if down >= max(min(2, len(reporting)), (len(reporting) + 1) // 2):
        return Headline(State.OUTAGE, "sending or receiving is down", f"{down} of {len(reporting)} accounts")
    if any(state in TROUBLE for state in reporting):
        return Headline(State.DISRUPTION, "some disruptions", f"{down} of {len(reporting)} accounts are down")
    return Headline(State.OPERATIONAL, "sending and receiving")


def headline(report: Report) -> Headline:
    """What is watched now in one line. Evidence (tokens, controls) is told beside it, never counted in."""
    watched = [one for one in report.targets if one.probe not in EVIDENCE]
    failing = [one.name for one in report.targets if one.probe in EVIDENCE and one.state is State.OUTAGE]
    beside = f"Evidence that fails: {named(failing)}." if failing else ""
    if not watched:
        return Headline(State.UNOBSERVED, "Nothing is watched yet", beside)
    state, text = summary(watched)
    return Headline(state, text, beside)


def summary(watched: Sequence[TargetReport]) -> tuple[State, str]:
    """The gravest state of targets that have days, and how many of them are in it.

    That nobody writes just now makes nothing unobserved, as long as something is asked.
    """
    trouble = [one for one in watched if one.state in TROUBLE]
    asked = [one for one in watched if one.probe is not ProbeKind.TRAFFIC]
    blind = [one for one in asked or watched if one.state is State.UNOBSERVED]
    planned = [one for one in watched if one.state is State.MAINTENANCE]
    if trouble:
        worst = max((one.state for one in trouble), key=list(State).index)
        gravest = sorted(trouble, key=lambda one: one.state is not worst)
        which = named([f"{one.name} ({one.state.value})" for one in gravest])
        return worst, f"{len(trouble)} of {_targets(len(watched))} in trouble: {which}"
    if blind:
        which = named([one.name for one in blind])
        return State.UNOBSERVED, f"{len(blind)} of {_targets(len(watched))} not observed: {which}"
    if planned:
        which = named([one.name for one in planned])
        return State.MAINTENANCE, f"{len(planned)} of {_targets(len(watched))} under maintenance: {which}"
    return State.OPERATIONAL, "All targets operational" if len(watched) > 1 else f"{watched[0].name} operational"


def named(names: Sequence[str]) -> str:
    """Names in a row; of many the first ones, and how many more there are."""
    more = f" and {len(names) - MOST_NAMES} more" if len(names) > MOST_NAMES + 1 else ""
    return ", ".join(names[:MOST_NAMES] if more else names) + more


def _targets(count: int) -> str:
    return "1 target" if count == 1 else f"{count} targets"
