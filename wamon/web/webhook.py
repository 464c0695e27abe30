"""Meta's callback URL as a plain ASGI app: the handshake, and signed events, stored before they are answered."""

from collections.abc import Callable, Iterable, Mapping
from typing import NamedTuple, Protocol
from urllib.parse import parse_qsl

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from wamon.core.callback import SIGNATURE, authentic, challenge, looks_signed

PATH = "/webhook"

LARGEST_BODY_BYTES = 3 * 1024 * 1024
"""Meta's own limit. Source: Meta, "Webhooks": payloads of up to 3 MB, read 2026-06."""

SMALL_BYTES = 64 * 1024
HELD_BYTES = 48 * 1024 * 1024
"""What all bodies on their way may hold together, beyond the first 64 KiB of each; after that it is 503."""


class Door(NamedTuple):
    """The callback of one account, and the secrets of which one must have signed; without any it takes nothing."""

    account: str
    keys: tuple[bytes, ...]


class Intake(Protocol):
    """Takes in an authentic body. Says ``stored``, ``duplicate``, ``malformed`` or ``unavailable``."""

    async def take(self, account: str, raw: bytes) -> str: ...


class _Answer(NamedTuple):
    """What is answered, ready to be sent; ``counted`` is what the metric of receipts calls it, if anything."""

    start: Message
    body: Message
    counted: str = ""


def _answer(http_status: int, text: bytes, counted: str = "", more: Iterable[tuple[bytes, bytes]] = ()) -> _Answer:
    headers = [
        (b"content-type", b"text/plain; charset=utf-8"),
        (b"content-length", b"%d" % len(text)),
        (b"x-content-type-options", b"nosniff"),
        (b"cache-control", b"no-store"),
        *more,
    ]
    start = {"type": "http.response.start", "status": http_status, "headers": headers}
    return _Answer(start, {"type": "http.response.body", "body": text}, counted)


_STORED = _answer(200, b"", "stored")
_DUPLICATE = _answer(200, b"", "duplicate")
_MALFORMED = _answer(400, b"The signature is right, and the body is no webhook in JSON.\n", "malformed")
_UNAVAILABLE = _answer(503, b"It cannot be stored now; send it again later.\n", "unavailable")
_BAD_SIGNATURE = _answer(
    401, b"X-Hub-Signature-256 is missing, or was not made with the app secret.\n", "bad_signature"
)
_NO_SECRET = _answer(
    403, b"This account has no app_secret: nothing that arrives here can be proved.\n", "bad_signature"
)
_TOO_LARGE = _answer(413, b"A webhook has at most 3 MB.\n", "too_large")
_WRONG_TOKEN = _answer(403, b"This is no handshake with the verify token that was agreed on.\n")
_WRONG_METHOD = _answer(405, b"Meta asks with GET and reports with POST.\n", more=[(b"allow", b"GET, POST")])
_NOT_HERE = _answer(404, b"No account has its webhooks here: there is /webhook, and /webhook/ACCOUNT.\n")

_OUTCOMES = {one.counted: one for one in (_STORED, _DUPLICATE, _MALFORMED, _UNAVAILABLE)}


class _RefusedError(Exception):
    """A body is not read on; ``answer`` says why, None where nobody is left to hear it."""

    def __init__(self, answer: _Answer | None) -> None:
        self.answer = answer


class Webhook:
    """Answers for every door, by path. ``count`` hears what became of each event.

    An event is read only as far as it may matter: not at all without a signature, to the limit when it is larger
    than Meta's. What is left of such a body is thrown away by the server, which gives it a deadline.
    """

    def __init__(
        self, doors: Mapping[str, Door], verify_token: bytes, intake: Intake, count: Callable[[str], None]
    ) -> None:
        self._doors = dict(doors)
        self._verify_token = verify_token
        self._intake = intake
        self._count = count
        self._held_bytes = 0

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """One request."""
        door, method = self._doors.get(scope["path"]), scope["method"]
        answer: _Answer | None = _NOT_HERE
        if door is not None:
            if method == "POST":
                answer = await self._event(door, scope, receive)
            else:
                answer = self._handshake(scope) if method == "GET" else _WRONG_METHOD
        if answer is not None:
            if answer.counted:
                self._count(answer.counted)
            await send(answer.start)
            await send(answer.body)

    def _handshake(self, scope: Scope) -> _Answer:
        said = challenge(_asked(scope["query_string"]), self._verify_token)
        return _WRONG_TOKEN if said is None else _answer(200, said)

    async def _event(self, door: Door, scope: Scope, receive: Receive) -> _Answer | None:
        given, length = _head(scope)
        if not door.keys:
            return _NO_SECRET
        if given is None or not looks_signed(given):
            return _BAD_SIGNATURE
        if length > LARGEST_BODY_BYTES:
            return _TOO_LARGE
        try:
            raw = await self._body(receive)
        except _RefusedError as refused:
            return refused.answer
        if not authentic(raw, given, door.keys):
            return _BAD_SIGNATURE
        return _OUTCOMES[await self._intake.take(door.account, raw)]

    async def _body(self, receive: Receive) -> bytes:
        """The whole body. Raises _RefusedError as soon as it is too large, or too much with all the others."""
        pieces: list[bytes] = []
        size, held = 0, 0
        try:
            while True:
                message = await receive()
                if message["type"] != "http.request":
                    raise _RefusedError(None)
                pieces.append(message.get("body", b""))
                size += len(pieces[-1])
                if size > LARGEST_BODY_BYTES:
                    raise _RefusedError(_TOO_LARGE)
                if not message.get("more_body"):
                    return pieces[0] if len(pieces) == 1 else b"".join(pieces)
                more = max(0, size - SMALL_BYTES) - held
                held += more
                self._held_bytes += more
                if self._held_bytes > HELD_BYTES:
                    raise _RefusedError(_UNAVAILABLE)
        finally:
            self._held_bytes -= held


def _head(scope: Scope) -> tuple[bytes | None, int]:
    """The signature, and the length that the body is announced with; 0 for none."""
    given, length = None, 0
    for name, value in scope["headers"]:
        if name == SIGNATURE:
            given = value
        elif name == b"content-length":
            length = int(value)  # the server's parser has let nothing but digits pass
    return given, length


def _asked(query: bytes) -> dict[bytes, bytes]:
    """The pairs of a query, as bytes: whatever they spell. A query of very many pairs asks for nothing."""
    try:
        pairs = parse_qsl(query.decode("latin-1"), keep_blank_values=True, encoding="latin-1", max_num_fields=32)
    except ValueError:
        return {}
    return {name.encode("latin-1"): value.encode("latin-1") for name, value in pairs}


def beside(pages: ASGIApp, webhook: ASGIApp) -> ASGIApp:
    """Both on one address: what lies under ``/webhook`` is Meta's, everything else the pages'."""

    async def fork(scope: Scope, receive: Receive, send: Send) -> None:
        path = scope["path"]
        await (webhook if path == PATH or path.startswith(f"{PATH}/") else pages)(scope, receive, send)

    return fork
