"""Rules about messages: silence that was our own endpoint's, and a failure that was delivered after all."""

from wamon.core.evidence import Record
from wamon.core.finding import Cause, Column, Finding, Scope, Verdict
from wamon.core.graph_error import StatusReport, number_of, status_reports
from wamon.core.observation import Exchange, ProbeKind
from wamon.core.rules_hindsight.case import Case, Turned, at_ms, blame_us
from wamon.core.rules_hindsight.episode import MOST_EVIDENCE
from wamon.core.rules_hindsight.history import History
from wamon.core.timeline import MINUTE, Span

ARRIVED = Finding(Verdict.OK, Cause.NONE, Column.UP, Scope.REQUEST, rule="delivered_wins")
"""What a message that was delivered after all was."""

USUAL_WAIT_MS = 2 * MINUTE
"""How long a canary is waited for where the recording does not say: the default of ``delivery_deadline``."""


def endpoint_was_down(case: Case, past: History) -> Turned | None:
    """A canary that nobody heard come back while our own endpoint was down proves nothing against Meta.

    Preconditions: a silent or late roundtrip; during its wait our receiver did not run, or the looks at the
    account's endpoints failed and none was answered (without a look in the wait: those on both sides within one of
    their intervals). Of a message that came late only the instant counts at which Meta says it happened: then it
    was due at our door.
    """
    if not about_silence(case) or silence_lacks(case, past):
        return None
    evidence = [name for one in past.endpoints for name in _down(one, _wait(case, past))]
    return blame_us(case.finding, "endpoint_was_down", evidence, Cause.ENDPOINT)


def about_silence(case: Case) -> bool:
    """Whether a canary did not come back, or too late."""
    found, probe = case.finding, case.episode.past.record.probe
    return found.verdict is Verdict.MISSED_SUCCESS and probe is ProbeKind.ROUNDTRIP


def silence_lacks(case: Case, past: History) -> str:
    """Which proof against our own endpoint is missing, in one sentence; empty when there is one."""
    wait = _wait(case, past)
    if any(span.overlaps(wait) for span in past.unattended):
        return ""
    if not past.endpoints:
        return "No target watches our own endpoint."
    if any(_answered(one, wait) for one in past.endpoints):
        return "Our own endpoint answered while the message was waited for."
    down = any(_down(one, wait) for one in past.endpoints)
    return "" if down else "No look at our own endpoint was made while the message was waited for."


def _wait(case: Case, past: History) -> Span:
    """From the sending to the deadline, its last millisecond included; or the instant at which it was due."""
    moment = at_ms(case)
    due_ms = past.late.get(moment)
    if due_ms is not None:
        return Span(due_ms, due_ms + 1)
    lasted_ms = round(case.exchange.durations_ms.get("total", 0.0))
    return Span(moment, moment + max(lasted_ms, 0 if lasted_ms else USUAL_WAIT_MS) + 1)


def _answered(one: Record, wait: Span) -> bool:
    return any(one.findings[place].verdict is Verdict.OK for place in _looks(one, wait))


def _down(one: Record, wait: Span) -> list[str]:
    """The failed looks at an endpoint, where all that speak for the wait failed."""
    places = _looks(one, wait)
    failed = all(one.findings[place].cause is Cause.ENDPOINT for place in places)
    return [one.name(place) for place in places] if failed else []


def _looks(one: Record, wait: Span) -> list[int]:
    inside = one.places(wait.start_ms, wait.end_ms - 1)
    return list(inside) or list(one.around(wait.start_ms) or ())


def delivered_wins(case: Case, past: History) -> Turned | None:
    """One message may be reported failed and delivered: then it was delivered.

    Preconditions: every message that this look reports as failed has a `delivered`, `read` or `played` anywhere in
    the statuses known by now, under the same message id or the same text sent along. Of a minute of real messages
    so many of them that fewer than half of its outcomes are left against it.
    """
    failed = [one for one in status_reports(case.exchange.body) if _failed(one)]
    proofs = [proof for one in failed if (proof := _proof(one, past))]
    if not proofs or not acquitted(case.exchange, len(failed), len(proofs)):
        return None
    return Turned(ARRIVED, tuple(proofs[:MOST_EVIDENCE]))


def acquitted(exchange: Exchange, failed: int, delivered: int) -> bool:
    """Whether so many deliveries of so many failed messages leave nothing of a look, or too little of a minute."""
    minute = exchange.body.get("minute") if isinstance(exchange.body, dict) else None
    if exchange.probe is not ProbeKind.TRAFFIC or not isinstance(minute, dict):
        return delivered == failed
    against, outcomes = number_of(minute.get("against")), number_of(minute.get("outcomes"))
    return against is not None and outcomes is not None and 2 * (against - delivered) < outcomes


def _failed(report: StatusReport) -> bool:
    return report.message_status == "failed" or report.error is not None


def _proof(report: StatusReport, past: History) -> str:
    return past.delivered.get(report.wamid, "") or past.delivered.get(report.sent_along, "")
