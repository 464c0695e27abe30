"""Names to addresses on threads of our own, because a hanging lookup can be neither cancelled nor waited for."""

import asyncio
import socket
import threading
from collections.abc import Callable
from queue import SimpleQueue
from typing import NamedTuple

MAXIMUM_THREADS = 128
"""So many different names may hang at once before further ones have to wait."""


class Address(NamedTuple):
    """One address of a name; ``scope`` is the interface of a link-local IPv6 address, else 0."""

    family: socket.AddressFamily
    host: str
    port: int
    scope: int = 0

    @property
    def sockaddr(self) -> tuple[str, int] | tuple[str, int, int, int]:
        """As ``socket.connect`` wants it."""
        if self.family == socket.AF_INET:
            return (self.host, self.port)
        return (self.host, self.port, 0, self.scope)

    def __str__(self) -> str:
        return f"{self.host}:{self.port}" if self.family == socket.AF_INET else f"[{self.host}]:{self.port}"


class NameUnknownError(OSError):
    """The name has no usable address; the text is the resolver's."""


_Key = tuple[str, socket.AddressFamily]
Found = list[Address] | str
"""Addresses, their port still open, or why there are none."""

LookUp = Callable[[str, socket.AddressFamily], Found]
"""Blocks, and never raises."""

_Job = tuple[asyncio.AbstractEventLoop, "asyncio.Future[Found]", _Key]


class Resolver:
    """``getaddrinfo`` on daemon threads: bounded, started on demand, never in the way of the exit.

    Lookups of one name that run at the same time share one thread, so a hanging name holds one thread
    however many targets ask for it. Nothing is cached: the next lookup asks again. For one loop.
    """

    def __init__(self, maximum_threads: int = MAXIMUM_THREADS, look_up: LookUp | None = None) -> None:
        self._maximum = maximum_threads
        self._look_up = look_up or system_look_up
        self._threads = 0
        self._pending: dict[_Key, asyncio.Future[Found]] = {}
        self._jobs: SimpleQueue[_Job | None] = SimpleQueue()

    async def resolve(self, host: str, port: int, family: socket.AddressFamily) -> list[Address]:
        """The addresses of a name in the system's order of preference, at least one.

        ``family`` is AF_UNSPEC, AF_INET or AF_INET6. Raises NameUnknownError with the resolver's words.
        """
        literal = _literal(host, port)
        if literal is not None and family in (literal.family, socket.AF_UNSPEC):
            return [literal]
        key = (host, family)
        found = await asyncio.shield(self._pending.get(key) or self._ask(key))
        if isinstance(found, str):
            raise NameUnknownError(found)
        return [one._replace(port=port) for one in found]

    def close(self) -> None:
        """Let idle threads end; those that hang end with their lookup, or with the process."""
        for _ in range(self._threads):
            self._jobs.put(None)
        self._threads = 0

    def _ask(self, key: _Key) -> "asyncio.Future[Found]":
        loop = asyncio.get_running_loop()
        pending: asyncio.Future[Found] = loop.create_future()
        self._pending[key] = pending
        pending.add_done_callback(lambda _: self._pending.pop(key, None))
        self._jobs.put((loop, pending, key))
        if self._threads < min(len(self._pending), self._maximum):
            self._threads += 1
            threading.Thread(
                target=_work_off, args=(self._jobs, self._look_up), name="wamon-dns", daemon=True
            ).start()
        return pending


def _work_off(jobs: "SimpleQueue[_Job | None]", look_up: LookUp) -> None:
    while (job := jobs.get()) is not None:
        loop, pending, key = job
        found = look_up(*key)
        try:
            loop.call_soon_threadsafe(_settle, pending, found)
        except RuntimeError:  # the loop was closed while the lookup hung: nobody waits any more
            return


def _settle(pending: "asyncio.Future[Found]", found: Found) -> None:
    if not pending.done():
        pending.set_result(found)


def system_look_up(host: str, family: socket.AddressFamily) -> Found:
    """What the system's resolver says, in the order it prefers."""
    try:
        rows = socket.getaddrinfo(host, None, family, socket.SOCK_STREAM)
    except (OSError, UnicodeError) as refusal:
        return f"{host}: {getattr(refusal, 'strerror', None) or refusal}"
    return [_address(row[0], row[4]) for row in rows] or f"{host}: no address"


def _address(family: socket.AddressFamily, sockaddr: tuple[str | int | bytes, ...]) -> Address:
    return Address(family, str(sockaddr[0]), 0, int(sockaddr[3]) if len(sockaddr) == 4 else 0)


def _literal(host: str, port: int) -> Address | None:
    """A numeric address needs no thread."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        socket.inet_pton(family, host)
    except OSError:
        return None
    return Address(family, host, port)
