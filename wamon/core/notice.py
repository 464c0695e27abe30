"""Notices as facts: what is told, under which name it is told once, what people heard last, how grave it is."""

from enum import StrEnum

import msgspec

from wamon.core.finding import Cause
from wamon.core.incident import Incident, Kind, Severity
from wamon.core.notice_facts import Facts
from wamon.core.observation import ProbeKind
from wamon.core.timeline import Span


class NoticePhase(StrEnum):
    """CONTRACT section 7."""

    OPENED = "opened"
    CHANGED = "changed"
    RESOLVED = "resolved"
    REMINDER = "reminder"
    NOTE = "note"


class Notice(msgspec.Struct, frozen=True):
    """``key`` names the fact announced; the outbox holds each key once, for ever. ``incident`` may be empty.

    ``title`` is the first line; what stands below it is made of ``facts`` by a template when it is sent.
    """

    key: str
    kind: Kind
    phase: NoticePhase
    target: str
    severity: Severity
    title: str
    facts: Facts
    created_at_ms: int
    incident: str = ""


class Told(msgspec.Struct, frozen=True):
    """What people were last told of one incident, and how grave it was.

    ``count`` numbers what was said of it, ``reminded`` is how often people were reminded; ``said_ms`` is when the
    last word of it was said.
    """

    target: str
    kind: Kind
    opened_ms: int
    closed_ms: int | None
    name: str
    count: int = 1
    severity: Severity = Severity.CRITICAL
    reminded: int = 0
    said_ms: int = 0

    def overlaps(self, span: Span) -> bool:
        """Whether an incident of that span is this one."""
        end_ms = self.closed_ms if self.closed_ms is not None else span.end_ms
        return self.opened_ms < span.end_ms and span.start_ms <= end_ms


def rewound(told: Told, now_ms: int) -> Told:
    """The same on a clock that was set back: what is open began by now at the latest, what is over is over."""
    closed_ms = None if told.closed_ms is None else min(told.closed_ms, now_ms)
    return msgspec.structs.replace(
        told, opened_ms=min(told.opened_ms, now_ms), closed_ms=closed_ms, said_ms=min(told.said_ms, now_ms)
    )


_CRITICAL_CAUSES = frozenset({Cause.AUTHENTICATION, Cause.INTEGRITY})
_SENDING = frozenset({ProbeKind.MESSAGE, ProbeKind.TRAFFIC})
_NOTHING_LEAVES = frozenset({Kind.OUTAGE, Kind.DISRUPTION})
_NO_SENDS = frozenset({Cause.PERMISSION, Cause.REGISTRATION})
"""What stops every send, whoever's fault it is."""


def severity(incident: Incident, probe: ProbeKind) -> Severity:
    """Business impact: no sends or a dead token are critical; endpoint, payment and Graph itself are urgent."""
    if incident.cause in _CRITICAL_CAUSES:
        return Severity.CRITICAL
    if probe in _SENDING and (incident.kind in _NOTHING_LEAVES or incident.cause in _NO_SENDS):
        return Severity.CRITICAL
    if incident.kind is Kind.OUTAGE:
        return Severity.URGENT
    if incident.kind is Kind.ENDPOINT or incident.cause is Cause.PAYMENT:
        return Severity.URGENT
    return Severity.STANDARD
