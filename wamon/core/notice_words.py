"""The words of a notice: whose fault, what fails, since when, and the one thing to do."""

from wamon.core.finding import Cause, Verdict
from wamon.core.incident import Incident, Kind, Severity
from wamon.core.meta_page import Light
from wamon.core.observation import ProbeKind
from wamon.core.timeline import from_ms

WHOSE = {
    Verdict.SYSTEM_ERROR: "Meta",
    Verdict.MISSED_SUCCESS: "Meta",
    Verdict.USER_ERROR: "Our side",
    Verdict.NETWORK_ERROR: "The network",
    Verdict.INCONCLUSIVE: "Not known",
    Verdict.OK: "Nobody",
}

_WHAT = {
    ProbeKind.EDGE: "Graph fails",
    ProbeKind.API: "account management fails",
    ProbeKind.MESSAGE: "sending fails",
    ProbeKind.ROUNDTRIP: "messages do not come back",
    ProbeKind.TRAFFIC: "real messages fail",
    ProbeKind.WEBHOOK: "the webhook endpoint fails",
}

_WHAT_REFUSED = {
    Cause.AUTHENTICATION: "the access token is refused",
    Cause.PERMISSION: "a permission is missing",
    Cause.THROTTLING: "our probing is limited",
    Cause.VALIDATION: "the request is refused as malformed",
    Cause.TEMPLATE: "the template is refused",
    Cause.PAYMENT: "payment is refused",
    Cause.INTEGRITY: "the account is restricted",
    Cause.REGISTRATION: "the number is not registered",
    Cause.RECIPIENT: "the recipient cannot be reached",
}

_ACTION = {
    Cause.SERVICE: "hold queues, no re-sends",
    Cause.EDGE: "hold queues, no re-sends",
    Cause.TIMEOUT: "hold queues, never re-send what timed out",
    Cause.PATH: "check our route to Meta from a second network",
    Cause.LOCAL_NETWORK: "check our own line and resolver",
    Cause.ENDPOINT: "look at the endpoint's own log and certificate",
    Cause.AUTHENTICATION: "check the token in Meta's Access Token Debugger",
    Cause.PERMISSION: "check the token's two WhatsApp permissions",
    Cause.THROTTLING: "slow down, wait for the limit to lift",
    Cause.PAYMENT: "check the payment method of the account",
    Cause.INTEGRITY: "read the account's status in Business Support Home",
    Cause.MAINTENANCE: "wait, the number is being changed by Meta",
}


_UNSEEN = {
    Cause.LOCAL_NETWORK: "our own line was away",
    Cause.NONE: "nothing was looked at",
    Cause.MAINTENANCE: "Meta was changing the number",
    Cause.ENDPOINT: "our receiver could not have heard it",
    Cause.PROXY: "something between us and Meta answered",
}


def unseen_because(cause: Cause) -> str:
    """Why nothing could be said for a while."""
    return _UNSEEN.get(cause, f"no answer could be judged, cause {cause.value}")


def title(
    incident: Incident,
    probe: ProbeKind,
    weight: Severity,
    now_ms: int,
    light: Light,
    *,
    resolved: bool,
    word: str = "",
) -> str:
    """Whose, what, how wide, since when, code, Meta's word, one action: read at three in the morning.

    ``word`` says what is new of what was told before: Still, Again, Now.
    """
    whose = "Our endpoint" if incident.kind is Kind.ENDPOINT else WHOSE[incident.verdict]
    parts = [whose, what(incident, probe), incident.wide or incident.target]
    if resolved and incident.closed_ms is not None:
        lasted = duration_text(incident.closed_ms - incident.opened_ms)
        parts += [f"over since {clock(incident.closed_ms)}, lasted {lasted}"]
        return f"[RESOLVED] {' · '.join(parts)}"
    parts.append(f"since {clock(incident.opened_ms)} ({duration_text(now_ms - incident.opened_ms)})")
    if incident.codes:
        parts.append(f"code {'/'.join(map(str, incident.codes))}")
    if incident.kind is not Kind.ENDPOINT:
        parts.append(f"Meta's page: {light.value}")
    if action := _ACTION.get(incident.cause):
        parts.append(f"do: {action}")
    return f"[{weight.value.upper()}] {f'{word}: ' if word else ''}{' · '.join(parts)}"


def what(incident: Incident, probe: ProbeKind) -> str:
    """What fails, in a few words."""
    if incident.kind is Kind.USER_ERROR:
        return _WHAT_REFUSED.get(incident.cause, "the request is refused")
    if incident.kind is Kind.DISRUPTION:
        return "Meta cannot be reached from here"
    return _WHAT.get(probe, "the target fails")


def clock(at_ms: int) -> str:
    """``10:14 UTC``, as a first line says when."""
    return from_ms(at_ms).strftime("%H:%M UTC")


def moment(at_ms: int) -> str:
    """``2026-11-03 10:14 UTC``, where the day is not plain."""
    return from_ms(at_ms).strftime("%Y-%m-%d %H:%M UTC")


def duration_text(duration_ms: int) -> str:
    """``6 min``, ``2 h 10 min``, ``2 min 10 s``: as people say it."""
    seconds = max(0, duration_ms) // 1000
    hours, minutes, rest = seconds // 3600, seconds // 60 % 60, seconds % 60
    if hours:
        return f"{hours} h {minutes} min" if minutes else f"{hours} h"
    if minutes:
        return f"{minutes} min {rest} s" if rest and minutes < 10 else f"{minutes} min"
    return f"{rest} s"
