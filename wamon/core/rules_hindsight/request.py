"""Rules about the request: well formed all along, or cured by changing it."""

from wamon.core.evidence import When, unchanged
from wamon.core.finding import Cause, Verdict
from wamon.core.rules_hindsight.burst import between_system_faults
from wamon.core.rules_hindsight.case import Case, Turned, at_ms, blame_platform, blame_us
from wamon.core.rules_hindsight.history import History
from wamon.core.timeline import HOUR, Span

WITHIN_MS = 24 * HOUR
"""An acceptance further away than this says nothing of a refusal."""

_REQUEST_CODES = frozenset({100, 131008, 131009, 135000})
_TEMPLATE_CODES = frozenset({132000, 132012})
_MISSING_OBJECT = (100, 33)
OF_THE_REQUEST = frozenset({Cause.VALIDATION, Cause.TEMPLATE, Cause.MEDIA, Cause.UNMAPPED})
"""What a refusal may be about that another request would not have met."""


def same_request_accepted(case: Case, past: History) -> Turned | None:
    """A request refused as malformed that was accepted unchanged before and after was well formed all along.

    Preconditions: a doubtful code 100, 131008, 131009 or 135000 (132000 and 132012 only where the template's
    components are known unchanged throughout); the same fingerprint under the same served version was accepted
    at least once within 24 hours before and at least once within 24 hours after.
    """
    if not about_request(case) or request_lacks(case, past):
        return None
    before, after = _accepted(case, past)
    evidence = [one.name for one in (before, after) if one is not None]
    return blame_platform(case.finding, "same_request_accepted", evidence)


def cured_by_a_change(case: Case, past: History) -> Turned | None:
    """A request that was never accepted, while the one that took its place was: the request was at fault.

    Preconditions: a doubtful refusal of the request itself; this fingerprint was accepted nowhere as far back as
    the looks reach, and not since; another one was accepted afterwards on the same target. A request that had been
    accepted before was merely worked around, which proves nothing; nor does a refusal amid system faults.
    """
    found, request = case.finding, case.exchange.request_fingerprint
    if found.verdict is not Verdict.USER_ERROR or not found.provisional or found.cause not in OF_THE_REQUEST:
        return None
    if request is None or request in past.accepted.ever or between_system_faults(case, past):
        return None
    cured = [one for one in past.accepted_here.values() if one.at_ms > at_ms(case)]
    return blame_us(found, "cured_by_a_change", [one.name for one in cured]) if cured else None


def about_request(case: Case) -> bool:
    """Whether a request was refused as malformed in a way that may be Meta's fault."""
    found = case.finding
    if found.verdict is not Verdict.USER_ERROR or not found.provisional:
        return False
    return found.code in _REQUEST_CODES | _TEMPLATE_CODES and (found.code, found.subcode) != _MISSING_OBJECT


def request_lacks(case: Case, past: History) -> str:
    """Which condition of a request's innocence is missing, in one sentence; empty when none is."""
    if case.exchange.request_fingerprint is None:
        return "The request has no fingerprint, so nobody can tell whether it was accepted at other times."
    before, after = _accepted(case, past)
    if before is None:
        return "The same request was not accepted within 24 hours before, by the same Graph version."
    if after is None:
        return "The same request was not accepted within 24 hours after, by the same Graph version."
    template = past.record.template
    if case.finding.code not in _TEMPLATE_CODES or unchanged(
        past.templates, template, Span(before.at_ms, after.at_ms)
    ):
        return ""
    return "Nothing shows that the template's components stayed the same all that time."


def _accepted(case: Case, past: History) -> tuple[When | None, When | None]:
    """The same request's nearest acceptances on both sides, no further away than a day."""
    moment = at_ms(case)
    request, version = case.exchange.request_fingerprint or "", case.exchange.served_version
    before, after = past.accepted.beside(request, version, moment)
    return (
        before if before is not None and moment - before.at_ms <= WITHIN_MS else None,
        after if after is not None and after.at_ms - moment <= WITHIN_MS else None,
    )
