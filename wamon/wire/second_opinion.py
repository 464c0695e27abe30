"""A second resolver's word on a name: our own query to it over UDP, past the system's resolver and its cache."""

import asyncio
import secrets
import struct
from collections.abc import Iterator, Sequence

from wamon.core.observation import SecondResolver

TRIES, TRY_S = 2, 1.5
"""A datagram may be lost; two in a row within seconds in which others came through hardly are."""

_A, _AAAA, _INTERNET = 1, 28, 1
_RECURSION_DESIRED = 0x0100
_IS_ANSWER, _CODE = 0x8000, 0x000F
_HEADER = struct.Struct("!6H")
_RECORD = struct.Struct("!2HIH")
_POINTER = 0xC0
_LONGEST_LABEL = 63


class NameServer:
    """A resolver at a numeric address."""

    def __init__(self, host: str, port: int = 53, *, try_s: float = TRY_S) -> None:
        self.host, self.port = host, port
        self._try_s = try_s

    async def knows(self, name: str) -> bool:
        """Whether it names an address of either family. No answer at all, and a refusal, is a no."""
        for kind in (_A, _AAAA) if _can_be_asked(name) else ():
            answer = await self._ask(name, kind)
            if answer is None or answer:
                return bool(answer)
        return False

    async def _ask(self, name: str, kind: int) -> bool | None:
        """Whether there is an address of this kind; None when nothing that can be used came back in time."""
        for _ in range(TRIES):
            query = _query(name, kind)
            if (answer := await self._once(query)) is not None:
                return _has_address(answer, len(query))
        return None

    async def _once(self, query: bytes) -> bytes | None:
        waiting = _Waiting(query)
        loop, there = asyncio.get_running_loop(), (self.host, self.port)
        try:
            line, _ = await loop.create_datagram_endpoint(lambda: waiting, remote_addr=there)
        except OSError:
            return None
        try:
            async with asyncio.timeout(self._try_s):
                line.sendto(query)
                return await waiting.answer
        except (TimeoutError, OSError):
            return None
        finally:
            line.close()


class SecondOpinion:
    """What a second resolver says of a name, beside what it says of the controls'."""

    def __init__(self, server: NameServer, controls: Sequence[str]) -> None:
        self._server = server
        self._controls = tuple(controls)

    async def on(self, name: str) -> SecondResolver:
        """Its word now. Without controls that have names it has shown nothing of itself."""
        found, *others = await asyncio.gather(*map(self._server.knows, (name, *self._controls)))
        return SecondResolver(self._server.host, found, bool(others) and all(others))


class _Waiting(asyncio.DatagramProtocol):
    """Waits for the answer to one query; whatever else comes to the port is nobody's business."""

    def __init__(self, query: bytes) -> None:
        self._query = query
        self.answer: asyncio.Future[bytes] = asyncio.get_running_loop().create_future()

    def datagram_received(self, data: bytes, addr: object) -> None:
        """Take the first that answers the query. A connected socket hears of one sender only."""
        if not self.answer.done() and _answers(data, self._query):
            self.answer.set_result(data)

    def error_received(self, exc: Exception) -> None:
        """Nobody listens there."""
        if not self.answer.done():
            self.answer.set_exception(exc)


def _can_be_asked(name: str) -> bool:
    return name.isascii() and all(0 < len(label) <= _LONGEST_LABEL for label in name.rstrip(".").split("."))


def _query(name: str, kind: int) -> bytes:
    labels = [label.encode("ascii") for label in name.rstrip(".").split(".")]
    wire = b"".join(bytes([len(label)]) + label for label in labels) + b"\0"
    return (
        _HEADER.pack(secrets.randbits(16), _RECURSION_DESIRED, 1, 0, 0, 0)
        + wire
        + struct.pack("!2H", kind, _INTERNET)
    )


def _answers(data: bytes, query: bytes) -> bool:
    """Whether it is an answer to this very question."""
    if len(data) < len(query) or data[:2] != query[:2]:
        return False
    _, flags, questions, *_ = _HEADER.unpack_from(data)
    asked = data[_HEADER.size : len(query)].lower() == query[_HEADER.size :].lower()
    return bool(flags & _IS_ANSWER) and questions == 1 and asked


def _has_address(data: bytes, after: int) -> bool:
    """Whether the answer section names an address; a name of another name alone is none."""
    _, flags, _, answers, *_ = _HEADER.unpack_from(data)
    if flags & _CODE:
        return False
    return any(kind in (_A, _AAAA) for kind in _kinds(data, after, answers))


def _kinds(data: bytes, place: int, answers: int) -> Iterator[int]:
    """The types of the records, as far as the bytes reach."""
    for _ in range(answers):
        while place < len(data) and 0 < data[place] < _POINTER:
            place += data[place] + 1
        place += 2 if place < len(data) and data[place] >= _POINTER else 1
        if place + _RECORD.size > len(data):
            return
        kind, _, _, length = _RECORD.unpack_from(data, place)
        place += _RECORD.size + length
        yield kind
