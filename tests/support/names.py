"""A resolver on loopback that knows what a test tells it, and answers the way resolvers do."""

import asyncio
import struct
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from typing import Any

A, AAAA, CNAME = 1, 28, 5
NOT_FOUND, REFUSED, BROKEN = 3, 5, 2
Says = int | tuple[int, ...] | bytes | None
"""An error code; the types of the records found; bytes as they stand; None for silence."""


class Resolving(asyncio.DatagramProtocol):
    """Keeps what was asked, as name and type."""

    def __init__(self, says: Callable[[str, int], Says]) -> None:
        self.says = says
        self.asked: list[tuple[str, int]] = []

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport: Any = transport
        self.port: int = transport.get_extra_info("sockname")[1]

    def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
        name, kind = question(data)
        self.asked.append((name, kind))
        said = self.says(name, kind)
        if said is not None:
            self.transport.sendto(said if isinstance(said, bytes) else reply(data, said), addr)


def question(query: bytes) -> tuple[str, int]:
    labels, place = [], 12
    while length := query[place]:
        labels.append(query[place + 1 : place + 1 + length].decode())
        place += length + 1
    return ".".join(labels), int.from_bytes(query[place + 1 : place + 3], "big")


def reply(query: bytes, said: int | tuple[int, ...]) -> bytes:
    """The answer to a query, its records named by a pointer to the question."""
    code, kinds = (said, ()) if isinstance(said, int) else (0, said)
    head = query[:2] + struct.pack("!5H", 0x8180 | code, 1, len(kinds), 0, 0)
    sizes = {A: 4, AAAA: 16}
    records = (
        struct.pack("!3HIH", 0xC00C, kind, 1, 60, sizes.get(kind, 2)) + bytes(sizes.get(kind, 2)) for kind in kinds
    )
    return head + query[12:] + b"".join(records)


@asynccontextmanager
async def resolving(says: Callable[[str, int], Says]) -> AsyncIterator[Resolving]:
    """A resolver on a port of its own, while inside."""
    loop = asyncio.get_running_loop()
    transport, resolver = await loop.create_datagram_endpoint(lambda: Resolving(says), local_addr=("127.0.0.1", 0))
    try:
        yield resolver
    finally:
        transport.close()


def knowing(known: Mapping[str, Says], otherwise: Says = NOT_FOUND) -> Callable[[str, int], Says]:
    """Says the same of both types."""
    return lambda name, _: known.get(name, otherwise)
