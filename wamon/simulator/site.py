"""One simulated site: a port on loopback whose cable can be pulled, and whose answers can go wrong on the wire."""

import asyncio
import contextlib
import socket
import ssl
import struct
from collections.abc import Callable, Coroutine
from functools import partial
from typing import Protocol

from wamon.simulator.faults import Ending, Fault, Pause, Send, strikes_at_accept
from wamon.simulator.faults import steps as steps_of
from wamon.simulator.http11 import Answer, Request, read_request
from wamon.simulator.scenario import Call, SpellBook

HEAD_BYTES = 64 * 1024
BACKLOG = 128
TORN = struct.pack("ii", 1, 0)
"""SO_LINGER on, zero seconds: closing sends RST."""


class Respond(Protocol):
    """What a site needs to know of what it serves."""

    @property
    def calls(self) -> frozenset[Call]:
        """Everything that can be asked of it."""
        ...

    def call(self, request: Request) -> Call:
        """What a request is after."""
        ...

    def answer(self, request: Request, fault: Fault | None, now_ms: int) -> Answer:
        """The answer due, or what a fault puts in its place."""
        ...


class Site:
    """Listens from ``start`` to ``stop``. ``faults`` are used up one per request, before any spell is asked.

    ``answered`` counts requests that were read, faulty ones included.
    """

    def __init__(
        self,
        responds: Respond,
        now_ms: Callable[[], int],
        spells: SpellBook,
        context: ssl.SSLContext | None = None,
        latency_ms: Callable[[int], int] = lambda _: 0,
    ) -> None:
        self.responds = responds
        self.faults: list[Fault | None] = []
        self.answered = 0
        self._now_ms = now_ms
        self._spells = spells
        self._context = context
        self._latency_ms = latency_ms
        self._place = _reserve()
        self._listener: socket.socket | None = None
        self._fillers: list[socket.socket] = []
        self._tasks: set[asyncio.Task[None]] = set()

    @property
    def port(self) -> int:
        """The port, the same from start to stop whether the cable is in or not."""
        port: int = self._place.getsockname()[1]
        return port

    @property
    def url(self) -> str:
        """``http://127.0.0.1:port``, or https with a context."""
        return f"{'https' if self._context else 'http'}://127.0.0.1:{self.port}"

    def start(self) -> None:
        """Plug the cable in: listen."""
        self.unplug()
        self._listener = _listen(self.port, BACKLOG)
        asyncio.get_running_loop().add_reader(self._listener, self._accept, self._listener)

    def unplug(self, silent: bool = False) -> None:
        """From here on nobody connects: refused at once, or never answered. Open connections are torn."""
        for task in self._tasks:
            task.cancel()
        for filler in self._fillers:
            filler.close()
        if self._listener is not None:
            asyncio.get_running_loop().remove_reader(self._listener)
            self._listener.close()
            self._listener = None
        self._fillers = _full_queue(self.port) if silent else []

    async def stop(self) -> None:
        """Stop listening and wait until nothing is left open."""
        self.unplug()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        self._place.close()

    def _spawn(self, work: Coroutine[None, None, None]) -> asyncio.Task[None]:
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return task

    def _accept(self, listener: socket.socket) -> None:
        try:
            connection, _ = listener.accept()
        except OSError:  # the client left before its turn came
            return
        connection.setblocking(False)
        serving = self._spawn(self._serve(connection))
        serving.add_done_callback(partial(_close_if_cancelled, connection))

    async def _serve(self, connection: socket.socket) -> None:
        """One connection, from accept to close; a client that leaves early is no matter."""
        with contextlib.suppress(OSError):
            if self.faults and strikes_at_accept(self.faults[0]):
                await _end_early(connection, self.faults.pop(0))
            elif strikes_at_accept(fault := self._spells.at_accept(self._now_ms(), self.responds.calls)):
                await _end_early(connection, fault)
            else:
                await self._talk(connection)

    async def _talk(self, connection: socket.socket) -> None:
        loop = asyncio.get_running_loop()
        reader = asyncio.StreamReader(limit=HEAD_BYTES)
        protocol = asyncio.StreamReaderProtocol(reader)
        transport, _ = await loop.connect_accepted_socket(lambda: protocol, connection, ssl=self._context)
        writer = asyncio.StreamWriter(transport, protocol, reader, loop)
        try:
            while (request := await read_request(reader)) and await self._exchange(request, reader, writer):
                pass
            writer.close()
        except asyncio.CancelledError:
            _tear(writer)
            raise

    async def _exchange(
        self, request: Request, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> bool:
        """Answer one request; whether the connection goes on after it."""
        fault = self._fault(request)
        self.answered += 1
        if latency_ms := self._latency_ms(self.answered):
            await asyncio.sleep(latency_ms / 1_000)
        answer = self.responds.answer(request, fault, self._now_ms())
        for step in steps_of(fault, answer):
            match step:
                case Send(octets):
                    writer.write(octets)
                    await writer.drain()
                case Pause(ms):
                    await asyncio.sleep(ms / 1_000)
                case Ending.SILENCE:
                    await reader.read()
                    return False
                case Ending.RST:
                    _tear(writer)
                    return False
                case Ending.FIN:
                    return False
        return request.keeps_alive

    def _fault(self, request: Request) -> Fault | None:
        if self.faults:
            return self.faults.pop(0)
        return self._spells.fault(self._now_ms(), self.responds.call(request))


def _close_if_cancelled(connection: socket.socket, serving: asyncio.Task[None]) -> None:
    """A task that is cancelled before its first step closes nothing itself."""
    if serving.cancelled():
        connection.close()


async def _end_early(connection: socket.socket, fault: Fault | None) -> None:
    """What a fault at accept does to a connection that nobody has read from."""
    ending = next(iter(steps_of(fault, Answer(500))))
    if ending is Ending.RST:
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, TORN)
    try:
        if ending is Ending.SILENCE:
            while await asyncio.get_running_loop().sock_recv(connection, HEAD_BYTES):
                pass
    finally:
        connection.close()


def _tear(writer: asyncio.StreamWriter) -> None:
    """Close with RST and drop what was not sent."""
    if not writer.is_closing():
        writer.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, TORN)
    writer.transport.abort()


def _reserve(port: int = 0) -> socket.socket:
    """A port of our own: bound and never listening, so that connecting to it is refused."""
    place = socket.socket()
    place.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    place.bind(("127.0.0.1", port))
    place.setblocking(False)
    return place


def _listen(port: int, backlog: int) -> socket.socket:
    """A second socket on a reserved port, which listens."""
    listener = _reserve(port)
    listener.listen(backlog)
    return listener


def _full_queue(port: int) -> list[socket.socket]:
    """A listener whose queue is full and that accepts nothing: the kernel drops whoever knocks."""
    listener = _listen(port, 0)
    knockers = [socket.socket() for _ in range(2)]
    for knocker in knockers:
        knocker.setblocking(False)
        knocker.connect_ex(("127.0.0.1", port))
    return [listener, *knockers]
