"""Close a day: publish the figures of every row once its last looks are beyond doubt."""

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Protocol
from zoneinfo import ZoneInfo

from wamon.core.days import Overlay, counted, day_rows
from wamon.core.publication import Publication
from wamon.core.segments import Segment, Timeline
from wamon.core.timeline import Span, day_span
from wamon.core.vigil import Vigil


class Book(Protocol):
    """Where publications are kept, with the segments behind them."""

    async def latest(self, day: date) -> Mapping[str, Publication]: ...

    async def publish(self, rows: Sequence[tuple[Publication, Sequence[Segment]]]) -> object: ...


async def close_day(
    day: date,
    vigil: Vigil,
    book: Book,
    *,
    first_ms: Mapping[str, int],
    zone: ZoneInfo,
    now_ms: int,
    overlay: Overlay,
) -> list[Publication]:
    """Publish a day for the first time. A row that was published before is left to the weekly pass."""
    span = day_span(day, zone)
    targets = list(vigil.watched.values())
    timelines = {one.name: vigil.timeline(one.name, now_ms) for one in counted(targets)}
    latest = await book.latest(day)
    rows = []
    for name, found in day_rows(targets, timelines, first_ms, span, now_ms, overlay).items():
        if name in latest:
            continue
        secondary = found.secondary(overlay, span, vigil.rolls[name].tallies() if name in timelines else None)
        fresh = Publication(name, day, zone.key, 1, now_ms, found.figures(overlay), "closed", secondary=secondary)
        rows.append((fresh, segments_of(timelines.get(name), span)))
    if rows:
        await book.publish(rows)
    return [row for row, _ in rows]


def segments_of(timeline: Timeline | None, span: Span) -> list[Segment]:
    """The stretches of a timeline inside a day, cut at its ends; a row put together of others has none."""
    if timeline is None:
        return []
    return [
        one._replace(start_ms=inside.start_ms, end_ms=inside.end_ms)
        for one in timeline.segments
        if (inside := one.span.clip(span)).length_ms
    ]
