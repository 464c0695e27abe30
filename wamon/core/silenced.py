"""What began and ended while a silence held it back: told afterwards, in one line for each kind."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

from wamon.core.grouping import Kin
from wamon.core.incident import Incident, Kind, Severity
from wamon.core.notice import Notice, NoticePhase, Told, severity
from wamon.core.notice_facts import HeldBackFacts, SummaryLine
from wamon.core.notice_words import WHOSE, duration_text, what
from wamon.core.observation import ProbeKind
from wamon.core.silence import Silence
from wamon.core.timeline import HOUR, Span, iso
from wamon.core.watched import Watched

TOLD_WITHIN_MS = HOUR
"""Who starts later than this after a silence has ended finds what it held back on the pages only."""

Seen = tuple[Incident, ProbeKind]


def silenced_notes(
    every: Sequence[Seen],
    told: Sequence[Told],
    silences: Iterable[Silence],
    now_ms: int,
    *,
    kin: Kin,
    patience_ms: Callable[[Incident], int],
) -> Iterator[tuple[Notice, Told]]:
    """What nobody heard of, though it lasted long enough, because a silence that is over held it back."""
    known = {one.name for one in told}
    for silence in _over_lately(silences, now_ms):
        held = [pair for pair in every if _held(pair, silence, told, kin, patience_ms)]
        for kind in dict.fromkeys(incident.kind for incident, _ in held):
            name = f"silence:{iso(silence.start_ms)}@{iso(silence.end_ms)}:{silence.number}:{kind.value}"
            if name not in known:
                yield _note(name, silence, [pair for pair in held if pair[0].kind is kind], now_ms)


def aloud(
    notices: Iterable[Notice], silences: Iterable[Silence], accounts: Mapping[str, str], now_ms: int
) -> list[Notice]:
    """Those that no silence holds back; ends never are. What is held is due still when the silence is over.

    ``accounts`` gives the account of each target; a notice may be about an account itself.
    """
    holding = [one for one in silences if one.holds(now_ms)]
    return [
        one
        for one in notices
        if one.phase is NoticePhase.RESOLVED
        or not any(
            silence.about(one.target, accounts.get(one.target, one.target), one.kind, one.severity)
            for silence in holding
        )
    ]


def concerned(silences: Iterable[Silence], watched: Iterable[Watched], now_ms: int) -> set[str]:
    """The targets of which a silence that has just ended may have held something back."""
    lately = list(_over_lately(silences, now_ms))
    return {one.name for one in watched if any(silence.names(one.name, one.account) for silence in lately)}


def _over_lately(silences: Iterable[Silence], now_ms: int) -> Iterator[Silence]:
    return (one for one in silences if one.end_ms <= now_ms < one.end_ms + TOLD_WITHIN_MS)


def _held(
    pair: Seen, silence: Silence, told: Iterable[Told], kin: Kin, patience_ms: Callable[[Incident], int]
) -> bool:
    """Whether people would have heard of it within the silence, and never did: it was over before."""
    incident, probe = pair
    if incident.kind is Kind.UNOBSERVED or incident.doubtful or incident.closed_ms is None:
        return False
    due_ms, span = incident.opened_ms + patience_ms(incident), Span(incident.opened_ms, incident.closed_ms)
    account = kin.account(incident.target).removeprefix("account ")
    return (
        due_ms <= span.end_ms
        and silence.holds(due_ms)
        and silence.about(incident.target, account, incident.kind, severity(incident, probe))
        and not any(one.target == incident.target and one.overlaps(span) for one in told)
    )


def _note(name: str, silence: Silence, held: Sequence[Seen], now_ms: int) -> tuple[Notice, Told]:
    kind, targets = held[0][0].kind, dict.fromkeys(incident.target for incident, _ in held)
    number = f"{len(held)} {'incident' if len(held) == 1 else 'incidents'}"
    notice = Notice(
        key=f"{name}:note",
        kind=kind,
        phase=NoticePhase.NOTE,
        target=", ".join(targets),
        severity=Severity.STANDARD,
        title=f"While notices were silenced: {number} began and ended · {', '.join(targets)} · nothing to do",
        facts=HeldBackFacts(
            silence.start_ms, silence.end_ms, silence.author, silence.because, tuple(map(_line, held))
        ),
        created_at_ms=now_ms,
    )
    return notice, Told("", Kind.DIGEST, silence.start_ms, silence.end_ms, name)


def _line(pair: Seen) -> SummaryLine:
    incident, probe = pair
    whose = "Our endpoint" if incident.kind is Kind.ENDPOINT else WHOSE[incident.verdict]
    lasted = duration_text((incident.closed_ms or 0) - incident.opened_ms)
    return SummaryLine(incident.opened_ms, f"{whose}: {what(incident, probe)}, {incident.target}, {lasted}")
