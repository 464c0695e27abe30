"""What the weekly pass found, in plain words: what was counted as what, and why it counts otherwise now."""

from wamon.core.finding import Column, Verdict
from wamon.core.timeline import from_ms

REASONS = {
    "declared": "a person ruled so",
    "same_token_valid": "our token was refused although debug_token called this very token valid all that time",
    "permission": (
        "a permission was denied to a token that has it, and another app was refused too or Meta posted an outage"
    ),
    "token_was_invalid": "debug_token shows that our token really was no longer good",
    "same_request_accepted": (
        "the same request, to the letter, was accepted within a day before and within a day after"
    ),
    "cured_by_a_change": "the request was never accepted until it was changed",
    "only_us": (
        "the error has a cause that is this number's own, and other numbers were served in the same minutes"
    ),
    "mixed_burst": "the refusal came between faults of Meta's, and its outages mix both",
    "limit_not_ours": "we were throttled although hardly any of the quota was used",
    "controls_failed": "sites that are not Meta's could not be reached either, so it was our own line",
    "everywhere_but_there": (
        "nobody got through to Meta: a second resolver or another site failed with us, or Meta posted an outage"
    ),
    "endpoint_was_down": "our own endpoint or receiver was down while the message was waited for",
    "delivered_wins": "the message was reported delivered or read after all",
    "meta_posted_it": "Meta posted an outage of this service for that time",
}
"""Why a verdict turned, by the rule that turned it; each goes on after "because"."""

_OTHERWISE = "it was judged again with what is known by now"

_COUNTED = {
    Column.UP: "as up",
    Column.DOWN: "as Meta's downtime",
    Column.NETWORK: "as trouble on the way to Meta",
    Column.USER: "as an error of our own",
    Column.UNOBSERVED: "as not observed",
}


def reason_of(rule: str) -> str:
    """Why a rule turned a verdict, as the end of a sentence."""
    return REASONS.get(rule, _OTHERWISE)


def counted_as(verdict: Verdict, column: Column) -> str:
    """How a verdict counts: ``as Meta's downtime``. A user's error that is downtime is our endpoint's."""
    if (verdict, column) == (Verdict.USER_ERROR, Column.DOWN):
        return "as downtime of our endpoint"
    return _COUNTED[column]


def time_text(first_ms: int, last_ms: int) -> str:
    """``2026-11-03, 10:00 to 10:39 UTC``: from the first look to the last, with both dates where they differ."""
    first, last = from_ms(first_ms), from_ms(last_ms)
    if first_ms == last_ms:
        return f"{first:%Y-%m-%d, %H:%M} UTC"
    end = f"{last:%H:%M}" if first.date() == last.date() else f"{last:%Y-%m-%d, %H:%M}"
    return f"{first:%Y-%m-%d, %H:%M} to {end} UTC"
