"""The daemon: everything put together on one loop, ready when it says so, gone within seconds when told."""

import asyncio
import logging
import os
import socket
import time
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import AsyncExitStack
from datetime import date
from enum import Enum
from typing import Any

import msgspec

from wamon.assembly import House
from wamon.chronicling import chronicle
from wamon.control import Command, socket_path
from wamon.control import listen as listen_for_commands
from wamon.core.chronicle import Chronicle
from wamon.core.observation import Exchange
from wamon.core.report import Report
from wamon.jobs import Cut, Interruption, Job, every
from wamon.ledger import open_ledger
from wamon.metrics import Rendered
from wamon.notifier.courier import Courier
from wamon.receiving import Listener, Receiver, open_receiver
from wamon.reference.site import Site
from wamon.reporting import open_reports
from wamon.schedule import Schedule, wall_ms
from wamon.service_manager import notify, watchdog_interval_s
from wamon.settings import Address, AskingTarget, Settings, SettingsError, resolve_all
from wamon.timekeeping import USUAL_PACE
from wamon.web.app import Health, Story, build
from wamon.web.serving import serve
from wamon.web.view import page
from wamon.web.webhook import PATH, beside
from wamon.wiring import SELF_TEST, asking, calling, jitter_ms, kept, open_askers, self_test, subscriptions
from wamon.work.bookkeeping import Bookkeeper
from wamon.work.care import CARE, Care
from wamon.work.drain import Drain
from wamon.work.look import TELL
from wamon.work.people import WORDS, Word
from wamon.work.reclassify import PassAsked, outcome_document
from wamon.work.restate import restated_document
from wamon.work.saying import SAYINGS, Place, Saying

_log = logging.getLogger("wamon")

LOOP_SILENT_S = 5.0
SIGN_OF_LIFE = "sign of life"
WRITER_SILENT_S = 60.0
SENDER_SILENT_S = 120.0
"""A loop, a writer or a sender that has been silent for longer is not well, and the watchdog is not fed."""


class Ended(Enum):
    """Why a run ended."""

    STOPPED = "stopped"
    RELOAD = "reload"


class Daemon:
    """One run of the watch with one configuration. Also the face that the web pages ask."""

    def __init__(self, settings: Settings, environ: Mapping[str, str]) -> None:
        self.settings = settings
        self.environ = environ
        self.secrets = resolve_all(settings, environ)
        self.asking = {
            one.name: asking(one, settings, self.secrets)
            for one in settings.targets
            if isinstance(one, AskingTarget)
        }
        if settings.service.heartbeat_url is not None:
            self.asking[SIGN_OF_LIFE] = calling(
                SIGN_OF_LIFE, self.secrets[settings.service.heartbeat_url].reveal()
            )
        if (calls := self_test(settings, self.secrets)) is not None:
            self.asking[SELF_TEST] = calls
        self.receiver: Receiver | None = None
        self.listeners: list[Listener] = []
        """Who hears of webhooks as they arrive; a part that wants to joins in `_open`."""
        self.started = False
        self._rehearsed = False
        self._since_s = time.monotonic()

    async def run(self, ended: "asyncio.Future[Ended]") -> Ended:
        """Watch until ``ended`` is set; what was acknowledged is on the disk, nothing is left behind."""
        async with AsyncExitStack() as stack:
            await self._open(stack)
            await self.house.wake_up()
            self.house.tally.configured_ms = wall_ms()
            self.schedule.start([*self.house.jobs(), *self._heartbeats()])
            stack.push_async_callback(self.schedule.stop)
            listen = self.settings.service.listen
            await self._serve(stack)
            path = socket_path(self.environ, self.settings.service.database_path(self.environ))
            await stack.enter_async_context(listen_for_commands(path, self._commands()))
            feeding = asyncio.create_task(self._feed_watchdog(), name="watchdog")
            stack.callback(feeding.cancel)
            self.started = True
            notify("READY=1")
            _log.info("watching %d targets; status page on http://%s/", len(self.settings.targets), listen)
            # Ninety days of every row are drawn once, so that nobody who opens the page has to wait for that.
            drawing = asyncio.create_task(asyncio.to_thread(page, self.report(), ()), name="first page")
            stack.callback(drawing.cancel)
            why = await ended
            notify("STOPPING=1" if why is Ended.STOPPED else "RELOADING=1")
            await self.schedule.stop()
            await self.house.timekeeping.beat(wall_ms())
            if self.receiver is not None:
                await self.receiver.beat(wall_ms())
        return why

    async def rehearse(self, running: "Daemon") -> None:
        """Before a reload: everything that a start would be refused for, beside the daemon that still runs.

        Raises SettingsError with what a start would end with.
        """
        refuse_unusable(self.settings, running.settings, self.environ)
        courier = self._courier()
        try:
            await refuse_channels(courier)
        finally:
            await courier.close()
        self._rehearsed = True

    def keep_configuration(self) -> None:
        """A reload was refused: this one goes on, and says so in its metrics."""
        if self.started:
            self.house.tally.reload_refused = True

    def _courier(self) -> Courier:
        return Courier({one.name: self.secrets[one.url].reveal() for one in self.settings.channels})

    async def _serve(self, stack: AsyncExitStack) -> None:
        """The pages, and the receiver beside them or on an address of its own."""
        service, own = self.settings.service.listen, self.settings.receiver.listen
        reports = open_reports(self.settings, self.secrets, self.house.traffic, self.house.tally, wall_ms)
        pages = build(self, beside=[reports.route] if reports else [])
        if self.receiver is not None and own in (None, service):
            pages = beside(pages, self.receiver.webhook)
        await stack.enter_async_context(serve(pages, service.host, service.port))
        if self.receiver is not None:
            if own not in (None, service):
                listening = serve(self.receiver.webhook, own.host, own.port, setting="[receiver] listen")
                await stack.enter_async_context(listening)
            await self.receiver.beat(wall_ms())
            _log.info("webhooks are received on http://%s%s", own or service, PATH)

    async def _open(self, stack: AsyncExitStack) -> None:
        ledger = open_ledger(self.settings.service.database_path(self.environ))
        stack.push_async_callback(ledger.close)
        self.courier = self._courier()
        stack.push_async_callback(self.courier.close)
        if not self._rehearsed:  # a child that reads two hundred addresses takes seconds, in which nobody looks
            await refuse_channels(self.courier)
        self.askers = open_askers(self.asking, self.settings)
        stack.push_async_callback(self.askers.close)
        judging = ThreadPoolExecutor(1, "judging")
        stack.callback(judging.shutdown, wait=False, cancel_futures=True)
        book = Bookkeeper(ledger, subscriptions(self.settings))
        self.schedule = Schedule(self._overlapped, self._interrupted)
        self.drain = Drain(book.outbox, self.courier, wall_ms, subscriptions=subscriptions(self.settings))
        self.house = House(
            self.settings,
            book,
            self.askers,
            wall_ms,
            drain=self.drain,
            off_loop=judging,
            wake=self.schedule.wake,
        )
        if self.settings.reference.enabled:
            site = Site(self.settings.reference.base_url)
            stack.push_async_callback(site.close)
            self.house.reference.ask(site, jitter_ms(self.settings))
        book.outbox.on_dispatch = lambda row: self.house.tally.notified(row.channel, row.outcome.value)
        self.rendered = Rendered(self.house.tally, self.house.report, time.monotonic)
        if self.settings.receiving:
            calls = self._self_test if SELF_TEST in self.asking else None
            self.listeners += [self.house.canaries.hear, self.house.traffic.hear]
            self.receiver = self.house.canaries.ears = await open_receiver(
                self.settings, self.secrets, ledger, self.house.tally, wall_ms, self.listeners, calls
            )

    def _overlapped(self, target: str, at_ms: int) -> None:
        self.house.timekeeping.missed(target, at_ms, "overlap")

    def _interrupted(self, one: Interruption) -> None:
        self.house.interrupted(one)
        if self.receiver is not None and one.cut is not Cut.STALLED:
            self.receiver.step()

    def _commands(self) -> dict[str, Command]:
        words = {name: self._taking(word) for name, word in WORDS.items()}
        words |= {name: self._saying(word) for name, word in SAYINGS.items()}
        return {"reclassify": self._reclassify} | words | {name: self._caring(act) for name, act in CARE.items()}

    def _saying(self, word: Saying) -> Command:
        async def say(wanted: dict[str, Any]) -> Mapping[str, Any]:
            place = Place([*self.house.vigil.watched.values()], self.house.zone, wall_ms())
            document = await word.act(self.house.book.people, msgspec.convert(wanted, word.asked), place)
            await self.house.refresh(wall_ms())
            self.house.wake(TELL, wall_ms())
            return document

        return say

    def _caring(self, act: Care) -> Command:
        async def care(_wanted: dict[str, Any]) -> Mapping[str, Any]:
            return await act(self.house.book, kept(self.settings), wall_ms())

        return care

    def _taking(self, word: Word) -> Command:
        async def take(wanted: dict[str, Any]) -> Mapping[str, Any]:
            asked = msgspec.convert(wanted, word.asked)
            book, off_loop = self.house.book, self.house.off_loop
            found = await self.house.restate(
                lambda plan: word.act(book, asked, plan, off_loop=off_loop), reopen=asked.reopen
            )
            return restated_document(found)

        return take

    async def _reclassify(self, wanted: dict[str, Any]) -> Mapping[str, Any]:
        asked = msgspec.convert(wanted, PassAsked)
        within = asked.within(wall_ms(), self.house.zone, self.settings.reclassification.days)
        return outcome_document(await self.house.reclassify(within, dry_run=asked.dry_run, reopen=asked.reopen))

    def _heartbeats(self) -> list[Job]:
        """That the receiver listens, and the outgoing sign of life: each where it is wanted, while all is well."""
        wanted = []
        if self.receiver is not None:
            wanted.append(Job("listening", every(USUAL_PACE.heartbeat_ms), self.receiver.beat))
        if self.settings.service.heartbeat_url is not None:
            interval_ms = self.settings.service.heartbeat_interval_ms
            wanted.append(Job("sign of life", every(interval_ms), self._sign_of_life))
        return wanted

    async def _self_test(self) -> Exchange:
        return await self.askers.ask(SELF_TEST, wall_ms())

    async def _sign_of_life(self, now_ms: int) -> None:
        """Call whoever notices when wamon is gone. That it cannot be reached is for the log, and no incident."""
        if self.health().reasons:
            return
        seen = await self.askers.ask(SIGN_OF_LIFE, now_ms)
        if seen.http_status is None or seen.http_status >= 400:
            said = seen.failure.value if seen.failure else f"HTTP {seen.http_status}"
            _log.warning("the heartbeat URL could not be called: %s", said)

    async def _feed_watchdog(self) -> None:
        interval_s = watchdog_interval_s(self.environ)
        while True:
            await asyncio.sleep((interval_s or 10.0) / 2)
            if not self.alive().reasons:
                notify("WATCHDOG=1")

    def alive(self) -> Health:
        """Whether probes, writer and sender are alive. A full disk is no death: a restart would not help it."""
        now_s = time.monotonic()
        reasons = []
        if now_s - self.schedule.beat_s > LOOP_SILENT_S:
            reasons.append(f"the loop has been silent for {now_s - self.schedule.beat_s:.0f} s")
        answered_s = max(self.house.book.backlog.answered_s, self._since_s)
        if now_s - answered_s > WRITER_SILENT_S:
            reasons.append(f"the writer has not answered for {now_s - answered_s:.0f} s: look at the disk")
        if now_s - self.drain.alive_s > SENDER_SILENT_S:
            silent_s = now_s - self.drain.alive_s
            reasons.append(f"the outbox was not looked through for {silent_s:.0f} s: wamon db check")
        return Health(reasons=tuple(reasons))

    def health(self) -> Health:
        """Whether all is well: alive, and what is seen can be written down."""
        backlog = self.house.book.backlog
        full = f"nothing could be written for {time.monotonic() - backlog.written_s:.0f} s: look at the disk"
        behind = len(backlog) > 0 and time.monotonic() - backlog.written_s > WRITER_SILENT_S
        return Health(reasons=(*self.alive().reasons, *((full,) if behind else ())))

    def readiness(self) -> Health:
        """Whether the daemon has started and looked at something."""
        if not self.started:
            return Health(reasons=("still starting",))
        return Health(reasons=()) if self.house.watch.last else Health(reasons=("no target was looked at yet",))

    def stories(self) -> Sequence[Story]:
        """Nobody tells stories of a real week."""
        return ()

    async def chronicle(self, target: str, day: date) -> Chronicle | None:
        """A day told whole."""
        return await chronicle(self.house, target, day)

    def report(self) -> Report:
        """The snapshot of now."""
        return self.house.report()


async def refuse_channels(courier: Courier) -> None:
    """A channel whose address nobody understands is a configuration error, found at start."""
    wrong = await courier.validate()
    if wrong:
        raise SettingsError([f"channel {name}, url: {said}" for name, said in wrong.items()], "wamon.toml")


def refuse_unusable(settings: Settings, running: Settings, environ: Mapping[str, str]) -> None:
    """New addresses that cannot be taken, and a new database where nothing can be written."""
    before = {running.service.listen, running.receiver.listen}
    wanted = {"[service] listen": settings.service.listen, "[receiver] listen": settings.receiver.listen}
    wrong = [
        f"{setting}: {address}: {refusal}"
        for setting, address in wanted.items()
        if address is not None and address not in before and (refusal := taken(address))
    ]
    path = settings.service.database_path(environ)
    if not os.access(path if path.exists() else path.parent, os.W_OK):
        wrong.append(f"[service] database: {path.absolute()} cannot be written; make its folder, or name another")
    if wrong:
        raise SettingsError(wrong, "wamon.toml")


def taken(address: Address) -> str:
    """Why an address cannot be listened on; empty when it can."""
    family = socket.AF_INET6 if ":" in address.host else socket.AF_INET
    try:
        with socket.create_server(address, family=family):
            return ""
    except OSError as refused:
        return (refused.strerror or str(refused)).lower()
