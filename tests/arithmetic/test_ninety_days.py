"""P11 on a timeline of ninety days across a change of clocks: holes are unobserved, sums are exact."""

from collections.abc import Sequence
from datetime import date, timedelta
from itertools import pairwise
from random import Random
from zoneinfo import ZoneInfo

import pytest

from wamon.core.finding import Column, Mark
from wamon.core.roll import Roll
from wamon.core.segments import Segment, account, reach_ms
from wamon.core.timeline import HOUR, MINUTE, SECOND, Span, day_span
from wamon.core.uptime import Figures, add, figures

from .strategies import DOWN, EXPIRED, NETWORK, UP, mark

ZONE = ZoneInfo("Europe/Berlin")
FIRST, DAYS = date(2026, 8, 20), 90
EVERY_MS = 5 * MINUTE
WHOLE = Span(day_span(FIRST, ZONE).start_ms, day_span(FIRST + timedelta(days=DAYS), ZONE).start_ms)


def lived(seed: int) -> list[Mark]:
    """Looks every five minutes, give or take; spells of trouble; and now and then hours without any look."""
    dice, at_ms, marks = Random(seed), WHOLE.start_ms, []
    says, left = UP, 0
    while at_ms < WHOLE.end_ms:
        if not left:
            says, left = dice.choice(((UP, 300), (UP, 500), (DOWN, 9), (DOWN, 1), (NETWORK, 6), (EXPIRED, 12)))
        marks.append(mark(at_ms, says, EVERY_MS))
        left -= 1
        at_ms += EVERY_MS + dice.randrange(-40, 41) * SECOND
        if dice.random() < 0.004:
            at_ms += dice.randrange(HOUR, 30 * HOUR)
    return marks


def unowned_ms(marks: list[Mark]) -> int:
    """By hand: of every hole what neither neighbour reaches, and what comes after the last reach."""
    reach = reach_ms(EVERY_MS)
    holes = sum(max(0, after.at_ms - before.at_ms - 2 * reach) for before, after in pairwise(marks))
    return holes + max(0, WHOLE.end_ms - marks[-1].at_ms - reach)


@pytest.mark.parametrize("seed", range(3))
def test_p11_ninety_days_are_exact_to_the_millisecond(seed: int) -> None:
    marks = lived(seed)
    roll = Roll()
    assert all(roll.add(one) for one in marks)
    timeline = roll.timeline(WHOLE.end_ms)
    days = [figures(timeline, day_span(FIRST + timedelta(days=n), ZONE)) for n in range(DAYS)]
    together = figures(timeline, WHOLE)
    assert add(days) == together == figures(account(marks, WHOLE.end_ms), WHOLE)
    assert [one.total_ms for one in days].count(25 * HOUR) == 1
    assert together.unobserved_ms == unowned_ms(marks) > 100 * HOUR
    assert all(columns_ms(one, timeline.segments, n) == one.total_ms for n, one in enumerate(days))


def columns_ms(one: Figures, segments: Sequence[Segment], number: int) -> int:
    day = day_span(FIRST + timedelta(days=number), ZONE)
    up = sum(row.span.clip(day).length_ms for row in segments if row.column is Column.UP)
    return up + one.down_ms + one.network_ms + one.user_error_ms + one.unobserved_ms
