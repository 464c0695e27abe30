"""Which stretch of time a day is, also where the service's zone was changed between two days."""

from collections.abc import Iterable, Mapping
from datetime import date, timedelta
from zoneinfo import ZoneInfo

import msgspec

from wamon.core.timeline import Span, day_of, day_span

_DAY = timedelta(days=1)


class Calendar(msgspec.Struct, frozen=True):
    """Days as the service's zone cuts them; ``closed`` gives the zone of every day that was closed, by its key.

    A closed day keeps its zone. The first one after a change begins where the last closed one ended, longer or
    shorter by the difference of the zones: no instant is on two days, and none on no day.
    """

    zone: ZoneInfo
    closed: Mapping[date, str] = {}

    def zone_of(self, day: date) -> ZoneInfo:
        """The zone a day is cut in."""
        key = self.closed.get(day, self.zone.key)
        return self.zone if key == self.zone.key else ZoneInfo(key)

    def span(self, day: date) -> Span:
        """From its beginning to its end; empty for a day that a change of zone left no time."""
        whole = day_span(day, self.zone_of(day))
        # Two days back: zones lie up to 26 hours apart, so a change may leave a day no time at all.
        yesterday, before = (self._moved(day, back) for back in (1, 2))
        if yesterday is not None:
            start_ms = yesterday.end_ms
        elif before is not None:
            start_ms = max(before.end_ms, whole.start_ms)
        else:
            return whole
        return Span(start_ms, max(start_ms, whole.end_ms))

    def _moved(self, day: date, back: int) -> Span | None:
        """An earlier day, if it was closed in another zone than this one."""
        earlier = day - back * _DAY
        key = self.closed.get(earlier)
        return day_span(earlier, ZoneInfo(key)) if key and key != self.zone_of(day).key else None

    def day_of(self, at_ms: int) -> date:
        """The day an instant is on."""
        day = day_of(at_ms, self.zone)
        while at_ms >= self.span(day).end_ms:
            day += _DAY
        while at_ms < self.span(day).start_ms:
            day -= _DAY
        return day


def zones_of(rows: Iterable[tuple[date, str]]) -> dict[date, str]:
    """The zone of every closed day, from days and zones as they were published; a day's first one stands."""
    zones: dict[date, str] = {}
    for day, zone in rows:
        zones.setdefault(day, zone)
    return zones
