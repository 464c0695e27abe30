"""Incidents, read off a timeline: a reclassification may shorten, split or undo one with no state to repair."""

from collections.abc import Iterator, Sequence
from enum import StrEnum
from itertools import takewhile
from typing import NamedTuple

import msgspec

from wamon.core.coded import Codes
from wamon.core.finding import Cause, Column, Mark, Verdict
from wamon.core.segments import Segment, Timeline
from wamon.core.timeline import MINUTE, Span, iso

REOPENED_WITHIN_MS = 10 * MINUTE
"""Trouble that comes back this soon is the same incident."""

THROTTLED_FOR_MS = 10 * MINUTE
"""Being throttled for less than this is no incident: the cadence backs off by itself."""


class Kind(StrEnum):
    """Kinds of notice (CONTRACT section 7); the first six are kinds of incident too."""

    OUTAGE = "outage"
    DISRUPTION = "disruption"
    DEGRADED = "degraded"
    USER_ERROR = "user_error"
    ENDPOINT = "endpoint"
    UNOBSERVED = "unobserved"
    EXPIRY = "expiry"
    RESTATED = "restated"
    DIGEST = "digest"


class Severity(StrEnum):
    """Business impact, whoever's fault (CONTRACT section 8)."""

    CRITICAL = "critical"
    URGENT = "urgent"
    STANDARD = "standard"


class Incident(msgspec.Struct, frozen=True):
    """A stretch of trouble on one target, from owned edge to owned edge; ``closed_ms`` is None while it lasts.

    Verdict and cause are those with most seconds. ``codes`` are Meta's, most frequent first. ``wide`` says of how
    many it is told, where it is told of several at once.
    """

    target: str
    kind: Kind
    opened_ms: int
    closed_ms: int | None
    verdict: Verdict
    cause: Cause
    provisional: bool = False
    codes: tuple[int, ...] = ()
    wide: str = ""

    @property
    def name(self) -> str:
        """How it is called once it has been told."""
        return f"{self.target}@{iso(self.opened_ms)}"

    @property
    def doubtful(self) -> bool:
        """Path trouble of which no control has spoken: it may be our own line, and is never paged."""
        return self.provisional and self.cause is Cause.PATH

    def span(self, now_ms: int) -> Span:
        """From its beginning to its end, or to now."""
        return Span(self.opened_ms, now_ms if self.closed_ms is None else self.closed_ms)


class Lasting(msgspec.Struct, frozen=True):
    """How long trouble must last to be an incident; whole milliseconds."""

    confirm: int = 2
    open_after_ms: int = 2 * MINUTE
    resolve_after_ms: int = 2 * MINUTE


def due_after(last: Mark, lasting: Lasting) -> int:
    """When the look after this one is overdue, and a target that nobody knows anything of is blind.

    A quarter of the interval is grace: an hourly message may take so long to come back.
    """
    interval_ms = last.context.interval_ms
    return last.at_ms + interval_ms + max(lasting.open_after_ms, interval_ms // 4)


def incidents(
    target: str,
    timeline: Timeline,
    now_ms: int,
    *,
    lasting: Lasting,
    codes: Codes = lambda _: (),
    since_ms: int | None = None,
    due_ms: int = 0,
    told: bool = False,
) -> list[Incident]:
    """Every incident of one target, ordered by its beginning.

    ``codes`` gives Meta's codes in a span. ``since_ms`` is when observing began, for time that no segment covers
    before the first. Until ``due_ms`` time after the last look is no blank: the next look is not overdue. Of a
    target that is ``told`` time without a look is quiet.
    """
    segments = timeline.segments
    every = [
        *(_incident(target, group, segments, codes) for group in _failing(segments)),
        *(_incident(target, group, segments, codes) for group in _refused(segments, lasting)),
        *_unobserved(target, segments, _Until(now_ms, due_ms, told), lasting, since_ms),
    ]
    return sorted(every, key=lambda one: one.opened_ms)


def _failing(segments: Sequence[Segment]) -> Iterator[list[Segment]]:
    """Outages, merged where one follows another within ten minutes."""
    group: list[Segment] = []
    for one in segments:
        if one.outage < 0:
            continue
        if group and one.outage != group[-1].outage and one.start_ms - group[-1].end_ms > REOPENED_WITHIN_MS:
            yield group
            group = []
        group.append(one)
    if group:
        yield group


def _refused(segments: Sequence[Segment], lasting: Lasting) -> Iterator[list[Segment]]:
    """User errors of one cause, confirmed; throttling only once it has lasted."""
    by_cause: dict[Cause, list[list[Segment]]] = {}
    for one in segments:
        if one.column is not Column.USER:
            continue
        groups = by_cause.setdefault(one.cause, [])
        if groups and one.start_ms - groups[-1][-1].end_ms <= REOPENED_WITHIN_MS:
            groups[-1].append(one)
        else:
            groups.append([one])
    for cause, groups in by_cause.items():
        for group in groups:
            length_ms = sum(one.span.length_ms for one in group)
            if cause is Cause.THROTTLING and length_ms < THROTTLED_FOR_MS:
                continue
            if _in_a_row(group) >= lasting.confirm:
                yield group


def _in_a_row(group: Sequence[Segment]) -> int:
    """The most looks in a row; segments that touch and differ in firmness only are one row."""
    most = row = 0
    end_ms = -1
    for one in group:
        row = row + one.looks if one.start_ms == end_ms else one.looks
        most, end_ms = max(most, row), one.end_ms
    return most


def _incident(target: str, group: list[Segment], segments: Sequence[Segment], codes: Codes) -> Incident:
    weight: dict[tuple[Verdict, Cause], int] = {}
    columns: dict[Column, int] = {}
    for one in group:
        length_ms = one.end_ms - one.start_ms
        weight[one.verdict, one.cause] = weight.get((one.verdict, one.cause), 0) + length_ms
        columns[one.column] = columns.get(one.column, 0) + length_ms
    verdict, cause = max(weight, key=weight.__getitem__)
    span = Span(group[0].start_ms, group[-1].end_ms)
    later = takewhile(lambda one: one.start_ms >= span.end_ms, reversed(segments))
    over = any(one.column is not Column.UNOBSERVED for one in later)
    return Incident(
        target=target,
        kind=_kind(max(columns, key=columns.__getitem__), cause),
        opened_ms=span.start_ms,
        closed_ms=span.end_ms if over else None,
        verdict=verdict,
        cause=cause,
        provisional=all(one.provisional for one in group),
        codes=codes(span),
    )


def _kind(column: Column, cause: Cause) -> Kind:
    if cause is Cause.ENDPOINT:
        return Kind.ENDPOINT
    return {Column.DOWN: Kind.OUTAGE, Column.NETWORK: Kind.DISRUPTION, Column.USER: Kind.USER_ERROR}[column]


class _Until(NamedTuple):
    """Which time without a look is no trouble."""

    now_ms: int
    due_ms: int
    told: bool

    def quiet(self, blank: Span) -> bool:
        return self.told or blank.end_ms == self.now_ms < self.due_ms


def _unobserved(
    target: str, segments: Sequence[Segment], until: _Until, lasting: Lasting, since_ms: int | None
) -> Iterator[Incident]:
    """Holes and looks without an opinion that together last as long as an incident must."""
    for span, inside in _blanks(segments, until.now_ms, since_ms):
        if span.length_ms < lasting.open_after_ms or (not inside and until.quiet(span)):
            continue
        longest = max(inside, key=lambda one: one.span.length_ms, default=None)
        closed = span.end_ms if segments and segments[-1].end_ms > span.end_ms else None
        yield Incident(
            target,
            Kind.UNOBSERVED,
            span.start_ms,
            closed,
            longest.verdict if longest else Verdict.INCONCLUSIVE,
            longest.cause if longest else Cause.NONE,
        )


def _blanks(
    segments: Sequence[Segment], now_ms: int, since_ms: int | None
) -> Iterator[tuple[Span, list[Segment]]]:
    """Maximal stretches without an observation that has an opinion, and the segments inside."""
    start = since_ms if since_ms is not None else segments[0].start_ms if segments else now_ms
    inside: list[Segment] = []
    for one in segments:
        if one.column is Column.UNOBSERVED:
            inside.append(one)
            continue
        if one.start_ms > start:
            yield Span(start, one.start_ms), inside
        start, inside = one.end_ms, []
    if now_ms > start:
        yield Span(start, now_ms), inside
