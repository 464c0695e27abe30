"""Declared maintenance: windows as people write them, expanded in their zone, and what of a target they cover."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date, datetime, time, timedelta
from typing import NamedTuple
from zoneinfo import ZoneInfo

import msgspec

from wamon.core.observation import WAY_BACK
from wamon.core.timeline import DAY, Span, day_of, days_between, intersect, subtract, to_ms, union

LONGEST_RECURRING_MS = 7 * DAY
"""What recurs every week lasts a week at most."""


class Once(msgspec.Struct, frozen=True, tag="once"):
    """From one instant to another, UTC milliseconds; the end does not belong to it."""

    start_ms: int
    end_ms: int


class Recurring(msgspec.Struct, frozen=True, tag="recurring"):
    """At the same time of some days, each time for as long as a clock on the wall counts ``duration_ms``.

    ``weekdays`` count from 0, Monday; none means every day. ``last`` is the last day on which it begins.
    """

    at: time
    duration_ms: int
    first: date
    weekdays: tuple[int, ...] = ()
    last: date | None = None


class Window(msgspec.Struct, frozen=True):
    """One declaration of maintenance that was not withdrawn: a withdrawn one covers nothing.

    Without ``targets`` and ``accounts`` it covers every target there is. ``zone`` is where its days and times are.
    """

    when: Once | Recurring
    zone: str
    targets: tuple[str, ...] = ()
    accounts: tuple[str, ...] = ()
    declared_at_ms: int = 0

    def covers(self, target: str, account: str) -> bool:
        """Whether it is about a target; a canary's way back is meant with it."""
        named = target in self.targets or target.removesuffix(WAY_BACK) in self.targets
        return named or account in self.accounts or not (self.targets or self.accounts)


class Cover(NamedTuple):
    """What of a stretch of time is maintenance; ``afterwards``, what of it was over when it was declared."""

    spans: tuple[Span, ...] = ()
    afterwards: tuple[Span, ...] = ()


NO_COVER = Cover()


def local_ms(day: date, at: time, zone: ZoneInfo) -> int:
    """The instant of a time on the wall, where clocks may change.

    A time that the clocks skip is taken by the offset before the change: 02:30 of a night that jumps from 02:00 to
    03:00 begins when the wall says 03:30. Of a time that comes twice, it is the first one.
    """
    return to_ms(datetime.combine(day, at, tzinfo=zone))


def occurrences(window: Window, span: Span) -> Iterator[Span]:
    """Every time a window touches a span, uncut. How long each lasts does not depend on a change of clocks."""
    when = window.when
    if isinstance(when, Once):
        found: Iterable[Span] = [Span(when.start_ms, when.end_ms)]
    else:
        found = _recurring(when, ZoneInfo(window.zone), span)
    yield from (one for one in found if one.overlaps(span))


def _recurring(when: Recurring, zone: ZoneInfo, span: Span) -> Iterator[Span]:
    """Candidates; a day on either side is looked at too, because clocks may change by as much."""
    first = max(when.first, day_of(span.start_ms - when.duration_ms, zone) - timedelta(days=1))
    last = day_of(span.end_ms, zone) + timedelta(days=1)
    for day in days_between(first, last if when.last is None else min(last, when.last)):
        if not when.weekdays or day.weekday() in when.weekdays:
            start_ms = local_ms(day, when.at, zone)
            yield Span(start_ms, start_ms + when.duration_ms)


def expand(windows: Iterable[Window], span: Span) -> list[Span]:
    """The maintenance of a span: sorted, disjoint, half-open, cut at its ends."""
    return union(one.clip(span) for window in windows for one in occurrences(window, span))


def cover(windows: Sequence[Window], span: Span) -> Cover:
    """The maintenance of a span, and the part that was already over when it was declared.

    Time that another window had covered beforehand was not declared afterwards.
    """
    before: list[Span] = []
    afterwards: list[Span] = []
    for window in windows:
        for one in occurrences(window, span):
            declared_ms = window.declared_at_ms
            before.append(Span(max(one.start_ms, declared_ms), one.end_ms).clip(span))
            afterwards.append(Span(one.start_ms, min(one.end_ms, declared_ms)).clip(span))
    return Cover(tuple(union([*before, *afterwards])), tuple(subtract(afterwards, before)))


def covers(windows: Sequence[Window], accounts: Mapping[str, str], span: Span) -> dict[str, Cover]:
    """The maintenance of each target, given with its account; targets without any are left out."""
    known: dict[tuple[Window, ...], Cover] = {}
    found: dict[str, Cover] = {}
    for target, account in accounts.items():
        about = tuple(one for one in windows if one.covers(target, account))
        if about not in known:
            known[about] = cover(about, span)
        if known[about].spans:
            found[target] = known[about]
    return found


def shared(parts: Iterable[Cover]) -> Cover:
    """What is maintenance of all at once: a row that is put together of targets stands still only when all do."""
    every = list(parts)
    if not every:
        return NO_COVER
    spans, known = list(every[0].spans), subtract(every[0].spans, every[0].afterwards)
    for one in every[1:]:
        spans = intersect(spans, one.spans)
        known = intersect(known, subtract(one.spans, one.afterwards))
    return Cover(tuple(spans), tuple(subtract(spans, known)))
