"""The ledger as the loop sees it: one writer thread with group commits, one reader, durable when awaited."""

import asyncio
from collections import deque
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import date
from pathlib import Path
from typing import Any, Generic, TypeVar

from wamon.core.finding import Context, Mark, Ruling
from wamon.core.observation import Exchange
from wamon.core.segments import Segment
from wamon.core.timeline import Span
from wamon.ledger import opening
from wamon.ledger.book import Book
from wamon.ledger.failures import LedgerError, telling
from wamon.ledger.lock import WriterLock
from wamon.ledger.words import Dispatch, MissedReason, Notice, Owed, Publication, Recorded, Sizes, Trail, Witnessed

T = TypeVar("T")


class _Writing(Generic[T]):
    """One thing to write, and what became of it."""

    __slots__ = ("act", "done", "failure", "outcome")

    def __init__(self, act: Callable[[Book], T]) -> None:
        self.act = act
        self.done = False
        self.outcome: T | None = None
        self.failure: BaseException | None = None

    def run(self, book: Book) -> None:
        self.outcome = self.act(book)

    def told(self) -> T:
        if self.failure is not None:
            raise self.failure
        return self.outcome  # type: ignore[return-value]  # set whenever there was no failure


class Ledger:
    """An open ledger. What was awaited is on the disk; a failure is a LedgerError and leaves nothing half done."""

    def __init__(self, book: Book, reader: Book, lock: WriterLock | None) -> None:
        self._book = book
        self._reader = reader
        self._lock = lock
        self._waiting: deque[_Writing[Any]] = deque()
        self._writing = ThreadPoolExecutor(1, "ledger-writer")
        self._reading = self._writing if reader is book else ThreadPoolExecutor(1, "ledger-reader")
        self.commits = 0
        """How many transactions were committed: fewer than writes, when several wait for the disk together."""

    async def write(self, act: Callable[[Book], T]) -> T:
        """Run something in a transaction of the writer; several that wait together share one."""
        writing = _Writing(act)
        self._waiting.append(writing)
        return await asyncio.get_running_loop().run_in_executor(self._writing, self._commit, writing)

    def _commit(self, writing: _Writing[T]) -> T:
        """Write all that waits; whoever comes for something already written finds it done."""
        if not writing.done:
            together = [self._waiting.popleft() for _ in range(len(self._waiting))]
            if not self._all_in_one(together):
                for one in together:
                    self._alone(one)
        return writing.told()

    def _all_in_one(self, together: Sequence[_Writing[Any]]) -> bool:
        try:
            with self._book.transaction():
                for one in together:
                    one.run(self._book)
        except Exception:
            return False
        self.commits += 1
        for one in together:
            one.done = True
        return True

    def _alone(self, one: _Writing[Any]) -> None:
        """One failed among several: each on its own, so that it fails alone."""
        try:
            with self._book.transaction():
                one.run(self._book)
            self.commits += 1
        except Exception as failure:
            one.failure = failure
        one.done = True

    async def read(self, ask: Callable[[Book], T]) -> T:
        """Ask the reader; sees everything whose writing was awaited."""

        def asked() -> T:
            with telling(self._reader.place):
                return ask(self._reader)

        return await asyncio.get_running_loop().run_in_executor(self._reading, asked)

    async def close(self) -> None:
        """Finish what waits, and let the next writer in."""
        self._writing.shutdown(wait=True)
        self._reading.shutdown(wait=True)
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

    async def heartbeat(self, began_ms: int, now_ms: int) -> None:
        """An observer that began at an instant still runs."""
        await self.write(lambda book: book.heartbeat(began_ms, now_ms))

    async def miss(self, target: str, at_ms: int, reason: MissedReason) -> None:
        """A slot passed without a look."""
        await self.write(lambda book: book.miss(target, at_ms, reason))

    async def prune(self, before_ms: int) -> int:
        """Drop observations older than an instant."""
        return await self.write(lambda book: book.prune(before_ms))

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
    opening.recognise(path)
    with telling(str(path)):
        db = opening.connect(path, readonly=readonly)
        try:
            opening.verify(db, path)
            opening.refuse_newer(db, path)
        except BaseException:
            db.close()
            raise
    return Book(db, str(path))


def open_ledger(path: Path) -> Ledger:
    """Open a ledger for writing, or begin a new one where there is no file. One writer at a time.

    Raises LedgerError for a file that is not ours, newer, truncated, emptied or damaged; nothing is repaired.
    """
    if not path.parent.is_dir():
        raise LedgerError(f"{path}: the folder {path.parent} does not exist: make it, or name another")
    lock = WriterLock(path)
    try:
        if not path.exists():
            opening.refuse_orphans(path)
            opening.create(path)
        book = open_book(path)
        with telling(str(path)):
            book.db.execute("PRAGMA journal_mode = WAL")
            opening.lay(book.db, backup_of=path)
        return Ledger(book, open_book(path, readonly=True), lock)
    except BaseException:
        lock.release()
        raise


def memory_ledger() -> Ledger:
    """A ledger that lives as long as it is open: for tests and dry runs."""
    db = opening.connect(opening.MEMORY)
    opening.lay(db)
    book = Book(db, opening.MEMORY)
    return Ledger(book, book, None)
