"""Chains, proven and worst at their edges: the millisecond at which each of them turns."""

import pytest

from wamon.core.finding import Column, Finding, Mark
from wamon.core.segments import account
from wamon.core.timeline import Span
from wamon.core.uptime import Figures, figures

from .strategies import DOWN, EXPIRED, MAINTAINED, NETWORK, REFUSED, UNSURE, UP, mark, row

MINUTE = 60_000
HOUR = 60 * MINUTE
START = 1_000 * 24 * HOUR
BEGIN = START + HOUR
FOUR_HOURS = Span(START, START + 4 * HOUR)


def among_good(
    looks: list[Mark], quiet_ms: int = MINUTE, confirm: int = 2, **overlays: tuple[Span, ...]
) -> Figures:
    """Looks in the place of good minute looks; the good ones keep a distance from them."""
    first, last = looks[0].at_ms, looks[-1].at_ms
    before = row(first - HOUR - quiet_ms, first - quiet_ms, MINUTE)
    after = row(last + quiet_ms, last + quiet_ms + HOUR, MINUTE)
    timeline = account([*before, *looks, *after], START + 5 * HOUR, confirm=confirm)
    return figures(timeline, Span(first - HOUR // 2, last + HOUR // 2), **overlays)


def failing(step_ms: int, count: int, interval_ms: int = MINUTE) -> list[Mark]:
    return [mark(BEGIN + k * step_ms, DOWN, interval_ms) for k in range(count)]


@pytest.mark.parametrize(
    ("step_ms", "count", "meta_ms"),
    [
        (60_000, 10, 600_000),
        (60_000, 9, 0),
        (150_000, 5, 660_000),
        (150_001, 5, 0),
        (150_001, 100, 0),
    ],
    ids=["ten minutes", "nine minutes", "looks 150 s apart", "a millisecond more", "however many of them"],
)
def test_a_chain_needs_looks_near_each_other_and_ten_minutes(step_ms: int, count: int, meta_ms: int) -> None:
    assert among_good(failing(step_ms, count)).meta_down_ms == meta_ms


@pytest.mark.parametrize(("last_ms", "meta_ms"), [(539_999, 0), (540_000, 600_000), (540_001, 600_001)])
def test_a_chain_of_a_millisecond_less_than_ten_minutes_is_none(last_ms: int, meta_ms: int) -> None:
    """Half a minute on either side comes to what lies between the first and the last look."""
    looks = [*failing(MINUTE, 9), mark(BEGIN + last_ms, DOWN)]
    assert among_good(looks).meta_down_ms == meta_ms


def test_a_chain_reaches_at_most_75_seconds_beyond_its_looks() -> None:
    """Looks every five minutes own 225 s on either side; Meta's ten minutes are not proven by that."""
    looks = failing(150_000, 4, interval_ms=300_000)
    counted = among_good(looks, quiet_ms=450_000)
    assert counted.down_ms == 3 * 150_000 + 2 * 225_000
    assert counted.meta_down_ms == 3 * 150_000 + 2 * 75_000


@pytest.mark.parametrize(
    "between", [UP, EXPIRED, NETWORK, UNSURE], ids=["an answer", "a refusal", "the path", "an unobserved look"]
)
def test_whatever_stands_between_two_looks_breaks_the_chain(between: Finding) -> None:
    looks = failing(MINUTE, 16)
    looks[8] = mark(looks[8].at_ms, between)
    assert among_good(looks).meta_down_ms == 0


def test_of_a_chain_under_an_overlay_the_visible_part_counts() -> None:
    hidden = (Span(BEGIN + 2 * MINUTE, BEGIN + 9 * MINUTE),)
    for overlays in ({"maintenance": hidden}, {"unobserved": hidden}):
        assert among_good(failing(MINUTE, 12), **overlays).meta_down_ms == 5 * MINUTE


def test_proven_is_the_time_between_failed_looks_without_a_hole() -> None:
    assert among_good(failing(90_000, 4)).proven_down_ms == 3 * 90_000
    assert among_good(failing(90_001, 4)).proven_down_ms == 0, "a millisecond between them is nobody's"
    declared = (Span(BEGIN + MINUTE, BEGIN + 2 * MINUTE),)
    assert among_good(failing(MINUTE, 4), maintenance=declared).proven_down_ms == 2 * MINUTE


def test_an_outage_of_one_look_proves_nothing() -> None:
    counted = among_good([mark(BEGIN, DOWN)], confirm=1)
    assert (counted.down_ms, counted.proven_down_ms, counted.worst_down_ms) == (MINUTE, 0, 2 * MINUTE)


@pytest.mark.parametrize(("confirm", "down_ms", "blips"), [(1, 2 * MINUTE, 0), (2, 2 * MINUTE, 0), (3, 0, 2)])
def test_as_many_looks_confirm_an_outage_as_the_operator_wants(confirm: int, down_ms: int, blips: int) -> None:
    counted = among_good(failing(MINUTE, 2), confirm=confirm)
    assert (counted.down_ms, counted.blips) == (down_ms, blips)
    assert counted.worst_down_ms == 3 * MINUTE, "blips are not forgiven by the bound"


@pytest.mark.parametrize(
    ("looks", "worst_ms"),
    [
        ([(0, DOWN)], 2 * MINUTE),
        ([(0, DOWN), (MINUTE, UNSURE)], 3 * MINUTE),
        ([(0, DOWN), (MINUTE, NETWORK)], 3 * MINUTE),
        ([(0, NETWORK)], 0),
        ([(0, DOWN), (MINUTE, REFUSED)], 2 * MINUTE + MINUTE // 2),
        ([(0, UNSURE)], MINUTE),
        ([(0, REFUSED)], MINUTE),
    ],
    ids=[
        "between two answers",
        "an unobserved look is no answer",
        "the path is no answer",
        "the path alone is no downtime",
        "a refusal is an answer, and in itself suspect",
        "unobserved time",
        "a refusal",
    ],
)
def test_at_most_is_everything_that_could_hide_downtime(looks: list[tuple[int, Finding]], worst_ms: int) -> None:
    assert among_good([mark(BEGIN + at_ms, finding) for at_ms, finding in looks]).worst_down_ms == worst_ms


def test_at_most_loses_what_was_declared() -> None:
    declared = (Span(BEGIN - MINUTE, BEGIN),)
    assert among_good([mark(BEGIN, DOWN)], maintenance=declared).worst_down_ms == MINUTE


def test_without_an_answer_on_one_side_the_bound_is_open_to_it() -> None:
    looks = [mark(BEGIN, DOWN), mark(BEGIN + MINUTE, DOWN)]
    counted = figures(account(looks, BEGIN + 2 * MINUTE), Span(BEGIN - MINUTE, BEGIN + 2 * MINUTE))
    assert (counted.down_ms, counted.unobserved_ms) == (105_000, 75_000)
    assert counted.worst_down_ms == counted.total_ms


def test_a_part_of_a_minute_of_traffic_that_nobody_used_is_unobserved() -> None:
    """A minute with too few outcomes is no look; what its neighbours do not reach is nobody's."""
    busy = [*row(START - HOUR, BEGIN, MINUTE), *row(BEGIN + 3 * MINUTE, START + 5 * HOUR, MINUTE)]
    timeline = account(busy, START + 5 * HOUR)
    assert figures(timeline, FOUR_HOURS).unobserved_ms == 3 * MINUTE - 2 * 45_000
    assert {one.column for one in timeline.segments} == {Column.UP}


@pytest.mark.parametrize(("apart_ms", "down_ms"), [(450_000, 720_000), (450_001, 540_000)], ids=["3 P", "more"])
def test_the_interval_that_decides_a_tear_is_the_earlier_looks(apart_ms: int, down_ms: int) -> None:
    """They own 45 s and 225 s towards each other; between lie three of the earlier one's intervals."""
    looks = [mark(BEGIN, DOWN), mark(BEGIN + apart_ms, DOWN, 300_000)]
    assert among_good(looks, quiet_ms=650_000).down_ms == down_ms


def test_metas_maintenance_beyond_ten_minutes_can_be_a_chain_of_its_own() -> None:
    looks = [mark(BEGIN + k * MINUTE, MAINTAINED) for k in range(40)]
    counted = among_good(looks)
    assert (counted.unobserved_ms, counted.down_ms, counted.meta_down_ms) == (
        11 * MINUTE,
        29 * MINUTE,
        29 * MINUTE,
    )
