"""Which single looks may be forgotten: old ones, of days that are settled and published for all they are of."""

from datetime import timedelta
from zoneinfo import ZoneInfo

from wamon.core.calendar import Calendar
from wamon.core.observation import ProbeKind
from wamon.core.publication import DayState, day_state
from wamon.core.timeline import days_between
from wamon.ledger.book import Book

_NO_DAYS = frozenset({ProbeKind.TOKEN, ProbeKind.CONTROL, ProbeKind.STATUS})
_DONE = frozenset({DayState.SETTLED, DayState.FROZEN})


def prunable_ms(book: Book, zone: ZoneInfo, kept_days: int, at_ms: int) -> int:
    """Up to which instant looks may go; 0 for none.

    They are older than ``kept_days`` whole days, and every day up to there is settled and was published for each
    target that was looked at on it.
    """
    span = book.reach()
    if span is None:
        return 0
    calendar = Calendar(zone, {day: zone for day, _, zone in book.closed_rows(at_ms)})
    last = calendar.day_of(at_ms) - timedelta(days=kept_days + 1)
    before_ms, passes = 0, book.passes()
    for day in days_between(calendar.day_of(span.start_ms), last):
        whole = calendar.span(day)
        if day_state(day, calendar.zone_of(day), at_ms, passes) not in _DONE:
            break
        published = {row.target for row in book.publications(day=day)}
        seen = {name for name, one in book.looked_at(whole).items() if ProbeKind(one.probe) not in _NO_DAYS}
        if not seen <= published:
            break
        before_ms = whole.end_ms
    return before_ms
