"""Fast code and oracle, side by side on generated timelines: every field, to the millisecond."""

from random import Random

import pytest

from tests.support.soak import many
from wamon.core.finding import Column
from wamon.core.segments import Timeline, account
from wamon.core.timeline import Span
from wamon.core.uptime import figures

from . import oracle
from .strategies import Scene, scene

FIELDS = tuple(oracle.Sums.__dataclass_fields__)
RATIOS = ("coverage", "availability", "availability_meta", "availability_experienced")
UNTOLD = (None, None, None)
"""Whose fault a stretch is that counts as up is not the arithmetic's affair."""
PORTIONS = 12
SCENES_PER_PORTION = many(500, 10_000)


def fast_timeline(given: Scene) -> Timeline:
    return account(given.marks, given.now_ms, confirm=given.confirm, posted=given.posted)


def fast_sums(given: Scene) -> dict[str, object]:
    counted = figures(
        fast_timeline(given), given.within, maintenance=given.maintenance, unobserved=given.unobserved
    )
    return {name: getattr(counted, name) for name in (*FIELDS, *RATIOS)}


def slow_sums(given: Scene) -> dict[str, object]:
    story = oracle.tell(given.marks, given.now_ms, given.confirm, given.posted)
    counted = oracle.reckon(story, given.within, given.maintenance, given.unobserved)
    ratios = {name: getattr(counted, name) for name in RATIOS}
    exact = {
        name: None if ratio is None else pytest.approx(float(ratio), abs=1e-12) for name, ratio in ratios.items()
    }
    return {**{name: getattr(counted, name) for name in FIELDS}, **exact}


def read_fast(timeline: Timeline, stretch: Span) -> tuple[object, ...] | None:
    """What the fast code says of a stretch; a stretch with two answers is no answer at all."""
    covering = [
        one for one in timeline.segments if one.start_ms < stretch.end_ms and stretch.start_ms < one.end_ms
    ]
    if not covering:
        return None
    assert len(covering) == 1
    one = covering[0]
    assert one.start_ms <= stretch.start_ms
    assert stretch.end_ms <= one.end_ms
    fault = (one.verdict, one.cause, one.provisional)
    return (one.column, one.outage, *(UNTOLD if one.column is Column.UP else fault))


def read_slow(story: oracle.Story, owner: oracle.Told | None) -> tuple[object, ...] | None:
    if owner is None:
        return None
    first = min((one.at for one in story.told if one.outage == owner.outage is not None), default=-1)
    finding = owner.mark.finding
    fault = (finding.verdict, finding.cause, finding.provisional)
    return (owner.shown, first, *(UNTOLD if owner.shown is Column.UP else fault))


@pytest.mark.grows
@pytest.mark.parametrize("portion", range(PORTIONS))
def test_every_figure_equals_the_oracle(portion: int) -> None:
    for seed in range(portion * SCENES_PER_PORTION, (portion + 1) * SCENES_PER_PORTION):
        given = scene(Random(seed))
        assert fast_sums(given) == slow_sums(given), f"seed {seed}: {given}"


@pytest.mark.parametrize("seed", range(6))
def test_every_stretch_has_the_same_owner_column_and_outage(seed: int) -> None:
    for number in range(seed * 150, (seed + 1) * 150):
        given = scene(Random(number))
        timeline = fast_timeline(given)
        story = oracle.tell(given.marks, given.now_ms, given.confirm, given.posted)
        everything = Span(min([0, *story.edges()]) if story.told else 0, given.now_ms + 10_000_000)
        for stretch, owner in oracle.stretches(story, everything):
            assert read_fast(timeline, stretch) == read_slow(story, owner), f"seed {number}: {stretch} of {given}"
        assert list(timeline.blips) == story.blips


def test_every_segment_counts_the_looks_that_own_it() -> None:
    for number in range(500):
        given = scene(Random(number))
        owning = [one for one in oracle.tell(given.marks, given.now_ms).told if one.left < one.right]
        for segment in fast_timeline(given).segments:
            within = [one for one in owning if segment.start_ms <= one.left and one.right <= segment.end_ms]
            assert segment.looks == len(within), f"seed {number}: {segment} of {given}"


def test_the_scenes_reach_every_figure() -> None:
    """A generator that never makes a chain, a blip, a posted outage proves nothing about them."""
    reached = dict.fromkeys(FIELDS, 0)
    for seed in range(1_000):
        for name, amount in slow_sums(scene(Random(seed))).items():
            if name in reached:
                reached[name] += bool(amount)
    assert {name for name, times in reached.items() if times < 20} == {"partial_ms"}
