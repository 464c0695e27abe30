"""One case for the rules of hindsight, and what a rule makes of it."""

from collections.abc import Callable, Sequence
from typing import NamedTuple

import msgspec

from wamon.core.finding import Cause, Column, Finding, Verdict
from wamon.core.observation import Exchange
from wamon.core.rules_hindsight.episode import MOST_EVIDENCE, Episode
from wamon.core.rules_hindsight.history import History


class Case(NamedTuple):
    """One look that was not good: its place among its target's looks, exchange, live finding, episode."""

    place: int
    exchange: Exchange
    finding: Finding
    episode: Episode


class Turned(NamedTuple):
    """What a rule makes of a case, and the observations it stood on."""

    finding: Finding
    evidence: tuple[str, ...] = ()


Rule = Callable[[Case, History], Turned | None]


def at_ms(case: Case) -> int:
    """When the look was made."""
    return case.episode.past.record.marks[case.place].at_ms


def blame_platform(found: Finding, rule: str, evidence: Sequence[str], cause: Cause | None = None) -> Turned:
    """Meta's fault, firm; a missed success stays one."""
    missed = found.verdict is Verdict.MISSED_SUCCESS
    turned = msgspec.structs.replace(
        found,
        verdict=Verdict.MISSED_SUCCESS if missed else Verdict.SYSTEM_ERROR,
        cause=found.cause if cause is None else cause,
        column=Column.DOWN,
        provisional=False,
        rule=rule,
    )
    return Turned(turned, tuple(evidence[:MOST_EVIDENCE]))


def blame_us(found: Finding, rule: str, evidence: Sequence[str], cause: Cause | None = None) -> Turned:
    """The business's own, firm: up for the platform."""
    turned = msgspec.structs.replace(
        found,
        verdict=Verdict.USER_ERROR,
        cause=found.cause if cause is None else cause,
        column=Column.USER,
        provisional=False,
        rule=rule,
    )
    return Turned(turned, tuple(evidence[:MOST_EVIDENCE]))
