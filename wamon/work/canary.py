"""Canaries: written before they leave, never twice for a slot, followed until they are back or overdue."""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Protocol

import msgspec

from wamon.core.cadence import (
    Beat,
    Due,
    Flown,
    cap_reached,
    departure_ms,
    recalled_canaries,
)
from wamon.core.finding import Finding, Verdict
from wamon.core.observation import Exchange, Receiver
from wamon.core.receipt import MessageReport
from wamon.core.reclassification import Account
from wamon.core.roundtrip import Canary, Fate, Heard, came_back, fate_of, is_over, mark_of
from wamon.core.timeline import DAY, HOUR, SECOND, Span
from wamon.ledger.failures import LedgerError
from wamon.ledger.words import Arrival, Reported

_log = logging.getLogger("wamon.canary")

WAYS_BACK = "ways back"
"""The job that judges the canaries that are over."""

_TAKEN_UP_MS = HOUR
"""After a start canaries are still judged whose deadline passed this long ago; what was before, nobody watched."""


class Course(msgspec.Struct, frozen=True):
    """How one target's canaries are sent: whose webhooks tell of them, to which handset, how many a day."""

    target: str
    account: str
    handset: str
    deadline_ms: int
    daily_cap: int


class Flight(msgspec.Struct):
    """A canary that left, what was heard of it, and the statuses that were counted."""

    canary: Canary
    fate: Fate = Fate.LEAVING
    heard: list[Heard] = msgspec.field(default_factory=list)
    counted: set[str] = msgspec.field(default_factory=set)

    def over(self, now_ms: int) -> bool:
        """Whether it can be judged: its sending is, and it came to an end or is overdue."""
        return self.fate is not Fate.LEAVING and is_over(self.canary, self.heard, now_ms)


class Watch(Protocol):
    """Plans canaries, and takes in what was seen of them."""

    @property
    def refused(self) -> Callable[[str, int], None]:
        """Hears of a canary that a cap kept back."""
        ...

    @property
    def on_step(self) -> list[Callable[[int], None]]:
        """Who hears by how much the clock was set."""
        ...

    def planned(self, name: str) -> Due | None: ...

    def slot(self, name: str, at_ms: int) -> int: ...

    def spares(self, name: str, now_ms: int) -> bool: ...

    async def take(self, exchange: Exchange, *, extra: bool = False) -> Finding: ...

    def recall(self, name: str, now: Beat) -> None: ...


class Sender(Protocol):
    """Sends the message of a target once, carrying a mark. Never raises for what it sees."""

    async def send_canary(self, name: str, mark: str, at_ms: int) -> Exchange: ...


class Book(Protocol):
    """Where canaries, looks and webhooks are on record. Raises LedgerError."""

    async def launch(self, canary: Canary) -> bool:
        """Write a canary down before it leaves; False where its slot had one."""
        ...

    async def canaries(self, since_ms: int) -> Sequence[Canary]: ...

    async def reports_of_canary(self, mark: str) -> Sequence[Reported]: ...

    async def last_arrival_ms(self, span: Span, account: str) -> int | None: ...

    async def account(self, target: str, account: str, span: Span) -> Account: ...


class Ears(Protocol):
    """Our own receiver of webhooks."""

    def listened_since(self, at_ms: int) -> bool:
        """Whether it has listened without a break since an instant."""
        ...

    async def reachable(self) -> bool:
        """Whether it can be reached from outside, where it is known how; else it is taken to be."""
        ...


class Counting(Protocol):
    """Counts how long canaries took."""

    def came_back(self, target: str, message_status: str, after_ms: int) -> None: ...


class Nobody:
    """Ears where no receiver runs."""

    def listened_since(self, at_ms: int) -> bool:
        """Never."""
        del at_ms  # nobody is there at any time
        return False

    async def reachable(self) -> bool:
        """Nowhere."""
        return False


class Canaries:
    """All canaries of a watch. ``unique`` gives texts that are never used twice, ``ears`` are our receiver's."""

    def __init__(
        self,
        courses: Mapping[str, Course],
        watch: Watch,
        sender: Sender,
        book: Book,
        counting: Counting,
        clock: Callable[[], int],
        unique: Callable[[], str],
        wake: Callable[[str, int], None] = lambda _name, _at_ms: None,
        pause: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        self.courses = courses
        self.ears: Ears = Nobody()
        self.awaited: dict[str, Flight] = {}
        self._over: dict[str, Flight] = {}
        self._watch = watch
        self._sender = sender
        self._book = book
        self._counting = counting
        self._clock = clock
        self._unique = unique
        self._wake = wake
        self._pause = pause
        self._regular: dict[str, list[int]] = {name: [] for name in courses}
        self._last_to: dict[str, int] = {}
        watch.on_step.append(self.step)

    async def look(self, name: str) -> None:
        """Send one canary for a slot, unless the slot had one, or it would be one too many."""
        course, planned, now_ms = self.courses[name], self._watch.planned(name), self._clock()
        extra = planned is not None and planned.extra
        slot_ms = self._watch.slot(name, now_ms)
        if planned is not None and extra:
            slot_ms = planned.at_ms
        elif cap_reached(slot_ms, self._regular[name], course.daily_cap) or self._watch.spares(name, now_ms):
            self._watch.refused(name, now_ms)
            return
        await self._keep_apart(course.handset)
        mark = mark_of(self._unique())
        canary = Canary(mark, name, slot_ms, self._clock(), course.deadline_ms, extra)
        try:
            fresh = await self._book.launch(canary)
        except LedgerError as trouble:
            _log.error("no canary of %s was sent, for it cannot be written down first: %s", name, trouble)
            return
        if fresh:
            await self._fly(canary)

    async def _keep_apart(self, handset: str) -> None:
        """Wait until the next message may leave for a handset; whoever comes next waits behind this one."""
        now_ms = self._clock()
        leaves_ms = self._last_to[handset] = departure_ms(now_ms, self._last_to.get(handset))
        if leaves_ms > now_ms:
            await self._pause((leaves_ms - now_ms) / SECOND)

    async def _fly(self, canary: Canary) -> None:
        """It is followed before it leaves: its webhook may be faster than the answer."""
        flight = self.awaited[canary.mark] = self._remember(canary)
        exchange = await self._sender.send_canary(canary.target, canary.mark, canary.sent_ms)
        exchange = msgspec.structs.replace(exchange, at_ms=flight.canary.sent_ms)
        found = await self._watch.take(exchange, extra=canary.extra)
        flight.fate = fate_of(exchange, found.verdict is Verdict.OK)
        if flight.fate is Fate.REFUSED:
            self._end(flight)
        self._wake(WAYS_BACK, self.due(self._clock()))

    def _remember(self, canary: Canary) -> Flight:
        if not canary.extra:
            slots = self._regular[canary.target]
            self._regular[canary.target] = [one for one in slots if canary.slot_ms - one < DAY] + [canary.slot_ms]
        handset = self.courses[canary.target].handset
        self._last_to[handset] = max(canary.sent_ms, self._last_to.get(handset, 0))
        return Flight(canary)

    def hear(self, arrival: Arrival) -> None:
        """A webhook is on the disk: what it tells of canaries is theirs."""
        for report in arrival.gist.reports:
            flight = self.awaited.get(report.canary or "") or self._over.get(report.canary or "")
            if flight is not None:
                self._tell(flight, report, arrival.received_at_ms)
        if any(report.canary in self.awaited for report in arrival.gist.reports):
            self._wake(WAYS_BACK, self.due(self._clock()))

    def _tell(self, flight: Flight, report: MessageReport, received_ms: int) -> None:
        canary, after_ms = flight.canary, max(0, received_ms - flight.canary.sent_ms)
        flight.heard.append(Heard(report, received_ms))
        if report.message_status not in flight.counted:
            flight.counted.add(report.message_status)
            self._counting.came_back(canary.way_back, report.message_status, after_ms)
        if received_ms > canary.until_ms:
            _log.info(
                "canary %s of %s: %s after %d s, past its deadline of %d s: what was ruled of it stays",
                canary.mark,
                canary.target,
                report.message_status,
                after_ms // SECOND,
                canary.deadline_ms // SECOND,
            )

    def due(self, now_ms: int) -> int:
        """When the next canary is over: at once where one has come back, else at the nearest deadline."""
        ends = (
            now_ms if one.over(now_ms) else one.canary.until_ms
            for one in self.awaited.values()
            if one.fate is not Fate.LEAVING
        )
        return max(now_ms, min(ends, default=now_ms + HOUR)) + 1

    async def judge(self, _now_ms: int) -> None:
        """Judge every canary that is over, and write down what its way back was."""
        for flight in list(self.awaited.values()):
            if flight.over(self._clock()):
                receiver = await self._receiver(flight)
                exchange = came_back(flight.canary, flight.heard, flight.fate, receiver)
                self._end(flight)
                if exchange is not None:
                    await self._watch.take(exchange)

    async def _receiver(self, flight: Flight) -> Receiver | None:
        """How our own side fared while a canary was awaited; not asked where something was heard of it in time."""
        canary = flight.canary
        if any(one.received_ms <= canary.until_ms for one in flight.heard) or flight.fate is not Fate.ACCEPTED:
            return None
        if not self.ears.listened_since(canary.sent_ms):
            return Receiver.DEAF
        wait = Span(canary.sent_ms, canary.until_ms + 1)
        try:
            arrived = await self._book.last_arrival_ms(wait, self.courses[canary.target].account)
        except LedgerError as trouble:
            _log.error("whether other webhooks came meanwhile cannot be read: %s", trouble)
            arrived = None
        if arrived is not None:
            return Receiver.HEARD
        return Receiver.LISTENING if await self.ears.reachable() else Receiver.DEAF

    def _end(self, flight: Flight) -> None:
        """It is awaited no more; for a day what comes late is still known."""
        self.awaited.pop(flight.canary.mark, None)
        now_ms = self._clock()
        self._over = {mark: one for mark, one in self._over.items() if now_ms - one.canary.sent_ms < DAY} | {
            flight.canary.mark: flight
        }

    def step(self, step_ms: int) -> None:
        """The clock was set: what was awaited for two minutes more still is."""
        for flight in self.awaited.values():
            flight.canary = msgspec.structs.replace(flight.canary, sent_ms=flight.canary.sent_ms + step_ms)
            flight.heard = [Heard(one.report, one.received_ms + step_ms) for one in flight.heard]
        self._last_to = {handset: at_ms + step_ms for handset, at_ms in self._last_to.items()}

    async def resume(self) -> None:
        """After a start: know what left within a day, and take up what is still to be judged."""
        now_ms = self._clock()
        every = [one for one in await self._book.canaries(now_ms - DAY) if one.target in self.courses]
        for name, course in self.courses.items():
            sent = [one for one in every if one.target == name]
            if sent:
                await self._take_up(course, sent, now_ms)

    async def _take_up(self, course: Course, sent: Sequence[Canary], now_ms: int) -> None:
        span = Span(sent[0].sent_ms, now_ms + DAY)
        there = await self._book.account(course.target, course.account, span)
        back = await self._book.account(sent[0].way_back, course.account, span)
        sending = {mark.at_ms: mark.finding for mark in there.marks}
        returns = {mark.at_ms: mark.finding for mark in back.marks}
        for one in sent:
            flight, found = self._remember(one), sending.get(one.sent_ms)
            accepted = found is not None and found.verdict is Verdict.OK
            flight.fate = fate_of(there.exchanges.get(one.sent_ms), accepted)
            heard = await self._book.reports_of_canary(one.mark)
            flight.heard = [Heard(row.report, row.received_at_ms) for row in heard]
            flight.counted = {row.report.message_status for row in heard}
            known = one.sent_ms in returns or flight.fate is Fate.REFUSED
            if known or now_ms - one.until_ms > _TAKEN_UP_MS:
                self._end(flight)
            else:
                self.awaited[one.mark] = flight
        flown = [Flown(one.sent_ms, one.extra, sending.get(one.sent_ms), returns.get(one.sent_ms)) for one in sent]
        if (now := recalled_canaries(flown)) is not None:
            self._watch.recall(course.target, now)
