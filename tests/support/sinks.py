"""Real ends for channels: an HTTP sink that keeps what it is posted, a black hole, a proxy before a TLS sink."""

import asyncio
import json
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any


@dataclass
class Sink:
    """What was posted. ``answers`` are the next status codes, then 200; ``held`` keeps requests waiting."""

    port: int = 0
    answers: list[int] = field(default_factory=list)
    answer_body: bytes = b"ok"
    posts: list[Any] = field(default_factory=list)
    paths: list[str] = field(default_factory=list)
    connects: list[str] = field(default_factory=list)
    held: asyncio.Event | None = None
    came: asyncio.Event = field(default_factory=asyncio.Event)

    @property
    def url(self) -> str:
        return f"json://127.0.0.1:{self.port}/"

    @property
    def titles(self) -> list[str]:
        return [post["title"] for post in self.posts]

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """One request, one answer, closed."""
        try:
            path, body = await _request(reader)
            self.came.set()
            if self.held is not None:
                await self.held.wait()
            code = self.answers.pop(0) if self.answers else 200
            self.paths.append(path)
            if code == 200 and body:
                self.posts.append(json.loads(body))
            writer.write(_head(code, len(self.answer_body)).encode() + self.answer_body)
            await writer.drain()
        except (ConnectionError, asyncio.IncompleteReadError):
            return  # the child was killed while it sent: what the test is about
        finally:
            writer.close()


def _head(code: int, length_bytes: int) -> str:
    elsewhere = ["Location: /elsewhere"] if 300 <= code < 400 else []
    lines = [f"HTTP/1.1 {code} X", *elsewhere, f"Content-Length: {length_bytes}", "Connection: close", "", ""]
    return "\r\n".join(lines)


async def _request(reader: asyncio.StreamReader) -> tuple[str, bytes]:
    head = (await reader.readuntil(b"\r\n\r\n")).decode()
    lengths = [line.split(":")[1] for line in head.splitlines() if line.lower().startswith("content-length:")]
    return head.split()[1], await reader.readexactly(int(lengths[0]) if lengths else 0)


@asynccontextmanager
async def json_sink(**behaviour: Any) -> AsyncIterator[Sink]:
    """An HTTP server on loopback for ``json://`` channels."""
    sink = Sink(**behaviour)
    server = await asyncio.start_server(sink.serve, "127.0.0.1", 0, limit=2**24)
    sink.port = server.sockets[0].getsockname()[1]
    try:
        yield sink
    finally:
        server.close()


@asynccontextmanager
async def black_hole() -> AsyncIterator[int]:
    """A port that takes connections and never answers."""
    server = await asyncio.start_server(lambda _reader, _writer: None, "127.0.0.1", 0)
    try:
        yield server.sockets[0].getsockname()[1]
    finally:
        server.close()


@asynccontextmanager
async def proxied_sink(context: ssl.SSLContext, **behaviour: Any) -> AsyncIterator[Sink]:
    """A CONNECT proxy that leads every host to one TLS sink, for unmodified plugins with a fixed host."""
    sink = Sink(**behaviour)

    async def connect(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = await reader.readuntil(b"\r\n\r\n")
        sink.connects.append(head.split()[1].decode())
        writer.write(b"HTTP/1.1 200 Connection established\r\n\r\n")
        await writer.drain()
        await writer.start_tls(context)
        await sink.serve(reader, writer)

    server = await asyncio.start_server(connect, "127.0.0.1", 0, limit=2**24)
    sink.port = server.sockets[0].getsockname()[1]
    try:
        yield sink
    finally:
        server.close()
