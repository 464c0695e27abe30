"""An authentic webhook: its white list is written down durably, many together, before it is acknowledged."""

import asyncio
import json
import logging
from collections.abc import Callable, Sequence
from enum import StrEnum
from hashlib import sha256
from typing import Any, NamedTuple, Protocol

import msgspec

from wamon.core.receipt import gist
from wamon.ledger import LedgerError
from wamon.ledger.words import Arrival

_log = logging.getLogger("wamon.receive")

BREATH_S = 0.004
"""From the beginning of one commit to the next: so long a crowd gathers, and then shares one wait for the disk."""


class Received(StrEnum):
    """What became of an authentic webhook."""

    STORED = "stored"
    DUPLICATE = "duplicate"
    MALFORMED = "malformed"
    UNAVAILABLE = "unavailable"


class Book(Protocol):
    """Where arrivals are written down: on the disk when this returns. Raises LedgerError."""

    async def receive(self, arrivals: Sequence[Arrival]) -> list[bool]: ...


class _Waiting(NamedTuple):
    arrival: Arrival
    told: "asyncio.Future[Received]"


class Intake:
    """Takes authentic webhooks in; used from one loop. ``key`` is the key of this installation's hashes.

    ``on_arrival`` hears of each new one once it is on the disk.
    """

    def __init__(
        self,
        book: Book,
        key: bytes,
        clock: Callable[[], int],
        on_arrival: Callable[[Arrival], None] = lambda _arrival: None,
    ) -> None:
        self._book = book
        self._key = key
        self._clock = clock
        self._on_arrival = on_arrival
        self._waiting: list[_Waiting] = []
        self._writing: asyncio.Task[None] | None = None
        self._began_s = 0.0

    async def take(self, account: str, raw: bytes) -> Received:
        """Write one webhook's white list; durable when this returns STORED or DUPLICATE."""
        kept = gist(parsed(raw), self._key)
        if kept is None:
            _log.warning(
                "an authentic webhook of %d bytes for %s is no JSON of Meta's: refused", len(raw), account
            )
            return Received.MALFORMED
        loop = asyncio.get_running_loop()
        one = _Waiting(Arrival(account, self._clock(), sha256(raw).digest(), kept), loop.create_future())
        self._waiting.append(one)
        if self._writing is None:
            self._writing = loop.create_task(self._write_all(), name="webhooks")
        return await one.told

    async def _write_all(self) -> None:
        try:
            while self._waiting:
                await self._gather()
                together, self._waiting = self._waiting, []
                await self._write(together)
        finally:
            self._writing = None

    async def _gather(self) -> None:
        """Alone it is written at once; in a crowd nobody waits longer than a breath."""
        loop = asyncio.get_running_loop()
        wait_s = self._began_s + BREATH_S - loop.time()
        if 0 < wait_s <= BREATH_S:
            await asyncio.sleep(wait_s)
        self._began_s = loop.time()

    async def _write(self, together: Sequence[_Waiting]) -> None:
        try:
            new = await self._book.receive([one.arrival for one in together])
        except LedgerError as trouble:
            _log.error("%d webhooks could not be stored, Meta will repeat them: %s", len(together), trouble)
            _tell(together, [Received.UNAVAILABLE] * len(together))
            return
        _tell(together, [Received.STORED if is_new else Received.DUPLICATE for is_new in new])
        for one, is_new in zip(together, new, strict=True):
            if is_new:
                self._on_arrival(one.arrival)


def _tell(together: Sequence[_Waiting], outcomes: Sequence[Received]) -> None:
    for one, outcome in zip(together, outcomes, strict=True):
        if not one.told.done():
            one.told.set_result(outcome)


def parsed(raw: bytes) -> Any:
    """The JSON of a body; None for what is none, or is nested too deeply to be anybody's.

    Half of a surrogate pair, which a text cut in its middle ends with, is read too.
    """
    try:
        return msgspec.json.decode(raw)
    except (ValueError, RecursionError):
        pass
    try:
        return json.loads(raw)
    except (ValueError, RecursionError):
        return None
