"""The days that faces show of every row, and their sums; what was published is put together once a day."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import date, timedelta
from zoneinfo import ZoneInfo

import msgspec

from wamon.core.publication import DayState, Passed, Publication, day_state, is_partial
from wamon.core.uptime import Figures, add

_DAY = timedelta(days=1)


class Day(msgspec.Struct, frozen=True, cache_hash=True):
    """A day of one row. ``first`` are the figures of revision 1; None while the day was never published.

    ``partial``: watching began on it, or it is not over. ``published_ms``: when its figures were said.
    """

    date: date
    state: DayState
    revision: int
    figures: Figures
    first: Figures | None = None
    reason: str = ""
    partial: bool = False
    published_ms: int = 0

    @property
    def restated(self) -> bool:
        """Whether a later revision says something else than the first."""
        return self.revision > 1


class ShownRow(msgspec.Struct, frozen=True):
    """A row's days from old to today, and its sums of ``today yesterday month last_month days``."""

    days: tuple[Day, ...] = ()
    periods: Mapping[str, Figures] = {}


class _Closed(msgspec.Struct, frozen=True):
    """What was published of a row: its days, and the sums of those with enough observed."""

    days: tuple[Day, ...]
    sums: Mapping[str, Figures]


class ShownDays:
    """Ninety days of every row. What was published changes with a publication only, and a day's state at midnight:
    it is put together for the first report of a day, and the next ones add what is still open.
    """

    def __init__(
        self,
        published: Mapping[tuple[str, date], tuple[Publication, Publication]],
        passes: Sequence[Passed] = (),
        days: int = 90,
    ) -> None:
        self._published = published
        self._passes = passes
        self._days = days
        self._today: date | None = None
        self._closed: dict[str, _Closed] = {}
        self._states: dict[tuple[date, str], DayState] = {}
        self._stated_ms = 0

    def rows(
        self,
        names: Iterable[str],
        fresh: Mapping[date, Mapping[str, Figures]],
        now_ms: int,
        today: date,
        zone: ZoneInfo,
    ) -> dict[str, ShownRow]:
        """Every row; ``fresh`` gives, by day and row, the figures of days that are not published yet."""
        if today != self._today:
            self._closed, self._today = {}, today
        return {name: self._row(name, fresh, now_ms, today, zone) for name in names}

    def _row(
        self, name: str, fresh: Mapping[date, Mapping[str, Figures]], now_ms: int, today: date, zone: ZoneInfo
    ) -> ShownRow:
        if name not in self._closed:
            self._closed[name] = self._put_together(name, now_ms, today)
        closed = self._closed[name]
        opened = [
            Day(day, DayState.OPEN, 0, sums, partial=is_partial(day, zone, sums))
            for day, rows in sorted(fresh.items())
            if (sums := rows.get(name)) is not None and (name, day) not in self._published
        ]
        days = (*closed.days, *opened)
        if opened and closed.days and closed.days[-1].date > opened[0].date:
            days = tuple(sorted(days, key=lambda one: one.date))
        later = _sums(opened, today)
        return ShownRow(days, {period: add((sums, later[period])) for period, sums in closed.sums.items()})

    def _put_together(self, name: str, now_ms: int, today: date) -> _Closed:
        dates = (today - number * _DAY for number in range(self._days - 1, -1, -1))
        trails = filter(None, (self._published.get((name, day)) for day in dates))
        days = tuple(_as_said(*trail, self._state(trail[1], now_ms)) for trail in trails)
        return _Closed(days, _sums(days, today))

    def _state(self, latest: Publication, now_ms: int) -> DayState:
        """A day's state, which is the same for all rows of its zone."""
        if now_ms != self._stated_ms:
            self._states, self._stated_ms = {}, now_ms
        key = (latest.day, latest.zone)
        if key not in self._states:
            self._states[key] = day_state(latest.day, ZoneInfo(latest.zone), now_ms, self._passes)
        return self._states[key]


NO_DAYS = ShownRow(periods=dict.fromkeys(("today", "yesterday", "month", "last_month", "days"), Figures()))


def published_day(first: Publication, latest: Publication, now_ms: int, passes: Sequence[Passed]) -> Day:
    """A day as its first and its latest publication say it."""
    return _as_said(first, latest, day_state(latest.day, ZoneInfo(latest.zone), now_ms, passes))


def _as_said(first: Publication, latest: Publication, state: DayState) -> Day:
    day, sums = latest.day, latest.figures
    partial = is_partial(day, ZoneInfo(latest.zone), sums)
    return Day(day, state, latest.revision, sums, first.figures, latest.reason, partial, latest.published_at_ms)


def _sums(days: Sequence[Day], today: date) -> dict[str, Figures]:
    """Single days as they are; in the longer periods a badly observed day is left out, as in every month."""
    counted = [one for one in days if not one.figures.insufficient]
    last_month = today.replace(day=1) - _DAY
    return {
        "today": add(one.figures for one in days if one.date == today),
        "yesterday": add(one.figures for one in days if one.date == today - _DAY),
        "month": add(one.figures for one in counted if _same_month(one.date, today)),
        "last_month": add(one.figures for one in counted if _same_month(one.date, last_month)),
        "days": add(one.figures for one in counted),
    }


def _same_month(one: date, other: date) -> bool:
    return (one.year, one.month) == (other.year, other.month)
