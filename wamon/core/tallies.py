"""Looks counted by five minutes: how many had an answer or none, and how many of them failed."""

from array import array
from collections import Counter
from collections.abc import Iterable, Iterator
from typing import NamedTuple

from wamon.core.finding import Column
from wamon.core.timeline import DAY, MINUTE, Span

WINDOW_MS = 5 * MINUTE
"""Windows begin at whole multiples of this since 1970, so every zone's midnight is the beginning of one."""

_A_DAY = DAY // WINDOW_MS
COUNTED = frozenset({Column.UP, Column.USER, Column.DOWN})
"""The columns of looks that were answered, or failed by Meta's fault."""


class Tally(NamedTuple):
    """The looks of one window: one fails when its column is down, blip or not, and is none without an opinion."""

    window_ms: int
    looks: int
    failed: int


class Tallies:
    """Counts by window, 2 KiB a day. What was counted stays: judging again needs the looks themselves."""

    def __init__(self) -> None:
        self._days: dict[int, tuple[array[int], array[int]]] = {}

    def take(self, looks: Iterable[tuple[int, Column]]) -> None:
        """Count looks, given by instant and column."""
        every = list(looks)
        for window, count in Counter([at_ms // WINDOW_MS for at_ms, column in every if column in COUNTED]).items():
            self._add(window, count, 0)
        failed = [at_ms // WINDOW_MS for at_ms, column in every if column is Column.DOWN]
        for window, count in Counter(failed).items():
            self._add(window, 0, count)

    def _add(self, window: int, looks: int, failed: int) -> None:
        day, place = divmod(window, _A_DAY)
        if day not in self._days:
            self._days[day] = (array("I", [0]) * _A_DAY, array("I", [0]) * _A_DAY)
        every, bad = self._days[day]
        every[place] += looks
        bad[place] += failed

    def within(self, span: Span) -> Iterator[Tally]:
        """The windows that begin inside a span and in which a look counted, by time."""
        for day in sorted(self._days):
            begins_ms = day * DAY
            if begins_ms >= span.end_ms or begins_ms + DAY <= span.start_ms:
                continue
            for place, (looks, failed) in enumerate(zip(*self._days[day], strict=True)):
                window_ms = begins_ms + place * WINDOW_MS
                if looks and span.holds(window_ms):
                    yield Tally(window_ms, looks, failed)

    def with_looks(self, looks: Iterable[tuple[int, Column]]) -> "Tallies":
        """These counts and more looks, as others: these stay as they are."""
        both = Tallies()
        both._days = {day: (every[:], bad[:]) for day, (every, bad) in self._days.items()}
        both.take(looks)
        return both

    def forget_before(self, at_ms: int) -> None:
        """Drop the days that ended before an instant."""
        self._days = {day: counts for day, counts in self._days.items() if (day + 1) * DAY > at_ms}
