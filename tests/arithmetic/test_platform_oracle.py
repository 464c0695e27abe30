"""The platform's rows, fast and slow, over generated worlds of several accounts: every field, exactly."""

from dataclasses import replace
from itertools import pairwise
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from wamon.core.days import PLATFORM_ROWS, day_figures
from wamon.core.timeline import Span
from wamon.core.uptime import Figures, add

from . import oracle
from .slow_platform import tell_platform
from .worlds import World, world

FIELDS = tuple(name for name in oracle.Sums.__dataclass_fields__ if name != "blips")
PORTIONS = 8
WORLDS_PER_PORTION = 60


def fast(given_: World, day: Span | None = None) -> dict[str, Figures]:
    day = given_.day if day is None else day
    return day_figures(given_.targets, given_.timelines, given_.first_ms, day, given_.now_ms, given_.overlay)


def of_platform(found: dict[str, object]) -> dict[str, dict[str, int]]:
    return {row: {name: getattr(found[row], name) for name in FIELDS} for row in PLATFORM_ROWS if row in found}


@pytest.mark.parametrize("portion", range(PORTIONS))
def test_every_figure_of_the_platform_equals_the_oracle(portion: int) -> None:
    for seed in range(portion * WORLDS_PER_PORTION, (portion + 1) * WORLDS_PER_PORTION):
        given_ = world(Random(seed))
        slow = tell_platform(given_.told, given_.day, given_.now_ms, given_.unobserved)
        assert of_platform(fast(given_)) == of_platform(slow), f"seed {seed}"


@pytest.mark.parametrize("seed", range(40))
def test_every_targets_own_row_equals_the_oracle_under_its_own_maintenance(seed: int) -> None:
    given_ = world(Random(seed))
    found = fast(given_)
    for one in given_.told:
        within = Span(max(given_.day.start_ms, one.first_ms), min(given_.day.end_ms, given_.now_ms))
        if within.end_ms <= within.start_ms:
            assert one.name not in found
            continue
        slow = oracle.reckon(one.story, within, one.maintenance, given_.unobserved)
        own = {name: getattr(found[one.name], name) for name in FIELDS}
        assert own == {name: getattr(slow, name) for name in FIELDS}, f"seed {seed}: {one.name}"


def test_the_worlds_reach_every_figure_of_the_platform() -> None:
    reached = dict.fromkeys(FIELDS, 0)
    for seed in range(150):
        for name, amount in of_platform(fast(world(Random(seed)))).get("platform", {}).items():
            reached[name] += bool(amount)
    assert {name for name, times in reached.items() if times < 5} == {"slow_ms"}, (
        "it is no figure of the platform's"
    )


worlds = st.integers(0, 2**40).map(lambda seed: world(Random(seed)))
a_few = settings(max_examples=60, deadline=None, derandomize=True)


@a_few
@given(worlds, st.lists(st.floats(0, 1), max_size=3))
def test_days_apart_add_up_to_days_together_in_every_row(given_: World, cuts: list[float]) -> None:
    """All began long ago: a row begins with the first of those that speak for it, and they may join later."""
    old = replace(given_, first_ms=dict.fromkeys(given_.first_ms, 0))
    start, end = old.day
    edges = [start, *sorted(start + int(cut * (end - start)) for cut in cuts), end]
    parts = [fast(old, Span(*pair)) for pair in pairwise(edges)]
    for row, sums in fast(old).items():
        assert add(part[row] for part in parts if row in part) == sums, row


@a_few
@given(worlds)
def test_bounds_enclose_the_platforms_estimate(given_: World) -> None:
    for row, sums in fast(given_).items():
        assert 0 <= sums.proven_down_ms <= sums.down_ms <= sums.worst_down_ms <= sums.total_ms, row
        assert 0 <= sums.meta_down_ms <= sums.down_ms
        assert sums.partial_ms <= sums.total_ms - sums.maintenance_ms - sums.down_ms
        observed = sums.down_ms + sums.network_ms + sums.user_error_ms
        assert observed + sums.unobserved_ms + sums.maintenance_ms <= sums.total_ms
