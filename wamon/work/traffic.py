"""Real messages of a running watch: gathered as they are told, and judged once by the minute."""

import logging
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from typing import Protocol

from wamon.core.finding import Finding, Mark, Ruling, Verdict
from wamon.core.heard import webhook_name
from wamon.core.knowledge import Knowledge
from wamon.core.latency import Sketch
from wamon.core.minutes import GRACE_MS, Minute, Minutes, minute_of, observation
from wamon.core.observation import Exchange, ProbeKind
from wamon.core.timeline import DAY, MINUTE, Span
from wamon.core.traffic import DELIVERED_TO, SENT, Outcome, concerned, heard
from wamon.core.watched import Watched
from wamon.ledger.failures import LedgerError
from wamon.ledger.words import Arrival
from wamon.work.acquitting import Acquitting

_log = logging.getLogger("wamon.traffic")

MINUTES = "minutes"
"""The job that judges minutes of real messages."""

_RECENT_MS = 10 * MINUTE
"""What is judged later than this came late: its place on the timeline may be settled already."""

_REMEMBERED_MS = 3 * DAY
"""Nothing older becomes an observation, even where no day was closed for so long."""

_TAKEN_UP_MS = 15 * MINUTE
"""After a start, what came this long before the last that came is heard again: the last minutes are made of it."""


class Watch(Protocol):
    """Takes in what was seen, and knows what was seen last of each target."""

    last: dict[str, tuple[int, Finding]]

    async def take(self, exchange: Exchange) -> Finding: ...


class Book(Protocol):
    """Where webhooks, reports and looks are on record. Raises LedgerError."""

    async def report(self, batch: bytes, outcomes: Sequence[Outcome], received_ms: int) -> bool:
        """Write down what an application reported; False where this batch was here before."""
        ...

    async def told_lately(self, within_ms: int) -> Sequence[Outcome]:
        """What came within so long before the last that came."""
        ...

    async def marks(self, target: str, span: Span) -> Sequence[Mark]: ...

    async def sent_ms(self, messages: Iterable[bytes]) -> Mapping[bytes, int]: ...

    async def keep_message_latencies(self, target: str, at_ms: int, sketches: Mapping[str, Sketch]) -> None: ...

    async def append_rulings(self, rulings: Sequence[Ruling]) -> object: ...

    async def closed_ms(self) -> int:
        """Where the last day ends that was published; 0 before the first."""
        ...


class Counting(Protocol):
    """Counts how long messages took."""

    def came_back(self, target: str, message_status: str, after_ms: int) -> None: ...


class Traffic:
    """The real messages of every traffic target; what happened on days that are closed comes too late.

    ``restore`` puts a target's looks on its timeline anew, where one came too late to find its place.
    """

    def __init__(
        self,
        targets: Sequence[Watched],
        watch: Watch,
        book: Book,
        known: Knowledge,
        counting: Counting,
        clock: Callable[[], int],
        restore: Callable[[str, int], Awaitable[None]],
    ) -> None:
        self.targets = tuple(targets)
        self.minutes = {one.name: Minutes() for one in targets if one.probe is ProbeKind.TRAFFIC}
        self._watch = watch
        self._book = book
        self._known = known
        self._counting = counting
        self._clock = clock
        self._restore = restore
        self.on_took: Callable[[str, int, Mapping[str, Sketch]], None] = lambda _name, _at_ms, _took: None
        """Hears how long the messages of a minute took, by status."""
        self._acquitting = Acquitting()
        self._open_from_ms = 0
        self._names: dict[tuple[str, str, str], list[str]] = {}

    def hear(self, arrival: Arrival) -> None:
        """A webhook is on the disk: what it tells of real messages is counted."""
        evidence = webhook_name(arrival.account, arrival.received_at_ms)
        for one in heard(arrival.account, arrival.received_at_ms, arrival.gist) if self.minutes else ():
            self._acquitting.hear(one, evidence)
            self._gather(one)

    async def report(self, batch: bytes, outcomes: Sequence[Outcome]) -> bool:
        """Take in what an application reported; on the disk when this returns.

        ``batch`` is what tells one report from another (a digest of it): one that was here before is not counted
        again, and gives False. Raises LedgerError, and then nothing was counted.
        """
        now_ms = self._clock()
        told = [one._replace(at_ms=min(one.at_ms, now_ms)) for one in outcomes if self._concerned(one)]
        if not told:
            return True
        fresh = await self._book.report(batch, told, now_ms)
        for one in told if fresh else ():
            self._gather(one)
        return fresh

    def _concerned(self, one: Outcome) -> list[str]:
        """The targets that it counts for; there are few different ones."""
        key = one.account, one.number, one.direction.value
        if key not in self._names:
            self._names[key] = concerned(one, self.targets)
        return self._names[key]

    def _gather(self, one: Outcome) -> None:
        for name in self._concerned(one) if one.at_ms >= self._open_from_ms else ():
            self.minutes[name].add(one)

    async def resume(self) -> None:
        """After a start: what was told lately is gathered again, but for minutes that are on record."""
        if not self.minutes:
            return
        now_ms, self._open_from_ms = self._clock(), await self._book.closed_ms()
        on_record = Span(max(self._open_from_ms, now_ms - _REMEMBERED_MS), now_ms + DAY)
        for name in self.minutes:
            marks = await self._book.marks(name, on_record)
            self.minutes[name] = Minutes(minute_of(mark.at_ms) for mark in marks)
        for one in await self._book.told_lately(_TAKEN_UP_MS):
            if on_record.holds(one.at_ms):
                self._gather(one)
        await self.judge(now_ms)

    def due(self, now_ms: int) -> int:
        """When the next minute is judged."""
        return minute_of(now_ms - GRACE_MS) + MINUTE + GRACE_MS

    async def judge(self, now_ms: int) -> None:
        """Judge every minute that has ended and whose webhooks had time to arrive."""
        self._open_from_ms = await self._book.closed_ms()
        for name, minutes in self.minutes.items():
            minutes.forget_before(self._open_from_ms)
            ripe = minutes.ripe(now_ms)
            for minute in ripe:
                await self._judge(name, minute)
            if ripe and ripe[0].start_ms < now_ms - _RECENT_MS:
                await self._restore(name, now_ms)
        await self._acquit(now_ms)

    async def _acquit(self, now_ms: int) -> None:
        """What was delivered after all speaks against nobody; what comes later still is the weekly pass's."""
        if rulings := list(self._acquitting.rulings(self._known.catalogue.edition, now_ms)):
            await self._book.append_rulings(rulings)
            for name in sorted({one.target for one in rulings}):
                await self._restore(name, now_ms)

    async def _judge(self, name: str, minute: Minute) -> None:
        await self._time(name, minute)
        before = self._watch.last.get(name)
        seen = observation(name, minute, self._known)
        if (await self._watch.take(seen)).verdict is not Verdict.OK:
            self._acquitting.watch(seen)
        if before is not None and before[0] > minute.at_ms:
            self._watch.last[name] = before

    async def _time(self, name: str, minute: Minute) -> None:
        """How long the messages of a minute took; that it cannot be kept is no reason not to judge it."""
        try:
            sent_ms = await self._book.sent_ms(minute.delivered_ms) if minute.delivered_ms else {}
            took = {
                SENT: list(minute.late_ms),
                DELIVERED_TO: [max(0, minute.delivered_ms[one] - at_ms) for one, at_ms in sent_ms.items()],
            }
            sketches = {status: _sketch(every) for status, every in took.items() if every}
            await self._book.keep_message_latencies(name, minute.at_ms, sketches)
        except LedgerError as trouble:
            _log.error("how long the messages of %s took cannot be kept: %s", name, trouble)
            return
        self.on_took(name, minute.at_ms, sketches)
        for status, every in took.items():
            for took_ms in every:
                self._counting.came_back(name, status, took_ms)


def _sketch(every: Iterable[int]) -> Sketch:
    sketch = Sketch()
    for took_ms in every:
        sketch.add(took_ms)
    return sketch
