"""The rules of the weekly reclassification: judged again, with evidence that came later.

A rule fires only when all its conditions hold and nothing speaks against it; missing evidence never turns
anything. Each reads one failed look, its episode and what is known around it.
"""

from bisect import bisect_left, bisect_right
from collections.abc import Callable, Mapping, Sequence
from typing import NamedTuple

import msgspec

from wamon.core.catalogue import FIRM_TOKEN_SUBCODES
from wamon.core.finding import Cause, Column, Finding, Mark, Verdict
from wamon.core.observation import Exchange
from wamon.core.shapes import TokenFacts
from wamon.core.timeline import DAY, HOUR, Span, iso

WEEK_MS = 7 * DAY
"""Meta overrides wrongly counted errors "within a week" ("Support", reliability FAQ, read 2025-11-19)."""

SAME_REQUEST_WITHIN_MS = 24 * HOUR

_TOKEN_CODES = frozenset({190, 0, 102})
_REQUEST_CODES = frozenset({100, 131008, 131009, 135000})
_TEMPLATE_CODES = frozenset({132000, 132012})
_MISSING_OBJECT = (100, 33)
_SYSTEM = frozenset({Verdict.SYSTEM_ERROR, Verdict.MISSED_SUCCESS})


class TokenLook(NamedTuple):
    """What `debug_token` said at an instant of the token with this fingerprint; failed calls are left out."""

    at_ms: int
    target: str
    interval_ms: int
    token_fingerprint: str | None
    facts: TokenFacts

    @property
    def good(self) -> bool:
        """Valid then, with both permissions."""
        return self.facts.good(self.at_ms)

    @property
    def bad(self) -> bool:
        """Invalid, expired or without a permission then."""
        return self.facts.bad(self.at_ms)


class Said(NamedTuple):
    """What `debug_token` said of one token around an episode; neither good nor bad where that is too little."""

    good: bool
    bad: bool
    evidence: tuple[str, ...]


class Episode(NamedTuple):
    """Neighbouring looks with the same verdict and cause: the indices of the first and the last.

    ``said`` is by token fingerprint. The rest is about its looks and their neighbours: whether the token or the
    served version changed, and whether Meta reported an event of the account meanwhile.
    """

    first: int
    last: int
    said: Mapping[str | None, Said]
    rotated: bool
    version_changed: bool
    account_event: bool


class Case(NamedTuple):
    """One failed look: its place among its target's looks, its exchange, its live finding, its episode."""

    place: int
    exchange: Exchange
    finding: Finding
    episode: Episode


class History(msgspec.Struct, frozen=True):
    """All looks of one target around the days judged, and the evidence beside them.

    ``marks`` are ordered; ``findings`` are theirs by the live rules with all that is known now. ``accepted``
    gives, for a fingerprint and served version, the instants (ordered) at which any target had such a request
    accepted. ``template_known_unchanged`` says whether the components of the template a request names are known
    not to have changed during a span.
    """

    account: str
    marks: Sequence[Mark]
    findings: Sequence[Finding]
    accepted: Mapping[tuple[str, str | None], Sequence[int]]
    now_ms: int
    template_known_unchanged: Callable[[Exchange, Span], bool] = lambda _exchange, _span: False


class Turned(NamedTuple):
    """What a rule makes of a case, and the observations it stood on."""

    finding: Finding
    evidence: tuple[str, ...] = ()


Rule = Callable[[Case, History], Turned | None]


def same_token_valid(case: Case, past: History) -> Turned | None:
    """A refused token that `debug_token` called valid all along is Meta's fault.

    Preconditions: code 190 (without subcode 458-464), 0 or 102; every statement on this very token during the
    episode is good, and there is at least one (else one within an interval before and one after it); the token was
    not rotated between the looks on either side of the episode; the served version did not change as far as known;
    Meta reported no event of the account meanwhile.
    """
    found = case.finding
    if found.verdict is not Verdict.USER_ERROR or found.code not in _TOKEN_CODES:
        return None
    if found.code == 190 and found.subcode in FIRM_TOKEN_SUBCODES:
        return None
    said = _said(case)
    around = case.episode
    if not said.good or around.rotated or around.version_changed or around.account_event:
        return None
    return _blame_platform(found, said, "same_token_valid")


def token_was_invalid(case: Case, past: History) -> Turned | None:
    """A refused token that `debug_token` called invalid, expired or without a permission was refused rightly.

    Preconditions: a user verdict for authentication or permission; at least one such statement on this very token
    during the episode or within an interval around it, and none that calls it good. An error of the call itself
    proves nothing.
    """
    found = case.finding
    if found.verdict is not Verdict.USER_ERROR or found.cause not in (Cause.AUTHENTICATION, Cause.PERMISSION):
        return None
    said = _said(case)
    if not said.bad:
        return None
    firm = msgspec.structs.replace(found, provisional=False, rule="token_was_invalid")
    return Turned(firm, said.evidence)


def same_request_accepted(case: Case, past: History) -> Turned | None:
    """A request refused as malformed that was accepted unchanged before and after was well formed all along.

    Preconditions: a doubtful code 100, 131008, 131009 or 135000 (132000 and 132012 only where the template's
    components are known unchanged throughout); the same fingerprint under the same served version was accepted
    at least once within 24 hours before and at least once within 24 hours after.
    """
    found, exchange = case.finding, case.exchange
    if found.verdict is not Verdict.USER_ERROR or not found.provisional or exchange.request_fingerprint is None:
        return None
    if found.code not in _REQUEST_CODES | _TEMPLATE_CODES or (found.code, found.subcode) == _MISSING_OBJECT:
        return None
    at_ms = past.marks[case.place].at_ms
    accepted = past.accepted.get((exchange.request_fingerprint, exchange.served_version), ())
    before = accepted[: bisect_left(accepted, at_ms)][-1:]
    after = accepted[bisect_right(accepted, at_ms) :][:1]
    if not before or not after or at_ms - before[0] > SAME_REQUEST_WITHIN_MS:
        return None
    if after[0] - at_ms > SAME_REQUEST_WITHIN_MS:
        return None
    if found.code in _TEMPLATE_CODES and not past.template_known_unchanged(exchange, Span(before[0], after[0])):
        return None
    turned = msgspec.structs.replace(
        found, verdict=Verdict.SYSTEM_ERROR, column=Column.DOWN, provisional=False, rule="same_request_accepted"
    )
    return Turned(turned, tuple(f"{exchange.target}@{iso(one)}" for one in (before[0], after[0])))


def mixed_burst(case: Case, past: History) -> Turned | None:
    """A doubtful refusal in the middle of a system outage belongs to the outage: real ones mix 2, 190, 100 and 4.

    Preconditions: a provisional user or throttle verdict; the nearest looks that blame the platform by their own
    evidence lie on both sides, at most three intervals away.
    """
    found = case.finding
    if found.verdict is not Verdict.USER_ERROR or not found.provisional:
        return None
    reach = 3 * past.marks[case.place].interval_ms
    sides = [_nearest_system(case.place, step, reach, past) for step in (-1, 1)]
    if None in sides:
        return None
    turned = msgspec.structs.replace(
        found, verdict=Verdict.SYSTEM_ERROR, column=Column.DOWN, provisional=False, rule="mixed_burst"
    )
    return Turned(
        turned, tuple(f"{case.exchange.target}@{iso(past.marks[i].at_ms)}" for i in sides if i is not None)
    )


def controls_failed(case: Case, past: History) -> Turned | None:
    """All controls were down around it: our own line, not Meta's and not the path's.

    Preconditions: those of the live rules; the difference is that controls which looked later are heard too.
    """
    if case.finding.cause is not Cause.LOCAL_NETWORK:
        return None
    return Turned(msgspec.structs.replace(case.finding, rule="controls_failed"))


def no_new_evidence(case: Case, past: History) -> Turned | None:
    """A week has passed: a provisional verdict becomes firm as judged."""
    if not case.finding.provisional or past.now_ms - past.marks[case.place].at_ms < WEEK_MS:
        return None
    return Turned(msgspec.structs.replace(case.finding, provisional=False, rule="no_new_evidence"))


HINDSIGHT: tuple[Rule, ...] = (
    same_token_valid,
    token_was_invalid,
    same_request_accepted,
    mixed_burst,
    controls_failed,
    no_new_evidence,
)


_SILENCE = Said(good=False, bad=False, evidence=())


def _said(case: Case) -> Said:
    return case.episode.said.get(case.exchange.token_fingerprint, _SILENCE)


def _blame_platform(found: Finding, said: Said, rule: str) -> Turned:
    turned = msgspec.structs.replace(
        found, verdict=Verdict.SYSTEM_ERROR, column=Column.DOWN, provisional=False, rule=rule
    )
    return Turned(turned, said.evidence)


def episode(
    marks: Sequence[Mark], first: int, last: int, tokens: Sequence[TokenLook], events_ms: Sequence[int] = ()
) -> Episode:
    """What is known around a row of looks, read once for all of them. ``tokens`` and ``events_ms`` are ordered."""
    near = marks[max(0, first - 1) : last + 2]
    shared = {id(mark.context): mark.context for mark in near}.values()
    versions = {one.served_version for one in shared} - {None}
    fingerprints = {one.token_fingerprint for one in shared}
    start_ms, end_ms = marks[first].at_ms, marks[last].at_ms
    said = {one: said_of_token(tokens, one, start_ms, end_ms) for one in fingerprints}
    event = bisect_left(events_ms, near[0].at_ms) < bisect_right(events_ms, near[-1].at_ms)
    return Episode(first, last, said, len(fingerprints) > 1, len(versions) > 1, event)


def said_of_token(tokens: Sequence[TokenLook], fingerprint: str | None, start_ms: int, end_ms: int) -> Said:
    """What was said of a token from the first to the last look of an episode, both included.

    Without any such statement those within one of their own intervals count: to be good they must stand on both
    sides, and one that says otherwise spoils it.
    """
    same = [one for one in tokens if one.token_fingerprint == fingerprint]
    during = [one for one in same if start_ms <= one.at_ms <= end_ms]
    before = [one for one in same if 0 < start_ms - one.at_ms <= one.interval_ms]
    after = [one for one in same if 0 < one.at_ms - end_ms <= one.interval_ms]
    said = during or [*before, *after]
    enough = bool(during or (before and after))
    return Said(
        good=enough and all(one.good for one in said),
        bad=any(one.bad for one in said) and not any(one.good for one in said),
        evidence=tuple(f"{one.target}@{iso(one.at_ms)}" for one in said[:8]),
    )


def _nearest_system(index: int, step: int, reach_ms: int, past: History) -> int | None:
    at_ms, near = past.marks[index].at_ms, index + step
    while 0 <= near < len(past.marks) and abs(past.marks[near].at_ms - at_ms) <= reach_ms:
        found = past.findings[near]
        if found.verdict in _SYSTEM and found.column is Column.DOWN and found.rule != "mixed_burst":
            return near
        if found.verdict is Verdict.OK:
            return None
        near += step
    return None
