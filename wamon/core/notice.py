"""What people are told: only what changed since they were last told, each fact under its own name."""

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from enum import StrEnum

import msgspec

from wamon.core.finding import Cause
from wamon.core.grouping import TOGETHER_MS, Kin, Trouble, gathered, heavier, speaks_for
from wamon.core.incident import THROTTLED_FOR_MS, Incident, Kind, Lasting, Severity
from wamon.core.meta_page import Light
from wamon.core.notice_facts import Blank, BlankFacts, Facts, TroubleFacts, WithdrawnFacts
from wamon.core.notice_words import clock, duration_text, title
from wamon.core.observation import ProbeKind
from wamon.core.timeline import DAY, MINUTE, Span, iso, subtract, total_ms
from wamon.core.watched import UNASKED

API_UPDATE_CODE = 2
API_UPDATE_MS = 6 * MINUTE
"""Five minutes, and one for what the looks add at either edge.

Meta: updating the API may cost up to five minutes of code 2 ("Support", Error Code 2, read 2025-11-19).
"""

FLAPPING_MS = 10 * MINUTE
"""Who was told that it is over and then that it is back hears of the next end after this much quiet: no storm."""

REMEMBERED_MS = 3 * DAY
"""How long a closed incident is remembered as told; no timeline kept in memory reaches further back."""


_SELDOM = UNASKED | {ProbeKind.MESSAGE}
"""Canaries and their ways back are hours apart; what is told to us comes when it comes."""

ALONE = Kin()
"""Targets of which nobody knows what they have in common."""


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
    """What people were last told of one incident, and how grave it was. ``count`` numbers what was said of it."""

    target: str
    kind: Kind
    opened_ms: int
    closed_ms: int | None
    name: str
    count: int = 1
    severity: Severity = Severity.CRITICAL

    def overlaps(self, span: Span) -> bool:
        """Whether an incident of that span is this one."""
        end_ms = self.closed_ms if self.closed_ms is not None else span.end_ms
        return self.opened_ms < span.end_ms and span.start_ms <= end_ms


def rewound(told: Told, now_ms: int) -> Told:
    """The same on a clock that was set back: what is open began by now at the latest, what is over is over."""
    closed_ms = None if told.closed_ms is None else min(told.closed_ms, now_ms)
    return msgspec.structs.replace(told, opened_ms=min(told.opened_ms, now_ms), closed_ms=closed_ms)


class Desk(msgspec.Struct, frozen=True):
    """What `announce` returns: the notices to send, and what people will have been told then."""

    notices: tuple[Notice, ...]
    told: tuple[Told, ...]


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


def announce(
    found: Iterable[tuple[Incident, ProbeKind]],
    told: Sequence[Told],
    now_ms: int,
    *,
    lasting: Lasting,
    maintenance: Mapping[str, Sequence[Span]] = {},
    quiet: Collection[str] = (),
    light: Callable[[ProbeKind], Light] = lambda _probe: Light.UNKNOWN,
    kin: Kin = ALONE,
) -> Desk:
    """Compare what is so with what was told. Short trouble is not told, nor a path no control has spoken of.

    ``maintenance`` is what was declared of each target; those in ``quiet`` are in it now. Of them people hear that
    something they were told of is over, and nothing else until the maintenance is. ``light`` is Meta's own page on
    what a probe looks at. ``kin`` says what targets have in common: trouble of many for one reason is told once.
    """
    every = list(found)
    standing = [one for one in told if one.closed_ms is None or now_ms - one.closed_ms < REMEMBERED_MS]
    alone = [Trouble(one, probe, severity(one, probe)) for one, probe in every if one.kind is not Kind.UNOBSERVED]
    loud = gathered((one for one in alone if one.target not in quiet), kin, now_ms)
    troubles = [*loud, *(one for one in alone if one.target in quiet)]
    blanks = [one for one in _blanks(every, now_ms) if _long(one, maintenance, now_ms, lasting)]
    places = _matched([one.incident for one in troubles], standing, now_ms)
    spoken = {place for place, one in enumerate(standing) if _spoken_for(one, troubles, kin, now_ms)}
    notices = _gone([one.incident for one in troubles], {*places.values(), *spoken}, standing, now_ms)
    offline = any(one.closed_ms is None and one.cause is Cause.LOCAL_NETWORK for one in blanks)
    held = {one.target for one in troubles if offline or one.target in quiet}
    failing = [one.incident for one in loud]
    for number, trouble in enumerate(troubles):
        place = places.get(number)
        before = standing[place] if place is not None else None
        patience_ms = _patience(trouble.incident, failing, lasting)
        phase = _due(trouble, before, now_ms, patience_ms, lasting.resolve_after_ms)
        if phase is None or (phase is not NoticePhase.RESOLVED and trouble.target in held):
            continue
        after = _told(trouble, before)
        over = maintenance.get(trouble.target, ()) if phase is NoticePhase.OPENED else ()
        notices.append(_notice(trouble, phase, after, now_ms, over, light(trouble.probe)))
        _replace(standing, place, after)
    standing = _silenced(standing, troubles, kin, now_ms)
    for note, after in _offline(blanks, standing, now_ms, lasting):
        notices.append(note)
        standing.append(after)
    return Desk(tuple(notices), tuple(standing))


def _replace(standing: list[Told], place: int | None, after: Told) -> None:
    if place is None:
        standing.append(after)
    else:
        standing[place] = after


def _spoken_for(one: Told, troubles: Iterable[Trouble], kin: Kin, now_ms: int) -> Trouble | None:
    """The trouble that speaks for what was told before it was seen how wide it is."""
    if one.closed_ms is not None or one.kind is Kind.UNOBSERVED:
        return None
    for trouble in troubles:
        incident = trouble.incident
        within = incident.opened_ms - TOGETHER_MS <= one.opened_ms <= incident.span(now_ms).end_ms
        if one.kind is incident.kind and within and speaks_for(trouble, one.target, kin):
            return trouble
    return None


def _silenced(standing: Sequence[Told], troubles: Sequence[Trouble], kin: Kin, now_ms: int) -> list[Told]:
    """What is told of many ends what was told of each, without a word."""
    said = {(one.target, one.kind) for one in standing}
    after: list[Told] = []
    for one in standing:
        wider = _spoken_for(one, troubles, kin, now_ms)
        over = wider is not None and (wider.target, wider.incident.kind) in said
        after.append(msgspec.structs.replace(one, closed_ms=now_ms) if over else one)
    return after


def _matched(seen: Sequence[Incident], standing: Sequence[Told], now_ms: int) -> dict[int, int]:
    """Which incident is which told one, by index: one to one, the same kind and the nearest beginning first.

    A target may have an outage and a user error at a time; what was said of one is never taken for the other.
    """
    pairs = sorted(
        (one.kind is not incident.kind, abs(one.opened_ms - incident.opened_ms), number, place)
        for number, incident in enumerate(seen)
        for place, one in enumerate(standing)
        if _same(one, incident, now_ms)
    )
    matched: dict[int, int] = {}
    for _, _, number, place in pairs:
        if number not in matched and place not in matched.values():
            matched[number] = place
    return matched


def _same(one: Told, incident: Incident, now_ms: int) -> bool:
    return (
        one.target == incident.target and one.kind is not Kind.UNOBSERVED and one.overlaps(incident.span(now_ms))
    )


def _gone(seen: Sequence[Incident], matched: set[int], standing: list[Told], now_ms: int) -> list[Notice]:
    """Withdraw what is open and no longer so; one that became part of another of its kind ends without a word."""
    notices: list[Notice] = []
    for place, one in enumerate(standing):
        if place in matched or one.closed_ms is not None:
            continue
        standing[place] = msgspec.structs.replace(one, closed_ms=now_ms, count=one.count + 1)
        if not any(_same(one, incident, now_ms) and one.kind is incident.kind for incident in seen):
            notices.append(_withdrawn(one, now_ms))
    return notices


def _due(
    trouble: Trouble, before: Told | None, now_ms: int, patience_ms: int, resolve_after_ms: int
) -> NoticePhase | None:
    """Which phase people should hear of now, if any."""
    incident = trouble.incident
    if before is None:
        opened = incident.closed_ms is None and not _doubtful(incident)
        return NoticePhase.OPENED if opened and now_ms - incident.opened_ms >= patience_ms else None
    if incident.closed_ms is None:
        again = before.closed_ms is not None or before.kind is not incident.kind
        again = again or heavier(trouble.weight, before.severity)
        return NoticePhase.CHANGED if again else None
    needed_ms = max(resolve_after_ms, FLAPPING_MS) if before.count > 2 else resolve_after_ms
    over = before.closed_ms is None and now_ms - incident.closed_ms >= needed_ms
    return NoticePhase.RESOLVED if over else None


def _doubtful(incident: Incident) -> bool:
    """Path trouble of which no control has spoken: it may be our own line, and is never paged."""
    return incident.provisional and incident.cause is Cause.PATH


def _patience(incident: Incident, seen: Sequence[Incident], lasting: Lasting) -> int:
    """How long before people are told: an update of Meta's API and throttling get more time."""
    if incident.cause is Cause.THROTTLING:
        return max(lasting.open_after_ms, THROTTLED_FOR_MS)
    if _is_update(incident) and not any(_fails_too(one) for one in seen):
        return max(lasting.open_after_ms, API_UPDATE_MS)
    return lasting.open_after_ms


def _is_update(incident: Incident) -> bool:
    return incident.codes == (API_UPDATE_CODE,)


def _fails_too(incident: Incident) -> bool:
    """Trouble now that is more than an update of Meta's API."""
    return incident.closed_ms is None and not _is_update(incident) and incident.kind is not Kind.USER_ERROR


def _told(trouble: Trouble, before: Told | None) -> Told:
    incident, weight = trouble.incident, trouble.weight
    if before is None:
        return Told(
            incident.target, incident.kind, incident.opened_ms, incident.closed_ms, incident.name, severity=weight
        )
    return msgspec.structs.replace(
        before, kind=incident.kind, closed_ms=incident.closed_ms, count=before.count + 1, severity=weight
    )


def _long(incident: Incident, maintenance: Mapping[str, Sequence[Span]], now_ms: int, lasting: Lasting) -> bool:
    """Whether it lasts as long as an incident must, outside maintenance."""
    return _missed_ms(incident, maintenance, now_ms) >= lasting.open_after_ms


def _missed_ms(incident: Incident, maintenance: Mapping[str, Sequence[Span]], now_ms: int) -> int:
    """How long of an incident is outside maintenance."""
    span = incident.span(now_ms)
    return total_ms(subtract([span], maintenance.get(incident.target, ())), span)


def _notice(
    trouble: Trouble,
    phase: NoticePhase,
    told: Told,
    now_ms: int,
    maintenance: Sequence[Span],
    light: Light,
) -> Notice:
    incident, weight, resolved = trouble.incident, trouble.weight, phase is NoticePhase.RESOLVED
    suffix = f":{told.count}" if phase is NoticePhase.CHANGED or told.count > 2 else ""
    return Notice(
        key=f"{told.name}:{phase.value}{suffix}",
        kind=incident.kind,
        phase=phase,
        target=incident.target,
        severity=weight,
        title=title(incident, trouble.probe, weight, now_ms, light, resolved=resolved),
        facts=TroubleFacts(
            incident,
            resolved,
            tuple(one for one in maintenance if one.overlaps(incident.span(now_ms))),
            trouble.members,
        ),
        created_at_ms=now_ms,
        incident=told.name,
    )


def _withdrawn(told: Told, now_ms: int) -> Notice:
    """An open incident that later evidence has undone: people were told of it and must hear that it is gone."""
    return Notice(
        key=f"{told.name}:withdrawn",
        kind=told.kind,
        phase=NoticePhase.RESOLVED,
        target=told.target,
        severity=Severity.STANDARD,
        title=f"[WITHDRAWN] {told.target} · what was told at {clock(told.opened_ms)} is judged otherwise by now",
        facts=WithdrawnFacts(told.target, told.opened_ms),
        created_at_ms=now_ms,
        incident=told.name,
    )


def _blanks(every: Iterable[tuple[Incident, ProbeKind]], now_ms: int) -> list[Incident]:
    """Time that nobody saw. What was not sent is not missed on its way back.

    Of what several targets missed at the same time canaries do not speak: their looks are hours apart, and they
    would end it late and call it long.
    """
    found = [one for one in every if one[0].kind is Kind.UNOBSERVED]
    often = [incident for incident, probe in found if probe not in _SELDOM]
    return often + [
        incident
        for incident, probe in found
        if probe in _SELDOM
        and (probe not in UNASKED or incident.cause is not Cause.NONE)
        and not any(incident.span(now_ms).overlaps(one.span(now_ms)) for one in often)
    ]


def _offline(
    blanks: Sequence[Incident], told: Sequence[Told], now_ms: int, lasting: Lasting
) -> Iterable[tuple[Notice, Told]]:
    """One note, afterwards, for all that was not observed at the same time."""
    rest = sorted(blanks, key=lambda one: one.opened_ms)
    while rest:
        group, rest = _touching(rest, now_ms)
        if any(one.closed_ms is None for one in group):
            continue
        closed_ms = max(one.closed_ms or 0 for one in group)
        opened_ms = min(one.opened_ms for one in group)
        known = any(one.kind is Kind.UNOBSERVED and one.overlaps(Span(opened_ms, closed_ms)) for one in told)
        if known or now_ms - closed_ms < lasting.resolve_after_ms:
            continue
        yield _offline_note(group, Span(opened_ms, closed_ms), now_ms)


def _touching(rest: list[Incident], now_ms: int) -> tuple[list[Incident], list[Incident]]:
    group, end_ms = [rest[0]], rest[0].span(now_ms).end_ms
    for place, one in enumerate(rest[1:], 1):
        if one.opened_ms > end_ms:
            return group, rest[place:]
        group.append(one)
        end_ms = max(end_ms, one.span(now_ms).end_ms)
    return group, []


def _offline_note(group: Sequence[Incident], span: Span, now_ms: int) -> tuple[Notice, Told]:
    targets = ", ".join(sorted({one.target for one in group}))
    ours = any(one.cause is Cause.LOCAL_NETWORK for one in group)
    who = "We were offline" if ours else "Nothing could be said for"
    longest = max((one for one in group), key=lambda one: one.span(now_ms).length_ms)
    counted = duration_text(longest.span(now_ms).length_ms)
    name = f"offline@{iso(span.start_ms)}"
    note = Notice(
        key=f"{name}:note",
        kind=Kind.UNOBSERVED,
        phase=NoticePhase.NOTE,
        target=targets,
        severity=Severity.STANDARD,
        title=f"{who} {counted} since {clock(span.start_ms)}: counted as unobserved, not as downtime",
        facts=BlankFacts(tuple(Blank(one.target, one.span(now_ms), one.cause) for one in group)),
        created_at_ms=now_ms,
        incident=name,
    )
    return note, Told(targets, Kind.UNOBSERVED, span.start_ms, span.end_ms, name)
