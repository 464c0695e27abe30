"""The history of one target: all its looks around the days judged, and every piece of evidence beside them."""

from collections.abc import Mapping, Sequence

import msgspec

from wamon.core.evidence import Acceptances, Posted, Record, TemplateLook, TokenLook, TokenUse, When
from wamon.core.finding import Cause, Finding
from wamon.core.knowledge import Controls
from wamon.core.timeline import Span

_SHARED_CAUSES = frozenset({Cause.EDGE, Cause.AUTHENTICATION})


_ANYWHERE_MS = 1 << 62


class History(msgspec.Struct, frozen=True):
    """What the rules of hindsight may consult. By default nothing is known, and nothing known turns nothing.

    ``by_own_evidence`` are the findings that `mixed_burst` asks its neighbours for; without them the live ones
    count. ``hearsay`` are the places of looks whose faults an application alone reports. ``tokens`` are ordered,
    ``token_uses`` is by fingerprint, ``events_ms`` (ordered) are events of the account. ``accepted_here`` gives
    each request's last acceptance on this target. Every token is asked about once in ``token_reach_ms`` or more.

    The other targets: ``household`` shares the account (this target is one of it), ``peers`` are other numbers
    asked the same way, ``strangers`` belong to another app, ``endpoints`` are the account's own, ``elsewhere`` are
    asked from another site. ``unattended`` is time in which our receiver did not run. ``delivered`` names, by
    message id or by what was sent along, the look that proves a delivery. ``templates`` are ordered. ``late``
    gives, by the look's instant, when a canary that came back too late was due at our door.
    """

    record: Record
    now_ms: int
    by_own_evidence: Sequence[Finding] = ()
    hearsay: frozenset[int] = frozenset()
    tokens: Sequence[TokenLook] = ()
    token_reach_ms: int = _ANYWHERE_MS
    token_uses: Mapping[str | None, TokenUse] = {}
    events_ms: Sequence[int] = ()
    accepted: Acceptances = Acceptances()
    accepted_here: Mapping[str, When] = {}
    household: Sequence[Record] = ()
    peers: Sequence[Record] = ()
    strangers: Sequence[Record] = ()
    endpoints: Sequence[Record] = ()
    elsewhere: Sequence[Record] = ()
    unattended: Sequence[Span] = ()
    posted: Posted = Posted()
    delivered: Mapping[str, str] = {}
    templates: Sequence[TemplateLook] = ()
    late: Mapping[int, int] = {}
    controls: Controls | None = None

    def was_posted(self, at_ms: int, cause: Cause) -> bool:
        """Whether Meta posted an outage of what this target watches; Graph's too, for edge and authentication."""
        spans = self.posted.shared if cause in _SHARED_CAUSES else self.posted.own
        return any(span.holds(at_ms) for span in spans)
