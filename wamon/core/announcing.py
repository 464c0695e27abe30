"""What people are told: only what changed since they were last told, each fact under its own name."""

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from functools import partial

import msgspec

from wamon.core.blanks import long, offline_notes, unseen
from wamon.core.finding import Cause
from wamon.core.grouping import TOGETHER_MS, Kin, Trouble, gathered, heavier, speaks_for
from wamon.core.incident import THROTTLED_FOR_MS, Incident, Kind, Lasting
from wamon.core.meta_page import Light
from wamon.core.notice import Notice, NoticePhase, Told, severity
from wamon.core.notice_facts import TroubleFacts, WithdrawnFacts
from wamon.core.notice_words import clock, title
from wamon.core.observation import ProbeKind
from wamon.core.silence import Remark, Silence
from wamon.core.silenced import silenced_notes
from wamon.core.timeline import DAY, HOUR, MINUTE, Span

API_UPDATE_CODE = 2
API_UPDATE_MS = 6 * MINUTE
"""Five minutes, and one for what the looks add at either edge.

Meta: updating the API may cost up to five minutes of code 2 ("Support", Error Code 2, read 2025-11-19).
"""

FLAPPING_MS = 10 * MINUTE
"""Who was told that it is over and then that it is back hears of the next end after this much quiet: no storm."""

SETTLED_AFTER_MS = HOUR
"""What is over for so long, and for those who were told of it too, is never told of again."""

REMEMBERED_MS = 3 * DAY
"""How long a closed incident is remembered as told; no timeline kept in memory reaches further back."""

REMINDED_AFTER_MS = (HOUR, 3 * HOUR, 8 * HOUR, 12 * HOUR)
"""How long after the last word people are reminded of what is still open; then once a day."""

ALONE = Kin()
"""Targets of which nobody knows what they have in common."""


class Desk(msgspec.Struct, frozen=True):
    """What `announce` returns: the notices to send, and what people will have been told then."""

    notices: tuple[Notice, ...]
    told: tuple[Told, ...]


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
    silences: Sequence[Silence] = (),
    acknowledged: Sequence[Remark] = (),
) -> Desk:
    """Compare what is so with what was told. Short trouble is not told, nor a path no control has spoken of.

    ``maintenance`` is what was declared of each target; those in ``quiet`` are in it now. Of them people hear that
    something they were told of is over, and nothing else until the maintenance is. ``light`` is Meta's own page on
    what a probe looks at. ``kin`` says what targets have in common: trouble of many for one reason is told once.
    What ``silences`` are about is held back as in maintenance; of what is ``acknowledged`` nobody is reminded.
    """
    every = list(found)
    standing = [one for one in told if one.closed_ms is None or now_ms - one.closed_ms < REMEMBERED_MS]
    loud, muted = _sorted_out(_unsettled(every, standing, now_ms), quiet, silences, kin, now_ms)
    troubles = [*loud, *muted]
    patience = partial(_patience, seen=[one.incident for one in loud], lasting=lasting)
    blanks = [one for one in unseen(every, now_ms) if long(one, maintenance, now_ms, lasting)]
    places = _matched([one.incident for one in troubles], standing, now_ms)
    spoken = {place for place, one in enumerate(standing) if _spoken_for(one, troubles, kin, now_ms)}
    notices = _gone([one.incident for one in troubles], {*places.values(), *spoken}, standing, now_ms)
    offline = any(one.closed_ms is None and one.cause is Cause.LOCAL_NETWORK for one in blanks)
    for number, trouble in enumerate(troubles):
        before = None if (place := places.get(number)) is None else standing[place]
        phase = _due(trouble, before, now_ms, patience(trouble.incident), lasting.resolve_after_ms)
        if phase is None or (phase is not NoticePhase.RESOLVED and (offline or number >= len(loud))):
            continue
        if phase is NoticePhase.REMINDER and _acknowledged(trouble, acknowledged, kin, now_ms):
            continue
        after = _told(trouble, before, phase, now_ms)
        over = maintenance.get(trouble.target, ()) if phase is NoticePhase.OPENED else ()
        notices.append(_notice(trouble, phase, after, now_ms, over, light(trouble.probe), _word(before, phase)))
        _replace(standing, place, after)
    standing = _silenced(standing, troubles, kin, now_ms)
    silenced = silenced_notes(every, standing, silences, now_ms, kin=kin, patience_ms=patience)
    for note, after in (*silenced, *offline_notes(blanks, standing, now_ms, lasting)):
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
    """Which phase people should hear of now, if any. Whoever hears of its coming and going needs no reminder."""
    incident = trouble.incident
    if before is None:
        opened = incident.closed_ms is None and not incident.doubtful
        return NoticePhase.OPENED if opened and now_ms - incident.opened_ms >= patience_ms else None
    if incident.closed_ms is None:
        again = before.closed_ms is not None or before.kind is not incident.kind
        if again or heavier(trouble.weight, before.severity):
            return NoticePhase.CHANGED
        return NoticePhase.REMINDER if before.count <= 2 and _forgotten(before, now_ms) else None
    needed_ms = max(resolve_after_ms, FLAPPING_MS) if before.count > 2 else resolve_after_ms
    over = before.closed_ms is None and now_ms - incident.closed_ms >= needed_ms
    return NoticePhase.RESOLVED if over else None


def _unsettled(
    every: Iterable[tuple[Incident, ProbeKind]], standing: Iterable[Told], now_ms: int
) -> list[tuple[Incident, ProbeKind]]:
    """Those of which something may still be said: what was over before all that is open is compared no more."""
    opened = [one.opened_ms - TOGETHER_MS for one in standing if one.closed_ms is None]
    since_ms = min([now_ms - SETTLED_AFTER_MS, *opened])
    return [pair for pair in every if pair[0].closed_ms is None or pair[0].closed_ms >= since_ms]


def _forgotten(before: Told, now_ms: int) -> bool:
    """Whether the last word was said so long ago that people are reminded."""
    rest = REMINDED_AFTER_MS[before.reminded :]
    return now_ms - before.said_ms >= (rest[0] if rest else DAY)


def _sorted_out(
    every: Iterable[tuple[Incident, ProbeKind]],
    quiet: Collection[str],
    silences: Sequence[Silence],
    kin: Kin,
    now_ms: int,
) -> tuple[list[Trouble], list[Trouble]]:
    """What people are to hear of, gathered; and what is held back for maintenance or because a person said so."""
    loud: list[Trouble] = []
    muted: list[Trouble] = []
    for incident, probe in every:
        if incident.kind is not Kind.UNOBSERVED:
            one = Trouble(incident, probe, severity(incident, probe))
            held = one.target in quiet or _silent(one, silences, kin, now_ms)
            (muted if held else loud).append(one)
    return gathered(loud, kin, now_ms), muted


def _silent(one: Trouble, silences: Iterable[Silence], kin: Kin, now_ms: int) -> bool:
    account = kin.account(one.target).removeprefix("account ")
    return any(
        silence.holds(now_ms) and silence.about(one.target, account, one.incident.kind, one.weight)
        for silence in silences
    )


def _acknowledged(trouble: Trouble, remarks: Iterable[Remark], kin: Kin, now_ms: int) -> bool:
    """Whether somebody sees to it, or to a part of it."""
    span = trouble.incident.span(now_ms)
    return any(
        one.ack
        and span.start_ms - TOGETHER_MS <= one.incident_ms <= span.end_ms
        and (one.target == trouble.target or speaks_for(trouble, one.target, kin))
        for one in remarks
    )


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


def _told(trouble: Trouble, before: Told | None, phase: NoticePhase, now_ms: int) -> Told:
    if before is not None and phase is NoticePhase.REMINDER:
        return msgspec.structs.replace(before, reminded=before.reminded + 1, said_ms=now_ms)
    incident, weight = trouble.incident, trouble.weight
    if before is None:
        return Told(
            incident.target,
            incident.kind,
            incident.opened_ms,
            incident.closed_ms,
            incident.name,
            severity=weight,
            said_ms=now_ms,
        )
    if phase is NoticePhase.RESOLVED and heavier(before.severity, weight):
        weight = before.severity  # who was woken by it is told at the same weight that it is over
    return msgspec.structs.replace(
        before,
        kind=incident.kind,
        closed_ms=incident.closed_ms,
        count=before.count + 1,
        severity=weight,
        said_ms=now_ms,
    )


def _word(before: Told | None, phase: NoticePhase) -> str:
    """What is new of it for those who heard of it before."""
    if before is None or phase is NoticePhase.RESOLVED:
        return ""
    if phase is NoticePhase.REMINDER:
        return "Still"
    return "Now" if before.closed_ms is None else "Again"


def _notice(
    trouble: Trouble,
    phase: NoticePhase,
    told: Told,
    now_ms: int,
    maintenance: Sequence[Span],
    light: Light,
    word: str,
) -> Notice:
    incident, weight, resolved = trouble.incident, trouble.weight, phase is NoticePhase.RESOLVED
    suffix = f":{told.count}" if phase is NoticePhase.CHANGED or told.count > 2 else ""
    if phase is NoticePhase.REMINDER:
        suffix = f":{told.reminded}"
    return Notice(
        key=f"{told.name}:{phase.value}{suffix}",
        kind=incident.kind,
        phase=phase,
        target=incident.target,
        severity=told.severity if resolved else weight,
        title=title(
            incident,
            trouble.probe,
            weight,
            now_ms,
            light,
            resolved=resolved,
            word=word,
        ),
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
        severity=told.severity,
        title=f"[WITHDRAWN] {told.target} · the trouble since {clock(told.opened_ms)} is judged otherwise by now",
        facts=WithdrawnFacts(told.target, told.opened_ms),
        created_at_ms=now_ms,
        incident=told.name,
    )
