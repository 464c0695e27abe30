"""The ledger as the loop sees it: one writer thread with group commits, one reader, durable when awaited."""

import asyncio
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, closing
from datetime import date
from pathlib import Path
from typing import Any, Generic, TypeVar

from sqlite_utils import Database

from wamon.core.finding import Context, Mark, Ruling
from wamon.core.observation import Exchange
from wamon.core.segments import Segment
from wamon.core.timeline import Span
from wamon.ledger import opening
from wamon.ledger.book import Book
from wamon.ledger.failures import LedgerError, LedgerUnavailableError, telling
from wamon.ledger.lock import WriterLock
from wamon.ledger.words import (
    Arrival,
    Dispatch,
    MissedReason,
    Notice,
    Owed,
    Publication,
    Recorded,
    Sizes,
    Trail,
    Witnessed,
)

T = TypeVar("T")

PRUNED_AT_ONCE = 20_000
"""Observations that one transaction drops, so that recording waits for a tenth of a second and no longer."""


class _Writing(Generic[T]):
    """One thing to write, who waits for it, and what became of it."""

    __slots__ = ("act", "failure", "outcome", "waiter")

    def __init__(self, act: Callable[[Book], T], waiter: "asyncio.Future[T]") -> None:
        self.act = act
        self.waiter = waiter
        self.outcome: T | None = None
        self.failure: Exception | None = None

    def tell(self) -> None:
        """Whoever still waits hears of it."""
        if self.waiter.done():
            return
        if self.failure is not None:
            self.waiter.set_exception(self.failure)
        else:
            self.waiter.set_result(self.outcome)  # type: ignore[arg-type]  # set whenever there was no failure


class Ledger:
    """An open ledger. What was awaited is on the disk; a failure is a LedgerError and leaves nothing half done.

    Used from one loop. ``commits`` counts transactions and ``writes`` what they held: several writes that wait
    for the disk share one.
    """

    def __init__(self, book: Book, reader: Book, lock: WriterLock | None) -> None:
        self._book = book
        self._reader = reader
        self._lock = lock
        self._waiting: list[_Writing[Any]] = []
        self._committing: asyncio.Future[None] | None = None
        self._closed = False
        self._writing = ThreadPoolExecutor(1, "ledger-writer")
        self._reading = self._writing if reader is book else ThreadPoolExecutor(1, "ledger-reader")
        self.commits = 0
        self.writes = 0

    async def write(self, act: Callable[[Book], T]) -> T:
        """Run something in a transaction of the writer, together with whatever else waits.

        ``act`` may run twice, when a neighbour fails, and so touches nothing but the book. Cancelling the wait
        does not take the write back. Raises what ``act`` raises, or LedgerError.
        """
        if self._closed:
            raise LedgerError(f"{self._book.place}: the ledger is closed")
        waiter: asyncio.Future[T] = asyncio.get_running_loop().create_future()
        self._waiting.append(_Writing(act, waiter))
        if self._committing is None:
            self._commit_what_waits()
        return await waiter

    def _commit_what_waits(self) -> None:
        together, self._waiting = self._waiting, []
        loop = asyncio.get_running_loop()
        self._committing = loop.run_in_executor(self._writing, self._commit, together)
        self._committing.add_done_callback(lambda _: self._committed(together))

    def _committed(self, together: Sequence[_Writing[Any]]) -> None:
        """Those who waited hear of it first: what they write at once shares the next commit."""
        for one in together:
            one.tell()
        asyncio.get_running_loop().call_soon(self._go_on)

    def _go_on(self) -> None:
        self._committing = None
        if self._waiting:
            self._commit_what_waits()

    def _commit(self, together: Sequence[_Writing[Any]]) -> None:
        """All in one transaction; where one of several fails, each in its own, so that it fails alone.

        When the world stands in the way it does so for all: nothing is gained by asking it again for each.
        """
        failure = self._attempt(together)
        if failure is None or len(together) == 1 or isinstance(failure, LedgerUnavailableError):
            for one in together:
                one.failure = failure
            return
        for one in together:
            one.failure = self._attempt([one])

    def _attempt(self, together: Sequence[_Writing[Any]]) -> Exception | None:
        try:
            with self._book.transaction():
                for one in together:
                    one.outcome = one.act(self._book)
        except Exception as failure:
            return failure
        self.commits += 1
        self.writes += len(together)
        return None

    async def read(self, ask: Callable[[Book], T]) -> T:
        """Ask the reader: all of it at one moment, and everything whose writing was awaited is seen."""

        def asked() -> T:
            with self._reader.moment():
                return ask(self._reader)

        if self._closed:
            raise LedgerError(f"{self._book.place}: the ledger is closed")
        return await asyncio.get_running_loop().run_in_executor(self._reading, asked)

    async def close(self) -> None:
        """Finish what waits, and let the next writer in. A second time there is nothing left to do."""
        if self._closed:
            return
        self._closed = True
        while self._committing is not None:
            await asyncio.wait([self._committing])
            await asyncio.sleep(0)
        self._reading.shutdown(wait=True)
        self._writing.shutdown(wait=True)
        if self._reader is not self._book:
            self._reader.close()
        self._book.close()
        if self._lock is not None:
            self._lock.release()

    async def activate(self, targets: Iterable[str], at_ms: int) -> None:
        """Targets the book has not seen exist from now on."""
        names = list(targets)
        await self.write(lambda book: book.activate(names, at_ms))

    async def record(
        self, exchange: Exchange, context: Context, ruling: Ruling, *, keep_exchange: bool = False
    ) -> Recorded:
        """Write an observation and its first ruling; on the disk when this returns."""
        return await self.write(lambda book: book.record(exchange, context, ruling, keep_exchange=keep_exchange))

    async def append_rulings(self, rulings: Sequence[Ruling]) -> int:
        """Write later rulings."""
        return await self.write(lambda book: book.append_rulings(rulings))

    async def publish(self, rows: Sequence[tuple[Publication, Sequence[Segment]]]) -> list[Publication]:
        """Write publications with their segments."""
        return await self.write(lambda book: book.publish(rows))

    async def enqueue(self, notices: Sequence[Notice]) -> list[Notice]:
        """Write notices whose key is new, and owe them to their channels."""
        return await self.write(lambda book: book.enqueue(notices))

    async def append_dispatches(self, rows: Sequence[Dispatch]) -> None:
        """Write what attempts came to."""
        await self.write(lambda book: book.append_dispatches(rows))

    async def receive(self, arrivals: Sequence[Arrival]) -> list[bool]:
        """Write webhooks that arrived; for each whether it was new. On the disk when this returns."""
        return await self.write(lambda book: book.receive(arrivals))

    async def heartbeat(self, began_ms: int, now_ms: int) -> None:
        """An observer that began at an instant still runs."""
        await self.write(lambda book: book.heartbeat(began_ms, now_ms))

    async def miss(self, target: str, at_ms: int, reason: MissedReason, slots: int = 1) -> None:
        """Slots passed without a look."""
        await self.write(lambda book: book.miss(target, at_ms, reason, slots))

    async def prune(self, before_ms: int) -> int:
        """Drop observations older than an instant, a piece at a time: what is recorded meanwhile need not wait."""
        pruned = 0
        while piece := await self.write(lambda book: book.prune(before_ms, most=PRUNED_AT_ONCE)):
            pruned += piece
        return pruned

    async def prune_receipts(self, before_ms: int, *, canaries_before_ms: int) -> int:
        """Drop webhooks older than an instant, an hour of them at a time; how many went."""
        pruned = 0
        while piece := await self.write(
            lambda book: book.prune_receipts(before_ms, canaries_before_ms=canaries_before_ms)
        ):
            pruned += piece
        return pruned

    async def targets(self) -> dict[str, int]:
        """Every target ever watched, and when it first was."""
        return await self.read(lambda book: book.targets())

    async def marks(self, target: str, span: Span, *, standing: bool = True) -> list[Mark]:
        """A target's observations of a span."""
        return await self.read(lambda book: book.marks(target, span, standing=standing))

    async def witnessed(self, span: Span, *, targets: Iterable[str] | None = None) -> list[Witnessed]:
        """Every observation of a span that was kept whole."""
        names = None if targets is None else list(targets)
        return await self.read(lambda book: book.witnessed(span, targets=names))

    async def running(self, span: Span) -> list[Span]:
        """The periods in which an observer ran."""
        return await self.read(lambda book: book.running(span))

    async def trails(self, first: date, last: date) -> dict[tuple[str, date], Trail]:
        """The first and the latest publication of every row's day."""
        return await self.read(lambda book: book.trails(first, last))

    async def owed(self) -> list[Owed]:
        """Every notice on every channel that is not final."""
        return await self.read(lambda book: book.owed())

    async def notices(self, *, since_ms: int = 0, most: int = 1_000) -> list[Notice]:
        """The latest notices, newest first."""
        return await self.read(lambda book: book.notices(since_ms=since_ms, most=most))

    async def sizes(self) -> Sizes:
        """What `wamon db stats` shows."""
        return await self.read(lambda book: book.sizes())


def open_book(path: Path, *, readonly: bool = False) -> Book:
    """A checked book on a connection of its own. Raises LedgerError, with what to do, for what is not a ledger."""
    opening.refuse_orphans(path)
    opening.recognise(path)
    return Book(_checked(path, opening.verify, readonly=readonly), str(path))


def _checked(path: Path, *checks: Callable[[Database, Path], None], readonly: bool) -> Database:
    with telling(str(path)), opening.naming_damage(path):
        db = opening.connect(path, readonly=readonly)
        try:
            for check in (*checks, opening.refuse_newer, *((opening.refuse_older,) if readonly else ())):
                check(db, path)
        except BaseException:
            db.close()
            raise
    return db


def open_ledger(path: Path) -> Ledger:
    """Open a ledger for writing, or begin a new one where there is no file. One writer at a time.

    Raises LedgerError for a file that is not ours, newer, truncated, emptied or damaged; nothing is repaired.
    """
    if not path.parent.is_dir():
        raise LedgerError(f"{path}: the folder {path.parent} does not exist: make it, or name another")
    lock = WriterLock(path)
    with ExitStack() as undoing:
        undoing.callback(lock.release)
        if not path.exists():
            opening.refuse_orphans(path)
            opening.create(path)
        book = undoing.enter_context(closing(open_book(path)))
        with telling(str(path)):
            opening.go_ahead(book.db, path)
            opening.lay(book.db, backup_of=path)
        reader = Book(_checked(path, readonly=True), str(path))
        undoing.pop_all()
    return Ledger(book, reader, lock)


def memory_ledger() -> Ledger:
    """A ledger that lives as long as it is open: for tests and dry runs."""
    db = opening.connect(opening.MEMORY)
    opening.lay(db)
    book = Book(db, opening.MEMORY)
    return Ledger(book, book, None)
