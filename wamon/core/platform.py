"""The platform's own row: many accounts, send and receive, put together by quorum (the arithmetic's section 2)."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from itertools import pairwise

import msgspec

from wamon.core.finding import Cause, Column, Verdict
from wamon.core.observation import ProbeKind
from wamon.core.segments import META_MINIMUM_MS, Segment, Timeline
from wamon.core.timeline import Span, subtract, union

SEND = frozenset({ProbeKind.MESSAGE, ProbeKind.ROUNDTRIP, ProbeKind.TRAFFIC})
RECEIVE = frozenset({ProbeKind.ROUNDTRIP, ProbeKind.TRAFFIC})
"""Which probes speak for which direction: a canary that did not come back was not sent, or did not arrive.

Meta counts "send or receive"; both readings stay visible.
"""

_HALVES = {SEND: "send", RECEIVE: "receive"}

_REPORTING = frozenset({Column.UP, Column.DOWN, Column.USER})


def speaks(probe: ProbeKind, half: str, probes: frozenset[ProbeKind]) -> bool:
    """Whether a target speaks for ``SEND`` or ``RECEIVE``; ``half`` is the one that it names, empty for both."""
    return probe in probes and half in ("", _HALVES[probes])


class Combined(msgspec.Struct, frozen=True):
    """A timeline put together from several, and the time in which too few were down to call it so."""

    timeline: Timeline
    partial: tuple[Span, ...] = ()


def quorum(down: int, reporting: int) -> bool:
    """Down while at least half of the reporting are, and at least two of them; with one, that one."""
    return down > 0 and 2 * down >= reporting and down >= min(2, reporting)


def direction(accounts: Mapping[str, Sequence[Timeline]]) -> Combined:
    """One direction over all accounts; an account with several numbers is first put together the same way."""
    each = [_together(timelines) for timelines in accounts.values()]
    whole = _together([combined.timeline for combined in each])
    partial = [span for combined in (whole, *each) for span in combined.partial]
    return Combined(whole.timeline, _beside_downtime(partial, whole.timeline))


def silenced(timeline: Timeline, spans: Sequence[Span]) -> Timeline:
    """A timeline that says nothing during some spans: it does not report there. The same where there are none."""
    if not spans:
        return timeline
    return Timeline(
        tuple(
            one._replace(start_ms=start, end_ms=end)
            for one in timeline.segments
            for start, end in subtract([one.span], spans)
        ),
        meta_down=_ten_minutes(subtract(timeline.meta_down, spans)),
        proven=tuple(subtract(timeline.proven, spans)),
        brackets=tuple(subtract(timeline.brackets, spans)),
        blips=timeline.blips,
    )


def _ten_minutes(chains: Iterable[Span]) -> tuple[Span, ...]:
    """Ten consecutive minutes must be ten minutes of whoever speaks."""
    return tuple(one for one in chains if one.length_ms >= META_MINIMUM_MS)


def one_canary(timelines: Sequence[Timeline]) -> Timeline:
    """A canary's send and its way back: the worse of what was seen; where only one was seen, that one."""
    if len(timelines) == 1:
        return timelines[0]
    return _fold(timelines, _worse_of_seen, lambda flags, _: any(flags))


def either(one: Combined | None, other: Combined | None) -> Combined | None:
    """Send or receive: down when either is; observed only while both that exist are."""
    present = [combined for combined in (one, other) if combined is not None]
    if len(present) < 2:
        return present[0] if present else None
    timeline = _fold([combined.timeline for combined in present], _worse, lambda flags, _: any(flags))
    return Combined(
        timeline, _beside_downtime((span for combined in present for span in combined.partial), timeline)
    )


def _beside_downtime(partial: Iterable[Span], timeline: Timeline) -> tuple[Span, ...]:
    """Some disruption is what is not downtime of the whole."""
    return tuple(subtract(partial, (one.span for one in timeline.segments if one.column is Column.DOWN)))


def _together(timelines: Sequence[Timeline]) -> Combined:
    if len(timelines) == 1:
        return Combined(timelines[0])
    timeline = _fold(timelines, _majority, quorum_of_flags)
    partial = [
        Span(start, end)
        for start, end, found in _sweep([one.segments for one in timelines])
        if any(s is not None and s.column is Column.DOWN for s in found) and _majority(found)[0] is not Column.DOWN
    ]
    return Combined(timeline, tuple(union(partial)))


def quorum_of_flags(flags: Sequence[bool], reporting: int) -> bool:
    """The quorum over "is it so here" of every timeline."""
    return quorum(sum(flags), reporting)


_Choice = tuple[Column, Segment | None]


def _majority(found: Sequence[Segment | None]) -> _Choice:
    """The column of several accounts at one instant, and the segment that speaks for it."""
    reporting = [one for one in found if one is not None and one.column in _REPORTING]
    down = [one for one in reporting if one.column is Column.DOWN]
    if quorum(len(down), len(reporting)):
        return Column.DOWN, down[0]
    answering = [one for one in reporting if one.column is not Column.DOWN]
    if any(one.column is Column.UP for one in answering):
        return Column.UP, None
    if answering:
        return Column.USER, answering[0]
    lost = next((one for one in found if one is not None and one.column is Column.NETWORK), None)
    return (Column.NETWORK, lost) if lost else (Column.UNOBSERVED, None)


_WORST_FIRST = (Column.DOWN, Column.UNOBSERVED, Column.NETWORK, Column.USER, Column.UP)


def _worse(found: Sequence[Segment | None]) -> _Choice:
    """The worse of two directions; where one is not observed, nothing better than that can be said."""
    columns = [Column.UNOBSERVED if one is None else one.column for one in found]
    worst = min(columns, key=_WORST_FIRST.index)
    return worst, next((one for one in found if one is not None and one.column is worst), None)


def _worse_of_seen(found: Sequence[Segment | None]) -> _Choice:
    seen = [one for one in found if one is not None and one.column is not Column.UNOBSERVED]
    return _worse(seen or found)


def _fold(
    timelines: Sequence[Timeline],
    choose: Callable[[Sequence[Segment | None]], _Choice],
    flagged: Callable[[Sequence[bool], int], bool],
) -> Timeline:
    def spans(pick: Callable[[Timeline], Iterable[Span]]) -> list[Span]:
        return _flagged([list(pick(one)) for one in timelines], [one.segments for one in timelines], flagged)

    segments: list[Segment] = []
    for start, end, found in _sweep([one.segments for one in timelines]):
        column, speaker = choose(found)
        if column is Column.UNOBSERVED and speaker is None:
            continue
        fresh = (speaker or _up(start, end))._replace(start_ms=start, end_ms=end, column=column)
        if segments and segments[-1].end_ms == start and segments[-1][2:-1] == fresh[2:-1]:
            segments[-1] = segments[-1]._replace(end_ms=end)
        else:
            segments.append(fresh)
    return Timeline(
        segments=tuple(segments),
        meta_down=_ten_minutes(spans(lambda one: one.meta_down)),
        proven=tuple(spans(lambda one: one.proven)),
        brackets=tuple(spans(lambda one: one.brackets)),
    )


def _up(start: int, end: int) -> Segment:
    return Segment(start, end, Column.UP, Verdict.OK, Cause.NONE, False, "", -1)


def _sweep(rows: Sequence[Sequence[Segment]]) -> Iterable[tuple[int, int, list[Segment | None]]]:
    """Elementary stretches over several timelines, each with what every timeline says of it."""
    edges = sorted({edge for row in rows for one in row for edge in (one.start_ms, one.end_ms)})
    places = [0] * len(rows)
    for start, end in pairwise(edges):
        found: list[Segment | None] = []
        for number, row in enumerate(rows):
            while places[number] < len(row) and row[places[number]].end_ms <= start:
                places[number] += 1
            one = row[places[number]] if places[number] < len(row) else None
            found.append(one if one is not None and one.start_ms <= start else None)
        yield start, end, found


def _flagged(
    sets: Sequence[Sequence[Span]],
    rows: Sequence[Sequence[Segment]],
    flagged: Callable[[Sequence[bool], int], bool],
) -> list[Span]:
    """The time in which enough of the span sets hold, among the timelines that report then."""
    if not any(sets):
        return []
    edges = sorted(
        {edge for spans in sets for one in spans for edge in one}
        | {edge for row in rows for one in row for edge in (one.start_ms, one.end_ms)}
    )
    held: list[Span] = []
    for start, end in pairwise(edges):
        flags = [any(one.holds(start) for one in spans) for spans in sets]
        if any(flags) and flagged(flags, max(sum(flags), _reporting(rows, start))):
            held.append(Span(start, end))
    return union(held)


def _reporting(rows: Sequence[Sequence[Segment]], at_ms: int) -> int:
    return sum(any(one.span.holds(at_ms) and one.column in _REPORTING for one in row) for row in rows)
