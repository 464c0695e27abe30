"""What a person's word does to days that are published: which are touched, what they say now, what stays."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from enum import StrEnum
from typing import NamedTuple
from zoneinfo import ZoneInfo

import msgspec

from wamon.core.calendar import Calendar, zones_of
from wamon.core.days import PLATFORM_PARTS, PLATFORM_ROWS
from wamon.core.finding import Mark, Ruling
from wamon.core.incident import Kind, Severity
from wamon.core.maintenance import Window
from wamon.core.notice import Notice, NoticePhase
from wamon.core.notice_facts import RestatedFacts
from wamon.core.platform import RECEIVE, SEND
from wamon.core.publication import DayState, Publication, day_state, publish
from wamon.core.review import Ground, Turn, counted_text, day_tallies, day_timeline, publications_of
from wamon.core.segments import Timeline
from wamon.core.timeline import Span, iso, union
from wamon.core.uptime import change_text
from wamon.core.watched import EVIDENCE, Watched

TOLD_DAYS = 40
"""So many days are named in a notice; `wamon uptime` shows all."""


class Change(msgspec.Struct, frozen=True):
    """What a person declares (``content``) or takes back (``withdraws``, the number of an earlier declaration).

    ``what`` says it in a line, ``reason`` is said of every day that is published again. ``touched`` is the time it
    is about, by target; days as far away as ``reach_ms`` may change with it. ``windows`` is the maintenance that
    stands once it is written, ``rulings`` what it rules, ``turns`` the verdicts that change.
    """

    kind: str
    what: str
    author: str
    because: str
    at_ms: int
    reason: str
    touched: Mapping[str, Sequence[Span]]
    windows: Sequence[Window]
    content: Mapping[str, object] | None = None
    withdraws: int | None = None
    rulings: Sequence[Ruling] = ()
    reach_ms: int = 0
    turns: Sequence[Turn] = ()

    @property
    def span(self) -> Span:
        """From the first to the last instant that may change."""
        every = [one for spans in self.touched.values() for one in spans]
        if not every:
            return Span(0, 0)
        first_ms, last_ms = min(one.start_ms for one in every), max(one.end_ms for one in every)
        return Span(first_ms - self.reach_ms, last_ms + self.reach_ms)


class Stays(StrEnum):
    """Why a day stays as it was published."""

    FROZEN = "frozen"
    PRUNED = "pruned"


class Kept(NamedTuple):
    """A row's day that would have to change and stays as it is."""

    target: str
    day: date
    why: Stays


class Touched(NamedTuple):
    """One day as it was cut then: the rows that may change, and all targets that were watched on it."""

    day: date
    zone: ZoneInfo
    span: Span
    rows: tuple[str, ...]
    targets: tuple[Watched, ...]

    @property
    def needed(self) -> list[Watched]:
        """Whose looks must be read: the rows' own, and all that the platform's rows are made of."""
        together = any(name in PLATFORM_ROWS for name in self.rows)
        return [
            one
            for one in self.targets
            if one.probe not in EVIDENCE and (one.name in self.rows or (together and one.probe in SEND | RECEIVE))
        ]


def touched_days(
    change: Change, targets: Sequence[Watched], before: Mapping[tuple[str, date], Publication]
) -> list[Touched]:
    """The published days that a change is about, from old to new.

    A day keeps the zone it was published in, and is made of the targets that were published with it.
    """
    spans = {
        name: union(Span(one.start_ms - change.reach_ms, one.end_ms + change.reach_ms) for one in each)
        for name, each in change.touched.items()
    }
    together = union(one for each in targets if each.probe in SEND | RECEIVE for one in spans.get(each.name, ()))
    zones = zones_of((day, row.zone) for (_, day), row in before.items())
    rows: dict[tuple[date, str, Span], list[str]] = {}
    for (name, day), row in before.items():
        whole = Calendar(ZoneInfo(row.zone), {**zones, day: row.zone}).span(day)
        if any(one.overlaps(whole) for one in (together if name in PLATFORM_ROWS else spans.get(name, ()))):
            rows.setdefault((day, row.zone, whole), []).append(name)
    return [
        Touched(
            day,
            ZoneInfo(zone),
            span,
            tuple(names),
            tuple(one for one in targets if one.probe in EVIDENCE or (one.name, day) in before),
        )
        for (day, zone, span), names in sorted(rows.items())
    ]


class Said(NamedTuple):
    """What one day says now: publications with the timeline behind each, and the rows that stay."""

    rows: list[tuple[Publication, Timeline | None]]
    kept: list[Kept]


def said_anew(
    touched: Touched, marks: Mapping[str, Sequence[Mark]], pruned: Iterable[str], change: Change, ground: Ground
) -> Said:
    """Publish a day's rows again where their figures differ. ``ground`` has the day's zone and targets.

    Rows whose targets are in ``pruned`` cannot be computed; frozen ones change only when the day is reopened.
    """
    lost = frozenset(pruned)
    timelines = {
        one.name: day_timeline(one.probe, marks[one.name], touched.span, ground)
        for one in touched.needed
        if one.name not in lost
    }
    tallies = {name: day_tallies(marks[name], touched.span) for name in timelines}
    found = Said(
        [], [Kept(name, touched.day, Stays.PRUNED) for name in touched.rows if _lost(name, touched, lost)]
    )
    state = day_state(touched.day, touched.zone, ground.now_ms, ground.passes)
    for fresh in publications_of(timelines, tallies, touched.day, ground, change.reason):
        if fresh.target not in touched.rows:
            continue
        latest = ground.latest(fresh.target, touched.day)
        row = publish(msgspec.structs.replace(fresh, author=change.author), latest, state=state, reopen=True)
        if row is None:
            continue
        if state is DayState.FROZEN and not ground.reopen:
            found.kept.append(Kept(fresh.target, touched.day, Stays.FROZEN))
        else:
            found.rows.append((row, timelines.get(row.target)))
    return found


def _lost(row: str, touched: Touched, lost: frozenset[str]) -> bool:
    if row in PLATFORM_ROWS:
        return any(one.name in lost for one in touched.targets if one.probe in SEND | RECEIVE)
    return row in lost


def told_anew(
    change: Change, rows: Sequence[Publication], before: Mapping[tuple[str, date], Publication]
) -> Notice | None:
    """One notice for all days a person's word restated; None when there is none. Nobody is paged for the past."""
    if not rows:
        return None
    days = len({row.day for row in rows})
    changes = [
        f"{row.target} {row.day}: {revised_text(before[row.target, row.day], row)}"
        for row in rows
        if row.target not in PLATFORM_PARTS
    ]
    return Notice(
        key=f"restated@{iso(change.at_ms)}:{change.kind}",
        kind=Kind.RESTATED,
        phase=NoticePhase.NOTE,
        target=", ".join(sorted({row.target for row in rows})),
        severity=Severity.STANDARD,
        title=f"Restated · {counted_text(days, 'day')} · {change.reason}",
        facts=RestatedFacts(tuple(changes[:TOLD_DAYS]), max(0, len(changes) - TOLD_DAYS), by_person=True),
        created_at_ms=change.at_ms,
    )


def revised_text(before: Publication, after: Publication) -> str:
    """``97.22 % (0:40:00) -> 100 % (0:00:00), revision 2``."""
    return f"{change_text(before.figures, after.figures)}, revision {after.revision}"
