"""A watch with a past: days of looks in a real ledger, closed by the daemon's own parts."""

import asyncio
import shutil
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import asynccontextmanager, closing
from copy import copy
from pathlib import Path
from typing import Any, NamedTuple, TypeVar

from wamon.assembly import House
from wamon.core.finding import Context, Origin, Ruling
from wamon.core.judgement import judge
from wamon.core.knowledge import knowledge
from wamon.core.observation import Exchange
from wamon.core.publication import figures_from
from wamon.core.reading import read_exchange
from wamon.core.subscription import hears
from wamon.core.timeline import DAY, HOUR, MINUTE, Span, iso, parse_iso
from wamon.core.uptime import Figures
from wamon.ledger import Book, open_book, open_ledger
from wamon.schedule import wall_ms
from wamon.settings import Settings, parse
from wamon.wiring import Askers
from wamon.work.bookkeeping import Bookkeeper

T = TypeVar("T")

MIDNIGHT = parse_iso("2026-11-04T00:00:00Z")
"""The end of three days of looks."""


def midnight_ms() -> int:
    """When this day of the machine's clock began, from one reading: two may lie on both sides of a millisecond."""
    return wall_ms() // DAY * DAY


GOOD = {"http_status": 200, "body": {"id": "1"}}
SYSTEM = {"http_status": 500, "body": {"error": {"code": 131016}}}
EXPIRED = {"http_status": 401, "body": {"error": {"code": 190, "error_subcode": 463}}}
DOUBTED = {"http_status": 401, "body": {"error": {"code": 190}}}

SETTINGS = """
[service]
database = "{folder}/wamon.db"
[graph]
access_token = "env:T_ACCESS"
[[accounts]]
name = "client"
access_token = "env:T_ACCESS"
[[targets]]
name = "cloud-api"
probe = "api"
phone_number_id = "106540352242922"
interval = "60s"
[[targets]]
name = "theirs"
probe = "api"
account = "client"
phone_number_id = "106540352242923"
interval = "5m"
"""
TARGETS = {"cloud-api": ("graph", MINUTE), "theirs": ("client", 5 * MINUTE)}

Said = Mapping[str, Any]
Troubles = Mapping[str, Sequence[tuple[Span, Said]]]


class Told(NamedTuple):
    """One publication, as the ledger has it."""

    target: str
    day: str
    revision: int
    figures: Figures
    reason: str
    author: str


class Quiet:
    """Nobody is told anything."""

    async def drain(self) -> None: ...


class Past:
    """A folder with a configuration and a ledger: ``days`` of looks up to ``end_ms``, good but for the troubles.

    ``now_ms``, an hour later, is the watch's clock, and may be set.
    """

    def __init__(
        self, folder: Path, troubles: Troubles, *, end_ms: int = MIDNIGHT, days: int = 3, more: str = ""
    ) -> None:
        self.span = Span(end_ms - days * DAY, end_ms)
        self.now_ms = end_ms + HOUR
        self.more = more
        self._settle(folder)
        asyncio.run(self._record(troubles))

    def _settle(self, folder: Path) -> None:
        self.database = folder / "wamon.db"
        self.config = folder / "wamon.toml"
        self.config.write_text(SETTINGS.format(folder=folder) + self.more)
        self.settings: Settings = parse(self.config.read_text())

    def copied(self, folder: Path) -> "Past":
        """The same past in another folder; nobody has the ledger open."""
        other = copy(self)
        other._settle(folder)
        shutil.copy(self.database, other.database)
        return other

    async def _record(self, troubles: Troubles) -> None:
        ledger = open_ledger(self.database)
        await ledger.activate(TARGETS, self.span.start_ms)
        await ledger.heartbeat(self.span.start_ms, self.now_ms)
        await ledger.write(lambda book: self._looks(book, troubles))
        await ledger.close()

    def _looks(self, book: Book, troubles: Troubles) -> None:
        known = knowledge()
        for name, (account, interval_ms) in TARGETS.items():
            context = Context("api", interval_ms, account)
            for at_ms in range(self.span.start_ms, self.now_ms, interval_ms):
                said = next((what for span, what in troubles.get(name, ()) if span.holds(at_ms)), GOOD)
                seen: Exchange = read_exchange({"target": name, "probe": "api", "at": iso(at_ms), **said})
                ruling = Ruling(name, at_ms, judge(seen, known), Origin.LIVE, known.catalogue.edition, at_ms + 100)
                book.record(seen, context, ruling)

    def watch(self, act: Callable[[House], Awaitable[T]]) -> T:
        """Wake the watch up, which closes the days that are over, and let it act."""

        async def watching() -> T:
            async with self.house() as house:
                return await act(house)

        return asyncio.run(watching())

    @asynccontextmanager
    async def house(self) -> AsyncIterator[House]:
        """The watch awake, on the ledger of this folder."""
        ledger = open_ledger(self.database)
        book = Bookkeeper(ledger, {"ops": hears("restated", "outage")})
        try:
            house = House(self.settings, book, Askers({}), lambda: self.now_ms, drain=Quiet())
            await house.wake_up()
            await house.close_ended(self.now_ms)
            yield house
        finally:
            await ledger.close()

    def read(self, ask: Callable[[Book], T]) -> T:
        """Ask the ledger, which nobody has open."""
        with closing(open_book(self.database, readonly=True)) as book:
            return ask(book)

    def prune(self, before_ms: int) -> int:
        """Drop the looks before an instant, as long as nobody has the ledger open."""
        with closing(open_book(self.database)) as book:
            return book.prune(before_ms)

    def published(self, target: str | None = None) -> list[Told]:
        """Every publication in the order they were made."""
        rows = self.read(lambda book: book.publications(target=target))
        return [
            Told(one.target, one.day.isoformat(), one.revision, figures_from(one.figures), one.reason, one.author)
            for one in rows
        ]


def span(at: str, length: int) -> Span:
    """``2026-11-02T10:00`` and so many minutes."""
    start_ms = parse_iso(f"{at}Z")
    return Span(start_ms, start_ms + length * MINUTE)
