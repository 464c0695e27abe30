"""Where applications report what became of their messages: the bearer's secret first, then a bounded body."""

import time
from collections.abc import Callable, Mapping
from hmac import compare_digest
from typing import Any, NamedTuple, Protocol

import msgspec
from starlette.routing import Route
from starlette.types import Message, Receive, Scope, Send

PATH = "/api/v1/exchanges"

LARGEST_BODY_BYTES = 256 * 1024
"""Two hundred exchanges, as many as our own hook puts into one, have a third of it."""

AT_ONCE = 32
"""So many reports are read at a time; one more is told to come back."""

REPORTS_A_SECOND, BURST = 50, 100
"""Beyond this a report is told to wait; the hook of one process sends one a second at most."""


class Refusal(NamedTuple):
    """What is answered instead of taking a report in; ``counted`` is what the metric of reports calls it."""

    http_status: int
    sentence: str
    counted: str
    more: Mapping[str, str] = {}


NO_BEARER = Refusal(
    401,
    "Authorization must be Bearer and the secret of [reports] secret.",
    "bad_secret",
    {"WWW-Authenticate": 'Bearer realm="wamon"'},
)
TOO_LARGE = Refusal(
    413,
    f"A report has at most {LARGEST_BODY_BYTES // 1024} KiB; send fewer exchanges in one, compressed never.",
    "too_large",
)
TOO_OFTEN = Refusal(
    429,
    f"More than {REPORTS_A_SECOND} reports a second; put more exchanges into each.",
    "too_often",
    {"Retry-After": "1"},
)
TOO_MANY = Refusal(
    503, f"{AT_ONCE} reports are being read; send it again later.", "unavailable", {"Retry-After": "1"}
)
UNAVAILABLE = Refusal(503, "It cannot be stored now; send it again later.", "unavailable", {"Retry-After": "5"})


class Taken(NamedTuple):
    """What became of a report: outcomes taken, exchanges ignored by reason; ``duplicate``: it was here before."""

    taken: int
    duplicate: bool
    ignored: Mapping[str, int]

    @property
    def counted(self) -> str:
        """What the metric of reports calls it: ``ignored`` is a report of which nothing was taken."""
        return "duplicate" if self.duplicate else "stored" if self.taken else "ignored"


class Intake(Protocol):
    """Takes a report in: on the disk when this returns. Gives a Refusal for what it cannot read or store."""

    async def take(self, raw: bytes) -> Taken | Refusal: ...


class _RefusedError(Exception):
    """The body is not read on; None where nobody is left to hear why."""

    def __init__(self, refusal: Refusal | None) -> None:
        self.refusal = refusal


class Reports:
    """The ASGI app of one path. ``count`` hears what became of each report."""

    def __init__(
        self,
        secret: bytes,
        intake: Intake,
        count: Callable[[str], None],
        clock_s: Callable[[], float] = time.monotonic,
    ) -> None:
        self._secret = secret
        self._intake = intake
        self._count = count
        self._clock_s = clock_s
        self._reading = 0
        self._allowed, self._counted_s = float(BURST), clock_s()

    @property
    def route(self) -> Route:
        """Its place among the pages."""
        return Route(PATH, self, methods=["POST"])

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """One report."""
        try:
            answer = await self._answer(scope, receive)
        except _RefusedError as refused:
            if refused.refusal is None:
                return
            answer = refused.refusal
        self._count(answer.counted)
        http_status = answer.http_status if isinstance(answer, Refusal) else 200
        document: Any = {"error": answer.sentence} if isinstance(answer, Refusal) else answer._asdict()
        more = answer.more if isinstance(answer, Refusal) else {}
        for message in _answered(http_status, document, more):
            await send(message)

    async def _answer(self, scope: Scope, receive: Receive) -> Taken | Refusal:
        if not self._bears(scope):
            return NO_BEARER
        if not self._in_time():
            return TOO_OFTEN
        if self._reading >= AT_ONCE:
            return TOO_MANY
        self._reading += 1
        try:
            return await self._intake.take(await _body(scope, receive))
        finally:
            self._reading -= 1

    def _bears(self, scope: Scope) -> bool:
        """Whether exactly one Authorization bears the secret; compared in constant time, as bytes."""
        given = [value for name, value in scope["headers"] if name == b"authorization"]
        scheme, _, secret = given[0].partition(b" ") if len(given) == 1 else (b"", b"", b"")
        return compare_digest(secret.strip(), self._secret) and scheme.lower() == b"bearer"

    def _in_time(self) -> bool:
        now_s = self._clock_s()
        self._allowed = min(BURST, self._allowed + (now_s - self._counted_s) * REPORTS_A_SECOND)
        self._counted_s = now_s
        if self._allowed < 1:
            return False
        self._allowed -= 1
        return True


async def _body(scope: Scope, receive: Receive) -> bytes:
    """The whole body. Raises _RefusedError as soon as it is too large."""
    length = next((value for name, value in scope["headers"] if name == b"content-length"), b"0")
    if int(length) > LARGEST_BODY_BYTES:
        raise _RefusedError(TOO_LARGE)
    body = bytearray()
    while True:
        message = await receive()
        if message["type"] != "http.request":
            raise _RefusedError(None)
        body += message.get("body", b"")
        if len(body) > LARGEST_BODY_BYTES:
            raise _RefusedError(TOO_LARGE)
        if not message.get("more_body"):
            return bytes(body)


def _answered(http_status: int, document: object, more: Mapping[str, str]) -> tuple[Message, Message]:
    body = msgspec.json.encode(document) + b"\n"
    headers = {"Content-Type": "application/json", "Content-Length": str(len(body)), **more}
    raw = [(name.lower().encode(), value.encode()) for name, value in headers.items()]
    return (
        {"type": "http.response.start", "status": http_status, "headers": raw},
        {"type": "http.response.body", "body": body},
    )
