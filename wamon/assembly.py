"""The parts of a running watch put together, and the one table of its jobs; daemon and demo run the same."""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Mapping, Sequence
from concurrent.futures import Executor
from datetime import date, timedelta
from functools import cached_property
from zoneinfo import ZoneInfo

from wamon import __version__
from wamon.accounts import Accounts
from wamon.almanac import Almanac
from wamon.canaries import canary_jobs, open_canaries
from wamon.closing import AGAIN_MS, Closing
from wamon.consulting import Consulting
from wamon.core.cadence import CLOSES_AFTER_MS, next_weekly
from wamon.core.calendar import Calendar, zones_of
from wamon.core.days import Overlay, counted
from wamon.core.incident import Incident
from wamon.core.knowledge import knowledge
from wamon.core.observation import ProbeKind
from wamon.core.ourselves import with_ourselves
from wamon.core.posted import Outage
from wamon.core.publication import Passed, Publication
from wamon.core.report import Ledgered, Report, snapshot
from wamon.core.review import Ground, window
from wamon.core.shown_days import ShownDays
from wamon.core.timeline import DAY, HOUR, MINUTE, SECOND, Span, day_of, day_span
from wamon.core.vigil import Vigil
from wamon.core.watched import Watched
from wamon.endpoints import Endpoints
from wamon.jobs import Cut, Drains, Interruption, Job, every, look_job
from wamon.latencies import Latencies
from wamon.ledger import LedgerError
from wamon.messages import open_traffic, traffic_jobs
from wamon.metrics import Tally
from wamon.settings import Settings
from wamon.sharing import Sharing, leaders
from wamon.timekeeping import USUAL_PACE, Pace, Timekeeping
from wamon.wiring import Askers, kept, lasting, watched
from wamon.work.bookkeeping import Bookkeeper
from wamon.work.care import prune
from wamon.work.close import close_day
from wamon.work.look import TELL, Watch
from wamon.work.past import past_incidents
from wamon.work.reclassify import Outcome, Pass, reclassify
from wamon.work.restate import Plan, Restated, everyone
from wamon.work.ruling import KIND as RULING
from wamon.work.saying import hear_people

_log = logging.getLogger("wamon")

KEPT_IN_MEMORY_MS = 3 * DAY
"""Timelines of so many days are kept in memory: today, and a yesterday that may still have to be closed."""

SHOWN_DAYS = 90


class House:
    """A watch with its book: what runs, what it remembers, and the report that every face prints."""

    _past: tuple[Incident, ...] = ()
    _reported: Report | None = None
    passes: tuple[Passed, ...] = ()
    _shown: ShownDays | None = None

    def __init__(
        self,
        settings: Settings,
        book: Bookkeeper,
        askers: Askers,
        clock: Callable[[], int],
        *,
        drain: Drains,
        off_loop: Executor | None = None,
        wake: Callable[[str, int], None] = lambda _name, _at_ms: None,
        pace: Pace = USUAL_PACE,
    ) -> None:
        self.settings, self.book, self.askers, self.clock = settings, book, askers, clock
        self.drain, self.off_loop = drain, off_loop
        self.pace, self.wake = pace, wake
        self.zone: ZoneInfo = settings.service.timezone
        self.tally = Tally([one.name for one in watched(settings)], [one.name for one in settings.channels])
        self.vigil = Vigil(knowledge(), lasting(settings))
        self.reference = Consulting(book, self.vigil, clock, settings.reference.interval_ms, self._posted)
        self.watch = Watch(
            self.vigil,
            Sharing(askers, leaders(settings)),
            book,
            self.tally,
            clock,
            recheck_ms=settings.availability.recheck_ms,
            wake=lambda name, at_ms: wake(name if name == TELL else look_job(name), at_ms),
        )
        self.canaries = open_canaries(settings, self.watch, askers, book, self.tally, clock, wake)
        self.traffic = open_traffic(self, self._restore)
        self.timekeeping = Timekeeping(self.vigil, self.watch, book, self.tally, clock)
        self.closing, self.calendar = Closing(book, self.zone), Calendar(self.zone)
        self.latencies = Latencies(book, clock, lambda: self.calendar)
        self._published: dict[tuple[str, date], tuple[Publication, Publication]] = {}
        self._first_ms: Mapping[str, int] = {}
        self._publishing = asyncio.Lock()

    def interrupted(self, one: Interruption) -> None:
        """The clock was set, the machine slept or the process stood still."""
        self.timekeeping.interrupted(one)
        self._reported = None
        if one.cut is not Cut.STALLED:
            self.closing.look_from(one.resumed_ms + CLOSES_AFTER_MS)

    async def wake_up(self) -> None:
        """Read from the book what the watch must remember: recent looks, what was told, what was published."""
        now_ms = self.clock()
        await self.book.activate([one.name for one in watched(self.settings)], now_ms)
        await self.timekeeping.begin()
        self.vigil.told = await self.book.told(now_ms - KEPT_IN_MEMORY_MS)
        await self.reference.remember()
        for one in watched(self.settings):
            self.vigil.watch(one)
            await self._remember(one, now_ms)
        await self.canaries.resume()
        self.vigil.rewind(now_ms)
        await self.refresh(now_ms)
        await self.latencies.remember([*self.vigil.rolls])
        await self.traffic.resume()
        self.timekeeping.was_stopped(self._first_ms, now_ms)
        await self._catch_up(now_ms)
        self.closing.look_from(now_ms)

    async def _remember(self, one: Watched, now_ms: int) -> None:
        """Put a target's looks back on its timeline, those of a clock that was ahead too; hear the controls."""
        span = Span(now_ms - KEPT_IN_MEMORY_MS, now_ms + KEPT_IN_MEMORY_MS)
        if one.probe is ProbeKind.CONTROL:
            for look in await self.book.looks(one.name, Span(now_ms - HOUR, now_ms + 1)):
                self.vigil.known.controls.add(one.name, look)
        marks = await self.book.marks(one.name, span)
        self.watch.remember(one.name, [mark for mark in marks if mark.at_ms <= now_ms])
        self.vigil.restore(one.name, marks)

    async def _posted(self, outages: tuple[Outage, ...]) -> None:
        """Meta posted otherwise than before: short runs that it confirms are put on the timelines anew."""
        for name in self.vigil.posted(outages):
            await self._restore(name, self.clock())

    async def _restore(self, name: str, now_ms: int) -> None:
        marks = await self.book.marks(name, Span(now_ms - KEPT_IN_MEMORY_MS, now_ms + KEPT_IN_MEMORY_MS))
        self.vigil.restore(name, marks)

    async def _catch_up(self, now_ms: int) -> None:
        """Rulings about looks that still come hold for those, too, that came while they were written."""
        for said in await self.book.said(now_ms - HOUR):
            names = [one.name for one in counted(self.vigil.watched.values())]
            edition = self.vigil.known.catalogue.edition
            for name in await self.book.catch_up(said, names, now_ms - KEPT_IN_MEMORY_MS, edition):
                await self._restore(name, self.clock())

    async def refresh(self, now_ms: int) -> None:
        """Read again what was published, and when watching began."""
        days = Span(now_ms - SHOWN_DAYS * DAY, now_ms + DAY)
        self._reported = None
        self._published = dict(await self.book.trail(days, self.zone))
        zones = zones_of((day, latest.zone) for (_, day), (_, latest) in self._published.items())
        self.calendar = Calendar(self.zone, zones)
        self._first_ms = await self.book.first_ms()
        self.passes = tuple(await self.book.passes())
        self.tally.reclassification_ms = max((one.at_ms for one in self.passes), default=None)
        await hear_people(self.vigil, self.book, now_ms)
        self._past = await self._past_incidents(now_ms)
        self._shown = ShownDays(self._published, self.passes, SHOWN_DAYS)

    async def _past_incidents(self, now_ms: int) -> tuple[Incident, ...]:
        """Incidents of the days before memory begins, read off what was published of them."""
        today = day_of(now_ms, self.zone)
        last = day_of(now_ms - KEPT_IN_MEMORY_MS, self.zone)
        first = today - timedelta(days=SHOWN_DAYS)
        days = Span(day_span(first, self.zone).start_ms, day_span(last, self.zone).end_ms)
        return await past_incidents(self.book, days, self.zone, self.vigil.watched, self.vigil.lasting)

    def overlay(self, now_ms: int, since_ms: int | None = None) -> Overlay:
        """Time in which nothing ran. Over it lies the maintenance that people declared."""
        start_ms = now_ms - KEPT_IN_MEMORY_MS if since_ms is None else since_ms
        declared = self.vigil.maintenance(Span(start_ms, now_ms + 1))
        return Overlay(declared, self.timekeeping.periods.unobserved(start_ms, now_ms))

    @cached_property
    def accounts(self) -> Accounts:
        """What Graph says of every account, asked now and then."""
        return Accounts(self.settings, self.askers, self.book, self.clock, self.watch)

    @cached_property
    def almanac(self) -> Almanac:
        """What ends on a known day, and what is told at a known hour."""
        return Almanac(self, self._drain_soon)

    def jobs(self) -> list[Job]:
        """Everything that falls due. A new duty is one row."""
        at, weekday = self.settings.reclassification.at, self.settings.reclassification.weekday
        looks = [
            Job(look_job(name), self._due_of(name), self._look(name), target=name)
            for name, one in self.vigil.watched.items()
            if one.asked
        ]
        return [
            *looks,
            *Endpoints(self.settings, self.askers, self.book).jobs(self.pace.wrong_token_ms),
            Job(TELL, self._tell_due, self._tell),
            Job("drain", every(self.pace.drain_ms), self._drain),
            Job("heartbeat", every(self.pace.heartbeat_ms), self.timekeeping.beat),
            Job("prune", every(DAY), self._prune),
            *self.reference.jobs(),
            *canary_jobs(self.canaries),
            *traffic_jobs(self.traffic),
            *self.latencies.jobs(),
            *self.accounts.jobs(),
            *self.almanac.jobs(),
            Job("close", self.closing.due, self.close_ended),
            Job("weekly pass", lambda now_ms: next_weekly(now_ms, self.zone, weekday, at), self._weekly),
        ]

    def _due_of(self, name: str) -> Callable[[int], int]:
        return lambda now_ms: self.watch.due(name, now_ms)

    def _look(self, name: str) -> Callable[[int], Awaitable[None]]:
        async def look(_now_ms: int) -> None:
            await (self.canaries if name in self.canaries.courses else self.watch).look(name)

        return look

    def _tell_due(self, now_ms: int) -> int:
        due_ms = self.vigil.due_ms
        return now_ms + MINUTE if due_ms is None else max(due_ms, now_ms + SECOND)

    async def _tell(self, _now_ms: int) -> None:
        if await self.watch.tell():
            self._drain_soon()

    def _drain_soon(self) -> None:
        self.wake("drain", self.clock())

    async def _drain(self, now_ms: int) -> None:
        self.book.soon(self._deliver(now_ms))

    async def _deliver(self, now_ms: int) -> None:
        """Beside the other jobs: a hung channel must not keep the next round from serving the others."""
        await self.drain.drain()
        self.tally.outbox(*await self.book.outbox.state(now_ms))

    async def _prune(self, now_ms: int) -> None:
        """Forget single looks of days that are long settled; not on a clock that was set within the last day."""
        if now_ms - self.timekeeping.set_ms >= DAY:
            await prune(self.book, kept(self.settings), now_ms)

    async def close_ended(self, now_ms: int) -> None:
        """Publish every day that has ended; a jump of the clock, or weeks off, may have left many."""
        if not self.closing.ready(now_ms):
            return
        try:
            watched = tuple(self.vigil.watched.values())
            waiting = await self.closing.waiting(now_ms, watched, self._first_ms, self.calendar)
            every = everyone(watched, await self.book.ever_watched()) if waiting.days else ()
            for day in waiting.days:
                async with self._publishing:
                    ground = self._ground(day, waiting.calendar, every)
                    await close_day(day, watched, self.book, ground, off_loop=self.off_loop)
        except LedgerError:
            self.closing.failed(now_ms)
            self.wake("close", now_ms + AGAIN_MS)
            raise
        self.closing.closed(waiting, now_ms)
        await self.refresh(self.clock())
        self.vigil.forget_before(now_ms - KEPT_IN_MEMORY_MS, now_ms - HOUR)

    def _ground(self, day: date, calendar: Calendar, targets: Sequence[Watched]) -> Ground:
        """What the figures of a day stand on."""
        now_ms, span = self.clock(), calendar.span(day)
        return Ground(
            targets=targets,
            first_ms=self._first_ms,
            known=self.vigil.known,
            zone=self.zone,
            confirm=self.settings.availability.confirm,
            now_ms=now_ms,
            latest=lambda _target, _day: None,
            overlay=self.overlay(min(now_ms, span.end_ms + DAY), span.start_ms - DAY),
            outages=self.reference.outages,
            zones=calendar.closed,
        )

    async def _weekly(self, now_ms: int) -> None:
        """The pass of this week; one that the disk did not take is made up for, not left to the next."""
        try:
            await self.reclassify(window(now_ms, self.zone, self.settings.reclassification.days))
        except LedgerError:
            self.wake("weekly pass", self.clock() + AGAIN_MS)
            raise

    async def reclassify(self, within: Span, *, dry_run: bool = False, reopen: bool = False) -> Outcome:
        """The weekly pass over a window; what turned is on every timeline when this returns."""
        async with self._publishing:
            return await self._reclassify(within, dry_run, reopen)

    async def _reclassify(self, within: Span, dry_run: bool, reopen: bool) -> Outcome:
        now_ms = self.clock()
        plan = Pass(
            within,
            self.zone,
            self.settings.availability.confirm,
            now_ms,
            self.overlay(now_ms, within.start_ms),
            reopen,
            self.reference.outages,
        )
        outcome = await reclassify(
            self.book,
            list(self.vigil.watched.values()),
            self.vigil.known,
            self._first_ms,
            plan,
            dry_run=dry_run,
            off_loop=self.off_loop,
        )
        if not dry_run:
            await self._take_over(outcome, now_ms)
        return outcome

    async def restate(self, word: Callable[[Plan], Awaitable[Restated]], *, reopen: bool = False) -> Restated:
        """A person's word; once this returns it holds for every timeline and every day that is shown."""
        async with self._publishing:
            now_ms = self.clock()
            since_ms = min(self._first_ms.values(), default=now_ms)
            found = await word(
                Plan(
                    targets=everyone(self.vigil.watched.values(), await self.book.ever_watched()),
                    first_ms=self._first_ms,
                    known=self.vigil.known,
                    zone=self.zone,
                    confirm=self.settings.availability.confirm,
                    now_ms=now_ms,
                    unobserved=self.timekeeping.periods.unobserved(since_ms, now_ms),
                    reopen=reopen,
                    outages=self.reference.outages,
                )
            )
            for turn in found.change.turns:
                self.tally.reclassified(turn.before.value, turn.after.value, turn.observations, now_ms)
            if found.change.kind == RULING:
                for name in set(found.change.touched).intersection(self.vigil.rolls):
                    await self._restore(name, now_ms)
            await self.refresh(now_ms)
            await self._catch_up(now_ms)
            self.wake(TELL, now_ms)
            self.wake("drain", now_ms)
            return found

    async def _take_over(self, outcome: Outcome, now_ms: int) -> None:
        for turn in outcome.review.turns:
            self.tally.reclassified(turn.before.value, turn.after.value, turn.observations, now_ms)
        for name in {one.target for one in outcome.review.rulings}:
            await self._restore(name, now_ms)
        await self.refresh(now_ms)
        self.wake("drain", now_ms)

    def report(self) -> Report:
        """The snapshot of now, at most a second old: however many ask, it is put together once."""
        now_ms = self.clock()
        if self._reported is None or not 0 <= now_ms - self._reported.at_ms < SECOND:
            self._reported = self._snapshot(now_ms)
        return self._reported

    def _snapshot(self, now_ms: int) -> Report:
        past = Ledgered(
            published=self._published,
            first_ms=self._first_ms,
            overlay=self.overlay(now_ms),
            notices=self.book.recent_notices,
            passes=self.passes,
            incidents=self._past,
            zones=self.calendar.closed,
            shown=self._shown,
        )
        report = snapshot(
            self.vigil,
            past,
            now_ms,
            self.zone,
            objective_percent=self.settings.availability.objective,
            version=__version__,
            days=SHOWN_DAYS,
            last=self.watch.last,
        )
        accounts, almanac = self.accounts, self.almanac
        stated, endings, flows = accounts.stated.values(), almanac.endings(now_ms), almanac.flows.seen
        shown = with_ourselves(report, stated, accounts.expected, endings, flows)
        return self.latencies.beside(self.reference.beside(shown))
