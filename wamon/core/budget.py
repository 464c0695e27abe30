"""The error budget, on time and never on counts: what is left of it, and whether it burns too fast."""

from collections.abc import Sequence
from datetime import date, timedelta
from typing import NamedTuple
from zoneinfo import ZoneInfo

from wamon.core.finding import Column
from wamon.core.segments import Timeline
from wamon.core.timeline import DAY, HOUR, MINUTE, Span, day_of, day_span, subtract, total_ms, union
from wamon.core.uptime import Figures

BUDGET_OVER_MS = 30 * DAY
"""Shares that burn are of so long a time's budget."""


class MonthBudget(NamedTuple):
    """A whole month's: what it allows if the rest of it is observed, and what was spent. Milliseconds."""

    allowed_ms: int
    spent_ms: int

    @property
    def left_ms(self) -> int:
        """Below 0 when overspent."""
        return self.allowed_ms - self.spent_ms

    @property
    def remaining(self) -> float:
        """The share left: 1 without downtime, below 0 when overspent, -Inf where the objective allows nothing."""
        if not self.spent_ms:
            return 1.0
        return self.left_ms / self.allowed_ms if self.allowed_ms else float("-inf")


def budget_of(sums: Figures, objective_percent: float, now_ms: int, zone: ZoneInfo) -> MonthBudget | None:
    """This month's budget, of which ``sums`` is what passed; None while nothing of it was observed."""
    if sums.platform_ms <= 0:
        return None
    return month_budget(sums, objective_percent, month_span(day_of(now_ms, zone), zone), now_ms)


def month_budget(sums: Figures, objective_percent: float, month: Span, now_ms: int) -> MonthBudget:
    """The budget of a month of which ``sums`` is what passed; what nobody observed allows nothing."""
    rest_ms = max(0, month.end_ms - now_ms)
    return MonthBudget(round((max(0, sums.platform_ms) + rest_ms) * (100 - objective_percent) / 100), sums.down_ms)


def month_span(day: date, zone: ZoneInfo) -> Span:
    """The month that a day is in."""
    first = day.replace(day=1)
    after = (first + timedelta(days=32)).replace(day=1)
    return Span(day_span(first, zone).start_ms, day_span(after, zone).start_ms)


class Pair(NamedTuple):
    """So large a share of the budget within the long window, and the same pace within the short one."""

    share: float
    long_ms: int
    short_ms: int


PAIRS = (
    Pair(0.02, HOUR, 5 * MINUTE),
    Pair(0.05, 6 * HOUR, 30 * MINUTE),
    Pair(0.10, DAY, 2 * HOUR),
    Pair(0.10, 3 * DAY, 6 * HOUR),
)
"""From the fastest to the slowest."""


class Burn(NamedTuple):
    """The fastest pair that burns, and the downtime within its long window."""

    pair: Pair
    down_ms: int


def burn(timeline: Timeline, objective_percent: float, now_ms: int, covered: Sequence[Span] = ()) -> Burn | None:
    """Whether a target's budget burns too fast now; None when it does not.

    ``covered`` is maintenance and time without an observer. Windows are of observed time: what nobody saw freezes
    them, so that a fire does not go out because nobody looks.
    """
    down = subtract([one.span for one in timeline.segments if one.column is Column.DOWN], covered)
    if not down:
        return None
    seen = _seen(timeline, covered, now_ms)
    budget_ms = BUDGET_OVER_MS * (100 - objective_percent) / 100
    for pair in PAIRS:
        most_ms = pair.share * budget_ms
        down_ms = total_ms(down, Span(_start_ms(seen, pair.long_ms), now_ms))
        recent_ms = total_ms(down, Span(_start_ms(seen, pair.short_ms), now_ms))
        if down_ms > most_ms and recent_ms > most_ms * pair.short_ms / pair.long_ms:
            return Burn(pair, down_ms)
    return None


_SEEN = frozenset({Column.UP, Column.DOWN, Column.USER})
"""Columns in which the platform was in reach."""


def _seen(timeline: Timeline, covered: Sequence[Span], now_ms: int) -> Sequence[Span]:
    """Observed time so far."""
    so_far = Span(0, now_ms)
    seen = [one.span.clip(so_far) for one in timeline.segments if one.column in _SEEN and one.start_ms < now_ms]
    return union(subtract(seen, covered))


def _start_ms(seen: Sequence[Span], length_ms: int) -> int:
    """Where so much observed time began; with less of it than that, at the beginning of it all."""
    left_ms = length_ms
    for span in reversed(seen):
        if span.length_ms >= left_ms:
            return span.end_ms - left_ms
        left_ms -= span.length_ms
    return 0
