"""What minutes of real messages are made from and kept in, on the real ledger."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from zoneinfo import ZoneInfo

from wamon.core.finding import Mark, Ruling
from wamon.core.latency import Sketch
from wamon.core.timeline import Span, day_span
from wamon.core.traffic import Outcome
from wamon.ledger import Ledger
from wamon.ledger.book import Book


class TrafficBook:
    """The book of a watch as real messages need it. Raises LedgerError."""

    def __init__(self, ledger: Ledger) -> None:
        self._ledger = ledger

    async def report(self, batch: bytes, outcomes: Sequence[Outcome], received_ms: int) -> bool:
        """Write down what an application reported; False where this batch was here before."""
        return await self._ledger.write(lambda book: book.report(batch, outcomes, received_ms))

    async def told_lately(self, within_ms: int) -> Sequence[Outcome]:
        """What came within so long before the last that came."""
        return await self._ledger.read(_told_lately(within_ms))

    async def marks(self, target: str, span: Span) -> Sequence[Mark]:
        """A target's looks."""
        return await self._ledger.marks(target, span)

    async def sent_ms(self, messages: Iterable[bytes]) -> Mapping[bytes, int]:
        """When Meta says that each of some messages was sent, where that is known."""
        every = list(messages)
        return await self._ledger.read(lambda book: book.sent_ms(every))

    async def keep_message_latencies(self, target: str, at_ms: int, sketches: Mapping[str, Sketch]) -> None:
        """Write down how long the messages of a minute took."""
        await self._ledger.write(lambda book: book.keep_message_latencies(target, at_ms, sketches))

    async def append_rulings(self, rulings: Sequence[Ruling]) -> object:
        """Write later rulings."""
        return await self._ledger.append_rulings(rulings)

    async def took(self, target: str, status: str, span: Span) -> Mapping[int, Sketch]:
        """How long a target's messages of a span took to a status, by hour."""
        return await self._ledger.read(lambda book: book.messages_took(target, status, span))

    async def closed_ms(self) -> int:
        """Where the last day ends that was published; 0 before the first."""
        last = await self._ledger.read(lambda book: book.last_published())
        return 0 if last is None else day_span(last[0], ZoneInfo(last[1])).end_ms


def _told_lately(within_ms: int) -> Callable[[Book], list[Outcome]]:
    def ask(book: Book) -> list[Outcome]:
        last_ms = book.last_told_ms()
        return [] if last_ms is None else list(book.outcomes_since(last_ms - within_ms))

    return ask
