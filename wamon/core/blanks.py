"""Time that nobody observed: told once, afterwards, for all that was not observed at the same time."""

from collections.abc import Iterable, Iterator, Mapping, Sequence

from wamon.core.finding import Cause
from wamon.core.incident import Incident, Kind, Lasting, Severity
from wamon.core.notice import Notice, NoticePhase, Told
from wamon.core.notice_facts import Blank, BlankFacts
from wamon.core.notice_words import clock, duration_text
from wamon.core.observation import ProbeKind
from wamon.core.timeline import Span, iso, subtract, total_ms
from wamon.core.watched import UNASKED

_SELDOM = UNASKED | {ProbeKind.MESSAGE}
"""Canaries and their ways back are hours apart; what is told to us comes when it comes."""


def long(incident: Incident, maintenance: Mapping[str, Sequence[Span]], now_ms: int, lasting: Lasting) -> bool:
    """Whether it lasts as long as an incident must, outside maintenance."""
    return _missed_ms(incident, maintenance, now_ms) >= lasting.open_after_ms


def _missed_ms(incident: Incident, maintenance: Mapping[str, Sequence[Span]], now_ms: int) -> int:
    """How long of an incident is outside maintenance."""
    span = incident.span(now_ms)
    return total_ms(subtract([span], maintenance.get(incident.target, ())), span)


def unseen(every: Iterable[tuple[Incident, ProbeKind]], now_ms: int) -> list[Incident]:
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


def offline_notes(
    blanks: Sequence[Incident], told: Sequence[Told], now_ms: int, lasting: Lasting
) -> Iterable[tuple[Notice, Told]]:
    """One note, afterwards, for all that was not observed at the same time."""
    for group in together(blanks, now_ms):
        if any(one.closed_ms is None for one in group):
            continue
        closed_ms = max(one.closed_ms or 0 for one in group)
        opened_ms = min(one.opened_ms for one in group)
        known = any(one.kind is Kind.UNOBSERVED and one.overlaps(Span(opened_ms, closed_ms)) for one in told)
        if known or now_ms - closed_ms < lasting.resolve_after_ms:
            continue
        yield _offline_note(group, Span(opened_ms, closed_ms), now_ms)


def together(blanks: Iterable[Incident], now_ms: int) -> Iterator[list[Incident]]:
    """What was not observed at the same time, oldest first."""
    rest = sorted(blanks, key=lambda one: one.opened_ms)
    while rest:
        group, rest = _touching(rest, now_ms)
        yield group


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
