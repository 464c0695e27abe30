"""A person's word and what it does to closed days: computed first, then written in one transaction."""

import asyncio
from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import Executor
from datetime import date
from typing import Protocol, TypeVar
from zoneinfo import ZoneInfo

import msgspec

from wamon.core.calendar import zones_of
from wamon.core.days import Overlay
from wamon.core.finding import Mark
from wamon.core.knowledge import Knowledge
from wamon.core.maintenance import covers
from wamon.core.notice import Notice
from wamon.core.posted import Outage
from wamon.core.publication import Passed, Publication
from wamon.core.restatement import (
    Change,
    Kept,
    Said,
    Touched,
    revised_text,
    said_anew,
    told_anew,
    touched_days,
)
from wamon.core.review import MARGIN_MS, Ground, decided, standing
from wamon.core.segments import Segment
from wamon.core.timeline import DAY, Span
from wamon.core.watched import Watched
from wamon.work.close import segments_of
from wamon.work.reclassify import turn_document

T = TypeVar("T")


class Book(Protocol):
    """What a restatement reads, and the one transaction it writes."""

    async def marks(self, target: str, span: Span, *, without: int | None = None) -> Sequence[Mark]:
        """A target's looks as they stand, or as they would without one of the declarations."""
        ...

    async def published(self, span: Span, zone: ZoneInfo) -> Mapping[tuple[str, date], Publication]: ...

    async def passes(self) -> Sequence[Passed]: ...

    async def pruned(self) -> Mapping[str, int]:
        """Up to which instant each target's looks were dropped; only those of which some were."""
        ...

    async def declare(
        self,
        change: Change,
        publications: Sequence[tuple[Publication, Sequence[Segment]]],
        notices: Iterable[Notice],
    ) -> int: ...


class Plan(msgspec.Struct, frozen=True):
    """How it is to be done. ``targets`` are all that ever were, ``outages`` those that Meta posted.

    ``unobserved`` is time in which nothing ran.
    """

    targets: Sequence[Watched]
    first_ms: Mapping[str, int]
    known: Knowledge
    zone: ZoneInfo
    confirm: int
    now_ms: int
    unobserved: tuple[Span, ...] = ()
    reopen: bool = False
    outages: Sequence[Outage] = ()


class Restated(msgspec.Struct, frozen=True):
    """What became of it: the number of the declaration, the days that say something else, those that stay."""

    change: Change
    number: int
    publications: tuple[Publication, ...]
    before: Mapping[tuple[str, date], Publication]
    kept: tuple[Kept, ...]


def everyone(watched: Iterable[Watched], earlier: Iterable[Watched]) -> tuple[Watched, ...]:
    """All targets that ever were; those that are watched now as they are now."""
    return tuple(({one.name: one for one in earlier} | {one.name: one for one in watched}).values())


async def restate(book: Book, change: Change, plan: Plan, *, off_loop: Executor | None = None) -> Restated:
    """Write a change and publish every day anew that it makes say something else, all or nothing.

    Nothing else may publish meanwhile. Raises LedgerError where there is nothing to take back.
    """
    around = Span(change.span.start_ms - 3 * DAY, min(change.span.end_ms, plan.now_ms) + DAY)
    before = await book.published(around, plan.zone) if change.touched else {}
    accounts = {one.name: one.account for one in plan.targets}
    ground = Ground(
        targets=plan.targets,
        first_ms=plan.first_ms,
        known=plan.known,
        zone=plan.zone,
        confirm=plan.confirm,
        now_ms=plan.now_ms,
        latest=lambda target, day: before.get((target, day)),
        passes=await book.passes(),
        overlay=Overlay(covers(change.windows, accounts, around), plan.unobserved),
        reopen=plan.reopen,
        outages=plan.outages,
        zones=zones_of((day, row.zone) for (_, day), row in before.items()),
    )
    rows: list[tuple[Publication, Sequence[Segment]]] = []
    kept: list[Kept] = []
    looks = _Looks(book, change)
    for touched in touched_days(change, plan.targets, before):
        said = await _day(touched, looks, await book.pruned(), change, ground, off_loop)
        rows += [(row, segments_of(timeline, touched.span)) for row, timeline in said.rows]
        kept += said.kept
    notice = told_anew(change, [row for row, _ in rows], before)
    number = await book.declare(change, rows, [notice] if notice else [])
    return Restated(change, number, tuple(row for row, _ in rows), before, tuple(kept))


async def _day(
    touched: Touched,
    looks: "_Looks",
    pruned: Mapping[str, int],
    change: Change,
    ground: Ground,
    off_loop: Executor | None,
) -> Said:
    marks = {one.name: await looks.around(one.name, touched.span) for one in touched.needed}
    lost = [name for name, each in marks.items() if not decided(each, touched.span, pruned.get(name))]
    own = msgspec.structs.replace(ground, zone=touched.zone, targets=touched.targets)
    return await _off_loop(off_loop, lambda: said_anew(touched, marks, lost, change, own))


class _Looks:
    """A target's looks around one day after another, as they stand after the change; each is read once."""

    def __init__(self, book: Book, change: Change) -> None:
        self._book = book
        self._change = change
        self._held: dict[str, tuple[Span, list[Mark]]] = {}

    async def around(self, target: str, day: Span) -> Sequence[Mark]:
        wanted = Span(day.start_ms - MARGIN_MS, day.end_ms + MARGIN_MS)
        span, marks = self._held.get(target, (Span(0, 0), []))
        if not span.start_ms <= wanted.start_ms <= span.end_ms:
            span, marks = Span(wanted.start_ms, wanted.start_ms), []
        fresh = await self._book.marks(
            target, Span(span.end_ms, max(span.end_ms, wanted.end_ms)), without=self._change.withdraws
        )
        kept = [mark for mark in marks if mark.at_ms >= wanted.start_ms]
        held = [*kept, *standing(fresh, self._change.rulings, target)]
        self._held[target] = (Span(wanted.start_ms, max(span.end_ms, wanted.end_ms)), held)
        return held


async def _off_loop(executor: Executor | None, compute: Callable[[], T]) -> T:
    if executor is None:
        return compute()
    return await asyncio.get_running_loop().run_in_executor(executor, compute)


def restated_document(found: Restated) -> dict[str, object]:
    """What became of it, as JSON: every restated day before and after, and every day that stays, with why."""
    return {
        "number": found.number,
        "what": found.change.what,
        "turned": [turn_document(one) for one in found.change.turns],
        "days": [
            {
                "target": row.target,
                "date": row.day.isoformat(),
                "revision": row.revision,
                "before": found.before[row.target, row.day].figures.availability,
                "after": row.figures.availability,
                "said": revised_text(found.before[row.target, row.day], row),
                "reason": row.reason,
            }
            for row in found.publications
        ],
        "unchanged": [
            {"target": one.target, "date": one.day.isoformat(), "because": one.why.value} for one in found.kept
        ],
    }
