"""Which days are to be closed: yesterday, as a rule; after a start or a jump of the clock, all that wait."""

from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from zoneinfo import ZoneInfo

import msgspec

from wamon.core.cadence import CLOSES_AFTER_MS, next_close
from wamon.core.calendar import Calendar, zones_of
from wamon.core.days import PLATFORM, counted
from wamon.core.timeline import MINUTE, SECOND, days_between
from wamon.core.watched import EVIDENCE, Watched
from wamon.work.bookkeeping import Bookkeeper

SOON_MS = SECOND
"""Days that ended while nothing ran are closed this long after a start, when the watch already runs."""

AGAIN_MS = MINUTE
"""Closing that failed, because the disk was full, is tried again after this."""


class Waiting(msgspec.Struct, frozen=True):
    """Days to close, from old to new, and the calendar that cuts them."""

    days: tuple[date, ...]
    calendar: Calendar


class Closing:
    """When to close days, and which. What is closed is asked of the book after a start and after a jump only."""

    def __init__(self, book: Bookkeeper, zone: ZoneInfo) -> None:
        self._book = book
        self._zone = zone
        self._next: date | None = None
        self._look_ms = 0

    def look_from(self, at_ms: int) -> None:
        """Ask the book which days wait, at an instant.

        After the clock was set that is a quarter of an hour later: a clock that is set ahead by mistake is mostly
        set back by then, and days that never were are not published.
        """
        self._next, self._look_ms = None, at_ms

    def due(self, now_ms: int) -> int:
        """When to close next."""
        return next_close(now_ms, self._zone) if self._next is not None else max(self._look_ms, now_ms + SOON_MS)

    def ready(self, now_ms: int) -> bool:
        """Whether it is time: a clock that was just set is not believed at once."""
        return self._next is not None or now_ms >= self._look_ms

    async def waiting(
        self, now_ms: int, watched: Sequence[Watched], first_ms: Mapping[str, int], calendar: Calendar
    ) -> Waiting:
        """Every day that has ended a quarter of an hour ago and is not closed yet."""
        last = calendar.day_of(now_ms - CLOSES_AFTER_MS) - timedelta(days=1)
        if self._next is not None:
            return Waiting(tuple(days_between(self._next, last)), calendar)
        began_ms = min((first_ms[one.name] for one in watched if one.name in first_ms), default=now_ms)
        rows = await self._book.closed_rows(now_ms)
        calendar = Calendar(self._zone, zones_of((day, zone) for day, _, zone in rows))
        closed = {(day, target) for day, target, _ in rows}
        days = {
            day
            for day in days_between(calendar.day_of(began_ms), last)
            if not _whole(day, closed, watched, first_ms, calendar)
        }
        gone = await self._gone(closed, watched, calendar, last)
        return Waiting(tuple(sorted(days | gone)), calendar)

    async def _gone(
        self, closed: set[tuple[date, str]], watched: Sequence[Watched], calendar: Calendar, last: date
    ) -> set[date]:
        """Last days of targets that are watched no more."""
        present, seen = {one.name for one in watched}, await self._book.last_looks()
        every = {one.name for one in await self._book.ever_watched() if one.probe not in EVIDENCE}
        days = {(calendar.day_of(at_ms), name) for name, at_ms in seen.items() if name in every - present}
        return {day for day, name in days - closed if day <= last}

    def closed(self, waiting: Waiting, now_ms: int) -> None:
        """All that waited then is closed now."""
        self._next = waiting.calendar.day_of(now_ms - CLOSES_AFTER_MS)

    def failed(self, now_ms: int) -> None:
        """They could not all be closed."""
        self.look_from(now_ms + AGAIN_MS)


def _whole(
    day: date,
    closed: set[tuple[date, str]],
    watched: Sequence[Watched],
    first_ms: Mapping[str, int],
    calendar: Calendar,
) -> bool:
    """Whether a day has all its rows; a day without any time has none."""
    span = calendar.span(day)
    names = [one.name for one in counted(watched) if one.name in first_ms and first_ms[one.name] < span.end_ms]
    return not span.length_ms or all((day, name) in closed for name in (*names, PLATFORM))
