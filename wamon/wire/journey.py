"""How far one exchange got, written down by the transport while it happens."""

import asyncio
import time
from collections.abc import Callable

import httpx

from wamon.core.observation import MAXIMUM_BODY_BYTES, Failure, Phase


class Interrupted(httpx.TransportError):
    """An exchange that ended early, with the failure it counts as. Its text is one line for a person."""

    def __init__(self, failure: Failure, text: str) -> None:
        super().__init__(text)
        self.failure = failure


def _fine_clock(loop: asyncio.AbstractEventLoop) -> Callable[[], float]:
    """The loop's clock, which may be a virtual one; uvloop's is real, but counts whole milliseconds only."""
    return time.monotonic if type(loop).__module__.startswith("uvloop") else loop.time


class Journey:
    """One exchange under way: a mutable record, read when all is over.

    Durations are by ``clock``, the deadline is an instant of the loop's own clock. ``when_late`` is the failure
    that running out of time means at this moment, ``doing`` the same for a person. Header names are lower-case.
    ``body_bytes`` is how much of a body is read at most.
    """

    __slots__ = (
        "body_bytes",
        "certificate_expires_ms",
        "clock",
        "deadline",
        "doing",
        "durations_ms",
        "headers",
        "http_status",
        "loop",
        "peer",
        "reached",
        "started",
        "when_late",
    )

    def __init__(
        self, loop: asyncio.AbstractEventLoop, timeout_ms: int, body_bytes: int = MAXIMUM_BODY_BYTES
    ) -> None:
        self.loop = loop
        self.body_bytes = body_bytes
        self.clock = _fine_clock(loop)
        self.started = self.clock()
        self.deadline = loop.time() + timeout_ms / 1000
        self.reached = Phase.NONE
        self.when_late, self.doing = Failure.DNS_ERROR, "the name was being resolved"
        self.http_status: int | None = None
        self.headers: list[tuple[bytes, bytes]] = []
        self.durations_ms: dict[str, float] = {}
        self.peer: str | None = None
        self.certificate_expires_ms: int | None = None

    def took(self, step: str, since: float) -> None:
        """Write down a step that began at a moment of the clock and is over now."""
        self.durations_ms[step] = round((self.clock() - since) * 1000, 3)

    def next(self, doing: str, when_late: Failure) -> float:
        """Enter the next step; the moment it begins."""
        self.doing, self.when_late = doing, when_late
        return self.clock()

    def first_byte(self) -> None:
        """The answer begins, counted from the start of the exchange."""
        self.took("first_byte", self.started)
        self.next("the answer was arriving", Failure.DEADLINE_EXCEEDED)
