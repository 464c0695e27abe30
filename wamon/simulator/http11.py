"""HTTP/1.1 as the simulator speaks it: requests as read from a stream, answers as bytes."""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, field
from http import HTTPStatus
from urllib.parse import parse_qsl, urlsplit

MAXIMUM_BODY_BYTES = 3 * 1024 * 1024
"""Meta's largest webhook; nothing the simulator is asked needs more."""


@dataclass(frozen=True, slots=True)
class Request:
    """One request. ``headers`` have lower-case names; of a repeated one the last stands."""

    method: str
    path: str
    query: Mapping[str, str] = field(default_factory=dict)
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""

    @property
    def keeps_alive(self) -> bool:
        """Whether the client wants the connection kept."""
        return self.headers.get("connection", "").lower() != "close"


@dataclass(frozen=True, slots=True)
class Answer:
    """One answer; ``Content-Length`` is added when it is written."""

    http_status: int
    body: bytes = b""
    headers: tuple[tuple[str, str], ...] = ()

    def head(self, body_bytes: int) -> bytes:
        """Status line and headers, announcing so many bytes of body."""
        lines = [f"HTTP/1.1 {self.http_status} {_phrase(self.http_status)}"]
        lines += [f"{name}: {text}" for name, text in self.headers]
        lines += [f"Content-Length: {body_bytes}", "", ""]
        return "\r\n".join(lines).encode("latin-1")

    def octets(self) -> bytes:
        """The whole answer as it goes over the wire."""
        return self.head(len(self.body)) + self.body


async def read_request(reader: asyncio.StreamReader) -> Request | None:
    """The next request of a connection; None when the client leaves or talks nonsense."""
    try:
        head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
        start, *lines = head[:-4].split("\r\n")
        method, target, _ = start.split(" ")
        headers = {name.lower(): text.strip() for name, _, text in (line.partition(":") for line in lines)}
        body = await reader.readexactly(_length(headers))
    except (asyncio.IncompleteReadError, asyncio.LimitOverrunError, ConnectionError, ValueError):
        return None
    parts = urlsplit(target)
    return Request(method, parts.path, dict(parse_qsl(parts.query, keep_blank_values=True)), headers, body)


def _length(headers: Mapping[str, str]) -> int:
    """Bytes of body that a request announces. Raises ValueError for no number, or more than anyone needs."""
    length = int(headers.get("content-length", "0"))
    if not 0 <= length <= MAXIMUM_BODY_BYTES:
        raise ValueError(f"{length} bytes of body; at most {MAXIMUM_BODY_BYTES} are read")
    return length


def _phrase(http_status: int) -> str:
    return HTTPStatus(http_status).phrase if http_status in HTTPStatus._value2member_map_ else "Unknown"
