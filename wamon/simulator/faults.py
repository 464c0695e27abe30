"""Faults as data: what may go wrong with one exchange, and what is then seen on the wire."""

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum

from wamon.simulator.http11 import Answer


class Point(StrEnum):
    """How far an exchange gets before a fault strikes."""

    ACCEPT = "accept"
    """The connection stands; nothing was read, no TLS was spoken."""
    REQUEST = "request"
    """The whole request was read; no byte of the answer was sent."""
    HEADERS = "headers"
    """Status line and headers were sent, with none of the body they announce."""


@dataclass(frozen=True, slots=True)
class GraphError:
    """An error in Graph's envelope. ``kind`` is the envelope's ``type``; what is None is left out."""

    http_status: int
    code: int | None
    subcode: int | None = None
    message: str | None = None
    is_transient: bool | None = None
    details: str | None = None
    kind: str = "OAuthException"


@dataclass(frozen=True, slots=True)
class HtmlPage:
    """An apology in HTML from something in front of Graph: none of Graph's headers."""

    http_status: int = 500


@dataclass(frozen=True, slots=True)
class EmptyBody:
    """A status and nothing more."""

    http_status: int = 500


@dataclass(frozen=True, slots=True)
class Redirect:
    """Sends the client elsewhere, as a captive portal does."""

    location: str = "https://portal.example/login"
    http_status: int = 302


@dataclass(frozen=True, slots=True)
class Instead:
    """Any other answer in place of the right one."""

    http_status: int
    body: str = ""
    content_type: str = "application/json"


@dataclass(frozen=True, slots=True)
class Delay:
    """The right answer, ``ms`` later."""

    ms: int


@dataclass(frozen=True, slots=True)
class SlowDrip:
    """The right answer, one byte every ``gap_ms``."""

    gap_ms: int = 1_000


@dataclass(frozen=True, slots=True)
class Truncated:
    """The right answer cut after ``keep_bytes`` of its body, then the connection is closed."""

    keep_bytes: int = 10


@dataclass(frozen=True, slots=True)
class Garbage:
    """Bytes that are not HTTP, then the connection is closed."""

    octets: bytes = b"\x00\x01SSH-2.0-not-http\r\n\r\n"


@dataclass(frozen=True, slots=True)
class Oversized:
    """A well-formed answer of so many bytes."""

    body_bytes: int = 1024 * 1024


@dataclass(frozen=True, slots=True)
class HangUp:
    """The connection is closed in good order (FIN)."""

    after: Point = Point.REQUEST


@dataclass(frozen=True, slots=True)
class Reset:
    """The connection is torn (RST)."""

    after: Point = Point.REQUEST


@dataclass(frozen=True, slots=True)
class BlackHole:
    """Silence until the client gives up."""

    after: Point = Point.REQUEST


@dataclass(frozen=True, slots=True)
class Unreachable:
    """A whole site that cannot be connected to: refused at once, or (``silent``) never answered."""

    silent: bool = False


Replacement = GraphError | HtmlPage | EmptyBody | Redirect | Instead
Cut = HangUp | Reset | BlackHole
Fault = Replacement | Cut | Delay | SlowDrip | Truncated | Garbage | Oversized


@dataclass(frozen=True, slots=True)
class Send:
    """Step: write these bytes."""

    octets: bytes


@dataclass(frozen=True, slots=True)
class Pause:
    """Step: wait."""

    ms: int


class Ending(StrEnum):
    """Step that ends a connection."""

    FIN = "fin"
    RST = "rst"
    SILENCE = "silence"


Step = Send | Pause | Ending

ENDINGS: dict[type[Cut], Ending] = {HangUp: Ending.FIN, Reset: Ending.RST, BlackHole: Ending.SILENCE}


def strikes_at_accept(fault: Fault | None) -> bool:
    """Whether a fault ends the connection before a request is read."""
    return isinstance(fault, Cut) and fault.after is Point.ACCEPT


def steps(fault: Fault | None, answer: Answer) -> Iterator[Step]:
    """What goes over the wire for one request, given the answer that was due or its replacement."""
    match fault:
        case Delay(ms):
            yield Pause(ms)
            yield Send(answer.octets())
        case SlowDrip(gap_ms):
            for octet in answer.octets():
                yield Send(bytes((octet,)))
                yield Pause(gap_ms)
        case Truncated(keep_bytes):
            yield Send(answer.head(len(answer.body)) + answer.body[:keep_bytes])
            yield Ending.FIN
        case Garbage(octets):
            yield Send(octets)
            yield Ending.FIN
        case Oversized(body_bytes):
            yield Send(Answer(answer.http_status, b" " * body_bytes, answer.headers).octets())
        case HangUp() | Reset() | BlackHole():
            if fault.after is Point.HEADERS:
                yield Send(answer.head(len(answer.body)))
            yield ENDINGS[type(fault)]
        case _:
            yield Send(answer.octets())


APOLOGY = (
    "<!DOCTYPE html><html lang='en'><head><title>Error</title></head>"
    "<body><h1>Sorry, something went wrong.</h1><p>We are working on getting this fixed soon.</p></body></html>"
)


def plain_replacement(fault: Fault | None) -> Answer | None:
    """The answer that stands in for the right one without any of Graph's headers, if the fault is such a one."""
    match fault:
        case HtmlPage(http_status):
            return Answer(http_status, APOLOGY.encode(), (("Content-Type", "text/html; charset=utf-8"),))
        case EmptyBody(http_status):
            return Answer(http_status)
        case Redirect(location, http_status):
            return Answer(http_status, b"", (("Location", location),))
        case Instead(http_status, body, content_type):
            return Answer(http_status, body.encode(), (("Content-Type", content_type),))
        case _:
            return None
