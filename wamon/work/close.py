"""Close a day: publish the figures of every row, from the book, once its last looks are beyond doubt."""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Executor
from datetime import date
from typing import Protocol, TypeVar

import msgspec

from wamon.core.days import counted
from wamon.core.finding import Mark
from wamon.core.publication import Publication, publish
from wamon.core.review import MARGIN_MS, Ground, day_tallies, day_timeline, publications_of
from wamon.core.segments import Segment, Timeline
from wamon.core.tallies import Tallies
from wamon.core.timeline import Span
from wamon.core.watched import Watched

T = TypeVar("T")

AHEAD = "closed; it was published before by a clock that was ahead"


class Book(Protocol):
    """Where looks are read, and publications kept with the segments behind them."""

    async def marks(self, target: str, span: Span) -> Sequence[Mark]: ...

    async def latest(self, day: date) -> Mapping[str, Publication]: ...

    async def publish(self, rows: Sequence[tuple[Publication, Sequence[Segment]]]) -> object: ...


async def close_day(
    day: date, watched: Sequence[Watched], book: Book, ground: Ground, *, off_loop: Executor | None = None
) -> list[Publication]:
    """Publish a day for the first time; what memory holds of it does not matter. The summing runs in ``off_loop``.

    ``watched`` are the targets of now, of which every one has a row; of ``ground``'s other targets those that
    were looked at on that day have. A row that was published before is left to the weekly pass, but for one that
    a clock which was ahead had published.
    """
    span, latest = ground.calendar.span(day), await book.latest(day)
    around = Span(span.start_ms - MARGIN_MS, span.end_ms + MARGIN_MS)
    timelines: dict[str, Timeline] = {}
    tallies: dict[str, Tallies] = {}
    present = {one.name for one in watched}
    for one in counted(ground.targets):
        marks = await book.marks(one.name, around)
        if one.name in present or any(span.holds(mark.at_ms) for mark in marks):
            timelines[one.name], tallies[one.name] = await _off_loop(off_loop, _summed(one, marks, span, ground))
    there = [one for one in ground.targets if one.name in timelines]
    own = msgspec.structs.replace(ground, targets=there)
    rows = [
        (row, segments_of(timelines.get(row.target), span))
        for fresh in publications_of(timelines, tallies, day, own, "closed")
        if (row := _first(fresh, latest.get(fresh.target))) is not None
    ]
    if rows:
        await book.publish(rows)
    return [row for row, _ in rows]


def _summed(
    one: Watched, marks: Sequence[Mark], span: Span, ground: Ground
) -> Callable[[], tuple[Timeline, Tallies]]:
    return lambda: (day_timeline(one.probe, marks, span, ground), day_tallies(marks, span))


def _first(fresh: Publication, before: Publication | None) -> Publication | None:
    if before is None or before.published_at_ms <= fresh.published_at_ms:
        return publish(fresh, None) if before is None else None
    return publish(msgspec.structs.replace(fresh, reason=AHEAD), before)


async def _off_loop(executor: Executor | None, compute: Callable[[], T]) -> T:
    if executor is None:
        return compute()
    return await asyncio.get_running_loop().run_in_executor(executor, compute)


def segments_of(timeline: Timeline | None, span: Span) -> list[Segment]:
    """The stretches of a timeline inside a day, cut at its ends; a row put together of others has none."""
    if timeline is None:
        return []
    return [
        one._replace(start_ms=inside.start_ms, end_ms=inside.end_ms)
        for one in timeline.segments
        if (inside := one.span.clip(span)).length_ms
    ]
