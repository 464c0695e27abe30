"""What is due when: regular slots, re-checks, back-off, the daily close and the weekly pass. No clock here."""

import zlib
from collections.abc import Iterable
from datetime import datetime, time, timedelta
from typing import NamedTuple
from zoneinfo import ZoneInfo

import msgspec

from wamon.core.finding import Cause, Finding, Mark
from wamon.core.observation import ProbeKind
from wamon.core.segments import ANSWERING, FAILING
from wamon.core.timeline import DAY, HOUR, MINUTE, SECOND, Span, day_of, day_span, from_ms, to_ms

CLOSES_AFTER_MS = 15 * MINUTE
"""A day is closed this long after its end, when late evidence for its last looks is in."""

QUICK_RECHECKS = 3
SLOW_RECHECK_MS = 20 * SECOND


class Cap(NamedTuple):
    """At most so many extra looks within any stretch of this length."""

    looks: int
    within_ms: int

    def spent(self, extras_ms: Iterable[int], now_ms: int) -> bool:
        """Whether extra looks at these instants leave no room for one more."""
        return sum(0 <= now_ms - one < self.within_ms for one in extras_ms) >= self.looks


CAP_OF_TOKEN = Cap(60, HOUR)
"""Extra looks with one token; the business's own traffic shares its quota."""

CAP_OF_CANARY = Cap(10, DAY)
"""Extra canaries of one target: each costs money and reaches a handset."""

FIRST_CANARY_AGAIN_MS = 2 * MINUTE
CANARY_AGAIN_MS = 5 * MINUTE

_ON_TIME_MS = 2 * SECOND
"""A look that began this near its slot was the regular one."""


class Beat(msgspec.Struct, frozen=True):
    """Where a target stands: its last look, how many failed in a row, and the extra looks of the last day.

    ``throttled`` lasts until an answer is no longer throttled; ``regain_ms`` is when Meta said access comes back.
    """

    started_ms: int
    failures: int = 0
    extras_ms: tuple[int, ...] = ()
    throttled: bool = False
    regain_ms: int = 0


class Due(msgspec.Struct, frozen=True):
    """When a target is looked at next. ``refused``: it would have been sooner, had a cap left room."""

    at_ms: int
    extra: bool = False
    refused: bool = False


def offset_ms(name: str, interval_ms: int) -> int:
    """A target's own place within its interval, the same after every restart, so that looks spread out."""
    return zlib.crc32(name.encode()) % interval_ms


def next_slot(after_ms: int, interval_ms: int, offset: int) -> int:
    """The first regular slot after an instant. Never a backlog: slots that have passed are gone."""
    return after_ms - (after_ms - offset) % interval_ms + interval_ms


def slots_in(span: Span, interval_ms: int, offset: int) -> int:
    """How many regular slots lie in a span, its beginning left out and its end included: what passed since."""
    return max(0, (span.end_ms - offset) // interval_ms - (span.start_ms - offset) // interval_ms)


def beat(before: Beat | None, finding: Finding, started_ms: int, *, extra: bool, regain_ms: int = 0) -> Beat:
    """The state after one more look. ``regain_ms`` is when Meta says a throttled caller regains access, else 0."""
    before = before or Beat(started_ms)
    failures = before.failures + 1 if finding.column in FAILING else 0
    extras = tuple(one for one in before.extras_ms if 0 <= started_ms - one < DAY)
    throttled = finding.cause is Cause.THROTTLING or (before.throttled and not _answered(finding))
    return Beat(
        started_ms,
        failures,
        (*extras, started_ms) if extra else extras,
        throttled,
        max(before.regain_ms, regain_ms) if throttled else 0,
    )


def _answered(finding: Finding) -> bool:
    """Whether Meta said something, good or bad; silence does not tell that a limit is lifted."""
    return finding.column in ANSWERING or finding.code is not None


def recalled(name: str, interval_ms: int, marks: Iterable[Mark]) -> Beat | None:
    """The state after looks on record, in order: what a restart must not forget is how much was spent."""
    offset = offset_ms(name, interval_ms)
    now: Beat | None = None
    for mark in marks:
        off_slot_ms = (mark.at_ms - offset) % interval_ms
        extra = now is not None and now.failures > 0 and _ON_TIME_MS < off_slot_ms < interval_ms - _ON_TIME_MS
        now = beat(now, mark.finding, mark.at_ms, extra=extra)
    return now


def shifted(before: Beat, step_ms: int) -> Beat:
    """The same state on a clock that was set: what is an hour ago stays an hour ago."""
    return msgspec.structs.replace(
        before,
        started_ms=before.started_ms + step_ms,
        extras_ms=tuple(one + step_ms for one in before.extras_ms),
        regain_ms=before.regain_ms and before.regain_ms + step_ms,
    )


def next_look(
    name: str,
    probe: ProbeKind,
    interval_ms: int,
    now: Beat,
    *,
    recheck_ms: int,
    extras_of_token: Iterable[int] = (),
) -> Due:
    """When to look again. A failing target is looked at soon, a throttled one late; else at its slot.

    ``extras_of_token`` are the instants of the extra looks of all targets that share the token, this one's too.
    """
    if now.throttled:
        return Due(max(now.started_ms + 2 * interval_ms, now.regain_ms))
    regular = next_slot(now.started_ms, interval_ms, offset_ms(name, interval_ms))
    again_ms = _again_ms(probe, now.failures, recheck_ms)
    if now.failures == 0 or again_ms >= interval_ms:
        return Due(regular)
    again = now.started_ms + again_ms
    if again >= regular:  # it stands in for the regular look and is no extra one
        return Due(again)
    spent = CAP_OF_TOKEN.spent(extras_of_token, now.started_ms) or (
        probe is ProbeKind.MESSAGE and CAP_OF_CANARY.spent(now.extras_ms, now.started_ms)
    )
    return Due(regular, refused=True) if spent else Due(again, extra=True)


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
