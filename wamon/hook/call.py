"""One call to Meta under way: how far it got, by what httpx's transport says of each step, and how it ended."""

import socket
import time
from collections.abc import Mapping
from typing import Any, NamedTuple

GIVEN_UP_S = 5.0
"""Whoever cancels a call that began so long ago has waited in vain; earlier it says nothing of Meta."""

_REACHED = {
    "connect_tcp.complete": "connected",
    "connect_unix_socket.complete": "connected",
    "start_tls.complete": "secured",
    "send_request_body.complete": "sent",
}
_CONNECTING = ("connect_tcp.failed", "connect_unix_socket.failed")
FAILING = frozenset(
    {*_CONNECTING, "start_tls.failed", "send_request_headers.failed", "send_request_body.failed"}
    | {"receive_response_headers.failed", "receive_response_body.failed"}
)
"""The steps of httpcore whose failure ends a call."""

_FAILURES = {
    "ReadTimeout": "read_timeout",
    "ReadError": "connection_reset",
    "WriteError": "connection_reset",
    "WriteTimeout": "deadline_exceeded",
    "RemoteProtocolError": "protocol_error",
}
"""What an exception of httpx or httpcore is called in a report; with any other one nothing was heard of Meta."""


class Head(NamedTuple):
    """The head of an answer. ``kind`` is the class of the client's answers: it knows how a body is unpacked."""

    http_status: int
    headers: Any
    kind: type


class Outcome(NamedTuple):
    """How one call ended, as the application's thread leaves it: headers and body are not yet read.

    The request is not among it: nothing of the message stays in memory while wamon cannot be reached.
    """

    number: str
    at_ms: int
    took_ms: float
    reached: str | None
    failure: str | None
    head: Head | None = None
    body: bytes = b""


class Call:
    """One call. ``over`` once it was told of; ``fresh``: on a connection of its own."""

    __slots__ = ("at_ms", "began_s", "fresh", "head", "number", "over", "reached", "tunnel")

    def __init__(self, number: str) -> None:
        self.number = number
        self.begin(fresh=False)

    def begin(self, *, fresh: bool) -> None:
        """From here on; once more where the transport tries again."""
        self.at_ms, self.began_s = time.time_ns() // 1_000_000, time.monotonic()
        self.reached, self.fresh, self.tunnel, self.over = "none", fresh, False, False
        self.head: Head | None = None

    def follow(self, step: str, told: Mapping[str, Any]) -> None:
        """Take in a step that went well. A proxy's CONNECT is no request to Meta."""
        if step == "connect_tcp.started":
            self.begin(fresh=True)
        elif step == "send_request_headers.started":
            self.tunnel = told["request"].method == b"CONNECT"
            self.reached = self.reached if self.tunnel else "secured"
        elif step in _REACHED and not (self.tunnel and step == "send_request_body.complete"):
            self.reached = _REACHED[step]

    def answered(self, body: bytes) -> Outcome:
        """The answer was read to its last byte."""
        return self._ended("answered", None, body)

    def broken(self, step: str, fault: BaseException) -> Outcome | None:
        """An exception ended it at a step; None for one that says nothing of Meta.

        A used connection that breaks may have been closed long before: how far the call got is not known then.
        """
        failure = self._failure(step, fault)
        stale = failure == "connection_reset" and not self.fresh and self.head is None
        return None if failure is None else self._ended(None if stale else self.reached, failure)

    def _ended(self, reached: str | None, failure: str | None, body: bytes = b"") -> Outcome:
        took_ms = (time.monotonic() - self.began_s) * 1_000
        return Outcome(self.number, self.at_ms, took_ms, reached, failure, self.head, body)

    def _failure(self, step: str, fault: BaseException) -> str | None:
        if not isinstance(fault, Exception):  # cancelled, by a time-out of the application's own or at its end
            in_vain = self.reached == "sent" and time.monotonic() - self.began_s >= GIVEN_UP_S
            return "deadline_exceeded" if in_vain else None
        if step in _CONNECTING:
            return _why_unconnected(fault)
        if step == "start_tls.failed":
            return "tls_error"
        cut = "disconnected" in str(fault) or "closed connection" in str(fault)
        return "connection_reset" if cut else _FAILURES.get(type(fault).__name__)


def _why_unconnected(fault: BaseException) -> str:
    if type(fault).__name__ == "ConnectTimeout":
        return "connect_timeout"
    cause: BaseException | None = fault
    for _ in range(8):
        if isinstance(cause, socket.gaierror):
            return "dns_error"
        cause = cause and (cause.__cause__ or cause.__context__)
    return "connect_refused"
