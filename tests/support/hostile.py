"""Servers that misbehave, as small pieces: a behaviour talks to one connection, ``serve`` puts it on loopback.

``python -m tests.support.hostile CERTIFICATE_FILE`` serves every named one in a process of its own and prints
their ports as one line of JSON; it ends with its standard input.
"""

import asyncio
import gzip
import json
import socket
import ssl
import struct
import subprocess
import sys
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager, suppress

Behaviour = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]

OK = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"


@asynccontextmanager
async def serve(
    behaviour: Behaviour, tls: ssl.SSLContext | None = None, host: str = "127.0.0.1"
) -> AsyncIterator[int]:
    """The port on which every connection meets the behaviour."""

    async def meet(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(OSError, asyncio.IncompleteReadError):
            await behaviour(reader, writer)
        writer.close()

    server = await asyncio.start_server(meet, host, 0, ssl=tls, limit=2**20, backlog=256)
    try:
        yield server.sockets[0].getsockname()[1]
    finally:
        server.close()


async def heard(reader: asyncio.StreamReader) -> bytes:
    """The head of a request."""
    return await reader.readuntil(b"\r\n\r\n")


def answers(raw: bytes) -> Behaviour:
    """Hear the request out, say this, close."""

    async def behave(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await heard(reader)
        writer.write(raw)
        await writer.drain()

    return behave


def whole(body: bytes, head: bytes = OK) -> Behaviour:
    """A decent answer with this body."""
    return answers(head + b"Content-Length: %d\r\n\r\n" % len(body) + body)


def drips(start: bytes, drop: bytes, pause_s: float = 0.02) -> Behaviour:
    """Begin an answer, then one drop after the other for ever."""

    async def behave(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await heard(reader)
        writer.write(start)
        while not writer.is_closing():
            writer.write(drop)
            await writer.drain()
            await asyncio.sleep(pause_s)

    return behave


def floods(start: bytes, piece: bytes) -> Behaviour:
    """Begin an answer, then as much as the other side takes, for ever."""

    async def behave(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await heard(reader)
        writer.write(start)
        while not writer.is_closing():
            writer.write(piece)
            await writer.drain()
            await asyncio.sleep(0)  # drain does not give way to others by itself

    return behave


async def says_nothing(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Hear the request and all that follows, and keep silent."""
    while await reader.read(65536):
        pass


async def hears_nothing(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Take the connection and not one byte more than the kernel takes by itself."""
    writer.transport.pause_reading()  # type: ignore[attr-defined]
    await asyncio.sleep(60)


async def closes_at_once(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Hang up politely before anything is said."""


async def hears_and_closes(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Hear the request, hang up politely, say nothing."""
    await heard(reader)


async def resets_at_once(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Hang up with a reset before anything is said."""
    _reset(writer)


def resets_after(start: bytes, pause_s: float = 0.06) -> Behaviour:
    """Hear the request, say this, and reset once the kernel has acknowledged what was heard (within 40 ms)."""

    async def behave(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await heard(reader)
        writer.write(start)
        await writer.drain()
        await asyncio.sleep(pause_s)
        _reset(writer)

    return behave


def interrupts(raw: bytes) -> Behaviour:
    """Answer after the first piece of a request, hear no more of it, keep the line open."""

    async def behave(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read(1024)
        writer.transport.pause_reading()  # type: ignore[attr-defined]
        writer.write(raw)
        await asyncio.sleep(60)

    return behave


def _reset(writer: asyncio.StreamWriter) -> None:
    plug: socket.socket = writer.get_extra_info("socket")
    plug.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    writer.transport.abort()


@contextmanager
def black_hole(host: str = "127.0.0.1", port: int = 0) -> Iterator[int]:
    """A port whose queue is full: further connections are neither taken nor refused."""
    with socket.socket() as listening:
        listening.bind((host, port))
        listening.listen(0)
        waiting = [socket.socket() for _ in range(3)]
        for one in waiting:
            one.setblocking(False)
            one.connect_ex(listening.getsockname())
        yield listening.getsockname()[1]
        for one in waiting:
            one.close()


@contextmanager
def refused_port() -> Iterator[int]:
    """A port that is taken, so that nobody else gets it, and does not listen."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        yield taken.getsockname()[1]


GZIP_BOMB = gzip.compress(bytes(50 * 1024 * 1024))[: 60 * 1024]
DEEP = b'{"a":' * 20_000 + b"1" + b"}" * 20_000

NAMED: dict[str, Behaviour] = {
    "well": whole(b'{"id":"1"}'),
    "silent": says_nothing,
    "reset": resets_at_once,
    "endless_body": floods(OK + b"\r\n", b"x" * 65536),
    "endless_chunks": floods(OK + b"Transfer-Encoding: chunked\r\n\r\n", b"1;padding=padding\r\nx\r\n" * 1000),
    "endless_chunk_extension": floods(OK + b"Transfer-Encoding: chunked\r\n\r\n1;", b"x" * 65536),
    "endless_headers": floods(b"HTTP/1.1 200 OK\r\n", b"X-Again: and again\r\n" * 1000),
    "endless_header_line": floods(b"HTTP/1.1 200 OK\r\nX-Long: ", b"x" * 65536),
    "endless_informational": floods(b"", b"HTTP/1.1 100 Continue\r\n\r\n" * 1000),
    "endless_trailers": floods(OK + b"Transfer-Encoding: chunked\r\n\r\n0\r\n", b"X-Again: and again\r\n" * 1000),
    "gzip_bomb": whole(GZIP_BOMB, OK + b"Content-Encoding: gzip\r\n"),
    "deep_json": whole(DEEP[: 64 * 1024]),
    "wide_json": whole(b"[" + b"[]," * 20_000 + b"[]]"),
    "drip": drips(OK + b"Content-Length: 1000\r\n\r\n", b"x"),
}


async def _serve_named(tls: ssl.SSLContext) -> None:
    async with AsyncExitStack() as stack:
        ports = {name: await stack.enter_async_context(serve(NAMED[name], tls)) for name in NAMED}
        print(json.dumps(ports), flush=True)
        await asyncio.get_running_loop().run_in_executor(None, sys.stdin.read)


@contextmanager
def named_in_a_process(certificate_file: str) -> Iterator[dict[str, int]]:
    """Ports of every named behaviour, over TLS, in another process; the file holds key and certificate."""
    command = [sys.executable, "-m", "tests.support.hostile", certificate_file]
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL
    ) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        yield json.loads(process.stdout.readline())
        process.kill()


if __name__ == "__main__":
    own = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    own.load_cert_chain(sys.argv[1])
    asyncio.run(_serve_named(own))
