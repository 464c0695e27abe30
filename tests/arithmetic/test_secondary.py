"""Secondary lines: bad minutes, rows of ten of them, five-minute shares, and ratios with their bounds."""

from itertools import pairwise
from random import Random

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from wamon.core.finding import Finding, Mark
from wamon.core.review import day_tallies
from wamon.core.roll import Roll
from wamon.core.secondary import Secondary, add, secondary, secondary_document, wilson
from wamon.core.segments import account
from wamon.core.timeline import Span

from . import oracle
from .slow_secondary import tell_secondary
from .strategies import DOWN, MAINTAINED, NETWORK, REFUSED, UNSURE, UP, Scene, instead, mark, row, scene, scenes
from .test_properties import quickly, timeline_of

MINUTE = 60_000
HOUR = 60 * MINUTE
START = 1_000 * 24 * HOUR
FOUR_HOURS = Span(START, START + 4 * HOUR)
NOW = START + 5 * HOUR
PORTIONS = 6
SCENES_PER_PORTION = 150


def lines(marks: list[Mark], day: Span = FOUR_HOURS, **overlays: tuple[Span, ...]) -> Secondary:
    return secondary(account(marks, NOW), day_tallies(marks, day).within(day), day, **overlays)


def looks(finding: Finding, first: int, last: int, step_ms: int = MINUTE) -> list[Mark]:
    """Good minute looks, but for one kind between two minutes, both included, at a step of their own."""
    good = [
        one for one in row(START - HOUR, NOW, MINUTE) if not first * MINUTE <= one.at_ms - START <= last * MINUTE
    ]
    found = [mark(at, finding) for at in range(START + first * MINUTE, START + last * MINUTE + 1, step_ms)]
    return sorted([*good, *found], key=lambda one: one.at_ms)


def of_scene(given: Scene, day: Span) -> Secondary:
    marks = [one for _, one in sorted({one.at_ms: one for one in reversed(given.marks)}.items())]
    return secondary(
        timeline_of(given),
        day_tallies(marks, day).within(day),
        day,
        maintenance=given.maintenance,
        unobserved=given.unobserved,
    )


@pytest.mark.parametrize("portion", range(PORTIONS))
def test_every_secondary_sum_equals_the_oracle(portion: int) -> None:
    for seed in range(portion * SCENES_PER_PORTION, (portion + 1) * SCENES_PER_PORTION):
        given = scene(Random(seed))
        told = oracle.tell(given.marks, given.now_ms, given.confirm, given.posted)
        slow = tell_secondary(told, given.within, given.maintenance, given.unobserved)
        assert of_scene(given, given.within) == slow, f"seed {seed}: {given}"


@pytest.mark.parametrize(
    ("until_ms", "bad"), [(40_000, 0), (40_001, 1), (59_000, 1)], ids=["half", "a millisecond more", "most"]
)
def test_a_minute_is_bad_when_more_than_half_of_it_is_down(until_ms: int, bad: int) -> None:
    """Failing from its tenth second: the good look after that owns half of what lies between."""
    minute = START + HOUR
    marks = [
        *row(START, minute - MINUTE, MINUTE),
        *(mark(minute + at) for at in (0, 9_998)),
        mark(minute + 10_000, DOWN),
        mark(minute + 39_999, DOWN),
        mark(minute + until_ms),
        *row(minute + MINUTE, NOW, MINUTE),
    ]
    assert lines(marks).bad_minutes == bad


def test_looks_on_the_minute_own_half_of_two() -> None:
    """Failing once a minute on the full minute, the first and the last minute are only half down."""
    found = lines(looks(DOWN, 60, 71))
    assert (found.bad_minutes, found.bad_minutes_in_rows) == (11, 11)
    shorter = lines(looks(DOWN, 60, 69))
    assert (shorter.bad_minutes, shorter.bad_minutes_in_rows) == (9, 0)


def test_one_lucky_success_does_not_reset_forty_minutes() -> None:
    """Looked at every twenty seconds while it fails, a single good answer owns twenty seconds of its minute."""
    failing = looks(DOWN, 60, 100, 20_000)
    lucky = instead(failing, UP, [START + minute * MINUTE + 20_000 for minute in (69, 78, 87, 96)])
    assert lines(failing).bad_minutes_in_rows == lines(lucky).bad_minutes_in_rows == 40
    assert sum(one.length_ms for one in account(failing, NOW).meta_down) > 40 * MINUTE
    assert account(lucky, NOW).meta_down == (), "Meta's ten minutes begin anew with every one of them"


def test_rows_are_joined_across_midnight_and_minutes_counted_where_they_begin() -> None:
    marks = looks(DOWN, 114, 126)
    first, second = Span(START, START + 2 * HOUR), Span(START + 2 * HOUR, START + 4 * HOUR)
    assert [lines(marks, day).bad_minutes_in_rows for day in (first, second)] == [6, 6]


def test_a_minute_under_maintenance_or_without_an_observer_is_not_bad() -> None:
    marks = looks(DOWN, 60, 90)
    span = (Span(START + 70 * MINUTE, START + 75 * MINUTE),)
    for found in (lines(marks, maintenance=span), lines(marks, unobserved=span)):
        assert (found.bad_minutes, found.bad_minutes_in_rows) == (25, 25)


@pytest.mark.parametrize(
    ("finding", "counted", "failed"),
    [(UP, 240, 0), (REFUSED, 240, 0), (DOWN, 240, 10), (NETWORK, 230, 0), (UNSURE, 230, 0), (MAINTAINED, 230, 0)],
    ids=["up", "user", "down", "network", "unobserved", "meta's maintenance"],
)
def test_looks_with_an_answer_succeed_and_looks_without_an_opinion_do_not_count(
    finding: Finding, counted: int, failed: int
) -> None:
    found = lines(looks(finding, 60, 69))
    assert (found.looks, found.looks - found.succeeded) == (counted, failed)


def test_a_blip_is_forgiven_by_the_figures_and_counts_among_the_looks() -> None:
    found = lines(looks(DOWN, 60, 60))
    assert (found.bad_minutes, found.succeeded, found.looks) == (0, 239, 240)
    assert found.windows == 48
    assert found.window_share == pytest.approx((47 + 0.8) / 48)


def test_metas_maintenance_fails_once_it_is_down() -> None:
    found = lines(looks(MAINTAINED, 60, 75))
    assert (found.looks, found.succeeded) == (240 - 11, 240 - 16)


def test_a_window_that_maintenance_touches_is_left_out_with_its_looks() -> None:
    touched = (Span(START + 64 * MINUTE + 59_000, START + 65 * MINUTE + 1),)
    found = lines(looks(DOWN, 60, 69), maintenance=touched)
    assert (found.windows, found.looks, found.succeeded) == (46, 230, 230)
    beside = (Span(START + 65 * MINUTE, START + 65 * MINUTE),)
    assert lines(looks(DOWN, 60, 69), maintenance=beside).windows == 48


def test_each_share_is_cut_off_to_the_millionth_part_before_it_is_added() -> None:
    third = [mark(START + 60_000 * k, DOWN if k == 1 else UP) for k in range(3)]
    found = secondary(account(third, NOW), day_tallies(third, FOUR_HOURS).within(FOUR_HOURS), FOUR_HOURS)
    assert (found.windows, found.share_ppm) == (1, 666_666)


@quickly
@given(scenes(), st.lists(st.floats(0, 1), max_size=4))
def test_days_apart_add_up_to_days_together(scene: Scene, cuts: list[float]) -> None:
    start, end = scene.within
    assume(start < end)
    edges = [start, *sorted(start + int(cut * (end - start)) for cut in cuts), end]
    assert add(of_scene(scene, Span(*pair)) for pair in pairwise(edges)) == of_scene(scene, scene.within)


@quickly
@given(scenes())
def test_every_sum_stays_within_what_it_is_a_part_of(scene: Scene) -> None:
    found = of_scene(scene, scene.within)
    assert 0 <= found.bad_minutes_in_rows <= found.bad_minutes
    assert 0 <= found.succeeded <= found.looks
    assert found.windows <= found.looks
    assert 0 <= found.share_ppm <= 1_000_000 * found.windows
    assert (found.share_ppm == 1_000_000 * found.windows) is (found.succeeded == found.looks)


@quickly
@given(scenes(), st.integers(1, 40))
def test_a_roll_counts_what_its_looks_together_count(scene: Scene, hold: int) -> None:
    roll = Roll(hold_ms=hold * MINUTE)
    marks = [one for _, one in sorted({one.at_ms: one for one in reversed(scene.marks)}.items())]
    spread = [Mark(one.at_ms + lap * 5 * HOUR, one.context, one.finding) for lap in range(8) for one in marks]
    spread = [one for _, one in sorted({one.at_ms: one for one in reversed(spread)}.items())]
    for one in spread:
        roll.add(one)
    ever = Span(0, 10**13)
    assert list(roll.tallies().within(ever)) == list(day_tallies(spread, ever).within(ever))


def test_a_forgetful_roll_keeps_the_days_it_is_asked_to_keep() -> None:
    roll = Roll(hold_ms=0)
    for one in row(START, START + 72 * HOUR, MINUTE):
        roll.add(one)
    roll.forget_before(START + 50 * HOUR)
    left = list(roll.tallies().within(Span(0, START + 100 * HOUR)))
    assert left[0].window_ms == START + 48 * HOUR
    assert sum(one.looks for one in left) == 24 * 60 + 1


@pytest.mark.parametrize(
    ("succeeded", "looks_", "low", "high"),
    [
        (0, 1, 0.0, 0.793451),
        (1, 1, 0.206549, 1.0),
        (5, 10, 0.236593, 0.763407),
        (0, 10, 0.0, 0.277533),
        (10, 10, 0.722467, 1.0),
        (2_878, 2_880, 0.997472, 0.999809),
    ],
)
def test_wilsons_bounds_are_those_of_the_published_formula(
    succeeded: int, looks_: int, low: float, high: float
) -> None:
    assert wilson(succeeded, looks_) == pytest.approx((low, high), abs=1e-6)


@given(st.integers(1, 100_000), st.floats(0, 1))
def test_the_ratio_lies_within_its_bounds_which_narrow_with_more_looks(looks_: int, share: float) -> None:
    succeeded = int(share * looks_)
    low, high = wilson(succeeded, looks_)
    assert 0 <= low <= succeeded / looks_ <= high <= 1
    more_low, more_high = wilson(10 * succeeded, 10 * looks_)
    assert more_high - more_low < high - low


def test_days_without_secondary_lines_are_absent_not_zero() -> None:
    one = Secondary(1, 0, 10, 9, 2, 1_900_000)
    assert add([one, None, one]) == Secondary(2, 0, 20, 18, 4, 3_800_000)
    assert add([None, None]) is None
    assert add([]) is None
    assert secondary_document(None) is None


def test_lines_carry_clear_names_and_null_where_nothing_was_looked_at() -> None:
    said = secondary_document(Secondary(12, 10, 4, 3, 2, 1_500_000))
    assert said == {
        "bad_minutes": 12,
        "bad_minutes_in_rows_of_ten": 10,
        "looks": 4,
        "looks_succeeded": 3,
        "success_ratio": 0.75,
        "success_ratio_low": pytest.approx(0.300642, abs=1e-6),
        "success_ratio_high": pytest.approx(0.954413, abs=1e-6),
        "five_minute_windows": 2,
        "five_minute_success": 0.75,
    }
    nothing = secondary_document(Secondary())
    assert nothing is not None
    assert [nothing[name] for name in ("success_ratio", "success_ratio_low", "five_minute_success")] == [None] * 3
