"""Incidents of days that are no longer in memory, read off what was published of them."""

from collections.abc import Mapping
from zoneinfo import ZoneInfo

import msgspec

from wamon.core.coded import MOST_CODES
from wamon.core.incident import Incident, Lasting, incidents
from wamon.core.timeline import Span, day_of
from wamon.core.watched import Watched
from wamon.ledger import Book
from wamon.work.bookkeeping import Bookkeeper


async def past_incidents(
    book: Bookkeeper, days: Span, zone: ZoneInfo, watched: Mapping[str, Watched], lasting: Lasting
) -> tuple[Incident, ...]:
    """Of whole days, by target and beginning, with the codes of the looks that were kept."""
    timelines = await book.published_timelines(day_of(days.start_ms, zone), day_of(days.end_ms - 1, zone))
    found = [
        incident
        for name, timeline in timelines.items()
        if (one := watched.get(name))
        for incident in incidents(name, timeline, days.end_ms, lasting=lasting, told=one.told)
    ]

    def codes(ledger: Book) -> list[tuple[int, ...]]:
        seen = (ledger.codes(one.target, one.span(days.end_ms)) for one in found)
        return [tuple(code for code, _ in one.most_common(MOST_CODES)) for one in seen]

    told = await book.read(codes)
    return tuple(msgspec.structs.replace(one, codes=own) for one, own in zip(found, told, strict=True))
