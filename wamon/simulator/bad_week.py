"""The demo's bad week, Monday 2026-11-02 to Monday 2026-11-09 09:00 UTC: seven days, eight episodes."""

from datetime import date

from wamon.core.finding import Cause, Verdict
from wamon.core.meta_page import LOGIN, WHATSAPP
from wamon.core.timeline import HOUR, MINUTE, SECOND, Span, parse_iso
from wamon.simulator.faults import EmptyBody, GraphError, HtmlPage, Instead, Unreachable
from wamon.simulator.scenario import (
    AUTHENTICATED,
    MANAGED,
    SILENT,
    Cable,
    Call,
    Episode,
    MetaOutage,
    MetaPost,
    Reporting,
    Scenario,
    Script,
    Spell,
)
from wamon.simulator.world import ACCESS_TOKEN, TokenState, TokenTurns

BUSY = GraphError(500, 2, is_transient=True)
UPDATING = GraphError(503, 2, is_transient=True)
UNAVAILABLE = GraphError(500, 131016)
UNKNOWN = GraphError(500, 131000)
REFUSED = GraphError(401, 190, message="(#190) Cannot parse access token")
CALLBACK = frozenset({Call.HANDSHAKE, Call.SIGNED_EVENT})


def _span(start: str, minutes: int) -> Span:
    start_ms = parse_iso(start)
    return Span(start_ms, start_ms + minutes * MINUTE)


def _outage() -> Episode:
    span = _span("2026-11-03T10:12:40Z", 34)
    return Episode(
        title="Meta is down",
        story="For 34 minutes sends and reads fail with codes 2, 131016 and 131000, or with a page in HTML.",
        span=span,
        verdict=Verdict.SYSTEM_ERROR,
        cause=Cause.SERVICE,
        spells=(
            Spell(*span, frozenset({Call.SEND}), (UNAVAILABLE, UNKNOWN, BUSY, HtmlPage(500))),
            Spell(*span, MANAGED, (BUSY, UNAVAILABLE, BUSY, HtmlPage(500), BUSY, UNKNOWN)),
        ),
    )


def _update() -> Episode:
    span = _span("2026-11-04T03:04:00Z", 5)
    return Episode(
        title="The API is updated",
        story="Five minutes of code 2 while Meta changes its servers: downtime, but not worth waking anybody for.",
        span=span,
        verdict=Verdict.SYSTEM_ERROR,
        cause=Cause.SERVICE,
        spells=(Spell(*span, AUTHENTICATED, (UPDATING,)),),
    )


def _expired_token() -> Episode:
    span = _span("2026-11-04T14:21:10Z", 50)
    return Episode(
        title="Our token expires",
        story="Code 190/463, and debug_token agrees that the token is dead: our fault, and no downtime.",
        span=span,
        verdict=Verdict.USER_ERROR,
        cause=Cause.AUTHENTICATION,
        changes=(
            TokenTurns(span.start_ms, ACCESS_TOKEN, TokenState.EXPIRED, expires_at_s=span.start_ms // SECOND),
            TokenTurns(span.end_ms, ACCESS_TOKEN, TokenState.VALID),
        ),
    )


def _authentication_fault() -> Episode:
    span = _span("2026-11-05T09:31:20Z", 70)
    return Episode(
        title="Meta forgets our token",
        story="Code 190 again, yet debug_token calls the same token valid: the weekly pass makes it downtime.",
        span=span,
        verdict=Verdict.SYSTEM_ERROR,
        cause=Cause.AUTHENTICATION,
        first_verdict=Verdict.USER_ERROR,
        spells=(Spell(*span, AUTHENTICATED, (REFUSED,)),),
    )


def _pulled_cable() -> Episode:
    span = _span("2026-11-06T16:02:30Z", 25)
    return Episode(
        title="Our own network fails",
        story="Nothing answers, the control sites included: 25 minutes unobserved, and nobody's downtime.",
        span=span,
        verdict=Verdict.NETWORK_ERROR,
        cause=Cause.LOCAL_NETWORK,
        cables=(Cable(*span, how=Unreachable(silent=True)),),
    )


def _broken_endpoint() -> Episode:
    span = _span("2026-11-07T11:06:00Z", 40)
    turn_ms = span.start_ms + 25 * MINUTE
    return Episode(
        title="Our endpoint is down",
        story="The business's webhook answers 503, then a wrong challenge: its own figure suffers, not Meta's.",
        span=span,
        verdict=Verdict.USER_ERROR,
        cause=Cause.ENDPOINT,
        spells=(
            Spell(span.start_ms, turn_ms, CALLBACK, (EmptyBody(503),)),
            Spell(turn_ms, span.end_ms, CALLBACK, (Instead(200, "hello", "text/plain"),)),
        ),
    )


def _blip() -> Episode:
    span = _span("2026-11-08T20:16:00Z", 5)
    return Episode(
        title="One bad answer",
        story="A single failure, gone when looked at again ten seconds later: counted as a blip and forgiven.",
        span=span,
        verdict=Verdict.SYSTEM_ERROR,
        cause=Cause.SERVICE,
        spells=(Spell(*span, frozenset({Call.NUMBER}), (UNAVAILABLE,), rounds=1),),
    )


def _lost_messages() -> Episode:
    span = _span("2026-11-08T22:00:00Z", 70)
    return Episode(
        title="Messages get lost",
        story="Graph takes every message in and answers well, but none is heard of again: only canaries notice.",
        span=span,
        verdict=Verdict.MISSED_SUCCESS,
        cause=Cause.TIMEOUT,
        reportings=(Reporting(*span, SILENT),),
    )


def _script() -> Script:
    """What Meta's page makes of it: the outage is posted two hours late, its day counted later, then once more."""
    outage, forgotten = _outage().span, _authentication_fault().span
    posted_ms = outage.start_ms + 2 * HOUR
    return Script(
        (
            MetaOutage(
                "4711",
                WHATSAPP,
                "3",
                (
                    MetaPost(posted_ms, "High disruptions", "Some requests fail. We are looking into it."),
                    MetaPost(posted_ms + 20 * MINUTE, "Resolved", "The issue is over.", outage.end_ms),
                ),
            ),
            MetaOutage(
                "4712",
                LOGIN,
                "1",
                (
                    MetaPost(forgotten.start_ms + 50 * MINUTE, "Medium disruptions", "Some tokens are refused."),
                    MetaPost(forgotten.end_ms + 30 * MINUTE, "Resolved", "The issue is over."),
                ),
            ),
        ),
        (
            (date(2026, 11, 3), 97.92, parse_iso("2026-11-04T03:00:00Z")),
            (date(2026, 11, 3), 97.64, parse_iso("2026-11-06T15:00:00Z")),
        ),
    )


BAD_WEEK = Scenario(
    Span(parse_iso("2026-11-02T00:00:00Z"), parse_iso("2026-11-09T09:00:00Z")),
    (
        _outage(),
        _update(),
        _expired_token(),
        _authentication_fault(),
        _pulled_cable(),
        _broken_endpoint(),
        _blip(),
        _lost_messages(),
    ),
    _script(),
)
"""Long enough for the weekly pass of the second Monday, at 06:00 UTC."""
