"""The rule about one number: a generic error with a name of its own, while the other numbers were served."""

import re

import msgspec

from wamon.core.finding import Cause, Column, Scope, Verdict
from wamon.core.graph_error import graph_error
from wamon.core.rules_hindsight.case import Case, Turned, at_ms, blame_us
from wamon.core.rules_hindsight.history import History

_NEVER_OURS = frozenset({2, 131016})

_METAS_OWN = re.compile(
    r"internal|temporar|unavailable|unexpected|unknown|overload|time[d-]? ?out|try again|something went wrong",
    re.IGNORECASE,
)
"""Words with which Meta speaks of itself: details that have them name no cause of ours, whatever else they say."""

_NAMED = (
    (Cause.PAYMENT, r"payment|credit line|billing|unpaid|invoice"),
    (
        Cause.TEMPLATE,
        r"template\b.*\b(paused|disabled|rejected|deleted|archived|not approved|does not exist|missing)",
    ),
    (Cause.REGISTRATION, r"not (been )?registered|unregistered|deregistered|two-step|certificate|display name"),
    (Cause.INTEGRITY, r"restricted|suspended|banned|locked|violat|policy|spam|not verified|unverified|in review"),
    (Cause.PERMISSION, r"permission|not (allowed|permitted|eligible|authori[sz]ed)|access denied"),
    (
        Cause.MEDIA,
        r"(media|file|mime|image|video|audio|document)\b.*\b(unsupported|too (large|big)|invalid|expired)",
    ),
    (Cause.RECIPIENT, r"recipient|not a (valid )?whatsapp (user|account|number)"),
    (Cause.VALIDATION, r"parameter|invalid|malformed|required|must (be|not)"),
)
"""What details can name as the cause, the first that fits; ours, after the details that Meta documents."""

_PATTERNS = tuple((cause, re.compile(words, re.IGNORECASE)) for cause, words in _NAMED)

_TEMPLATE_USABLE = frozenset({"APPROVED", "REINSTATED"})
_TEMPLATE_STOPPED = frozenset(
    {"PAUSED", "DISABLED", "REJECTED", "ARCHIVED", "DELETED", "PENDING_DELETION", "LOCKED"}
)


def only_us(case: Case, past: History) -> Turned | None:
    """A generic error with a cause of its own on one number, while the others were served, is that number's.

    Preconditions: a doubtful system verdict by a code, never 2 or 131016; a cause named in the error's details,
    by the number's health on both sides, or by the template's status then; at least one other number, asked the
    same way, was answered well within one interval on both sides of that moment, and none of them failed.
    """
    if not about_number(case) or number_lacks(case, past):
        return None
    cause, evidence = named_cause(case, past) or (case.finding.cause, ())
    turned = blame_us(case.finding, "only_us", (*_served(case, past)[:4], *evidence), cause)
    return Turned(msgspec.structs.replace(turned.finding, scope=Scope.NUMBER), turned.evidence)


def about_number(case: Case) -> bool:
    """Whether an error is a generic one, so that it may hide a cause of the number's own."""
    found = case.finding
    return (
        found.verdict is Verdict.SYSTEM_ERROR
        and found.provisional
        and found.code is not None
        and found.code not in _NEVER_OURS
    )


def number_lacks(case: Case, past: History) -> str:
    """Which condition is missing to call it the number's own, in one sentence; empty when none is."""
    if named_cause(case, past) is None:
        return "Neither the error's details nor health nor template name a cause of this number's own."
    if not _served(case, past):
        return "No other number is known to have been served in the same minutes."
    return ""


def named_cause(case: Case, past: History) -> tuple[Cause, tuple[str, ...]] | None:
    """The cause with a name, and what told it."""
    error = graph_error(case.exchange.body)
    details = error.details if error is not None else ""
    if details and not _METAS_OWN.search(details):
        for cause, words in _PATTERNS:
            if words.search(details):
                return cause, ()
    return case.episode.reason_in_health or _stopped_template(case, past)


def _stopped_template(case: Case, past: History) -> tuple[Cause, tuple[str, ...]] | None:
    """The template's own status, where the last word on it before that moment was that it must not be sent."""
    words = [
        one
        for one in past.templates
        if one.template == past.record.template
        and one.at_ms <= at_ms(case)
        and one.template_status in _TEMPLATE_USABLE | _TEMPLATE_STOPPED
    ]
    if not words or words[-1].template_status in _TEMPLATE_USABLE:
        return None
    return Cause.TEMPLATE, (words[-1].name,)


def _served(case: Case, past: History) -> tuple[str, ...]:
    """Looks at other numbers that were answered well around that moment; empty when one of them failed."""
    found: list[str] = []
    for one in past.peers:
        sides = one.around(at_ms(case))
        if sides is None:
            continue
        if any(one.findings[place].column is Column.DOWN for place in sides):
            return ()
        if all(one.findings[place].verdict is Verdict.OK for place in sides):
            found.append(one.name(sides[0]))
    return tuple(found)
