"""Where an incident stands: its phase, how grave it is to the business and to Meta, and what people said of it."""

from collections.abc import Iterable, Mapping, Sequence
from enum import StrEnum

import msgspec

from wamon.core.catalogue import Catalogue, meanings
from wamon.core.finding import Scope, Verdict
from wamon.core.incident import Incident, Lasting, Severity
from wamon.core.notice import severity
from wamon.core.observation import ProbeKind
from wamon.core.silence import Remark
from wamon.core.timeline import MINUTE
from wamon.core.watched import Watched

METAS_CRITICAL_AFTER_MS = 10 * MINUTE
"""Meta: unavailable is unable to send or receive for ten minutes in a row ("Support", read 2025-11-19)."""


class IncidentPhase(StrEnum):
    """From the first bad look to the end that is sure."""

    SUSPECTED = "suspected"
    CONFIRMED = "confirmed"
    RECOVERING = "recovering"
    RESOLVED = "resolved"


class Standing(msgspec.Struct, frozen=True):
    """``metas_severity`` is the level of a ticket at Meta, None where it is not Meta's to mend.

    ``scope`` is how wide the code that came most often is by Meta's word, unknown where no code came.
    """

    phase: IncidentPhase
    severity: Severity
    metas_severity: Severity | None
    acknowledged: Remark | None = None
    notes: tuple[Remark, ...] = ()
    scope: Scope = Scope.UNKNOWN


def standings(
    incidents: Iterable[Incident],
    watched: Mapping[str, Watched],
    remarks: Sequence[Remark],
    lasting: Lasting,
    catalogue: Catalogue,
    now_ms: int,
) -> dict[str, Standing]:
    """By the incident's name."""
    probes = {name: one.probe for name, one in watched.items()}
    return {
        one.name: msgspec.structs.replace(
            _standing(one, probes.get(one.target, ProbeKind.API), remarks, lasting, now_ms),
            scope=_scope(one, catalogue),
        )
        for one in incidents
    }


def _scope(one: Incident, catalogue: Catalogue) -> Scope:
    return next((entry.scope for code in one.codes for entry in meanings(catalogue, code)), Scope.UNKNOWN)


def _standing(
    one: Incident, probe: ProbeKind, remarks: Sequence[Remark], lasting: Lasting, now_ms: int
) -> Standing:
    weight, span = severity(one, probe), one.span(now_ms)
    said = [r for r in remarks if r.target == one.target and span.start_ms <= r.incident_ms <= span.end_ms]
    acks = [r for r in said if r.ack]
    return Standing(
        phase(one, lasting, now_ms),
        weight,
        _metas(one, weight, now_ms),
        acks[-1] if acks else None,
        tuple(r for r in said if r.text and r not in acks[-1:]),
    )


def phase(one: Incident, lasting: Lasting, now_ms: int) -> IncidentPhase:
    """Suspected until people would be told of it, recovering until its end would be."""
    if one.closed_ms is None:
        told = now_ms - one.opened_ms >= lasting.open_after_ms
        return IncidentPhase.CONFIRMED if told else IncidentPhase.SUSPECTED
    over = now_ms - one.closed_ms >= lasting.resolve_after_ms
    return IncidentPhase.RESOLVED if over else IncidentPhase.RECOVERING


def _metas(one: Incident, weight: Severity, now_ms: int) -> Severity | None:
    """The level for a ticket: critical where nothing could be sent for ten minutes, else urgent or standard."""
    if one.verdict not in (Verdict.SYSTEM_ERROR, Verdict.MISSED_SUCCESS):
        return None
    if weight is Severity.CRITICAL and one.span(now_ms).length_ms < METAS_CRITICAL_AFTER_MS:
        return Severity.URGENT
    return weight
