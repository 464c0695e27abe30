"""Rules about what happens around a verdict: a burst of faults, a limit that was not ours, Meta's word, time."""

from bisect import bisect_right

import msgspec

from wamon.core.finding import Cause, Column, Verdict
from wamon.core.observation import ProbeKind
from wamon.core.rules_hindsight.case import Case, Turned, at_ms, blame_platform
from wamon.core.rules_hindsight.history import History
from wamon.core.timeline import DAY, HOUR

WEEK_MS = 7 * DAY
"""Meta overrides wrongly counted errors "within a week" ("Support", reliability FAQ, read 2025-11-19)."""

OURS_FROM_PERCENT = 80
"""A quota used this far may have been used up by calls that we do not know of."""

_REGISTERED_PER_HOUR, _UNREGISTERED_PER_HOUR = 5_000, 200
"""Management calls an hour, by app and account, with and without a registered number.

Source: Graph "Rate Limits", read 2026-01-24.
"""

_SENDS_PER_SECOND = 80
"""Messages a second and number, sent and received, where nothing was raised ("Throughput", read 2025-11-21)."""

_BURST_INTERVALS = 3
_SYSTEM = frozenset({Verdict.SYSTEM_ERROR, Verdict.MISSED_SUCCESS})
_CALLING = frozenset({ProbeKind.API, ProbeKind.MESSAGE, ProbeKind.TOKEN, ProbeKind.TRAFFIC})
"""Probes whose looks are calls of the app's."""


def mixed_burst(case: Case, past: History) -> Turned | None:
    """A doubtful refusal in the middle of a system outage belongs to the outage: real ones mix 2, 190, 100 and 4.

    Preconditions: a provisional user or throttle verdict; the nearest looks that blame the platform by their own
    evidence, and not by this rule, lie on both sides, at most three intervals away, with no good look between. An
    application's reports alone are no such evidence: one of the two is a look of ours or was told by Meta, signed.
    """
    found = case.finding
    if found.verdict is not Verdict.USER_ERROR or not found.provisional:
        return None
    sides = between_system_faults(case, past)
    if not sides or past.hearsay.issuperset(sides):
        return None
    return blame_platform(found, "mixed_burst", [past.record.name(one) for one in sides])


def between_system_faults(case: Case, past: History) -> tuple[int, ...]:
    """The looks on either side that blame the platform by their own evidence; empty unless there are both."""
    sides = [_nearest_system(case.place, step, past) for step in (-1, 1)]
    return tuple(one for one in sides if one is not None) if None not in sides else ()


def _nearest_system(place: int, step: int, past: History) -> int | None:
    marks, findings = past.record.marks, past.by_own_evidence or past.record.findings
    reach_ms = _BURST_INTERVALS * marks[place].interval_ms
    near = place + step
    while 0 <= near < len(marks) and abs(marks[near].at_ms - marks[place].at_ms) <= reach_ms:
        if findings[near].verdict in _SYSTEM and findings[near].column is Column.DOWN:
            return near
        if findings[near].verdict is Verdict.OK:
            return None
        near += step
    return None


def limit_not_ours(case: Case, past: History) -> Turned | None:
    """Throttled with the quota nearly untouched: the limit was Meta's mistake.

    Preconditions: a doubtful throttle verdict; usage headers of the account told something from ten minutes
    before the first throttled look of a row on, and all they told stayed under 80 %; the calls of the account that
    we know of, in the hour before, are under half of the documented limit.
    """
    if not about_limit(case) or limit_lacks(case, past):
        return None
    told = case.episode.usage.names[: _words_on_usage(case)]
    return blame_platform(case.finding, "limit_not_ours", told[-2:])


def about_limit(case: Case) -> bool:
    """Whether a quota is said to be used up, in a way that may not be our doing."""
    found = case.finding
    return found.verdict is Verdict.USER_ERROR and found.cause is Cause.THROTTLING and found.provisional


def limit_lacks(case: Case, past: History) -> str:
    """Which condition of an untouched quota is missing, in one sentence; empty when none is."""
    limit = documented_limit(case, past)
    words = _words_on_usage(case)
    if limit is None:
        return "Meta documents no limit for such calls."
    if not words:
        return "No usage header told in the ten minutes before how full the quota was."
    if case.episode.usage.fullest[words - 1] >= OURS_FROM_PERCENT:
        return f"A usage header said that {OURS_FROM_PERCENT} % of the quota or more was used."
    if 2 * known_calls(case, past) >= limit:
        return f"The calls we know of were half of the documented limit, {limit} an hour, or more."
    return ""


def documented_limit(case: Case, past: History) -> int | None:
    """Calls an hour that Meta allows; None where it documents none. A number that answered is a registered one."""
    if past.record.probe is ProbeKind.MESSAGE:
        return _SENDS_PER_SECOND * HOUR // 1000
    if past.record.probe is not ProbeKind.API:
        return None
    return _REGISTERED_PER_HOUR if case.episode.answered_before else _UNREGISTERED_PER_HOUR


def known_calls(case: Case, past: History) -> int:
    """How many calls of the account were made in the hour before, as far as we know: our own looks."""
    moment = at_ms(case)
    return sum(len(one.places(moment - HOUR + 1, moment)) for one in past.household if one.probe in _CALLING)


def _words_on_usage(case: Case) -> int:
    """How many words on usage there were up to the look, from ten minutes before the first throttled one on."""
    return bisect_right(case.episode.usage.instants, at_ms(case))


def meta_posted_it(case: Case, past: History) -> Turned | None:
    """What was doubtful is Meta's fault where Meta posted an outage of the same service.

    Preconditions: the look lies between 60 minutes before the first post and the one that called it resolved
    (Graph and its login count too, for edge and authentication); the verdict is provisional: a firm one of the
    user's stays, and one that blames the platform already needs no more. It is not about the network.
    """
    if not about_anything(case) or posted_lacks(case, past):
        return None
    return blame_platform(case.finding, "meta_posted_it", ())


def about_anything(case: Case) -> bool:
    """Whether a verdict is doubtful at all, and about more than the way to Meta."""
    return case.finding.provisional and case.finding.verdict is not Verdict.NETWORK_ERROR


def posted_lacks(case: Case, past: History) -> str:
    """That Meta posted nothing, in one sentence; empty when it did."""
    posted = past.was_posted(at_ms(case), case.finding.cause)
    return "" if posted else "Meta posted no outage of its service at that time."


def no_new_evidence(case: Case, past: History) -> Turned | None:
    """A week has passed: a provisional verdict becomes firm as judged."""
    if not case.finding.provisional or past.now_ms - at_ms(case) < WEEK_MS:
        return None
    return Turned(msgspec.structs.replace(case.finding, provisional=False, rule="no_new_evidence"))
