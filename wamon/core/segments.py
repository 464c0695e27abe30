"""From observations to stretches of time: ownership, runs, blips, bridges, chains (the arithmetic's section 1)."""

from bisect import bisect_left, bisect_right
from collections.abc import Iterator, Sequence
from functools import lru_cache
from itertools import compress, count, repeat
from operator import add, attrgetter, is_not, le, lt, ne, sub
from typing import NamedTuple

import msgspec

from wamon.core.finding import Cause, Column, Finding, Mark, Verdict
from wamon.core.timeline import MINUTE, SECOND, Span, union

SHORTEST_CADENCE_MS = MINUTE
"""Faster looks own no less time per side than looks once a minute do."""

NEAR_MS = 10 * MINUTE
"""A lone failure with another one this near is no blip: a fault that comes and goes must not be forgiven."""

BRIDGED_INTERVALS = 3
"""A hole of at most this many intervals inside an outage belongs to the outage; a longer one ends the run."""

META_MINIMUM_MS = 10 * MINUTE
"""Meta counts Cloud API as unavailable only after at least 10 consecutive minutes.

Source: "WhatsApp for Business Platform Status", section Availability, read 2026-06-17.
"""

CHAIN_GAP_MS = 150 * SECOND
"""Looks further apart than this cannot prove ten consecutive minutes."""

MAINTENANCE_ALLOWANCE_MS = 10 * MINUTE
"""Meta's maintenance of a number is unobserved for this long in a row; beyond it the number is down."""

BEYOND_GRAPH_RULE = "everywhere_but_there"
"""Downtime by this rule stays blind-spot time: the request never reached Graph."""

FAILING = frozenset({Column.DOWN, Column.NETWORK})
ANSWERING = frozenset({Column.UP, Column.USER})


class Segment(NamedTuple):
    """A stretch of one column. ``outage`` is the instant of the first member of its outage, -1 when none.

    ``rule`` is named only where the arithmetic reads it (`BEYOND_GRAPH_RULE`). ``looks`` counts the
    observations that own it.
    """

    start_ms: int
    end_ms: int
    column: Column
    verdict: Verdict
    cause: Cause
    provisional: bool
    rule: str
    outage: int
    looks: int = 1

    @property
    def span(self) -> Span:
        """When."""
        return Span(self.start_ms, self.end_ms)


class Timeline(msgspec.Struct, frozen=True):
    """All that time reads off one target's observations. Time in no segment is unobserved.

    ``meta_down`` are chains of at least ten minutes; ``proven`` and ``brackets`` bound the downtime from below
    and above; ``blips`` are the instants of forgiven failures; ``slow`` is what good, but slow looks own.
    """

    segments: tuple[Segment, ...] = ()
    meta_down: tuple[Span, ...] = ()
    proven: tuple[Span, ...] = ()
    brackets: tuple[Span, ...] = ()
    blips: tuple[int, ...] = ()
    slow: tuple[Span, ...] = ()


class _Owned(NamedTuple):
    """What each observation owns, as two columns: a pair apiece would cost more than all the arithmetic."""

    left_ms: list[int]
    right_ms: list[int]


def account(marks: Sequence[Mark], now_ms: int, *, confirm: int = 2, posted: Sequence[Span] = ()) -> Timeline:
    """Turn one target's observations, in any order, into its timeline up to ``now_ms``.

    ``confirm`` failing observations in a row are an outage; ``posted`` are outages that Meta posted. Of several
    observations of one instant the first given stands.
    """
    ordered = _ordered(marks)
    owned = _owned(ordered, now_ms)
    columns = _columns(ordered, owned)
    slow = tuple(_slow(ordered, owned))
    if not FAILING.intersection(columns):
        return Timeline(tuple(_segments(ordered, columns, owned, {}, set())), slow=slow)
    outages, blips = _outages(ordered, _runs(ordered, columns, owned), confirm, posted)
    return Timeline(
        segments=tuple(_segments(ordered, columns, owned, outages, blips)),
        meta_down=tuple(_meta_down(ordered, columns, owned, outages)),
        proven=tuple(_proven(ordered, columns, owned, outages)),
        brackets=tuple(_brackets(ordered, columns, now_ms)),
        blips=tuple(ordered[i].at_ms for i in sorted(blips)),
        slow=slow,
    )


def owned_ms(marks: Sequence[Mark], now_ms: int) -> list[int]:
    """How long each of ordered observations owns, in milliseconds."""
    owned = _owned(marks, now_ms)
    return [right - left for left, right in zip(owned.left_ms, owned.right_ms, strict=True)]


def _ordered(marks: Sequence[Mark]) -> list[Mark]:
    """By instant; sorting is stable, so the first of equals comes first and stands."""
    instants = [mark.at_ms for mark in marks]
    if all(map(lt, instants, instants[1:])):
        return list(marks)
    kept: dict[int, Mark] = {}
    for mark in marks:
        kept.setdefault(mark.at_ms, mark)
    return [kept[at_ms] for at_ms in sorted(kept)]


def _columns(marks: Sequence[Mark], owned: _Owned) -> list[Column]:
    """Each observation's column; Meta's maintenance of a number turns down once it has lasted too long.

    Another look ends the row, and so does a hole that would tear a run: nobody knows what was there.
    """
    columns = [mark.finding.column for mark in marks]
    different = {id(mark.finding): mark for mark in marks}  # looks share a handful of findings
    if not any(map(_maintained, different.values())):
        return columns
    since: int | None = None
    for i, mark in enumerate(marks):
        if not _maintained(mark):
            since = None
        elif since is None or _torn(marks, owned, i):
            since = mark.at_ms
        elif mark.at_ms - since > MAINTENANCE_ALLOWANCE_MS:
            columns[i] = Column.DOWN
    return columns


def judged_columns(marks: Sequence[Mark]) -> list[Column]:
    """The columns of ordered observations as the arithmetic reads them, before blips are forgiven."""
    if any(map(_maintained, marks)):
        return _columns(marks, _owned(marks, marks[-1].at_ms))
    return [mark.finding.column for mark in marks]


def _maintained(mark: Mark) -> bool:
    """Meta's maintenance as a rule found it; where a person ruled otherwise, the ruling stands."""
    return mark.finding.cause is Cause.MAINTENANCE and mark.finding.column is Column.UNOBSERVED


@lru_cache(maxsize=1024)
def reach_ms(interval_ms: int) -> int:
    """How far to either side one observation can own time: H of the arithmetic."""
    return max(interval_ms, SHORTEST_CADENCE_MS) * 3 // 4


def _owned(marks: Sequence[Mark], now_ms: int) -> _Owned:
    """What each observation owns: to the midpoint on either side, at most its reach."""
    if not marks:
        return _Owned([], [])
    instants = [mark.at_ms for mark in marks]
    reaches = [reach_ms(mark.context.interval_ms) for mark in marks]
    gaps = list(map(sub, instants[1:], instants))
    middles = [before + gap // 2 for before, gap in zip(instants, gaps, strict=False)]
    end = min(max(instants[-1], now_ms), instants[-1] + reaches[-1])
    if max(gaps, default=0) < 2 * min(reaches):  # nobody's reach is short of a midpoint
        return _Owned([instants[0], *middles], [*middles, end])
    left = map(max, middles, map(sub, instants[1:], reaches[1:]))
    right = map(min, middles, map(add, instants, reaches))
    return _Owned([instants[0], *left], [*right, end])


def _runs(marks: Sequence[Mark], columns: Sequence[Column], owned: _Owned) -> Iterator[list[int]]:
    """Maximal sequences of failing observations, as indices."""
    run: list[int] = []
    for i, column in enumerate(columns):
        ended = column in ANSWERING or (run and _torn(marks, owned, i))
        if ended and run:
            yield run
            run = []
        if column in FAILING:
            run.append(i)
    if run:
        yield run


def _torn(marks: Sequence[Mark], owned: _Owned, i: int) -> bool:
    hole_ms = owned.left_ms[i] - owned.right_ms[i - 1]
    return hole_ms > BRIDGED_INTERVALS * marks[i - 1].context.interval_ms


def _outages(
    marks: Sequence[Mark], runs: Iterator[list[int]], confirm: int, posted: Sequence[Span]
) -> tuple[dict[int, int], set[int]]:
    """Members of outages (index -> instant of the outage's first member) and of blips."""
    every = list(runs)
    members: dict[int, int] = {}
    blips: set[int] = set()
    for number, run in enumerate(every):
        first, last = marks[run[0]].at_ms, marks[run[-1]].at_ms
        near = (number > 0 and first - marks[every[number - 1][-1]].at_ms <= NEAR_MS) or (
            number + 1 < len(every) and marks[every[number + 1][0]].at_ms - last <= NEAR_MS
        )
        if len(run) >= confirm or near or any(s.start_ms <= last and first < s.end_ms for s in posted):
            members.update(dict.fromkeys(run, first))
        else:
            blips.update(run)
    return members, blips


def _segments(
    marks: Sequence[Mark],
    columns: Sequence[Column],
    owned: _Owned,
    outages: dict[int, int],
    blips: set[int],
) -> Iterator[Segment]:
    """Owned and bridged time, joined where neighbours touch and say the same."""
    start = end = looks = 0
    said: _Said | None = None
    for left, right, says, number in _pieces(marks, columns, owned, outages, blips):
        if end == left and said is not None and (says is said or says == said):
            end = right
            looks += number
            continue
        if said is not None:
            yield Segment(start, end, *said, looks)
        start, end, looks, said = left, right, number, says
    if said is not None:
        yield Segment(start, end, *said, looks)


def _pieces(
    marks: Sequence[Mark],
    columns: Sequence[Column],
    owned: _Owned,
    outages: dict[int, int],
    blips: set[int],
) -> Iterator[tuple[int, int, "_Said", int]]:
    """Stretches that are owned, what each says, and how many looks own it: a row of good looks is one."""
    calm = 0
    for i in (*_eventful(columns, owned), len(columns)):
        if calm < i:
            yield owned.left_ms[calm], owned.right_ms[i - 1], _UP, i - calm
        calm = i + 1
        if i == len(columns):
            return
        left, right, outage = owned.left_ms[i], owned.right_ms[i], outages.get(i, -1)
        if outage >= 0 and outages.get(i + 1) == outage:
            right = owned.left_ms[i + 1]  # the bridge: a hole inside an outage goes to the earlier one
        if right > left:
            up = columns[i] is Column.UP or i in blips
            yield left, right, _UP if up else _said(columns[i], marks[i].finding, outage), 1


def _eventful(columns: Sequence[Column], owned: _Owned) -> list[int]:
    """The places of looks that are not up, own nothing, or do not touch the one before them."""
    found = set(compress(count(), map(is_not, columns, repeat(Column.UP))))
    found.update(compress(count(), map(le, owned.right_ms, owned.left_ms)))
    found.update(compress(count(1), map(ne, owned.left_ms[1:], owned.right_ms)))
    return sorted(found)


_Said = tuple[Column, Verdict, Cause, bool, str, int]
"""What a segment says of its time: all its fields between its end and its looks."""

_UP: _Said = (Column.UP, Verdict.OK, Cause.NONE, False, "", -1)


def _said(column: Column, finding: Finding, outage: int) -> _Said:
    rule = finding.rule if finding.rule == BEYOND_GRAPH_RULE else ""
    return (column, finding.verdict, finding.cause, finding.provisional, rule, outage)


_IS_SLOW = attrgetter("context.slow")


def _slow(marks: Sequence[Mark], owned: _Owned) -> list[Span]:
    """What good looks own whose answer took longer than the objective. A forgiven failure is no slow success."""
    if not any(map(_IS_SLOW, marks)):
        return []
    return union(
        Span(owned.left_ms[i], owned.right_ms[i])
        for i, mark in enumerate(marks)
        if mark.context.slow and mark.finding.column is Column.UP
    )


def _linked(
    marks: Sequence[Mark], columns: Sequence[Column], outages: dict[int, int]
) -> Iterator[tuple[int, int]]:
    """Neighbouring observations that are both down in one outage, as index pairs."""
    for i in outages:
        if columns[i] is Column.DOWN and outages.get(i + 1) == outages[i] and columns[i + 1] is Column.DOWN:
            yield i, i + 1


def _proven(
    marks: Sequence[Mark], columns: Sequence[Column], owned: _Owned, outages: dict[int, int]
) -> list[Span]:
    linked = _linked(marks, columns, outages)
    return union(Span(marks[i].at_ms, marks[j].at_ms) for i, j in linked if owned.right_ms[i] == owned.left_ms[j])


def _meta_down(
    marks: Sequence[Mark], columns: Sequence[Column], owned: _Owned, outages: dict[int, int]
) -> Iterator[Span]:
    """Chains long enough for Meta's rule, from what the first owns to what the last owns."""
    close = {i for i, j in _linked(marks, columns, outages) if marks[j].at_ms - marks[i].at_ms <= CHAIN_GAP_MS}
    for first in sorted(close):
        if first - 1 in close:
            continue
        last = first
        while last in close:
            last += 1
        chain = Span(
            max(owned.left_ms[first], marks[first].at_ms - CHAIN_GAP_MS // 2),
            min(owned.right_ms[last], marks[last].at_ms + CHAIN_GAP_MS // 2),
        )
        if chain.length_ms >= META_MINIMUM_MS:
            yield chain


def _brackets(marks: Sequence[Mark], columns: Sequence[Column], now_ms: int) -> Iterator[Span]:
    """From the answer before to the answer after every look at a platform that was down."""
    previous = marks[0].at_ms if marks else 0
    pending = False
    for mark, column in zip(marks, columns, strict=True):
        if column in ANSWERING:
            if pending:
                yield Span(previous, mark.at_ms)
            previous, pending = mark.at_ms, False
        elif column is Column.DOWN:
            pending = True
    if pending:
        yield Span(previous, max(previous, now_ms))


def slice_around(marks: Sequence[Mark], span: Span) -> tuple[int, int]:
    """Which of many ordered observations decide a span: half-open indices, out to a quiet place on either side.

    Quiet is an answer with no failure within ten minutes: no run, chain or bracket reaches across it.
    """
    first = max(0, bisect_right(marks, span.start_ms, key=_at) - 1)
    last = bisect_left(marks, span.end_ms, key=_at)
    while first > 0 and not _quiet(marks, first, -1):
        first -= 1
    while last < len(marks) and not _quiet(marks, last, 1):
        last += 1
    return first, min(len(marks), last + 1)


def _at(mark: Mark) -> int:
    return mark.at_ms


def _quiet(marks: Sequence[Mark], i: int, step: int) -> bool:
    """An answer, and no failure within ten minutes beyond it in the given direction."""
    if i >= len(marks) or marks[i].finding.column not in ANSWERING:
        return False
    near = i
    while 0 <= near < len(marks) and abs(marks[near].at_ms - marks[i].at_ms) <= NEAR_MS:
        if marks[near].finding.column in FAILING or _maintained(marks[near]):
            return False
        near += step
    return True


def settled_until(marks: Sequence[Mark], before_ms: int) -> int:
    """The last place at or before an instant where a timeline can be cut for good; 0 when there is none.

    Before it nothing changes any more by what comes later: ten quiet minutes lie behind it.
    """
    i = bisect_right(marks, before_ms, key=_at) - 1
    while i > 0 and not _quiet(marks, i, -1):
        i -= 1
    return max(0, i)
