"""When an observer ran: periods of the wall clock, which may show the same time twice."""

from bisect import bisect_right
from collections.abc import Iterable, Mapping

from wamon.core.timeline import Span, subtract, union

EARLIEST_MS = 1_735_689_600_000
"""2025-01-01: wamon is younger, so a clock that says less was never set."""


def first_watched(activated_ms: Mapping[str, int], ran: Iterable[Span]) -> dict[str, int]:
    """When each target was first watched, by a clock that can be right.

    One that was activated by a clock that was never set begins with the first period after it was; until then it
    has not begun, and has no days.
    """
    since_ms = min((one.start_ms for one in ran if one.start_ms >= EARLIEST_MS), default=None)
    begun = {name: at_ms if at_ms >= EARLIEST_MS else since_ms for name, at_ms in activated_ms.items()}
    return {name: at_ms for name, at_ms in begun.items() if at_ms is not None}


class Periods:
    """The period that runs, and all that ran before it.

    A period ends where the clock was set, the machine fell asleep or the process stopped. Time outside all of
    them was observed by nobody, however near the looks on either side are. Time inside an earlier one was: what a
    clock that was set back shows there again stands behind what was seen first.
    """

    def __init__(self, earlier: Iterable[Span], began_ms: int) -> None:
        self._earlier = union(earlier)
        self.began_ms = began_ms

    def cut(self, ended_ms: int, resumed_ms: int) -> None:
        """The running period ended, and another one began."""
        self._earlier = union([*self._earlier, Span(self.began_ms, ended_ms)])
        self.began_ms = resumed_ms

    def repeated(self, at_ms: int) -> bool:
        """Whether an instant of the running period lies in an earlier one."""
        if not self._earlier or at_ms >= self._earlier[-1].end_ms:
            return False
        place = bisect_right(self._earlier, at_ms, key=_start) - 1
        return place >= 0 and self._earlier[place].holds(at_ms)

    def unobserved(self, since_ms: int, now_ms: int) -> tuple[Span, ...]:
        """Time up to now in which nothing ran."""
        first = bisect_right(self._earlier, since_ms, key=_end)
        return tuple(subtract([Span(since_ms, now_ms)], [*self._earlier[first:], Span(self.began_ms, now_ms + 1)]))


def _start(span: Span) -> int:
    return span.start_ms


def _end(span: Span) -> int:
    return span.end_ms
