"""A whole watch in a process that may be killed: it looks, decides, writes and tells, on a clock that jumps."""

import asyncio
import sqlite3
from contextlib import closing
from multiprocessing.connection import Connection
from pathlib import Path

from wamon.assembly import House
from wamon.core.dispatching import Delivery, Letter
from wamon.core.observation import Exchange, Phase, ProbeKind
from wamon.core.subscription import hears
from wamon.core.timeline import DAY, HOUR, MINUTE, SECOND, parse_iso
from wamon.jobs import Walk
from wamon.ledger import open_ledger
from wamon.probes.aim import Aim
from wamon.settings import parse
from wamon.simulator.virtual_time import VirtualTimeLoop
from wamon.timekeeping import Pace
from wamon.wire.request import Request
from wamon.work.bookkeeping import Bookkeeper
from wamon.work.drain import Drain

START_MS = parse_iso("2026-11-03T00:00:00Z")
OUTAGE_EVERY_MS = 20 * MINUTE
OUTAGE_FROM_MS, OUTAGE_TO_MS = 5 * MINUTE, 10 * MINUTE
"""In every twenty minutes, the second five are an outage."""

CHANNELS = ("ops", "mail")

SETTINGS = """
[graph]
access_token = "env:TOKEN"
[reference]
enabled = false
[[targets]]
name = "cloud-api"
probe = "api"
phone_number_id = "106540352242922"
interval = "1m"
"""

_FAILED = {"error": {"code": 131016, "message": "(#131016) Service unavailable", "fbtrace_id": "A"}}
_GOOD = {"id": "106540352242922", "display_phone_number": "+1 555 000 0000"}


def failing(at_ms: int) -> bool:
    """Whether the platform of this story fails at an instant."""
    return OUTAGE_FROM_MS <= (at_ms - START_MS) % OUTAGE_EVERY_MS < OUTAGE_TO_MS


class Platform:
    """Answers every look as the story says."""

    async def ask(self, name: str, at_ms: int) -> Exchange:
        bad = failing(at_ms)
        return Exchange(
            name, ProbeKind.API, at_ms, reached=Phase.ANSWERED, http_status=500 if bad else 200,
            headers={"x-fb-trace-id": "A"}, body=_FAILED if bad else _GOOD, durations_ms={"total": 100.0},
        )  # fmt: skip

    async def send(self, name: str, _request: Request, at_ms: int) -> Exchange:
        """What Graph says of the account itself is no part of the story."""
        return await self.ask(name, at_ms)

    def aim(self, _name: str) -> Aim:
        return Aim(base_url="https://graph.test", version="v25.0", access_token="EAA")


class Post:
    """Channels that end in the pipe of whoever watches: what was said there has arrived."""

    def __init__(self, says: Connection) -> None:
        self._says = says

    async def send(self, channel: str, letter: Letter) -> Delivery:
        self._says.send((channel, letter.key, letter.body.rpartition("notice: ")[2].split(", ")))
        return Delivery(ok=True)


def watch_for_ever(path: Path, says: Connection) -> None:
    """Go on where an earlier life ended, until killed."""
    watch_until(path, START_MS + 365 * DAY, says)


def watch_until(path: Path, until_ms: int, says: Connection) -> None:
    """Go on where an earlier life ended, until an instant of the story."""
    loop = VirtualTimeLoop(last_look_ms(path) + SECOND)
    loop.run_until_complete(_watch(loop, path, says, until_ms))


def last_look_ms(path: Path) -> int:
    """When the book's latest look was made."""
    if not path.exists():
        return START_MS
    with closing(sqlite3.connect(path)) as book:
        return book.execute("SELECT max(at_ms) FROM observations").fetchone()[0] or START_MS


async def _watch(loop: VirtualTimeLoop, path: Path, says: Connection, until_ms: int) -> None:
    ledger, walk = open_ledger(path), Walk(loop)
    book = Bookkeeper(ledger, dict.fromkeys(CHANNELS, hears("outage")))
    drain = Drain(book.outbox, Post(says), loop.now_ms)
    pace = Pace(heartbeat_ms=MINUTE, drain_ms=HOUR)
    house = House(
        parse(SETTINGS), book, Platform(), loop.now_ms, drain=drain, wake=walk.wake, pace=pace  # type: ignore[arg-type]
    )  # fmt: skip
    await house.wake_up()
    house.book.soon(drain.drain())
    walking = asyncio.create_task(walk.walk(house.jobs()))
    ending = asyncio.create_task(loop.sleep_until(until_ms))
    await asyncio.wait([walking, ending], return_when=asyncio.FIRST_COMPLETED)
    assert not walking.done(), walking.exception()
    walking.cancel()
    await asyncio.wait([walking])
    await drain.drain()
    await ledger.close()
