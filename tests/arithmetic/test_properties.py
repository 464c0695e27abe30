"""What holds of any timeline and any window; and how sums are added and printed."""

from dataclasses import replace
from itertools import pairwise
from random import Random

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from wamon.core.finding import Column, Mark
from wamon.core.segments import Timeline, account
from wamon.core.timeline import Span
from wamon.core.uptime import (
    Figures,
    Period,
    add,
    clock_text,
    figures,
    percent,
    percent_and_lost,
    period,
    ratio_percent,
)

from .strategies import UP, Scene, scenes

SUMMED = tuple(Figures.__struct_fields__)
MINUTE = 60_000
HOUR = 60 * MINUTE
DAY = 24 * HOUR
EMPTY = Figures()

settings.register_profile("arithmetic", max_examples=250, deadline=None, derandomize=True)
quickly = settings(settings.get_profile("arithmetic"))


def timeline_of(scene: Scene) -> Timeline:
    return account(scene.marks, scene.now_ms, confirm=scene.confirm, posted=scene.posted)


def figures_of(scene: Scene, within: Span | None = None) -> Figures:
    return figures(
        timeline_of(scene),
        scene.within if within is None else within,
        maintenance=scene.maintenance,
        unobserved=scene.unobserved,
    )


@quickly
@given(scenes())
def test_segments_are_sorted_disjoint_and_joined(scene: Scene) -> None:
    segments = timeline_of(scene).segments
    assert all(one.start_ms < one.end_ms for one in segments)
    for one, following in pairwise(segments):
        assert one.end_ms <= following.start_ms
        if one.end_ms == following.start_ms:
            alike = ("column", "verdict", "cause", "provisional", "rule", "outage")
            assert any(getattr(one, name) != getattr(following, name) for name in alike)


@quickly
@given(scenes())
def test_no_segment_reaches_past_now(scene: Scene) -> None:
    assert all(one.end_ms <= scene.now_ms for one in timeline_of(scene).segments)


@quickly
@given(scenes())
def test_columns_unobserved_and_maintenance_sum_to_the_window(scene: Scene) -> None:
    counted = figures_of(scene)
    bare = replace(scene, maintenance=(), unobserved=())
    up = sum(
        Span(one.start_ms, one.end_ms).clip(scene.within).length_ms
        for one in timeline_of(scene).segments
        if one.column is Column.UP
    )
    plain = figures_of(bare)
    failing = plain.down_ms + plain.network_ms + plain.user_error_ms
    assert up + failing + plain.unobserved_ms == plain.total_ms == scene.within.length_ms
    seen = counted.down_ms + counted.network_ms + counted.user_error_ms
    assert seen + counted.unobserved_ms + counted.maintenance_ms <= counted.total_ms


@quickly
@given(scenes(), st.lists(st.floats(0, 1), max_size=4))
def test_days_apart_add_up_to_days_together(scene: Scene, cuts: list[float]) -> None:
    start, end = scene.within
    assume(start < end)
    edges = [start, *sorted(start + int(cut * (end - start)) for cut in cuts), end]
    apart = [figures_of(scene, Span(*pair)) for pair in pairwise(edges)]
    assert add(apart) == figures_of(scene)


@quickly
@given(scenes())
def test_bounds_enclose_the_estimate(scene: Scene) -> None:
    counted = figures_of(scene)
    assert 0 <= counted.proven_down_ms <= counted.down_ms <= counted.worst_down_ms <= counted.total_ms
    assert 0 <= counted.meta_down_ms <= counted.down_ms
    assert 0 <= counted.unproved_ms <= counted.user_error_ms <= counted.worst_down_ms
    assert counted.network_ms <= counted.blind_spot_ms <= counted.network_ms + counted.down_ms
    assert counted.unobserved_ms <= counted.worst_down_ms <= counted.total_ms - counted.maintenance_ms


@quickly
@given(scenes())
def test_every_ratio_is_none_or_between_zero_and_one(scene: Scene) -> None:
    counted = figures_of(scene)
    ratios = (counted.coverage, counted.availability, counted.availability_meta, counted.availability_experienced)
    assert all(ratio is None or 0 <= ratio <= 1 for ratio in ratios)
    if counted.availability is not None:
        assert (counted.availability == 1) is (counted.down_ms == 0)


@quickly
@given(scenes(), st.integers(0, 2**32))
def test_order_of_arrival_does_not_matter(scene: Scene, seed: int) -> None:
    first = {one.at_ms: one for one in reversed(scene.marks)}
    marks = list(first.values())
    Random(seed).shuffle(marks)
    assert account(marks, scene.now_ms) == account(scene.marks, scene.now_ms)


@quickly
@given(scenes())
def test_counting_again_what_was_counted_changes_nothing(scene: Scene) -> None:
    twice = replace(scene, marks=scene.marks * 2, posted=scene.posted * 2, maintenance=scene.maintenance * 2)
    assert timeline_of(twice) == timeline_of(scene)
    assert figures_of(twice) == figures_of(scene)


@quickly
@given(scenes(), st.integers(-(10**9), 10**9))
def test_moving_everything_in_time_changes_no_sum(scene: Scene, by_ms: int) -> None:
    def moved(spans: tuple[Span, ...]) -> tuple[Span, ...]:
        return tuple(Span(one.start_ms + by_ms, one.end_ms + by_ms) for one in spans)

    later = Scene(
        tuple(Mark(one.at_ms + by_ms, one.context, one.finding) for one in scene.marks),
        scene.now_ms + by_ms,
        scene.confirm,
        moved(scene.posted),
        moved((scene.within,))[0],
        moved(scene.maintenance),
        moved(scene.unobserved),
    )
    assert figures_of(later) == figures_of(scene)


@quickly
@given(scenes())
def test_maintenance_over_all_of_it_leaves_nothing_to_count(scene: Scene) -> None:
    counted = figures_of(replace(scene, maintenance=(scene.within,)))
    left = {name: getattr(counted, name) for name in SUMMED if name not in ("blips", "total_ms", "maintenance_ms")}
    assert counted.maintenance_ms == counted.total_ms
    assert set(left.values()) == {0}
    assert counted.coverage is None


@quickly
@given(scenes())
def test_an_observer_that_never_ran_observed_nothing(scene: Scene) -> None:
    counted = figures_of(replace(scene, maintenance=(), unobserved=(scene.within,)))
    assert counted.unobserved_ms == counted.worst_down_ms == counted.total_ms
    assert counted.down_ms == counted.proven_down_ms == counted.network_ms == counted.user_error_ms == 0
    assert counted.availability is None
    assert counted.availability_experienced is None


@quickly
@given(scenes())
def test_asking_for_fewer_confirmations_never_lowers_the_downtime(scene: Scene) -> None:
    strict, lenient = (figures_of(replace(scene, confirm=confirm)) for confirm in (1, 3))
    assert lenient.down_ms <= strict.down_ms
    assert strict.blips == 0


@quickly
@given(scenes())
def test_a_posted_outage_over_all_of_it_forgives_nothing(scene: Scene) -> None:
    posted = replace(scene, posted=(Span(0, 10**14),))
    assert timeline_of(posted).blips == ()
    assert figures_of(posted).down_ms >= figures_of(scene).down_ms


@quickly
@given(scenes())
def test_good_looks_only_give_an_availability_of_one(scene: Scene) -> None:
    good = [Mark(one.at_ms, one.context, UP) for one in scene.marks]
    counted = figures_of(replace(scene, marks=tuple(good)))
    assert counted.down_ms == counted.network_ms == counted.user_error_ms == counted.blips == 0
    assert counted.worst_down_ms == counted.unobserved_ms
    assert counted.availability in (1.0, None)


@quickly
@given(st.integers(0, 10**11), st.integers(1, 10**11))
def test_a_percentage_is_rounded_toward_the_worse(lost: int, more: int) -> None:
    whole = lost + more
    printed = percent(lost, whole)
    hundredths = round(float(printed.removesuffix(" %")) * 100)
    assert (printed == "100 %") is (lost == 0)
    assert hundredths * whole <= 10_000 * more
    if lost:
        assert (hundredths + 1) * whole > 10_000 * more


@quickly
@given(st.integers(1, 366 * 24 * HOUR), st.integers(0, 20_000), st.integers(-2, 2))
def test_a_ratio_prints_as_what_it_was_divided_from(whole: int, parts: int, off: int) -> None:
    """Where documents carry ratios only; also next to a hundredth, by a millisecond of a year."""
    lost = min(whole, max(0, whole * parts // 10_000 + off))
    assert ratio_percent(1 - lost / whole) == percent(lost, whole)


def test_no_ratio_prints_as_no_data() -> None:
    assert ratio_percent(None) == "no data"


@pytest.mark.parametrize(
    ("lost", "whole", "text"),
    [
        (0, 86_400_000, "100 %"),
        (1, 86_400_000, "99.99 %"),
        (600_000, 82_800_000, "99.27 %"),
        (43_200_000, 86_400_000, "50.00 %"),
        (86_400_000, 86_400_000, "0.00 %"),
        (0, 0, "no data"),
    ],
)
def test_percentages_as_they_are_printed(lost: int, whole: int, text: str) -> None:
    assert percent(lost, whole) == text


@pytest.mark.parametrize(
    ("duration_ms", "text"), [(0, "0:00:00"), (1, "0:00:01"), (110_000, "0:01:50"), (90_000_000, "25:00:00")]
)
def test_downtime_as_it_stands_beside_a_percentage(duration_ms: int, text: str) -> None:
    assert clock_text(duration_ms) == text


def test_months_are_added_and_divided_once() -> None:
    """A full day and an hour of another: the mean of their percentages would be 75 %."""
    full, short = Figures(total_ms=24 * HOUR), Figures(total_ms=HOUR, down_ms=HOUR // 2)
    assert add([full, short]).availability == pytest.approx(1 - 0.5 / 25, abs=1e-12)
    assert add([]) == EMPTY
    assert (EMPTY.coverage, EMPTY.availability, EMPTY.availability_experienced) == (None, None, None)


def test_a_period_leaves_badly_observed_days_out_and_says_so() -> None:
    full, dark = Figures(total_ms=24 * HOUR, down_ms=HOUR), Figures(total_ms=24 * HOUR, unobserved_ms=12 * HOUR)
    edge = Figures(total_ms=10 * HOUR, unobserved_ms=HOUR)
    rested = Figures(total_ms=24 * HOUR, maintenance_ms=24 * HOUR)
    assert period([full, dark, edge, rested]) == Period(add([full, edge, rested]), 3, 1)
    assert period([full, dark], insufficient=True) == Period(add([full, dark]), 2, 0)
    assert period([]) == Period()


@pytest.mark.parametrize(
    ("lost", "whole", "text"),
    [(600_000, 82_800_000, "99.27 % (0:10:00)"), (0, 1, "100 % (0:00:00)"), (1, DAY, "99.99 % (0:00:01)")],
)
def test_no_percentage_goes_without_the_time_behind_it(lost: int, whole: int, text: str) -> None:
    assert percent_and_lost(lost, whole) == text
    assert percent_and_lost(lost, 0) == "no data"


def test_every_sum_of_every_part_is_added() -> None:
    one = Figures(**{name: 10**k for k, name in enumerate(SUMMED)})
    assert add([one, one, one]) == Figures(**{name: 3 * 10**k for k, name in enumerate(SUMMED)})


@pytest.mark.parametrize(
    ("unobserved_ms", "expected"), [(10 * MINUTE, 0.75), (10 * MINUTE + 1, None), (0, 0.75), (100 * MINUTE, None)]
)
def test_metas_formula_needs_nine_tenths_of_coverage(unobserved_ms: int, expected: float | None) -> None:
    day = Figures(
        total_ms=100 * MINUTE, unobserved_ms=unobserved_ms, down_ms=25 * MINUTE, meta_down_ms=25 * MINUTE
    )
    assert day.availability_meta == expected
    assert day.sufficient is (expected is not None)
    assert day.insufficient is (expected is None)


def test_a_day_that_was_maintenance_from_end_to_end_is_not_badly_observed() -> None:
    day = Figures(total_ms=HOUR, maintenance_ms=HOUR)
    assert (day.coverage, day.availability, day.availability_meta) == (None, None, None)
    assert not day.sufficient
    assert not day.insufficient
