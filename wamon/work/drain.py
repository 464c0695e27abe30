"""Drain the outbox: hand each channel what it has not been told, and write down what became of it."""

import asyncio
import logging
import random
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Protocol

import msgspec

from wamon.core.confidential import confidential
from wamon.core.dispatching import (
    FINAL,
    Delivery,
    Dispatch,
    Letter,
    Mailing,
    Outcome,
    Pending,
    Summing,
    Waiting,
    settle,
)
from wamon.core.pacing import paced
from wamon.core.subscription import Subscription
from wamon.core.timeline import HOUR
from wamon.work.outbox import summed_up

_log = logging.getLogger("wamon.outbox")


class Outbox(Protocol):
    """The durable list of who has not been told what."""

    async def pending_dispatches(self) -> Sequence[Pending]:
        """Every notice on every channel that has no final dispatch yet."""
        ...

    async def append_dispatches(self, dispatches: Sequence[Dispatch]) -> None:
        """Append all rows durably in one transaction, or none; return once they would survive a power cut."""
        ...

    async def sent_since(self, at_ms: int) -> Mapping[str, Sequence[int]]:
        """When each channel was sent a letter since an instant."""
        ...


class Courier(Protocol):
    """Carries one letter to one channel within a bounded time, and never raises for what a channel does."""

    async def send(self, channel: str, letter: Letter) -> Delivery: ...


class Drain:
    """Empties the outbox, channels beside each other, one letter at a time within a channel.

    ``drain`` may be called again while an earlier call still waits for a slow channel: it then serves the
    other channels. ``clock`` gives UTC milliseconds, ``jitter`` a number in [0, 1). ``subscriptions`` say of a
    channel when it may be written to, and how often; one without is written to at any time.
    """

    def __init__(
        self,
        outbox: Outbox,
        courier: Courier,
        clock: Callable[[], int],
        jitter: Callable[[], float] = random.random,
        subscriptions: Mapping[str, Subscription] = {},
    ) -> None:
        self._outbox = outbox
        self._courier = courier
        self._clock = clock
        self._jitter = jitter
        self._subscriptions = subscriptions
        self._sent: dict[str, list[int]] | None = None
        self._busy: set[str] = set()
        self.alive_s = time.monotonic()
        """When the outbox was last looked through, on the monotonic clock."""
        self._unwritten: list[Dispatch] = []
        self._choosing = asyncio.Lock()
        self._writing = asyncio.Lock()

    async def drain(self) -> list[Dispatch]:
        """One attempt for everything that is due; the rows it left. Never raises.

        A channel that refuses one letter is left alone until the next call.
        """
        try:
            async with self._choosing:
                due = await self._choose()
        except Exception:
            _log.exception("the outbox cannot be read: notices wait; look at the database with: wamon db check")
            return []
        served = await asyncio.gather(*(self._serve(channel, pending) for channel, pending in due.items()))
        return [row for rows in served for row in rows]

    async def _choose(self) -> dict[str, list[Pending]]:
        """What each idle channel has not been told. Busy ones are those at the start: what is read for a
        channel that finishes meanwhile is already stale, and would be told twice."""
        busy = frozenset(self._busy)
        if self._sent is None:
            sent = await self._outbox.sent_since(self._clock() - HOUR)
            self._sent = {channel: [*moments] for channel, moments in sent.items()}
        await self._write([])
        waiting = _by_channel(self._as_known(await self._outbox.pending_dispatches()))
        due = {channel: pending for channel, pending in waiting.items() if channel not in busy}
        self._busy |= due.keys()
        self.alive_s = time.monotonic()
        return due

    def _as_known(self, pending: Iterable[Pending]) -> Iterator[Pending]:
        """The outbox, corrected by what could not be written to it yet: told is told, whatever the disk says."""
        last = {(row.notice_key, row.channel): row for row in self._unwritten}
        for one in pending:
            row = last.get((one.notice.key, one.channel))
            if row is None:
                yield one
            elif row.outcome not in FINAL:
                again_ms = row.next_attempt_ms or 0
                yield msgspec.structs.replace(
                    one, attempt=row.attempt, next_attempt_ms=again_ms, tried_at_ms=row.at_ms
                )

    async def _serve(self, channel: str, pending: list[Pending]) -> list[Dispatch]:
        rows: list[Dispatch] = []
        try:
            for step in self._plan(channel, pending):
                if isinstance(step, Mailing):
                    rows += (made := await self._mail(channel, step))
                    if made[-1].outcome is not Outcome.SENT:
                        break
        finally:
            self._busy.discard(channel)
        return rows

    def _plan(self, channel: str, pending: list[Pending]) -> Iterator[Mailing | Waiting]:
        sent = self._sent_to(channel)
        for step in paced(pending, self._clock(), self._subscriptions.get(channel, Subscription()), sent):
            yield summed_up(step) if isinstance(step, Summing) else step

    def _sent_to(self, channel: str) -> list[int]:
        """When a channel had its letters of the last hour."""
        since_ms = self._clock() - HOUR
        every = self._sent if self._sent is not None else {}
        every[channel] = [at_ms for at_ms in every.get(channel, ()) if at_ms > since_ms]
        return every[channel]

    async def _mail(self, channel: str, mailing: Mailing) -> list[Dispatch]:
        told = self._subscriptions.get(channel, Subscription())
        letter = confidential(mailing.letter, told.targets | told.accounts, told.hidden)
        delivery = await self._send(channel, letter)
        rows = settle(mailing, delivery, self._clock(), self._jitter())
        if delivery.ok:
            self._sent_to(channel).append(self._clock())
        for row in rows:
            _tell_log(row, mailing.letter)
        await self._write(rows)
        return rows

    async def _send(self, channel: str, letter: Letter) -> Delivery:
        try:
            return await self._courier.send(channel, letter)
        except Exception as surprise:
            _log.exception("channel %s: an attempt broke off", channel)
            return Delivery(ok=False, detail=f"the attempt broke off with {type(surprise).__name__}")

    async def _write(self, rows: list[Dispatch]) -> None:
        """Write these rows and whatever could not be written before; what still cannot be is kept in memory."""
        self._unwritten += rows
        async with self._writing:
            owed = list(self._unwritten)
            if not owed:
                return
            try:
                await self._outbox.append_dispatches(owed)
            except Exception as trouble:
                _log.error("%d dispatches cannot be written yet, kept in memory: %s", len(owed), trouble)
            else:
                del self._unwritten[: len(owed)]


def _by_channel(pending: Iterable[Pending]) -> dict[str, list[Pending]]:
    channels: dict[str, list[Pending]] = {}
    for one in pending:
        channels.setdefault(one.channel, []).append(one)
    return channels


def _tell_log(row: Dispatch, letter: Letter) -> None:
    if row.outcome is Outcome.GIVEN_UP:
        _log.error(
            "channel %s: GAVE UP on %s after %d attempts (%s): %s. Not told: %s",
            row.channel, row.notice_key, row.attempt, row.reason.value, row.detail, letter.title,
        )  # fmt: skip
    elif row.outcome is Outcome.FAILED:
        _log.warning(
            "channel %s: attempt %d for %s failed: %s", row.channel, row.attempt, row.notice_key, row.detail
        )
