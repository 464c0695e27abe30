"""Judging one exchange: the rules in order, total, and never a guess."""

from collections.abc import Iterator
from functools import cache
from typing import Any

import msgspec

from wamon.core.catalogue import wording
from wamon.core.finding import Finding, Verdict
from wamon.core.glance import at_a_glance
from wamon.core.knowledge import Knowledge
from wamon.core.observation import Exchange, Phase, ProbeKind
from wamon.core.rules_live import (
    OF_BROKEN_EXCHANGES,
    OF_ERRORS,
    OF_ONE_PROBE,
    OK,
    RULES,
    UNKNOWN,
    Rule,
    Seen,
    seen,
)

_GOOD = {rule.__name__: msgspec.structs.replace(OK, rule=rule.__name__) for rule in RULES}


def judge(exchange: Exchange, known: Knowledge) -> Finding:
    """Rule on one exchange: the first rule with an opinion wins and its name is the reason.

    Total: what no rule knows is inconclusive, never a guess.
    """
    if exchange.reached is Phase.ANSWERED and (good := at_a_glance(exchange)) is not None:
        return _GOOD[good]
    one = seen(exchange)
    for rule in _asked(exchange.probe, exchange.reached, one.error is not None):
        found = rule(one, known)
        if found is not None:
            return _GOOD[rule.__name__] if found is OK else _named(found, rule.__name__, one)
    return UNKNOWN


@cache
def _asked(probe: ProbeKind | None, reached: Phase | None, has_error: bool) -> tuple[Rule, ...]:
    """The rules, in their order, without those that by their own words say nothing of such an exchange."""
    return tuple(
        rule
        for rule in RULES
        if OF_ONE_PROBE.get(rule, probe) is probe
        and (has_error or rule not in OF_ERRORS)
        and (reached is not Phase.ANSWERED or rule not in OF_BROKEN_EXCHANGES)
    )


def _named(found: Finding, rule: str, one: Seen) -> Finding:
    """The finding under the name of its rule, with the code that was seen even where it did not decide."""
    code, subcode = found.code, found.subcode
    if code is None and one.error is not None and found.verdict is not Verdict.OK:
        code, subcode = one.error.code, one.error.subcode
    if (found.rule, found.code, found.subcode) == (rule, code, subcode):
        return found
    return msgspec.structs.replace(found, rule=rule, code=code, subcode=subcode)


def explained(exchange: Exchange, known: Knowledge) -> Iterator[tuple[str, str, Finding | None]]:
    """What each rule in turn said: its name, its purpose, its finding; ends with the one that won."""
    one = seen(exchange)
    for rule in RULES:
        found = rule(one, known)
        yield rule.__name__, (rule.__doc__ or "").splitlines()[0], found
        if found is not None:
            return


def trace_id(exchange: Exchange) -> str | None:
    """Meta's trace id, from the error or the header: what Direct Support asks for."""
    error = seen(exchange).error
    return (error.trace_id if error else None) or exchange.headers.get("x-fb-trace-id") or None


def verdict_document(exchange: Exchange, finding: Finding, known: Knowledge) -> dict[str, Any]:
    """CONTRACT section 5: a verdict as JSON."""
    explanation, remedy = wording(finding, known.catalogue)
    return {
        "verdict": finding.verdict.value,
        "cause": finding.cause.value,
        "provisional": finding.provisional,
        "rule": finding.rule,
        "scope": finding.scope.value,
        "code": finding.code,
        "subcode": finding.subcode,
        "trace_id": trace_id(exchange),
        "counts_as": finding.column.value,
        "explanation": explanation,
        "remedy": remedy,
    }
