"""The server inside our loop: it takes no signal, names a taken port, and is gone within two seconds."""

import asyncio
import logging
import re
import signal
import socket
import time
from contextlib import suppress

import httpx
import pytest
from starlette.types import Receive, Scope, Send

from wamon.web.serving import ListenError, serve


async def _hello(scope: Scope, receive: Receive, send: Send) -> None:
    await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"2")]})
    await send({"type": "http.response.body", "body": b"ok"})


async def _never(scope: Scope, receive: Receive, send: Send) -> None:
    await asyncio.sleep(3600)


async def _get(host: str, port: int) -> str:
    async with httpx.AsyncClient(trust_env=False) as client:
        return (await client.get(f"http://{host}:{port}/")).text


def test_it_answers_as_soon_as_it_is_entered_and_not_after_it_is_left() -> None:
    async def story() -> None:
        async with serve(_hello, "127.0.0.1", 0) as (host, port):
            assert await _get(host, port) == "ok"
        with pytest.raises(httpx.ConnectError):
            await _get(host, port)

    asyncio.run(story())


def test_the_same_address_can_be_had_again_at_once() -> None:
    async def story() -> None:
        async with serve(_hello, "127.0.0.1", 0) as (host, port):
            assert await _get(host, port) == "ok"
        async with serve(_hello, host, port):
            assert await _get(host, port) == "ok"

    asyncio.run(story())


def test_signals_and_logging_stay_the_daemons() -> None:
    kept = [signal.getsignal(one) for one in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)]
    handlers = list(logging.getLogger("uvicorn").handlers)

    async def story() -> None:
        inside = [signal.getsignal(one) for one in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)]
        async with serve(_hello, "127.0.0.1", 0) as (host, port):
            await _get(host, port)
            during = [signal.getsignal(one) for one in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)]
        assert during == inside

    asyncio.run(story())
    assert [signal.getsignal(one) for one in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)] == kept
    assert logging.getLogger("uvicorn").handlers == handlers


@pytest.mark.parametrize("half", [b"", b"GET / HTTP/1.1\r\nHost: x\r\n", b"GET / HTTP/1.1\r\nHost: x\r\n\r\n"])
def test_it_stops_within_two_seconds_whatever_its_clients_do(half: bytes) -> None:
    async def story() -> float:
        async with serve(_never, "127.0.0.1", 0) as (host, port):
            reader, writer = await asyncio.open_connection(host, port)
            writer.write(half)
            await writer.drain()
            with suppress(TimeoutError):
                await asyncio.wait_for(reader.read(1), 0.1)
            began_s = time.monotonic()
        writer.close()
        return time.monotonic() - began_s

    assert asyncio.run(story()) < 2.0


async def _refused(host: str, port: int) -> str:
    with pytest.raises(ListenError) as refusal:
        async with serve(_hello, host, port):
            pass
    return str(refusal.value)


def test_a_taken_port_is_named_with_another() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        said = asyncio.run(_refused("127.0.0.1", port))
    assert said == (
        f"[service] listen: 127.0.0.1:{port} is taken; stop what listens there (another wamon?),"
        f" or choose a free port such as 127.0.0.1:{port % 65_535 + 1}"
    )


UNUSABLE = {
    "192.0.2.7": r"\[service\] listen: 192\.0\.2\.7:9877 is no address of this machine; .* such as 127\.",
    "no.such.host.invalid": r"\[service\] listen: 'no\.such\.host\.invalid' is no address; write one such as 127",
}


@pytest.mark.parametrize(("host", "sentence"), UNUSABLE.items())
def test_an_address_that_is_not_ours_is_refused_with_a_right_one(host: str, sentence: str) -> None:
    assert re.match(sentence, asyncio.run(_refused(host, 9877)))


def test_waiting_costs_no_tick() -> None:
    """A loop whose clock jumps to the next timer would never come to an end of ticks."""

    async def story() -> int:
        loop = asyncio.get_running_loop()
        async with serve(_hello, "127.0.0.1", 0) as (host, port):
            await _get(host, port)
            await asyncio.sleep(0.05)
            return len([one for one in loop._scheduled if not one.cancelled()])

    assert asyncio.run(story()) == 0
