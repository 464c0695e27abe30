"""When a channel is written to: quiet hours, so many letters within an hour; what was held back is one letter."""

from collections.abc import Iterable, Sequence

from wamon.core.dispatching import (
    Mailing,
    Pending,
    Reason,
    Summing,
    Waiting,
    by_incident,
    decide,
    due_at_ms,
    with_word,
)
from wamon.core.incident import Kind, Severity
from wamon.core.notice import Notice, NoticePhase
from wamon.core.notice_facts import SummaryFacts, SummaryLine
from wamon.core.notice_words import clock
from wamon.core.subscription import Subscription
from wamon.core.timeline import HOUR

LISTED = 40
"""So many things stand in one letter; the rest is counted."""

Group = tuple[Pending, ...]
Step = Mailing | Summing | Waiting


def paced(pending: Iterable[Pending], now_ms: int, to: Subscription, sent_ms: Iterable[int] = ()) -> list[Step]:
    """What to do with the notices one channel has not been told. ``sent_ms`` is when it had its latest letters.

    What is critical goes first, at once and alone, its end too: no comfort is worth a missed outage. Of the rest
    what was written in quiet hours is one letter when they end, and what finds no more room in the hour is one
    letter when there is some.
    """
    groups = by_incident(pending)
    pressing: list[Step] = [decide(one, now_ms) for one in groups if _pressing(one)]
    rest = [one for one in groups if not _pressing(one)]
    quiet = to.quiet
    if quiet is not None and quiet.holds(now_ms):
        return pressing + [Waiting(one, quiet.end_ms(now_ms), Reason.QUIET_HOURS) for one in rest]
    slept = [one for one in rest if quiet is not None and any(quiet.holds(each.queued_at_ms) for each in one)]
    awake = [decide(one, now_ms) for one in rest if one not in slept]
    steps: list[Step] = [*_woken(slept, now_ms, to), *awake]
    return pressing + _capped(steps, now_ms, to, [*sent_ms, *(now_ms for one in pressing if _goes(one))])


def _pressing(covers: Group) -> bool:
    return any(one.notice.severity == Severity.CRITICAL for one in covers)


def _goes(step: Step) -> bool:
    return not isinstance(step, Waiting)


def _woken(slept: Sequence[Group], now_ms: int, to: Subscription) -> list[Step]:
    """What quiet hours held back: one thing reads as it always does, several are one letter."""
    if len(slept) == 1:
        return [decide(slept[0], now_ms, "held for quiet hours")]
    return [_summed(slept, now_ms, to, str(to.quiet))] if slept else []


def _capped(steps: list[Step], now_ms: int, to: Subscription, sent_ms: Sequence[int]) -> list[Step]:
    """The steps as they are while they fit into the hour; else one letter, or none before there is room."""
    if to.hourly_cap is None:
        return steps
    lately = sorted(at_ms for at_ms in sent_ms if now_ms - HOUR < at_ms <= now_ms)
    going, room = [one for one in steps if _goes(one)], to.hourly_cap - len(lately)
    if len(going) < room or not going:
        return steps
    if len(going) == room:
        return _with_last_word(steps, sorted([*lately, *(now_ms for _ in going)])[0] + HOUR, to.hourly_cap)
    if room <= 0:
        until_ms = lately[-to.hourly_cap] + HOUR
        return [Waiting(one.covers, until_ms, Reason.HOURLY_CAP) if _goes(one) else one for one in steps]
    quiet = str(to.quiet) if any(isinstance(one, Summing) for one in steps) else ""
    return [_summed([group for one in steps for group in by_incident(one.covers)], now_ms, to, quiet)]


def _with_last_word(steps: Sequence[Step], room_ms: int, cap: int) -> list[Step]:
    """The letter that fills the hour says so: what is silent then is not well."""
    last = max(place for place, one in enumerate(steps) if _goes(one))
    word = (
        f"With this the channel has had its {cap} letters of the hour. What follows comes as one letter after"
        f" {clock(room_ms)}; what is critical comes at once."
    )
    return [_saying(one, word) if place == last else one for place, one in enumerate(steps)]


def _saying(step: Step, word: str) -> Step:
    return Mailing(with_word(step.letter, word), step.covers, step.reason) if isinstance(step, Mailing) else step


def _summed(groups: Sequence[Group], now_ms: int, to: Subscription, quiet: str) -> Summing | Waiting:
    """Several things as one letter; it is tried again when the first of them would be."""
    covers = tuple(sorted((one for group in groups for one in group), key=lambda one: one.queued_at_ms))
    due_ms = min(due_at_ms(one, now_ms) for one in covers)
    if due_ms > now_ms:
        return Waiting(covers, due_ms)
    facts = _facts(groups, quiet, to.hourly_cap or 0)
    notice = Notice(
        key=covers[-1].notice.key,
        kind=Kind.DIGEST,
        phase=NoticePhase.NOTE,
        target="",
        severity=_heaviest(groups),
        title=_title(groups, facts),
        facts=facts,
        created_at_ms=now_ms,
    )
    return Summing(notice, covers, Reason.TOGETHER)


def _facts(groups: Sequence[Group], quiet: str, hourly_cap: int) -> SummaryFacts:
    """What is said of each thing, the latest word of it, oldest first."""
    listed = sorted(groups, key=lambda one: one[0].queued_at_ms)[-LISTED:]
    return SummaryFacts(
        quiet=quiet,
        hourly_cap=hourly_cap,
        going_on=_lines(one for one in listed if _goes_on(one)),
        over=_lines(one for one in listed if _over(one)),
        notes=_lines(one for one in listed if not _goes_on(one) and not _over(one)),
        more=len(groups) - len(listed),
    )


def _lines(groups: Iterable[Group]) -> tuple[SummaryLine, ...]:
    return tuple(SummaryLine(one[-1].queued_at_ms, one[-1].notice.title) for one in groups)


def _over(group: Group) -> bool:
    return group[-1].notice.phase == NoticePhase.RESOLVED


def _goes_on(group: Group) -> bool:
    return not _over(group) and group[-1].incident is not None


def _heaviest(groups: Sequence[Group]) -> Severity:
    """How grave what goes on is."""
    found = {one[-1].notice.severity for one in groups if _goes_on(one)}
    return next((one for one in Severity if one in found), Severity.STANDARD)


def _title(groups: Sequence[Group], facts: SummaryFacts) -> str:
    counts = (
        (sum(_goes_on(one) for one in groups), "still going on"),
        (sum(_over(one) for one in groups), "over by now"),
        (sum(not _goes_on(one) and not _over(one) for one in groups), "to know"),
    )
    mark = f"[{_heaviest(groups).value.upper()}] " if counts[0][0] else ""
    why = "Held for quiet hours" if facts.quiet else f"More than {facts.hourly_cap} letters an hour, so in one"
    return f"{mark}{why}: {', '.join(f'{number} {words}' for number, words in counts if number)}"
