"""A day's, a month's figures read off a timeline (the arithmetic's section 2), in whole milliseconds."""

from collections.abc import Iterable, Sequence

import msgspec

from wamon.core.finding import Cause, Column
from wamon.core.segments import BEYOND_GRAPH_RULE, Segment, Timeline
from wamon.core.timeline import Span, clipped, subtract, total_ms, union

SUFFICIENT_COVERAGE = 0.90
"""Below this a day is "insufficient data" and Meta's formula is not applied to it."""

UNPROVED_CAUSES = frozenset(
    {Cause.AUTHENTICATION, Cause.PERMISSION, Cause.THROTTLING, Cause.REGISTRATION, Cause.INTEGRITY}
)
"""A refusal for one of these proves Graph's front only, not what lies behind it."""


class Figures(msgspec.Struct, frozen=True, gc=False, cache_hash=True):
    """Sums over a stretch of time, all in milliseconds; ratios are divided last and once."""

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
    retroactive_ms: int = 0
    """The part of ``maintenance_ms`` that was already over when it was declared."""
    slow_ms: int = 0
    """Time of good looks whose answer took longer than the latency objective. It is up, and told apart."""

    @property
    def expected_ms(self) -> int:
        """Time that should have been observed: all but declared maintenance."""
        return self.total_ms - self.maintenance_ms

    @property
    def observed_ms(self) -> int:
        """Time that somebody owns with an opinion."""
        return self.expected_ms - self.unobserved_ms

    @property
    def platform_ms(self) -> int:
        """Observed time in which the platform could be reached: the divisor of ``availability``."""
        return self.observed_ms - self.network_ms

    @property
    def coverage(self) -> float | None:
        """Share of the expected time that was observed; None when none was expected."""
        return 1 - self.unobserved_ms / self.expected_ms if self.expected_ms else None

    @property
    def sufficient(self) -> bool:
        """Whether enough was observed to publish the figures without a caveat."""
        coverage = self.coverage
        return coverage is not None and coverage >= SUFFICIENT_COVERAGE

    @property
    def insufficient(self) -> bool:
        """Whether too little was observed for a percentage. A day that nobody had to observe is not meant."""
        coverage = self.coverage
        return coverage is not None and coverage < SUFFICIENT_COVERAGE

    @property
    def availability(self) -> float | None:
        """The platform's, strict: every down second counts. None when nothing was observed."""
        return 1 - self.down_ms / self.platform_ms if self.platform_ms > 0 else None

    @property
    def availability_meta(self) -> float | None:
        """Meta's formula, ``(A - B) / A`` with outages of ten minutes and more; None under 90 % coverage."""
        return 1 - self.meta_down_ms / self.total_ms if self.sufficient else None

    @property
    def availability_experienced(self) -> float | None:
        """Everything that stopped us, whoever's fault."""
        stopped = self.down_ms + self.network_ms + self.user_error_ms
        return 1 - stopped / self.observed_ms if self.observed_ms > 0 else None


def figures(
    timeline: Timeline,
    within: Span,
    *,
    maintenance: Sequence[Span] = (),
    unobserved: Sequence[Span] = (),
    afterwards: Sequence[Span] = (),
) -> Figures:
    """Sum a timeline over a window.

    ``maintenance`` was declared by the operator and overlays all, ``afterwards`` is the part of it that was over
    when it was declared; ``unobserved`` is time in which no observer ran and overlays the columns.
    """
    declared = [span.clip(within) for span in union(maintenance) if span.overlaps(within)]
    covered = union([*declared, *(span.clip(within) for span in unobserved if span.overlaps(within))])
    seen = [one for one in timeline.segments if one.start_ms < within.end_ms and one.end_ms > within.start_ms]

    def spans(chosen: Iterable[Segment]) -> list[Span]:
        return subtract(clipped((Span(one.start_ms, one.end_ms) for one in chosen), within), covered)

    down = spans(one for one in seen if one.column is Column.DOWN)
    user = spans(one for one in seen if one.column is Column.USER)
    network = spans(one for one in seen if one.column is Column.NETWORK)
    observed = spans(one for one in seen if one.column is not Column.UNOBSERVED)
    unseen = subtract([within], [*observed, *declared])
    worst = subtract(clipped((*timeline.brackets, *unseen, *user), within), declared)
    return Figures(
        total_ms=within.length_ms,
        maintenance_ms=total_ms(declared, within),
        unobserved_ms=total_ms(unseen, within),
        network_ms=total_ms(network, within),
        user_error_ms=total_ms(user, within),
        unproved_ms=total_ms(spans(one for one in seen if _unproved(one)), within),
        down_ms=total_ms(down, within),
        meta_down_ms=_shared_ms(timeline.meta_down, down),
        blind_spot_ms=total_ms(network, within) + total_ms(spans(one for one in seen if _untracked(one)), within),
        proven_down_ms=total_ms(subtract(clipped(timeline.proven, within), covered), within),
        worst_down_ms=total_ms(worst, within),
        blips=sum(within.holds(at_ms) for at_ms in timeline.blips),
        retroactive_ms=total_ms(union(afterwards), within),
        slow_ms=total_ms(subtract(clipped(timeline.slow, within), covered), within),
    )


def _unproved(one: Segment) -> bool:
    return one.column is Column.USER and one.cause in UNPROVED_CAUSES


def _untracked(one: Segment) -> bool:
    """Downtime that Meta says it does not track: before Graph, or at the business's own endpoint."""
    return one.column is Column.DOWN and (one.rule == BEYOND_GRAPH_RULE or one.cause is Cause.ENDPOINT)


def _shared_ms(some: Iterable[Span], others: Sequence[Span]) -> int:
    return sum(total_ms(others, span) for span in some)


def add(parts: Iterable[Figures]) -> Figures:
    """Days to a month: sums are added, and divided once, afterwards."""
    rows = list(map(msgspec.structs.astuple, parts))
    return Figures(*map(sum, zip(*rows, strict=True))) if rows else Figures()


class Period(msgspec.Struct, frozen=True):
    """Days put together: their sums, how many they are, and how many were left out as badly observed."""

    figures: Figures = Figures()
    days: int = 0
    left_out: int = 0


def period(days: Iterable[Figures], *, insufficient: bool = False) -> Period:
    """A month, a quarter, any days together. A day under 90 % coverage stays out, unless it is asked for:
    it would speak for hours that nobody saw."""
    every = list(days)
    counted = [one for one in every if insufficient or not one.insufficient]
    return Period(add(counted), len(counted), len(every) - len(counted))


def percent(part_ms: int, whole_ms: int) -> str:
    """``1 - part/whole`` in percent with two digits, rounded toward the worse: 100 % only when nothing is lost.

    "no data" when there is no whole.
    """
    if whole_ms <= 0:
        return "no data"
    if part_ms <= 0:
        return "100 %"
    hundredths = max(0, (whole_ms - part_ms) * 10_000 // whole_ms)
    return f"{hundredths // 100}.{hundredths % 100:02d} %"


def percent_and_lost(part_ms: int, whole_ms: int) -> str:
    """``99.27 % (0:10:00)``: no percentage goes without the time behind it. "no data" when there is no whole."""
    text = percent(part_ms, whole_ms)
    return f"{text} ({clock_text(part_ms)})" if whole_ms > 0 else text


def change_text(before: Figures, after: Figures) -> str:
    """``100 % (0:00:00) -> 95.13 % (1:10:00)``; where the platform's share stays, the view in which it changed."""
    now = percent_and_lost(after.down_ms, after.platform_ms)
    if (then := percent_and_lost(before.down_ms, before.platform_ms)) != now:
        return f"{then} -> {now}"
    felt, feels = (
        percent_and_lost(one.down_ms + one.network_ms + one.user_error_ms, one.observed_ms)
        for one in (before, after)
    )
    return f"{now} as before, experienced {felt} -> {feels}" if felt != feels else f"{now}, other sums changed"


_UNSURE = 1e-11
"""What dividing leaves unsure of a ratio in hundredths of a percent; a millisecond of a year is thrice as much."""


def ratio_percent(ratio: float | None) -> str:
    """A ratio that was divided already as `percent` writes it; "no data" for none."""
    if ratio is None:
        return "no data"
    if ratio >= 1:
        return "100 %"
    hundredths = int(max(0.0, ratio) * 10_000 + _UNSURE)
    return f"{hundredths // 100}.{hundredths % 100:02d} %"


def clock_text(duration_ms: int) -> str:
    """``h:mm:ss``, as downtime stands beside every percentage; a started second counts."""
    seconds = -(-duration_ms // 1000)
    return f"{seconds // 3600}:{seconds // 60 % 60:02d}:{seconds % 60:02d}"
