"""One TCP connection, with TLS or without, driven by a loop's readiness callbacks."""

import asyncio
import os
import socket
import ssl
from contextlib import suppress

from wamon.core.observation import Failure
from wamon.wire.journey import Interrupted
from wamon.wire.resolver import Address

try:
    from fcntl import ioctl
    from termios import TIOCOUTQ
except ImportError:  # no such question to the kernel: what it took counts as acknowledged
    ioctl = None  # type: ignore[assignment]

PIECE_BYTES = 16 * 1024
MAXIMUM_RECEIVED_BYTES = 1024 * 1024
"""More than this on one connection, overhead included, is an attack: no answer that is judged needs a tenth."""


class Line:
    """A connection to one address. Reads are awaited; writes go to the kernel as fast as it takes them.

    Reading goes on while a request is still being written, so an early answer is heard. ``loop`` may be any
    loop with ``add_reader``; nothing here looks at a clock. ``close`` must be called in the end. ``most_bytes``
    is what the peer may send before it is a flood.
    """

    __slots__ = (
        "_fault",
        "_incoming",
        "_listening",
        "_loop",
        "_most_bytes",
        "_outgoing",
        "_received",
        "_sock",
        "_unsent",
        "_waiter",
        "tls",
    )

    def __init__(
        self,
        loop: asyncio.AbstractEventLoop,
        family: socket.AddressFamily,
        most_bytes: int = MAXIMUM_RECEIVED_BYTES,
    ) -> None:
        self._loop = loop
        self._most_bytes = most_bytes
        self._sock = socket.socket(family, socket.SOCK_STREAM)
        self._sock.setblocking(False)
        self._waiter: asyncio.Future[bytes] | None = None
        self._listening = False
        self._unsent = b""
        self._fault: OSError | None = None
        self._received = 0
        self.tls: ssl.SSLObject | None = None

    async def connect(self, address: Address) -> None:
        """Complete the TCP handshake. Raises OSError as the kernel gives it."""
        try:
            self._sock.connect(address.sockaddr)
            return
        except BlockingIOError:
            pass
        writable = self._loop.create_future()
        self._loop.add_writer(self._sock, _wake, writable)
        try:
            await writable
        finally:
            self._loop.remove_writer(self._sock)
        if code := self._sock.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR):
            raise OSError(code, os.strerror(code))

    async def secure(self, context: ssl.SSLContext, host: str) -> ssl.SSLObject:
        """Complete a full TLS handshake, the certificate verified for the host.

        The last flight stays here until the first write, to share its packet with the request. Raises
        ssl.SSLError, ValueError for a host no certificate can name, OSError, and Interrupted when the peer
        hangs up.
        """
        self._incoming, self._outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
        tls = context.wrap_bio(self._incoming, self._outgoing, server_hostname=host)
        while True:
            try:
                tls.do_handshake()
                break
            except ssl.SSLWantReadError:
                self._push(self._outgoing.read())
            except ssl.SSLError:
                self._push(self._outgoing.read())  # the alert, so that the peer knows why
                raise
            if not (piece := await self._receive()):
                raise Interrupted(Failure.CONNECTION_RESET, "closed by the peer during the TLS handshake")
            self._incoming.write(piece)
        self.tls = tls
        return tls

    def write(self, content: bytes) -> None:
        """Send, now or as the kernel makes room. A broken line shows when it is read."""
        if self.tls is not None:
            self.tls.write(content)
            content = self._outgoing.read()
        self._push(content)

    async def read(self) -> bytes:
        """What came next; empty at the end. Raises OSError, ssl.SSLError and Interrupted (a flood)."""
        if self.tls is None:
            return await self._receive()
        while True:
            try:
                return self.tls.read(PIECE_BYTES)
            except ssl.SSLWantReadError:
                self._push(self._outgoing.read())
            except (ssl.SSLZeroReturnError, ssl.SSLEOFError):
                return b""
            if piece := await self._receive():
                self._incoming.write(piece)
            else:
                self._incoming.write_eof()

    @property
    def closed(self) -> bool:
        """Whether ``close`` was called."""
        return self._sock.fileno() < 0

    def acknowledged(self) -> bool:
        """Whether the peer's kernel has acknowledged every byte written so far."""
        if self._unsent:
            return False
        if ioctl is None:
            return True
        return not any(ioctl(self._sock, TIOCOUTQ, bytes(4)))

    def close(self) -> None:
        """Say good-bye where TLS asks for it, and give everything back."""
        if self.closed:
            return
        self._stop_listening()
        self._loop.remove_writer(self._sock)
        if self.tls is not None and not self._unsent and self._fault is None:
            self._say_goodbye(self.tls)
        self._sock.close()

    def _say_goodbye(self, tls: ssl.SSLObject) -> None:
        with suppress(ssl.SSLError, ValueError):  # the peer's own good-bye is not waited for
            tls.unwrap()
        with suppress(OSError):  # a peer that is gone needs none
            self._sock.send(self._outgoing.read())

    async def _receive(self) -> bytes:
        piece = await self._next_piece()
        self._received += len(piece)
        if self._received > self._most_bytes:
            raise Interrupted(Failure.PROTOCOL_ERROR, f"more than {self._most_bytes} bytes and no end")
        if not piece and self._fault is not None:
            raise self._fault
        return piece

    async def _next_piece(self) -> bytes:
        """Asks the kernel before the loop: uvloop stops listening at an error, be there more to read or not."""
        try:
            piece = self._sock.recv(PIECE_BYTES)
        except (BlockingIOError, InterruptedError):
            pass
        else:
            await asyncio.sleep(0)  # a flood must not keep the others waiting
            return piece
        waiter: asyncio.Future[bytes] = self._loop.create_future()
        self._waiter = waiter
        if not self._listening:
            self._listening = True
            self._loop.add_reader(self._sock, self._on_readable)
        return await waiter

    def _on_readable(self) -> None:
        waiter = self._waiter
        if waiter is None or waiter.done():  # nobody is asking: let the kernel hold it, and the peer back
            self._stop_listening()
            return
        try:
            piece = self._sock.recv(PIECE_BYTES)
        except (BlockingIOError, InterruptedError):
            return
        except OSError as fault:
            waiter.set_exception(fault)
        else:
            self._waiter = None
            waiter.set_result(piece)

    def _stop_listening(self) -> None:
        if self._listening:
            self._listening = False
            self._loop.remove_reader(self._sock)

    def _push(self, content: bytes) -> None:
        if not content or self._fault is not None:
            return
        if self._unsent:
            self._unsent += content
            return
        self._unsent = content
        self._drain()
        if self._unsent and self._fault is None:
            self._loop.add_writer(self._sock, self._drain)

    def _drain(self) -> None:
        try:
            self._unsent = self._unsent[self._sock.send(self._unsent) :]
        except (BlockingIOError, InterruptedError):
            return
        except OSError as fault:
            self._fault = fault
        if self._fault is not None or not self._unsent:
            self._loop.remove_writer(self._sock)


def _wake(waiter: "asyncio.Future[None]") -> None:
    if not waiter.done():
        waiter.set_result(None)
