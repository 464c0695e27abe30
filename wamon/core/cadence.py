"""What is due when: regular slots, re-checks, back-off, the daily close and the weekly pass. No clock here."""

import zlib
from datetime import datetime, time, timedelta
from zoneinfo import ZoneInfo

import msgspec

from wamon.core.finding import Cause, Finding
from wamon.core.observation import ProbeKind
from wamon.core.segments import FAILING
from wamon.core.timeline import HOUR, MINUTE, SECOND, day_of, day_span, from_ms, to_ms

CLOSES_AFTER_MS = 15 * MINUTE
"""A day is closed this long after its end, when late evidence for its last looks is in."""

QUICK_RECHECKS = 3
SLOW_RECHECK_MS = 20 * SECOND
EXTRA_LOOKS_AN_HOUR = 60
"""For one token; the business's own traffic shares the quota."""

FIRST_CANARY_AGAIN_MS = 2 * MINUTE
CANARY_AGAIN_MS = 5 * MINUTE


class Beat(msgspec.Struct, frozen=True):
    """Where a target stands: its last look, how many failed in a row, and the extra looks of the last hour."""

    started_ms: int
    failures: int = 0
    extras_ms: tuple[int, ...] = ()


class Due(msgspec.Struct, frozen=True):
    """When a target is looked at next, and whether that look is an extra one."""

    at_ms: int
    extra: bool = False


def offset_ms(name: str, interval_ms: int) -> int:
    """A target's own place within its interval, the same after every restart, so that looks spread out."""
    return zlib.crc32(name.encode()) % interval_ms


def next_slot(after_ms: int, interval_ms: int, offset: int) -> int:
    """The first regular slot after an instant. Never a backlog: slots that have passed are gone."""
    return after_ms - (after_ms - offset) % interval_ms + interval_ms


def beat(before: Beat | None, finding: Finding, started_ms: int, *, extra: bool) -> Beat:
    """The state after one more look."""
    failures = (before.failures if before else 0) + 1 if finding.column in FAILING else 0
    extras = tuple(one for one in (before.extras_ms if before else ()) if started_ms - one < HOUR)
    return Beat(started_ms, failures, (*extras, started_ms) if extra else extras)


def next_look(
    name: str,
    probe: ProbeKind,
    interval_ms: int,
    now: Beat,
    finding: Finding,
    *,
    recheck_ms: int,
    extras_of_token: int,
    regain_ms: int = 0,
) -> Due:
    """When to look again. A failing target is looked at soon, a throttled one late; else at its slot.

    ``extras_of_token`` counts extra looks of all targets of one token in the last hour; ``regain_ms`` is when Meta
    says a throttled caller regains access.
    """
    regular = next_slot(now.started_ms, interval_ms, offset_ms(name, interval_ms))
    if finding.cause is Cause.THROTTLING:
        return Due(max(now.started_ms + 2 * interval_ms, regain_ms))
    if now.failures == 0 or extras_of_token >= EXTRA_LOOKS_AN_HOUR:
        return Due(regular)
    wait_ms = _again_ms(probe, now.failures, recheck_ms)
    if wait_ms >= interval_ms:
        return Due(regular)
    again = now.started_ms + wait_ms
    return Due(again, extra=again < regular)  # one beyond the slot replaces it and is no extra look


def _again_ms(probe: ProbeKind, failures: int, recheck_ms: int) -> int:
    if probe is ProbeKind.MESSAGE:
        return FIRST_CANARY_AGAIN_MS if failures == 1 else CANARY_AGAIN_MS
    return recheck_ms if failures <= QUICK_RECHECKS else SLOW_RECHECK_MS


def next_close(after_ms: int, zone: ZoneInfo) -> int:
    """When the next day is closed: a quarter of an hour after its end."""
    day = day_of(after_ms - CLOSES_AFTER_MS, zone)
    return day_span(day, zone).end_ms + CLOSES_AFTER_MS


def next_weekly(after_ms: int, zone: ZoneInfo, weekday: int, at: time) -> int:
    """When the weekly pass runs next: a weekday (Monday is 0) and a time of day in a zone."""
    day = day_of(after_ms, zone)
    day += timedelta(days=(weekday - day.weekday()) % 7)
    moment = to_ms(datetime.combine(day, at, tzinfo=zone).astimezone(from_ms(0).tzinfo))
    if moment > after_ms:
        return moment
    return to_ms(datetime.combine(day + timedelta(days=7), at, tzinfo=zone).astimezone(from_ms(0).tzinfo))
