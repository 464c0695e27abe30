"""Signed webhooks a second over 64 connections, each on the disk before its 200, against the same without a store.

On the durable side canaries and three traffic targets listen, as in a daemon. Prints one JSON line: posts a second
of both, the ratio, the 50th and 99th percentile of what a durable post takes in milliseconds, and commits per post
(one wait for the disk each). Rounds alternate, so that both meet the same machine; client and server are processes
of their own. Figures are the medians of the rounds.
"""

import asyncio
import json
import multiprocessing
import statistics
import sys
import tempfile
import time
from collections.abc import Iterator
from itertools import count
from multiprocessing.connection import Connection
from pathlib import Path

import uvloop

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from tests.support.receiver import DOORS, VERIFY_TOKEN, signature, status_event
from tests.support.whole import SETTINGS, Nobody
from wamon.assembly import House
from wamon.core.receipt import gist
from wamon.ledger import Ledger, open_ledger
from wamon.metrics import Tally
from wamon.receiving import telling
from wamon.schedule import wall_ms
from wamon.settings import parse
from wamon.web.serving import serve
from wamon.web.webhook import Webhook
from wamon.wiring import Askers
from wamon.work.bookkeeping import Bookkeeper
from wamon.work.receive import Intake, parsed

CONNECTIONS = 64
POSTS = 20_000
ROUNDS = 5
WARM_UP = 2_000

spawning = multiprocessing.get_context("fork")
numbers = count()


class WithoutStore:
    """Does all that is done before writing, and writes nothing."""

    async def take(self, account: str, raw: bytes) -> str:
        """Read the body as the real one does."""
        assert gist(parsed(raw), b"key") is not None
        return "stored"


async def _serve(path: str, told: Connection) -> None:
    ledger: Ledger = open_ledger(Path(path))
    key = await ledger.write(lambda book: book.hash_key())
    house = House(parse(SETTINGS), Bookkeeper(ledger, {}), Askers({}), wall_ms, drain=Nobody())
    await house.wake_up()
    hear = telling([house.canaries.hear, house.traffic.hear])
    durable = Webhook(DOORS, VERIFY_TOKEN, Intake(ledger, key, wall_ms, hear), Tally().received)
    bare = Webhook(DOORS, VERIFY_TOKEN, WithoutStore(), Tally().received)
    async with serve(durable, "127.0.0.1", 0) as (_, first), serve(bare, "127.0.0.1", 0) as (_, second):
        told.send((first, second))
        loop = asyncio.get_running_loop()
        while await loop.run_in_executor(None, told.recv):
            told.send(ledger.commits)
    await ledger.close()


def _server(path: str, told: Connection) -> None:
    uvloop.run(_serve(path, told))


class _Poster(asyncio.Protocol):
    """One connection of Meta's: posts the next event as soon as the last was answered."""

    def __init__(self, events: Iterator[bytes], took_s: list[float], ended: "asyncio.Future[None]") -> None:
        self._events, self._took_s, self._ended = events, took_s, ended

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = transport
        self._next()

    def _next(self) -> None:
        octets = next(self._events, None)
        if octets is None:
            self._transport.close()
            self._ended.set_result(None)
        else:
            self._began_s = time.perf_counter()
            self._transport.write(octets)  # type: ignore[attr-defined]

    def data_received(self, answer: bytes) -> None:
        if not answer.startswith(b"HTTP/1.1 200 ") or not answer.endswith(b"\r\n\r\n"):
            raise RuntimeError(f"not stored: {answer!r}")
        self._took_s.append(time.perf_counter() - self._began_s)
        self._next()


def _request(number: int) -> bytes:
    raw = status_event(f"wamid.HBgLMTU1NTAwMDAwMDA{number:08d}", pricing={"billable": True, "category": "utility"})
    head = (
        "POST /webhook HTTP/1.1\r\nHost: bench.example\r\nUser-Agent: facebookexternalua\r\nAccept: */*\r\n"
        f"Content-Type: application/json\r\nX-Hub-Signature-256: {signature(raw).decode()}\r\n"
        f"Content-Length: {len(raw)}\r\n\r\n"
    )
    return head.encode() + raw


async def _posts(port: int, posts: int) -> tuple[float, list[float]]:
    """Posts a second, and how long each took (s), shortest first."""
    loop = asyncio.get_running_loop()
    events, took_s = iter([_request(next(numbers)) for _ in range(posts)]), list[float]()
    ended = [loop.create_future() for _ in range(CONNECTIONS)]
    began_s = time.perf_counter()
    for one in ended:
        await loop.create_connection(lambda one=one: _Poster(events, took_s, one), "127.0.0.1", port)  # type: ignore[misc]
    await asyncio.gather(*ended)
    return posts / (time.perf_counter() - began_s), sorted(took_s)


def main() -> None:
    """Measure and print."""
    with tempfile.TemporaryDirectory() as folder:
        here, there = spawning.Pipe()
        server = spawning.Process(target=_server, args=(f"{folder}/wamon.db", there), daemon=True)
        server.start()
        durable, bare = here.recv()
        rates: dict[str, list[float]] = {"durable": [], "without_store": []}
        half_ms, most_ms, commits = list[float](), list[float](), list[float]()
        for port in (durable, bare):
            uvloop.run(_posts(port, WARM_UP))
        for _ in range(ROUNDS):
            here.send(True)
            before = here.recv()
            rate, took_s = uvloop.run(_posts(durable, POSTS))
            here.send(True)
            commits.append((here.recv() - before) / POSTS)
            rates["durable"].append(rate)
            half_ms.append(took_s[len(took_s) // 2] * 1_000)
            most_ms.append(took_s[len(took_s) * 99 // 100] * 1_000)
            rates["without_store"].append(uvloop.run(_posts(bare, POSTS))[0])
        here.send(False)
        server.join(10)
    posts_per_s = {name: round(statistics.median(each)) for name, each in rates.items()}
    figures = {
        "posts_per_s": posts_per_s,
        "ratio": round(posts_per_s["durable"] / posts_per_s["without_store"], 3),
        "p50_ms": round(statistics.median(half_ms), 1),
        "p99_ms": round(statistics.median(most_ms), 1),
        "commits_per_post": round(statistics.median(commits), 4),
    }
    print(json.dumps(figures))


if __name__ == "__main__":
    main()
