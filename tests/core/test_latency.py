"""Counts by duration: quantiles that are off by two percent at most, whatever is merged, packed and read again."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wamon.core.latency import QUANTILES, Sketch, merged, unpacked

DURATIONS = st.lists(st.floats(0.1, 120_000), min_size=1, max_size=300)


def sketched(durations_ms: list[float]) -> Sketch:
    sketch = Sketch()
    for one in durations_ms:
        sketch.add(one)
    return sketch


@given(DURATIONS)
def test_a_quantile_is_off_by_two_percent_at_most(durations_ms: list[float]) -> None:
    found = sketched(durations_ms).quantiles()
    assert found is not None
    assert found.looks == len(durations_ms)
    ordered = sorted(durations_ms)
    for share, shown in zip(QUANTILES, (found.p50_ms, found.p90_ms, found.p99_ms), strict=True):
        true = ordered[max(1, math.ceil(share * len(ordered))) - 1]
        assert abs(shown - true) <= 0.02 * true + 0.06, "two percent, and what rounding to a tenth takes"


@given(DURATIONS, DURATIONS)
def test_days_merged_are_the_days_counted_together(some: list[float], others: list[float]) -> None:
    assert merged((sketched(some), sketched(others))).counts == sketched([*some, *others]).counts


@given(DURATIONS)
def test_what_was_packed_is_read_again(durations_ms: list[float]) -> None:
    sketch = sketched(durations_ms)
    assert unpacked(sketch.packed()).counts == sketch.counts


def test_a_usual_day_is_packed_in_two_hundred_bytes() -> None:
    day = sketched([80 + 400 * (number / 2880) ** 4 for number in range(2880)])
    assert len(day.packed()) < 200


def test_nothing_counted_has_no_quantiles() -> None:
    assert Sketch().quantiles() is None


@pytest.mark.parametrize("duration_ms", [0.0, 0.05, 0.1])
def test_the_shortest_are_counted_too(duration_ms: float) -> None:
    found = sketched([duration_ms]).quantiles()
    assert found is not None
    assert found.p99_ms == 0.1
