"""Meta's daily figures pieced together from the versions of its series, and the days it later counted anew."""

from collections.abc import Iterable, Sequence
from datetime import date, timedelta
from zoneinfo import ZoneInfo

import msgspec

from wamon.core.meta_page import UPTIME, Change, PageKind, Series, Version, page_of
from wamon.core.timeline import HOUR, day_of

STILL_COUNTED_MS = 36 * HOUR
"""The newest value may be of a day under way: its changes are no change of the past before so much time."""

_UTC = ZoneInfo("UTC")
_DAY = timedelta(days=1)


class MetaDay(msgspec.Struct, frozen=True):
    """A day of Cloud API as Meta counts it, in percent, and since when it reads so.

    The page gives values without dates: the newest is taken for the day before it was first seen, in UTC, so
    that ``day`` may be off by one. Meta's own zone is not known.
    """

    day: date
    percent: float
    seen_ms: int


def uptime_days(versions: Iterable[Version]) -> tuple[tuple[MetaDay, ...], tuple[Change, ...]]:
    """Every day that a version told, as told last, by day; and where a later version told another figure."""
    days: dict[date, MetaDay] = {}
    first_ms: dict[date, int] = {}
    changes: list[Change] = []
    before: Sequence[float | None] = ()
    newest = date.min
    for version in versions:
        page = page_of(version.page)
        if page is None or page.kind is not PageKind.SERIES or page.subject != UPTIME:
            continue
        for series in version.parts:
            if isinstance(series, Series):
                expected = day_of(version.seen_ms, _UTC) - _DAY
                newest = _newest(before, series.values, newest, expected)
                before = series.values
                changes += _take(series.values, newest, version.seen_ms, days, first_ms)
    return tuple(days[day] for day in sorted(days)), tuple(changes)


def _newest(before: Sequence[float | None], after: Sequence[float | None], newest: date, expected: date) -> date:
    """The day of the newest value: where most of the older values stand as they stood, near the day expected.

    A value more is a shift by one, and no change of the past.
    """
    if not before:
        return expected
    likely = (expected - newest).days
    shifts = [one for one in (likely, likely - 1, likely + 1) if 0 <= one < len(after)]
    if not shifts:
        return max(newest, expected)
    compared = min(len(before), len(after) - max(shifts))
    return newest + min(shifts, key=lambda shift: _cost(before, after, shift, compared, likely)) * _DAY


def _cost(
    before: Sequence[float | None], after: Sequence[float | None], shift: int, compared: int, likely: int
) -> int:
    """How many of the newest values before would read otherwise after a shift.

    A shift further than the days that passed must explain more than one value: else it is one counted anew.
    """
    moved = after[: len(after) - shift]
    pairs = zip(before[::-1][:compared], moved[::-1][:compared], strict=True)
    differing = sum(one is not None and other is not None and one != other for one, other in pairs)
    return differing + (shift > likely)


def _take(
    values: Sequence[float | None],
    newest: date,
    seen_ms: int,
    days: dict[date, MetaDay],
    first_ms: dict[date, int],
) -> list[Change]:
    changes = []
    for back, percent in enumerate(reversed(values)):
        day = newest - back * _DAY
        if percent is None:
            continue
        told = days.get(day)
        first_ms.setdefault(day, seen_ms)
        if told is None:
            days[day] = MetaDay(day, percent, seen_ms)
        elif told.percent != percent:
            days[day] = MetaDay(day, percent, seen_ms)
            if back or seen_ms - first_ms[day] > STILL_COUNTED_MS:
                changes.append(Change(seen_ms, _title(day), percent_text(told.percent), percent_text(percent)))
    return changes


def _title(day: date) -> str:
    return f"Cloud API's availability of {day.isoformat()} (± 1 day)"


def percent_text(percent: float) -> str:
    """As Meta gives it, without rounding: ``99.97 %``."""
    return f"{percent:.6f}".rstrip("0").rstrip(".") + " %"
