"""The secondary lines read aloud: every minute, every look and every five minutes asked one by one."""

from collections.abc import Sequence
from fractions import Fraction

from wamon.core.finding import Column
from wamon.core.secondary import Secondary
from wamon.core.timeline import Span

from .oracle import ANSWERS, Story, elementary, inside

MINUTE = 60_000
FIVE_MINUTES = 5 * MINUTE


def lost_ms(story: Story, minute: int, covered: Sequence[Span]) -> int:
    """How much of a UTC minute is down once the overlays are laid on."""
    overlays = [edge for span in covered for edge in span]
    lost = 0
    for stretch in elementary([*story.edges(), *overlays], Span(minute, minute + MINUTE)):
        owner = None if inside(stretch.start_ms, covered) else story.owner(stretch.start_ms)
        if owner is not None and owner.shown is Column.DOWN:
            lost += stretch.end_ms - stretch.start_ms
    return lost


def rows_of_bad_minutes(story: Story, covered: Sequence[Span]) -> list[list[int]]:
    """Every bad minute of the whole story, in rows without a gap."""
    if not story.told:
        return []
    first, last = min(one.left for one in story.told), max(one.right for one in story.told)
    rows: list[list[int]] = []
    before = None
    for minute in range(first - first % MINUTE, last + MINUTE, MINUTE):
        if 2 * lost_ms(story, minute, covered) <= MINUTE:
            continue
        if before != minute - MINUTE:
            rows.append([])
        rows[-1].append(minute)
        before = minute
    return rows


def tell_secondary(
    story: Story, day: Span, maintenance: Sequence[Span] = (), unobserved: Sequence[Span] = ()
) -> Secondary:
    rows = rows_of_bad_minutes(story, [*maintenance, *unobserved])
    windows: dict[int, list[bool]] = {}
    for one in story.told:
        window = one.at - one.at % FIVE_MINUTES
        resting = any(
            span.start_ms < min(span.end_ms, window + FIVE_MINUTES) and window < span.end_ms
            for span in maintenance
        )
        if day.start_ms <= window < day.end_ms and not resting and one.column in (*ANSWERS, Column.DOWN):
            windows.setdefault(window, []).append(one.column is not Column.DOWN)
    good = [good for looks in windows.values() for good in looks]
    return Secondary(
        bad_minutes=sum(day.start_ms <= minute < day.end_ms for row in rows for minute in row),
        bad_minutes_in_rows=sum(
            day.start_ms <= minute < day.end_ms for row in rows if len(row) >= 10 for minute in row
        ),
        looks=len(good),
        succeeded=sum(good),
        windows=len(windows),
        share_ppm=sum(int(Fraction(sum(looks), len(looks)) * 1_000_000) for looks in windows.values()),
    )
