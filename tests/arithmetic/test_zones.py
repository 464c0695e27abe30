"""Days of every length in zones that turn their clocks, against a clock on the wall asked minute by minute."""

from calendar import monthrange
from datetime import UTC, date, datetime, timedelta
from random import Random
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wamon.core.finding import Mark
from wamon.core.segments import account
from wamon.core.timeline import DAY, HOUR, MINUTE, Span, day_of, day_span, days_between, from_ms, to_ms
from wamon.core.uptime import Figures, add, figures, period

from . import oracle
from .strategies import DOWN, EXPIRED, NETWORK, UNSURE, UP, mark, scene
from .test_properties import quickly

SUMS = tuple(oracle.Sums.__dataclass_fields__)
TURNS = (
    ("Europe/Berlin", date(2026, 3, 29), 23.0),
    ("Europe/Berlin", date(2026, 10, 25), 25.0),
    ("America/New_York", date(2026, 3, 8), 23.0),
    ("America/New_York", date(2026, 11, 1), 25.0),
    ("Australia/Lord_Howe", date(2026, 10, 4), 23.5),
    ("Australia/Lord_Howe", date(2026, 4, 5), 24.5),
    ("America/Sao_Paulo", date(2018, 11, 4), 23.0),
    ("America/Sao_Paulo", date(2019, 2, 16), 25.0),
    ("America/Havana", date(2026, 3, 8), 23.0),
    ("America/Havana", date(2026, 11, 1), 25.0),
    ("Africa/Cairo", date(2026, 4, 24), 23.0),
    ("Antarctica/Troll", date(2026, 3, 29), 22.0),
    ("Asia/Kathmandu", date(2026, 3, 29), 24.0),
    ("UTC", date(2026, 10, 25), 24.0),
)
"""Berlin turns at night, Havana and Cairo at midnight, São Paulo once did; Lord Howe turns by half an hour."""


def on_the_wall(day: date, zone: ZoneInfo) -> list[int]:
    """Every minute whose calendar day is this one, found by asking for each what the wall says."""
    noon = to_ms(datetime(day.year, day.month, day.day, 12, tzinfo=UTC))
    minutes = range(noon - 40 * HOUR, noon + 40 * HOUR, MINUTE)
    return [at for at in minutes if from_ms(at).astimezone(zone).date() == day]


@pytest.mark.parametrize(("zone", "day", "hours"), TURNS)
def test_a_day_is_all_the_minutes_in_which_the_wall_says_so(zone: str, day: date, hours: float) -> None:
    minutes = on_the_wall(day, ZoneInfo(zone))
    span = day_span(day, ZoneInfo(zone))
    assert (span.start_ms, span.end_ms) == (minutes[0], minutes[-1] + MINUTE)
    assert len(minutes) == hours * 60
    assert day_of(span.start_ms, ZoneInfo(zone)) == day_of(span.end_ms - 1, ZoneInfo(zone)) == day


@pytest.mark.parametrize(("zone", "day", "hours"), TURNS)
def test_the_longest_and_the_shortest_day_divide_by_their_own_length(zone: str, day: date, hours: float) -> None:
    span = day_span(day, ZoneInfo(zone))
    bad = range(span.start_ms + 90 * MINUTE, span.start_ms + 120 * MINUTE, MINUTE)
    marks = [mark(at, DOWN if at in bad else UP) for at in range(span.start_ms - HOUR, span.end_ms + HOUR, MINUTE)]
    counted = figures(account(marks, marks[-1].at_ms), span)
    assert counted.availability == pytest.approx(1 - 0.5 / hours, abs=1e-12)
    assert counted.availability_meta == counted.availability
    assert counted.coverage == 1


def a_fortnight(rng: Random, start: int) -> list[Mark]:
    """Minute looks over a fortnight would be many: here one in ten, with faults of hours and days without any."""
    marks, at = [], start
    while at < start + 14 * DAY:
        finding = rng.choice((UP, UP, UP, DOWN, NETWORK, EXPIRED, UNSURE))
        for _ in range(rng.choice((1, 2, 5, 30))):
            marks.append(mark(at, finding, 600_000))
            at += 600_000
        at += rng.choice((0, 0, 0, 1, 20 * HOUR))
    return marks


@pytest.mark.parametrize("zone", sorted({zone for zone, _, _ in TURNS}))
def test_days_of_every_length_equal_the_oracle_and_add_up_to_their_fortnight(zone: str) -> None:
    where, turn = ZoneInfo(zone), next(day for name, day, _ in TURNS if name == zone)
    first, last = turn - timedelta(days=6), turn + timedelta(days=6)
    whole = Span(day_span(first, where).start_ms, day_span(last, where).end_ms)
    rng = Random(zone)
    marks = a_fortnight(rng, whole.start_ms - 7 * HOUR)
    timeline, now = account(marks, whole.end_ms), whole.end_ms
    story = oracle.tell(marks, now)
    asleep = (Span(whole.start_ms + 30 * HOUR, whole.start_ms + 41 * HOUR),)
    declared = (Span(whole.start_ms + 3 * DAY + 1, whole.start_ms + 3 * DAY + 7 * HOUR),)
    days = []
    for day in days_between(first, last):
        span = day_span(day, where)
        counted = figures(timeline, span, maintenance=declared, unobserved=asleep)
        near = oracle.Story([one for one in story.told if abs(one.at - span.start_ms) < 3 * DAY])
        near.meta_down, near.proven, near.brackets = story.meta_down, story.proven, story.brackets
        slow = oracle.reckon(near, span, declared, asleep)
        assert [getattr(counted, name) for name in SUMS] == [getattr(slow, name) for name in SUMS], day
        days.append(counted)
    assert add(days) == figures(timeline, whole, maintenance=declared, unobserved=asleep)


@quickly
@given(st.integers(0, 2**40), st.sampled_from(sorted({zone for zone, _, _ in TURNS})), st.integers(0, 365))
def test_a_month_adds_the_seconds_of_its_days_and_divides_once(seed: int, zone: str, offset: int) -> None:
    """A short timeline is laid anywhere in the year; whatever day it falls on, the month says the same."""
    given_, where = scene(Random(seed)), ZoneInfo(zone)
    day = date(2026, 1, 1) + timedelta(days=offset)
    by_ms = day_span(day, where).start_ms - given_.now_ms + HOUR
    marks = [Mark(one.at_ms + by_ms, one.context, one.finding) for one in given_.marks]
    timeline = account(marks, given_.now_ms + by_ms, confirm=given_.confirm)
    days = [day.replace(day=n + 1) for n in range(monthrange(day.year, day.month)[1])]
    whole = Span(day_span(days[0], where).start_ms, day_span(days[-1], where).end_ms)
    parts = [figures(timeline, day_span(one, where)) for one in days]
    month = figures(timeline, whole)
    assert add(parts) == month
    assert month.total_ms == whole.length_ms
    counted = period(parts)
    assert counted.days + counted.left_out == len(days)
    assert counted.figures == add(one for one in parts if 10 * one.unobserved_ms <= one.expected_ms)
    assert period(parts, insufficient=True).figures == month


def test_a_month_of_thirty_good_days_and_one_bad_hour() -> None:
    """Percentages are never averaged: an hour of one day is an hour of the month."""
    good, bad = Figures(total_ms=DAY), Figures(total_ms=DAY, down_ms=HOUR, meta_down_ms=HOUR)
    month = period([good] * 29 + [bad]).figures
    assert month.availability == month.availability_meta == 1 - 1 / 720
