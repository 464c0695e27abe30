"""The weekly pass as one decision: what turns, what is published anew, and what people read of it."""

from bisect import bisect_left
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import date, timedelta
from zoneinfo import ZoneInfo

import msgspec

from wamon.core.calendar import Calendar
from wamon.core.days import PLATFORM_PARTS, PLATFORM_ROWS, Overlay, counted, day_rows
from wamon.core.finding import Cause, Column, Mark, Ruling, Verdict
from wamon.core.gathering import NOTHING_BESIDE, Beside, Gathered
from wamon.core.hindsight_words import counted_as, reason_of, time_text
from wamon.core.incident import Kind, Severity
from wamon.core.knowledge import Knowledge
from wamon.core.notice import Notice, NoticePhase
from wamon.core.notice_facts import RestatedFacts
from wamon.core.notice_words import duration_text
from wamon.core.observation import ProbeKind
from wamon.core.platform import RECEIVE, SEND
from wamon.core.posted import Outage, posted_spans
from wamon.core.publication import DayState, Passed, Publication, day_state, publish
from wamon.core.reclassification import Account, Kept, rejudge
from wamon.core.segments import NEAR_MS, Timeline, account, judged_columns, owned_ms, slice_around
from wamon.core.tallies import WINDOW_MS, Tallies
from wamon.core.timeline import DAY, Span, day_of, day_span, days_between, iso
from wamon.core.uptime import change_text
from wamon.core.watched import EVIDENCE, Watched

LISTED = 20
"""So many days and reasons are named in a notice; `wamon uptime` and `wamon reclassify` show all."""

ONE_DAY = timedelta(days=1)

MARGIN_MS = DAY
"""Evidence is read this far beyond the days judged, on both sides."""


class Turn(msgspec.Struct, frozen=True):
    """How many looks of a target one rule turned from one verdict to another, and the owned time that moved.

    The instants are of the first and of the last of them.
    """

    target: str
    rule: str
    before: Verdict
    after: Verdict
    column_before: Column
    column_after: Column
    observations: int
    moved_ms: int
    first_ms: int = 0
    last_ms: int = 0


class Unturned(msgspec.Struct, frozen=True):
    """Doubtful looks of one target and cause that stayed as they were judged.

    ``rule`` was nearest to turning them, ``missing`` says in one sentence what it lacked. The instants are of the
    first and of the last look.
    """

    target: str
    verdict: Verdict
    cause: Cause
    code: int | None
    rule: str
    missing: str
    observations: int
    first_ms: int
    last_ms: int


class Review(msgspec.Struct, frozen=True):
    """What a pass found: append the rulings and publications in one transaction, and tell once.

    ``kept`` are doubtful verdicts that no rule turned.
    """

    rulings: tuple[Ruling, ...] = ()
    publications: tuple[Publication, ...] = ()
    turns: tuple[Turn, ...] = ()
    kept: tuple[Unturned, ...] = ()


class Ground(msgspec.Struct, frozen=True):
    """Everything a pass stands on. ``latest`` gives the standing publication of a row's day, None if none.

    ``passes`` are all passes so far, this one included. ``outages`` are those Meta posted, ``beside`` is further
    evidence that stands in no target's looks. ``zones`` are those in which days were closed,
    ``pruned`` up to when looks were dropped.
    """

    targets: Sequence[Watched]
    first_ms: Mapping[str, int]
    known: Knowledge
    zone: ZoneInfo
    confirm: int
    now_ms: int
    latest: Callable[[str, date], Publication | None]
    passes: Sequence[Passed] = ()
    overlay: Overlay = Overlay()
    reopen: bool = False
    outages: Sequence[Outage] = ()
    beside: Beside = NOTHING_BESIDE
    zones: Mapping[date, str] = {}
    pruned: Mapping[str, int] = {}

    @property
    def calendar(self) -> Calendar:
        """Which stretch of time each day is."""
        return Calendar(self.zone, self.zones)


def window(now_ms: int, zone: ZoneInfo, days: int) -> Span:
    """The whole days before today that a pass covers."""
    today = day_of(now_ms, zone)
    return Span(day_span(today - timedelta(days=days), zone).start_ms, day_span(today, zone).start_ms)


def review(accounts: Sequence[Account], within: Span, ground: Ground) -> Review:
    """Judge all targets again inside a window and publish every closed day whose figures differ."""
    found = judge_again(accounts, within, ground)
    marks = {one.target: standing(one.marks, found.rulings, one.target) for one in accounts}
    published = _published(marks, within, found, ground)
    return msgspec.structs.replace(found, publications=tuple(published))


def judge_again(accounts: Sequence[Account], within: Span, ground: Ground) -> Review:
    """What turns inside a window, and what stays doubtful; nothing is published yet."""
    everything = Gathered(
        accounts,
        ground.targets,
        ground.known,
        ground.now_ms,
        outages=ground.outages,
        beside=ground.beside,
        unattended=(*ground.overlay.unobserved, *ground.beside.unattended),
    )
    rulings: list[Ruling] = []
    turns: list[Turn] = []
    kept: list[Unturned] = []
    for one in accounts:
        if one.target not in everything.records or everything.records[one.target].probe in EVIDENCE:
            continue
        past = everything.history(one.target)
        judged = rejudge(one, past, within, ground.known.catalogue.edition)
        rulings.extend(judged.rulings)
        turns.extend(turned(one.marks, judged.rulings, ground.now_ms))
        kept.extend(unturned(one, judged.kept))
    return Review(tuple(rulings), (), tuple(turns), tuple(kept))


def standing(marks: Sequence[Mark], rulings: Iterable[Ruling], target: str) -> Sequence[Mark]:
    """A target's looks with new rulings in the place of the old ones."""
    fresh = {one.at_ms: one.finding for one in rulings if one.target == target}
    if not fresh:
        return marks
    after = list(marks)
    for at_ms, finding in fresh.items():
        place = bisect_left(marks, at_ms, key=_at)
        if place < len(marks) and marks[place].at_ms == at_ms:
            after[place] = Mark(at_ms, marks[place].context, finding)
    return after


def turned(marks: Sequence[Mark], rulings: Sequence[Ruling], now_ms: int) -> list[Turn]:
    """Rulings that changed verdict or column, summed by rule; a verdict that became firm is no turn."""
    fresh = {one.at_ms: one for one in rulings}
    looks: dict[tuple[str, str, Verdict, Verdict, Column, Column], list[int]] = {}
    moved: Counter[tuple[str, str, Verdict, Verdict, Column, Column]] = Counter()
    for at_ms, ruling in sorted(fresh.items()):
        place = bisect_left(marks, at_ms, key=_at)
        if place == len(marks) or marks[place].at_ms != at_ms:
            continue
        before, after = marks[place].finding, ruling.finding
        if (before.verdict, before.column) == (after.verdict, after.column):
            continue
        key = (ruling.target, after.rule, before.verdict, after.verdict, before.column, after.column)
        looks.setdefault(key, []).append(at_ms)
        moved[key] += _owned_by(marks, place, now_ms)
    return [
        Turn(*key, observations=len(row), moved_ms=moved[key], first_ms=row[0], last_ms=row[-1])
        for key, row in looks.items()
    ]


def _owned_by(marks: Sequence[Mark], place: int, now_ms: int) -> int:
    """What one of ordered looks owns, in milliseconds: its neighbours decide it."""
    first = max(0, place - 1)
    return owned_ms(marks[first : place + 2], now_ms)[place - first]


def _at(mark: Mark) -> int:
    return mark.at_ms


def unturned(account: Account, kept: Sequence[Kept]) -> list[Unturned]:
    """Doubtful looks that stayed, summed by what was found and what is missing; the most frequent first."""
    instants: dict[tuple[Verdict, Cause, int | None, str, str], list[int]] = {}
    for one in kept:
        found = one.finding
        key = (found.verdict, found.cause, found.code, one.rule, one.missing)
        instants.setdefault(key, []).append(account.marks[one.place].at_ms)
    rows = [Unturned(account.target, *key, len(row), row[0], row[-1]) for key, row in instants.items()]
    return sorted(rows, key=lambda one: -one.observations)


def _published(
    marks: Mapping[str, Sequence[Mark]], within: Span, found: Review, ground: Ground
) -> Iterable[Publication]:
    """Days that are closed and whose figures differ from what was last said of them.

    The days just outside the window are published again where something reaches over its midnights, never first.
    """
    reason = reason_text(found.turns)
    first, last = (day_of(at_ms, ground.zone) for at_ms in (within.start_ms, within.end_ms - 1))
    outside = (first - ONE_DAY, last + ONE_DAY)
    for day in days_between(*outside):
        state = day_state(day, ground.calendar.zone_of(day), ground.now_ms, ground.passes)
        if state is DayState.OPEN:
            continue
        lost = lost_rows(marks, day, ground)
        for fresh in day_publications(marks, day, ground, reason):
            latest = ground.latest(fresh.target, day)
            if fresh.target in lost or (latest is None and day in outside):
                continue
            row = publish(fresh, latest, state=state, reopen=ground.reopen)
            if row is not None:
                yield row


def lost_rows(marks: Mapping[str, Sequence[Mark]], day: date, ground: Ground) -> set[str]:
    """Rows of a day that cannot be computed any more, because looks that decide it were dropped."""
    span = ground.calendar.span(day)
    lost = {name for name, row in marks.items() if not decided(row, span, ground.pruned.get(name))}
    together = any(one.name in lost for one in ground.targets if one.probe in SEND | RECEIVE)
    return lost | set(PLATFORM_ROWS) if together else lost


def day_publications(
    marks: Mapping[str, Sequence[Mark]], day: date, ground: Ground, reason: str
) -> list[Publication]:
    """The figures of one day for all rows, not yet numbered.

    Targets whose looks are not given have no row; nor has the platform, where one that it is made of is missing.
    """
    span = ground.calendar.span(day)
    given = [one for one in counted(ground.targets) if one.name in marks]
    timelines = {one.name: day_timeline(one.probe, marks[one.name], span, ground) for one in given}
    tallies = {one.name: day_tallies(marks[one.name], span) for one in given}
    return publications_of(timelines, tallies, day, ground, reason)


def publications_of(
    timelines: Mapping[str, Timeline],
    tallies: Mapping[str, Tallies],
    day: date,
    ground: Ground,
    reason: str,
) -> list[Publication]:
    """The same from timelines of the day, and its looks in windows of five minutes."""
    span, zone = ground.calendar.span(day), ground.calendar.zone_of(day)
    rows = day_rows(ground.targets, timelines, ground.first_ms, span, ground.now_ms, ground.overlay)
    whole = all(one.name in timelines for one in ground.targets if one.probe in SEND | RECEIVE)
    return [
        Publication(
            name,
            day,
            zone.key,
            0,
            ground.now_ms,
            row.figures(ground.overlay),
            reason,
            secondary=row.secondary(ground.overlay, span, tallies.get(name)),
        )
        for name, row in rows.items()
        if whole or name not in PLATFORM_ROWS
    ]


def day_timeline(probe: ProbeKind, marks: Sequence[Mark], span: Span, ground: Ground) -> Timeline:
    """A target's timeline over one day, from as many looks around it as decide it."""
    first, last = slice_around(marks, span)
    posted = posted_spans(ground.outages, probe, ground.now_ms)
    return account(marks[first:last], ground.now_ms, confirm=ground.confirm, posted=posted)


def day_tallies(marks: Sequence[Mark], span: Span) -> Tallies:
    """A target's looks in the windows of five minutes that begin on a day."""
    first, last = slice_around(marks, span._replace(end_ms=span.end_ms + WINDOW_MS))
    near = marks[first:last]
    tallies = Tallies()
    tallies.take(zip([mark.at_ms for mark in near], judged_columns(near), strict=True))
    return tallies


def decided(marks: Sequence[Mark], span: Span, pruned_ms: int | None) -> bool:
    """Whether what is left of a target's looks still decides a day: pruning took nothing that reaches into it."""
    if pruned_ms is None or pruned_ms <= span.start_ms - MARGIN_MS:
        return True
    first, _ = slice_around(marks, span)
    return first > 0 and pruned_ms + NEAR_MS <= marks[first].at_ms <= span.start_ms


def reason_text(turns: Sequence[Turn]) -> str:
    """Why a day was published again, in one line."""
    rules = sorted({f"{one.rule.replace('_', ' ')} ({one.target})" for one in turns})
    return "weekly pass: " + (", ".join(rules) if rules else "late observations")


def restated_notice(
    found: Review, latest: Callable[[str, date], Publication | None], now_ms: int
) -> Notice | None:
    """One notice for all days a pass restated; None when none was. Nobody is paged for the past."""
    told = [(row, before) for row in found.publications if (before := latest(row.target, row.day)) is not None]
    if not told:
        return None
    changed = [
        f"{row.target} {row.day}: {change_text(before.figures, row.figures)}, revision {row.revision}"
        for row, before in told
        if row.target not in PLATFORM_PARTS
    ]
    named = [one.target for one in found.turns] or [row.target for row, _ in told]
    return Notice(
        key=f"restated@{iso(now_ms)}",
        kind=Kind.RESTATED,
        phase=NoticePhase.NOTE,
        target=", ".join(sorted(set(named))),
        severity=Severity.STANDARD,
        title=f"Restated · {_headline(found, told)}",
        facts=_restated(changed, [*_why(found), *_forgiven(found, told)]),
        created_at_ms=now_ms,
    )


def _restated(changes: Sequence[str], reasons: Sequence[str]) -> RestatedFacts:
    """At most so many of each; the rest is counted."""
    return RestatedFacts(
        changes=tuple(changes[:LISTED]),
        more_changes=max(0, len(changes) - LISTED),
        reasons=tuple(reasons[:LISTED]),
        more_reasons=max(0, len(reasons) - LISTED),
    )


def _headline(found: Review, told: Sequence[tuple[Publication, Publication]]) -> str:
    """One target's day in full, several by their number; and the time that moved."""
    own = [pair for pair in told if pair[0].target not in PLATFORM_ROWS] or told
    row, before = own[0]
    days = counted_text(len({one.day for one, _ in own}), "day")
    targets = counted_text(len({one.target for one, _ in own}), "target")
    what = (
        f"{row.target} {row.day}: {change_text(before.figures, row.figures)}"
        if len(own) == 1
        else f"{days} of {targets}"
    )
    moved = duration_text(sum(one.moved_ms for one in found.turns))
    return f"{what} · {moved} judged otherwise" if found.turns else what


def _why(found: Review) -> list[str]:
    """Each turn as a sentence; days that changed without one."""
    if not found.turns:
        return ["looks that came late, or an outage that Meta posted, changed what counts as one outage"]
    return [
        f"{one.target}, {time_text(one.first_ms, one.last_ms)}: {counted_text(one.observations, 'look')}"
        f" ({duration_text(one.moved_ms)}) that counted {counted_as(one.before, one.column_before)} now"
        f" {'counts' if one.observations == 1 else 'count'} {counted_as(one.after, one.column_after)},"
        f" because {reason_of(one.rule)}."
        for one in found.turns
    ]


def _forgiven(found: Review, told: Sequence[tuple[Publication, Publication]]) -> list[str]:
    """Failures that turned into downtime and stand alone, so that none comes of it: a line for each target."""
    turned = {one.target for one in found.turns if one.column_after is Column.DOWN}
    more: Counter[str] = Counter()
    for row, before in told:
        more[row.target] += row.figures.blips - before.figures.blips
    return [
        f"{target}: {counted_text(more[target], 'look')} of these {_alone(more[target])} as up."
        for target in sorted(turned)
        if more[target] > 0
    ]


def _alone(number: int) -> str:
    return "stands alone, is forgiven and counts" if number == 1 else "stand alone, are forgiven and count"


def counted_text(number: int, word: str) -> str:
    """``1 day``, ``2 days``."""
    return f"{number} {word}" if number == 1 else f"{number} {word}s"
