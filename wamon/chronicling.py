"""A day of one row told whole, from the book and from what the watch knows of today; for the pages."""

from datetime import date

from wamon.assembly import House
from wamon.core.chronicle import Chronicle, clipped
from wamon.core.days import PLATFORM
from wamon.core.report import Day, Report, published_day
from wamon.core.segments import Segment
from wamon.work.chronicle import Read, read_day


async def chronicle(house: House, target: str, day: date) -> Chronicle | None:
    """None for a day of which nothing is known: not watched, not published."""
    span, report = house.calendar.span(day), house.report()
    read = await house.book.read(lambda book: read_day(book, target, day, span))
    known = _day(report, target, day) or _published(read, house, day)
    if known is None:
        return None
    cover = house.vigil.maintenance(span).get(target)
    return Chronicle(
        target=target,
        span=span,
        zone=house.calendar.zone_of(day).key,
        day=known,
        segments=clipped(_segments(house, read, target), span),
        rulings=read.rulings,
        trail=read.trail,
        maintenance=tuple(one.clip(span) for one in cover.spans if one.overlaps(span)) if cover else (),
        incidents=tuple(
            one for one in report.incidents if one.target == target and one.span(report.at_ms).overlaps(span)
        ),
        looks=read.looks,
    )


def _segments(house: House, read: Read, target: str) -> tuple[Segment, ...]:
    """Those behind what was published; of a day that is open, those of now."""
    if read.trail or target not in house.vigil.rolls:
        return read.segments
    return house.vigil.timeline(target, house.clock()).segments


def _day(report: Report, target: str, day: date) -> Day | None:
    rows = {one.name: one.days for one in report.targets} | {PLATFORM: report.platform}
    return next((one for one in rows.get(target, ()) if one.date == day), None)


def _published(read: Read, house: House, day: date) -> Day | None:
    """A day from before those that the report shows."""
    if not read.trail:
        return None
    return published_day(read.trail[0], read.trail[-1], house.clock(), house.passes)
