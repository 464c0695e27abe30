"""The arithmetic read aloud: every instant is asked who owns it, by scanning all observations. Slow on purpose.

It shares with wamon only the words `Mark`, `Span` and the columns, and is written from the published arithmetic,
not from the product's code. Section numbers are those of its text. Where the text leaves a choice, the comment
that begins with *Read:* says which one was taken.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from typing import Any

from wamon.core.finding import Cause, Column, Mark
from wamon.core.timeline import Span

FAILING = (Column.DOWN, Column.NETWORK)
ANSWERS = (Column.UP, Column.USER)
UNPROVED = (Cause.AUTHENTICATION, Cause.PERMISSION, Cause.THROTTLING, Cause.REGISTRATION, Cause.INTEGRITY)
TEN_MINUTES = 600_000


@dataclass
class Told:
    """One observation and all that the text says about it."""

    at: int
    interval: int
    column: Column
    mark: Mark
    left: int = 0
    right: int = 0
    run: int | None = None
    outage: int | None = None
    blip: bool = False

    @property
    def failing(self) -> bool:
        return self.column in FAILING

    @property
    def shown(self) -> Column:
        """The column once blips are forgiven (1.3: its members count as `up`)."""
        return Column.UP if self.blip else self.column


@dataclass
class Sums:
    """A day's sums in whole milliseconds, under the names of the product's figures."""

    total_ms: int = 0
    maintenance_ms: int = 0
    unobserved_ms: int = 0
    network_ms: int = 0
    user_error_ms: int = 0
    unproved_ms: int = 0
    down_ms: int = 0
    meta_down_ms: int = 0
    blind_spot_ms: int = 0
    partial_ms: int = 0
    proven_down_ms: int = 0
    worst_down_ms: int = 0
    blips: int = 0
    slow_ms: int = 0

    @property
    def coverage(self) -> Fraction | None:
        return share(self.unobserved_ms, self.total_ms - self.maintenance_ms)

    @property
    def availability(self) -> Fraction | None:
        observed = self.total_ms - self.maintenance_ms - self.unobserved_ms
        return share(self.down_ms, observed - self.network_ms)

    @property
    def availability_experienced(self) -> Fraction | None:
        lost = self.down_ms + self.network_ms + self.user_error_ms
        return share(lost, self.total_ms - self.maintenance_ms - self.unobserved_ms)

    @property
    def availability_meta(self) -> Fraction | None:
        if self.coverage is None or self.coverage < Fraction(9, 10):
            return None
        return share(self.meta_down_ms, self.total_ms)


def share(lost: int, whole: int) -> Fraction | None:
    """One minus lost over whole; nothing when there is no whole."""
    return 1 - Fraction(lost, whole) if whole > 0 else None


@dataclass
class Story:
    """One target's observations, told."""

    told: list[Told]
    outages: int = 0
    meta_down: list[Span] = field(default_factory=list)
    proven: list[Span] = field(default_factory=list)
    brackets: list[Span] = field(default_factory=list)

    @property
    def blips(self) -> list[int]:
        return [one.at for one in self.told if one.blip]

    def owner(self, instant: int) -> Told | None:
        """Who owns this instant, by rule 4 or by rule 5."""
        for one in self.told:
            if one.left <= instant < one.right:
                return one
        for one, following in neighbours(self.told):
            bridged = one.outage is not None and one.outage == following.outage
            if bridged and one.right <= instant < following.left:
                return one
        return None

    def edges(self) -> list[int]:
        """Every instant at which anything may change."""
        owned = [edge for one in self.told for edge in (one.left, one.right)]
        spans = [*self.meta_down, *self.proven, *self.brackets]
        return owned + [edge for span in spans for edge in span]


def tell(marks: Sequence[Mark], now_ms: int, confirm: int = 2, posted: Sequence[Span] = ()) -> Story:
    """Section 1, rules 2 to 5, and the spans that section 2 sums."""
    told = in_order(marks)
    own(told, now_ms)
    promote_long_maintenance(told)
    runs = find_runs(told)
    judge_runs(told, runs, confirm, posted)
    story = Story(told, outages=len({one.outage for one in told} - {None}))
    story.meta_down = long_chains(told)
    story.proven = proven_pairs(told)
    story.brackets = [bracket(told, one, now_ms) for one in told if one.column is Column.DOWN]
    return story


def neighbours(told: Sequence[Told]) -> list[tuple[Told, Told]]:
    return [(told[k], told[k + 1]) for k in range(len(told) - 1)]


def in_order(marks: Sequence[Mark]) -> list[Told]:
    """1.4: of several lines with the same target and instant the first stands."""
    first: dict[int, Mark] = {}
    for mark in marks:
        if mark.at_ms not in first:
            first[mark.at_ms] = mark
    return [Told(at, first[at].interval_ms, first[at].finding.column, first[at]) for at in sorted(first)]


def promote_long_maintenance(told: Sequence[Told]) -> None:
    """Section 4: Meta's maintenance of a number, over 10 minutes in a row, is down.

    Read: a row is broken by any other observation, of whatever column, and by a hole that tears a run (1.2).
    """
    row_began: int | None = None
    before: Told | None = None
    for one in told:
        finding = one.mark.finding
        torn, before = before is not None and torn_between(before, one), one
        if finding.cause is not Cause.MAINTENANCE or finding.column is not Column.UNOBSERVED:
            row_began = None
            continue
        row_began = one.at if row_began is None or torn else row_began
        if one.at - row_began > TEN_MINUTES:
            one.column = Column.DOWN


def own(told: Sequence[Told], now_ms: int) -> None:
    """1.4, with the odd millisecond given to the later one, and a cap cut to whole milliseconds."""
    for k, one in enumerate(told):
        cap = max(one.interval, 60_000) * 3 // 4
        one.left, one.right = one.at, one.at + min(now_ms - one.at, cap)
        if k > 0:
            before = told[k - 1].at
            middle = before + (one.at - before) // 2
            one.left = max(middle, one.at - cap)
        if k < len(told) - 1:
            after = told[k + 1].at
            middle = one.at + (after - one.at) // 2
            one.right = min(middle, one.at + cap)


def torn_between(one: Told, following: Told) -> bool:
    """1.2: a hole (unowned time) of more than 3 P."""
    return following.left - one.right > 3 * one.interval


def find_runs(told: Sequence[Told]) -> list[list[Told]]:
    """1.2. Read: the P of a hole is the earlier neighbour's, and neighbours are any two observations in a row."""
    runs: list[list[Told]] = []
    current: list[Told] = []
    before: Told | None = None
    for one in told:
        torn = before is not None and torn_between(before, one)
        if torn or one.column in ANSWERS:
            current = []
        if one.failing:
            if not current:
                runs.append(current)
            current.append(one)
            one.run = len(runs) - 1
        before = one
    return runs


def judge_runs(told: Sequence[Told], runs: list[list[Told]], confirm: int, posted: Sequence[Span]) -> None:
    """1.3: an outage, numbered in the order of time, or a blip."""
    number = 0
    for run in runs:
        if len(run) >= confirm or has_failing_company(told, run) or was_posted(run, posted):
            for one in run:
                one.outage = number
            number += 1
        else:
            for one in run:
                one.blip = True


def has_failing_company(told: Sequence[Told], run: list[Told]) -> bool:
    """Read: *within* ten minutes includes exactly ten minutes."""
    return any(
        one.failing
        and one.run != run[0].run
        and (0 < run[0].at - one.at <= TEN_MINUTES or 0 < one.at - run[-1].at <= TEN_MINUTES)
        for one in told
    )


def was_posted(run: list[Told], posted: Sequence[Span]) -> bool:
    """Read: what a run overlaps with lasts from its first member's instant to its last one's."""
    return any(span.start_ms <= run[-1].at and run[0].at < span.end_ms for span in posted)


def long_chains(told: Sequence[Told]) -> list[Span]:
    """Section 2, `meta_down_s`: chains of at least 600 s. Read: any other look between breaks one."""
    chains: list[list[Told]] = []
    for k, one in enumerate(told):
        if one.outage is None or one.column is not Column.DOWN:
            continue
        before = told[k - 1] if k > 0 else None
        linked = (
            before is not None
            and before.outage == one.outage
            and before.column is Column.DOWN
            and one.at - before.at <= 150_000
        )
        if linked:
            chains[-1].append(one)
        else:
            chains.append([one])
    spans = [
        Span(max(chain[0].left, chain[0].at - 75_000), min(chain[-1].right, chain[-1].at + 75_000))
        for chain in chains
    ]
    return [span for span in spans if span.end_ms - span.start_ms >= TEN_MINUTES]


def proven_pairs(told: Sequence[Told]) -> list[Span]:
    """Section 2, `proven_down_s`: both column down, of one outage, owning all the time between them."""
    return [
        Span(one.at, following.at)
        for one, following in neighbours(told)
        if one.outage is not None
        and one.outage == following.outage
        and one.column is Column.DOWN
        and following.column is Column.DOWN
        and one.right == following.left
    ]


def bracket(told: Sequence[Told], one: Told, now_ms: int) -> Span:
    """Section 2, `worst_down_s`: from the previous answer to the next one.

    Read: a forgiven network failure is no answer; without an answer the bracket reaches to the first observation,
    or to now. (What lies beyond is unobserved, and so in the union by itself.)
    """
    before = [other.at for other in told if other.column in ANSWERS and other.at < one.at]
    after = [other.at for other in told if other.column in ANSWERS and other.at > one.at]
    return Span(max(before, default=told[0].at), min(after, default=max(now_ms, told[-1].at)))


def inside(instant: int, spans: Iterable[Span]) -> bool:
    return any(span.start_ms <= instant < span.end_ms for span in spans)


def elementary(edges: Iterable[int], within: Span) -> list[Span]:
    """The stretches between all edges: nothing changes inside any of them."""
    cuts = sorted({*within, *(edge for edge in edges if within.start_ms < edge < within.end_ms)})
    return [Span(cuts[k], cuts[k + 1]) for k in range(len(cuts) - 1) if within.end_ms > within.start_ms]


def reckon(story: Story, within: Span, maintenance: Sequence[Span] = (), unobserved: Sequence[Span] = ()) -> Sums:
    """Section 2 by asking every elementary stretch of the window once."""
    sums = Sums(total_ms=max(0, within.end_ms - within.start_ms))
    sums.blips = sum(1 for at in story.blips if within.start_ms <= at < within.end_ms)
    overlays = [edge for span in (*maintenance, *unobserved) for edge in span]
    for stretch in elementary([*story.edges(), *overlays], within):
        length, instant = stretch.end_ms - stretch.start_ms, stretch.start_ms
        if inside(instant, maintenance):
            sums.maintenance_ms += length
            continue
        owner = None if inside(instant, unobserved) else story.owner(instant)
        if owner is None or owner.shown is Column.UNOBSERVED:
            sums.unobserved_ms += length
            sums.worst_down_ms += length
            continue
        count(sums, story, owner, stretch)
    return sums


def count(sums: Sums, story: Story, owner: Told, stretch: Span) -> None:
    """One observed stretch. Read: what the `unobserved` overlay hides is not proven either."""
    length, instant = stretch.end_ms - stretch.start_ms, stretch.start_ms
    finding = owner.mark.finding
    # Section 4, slow success. Read: a forgiven failure counts as up, and is no success.
    if owner.column is Column.UP and owner.mark.context.slow:
        sums.slow_ms += length
    if owner.shown is Column.NETWORK:
        sums.network_ms += length
        sums.blind_spot_ms += length
    if owner.shown is Column.USER:
        sums.user_error_ms += length
        sums.unproved_ms += length if finding.cause in UNPROVED else 0
    if owner.shown is Column.DOWN:
        sums.down_ms += length
        sums.meta_down_ms += length if inside(instant, story.meta_down) else 0
        blind = finding.rule == "everywhere_but_there" or finding.cause is Cause.ENDPOINT
        sums.blind_spot_ms += length if blind else 0
    if inside(instant, story.proven):
        sums.proven_down_ms += length
    if owner.shown is Column.USER or inside(instant, story.brackets):
        sums.worst_down_ms += length


def stretches(story: Story, within: Span) -> list[tuple[Span, Any]]:
    """Every elementary stretch with its owner, for comparing segments."""
    return [(stretch, story.owner(stretch.start_ms)) for stretch in elementary(story.edges(), within)]
