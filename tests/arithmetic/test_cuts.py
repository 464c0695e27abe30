"""Time may be counted in parts: what a cut leaves out must not change what is counted."""

from random import Random

import pytest

from wamon.core.finding import Mark
from wamon.core.roll import Roll
from wamon.core.segments import account, slice_around
from wamon.core.timeline import Span
from wamon.core.uptime import figures

from .strategies import DOWN, MAINTAINED, Scene, instead, mark, row, scene

MINUTE = 60_000
HOUR = 60 * MINUTE
START = 1_000 * 24 * HOUR


def ordered(given: Scene) -> list[Mark]:
    first = {one.at_ms: one for one in reversed(given.marks)}
    return [first[at_ms] for at_ms in sorted(first)]


def long_row(rng: Random) -> list[Mark]:
    """Many nasty timelines behind one another, some close, some far apart."""
    marks: list[Mark] = []
    at = START
    while len(marks) < 250:
        part = ordered(scene(rng))
        marks += [Mark(one.at_ms - part[0].at_ms + at, one.context, one.finding) for one in part]
        at = marks[-1].at_ms + rng.choice((10_001, 60_000, 60_000, 300_000, 1_000_000)) if marks else at
        quiet = rng.choice((0, 5, 15, 40))
        marks += row(at, at + quiet * MINUTE, MINUTE)
        at = marks[-1].at_ms + MINUTE
    return marks


def grown(marks: list[Mark]) -> Roll:
    roll = Roll(hold_ms=0)
    assert all(roll.add(one) for one in marks)
    return roll


def wrong_slices(seeds: range) -> list[str]:
    """Windows whose sums differ once only the looks around them are counted."""
    wrong = []
    for seed in seeds:
        given = scene(Random(seed))
        if given.within.length_ms == 0:
            continue
        marks = ordered(given)
        first, last = slice_around(marks, given.within)
        near = account(marks[first:last], given.now_ms, confirm=given.confirm)
        if figures(near, given.within) != figures(
            account(marks, given.now_ms, confirm=given.confirm), given.within
        ):
            wrong.append(f"seed {seed}: {given.within} of {marks}")
    return wrong


@pytest.mark.parametrize("portion", range(4))
def test_the_looks_around_a_window_decide_it(portion: int) -> None:
    assert wrong_slices(range(portion * 500, (portion + 1) * 500)) == []


@pytest.mark.parametrize("late_ms", [0, 1, 17_000, 30_000, 59_999])
def test_a_day_cut_from_its_neighbours_loses_none_of_its_first_minute(late_ms: int) -> None:
    """Looks seldom fall on midnight: the one before it owns the day's first seconds."""
    marks = row(START - HOUR + late_ms, START + 3 * HOUR, MINUTE)
    day = Span(START, START + 2 * HOUR)
    first, last = slice_around(marks, day)
    assert figures(account(marks[first:last], START + 3 * HOUR), day).unobserved_ms == 0


def test_a_cut_sees_metas_long_maintenance_as_the_failure_it_is() -> None:
    """One look past the ten minutes fails, and so near to the next failure neither is a blip."""
    looks = row(START - HOUR, START + 3 * HOUR, MINUTE)
    kept = instead(looks, MAINTAINED, [START + minute * MINUTE for minute in range(-16, -4)])
    marks = instead(kept, DOWN, [START + 3 * MINUTE])
    day = Span(START - MINUTE, START + 2 * HOUR)
    first, last = slice_around(marks, day)
    assert figures(account(marks, START + 3 * HOUR), day).down_ms == MINUTE
    assert figures(account(marks[first:last], START + 3 * HOUR), day).down_ms == MINUTE


@pytest.mark.parametrize("portion", range(5))
def test_a_roll_that_settles_as_it_grows_says_what_all_looks_together_say(portion: int) -> None:
    for seed in range(portion * 20, (portion + 1) * 20):
        marks = long_row(Random(seed))
        now = marks[-1].at_ms + 5_000
        kept, whole = grown(marks).timeline(now), account(marks, now)
        window = Span(START - HOUR, now)
        assert figures(kept, window) == figures(whole, window), f"seed {seed}"
        assert kept.blips == whole.blips, f"seed {seed}"
        assert kept.meta_down == whole.meta_down, f"seed {seed}"
        assert [one.span for one in kept.segments] == [one.span for one in whole.segments], f"seed {seed}"


def test_a_roll_joins_what_it_cut_and_counts_each_look_once() -> None:
    """Stretches are joined on the whole timeline: where a roll settled is no edge."""
    marks = [mark(START + minute * MINUTE) for minute in range(300)]
    roll = grown(marks)
    assert len(roll.marks) < len(marks)
    assert roll.timeline(marks[-1].at_ms) == account(marks, marks[-1].at_ms)


def test_the_very_first_look_may_come_late() -> None:
    """Nothing is settled yet, so nothing that stands would change under anybody's eyes."""
    roll = Roll()
    assert roll.add(mark(START + MINUTE))
    assert roll.add(mark(START))
    assert roll.timeline(START + MINUTE) == account([mark(START), mark(START + MINUTE)], START + MINUTE)


def test_an_outage_that_meta_posted_is_still_known_when_a_roll_settles() -> None:
    marks = instead([mark(START + minute * MINUTE) for minute in range(300)], DOWN, [START + 100 * MINUTE])
    roll = Roll(hold_ms=0, posted=(Span(START + 90 * MINUTE, START + 110 * MINUTE),))
    assert all(roll.add(one) for one in marks)
    assert len(roll.marks) < 200
    assert roll.timeline(marks[-1].at_ms) == account(marks, marks[-1].at_ms, posted=roll.posted)
