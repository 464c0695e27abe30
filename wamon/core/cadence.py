"""What is due when: regular slots, re-checks, back-off, the daily close and the weekly pass. No clock here."""

import zlib
from bisect import bisect_right
from collections.abc import Iterable
from datetime import datetime, time, timedelta
from typing import NamedTuple
from zoneinfo import ZoneInfo

import msgspec

from wamon.core.finding import Cause, Column, Finding, Mark, Verdict
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
MOST_JITTER_MS = 5 * MINUTE
"""Canaries leave up to this long after their slot: what comes at fixed seconds looks like spam."""

PAIR_GAP_MS = 6 * SECOND
"""One message in six seconds to one handset (Meta, "Throughput", pair rate limits, read 2026-06)."""

SPARED_FROM_PERCENT = 80
"""A quota that is this full is left to the business: no canary and no extra look uses it up."""
USAGE_LASTS_MS = HOUR
"""Meta counts calls of a rolling hour."""

_ON_TIME_MS = 2 * SECOND
"""A look that began this near its slot was the regular one."""


class Beat(msgspec.Struct, frozen=True):
    """Where a target stands: its last look, how many failed in a row, and the extra looks of the last day.

    ``throttled`` lasts until an answer is no longer throttled; ``regain_ms`` is when Meta said access comes back.
    ``awaited``: a canary was accepted, and whether it failed is told by its way back.
    """

    started_ms: int
    failures: int = 0
    extras_ms: tuple[int, ...] = ()
    throttled: bool = False
    regain_ms: int = 0
    awaited: bool = False


class Usage(NamedTuple):
    """How full a quota was when an answer last told, in percent."""

    at_ms: int
    percent: int

    def spares(self, now_ms: int) -> bool:
        """Whether what is left of the quota is left to the business."""
        return self.percent >= SPARED_FROM_PERCENT and abs(now_ms - self.at_ms) < USAGE_LASTS_MS


class Flown(NamedTuple):
    """A canary on record, and what was found of its sending and of its way back; None: nothing is on record."""

    at_ms: int
    extra: bool
    sending: Finding | None
    way_back: Finding | None


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


def slot_of(at_ms: int, interval_ms: int, offset: int) -> int:
    """The regular slot that an instant belongs to: the last one by then."""
    return at_ms - (at_ms - offset) % interval_ms


def regular_after(name: str, probe: ProbeKind, interval_ms: int, after_ms: int) -> int:
    """When a target is regularly looked at next. A canary leaves a little after its slot, ever differently."""
    offset = offset_ms(name, interval_ms)
    following = next_slot(after_ms, interval_ms, offset)
    if probe is not ProbeKind.MESSAGE:
        return following
    leaves = [slot + _jitter_ms(name, interval_ms, slot) for slot in (following - interval_ms, following)]
    return next(at_ms for at_ms in leaves if at_ms > after_ms)


def _following(name: str, probe: ProbeKind, interval_ms: int, started_ms: int) -> int:
    """When the regular look after one that began at an instant is. A slot has one canary at most."""
    if probe is ProbeKind.MESSAGE:
        started_ms = slot_of(started_ms, interval_ms, offset_ms(name, interval_ms)) + interval_ms - 1
    return regular_after(name, probe, interval_ms, started_ms)


def _jitter_ms(name: str, interval_ms: int, slot_ms: int) -> int:
    """The same for a slot after every restart, and no slot's like another's."""
    return zlib.crc32(f"{name}@{slot_ms}".encode()) % max(1, min(interval_ms // 10, MOST_JITTER_MS))


def departure_ms(now_ms: int, last_ms: int | None) -> int:
    """When a message may leave for a handset that the last one left for at an instant."""
    return now_ms if last_ms is None else min(max(now_ms, last_ms + PAIR_GAP_MS), now_ms + PAIR_GAP_MS)


def cap_reached(slot_ms: int, slots_ms: Iterable[int], daily_cap: int) -> bool:
    """Whether regular canaries of these slots leave no room for one more within a day."""
    return sum(0 <= slot_ms - one < DAY for one in slots_ms) >= daily_cap


def slots_in(span: Span, interval_ms: int, offset: int) -> int:
    """How many regular slots lie in a span, its beginning left out and its end included: what passed since."""
    return max(0, (span.end_ms - offset) // interval_ms - (span.start_ms - offset) // interval_ms)


def beat(before: Beat | None, finding: Finding, started_ms: int, *, extra: bool, regain_ms: int = 0) -> Beat:
    """The state after one more look. ``regain_ms`` is when Meta says a throttled caller regains access, else 0."""
    before = before or Beat(started_ms)
    failures = before.failures + 1 if finding.column in FAILING else 0
    extras = _of_the_day(before.extras_ms, started_ms)
    throttled = finding.cause is Cause.THROTTLING or (before.throttled and not _answered(finding))
    return Beat(
        started_ms,
        failures,
        (*extras, started_ms) if extra else extras,
        throttled,
        max(before.regain_ms, regain_ms) if throttled else 0,
    )


def _of_the_day(extras_ms: tuple[int, ...], now_ms: int) -> tuple[int, ...]:
    """Extra looks of the last day, in order; a bad one has a thousand, so they are not asked one by one."""
    return extras_ms[bisect_right(extras_ms, now_ms - DAY) : bisect_right(extras_ms, now_ms)]


def launched(before: Beat | None, finding: Finding, started_ms: int, *, extra: bool, regain_ms: int = 0) -> Beat:
    """The state after a canary left. One that was accepted has neither failed nor succeeded yet."""
    now = beat(before, finding, started_ms, extra=extra, regain_ms=regain_ms)
    return _accepted(before, now) if finding.verdict is Verdict.OK else now


def _accepted(before: Beat | None, now: Beat) -> Beat:
    return msgspec.structs.replace(now, failures=before.failures if before else 0, awaited=True)


def returned(before: Beat, finding: Finding) -> Beat:
    """The state after a canary's way back is known. Of one that was not accepted its sending said enough."""
    if not before.awaited:
        return before
    return msgspec.structs.replace(
        before,
        failures=before.failures + 1 if finding.column in FAILING else 0,
        throttled=before.throttled or finding.cause is Cause.THROTTLING,
        awaited=False,
    )


_LEFT = Finding(Verdict.OK, Cause.NONE, Column.UP)
"""A canary of which nothing but its leaving is known has not failed."""


def recalled_canaries(flown: Iterable[Flown]) -> Beat | None:
    """The state after canaries on record, in the order in which they left."""
    now: Beat | None = None
    for one in flown:
        now = launched(now, one.sending or _LEFT, one.at_ms, extra=one.extra)
        now = now if one.way_back is None else returned(now, one.way_back)
    return now


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
    spared: bool = False,
) -> Due:
    """When to look again. A failing target is looked at soon, a throttled one late; else at its slot.

    ``extras_of_token`` are the instants of the extra looks of all targets that share the token, this one's too;
    ``spared`` is whether its quota is left to the business.
    """
    if now.throttled:
        return Due(max(now.started_ms + 2 * interval_ms, now.regain_ms))
    regular = _following(name, probe, interval_ms, now.started_ms)
    again_ms = _again_ms(probe, now.failures, recheck_ms)
    if now.failures == 0 or now.awaited or again_ms >= interval_ms:
        return Due(regular)
    again = now.started_ms + again_ms
    if again >= regular:  # it stands in for the regular look and is no extra one
        return Due(again)
    spent = (
        spared
        or CAP_OF_TOKEN.spent(extras_of_token, now.started_ms)
        or (probe is ProbeKind.MESSAGE and CAP_OF_CANARY.spent(now.extras_ms, now.started_ms))
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


def next_daily(after_ms: int, zone: ZoneInfo, at: time) -> int:
    """When a time of day in a zone comes next, after an instant."""
    day = day_of(after_ms, zone)
    moment = to_ms(datetime.combine(day, at, tzinfo=zone).astimezone(from_ms(0).tzinfo))
    if moment > after_ms:
        return moment
    return to_ms(datetime.combine(day + timedelta(days=1), at, tzinfo=zone).astimezone(from_ms(0).tzinfo))


def next_weekly(after_ms: int, zone: ZoneInfo, weekday: int, at: time) -> int:
    """When the weekly pass runs next: a weekday (Monday is 0) and a time of day in a zone."""
    day = day_of(after_ms, zone)
    day += timedelta(days=(weekday - day.weekday()) % 7)
    moment = to_ms(datetime.combine(day, at, tzinfo=zone).astimezone(from_ms(0).tzinfo))
    if moment > after_ms:
        return moment
    return to_ms(datetime.combine(day + timedelta(days=7), at, tzinfo=zone).astimezone(from_ms(0).tzinfo))
