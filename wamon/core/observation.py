"""What a probe saw: one exchange as immutable facts, without an opinion."""

from collections.abc import Mapping
from enum import IntEnum, StrEnum
from typing import Any

import msgspec

from wamon.core.members import direct

MAXIMUM_BODY_BYTES = 64 * 1024
"""More of a body than this is never kept, nor read from a target."""


WAY_BACK = ".roundtrip"
"""What follows a canary's name in the name of its way back (CONTRACT section 7)."""


@direct
class ProbeKind(StrEnum):
    """CONTRACT section 4."""

    EDGE = "edge"
    API = "api"
    MESSAGE = "message"
    ROUNDTRIP = "roundtrip"
    TRAFFIC = "traffic"
    WEBHOOK = "webhook"
    TOKEN = "token"  # noqa: S105  # the probe that inspects a token, not a token
    CONTROL = "control"
    STATUS = "status"


@direct
class Phase(IntEnum):
    """The last phase an exchange completed; ordered."""

    NONE = 0
    CONNECTED = 1
    SECURED = 2
    SENT = 3
    ANSWERED = 4


@direct
class Failure(StrEnum):
    """Why an exchange ended early."""

    DNS_ERROR = "dns_error"
    CONNECT_REFUSED = "connect_refused"
    CONNECT_TIMEOUT = "connect_timeout"
    TLS_ERROR = "tls_error"
    READ_TIMEOUT = "read_timeout"
    CONNECTION_RESET = "connection_reset"
    PROTOCOL_ERROR = "protocol_error"
    BODY_TOO_LARGE = "body_too_large"
    DEADLINE_EXCEEDED = "deadline_exceeded"


@direct
class Receiver(StrEnum):
    """How our own receiver of webhooks fared while a canary was awaited."""

    HEARD = "heard"
    LISTENING = "listening"
    DEAF = "deaf"


STEPS = ("dns", "connect", "tls", "first_byte", "total")

PHASES = {phase.name.lower(): phase for phase in Phase}


class SecondResolver(msgspec.Struct, frozen=True):
    """What another resolver, independent of the one in use, said when a name was not found.

    ``found`` is about the name that was asked for, ``controls_found`` about the controls' names.
    """

    name: str
    found: bool
    controls_found: bool


class Exchange(msgspec.Struct, frozen=True, gc=False):
    """One exchange. Every fact may be unknown.

    ``headers`` have lower-case names. ``body`` is an object or array as parsed, a string (not JSON, or too
    broken to parse) or None. ``durations_ms`` has the keys of ``STEPS``. ``expected_body`` is the exact answer
    that a handshake asked for, where the recorder knows it. ``detail`` is one line for a person (an exception's
    text, a resolver's answer) and never decides anything. ``site`` is where it was asked from. ``receiver`` is
    known of a canary that nobody heard of.
    """

    target: str = ""
    probe: ProbeKind | None = None
    at_ms: int | None = None
    request_fingerprint: str | None = None
    token_fingerprint: str | None = None
    reached: Phase | None = None
    failure: Failure | None = None
    http_status: int | None = None
    headers: Mapping[str, str] = {}
    body: Any = None
    durations_ms: Mapping[str, float] = {}
    expected_body: str | None = None
    peer: str | None = None
    certificate_expires_ms: int | None = None
    detail: str | None = None
    site: str = ""
    second_resolver: SecondResolver | None = None
    receiver: Receiver | None = None

    @property
    def end_ms(self) -> int:
        """When the exchange was over: its start and its total duration."""
        return (self.at_ms or 0) + round(self.durations_ms.get("total", 0.0))

    @property
    def served_version(self) -> str | None:
        """The Graph version that really answered (header ``facebook-api-version``)."""
        return self.headers.get("facebook-api-version")
