"""Instants, spans and days: whole milliseconds since 1970 in UTC, half-open, cut in a zone."""

from bisect import bisect_left
from collections.abc import Iterable, Iterator
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from typing import NamedTuple
from zoneinfo import ZoneInfo

SECOND = 1_000
MINUTE = 60 * SECOND
HOUR = 60 * MINUTE
DAY = 24 * HOUR
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MILLISECOND = timedelta(milliseconds=1)


class Span(NamedTuple):
    """``[start_ms, end_ms)``, UTC milliseconds. Empty when the end is not after the start."""

    start_ms: int
    end_ms: int

    @property
    def length_ms(self) -> int:
        """Never negative."""
        return max(0, self.end_ms - self.start_ms)

    @property
    def seconds(self) -> float:
        """The length in seconds."""
        return self.length_ms / SECOND

    def holds(self, at_ms: int) -> bool:
        """Whether the instant lies inside; the end does not."""
        return self.start_ms <= at_ms < self.end_ms

    def clip(self, within: "Span") -> "Span":
        """The part of this span inside another; may be empty."""
        return Span(max(self.start_ms, within.start_ms), min(self.end_ms, within.end_ms))

    def overlaps(self, other: "Span") -> bool:
        """Whether both share at least one millisecond."""
        return self.start_ms < other.end_ms and other.start_ms < self.end_ms


def to_ms(moment: datetime) -> int:
    """An aware datetime as UTC milliseconds, cut (not rounded) to the millisecond."""
    return (moment - _EPOCH) // _MILLISECOND


def from_ms(at_ms: int) -> datetime:
    """UTC milliseconds as an aware datetime in UTC."""
    return _EPOCH + timedelta(milliseconds=at_ms)


def iso(at_ms: int) -> str:
    """RFC 3339 in UTC: ``2026-11-01T00:00:30.250Z``; whole seconds have no fraction."""
    text = from_ms(at_ms).isoformat(timespec="milliseconds" if at_ms % SECOND else "seconds")
    return text.replace("+00:00", "Z")


def parse_iso(text: str) -> int:
    """RFC 3339 to UTC milliseconds; a text without an offset is taken as UTC.

    Raises ValueError when the text is no instant.
    """
    moment = datetime.fromisoformat(text)
    return to_ms(moment if moment.tzinfo else moment.replace(tzinfo=UTC))


def day_of(at_ms: int, zone: ZoneInfo) -> date:
    """The calendar day an instant falls on in a zone."""
    return from_ms(at_ms).astimezone(zone).date()


@lru_cache(maxsize=2048)
def day_span(day: date, zone: ZoneInfo) -> Span:
    """Midnight to midnight in the zone, as UTC instants: 23, 23.5, 24, 24.5 or 25 hours."""
    return Span(_midnight(day, zone), _midnight(day + timedelta(days=1), zone))


def _midnight(day: date, zone: ZoneInfo) -> int:
    return to_ms(datetime.combine(day, time(), tzinfo=zone).astimezone(UTC))


def days_between(first: date, last: date) -> Iterator[date]:
    """Every day from first to last, both included."""
    for number in range((last - first).days + 1):
        yield first + timedelta(days=number)


def union(spans: Iterable[Span]) -> list[Span]:
    """Sorted, disjoint and joined where they touch; empty spans vanish."""
    joined: list[Span] = []
    last_ms: int | None = None
    for span in sorted(one for one in spans if one[1] > one[0]):
        start, end = span
        if last_ms is None or start > last_ms:
            joined.append(span)
            last_ms = end
        elif end > last_ms:
            joined[-1] = Span(joined[-1].start_ms, end)
            last_ms = end
    return joined


def subtract(spans: Iterable[Span], holes: Iterable[Span]) -> list[Span]:
    """What remains of the spans once the holes are cut out; both are unioned first."""
    left, cuts = union(spans), union(holes)
    if not cuts:
        return left
    remains: list[Span] = []
    place = 0
    for start, end in left:
        while place < len(cuts) and cuts[place].end_ms <= start:
            place += 1
        for cut in cuts[place : bisect_left(cuts, end, lo=place, key=_start)]:
            if cut.start_ms > start:
                remains.append(Span(start, cut.start_ms))
            start = cut.end_ms
        if start < end:
            remains.append(Span(start, end))
    return remains


def _start(span: Span) -> int:
    return span.start_ms


def intersect(some: Iterable[Span], others: Iterable[Span]) -> list[Span]:
    """What both have; sorted and disjoint."""
    ours = union(some)
    return subtract(ours, subtract(ours, others))


def total_ms(spans: Iterable[Span], within: Span) -> int:
    """Milliseconds of disjoint spans inside a window."""
    first, last = within
    if last <= first:
        return 0
    return sum(min(end, last) - max(start, first) for start, end in spans if start < last and end > first)


def clipped(spans: Iterable[Span], within: Span) -> list[Span]:
    """The parts of spans inside a window; those wholly inside it are the same objects."""
    first, last = within
    return [
        one if first <= one[0] and one[1] <= last else one.clip(within)
        for one in spans
        if one[0] < last and one[1] > first
    ]
