"""One client's connection: it sends its requests whole and in time, reads its answers, or it is cut."""

import asyncio
import re
from typing import Any

from uvicorn.config import Config
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol
from uvicorn.server import ServerState

PATIENCE_S = 20.0
"""A whole request, head and body, and any part of an answer that a client is slow to read."""

HEAD_BYTES = 64 * 1024
"""A head may have so many bytes; Meta's has less than one thousand."""

_OFFER = re.compile(rb"\r\nUpgrade:", re.IGNORECASE)
_NO_OFFER = b"\r\nIgnored:"
"""An offer of another protocol may be ignored (RFC 9110, 7.8), but the parser would then leave the body unread.

Java's own client makes one with every request in the clear, as do some proxies.
"""

_TOO_LONG = (
    b"HTTP/1.1 431 Request Header Fields Too Large\r\n"
    b"content-type: text/plain; charset=utf-8\r\ncontent-length: 0\r\nconnection: close\r\n\r\n"
)


class _Nowhere(list[tuple[bytes, bytes]]):
    """Where fields go that come after the body: a client could send them for ever."""

    def append(self, _: tuple[bytes, bytes]) -> None:
        pass


class Crowd:
    """Who is silent: connections of one server that have sent no whole request yet, the longest silent first."""

    def __init__(self, most: int) -> None:
        self.most = most
        self.silent: dict[Connection, None] = {}


class Connection(HttpToolsProtocol):
    """Uvicorn's own, with deadlines. Where a crowd fills the server, the longest silent one makes way.

    So clients that dawdle take no place from those that speak; those who all wait for an answer are too many
    indeed, and the next one is told 503.
    """

    def __init__(
        self,
        config: Config,
        server_state: ServerState,
        app_state: dict[str, Any],
        _loop: asyncio.AbstractEventLoop | None = None,
        *,
        crowd: Crowd,
    ) -> None:
        super().__init__(config, server_state, app_state, _loop)
        self._crowd = crowd
        self._whole = False
        self._head_bytes: int | None = None
        self._deadline: asyncio.TimerHandle | None = None
        self._unread: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Take a place, somebody else's if need be."""
        if len(self.connections) >= self._crowd.most and self._crowd.silent:
            next(iter(self._crowd.silent)).cut()
        super().connection_made(transport)
        self._crowd.silent[self] = None
        self._owe()

    def connection_lost(self, exc: Exception | None) -> None:
        """Leave nothing behind."""
        self._crowd.silent.pop(self, None)
        self._settle()
        self._stop_waiting_for_reader()
        super().connection_lost(exc)

    def cut(self) -> None:
        """End it now, whatever is under way."""
        self._crowd.silent.pop(self, None)
        self.transport.abort()

    def data_received(self, data: bytes) -> None:
        """Take in bytes; what does not make a request whole starts a deadline, or lets it run on."""
        super().data_received(data if self._in_body else _without_offer(data))
        if self._head_bytes is not None:
            self._head_bytes += len(data)
            if self._head_bytes > HEAD_BYTES and not self.transport.is_closing():
                self.transport.write(_TOO_LONG)
                self.transport.close()
        if self._whole and (self.timeout_keep_alive_task is not None or not self.cycle.response_complete):
            self._settle()
        elif self._deadline is None:
            self._owe()

    @property
    def _in_body(self) -> bool:
        """Whether the next bytes go on with a body."""
        return self._head_bytes is None and not self._whole and self.cycle is not None

    def on_message_begin(self) -> None:
        """A request begins, and with it its head."""
        super().on_message_begin()
        self._whole, self._head_bytes = False, 0

    def on_headers_complete(self) -> None:
        """The head is over."""
        self._head_bytes = None
        super().on_headers_complete()
        self.headers = _Nowhere()

    def on_message_complete(self) -> None:
        """The request is whole."""
        self._whole = True
        self._crowd.silent.pop(self, None)
        super().on_message_complete()

    def on_response_complete(self) -> None:
        """Answered: silent again."""
        super().on_response_complete()
        if not self.transport.is_closing() and self.cycle.response_complete:
            self._crowd.silent[self] = None

    def pause_writing(self) -> None:
        """The client does not read what it asked for."""
        super().pause_writing()
        self._unread = self._unread or self.loop.call_later(PATIENCE_S, self.cut)

    def resume_writing(self) -> None:
        """It does again."""
        self._stop_waiting_for_reader()
        super().resume_writing()

    def _owe(self) -> None:
        self._deadline = self.loop.call_later(PATIENCE_S, self.cut)

    def _settle(self) -> None:
        if self._deadline is not None:
            self._deadline.cancel()
            self._deadline = None

    def _stop_waiting_for_reader(self) -> None:
        if self._unread is not None:
            self._unread.cancel()
            self._unread = None


def _without_offer(data: bytes) -> bytes:
    """Bytes that begin in a head, as long as before, the offer in it under a name that nobody reads."""
    end = data.find(b"\r\n\r\n")
    found = _OFFER.search(data, 0, end if end >= 0 else len(data))
    return data if found is None else data[: found.start()] + _NO_OFFER + data[found.end() :]
