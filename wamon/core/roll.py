"""One target's timeline while it is being written: what is settled, and the looks that may still change."""

from bisect import bisect_left
from collections.abc import Mapping, Sequence

from wamon.core.coded import between, coded, codes_of
from wamon.core.finding import Column, Finding, Mark
from wamon.core.segments import Segment, Timeline, account, judged_columns, settled_until
from wamon.core.tallies import Tallies
from wamon.core.timeline import MINUTE, Span

FOLLOW_UP_MS = 15 * MINUTE
"""New evidence re-judges this far back: younger looks are not settled."""

SETTLE_EVERY = 128
"""How many looks gather before a cut is tried: cutting costs, holding a few more does not."""


class Roll:
    """Grows by one mark at a time and costs the same on the thousandth day as on the first.

    ``marks`` are the looks since the last cut. What lies before it is kept as a finished timeline, and
    forgotten from ``forget_before`` on. ``hold_ms`` is how long looks may still change: an archive for the weekly
    pass holds them for weeks. ``posted`` is when Meta posted outages; what is settled does not hear of later ones.
    """

    def __init__(
        self,
        *,
        confirm: int = 2,
        hold_ms: int = FOLLOW_UP_MS,
        posted: Sequence[Span] = (),
        settle_every: int = SETTLE_EVERY,
    ) -> None:
        self.confirm = confirm
        self.posted = posted
        self.hold_ms = hold_ms
        self.settle_every = settle_every
        self.marks: list[Mark] = []
        self._cut = False
        self._segments: list[Segment] = []
        self._meta_down: list[Span] = []
        self._proven: list[Span] = []
        self._brackets: list[Span] = []
        self._blips: list[int] = []
        self._slow: list[Span] = []
        self._coded: list[tuple[int, int]] = []
        self._tallies = Tallies()
        self._settle_at = settle_every

    @property
    def last_at_ms(self) -> int | None:
        """The instant of the latest look; None before the first."""
        return self.marks[-1].at_ms if self.marks else None

    def add(self, mark: Mark) -> bool:
        """Take in a look. One of an instant already settled or already taken is refused: the first stands."""
        if self.marks and mark.at_ms <= self.marks[-1].at_ms:
            return self._insert(mark)
        self.marks.append(mark)
        if len(self.marks) >= self._settle_at:
            self._settle(mark.at_ms - self.hold_ms - 1)
        return True

    def _insert(self, mark: Mark) -> bool:
        """A late arrival finds its place among the looks that are not settled."""
        place = bisect_left(self.marks, mark.at_ms, key=_at)
        if self.marks[place].at_ms == mark.at_ms or (place == 0 and self._cut):
            return False
        self.marks.insert(place, mark)
        return True

    def judge_again(self, findings: Mapping[int, Finding]) -> None:
        """Put new findings (by instant) in the place of the standing ones."""
        for at_ms, finding in findings.items():
            place = bisect_left(self.marks, at_ms, key=_at)
            if place < len(self.marks) and self.marks[place].at_ms == at_ms:
                self.marks[place] = Mark(at_ms, self.marks[place].context, finding)

    def _settle(self, before_ms: int) -> None:
        cut = settled_until(self.marks, before_ms)
        if cut > 0:
            self._keep(self._account(self.marks[: cut + 1], self.marks[cut].at_ms))
            self._tallies.take(_looks(self.marks[: cut + 1])[:-1])
            self._coded.extend(coded(self.marks[:cut]))
            del self.marks[:cut]
            self._cut = True
        self._settle_at = len(self.marks) + self.settle_every

    def _keep(self, done: Timeline) -> None:
        self._segments = _joined(self._segments, done.segments, self._twice())
        self._meta_down.extend(done.meta_down)
        self._proven.extend(done.proven)
        self._brackets.extend(done.brackets)
        self._blips.extend(done.blips)
        self._slow = _touching(self._slow, done.slow)

    def _twice(self) -> int:
        """How often the look at the last cut is counted: behind it, it owns nothing of a lone millisecond."""
        lone = len(self.marks) > 1 and self.marks[1].at_ms - self.marks[0].at_ms == 1
        return 1 if lone else 2

    def _account(self, marks: Sequence[Mark], now_ms: int) -> Timeline:
        return account(marks, now_ms, confirm=self.confirm, posted=self.posted)

    def timeline(self, now_ms: int) -> Timeline:
        """All that is kept, up to now."""
        fresh = self._account(self.marks, now_ms)
        return Timeline(
            segments=tuple(_joined(self._segments, fresh.segments, self._twice())),
            meta_down=(*self._meta_down, *fresh.meta_down),
            proven=(*self._proven, *fresh.proven),
            brackets=(*self._brackets, *fresh.brackets),
            blips=(*self._blips, *fresh.blips),
            slow=tuple(_touching(self._slow, fresh.slow)),
        )

    def codes(self, span: Span) -> tuple[int, ...]:
        """Meta's codes of a span, the most frequent first."""
        first, last = (bisect_left(self.marks, at_ms, key=_at) for at_ms in span)
        return codes_of([*between(self._coded, span), *coded(self.marks[first:last])])(span)

    @property
    def untroubled(self) -> bool:
        """Whether nothing that is kept was down, or may become so: known without a timeline being made."""
        return all(one.column is not Column.DOWN for one in self._segments) and all(
            mark.finding.column is Column.UP for mark in self.marks
        )

    def tallies(self) -> Tallies:
        """All looks that are kept, counted by five minutes."""
        return self._tallies.with_looks(_looks(self.marks))

    def forget_before(self, at_ms: int) -> None:
        """Drop what ended before an instant: closed days live in the ledger."""
        self._segments = [one for one in self._segments if one.end_ms > at_ms]
        self._meta_down = [one for one in self._meta_down if one.end_ms > at_ms]
        self._proven = [one for one in self._proven if one.end_ms > at_ms]
        self._brackets = [one for one in self._brackets if one.end_ms > at_ms]
        self._blips = [one for one in self._blips if one >= at_ms]
        self._slow = [one for one in self._slow if one.end_ms > at_ms]
        self._coded = [one for one in self._coded if one[0] >= at_ms]
        self._tallies.forget_before(at_ms)


def _at(mark: Mark) -> int:
    return mark.at_ms


def _looks(marks: Sequence[Mark]) -> list[tuple[int, Column]]:
    return [(mark.at_ms, column) for mark, column in zip(marks, judged_columns(marks), strict=True)]


def _continues(one: Segment, following: Segment) -> bool:
    return one.end_ms == following.start_ms and one[2:-1] == following[2:-1]


def _joined(kept: Sequence[Segment], following: Sequence[Segment], twice: int) -> list[Segment]:
    """Both in a row. The look at which they were cut is counted once, not on either side."""
    if not kept or not following or not _continues(kept[-1], following[0]):
        return [*kept, *following]
    last, first = kept[-1], following[0]
    whole = last._replace(end_ms=first.end_ms, looks=last.looks + first.looks + 1 - twice)
    return [*kept[:-1], whole, *following[1:]]


def _touching(kept: Sequence[Span], following: Sequence[Span]) -> list[Span]:
    """Both in a row; the one in which they were cut is one."""
    if not kept or not following or kept[-1].end_ms != following[0].start_ms:
        return [*kept, *following]
    return [*kept[:-1], Span(kept[-1].start_ms, following[0].end_ms), *following[1:]]
