"""Judging again: the live rules with all that is known now, then hindsight; only differences count."""

from bisect import bisect_left
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import groupby
from typing import NamedTuple

import msgspec

from wamon.core.finding import Column, Finding, Mark, Origin, Ruling, Verdict
from wamon.core.hearsay import hearsay
from wamon.core.judgement import judge
from wamon.core.knowledge import Knowledge
from wamon.core.observation import Exchange
from wamon.core.rules_hindsight import HINDSIGHT
from wamon.core.rules_hindsight.burst import mixed_burst, no_new_evidence
from wamon.core.rules_hindsight.case import Case, Rule, Turned
from wamon.core.rules_hindsight.episode import Episode
from wamon.core.rules_hindsight.history import History
from wamon.core.rules_hindsight.nearest import nearest
from wamon.core.timeline import Span

_BURST = HINDSIGHT.index(mixed_burst)
_BEFORE_BURST, _AFTER_BURST = HINDSIGHT[:_BURST], HINDSIGHT[_BURST + 1 :]


class Account(msgspec.Struct, frozen=True):
    """Everything on record for one target: its looks with standing findings, and the exchanges of those not good.

    ``exchanges`` are by instant. ``by_people`` are instants on which a person ruled: they outrank every rule.
    """

    target: str
    account: str
    marks: Sequence[Mark]
    exchanges: Mapping[int, Exchange]
    by_people: frozenset[int] = frozenset()


class Kept(NamedTuple):
    """A doubtful look that no rule turned: the nearest rule, and which of its conditions is missing."""

    place: int
    finding: Finding
    rule: str
    missing: str


class Judged(NamedTuple):
    """What judging a target again came to."""

    rulings: Sequence[Ruling] = ()
    kept: Sequence[Kept] = ()


def live_findings(account: Account, known: Knowledge) -> tuple[list[Finding], list[int]]:
    """What the live rules make of a target's looks with all that is known now, and the places of those not good.

    Looks whose exchange is not kept stay as they stand: they were good, and a good look stays good.
    """
    findings = [mark.finding for mark in account.marks]
    instants = [mark.at_ms for mark in account.marks] if account.exchanges else []
    for at_ms, exchange in account.exchanges.items():
        place = bisect_left(instants, at_ms)
        if place < len(instants) and instants[place] == at_ms:
            findings[place] = judge(exchange, known)
    return findings, [place for place, found in enumerate(findings) if found.verdict is not Verdict.OK]


def rejudge(account: Account, past: History, within: Span, edition: str) -> Judged:
    """New rulings for one target's looks inside a window, where verdict, cause, column or firmness differ.

    Judged from the facts alone, never from earlier rulings but a person's: doing it twice changes nothing.
    """
    rulings: list[Ruling] = []
    kept: list[Kept] = []
    for case, turned in with_hindsight(account, past):
        mark = account.marks[case.place]
        if not within.holds(mark.at_ms) or mark.at_ms in account.by_people:
            continue
        if differs(turned.finding, mark.finding):
            rulings.append(_ruling(account.target, mark.at_ms, turned, edition, past.now_ms))
        if _stays_doubtful(turned.finding):
            kept.append(Kept(case.place, turned.finding, *nearest(case, past)))
    return Judged(rulings, kept)


def with_hindsight(account: Account, past: History) -> Iterator[tuple[Case, Turned]]:
    """Every look that was not good and whose exchange is kept, with what the first rule that fires makes of it.

    `mixed_burst` asks for neighbours that blame the platform by their own evidence: by the live rules or by a rule
    above it, unless one below it acquits them. So all others go first, and it is then heard where it stands.
    """
    cases = list(_cases(account, past))
    early = [_first(_BEFORE_BURST, case, past) for case in cases]
    late = [
        turned or _first(_AFTER_BURST, case, past) or Turned(case.finding)
        for case, turned in zip(cases, early, strict=True)
    ]
    own = list(past.record.findings)
    for case, above, turned in zip(cases, early, late, strict=True):
        if above is not None or turned.finding.column is not Column.DOWN:
            own[case.place] = turned.finding
    for place, mark in enumerate(account.marks) if account.by_people else ():
        if mark.at_ms in account.by_people:
            own[place] = mark.finding
    alone = frozenset(case.place for case in cases if hearsay(case.exchange))
    past = msgspec.structs.replace(past, by_own_evidence=own, hearsay=alone)
    for case, first, last in zip(cases, early, late, strict=True):
        yield case, first or mixed_burst(case, past) or last


def differs(one: Finding, other: Finding) -> bool:
    """Whether two findings say something else; another rule for the same words is no difference."""
    return (one.verdict, one.cause, one.column, one.provisional) != (
        other.verdict,
        other.cause,
        other.column,
        other.provisional,
    )


def _first(rules: Iterable[Rule], case: Case, past: History) -> Turned | None:
    return next((turned for rule in rules if (turned := rule(case, past)) is not None), None)


def _stays_doubtful(found: Finding) -> bool:
    return found.provisional or found.rule == no_new_evidence.__name__


def _cases(account: Account, past: History) -> Iterator[Case]:
    """Every look that was not good and whose exchange is kept, with its episode."""
    findings = past.record.findings
    # Neighbours count on with their places, so within a row of them the difference to a counter stays the same.
    rows = groupby(
        enumerate(past.record.bad),
        key=lambda one: (one[1] - one[0], findings[one[1]].verdict, findings[one[1]].cause),
    )
    for _, members in rows:
        places = [place for _, place in members]
        around = Episode(past, places[0], places[-1])
        for place in places:
            exchange = account.exchanges.get(account.marks[place].at_ms)
            if exchange is not None:
                yield Case(place, exchange, findings[place], around)


def _ruling(target: str, at_ms: int, turned: Turned, edition: str, now_ms: int) -> Ruling:
    return Ruling(
        target=target,
        at_ms=at_ms,
        finding=turned.finding,
        origin=Origin.RECLASSIFICATION,
        edition=edition,
        ruled_at_ms=now_ms,
        evidence=turned.evidence,
    )
