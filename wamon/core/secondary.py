"""Secondary lines beside a day's figures: bad minutes, and shares of looks that succeeded; sums that add up."""

from collections import Counter
from collections.abc import Iterable, Sequence
from math import sqrt

import msgspec

from wamon.core.finding import Column
from wamon.core.segments import Timeline
from wamon.core.tallies import WINDOW_MS, Tally
from wamon.core.timeline import MINUTE, Span, subtract, union

ROW_OF_BAD_MINUTES = 10
"""Meta's ten consecutive minutes, counted in bad ones."""

MILLION = 1_000_000

_Z = 1.959963984540054
"""Of a normal distribution, 95 % lie within so many deviations."""


class Secondary(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """Integer sums of a day; those of days add up to a month's.

    ``bad_minutes`` are UTC minutes more than half of which was down; ``bad_minutes_in_rows``, those of them that
    lie in rows of ten and more. ``looks`` had an answer or failed. ``windows`` are the five minutes with at least
    one such look, ``share_ppm`` the sum over windows of the millionth parts that succeeded, each cut off.
    """

    bad_minutes: int = 0
    bad_minutes_in_rows: int = 0
    looks: int = 0
    succeeded: int = 0
    windows: int = 0
    share_ppm: int = 0

    @property
    def window_share(self) -> float | None:
        """The mean over windows of the share of looks that succeeded."""
        return self.share_ppm / (MILLION * self.windows) if self.windows else None

    @property
    def success_ratio(self) -> float | None:
        """Looks that succeeded among those that counted."""
        return self.succeeded / self.looks if self.looks else None

    @property
    def success_bounds(self) -> tuple[float, float] | None:
        """What ratio the looks allow with 95 % confidence (Wilson's score interval), if none hung on another."""
        return wilson(self.succeeded, self.looks) if self.looks else None


def secondary(
    timeline: Timeline,
    tallies: Iterable[Tally],
    day: Span,
    *,
    maintenance: Sequence[Span] = (),
    unobserved: Sequence[Span] = (),
) -> Secondary:
    """The secondary sums of a day, midnight to midnight. A minute or a window belongs to the day it begins on.

    Rows of bad minutes are joined on the whole timeline first. A window that declared maintenance touches is left
    out; a minute under maintenance is not bad.
    """
    rows = bad_rows(timeline, (*maintenance, *unobserved))
    long = [row for row in rows if row.length_ms >= ROW_OF_BAD_MINUTES * MINUTE]
    resting = union(maintenance)
    counted = [
        one
        for one in tallies
        if day.holds(one.window_ms) and not _touched(Span(one.window_ms, one.window_ms + WINDOW_MS), resting)
    ]
    looks = sum(one.looks for one in counted)
    return Secondary(
        bad_minutes=sum(_begun(row, day) for row in rows),
        bad_minutes_in_rows=sum(_begun(row, day) for row in long),
        looks=looks,
        succeeded=looks - sum(one.failed for one in counted),
        windows=len(counted),
        share_ppm=sum((one.looks - one.failed) * MILLION // one.looks for one in counted),
    )


def bad_rows(timeline: Timeline, covered: Sequence[Span]) -> list[Span]:
    """Rows of bad minutes in a row: UTC minutes of which more than half is down once the overlays are laid on."""
    down = subtract((one.span for one in timeline.segments if one.column is Column.DOWN), covered)
    lost: Counter[int] = Counter()
    for one in down:
        for minute in range(one.start_ms // MINUTE, (one.end_ms - 1) // MINUTE + 1):
            lost[minute] += one.clip(Span(minute * MINUTE, (minute + 1) * MINUTE)).length_ms
    return union(Span(one * MINUTE, (one + 1) * MINUTE) for one, lost_ms in lost.items() if 2 * lost_ms > MINUTE)


def _begun(row: Span, day: Span) -> int:
    """How many minutes of a row begin on a day."""
    first, last = (-(-edge // MINUTE) for edge in row.clip(day))
    return max(0, last - first)


def _touched(window: Span, resting: Sequence[Span]) -> bool:
    return any(window.overlaps(one) for one in resting)


def wilson(succeeded: int, looks: int) -> tuple[float, float]:
    """Wilson's score interval with 95 % confidence; at least one look."""
    ratio, part = succeeded / looks, _Z * _Z / looks
    middle = ratio + part / 2
    margin = sqrt(part * (ratio * (1 - ratio) + part / 4))
    low, high = ((middle + side) / (1 + part) for side in (-margin, margin))
    return (max(0.0, low) if succeeded else 0.0, min(1.0, high) if succeeded < looks else 1.0)


def add(parts: Iterable[Secondary | None]) -> Secondary | None:
    """Days together. Those without are passed over; None when all are without."""
    rows = [msgspec.structs.astuple(part) for part in parts if part is not None]
    return Secondary(*(sum(column) for column in zip(*rows, strict=True))) if rows else None


def secondary_document(sums: Secondary | None) -> dict[str, float | None] | None:
    """The lines under their published names; None where a day has none, because an earlier version closed it."""
    if sums is None:
        return None
    low, high = sums.success_bounds or (None, None)
    return {
        "bad_minutes": sums.bad_minutes,
        "bad_minutes_in_rows_of_ten": sums.bad_minutes_in_rows,
        "looks": sums.looks,
        "looks_succeeded": sums.succeeded,
        "success_ratio": sums.success_ratio,
        "success_ratio_low": low,
        "success_ratio_high": high,
        "five_minute_windows": sums.windows,
        "five_minute_success": sums.window_share,
    }
