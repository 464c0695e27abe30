"""The words of a ruling: verdict, cause, scope, column, origin (CONTRACT section 5)."""

from enum import StrEnum

import msgspec

from wamon.core.members import direct
from wamon.core.passing import NOTHING, Passing


@direct
class Verdict(StrEnum):
    """Whose fault it was."""

    OK = "ok"
    SYSTEM_ERROR = "system_error"
    MISSED_SUCCESS = "missed_success"
    USER_ERROR = "user_error"
    NETWORK_ERROR = "network_error"
    INCONCLUSIVE = "inconclusive"


@direct
class Cause(StrEnum):
    """What went wrong; a closed set."""

    NONE = "none"
    SERVICE = "service"
    TIMEOUT = "timeout"
    EDGE = "edge"
    AUTHENTICATION = "authentication"
    PERMISSION = "permission"
    VALIDATION = "validation"
    TEMPLATE = "template"
    THROTTLING = "throttling"
    RECIPIENT = "recipient"
    PAYMENT = "payment"
    INTEGRITY = "integrity"
    REGISTRATION = "registration"
    MAINTENANCE = "maintenance"
    ENDPOINT = "endpoint"
    LOCAL_NETWORK = "local_network"
    PATH = "path"
    PROXY = "proxy"
    MEDIA = "media"
    CALLING = "calling"
    FLOW = "flow"
    UNMAPPED = "unmapped"


@direct
class Scope(StrEnum):
    """How wide, never whose."""

    REQUEST = "request"
    NUMBER = "number"
    ACCOUNT = "account"
    APP = "app"
    GLOBAL = "global"
    UNKNOWN = "unknown"


@direct
class Column(StrEnum):
    """The only part of a ruling that moves availability."""

    UP = "up"
    DOWN = "down"
    NETWORK = "network"
    USER = "user"
    UNOBSERVED = "unobserved"


@direct
class Origin(StrEnum):
    """When and by whom a ruling was given."""

    LIVE = "live"
    FOLLOW_UP = "follow_up"
    RECLASSIFICATION = "reclassification"
    PERSON = "person"


class Finding(msgspec.Struct, frozen=True):
    """What a rule makes of one observation. Few different ones exist: they are shared and interned."""

    verdict: Verdict
    cause: Cause = Cause.NONE
    column: Column = Column.UNOBSERVED
    scope: Scope = Scope.UNKNOWN
    provisional: bool = False
    code: int | None = None
    subcode: int | None = None
    rule: str = "no_rule"


class Ruling(msgspec.Struct, frozen=True):
    """A finding on one observation, with the rule that gave it and the evidence it stood on.

    ``evidence`` names observations as ``target@instant``. ``author`` and ``because`` are a person's.
    """

    target: str
    at_ms: int
    finding: Finding
    origin: Origin
    edition: str
    ruled_at_ms: int
    evidence: tuple[str, ...] = ()
    author: str | None = None
    because: str | None = None


class Context(msgspec.Struct, frozen=True):
    """What many observations of a target share, so that each stores only a number for it.

    ``interval_ms`` is the target's cadence when the observation was made. ``site`` is where it was made from: two
    names are two networks. ``told`` is what the answer told in passing, in so few words that looks share it.
    ``repeated``: the clock was set back into time that had been watched, where the first observation stands; this
    one is kept and counts for nothing. ``slow``: the answer took longer than the latency objective of that time.
    """

    probe: str
    interval_ms: int
    account: str = ""
    request_fingerprint: str | None = None
    token_fingerprint: str | None = None
    served_version: str | None = None
    site: str = ""
    told: Passing = NOTHING
    repeated: bool = False
    slow: bool = False


class Mark(msgspec.Struct, frozen=True, gc=False):
    """One observation as time and rules read it: its instant, what it shares, and its standing finding."""

    at_ms: int
    context: Context
    finding: Finding

    @property
    def interval_ms(self) -> int:
        """The target's cadence then: P of the arithmetic."""
        return self.context.interval_ms
