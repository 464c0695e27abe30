"""Which published days may say something else now, so that a pass computes these anew and reads no others."""

from bisect import bisect_left
from collections.abc import Mapping, Sequence
from datetime import date
from typing import NamedTuple

import msgspec

from wamon.core.days import PLATFORM
from wamon.core.finding import Mark
from wamon.core.observation import ProbeKind
from wamon.core.platform import RECEIVE, SEND
from wamon.core.posted import posted_spans
from wamon.core.publication import DayState, Publication, day_state, publish
from wamon.core.review import ONE_DAY, Ground, day_tallies, day_timeline, lost_rows, publications_of
from wamon.core.segments import NEAR_MS, Timeline, account, slice_around
from wamon.core.tallies import COUNTED
from wamon.core.timeline import DAY, MINUTE, Span, day_of, days_between
from wamon.core.watched import Watched

SLACK_MS = 4 * MINUTE
"""What is this much older than a publication was on record when that was computed."""

BAND_MS = 45 * MINUTE
"""So far around a midnight looks are read to see what reaches across it; three intervals where they are sparse."""


class News(NamedTuple):
    """That something was learned of a look: its own instant, and since when it is known."""

    at_ms: int
    known_ms: int


class Band(NamedTuple):
    """All looks of a target in a span."""

    span: Span
    marks: Sequence[Mark]


class OnRecord(msgspec.Struct, frozen=True):
    """What the book tells of a target without its days being read.

    ``news`` are by instant, ``counted`` the looks of a day that were answered or failed, ``around`` the looks
    around each day's end, as they stand now.
    """

    watched: Watched
    news: Sequence[News]
    counted: Mapping[date, int]
    around: Mapping[date, Band]


class Anew(NamedTuple):
    """One day of which some rows must be computed anew, and whose looks that takes.

    ``beside`` the window rows are published again, and none for the first time.
    """

    day: date
    span: Span
    names: tuple[str, ...]
    beside: bool = False


def band_around(at_ms: int, interval_ms: int, until_ms: int) -> Span:
    """The stretch around a midnight whose looks tell what reaches across it; not beyond ``until_ms``."""
    reach_ms = max(BAND_MS, 3 * interval_ms)
    return Span(at_ms - reach_ms, min(at_ms + reach_ms, until_ms))


def known_of(
    target: Watched, marks: Sequence[Mark], news: Sequence[News], days: Mapping[date, Span], span: Span
) -> OnRecord:
    """The same of a target whose looks in a span were read."""
    bands = {day: band_around(whole.end_ms, target.interval_ms, span.end_ms) for day, whole in days.items()}
    return OnRecord(
        target,
        sorted(news),
        {day: sum(one.finding.column in COUNTED for one in _within(marks, whole)) for day, whole in days.items()},
        {day: Band(band, _within(marks, band)) for day, band in bands.items()},
    )


def _within(marks: Sequence[Mark], span: Span) -> Sequence[Mark]:
    first = bisect_left(marks, span.start_ms, key=_at)
    return marks[first : bisect_left(marks, span.end_ms, lo=first, key=_at)]


def _at(one: Mark | News) -> int:
    return one.at_ms


def days_around(within: Span, ground: Ground) -> list[date]:
    """The days that a window touches, with the one before and the one after them."""
    first, last = (day_of(at_ms, ground.zone) for at_ms in (within.start_ms, within.end_ms - 1))
    return list(days_between(first - ONE_DAY, last + ONE_DAY))


def days_anew(records: Sequence[OnRecord], within: Span, ground: Ground) -> list[Anew]:
    """The days to compute anew: those of the window, and those beside it, into which its midnights reach."""
    days = days_around(within, ground)
    found: list[Anew] = []
    for day in days:
        beside = day in (days[0], days[-1])
        stale = {one.watched.name for one in records if _is_stale(one, day, ground, beside=beside)}
        unsaid = not beside and _platform_is_unsaid(day, ground)
        together = {one.watched.name for one in records if one.watched.probe in SEND | RECEIVE}
        if unsaid or stale & together:
            stale |= together
        if stale or unsaid:
            names = tuple(one.watched.name for one in records if one.watched.name in stale)
            found.append(Anew(day, ground.calendar.span(day), names, beside))
    return found


def _platform_is_unsaid(day: date, ground: Ground) -> bool:
    began_ms = min(ground.first_ms.values(), default=ground.now_ms)
    over = _state(day, ground) is not DayState.OPEN and began_ms < ground.calendar.span(day).end_ms
    return over and ground.latest(PLATFORM, day) is None


def _state(day: date, ground: Ground) -> DayState:
    return day_state(day, ground.calendar.zone_of(day), ground.now_ms, ground.passes)


def _is_stale(one: OnRecord, day: date, ground: Ground, *, beside: bool) -> bool:
    """Whether a target's figures of a day may differ from what was last said of it; when in doubt, they may."""
    name, state, span = one.watched.name, _state(day, ground), ground.calendar.span(day)
    latest = ground.latest(name, day)
    if state is DayState.OPEN:
        return False
    if latest is None:
        first_ms = ground.first_ms.get(name)
        return not beside and first_ms is not None and first_ms < span.end_ms
    if state is DayState.FROZEN and not ground.reopen:
        return False
    return (
        state is DayState.FROZEN
        or latest.secondary is None
        or latest.secondary.looks != one.counted.get(day)
        or _is_overlaid(one.watched, latest, span, ground)
        or _reached_by_news(one, day, span, _computed_ms(latest, span, ground) - SLACK_MS, ground)
        or _was_open_ended(one, day, span, _computed_ms(latest, span, ground) - SLACK_MS, ground)
    )


def _computed_ms(latest: Publication, span: Span, ground: Ground) -> int:
    """When a day was last computed: as it was published, or when a pass that saw all of it found nothing new."""
    seen = (
        one.at_ms
        for one in ground.passes
        if one.at_ms < ground.now_ms and one.within.start_ms <= span.start_ms and span.end_ms <= one.within.end_ms
    )
    return max((latest.published_at_ms, *seen))


def _is_overlaid(target: Watched, latest: Publication, span: Span, ground: Ground) -> bool:
    """Whether maintenance, time without an observer or an outage that Meta posted lies or lay over a day."""
    near = Span(span.start_ms - NEAR_MS, span.end_ms + NEAR_MS)
    over = (
        *ground.overlay.of(target.name).spans,
        *ground.overlay.unobserved,
        *posted_spans(ground.outages, target.probe, ground.now_ms),
    )
    return latest.figures.maintenance_ms > 0 or any(one.overlaps(near) for one in over)


def _reached_by_news(one: OnRecord, day: date, span: Span, since_ms: int, ground: Ground) -> bool:
    """Whether something was learned since of a look that decides the day."""
    first = bisect_left(one.news, span.start_ms - DAY, key=_at)
    last = bisect_left(one.news, span.end_ms + DAY, lo=first, key=_at)
    fresh = [each.at_ms for each in one.news[first:last] if each.known_ms > since_ms]
    if any(span.holds(at_ms) for at_ms in fresh):
        return True
    before = [at_ms for at_ms in fresh if at_ms < span.start_ms]
    after = [at_ms for at_ms in fresh if at_ms >= span.end_ms]
    return (bool(before) and max(before) >= _first_ms(one.around.get(day - ONE_DAY), span.start_ms)) or (
        bool(after) and min(after) <= _last_ms(one.around.get(day), span.end_ms)
    )


def _first_ms(band: Band | None, start_ms: int) -> int:
    """The first instant whose look can matter for what begins at a midnight."""
    edges = None if band is None else _enclosing(band, start_ms)
    return start_ms - DAY if band is None or edges is None else band.marks[edges[0]].at_ms - NEAR_MS


def _last_ms(band: Band | None, end_ms: int) -> int:
    """The last instant whose look can matter for what ends at a midnight."""
    edges = None if band is None else _enclosing(band, end_ms)
    return end_ms + DAY if band is None or edges is None else band.marks[edges[1] - 1].at_ms + NEAR_MS


def _enclosing(band: Band, at_ms: int) -> tuple[int, int] | None:
    """Half-open indices of the looks that decide an instant; None when the band may hold too few."""
    first, last = slice_around(band.marks, Span(at_ms - 1, at_ms))
    if not band.marks or band.marks[first].at_ms - NEAR_MS < band.span.start_ms:
        return None
    quiet = band.marks[last - 1].at_ms
    return None if quiet < at_ms or quiet + NEAR_MS >= band.span.end_ms else (first, last)


def _was_open_ended(one: OnRecord, day: date, span: Span, since_ms: int, ground: Ground) -> bool:
    """Whether what came after a day was computed says something else of its end: a hole filled, a row gone on."""
    band = one.around.get(day)
    edges = None if band is None else _enclosing(band, span.end_ms)
    if band is None or edges is None:
        return True
    if band.marks[edges[1] - 1].at_ms + NEAR_MS <= since_ms:
        return False
    marks = band.marks[edges[0] : edges[1]]
    known = [mark for mark in marks if mark.at_ms <= since_ms]
    then = account(known, since_ms, confirm=ground.confirm)
    now = account(marks, ground.now_ms, confirm=ground.confirm)
    return _before(then, span.end_ms) != _before(now, span.end_ms)


def _before(timeline: Timeline, end_ms: int) -> Timeline:
    """A timeline up to an instant."""

    def cut(spans: Sequence[Span]) -> tuple[Span, ...]:
        return tuple(one._replace(end_ms=min(one.end_ms, end_ms)) for one in spans if one.start_ms < end_ms)

    return Timeline(
        tuple(
            one._replace(end_ms=min(one.end_ms, end_ms), looks=0)
            for one in timeline.segments
            if one.start_ms < end_ms
        ),
        cut(timeline.meta_down),
        cut(timeline.proven),
        cut(timeline.brackets),
        tuple(at_ms for at_ms in timeline.blips if at_ms < end_ms),
    )


def said_anew(
    anew: Anew, marks: Mapping[str, Sequence[Mark]], ground: Ground, reason: str
) -> list[tuple[Publication, Timeline | None]]:
    """The rows of a day whose figures differ from what was last said, each with the timeline behind it.

    Rows that cannot be computed any more are left as they are; a row put together of others has no timeline.
    """
    day, state = anew.day, _state(anew.day, ground)
    lost = lost_rows(marks, day, ground)
    probes: Mapping[str, ProbeKind] = {one.name: one.probe for one in ground.targets}
    timelines = {name: day_timeline(probes[name], row, anew.span, ground) for name, row in marks.items()}
    tallies = {name: day_tallies(row, anew.span) for name, row in marks.items()}
    found: list[tuple[Publication, Timeline | None]] = []
    for fresh in publications_of(timelines, tallies, day, ground, reason):
        latest = ground.latest(fresh.target, day)
        if fresh.target in lost or (anew.beside and latest is None):
            continue
        row = publish(fresh, latest, state=state, reopen=ground.reopen)
        if row is not None:
            found.append((row, timelines.get(row.target)))
    return found
