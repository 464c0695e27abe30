"""Which time was watched: running periods, what cut them off, and every slot that passed without a look."""

from collections.abc import Callable, Mapping
from typing import Protocol

import msgspec

from wamon.core.periods import Periods
from wamon.core.timeline import HOUR, SECOND, Span
from wamon.core.vigil import Vigil
from wamon.jobs import Cut, Interruption
from wamon.work.bookkeeping import Bookkeeper
from wamon.work.look import Watch

HEARTBEAT_MS = 15 * SECOND
"""A period is known to last until its latest heartbeat: a process that stood still for longer did not run."""

EVER = Span(0, 1 << 62)

_REASONS = {Cut.CLOCK: "clock", Cut.ASLEEP: "stopped", Cut.STALLED: "misfire"}


class Pace(msgspec.Struct, frozen=True):
    """How often housekeeping runs; the demo, which plays a week in seconds, needs less of it."""

    heartbeat_ms: int = HEARTBEAT_MS
    drain_ms: int = 15 * SECOND
    wrong_token_ms: int = HOUR


USUAL_PACE = Pace()


class Counting(Protocol):
    """Counts slots that passed without a look."""

    def missed(self, target: str, reason: str, slots: int = 1) -> None: ...


class Timekeeping:
    """Keeps the running periods of a watch in memory and in the book, and tells it when its clock was set."""

    def __init__(
        self, vigil: Vigil, watch: Watch, book: Bookkeeper, counting: Counting, clock: Callable[[], int]
    ) -> None:
        self._vigil = vigil
        self._watch = watch
        self._book = book
        self._counting = counting
        self._clock = clock
        self.periods = Periods((), clock())
        self.set_ms = 0
        """When the clock was last set while this watch ran, on the new clock; 0 for never."""
        watch.refused = lambda name, at_ms: self.missed(name, at_ms, "quota")
        watch.repeated = lambda at_ms: self.periods.repeated(at_ms)
        self._ended_ms: int | None = None

    async def begin(self) -> None:
        """Take up the periods of earlier runs; the one that runs is in the book from now on."""
        ran = await self._book.ran(EVER)
        self._ended_ms = ran[-1].end_ms if ran else None
        self.periods = Periods(ran, self.periods.began_ms)
        await self.beat(self._clock())

    async def beat(self, now_ms: int) -> None:
        """The running period lasts."""
        await self._book.heartbeat(self.periods.began_ms, now_ms)

    def missed(self, name: str, at_ms: int, reason: str, slots: int = 1) -> None:
        """Slots passed without a look; from here on a fact and a count."""
        self._counting.missed(name, reason, slots)
        self._book.soon(self._book.missed(name, at_ms, reason, slots))

    def _asked(self) -> list[str]:
        """The targets that have slots; what is told to us comes when it comes."""
        return [name for name, one in self._vigil.watched.items() if one.asked]

    def was_stopped(self, first_ms: Mapping[str, int], now_ms: int) -> None:
        """After a start: slots that passed while nothing ran are named, one made up to avoid a hole."""
        ended_ms = now_ms if self._ended_ms is None else self._ended_ms
        for name in self._asked():
            slots = self._watch.passed(name, Span(ended_ms, now_ms))
            if slots and first_ms.get(name, now_ms) <= ended_ms:
                self.missed(name, self._watch.slot_after(name, ended_ms), "stopped", slots)
            self._watch.catch_up(name, now_ms)

    def interrupted(self, one: Interruption) -> None:
        """The clock was set, the machine slept or the process stood still: what passed was not observed."""
        passed = Span(one.ended_ms, one.resumed_ms)
        for name in self._asked():
            slots = slots_lost(one.cut, self._watch.passed(name, passed))
            if slots:
                first_ms = self._watch.slot_after(name, one.ended_ms)
                self.missed(name, min(first_ms, one.resumed_ms), _REASONS[one.cut], slots)
        if one.cut is Cut.STALLED and passed.length_ms < HEARTBEAT_MS:
            return
        self._book.soon(self._begin_anew(self.periods.began_ms, one))
        self.periods.cut(one.ended_ms, one.resumed_ms)
        if one.cut is Cut.CLOCK:
            self.set_ms = one.resumed_ms
            self._watch.step(one.step_ms)
            self._vigil.step(one.resumed_ms, one.step_ms)

    async def _begin_anew(self, began_ms: int, one: Interruption) -> None:
        await self._book.heartbeat(began_ms, one.ended_ms)
        await self._book.heartbeat(one.resumed_ms, one.resumed_ms)


def slots_lost(cut: Cut, passed: int) -> int:
    """How many slots an interruption cost a target, of the regular ones that passed meanwhile.

    After a stall one is made up for at once. When the clock is set, what was planned on the old one never comes.
    """
    if cut is Cut.STALLED:
        return max(0, passed - 1)
    return max(1, passed) if cut is Cut.CLOCK else passed
