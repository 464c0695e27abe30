"""What people were last told of each incident, read off the notices that are on record."""

from collections.abc import Iterable

from wamon.core.incident import Kind, Severity
from wamon.core.notice import NoticePhase, Told
from wamon.core.timeline import parse_iso
from wamon.ledger.words import Notice

_ENDS = (NoticePhase.RESOLVED, NoticePhase.NOTE)


def recalled(notices: Iterable[Notice]) -> tuple[Told, ...]:
    """One entry for each incident, from notices in the order in which they were written.

    A reminder says nothing new: it is counted apart.
    """
    found: dict[str, Told] = {}
    for one in notices:
        name = one.evidence[0] if one.evidence else ""
        if not name or one.kind in (Kind.RESTATED, Kind.DIGEST):
            continue
        before, reminder = found.get(name), one.phase == NoticePhase.REMINDER
        count = (before.count if before else 0) + (not reminder)
        found[name] = Told(
            one.target,
            Kind(one.kind),
            parse_iso(name.rpartition("@")[2]),
            one.created_at_ms if one.phase in _ENDS else None,
            name,
            max(1, count),
            Severity(one.severity),
            int(one.key.rpartition(":")[2]) if reminder else before.reminded if before else 0,
            one.created_at_ms,
        )
    return tuple(found.values())
