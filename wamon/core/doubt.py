"""Which targets a weekly pass must read: those with a look that hindsight may turn, and who may testify for it."""

from collections.abc import Collection, Mapping, Sequence
from typing import NamedTuple

from wamon.core.finding import Cause, Context, Finding, Verdict
from wamon.core.observation import ProbeKind
from wamon.core.rules_hindsight.request import OF_THE_REQUEST
from wamon.core.watched import EVIDENCE, Watched

_CALLS = frozenset({ProbeKind.API, ProbeKind.EDGE, ProbeKind.MESSAGE})
"""Probes whose answers carry an error of their own and nothing else."""


class First(NamedTuple):
    """What one or many looks were first found to be, by which edition of the catalogue."""

    context: Context
    finding: Finding
    edition: str


class Trouble(NamedTuple):
    """The different words on a target's looks that were kept whole, and whether any of them was ruled on later."""

    firsts: Collection[First]
    ruled_again: bool


def is_beyond_doubt(one: First, edition: str) -> bool:
    """Whether a look says the same for good: Meta's fault by a code, firm, and by the very catalogue of now.

    No rule of hindsight asks about such a look, and judging it again can only say the same.
    """
    found = one.finding
    return (
        found.rule == "known_code"
        and found.verdict is Verdict.SYSTEM_ERROR
        and not found.provisional
        and one.edition == edition
        and one.context.probe in _CALLS
    )


def needed(targets: Sequence[Watched], troubles: Mapping[str, Trouble], edition: str) -> list[Watched]:
    """Whose looks must be read: those in doubt and all of their account, and the witnesses that a rule may call.

    With an account all tokens are heard, other numbers where one may be alone in its trouble, and everybody where
    a path failed and looks come from several sites.
    """
    doubts = {
        one.name: [first for first in found.firsts if not is_beyond_doubt(first, edition)]
        for one in targets
        if one.probe not in EVIDENCE and (found := troubles.get(one.name)) is not None
    }
    doubts = {name: rest for name, rest in doubts.items() if rest or troubles[name].ruled_again}
    if not doubts:
        return []
    households = {
        one.account
        for one in targets
        if any(_asks_household(first, edition) for first in doubts.get(one.name, ()))
    }
    asked_alike = {
        one.probe for one in targets if any(_asks_others(first, edition) for first in doubts.get(one.name, ()))
    }
    everywhere = _asks_sites(troubles) and any(
        first.finding.verdict is Verdict.NETWORK_ERROR for rest in doubts.values() for first in rest
    )
    return [
        one
        for one in targets
        if one.name in doubts
        or one.account in households
        or (bool(households) and one.probe is ProbeKind.TOKEN)
        or one.probe in asked_alike
        or (everywhere and one.probe not in EVIDENCE)
    ]


def _asks_household(one: First, edition: str) -> bool:
    """Whether the account's other looks may speak for or against one: all but what hangs on controls alone."""
    found = one.finding
    ours = found.verdict is Verdict.USER_ERROR and found.cause is not Cause.ENDPOINT
    silent = found.verdict is Verdict.MISSED_SUCCESS and one.context.probe == ProbeKind.ROUNDTRIP
    return found.provisional or ours or silent or one.edition != edition


def _asks_others(one: First, edition: str) -> bool:
    """Whether other numbers, or the same request elsewhere, may speak for or against a look."""
    found = one.finding
    if one.edition != edition:
        return True
    generic = found.verdict is Verdict.SYSTEM_ERROR and found.code is not None
    return found.provisional and (generic or found.cause in OF_THE_REQUEST | {Cause.UNMAPPED})


def _asks_sites(troubles: Mapping[str, Trouble]) -> bool:
    return len({first.context.site for one in troubles.values() for first in one.firsts}) > 1
