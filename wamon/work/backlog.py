"""What could not be written, because the disk is full or read-only: kept in order, and written once it can be."""

import logging
import time
from collections import deque
from collections.abc import Callable
from itertools import islice
from typing import NamedTuple, TypeVar

from wamon.ledger import Ledger, LedgerError, LedgerUnavailableError
from wamon.ledger.book import Book

T = TypeVar("T")

_log = logging.getLogger("wamon.backlog")

ROOM = 5_000
"""So many writings wait in memory: four hours of twenty targets a minute. Looks beyond that are unobserved."""

SPARE_ROOM = 1_000
"""Notices still find room where looks do not: what people are told is the last thing to be forgotten."""

AGAIN_AFTER_S = 1.0
"""How often the disk is asked again: a write that fails costs little, a thousand a second would not."""

_TOGETHER = 500


class _Late(NamedTuple):
    """One writing that waits, and what follows once it is on the disk."""

    act: Callable[[Book], object]
    written: Callable[[], None]


def _nothing() -> None:
    pass


class Backlog:
    """Writes to a ledger in order; what the world stands in the way of waits here, and later things behind it.

    ``answered_s`` is when the writer last answered, with a failure too: it is alive; ``written_s`` when something
    was last on the disk. Both are on the monotonic clock.
    """

    def __init__(self, ledger: Ledger, clock_s: Callable[[], float] = time.monotonic, room: int = ROOM) -> None:
        self._ledger = ledger
        self._room = room
        self._clock_s = clock_s
        self._waiting: deque[_Late] = deque()
        self._again_s = 0.0
        self._settling = False
        self._refused = 0
        self.answered_s = self.written_s = clock_s()

    def __len__(self) -> int:
        return len(self._waiting)

    async def write(
        self, act: Callable[[Book], T], *, written: Callable[[], None] = _nothing, spare: int = 0
    ) -> T | None:
        """Write durably and give what ``act`` gives; None when it has to wait.

        ``written`` is called once it is on the disk. Raises LedgerError for what could never be written, and
        where there is no room; ``spare`` is room beyond what others have.
        """
        if self._waiting and not await self.settle():
            self._keep(_Late(act, written), spare)
            return None
        try:
            done = await self._durably(act)
        except LedgerUnavailableError as trouble:
            if not self._waiting:
                _log.error("%s; what waits is kept in memory, and people are told all the same", trouble)
            self._keep(_Late(act, written), spare)
            return None
        written()
        return done

    def _keep(self, late: _Late, spare: int) -> None:
        if len(self._waiting) < self._room + spare:
            self._waiting.append(late)
            return
        self._refused += 1
        raise LedgerUnavailableError("nothing more can be kept in memory: free some space, then recording goes on")

    def refuse_while_it_waits(self) -> None:
        """What is read off the book must not be published while the book is behind. Raises LedgerError."""
        if self._waiting:
            raise LedgerUnavailableError(
                f"{len(self._waiting)} writings wait for the disk: free some space, and try again in a minute"
            )

    async def settle(self) -> bool:
        """Write what waits, as far as it can be; whether nothing waits any more. Asks the disk once a second."""
        if self._waiting and not self._settling and self._clock_s() >= self._again_s:
            self._settling = True
            try:
                await self._write_what_waits()
            except LedgerUnavailableError:
                self._again_s = self._clock_s() + AGAIN_AFTER_S
            finally:
                self._settling = False
        return not self._waiting

    async def _write_what_waits(self) -> None:
        settled = 0
        while together := list(islice(self._waiting, _TOGETHER)):
            try:
                await self._durably(lambda book, together=together: [one.act(book) for one in together])  # type: ignore[misc]
            except LedgerUnavailableError:
                raise
            except Exception:
                await self._one_by_one(together)
            for one in together:
                self._waiting.popleft()
                one.written()
            settled += len(together)
        _log.warning("it can be written again: %d writings that waited are done%s", settled, self._lost())
        self._refused = 0

    def _lost(self) -> str:
        return f", {self._refused} found no room and are lost: that time is unobserved" if self._refused else ""

    async def _one_by_one(self, together: list[_Late]) -> None:
        """One among them can never be written: it alone is lost, and said."""
        for place, one in enumerate(together):
            try:
                await self._durably(one.act)
            except LedgerUnavailableError:
                for _ in range(place):
                    self._waiting.popleft().written()
                raise
            except Exception:
                _log.exception("a writing that waited is refused, and lost")

    async def _durably(self, act: Callable[[Book], T]) -> T:
        try:
            done = await self._ledger.write(act)
        except LedgerError:
            self.answered_s = self._clock_s()
            raise
        self.answered_s = self.written_s = self._clock_s()
        return done
