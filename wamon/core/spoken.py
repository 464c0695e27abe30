"""What a person rules on looks: which ones are meant, and the finding each is given (CONTRACT section 5)."""

from collections.abc import Iterable, Sequence

import msgspec

from wamon.core.finding import Cause, Column, Finding, Mark, Origin, Ruling, Verdict
from wamon.core.observation import ProbeKind
from wamon.core.timeline import Span

DECLARED = "declared"
"""The rule's name in a finding that a person gave."""

_BEFORE_GRAPH = frozenset({Cause.PATH, Cause.LOCAL_NETWORK})
_FAULTS = frozenset(Cause) - _BEFORE_GRAPH - {Cause.NONE}

CAUSES = {
    Verdict.OK: frozenset({Cause.NONE}),
    Verdict.SYSTEM_ERROR: _FAULTS,
    Verdict.MISSED_SUCCESS: _FAULTS,
    Verdict.USER_ERROR: _FAULTS,
    Verdict.NETWORK_ERROR: _BEFORE_GRAPH,
    Verdict.INCONCLUSIVE: frozenset(Cause),
}
"""The causes that go with a verdict."""

_USUAL = {
    Verdict.OK: Cause.NONE,
    Verdict.SYSTEM_ERROR: Cause.SERVICE,
    Verdict.MISSED_SUCCESS: Cause.TIMEOUT,
    Verdict.USER_ERROR: Cause.UNMAPPED,
    Verdict.NETWORK_ERROR: Cause.PATH,
    Verdict.INCONCLUSIVE: Cause.NONE,
}

_NOT_KEPT = frozenset({Cause.MAINTENANCE, *_BEFORE_GRAPH})
"""Causes that decide a column by themselves: they are given by name or not at all."""


class Spoken(msgspec.Struct, frozen=True):
    """A person's ruling: the looks it is about, and what it says of them.

    ``target`` None means every target that has days. A range is about the looks in it that were not good, or about
    those whose cause was ``of``; one look that is named (``single``) is meant whatever it was. Earlier rulings by
    people are left aside: what the rules found tells which looks are meant.
    """

    verdict: Verdict
    start_ms: int
    end_ms: int
    target: str | None = None
    of: Cause | None = None
    single: bool = False
    cause: Cause | None = None

    @property
    def span(self) -> Span:
        """When the looks began that it is about."""
        return Span(self.start_ms, self.end_ms)

    def covers(self, target: str, mark: Mark) -> bool:
        """Whether it is about a look, given with what the rules found."""
        if self.target not in (None, target) or not self.span.holds(mark.at_ms):
            return False
        if self.of is not None:
            return mark.finding.cause is self.of
        return self.single or mark.finding.verdict is not Verdict.OK


def ruled(spoken: Spoken, finding: Finding, probe: str) -> Finding:
    """The finding a person gives in the place of another. Scope and Meta's code stay; it is always firm."""
    cause = spoken.cause or _cause(spoken.verdict, finding.cause, probe)
    return msgspec.structs.replace(
        finding,
        verdict=spoken.verdict,
        cause=cause,
        column=column_of(spoken.verdict, cause, probe),
        provisional=False,
        rule=DECLARED,
    )


def _cause(verdict: Verdict, before: Cause, probe: str) -> Cause:
    """The cause stays where it goes with the verdict; else it is the usual one."""
    if verdict in (Verdict.SYSTEM_ERROR, Verdict.MISSED_SUCCESS) and before is Cause.PATH:
        return Cause.EDGE
    if before in CAUSES[verdict] - _NOT_KEPT:
        return before
    if verdict is Verdict.USER_ERROR and probe == ProbeKind.WEBHOOK:
        return Cause.ENDPOINT
    return _USUAL[verdict]


def column_of(verdict: Verdict, cause: Cause, probe: str) -> Column:
    """How a verdict counts. The endpoint's fault is downtime on the endpoint's own target alone."""
    if verdict is Verdict.OK:
        return Column.UP
    if verdict is Verdict.INCONCLUSIVE or cause in (Cause.MAINTENANCE, Cause.LOCAL_NETWORK):
        return Column.UNOBSERVED
    if verdict is Verdict.NETWORK_ERROR:
        return Column.NETWORK
    if verdict is Verdict.USER_ERROR and not (cause is Cause.ENDPOINT and probe == ProbeKind.WEBHOOK):
        return Column.USER
    return Column.DOWN


class Said(msgspec.Struct, frozen=True):
    """Who said it, why and when; ``number`` is the declaration's, 0 before it has one."""

    spoken: Spoken
    author: str
    because: str
    at_ms: int
    number: int = 0

    def rulings(self, target: str, marks: Iterable[Mark], edition: str) -> list[Ruling]:
        """The rulings on those of a target's looks that are meant; ``marks`` are as the rules found them."""
        return [
            Ruling(
                target=target,
                at_ms=mark.at_ms,
                finding=ruled(self.spoken, mark.finding, mark.context.probe),
                origin=Origin.PERSON,
                edition=edition,
                ruled_at_ms=self.at_ms,
                author=self.author,
                because=self.because,
            )
            for mark in marks
            if self.spoken.covers(target, mark)
        ]


def overruled(said: Sequence[Said], target: str, mark: Mark, edition: str) -> list[tuple[int, Ruling]]:
    """What people have said beforehand of a look that comes now, with the numbers; the last one stands."""
    return [(one.number, ruling) for one in said for ruling in one.rulings(target, (mark,), edition)]
