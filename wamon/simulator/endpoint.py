"""A business's webhook endpoint: the handshake, and events whose signature it proves."""

import hashlib
import hmac
from dataclasses import dataclass, field

from wamon.simulator.faults import Fault, plain_replacement
from wamon.simulator.http11 import Answer, Request
from wamon.simulator.scenario import Call
from wamon.simulator.world import APP_SECRET, VERIFY_TOKEN

PATH = "/webhook"
TEXT = (("Content-Type", "text/plain; charset=utf-8"),)


@dataclass(slots=True)
class Endpoint:
    """Answers as a careful business would. ``received`` keeps the bodies of accepted events.

    The careless variants: ``checks_token`` False echoes any challenge, ``checks_signature`` False takes any event.
    """

    verify_token: str = VERIFY_TOKEN
    app_secret: str = APP_SECRET
    checks_token: bool = True
    checks_signature: bool = True
    received: list[bytes] = field(default_factory=list)

    @property
    def calls(self) -> frozenset[Call]:
        """Everything that can be asked of it."""
        return frozenset({Call.HANDSHAKE, Call.SIGNED_EVENT})

    def call(self, request: Request) -> Call:
        """A POST is an event, everything else a handshake."""
        return Call.SIGNED_EVENT if request.method == "POST" else Call.HANDSHAKE

    def answer(self, request: Request, fault: Fault | None, now_ms: int) -> Answer:
        """200 with the challenge, or 200 for an event; 403, 401, 404, 405 for what it refuses."""
        del now_ms  # an endpoint looks at no clock
        if (replacement := plain_replacement(fault)) is not None:
            return replacement
        if request.path.split("/")[1] != PATH.strip("/"):
            return Answer(404, b"not found", TEXT)
        if request.method == "POST":
            return self._event(request)
        return self._handshake(request) if request.method == "GET" else Answer(405, b"", TEXT)

    def _handshake(self, request: Request) -> Answer:
        known = hmac.compare_digest(request.query.get("hub.verify_token", "").encode(), self.verify_token.encode())
        if request.query.get("hub.mode") != "subscribe" or not (known or not self.checks_token):
            return Answer(403, b"forbidden", TEXT)
        return Answer(200, request.query.get("hub.challenge", "").encode(), TEXT)

    def _event(self, request: Request) -> Answer:
        given = request.headers.get("x-hub-signature-256", "").encode("latin-1")
        if self.checks_signature and not hmac.compare_digest(given, sign(request.body, self.app_secret).encode()):
            return Answer(401, b"bad signature", TEXT)
        self.received.append(request.body)
        return Answer(200, b"", TEXT)


def sign(body: bytes, app_secret: str) -> str:
    """The value of ``X-Hub-Signature-256`` for these bytes."""
    return "sha256=" + hmac.new(app_secret.encode(), body, hashlib.sha256).hexdigest()
