"""Clients that dawdle, that never stop, that never read: each is cut in time, and none takes another's place."""

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import httpx
import pytest
from starlette.types import Receive, Scope, Send

from wamon.web.serving import serve

WHOLE = b"GET / HTTP/1.1\r\nHost: x\r\n\r\n"
PATIENCE_S = 0.3


@pytest.fixture(autouse=True)
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("wamon.web.connection.PATIENCE_S", PATIENCE_S)
    monkeypatch.setattr("wamon.web.serving.CONNECTIONS", 3)


async def hello(scope: Scope, receive: Receive, send: Send) -> None:
    """Answers at once, whether the body is here or not."""
    await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"2")]})
    await send({"type": "http.response.body", "body": b"ok"})


async def length(scope: Scope, receive: Receive, send: Send) -> None:
    """Answers with the length of the body."""
    size, more = 0, True
    while more:
        message = await receive()
        if message["type"] == "http.disconnect":
            return
        size, more = size + len(message["body"]), message["more_body"]
    said = str(size).encode()
    await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"%d" % len(said))]})
    await send({"type": "http.response.body", "body": said})


async def flood(scope: Scope, receive: Receive, send: Send) -> None:
    """Answers with more than anybody's buffer holds."""
    await send({"type": "http.response.start", "status": 200, "headers": []})
    for _ in range(1_000):
        await send({"type": "http.response.body", "body": b"x" * 100_000, "more_body": True})
    await send({"type": "http.response.body", "body": b""})


async def until_cut(reader: asyncio.StreamReader) -> tuple[bytes, float]:
    """All that is still said, and how long that took."""
    began_s = time.monotonic()
    said = bytearray()
    try:
        async with asyncio.timeout(10):
            while piece := await reader.read(65_536):
                said += piece
    except ConnectionError:
        pass
    return bytes(said), time.monotonic() - began_s


async def status_of(host: str, port: int) -> int:
    async with httpx.AsyncClient(trust_env=False) as client:
        return (await client.get(f"http://{host}:{port}/")).status_code


DAWDLING = {
    "nothing at all": b"",
    "half a request line": b"GET / HT",
    "half a head": b"GET / HTTP/1.1\r\nHost: x\r\n",
    "half a body": b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 10\r\n\r\nhalf",
    "half a chunk": b"POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nha",
}


@pytest.mark.parametrize("said", DAWDLING.values(), ids=DAWDLING)
def test_what_is_not_whole_in_time_is_cut(said: bytes) -> None:
    async def story() -> None:
        async with serve(length, "127.0.0.1", 0) as (host, port):
            reader, writer = await asyncio.open_connection(host, port)
            writer.write(said)
            answer, took_s = await until_cut(reader)
            assert answer == b""
            assert PATIENCE_S * 0.9 < took_s < PATIENCE_S * 6
            writer.close()

    asyncio.run(story())


@pytest.mark.parametrize("answer_first", [True, False])
def test_p14_a_byte_now_and_then_does_not_prolong_the_deadline(answer_first: bool) -> None:
    """Also where the answer was given before the body had come."""

    async def story() -> None:
        async with serve(hello if answer_first else length, "127.0.0.1", 0) as (host, port):
            reader, writer = await asyncio.open_connection(host, port)
            writer.write(b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 100000\r\n\r\n")
            cut = asyncio.ensure_future(until_cut(reader))
            while not cut.done():
                writer.write(b"x")
                await asyncio.sleep(0.02)
            answer, took_s = await cut
            assert took_s < PATIENCE_S * 6
            assert answer.startswith(b"HTTP/1.1 200") is answer_first
            writer.close()

    asyncio.run(story())


def test_empty_lines_after_an_answer_keep_no_connection() -> None:
    """They undo the keep-alive time-out of the server underneath, and begin no request."""

    async def story() -> None:
        async with serve(hello, "127.0.0.1", 0) as (host, port):
            reader, writer = await asyncio.open_connection(host, port)
            writer.write(WHOLE)
            assert (await reader.readuntil(b"\r\n\r\nok")).startswith(b"HTTP/1.1 200")
            writer.write(b"\r\n")
            assert (await until_cut(reader))[1] < PATIENCE_S * 6
            writer.close()

    asyncio.run(story())


def test_a_client_that_speaks_keeps_its_connection_however_long() -> None:
    async def story() -> None:
        async with serve(length, "127.0.0.1", 0) as (host, port):
            reader, writer = await asyncio.open_connection(host, port)
            began_s = time.monotonic()
            asked = 0
            while time.monotonic() - began_s < 3 * PATIENCE_S:
                head, body = b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 4\r\n\r\n", b"body"
                writer.write(head + body[:2])
                await writer.drain()
                await asyncio.sleep(0.03)
                writer.write(body[2:])
                assert (await reader.readuntil(b"\r\n\r\n4")).startswith(b"HTTP/1.1 200")
                asked += 1
            assert asked > 5
            writer.close()

    asyncio.run(story())


def test_a_head_without_end_is_refused() -> None:
    async def story() -> None:
        async with serve(length, "127.0.0.1", 0) as (host, port):
            reader, writer = await asyncio.open_connection(host, port)
            writer.write(b"GET / HTTP/1.1\r\n" + b"".join(b"X-%d: %s\r\n" % (n, b"y" * 90) for n in range(1_000)))
            assert (await until_cut(reader))[0].startswith(b"HTTP/1.1 431 ")
            writer.close()

    asyncio.run(story())


H2C = b"Host: x\r\nConnection: Upgrade, HTTP2-Settings\r\nUPGRADE: h2c\r\nHTTP2-Settings: AAEAAEAA\r\n"
POSTED = b"POST / HTTP/1.1\r\n" + H2C + b"Content-Length: 11\r\n\r\n"
ASKED_TO_UPGRADE = {
    "in one": (POSTED + b"hello world",),
    "head and body": (POSTED, b"hello ", b"world"),
    "half the head first": (POSTED[:40], POSTED[40:], b"hello world"),
}


@pytest.mark.parametrize("pieces", ASKED_TO_UPGRADE.values(), ids=ASKED_TO_UPGRADE)
def test_the_body_of_whoever_offers_another_protocol_is_read_all_the_same(pieces: tuple[bytes, ...]) -> None:
    async def story() -> None:
        async with serve(length, "127.0.0.1", 0) as (host, port):
            reader, writer = await asyncio.open_connection(host, port)
            for _ in range(2):
                for piece in pieces:
                    writer.write(piece)
                    await asyncio.sleep(0.01)  # so that each arrives by itself
                said = await asyncio.wait_for(reader.readuntil(b"\r\n\r\n11"), 5)
                assert said.startswith(b"HTTP/1.1 200")
            writer.close()

    asyncio.run(story())


def test_fields_after_a_body_go_nowhere() -> None:
    seen: list[int] = []

    async def fields(scope: Scope, receive: Receive, send: Send) -> None:
        await length(scope, receive, send)
        seen.append(len(scope["headers"]))

    async def story() -> None:
        async with serve(fields, "127.0.0.1", 0) as (host, port):
            reader, writer = await asyncio.open_connection(host, port)
            writer.write(b"POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\n")
            writer.write(b"".join(b"X-%d: y\r\n" % n for n in range(1_000)) + b"\r\n")
            assert (await reader.readuntil(b"\r\n\r\n2")).startswith(b"HTTP/1.1 200")
            writer.close()

    asyncio.run(story())
    assert seen == [2]


def test_who_never_reads_the_answer_is_cut() -> None:
    async def story() -> None:
        async with serve(flood, "127.0.0.1", 0) as (host, port):
            reader, writer = await asyncio.open_connection(host, port, limit=1_024)
            writer.write(WHOLE)
            await asyncio.sleep(PATIENCE_S * 3)  # longer than the server's patience: nothing is read meanwhile
            answer, _ = await until_cut(reader)
            assert len(answer) < 50_000_000, "half of it at most was in somebody's buffer"
            writer.close()

    asyncio.run(story())


@asynccontextmanager
async def held(host: str, port: int, said: bytes, number: int) -> AsyncIterator[list[asyncio.StreamReader]]:
    """Connections that have said something and go no further."""
    pairs = [await asyncio.open_connection(host, port) for _ in range(number)]
    for _, writer in pairs:
        writer.write(said)
        await writer.drain()
    try:
        yield [reader for reader, _ in pairs]
    finally:
        for _, writer in pairs:
            writer.close()


@pytest.mark.parametrize(
    "said", [b"", b"GET / HT", b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 9\r\n\r\nhalf"]
)
def test_a_crowd_of_dawdlers_makes_way_for_whoever_speaks(said: bytes) -> None:
    async def story() -> None:
        async with serve(length, "127.0.0.1", 0) as (host, port):
            for _ in range(3):
                async with held(host, port, said, 9):
                    assert [await status_of(host, port) for _ in range(3)] == [200, 200, 200]

    asyncio.run(story())


def test_those_who_were_answered_and_stay_make_way_too() -> None:
    async def story() -> None:
        async with serve(hello, "127.0.0.1", 0) as (host, port), held(host, port, WHOLE, 3) as readers:
            for reader in readers:
                assert (await reader.readuntil(b"\r\n\r\nok")).startswith(b"HTTP/1.1 200")
            assert [await status_of(host, port) for _ in range(2)] == [200, 200]

    asyncio.run(story())


def test_the_longest_silent_one_goes_first(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("wamon.web.connection.PATIENCE_S", 60.0)  # so that nobody is cut for silence meanwhile

    async def story() -> None:
        async with serve(hello, "127.0.0.1", 0) as (host, port), held(host, port, b"", 3) as readers:
            assert await status_of(host, port) == 200
            assert await readers[0].read() == b""
            with pytest.raises(TimeoutError):
                await asyncio.wait_for(readers[1].read(), PATIENCE_S / 4)

    asyncio.run(story())


def test_a_crowd_that_waits_for_answers_is_too_many_and_the_next_one_is_told_503() -> None:
    async def story() -> list[int]:
        opened = asyncio.Event()

        async def slow(scope: Scope, receive: Receive, send: Send) -> None:
            if scope["path"] == "/slow":
                await opened.wait()
            await hello(scope, receive, send)

        async with serve(slow, "127.0.0.1", 0) as (host, port):
            async with held(host, port, WHOLE.replace(b"/ ", b"/slow ", 1), 3) as readers:
                await asyncio.sleep(PATIENCE_S * 1.5)  # no deadline runs while the answer is ours to give
                found = [await status_of(host, port)]
                opened.set()
                assert [(await reader.readline())[:12] for reader in readers] == [b"HTTP/1.1 200"] * 3
            return [*found, await status_of(host, port)]

    assert asyncio.run(story()) == [503, 200]
