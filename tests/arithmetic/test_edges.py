"""The edges of the arithmetic: four observed hours, one thing gone wrong in them, and what they must say."""

import pytest
from msgspec.structs import replace

from wamon.core.finding import Column, Finding, Mark, Verdict
from wamon.core.segments import account
from wamon.core.timeline import Span
from wamon.core.uptime import Figures, figures

from .strategies import (
    DOWN,
    ENDPOINT,
    EVERYWHERE,
    MAINTAINED,
    NETWORK,
    REFUSED,
    THROTTLED,
    UNSURE,
    UP,
    USER_FINDINGS,
    instead,
    mark,
    row,
)

MINUTE = 60_000
HOUR = 60 * MINUTE
START = 1_000 * 24 * HOUR
FOUR_HOURS = Span(START, START + 4 * HOUR)
GOOD = tuple(row(START - HOUR, START + 5 * HOUR, MINUTE))


def four_hours(marks: list[Mark], **overlays: tuple[Span, ...]) -> Figures:
    return figures(account(marks, START + 5 * HOUR), FOUR_HOURS, **overlays)


def good_but(finding: Finding, minutes: range | list[int]) -> list[Mark]:
    return instead(GOOD, finding, [START + minute * MINUTE for minute in minutes])


def test_network_time_is_neither_up_nor_down_and_meta_does_not_see_it() -> None:
    counted = four_hours(good_but(NETWORK, range(60, 84)))
    assert (counted.network_ms, counted.blind_spot_ms, counted.down_ms) == (24 * MINUTE, 24 * MINUTE, 0)
    assert counted.availability == 1.0
    assert counted.availability_experienced == pytest.approx(0.9, abs=1e-12)
    assert counted.worst_down_ms == 0


def test_when_all_that_was_observed_is_network_the_platform_is_unknown() -> None:
    counted = four_hours([mark(START + minute * MINUTE, NETWORK) for minute in range(-2, 242)])
    assert counted.network_ms == counted.total_ms
    assert counted.availability is None
    assert counted.availability_experienced == 0.0


@pytest.mark.parametrize("finding", [EVERYWHERE, ENDPOINT], ids=["everywhere but there", "endpoint"])
def test_downtime_beyond_graph_is_a_blind_spot(finding: Finding) -> None:
    counted = four_hours(good_but(finding, range(60, 72)))
    assert (counted.down_ms, counted.blind_spot_ms) == (12 * MINUTE, 12 * MINUTE)


def test_downtime_of_graph_itself_is_no_blind_spot() -> None:
    assert four_hours(good_but(DOWN, range(60, 72))).blind_spot_ms == 0


@pytest.mark.parametrize("finding", USER_FINDINGS, ids=[finding.cause.value for finding in USER_FINDINGS])
def test_refusals_of_the_caller_prove_only_what_they_prove(finding: Finding) -> None:
    counted = four_hours(good_but(finding, range(60, 64)))
    front_only = finding.cause.value not in ("validation", "payment", "recipient")
    assert counted.user_error_ms == 4 * MINUTE
    assert counted.unproved_ms == (4 * MINUTE if front_only else 0)


def test_throttling_counts_as_up_for_the_platform() -> None:
    counted = four_hours(good_but(THROTTLED, range(60, 84)))
    assert counted.availability == 1.0
    assert counted.availability_experienced == pytest.approx(0.9, abs=1e-12)


@pytest.mark.parametrize(
    ("last", "unobserved", "down", "blips"),
    [(70, 11, 0, 0), (71, 11, 0, 1), (72, 11, 2, 0), (90, 11, 20, 0)],
    ids=["ten minutes", "one look more", "two looks more", "thirty minutes"],
)
def test_metas_maintenance_of_a_number_is_down_after_ten_minutes(
    last: int, unobserved: int, down: int, blips: int
) -> None:
    counted = four_hours(good_but(MAINTAINED, range(60, last + 1)))
    assert counted.unobserved_ms == unobserved * MINUTE
    assert (counted.down_ms, counted.blips) == (down * MINUTE, blips)


def test_one_answer_breaks_the_row_of_metas_maintenance() -> None:
    broken = instead(good_but(MAINTAINED, range(60, 80)), UP, [START + 70 * MINUTE])
    assert four_hours(broken).down_ms == 0


def test_a_hole_that_would_tear_a_run_breaks_the_row_of_metas_maintenance() -> None:
    """Two looks with a night between them do not prove a night of maintenance."""
    kept = [one for one in GOOD if not 60 <= (one.at_ms - START) // MINUTE <= 200]
    apart = [mark(START + minute * MINUTE, MAINTAINED) for minute in (60, 61, 180, 181)]
    assert four_hours([*kept, *apart]).down_ms == 0
    near = [mark(START + minute * MINUTE, MAINTAINED) for minute in (60, 64, 68, 72, 76)]
    assert four_hours([*kept, *near]).down_ms == 330_000


def test_what_a_person_ruled_of_metas_maintenance_stands() -> None:
    ruled = replace(MAINTAINED, column=Column.UP, verdict=Verdict.OK)
    assert four_hours(good_but(ruled, range(60, 100))).down_ms == 0


def test_time_outside_the_running_periods_is_unobserved_though_its_edges_were_owned() -> None:
    asleep = Span(START + 60 * MINUTE + 20_000, START + 90 * MINUTE - 10_000)
    quiet = [one for one in GOOD if not asleep.holds(one.at_ms)]
    assert four_hours(quiet).unobserved_ms == 30 * MINUTE - 90_000
    assert four_hours(quiet, unobserved=(asleep,)).unobserved_ms == asleep.length_ms


def test_maintenance_outranks_the_unobserved_and_both_outrank_downtime() -> None:
    marks = good_but(DOWN, range(60, 90))
    maintenance = (Span(START + 60 * MINUTE, START + 70 * MINUTE),)
    unobserved = (Span(START + 65 * MINUTE, START + 80 * MINUTE),)
    counted = four_hours(marks, maintenance=maintenance, unobserved=unobserved)
    assert counted.maintenance_ms == 10 * MINUTE
    assert counted.unobserved_ms == 10 * MINUTE
    assert counted.down_ms == 10 * MINUTE
    assert counted.meta_down_ms == 10 * MINUTE, "the chain was thirty minutes long, whatever is declared over it"


def test_a_day_that_began_late_or_is_not_over_counts_only_its_own_time() -> None:
    now = START + 2 * HOUR
    seen = [one for one in good_but(DOWN, range(30, 33)) if one.at_ms <= now]
    counted = figures(account(seen, now), Span(START + HOUR // 2, now))
    assert counted.total_ms == 90 * MINUTE
    assert (counted.unobserved_ms, counted.down_ms) == (0, 150_000)
    assert counted.availability == pytest.approx(1 - 2.5 / 90, abs=1e-12)


@pytest.mark.parametrize(("after_ms", "owned_ms"), [(0, 0), (10_000, 10_000), (45_000, 45_000), (90_000, 45_000)])
def test_the_newest_look_owns_up_to_now_and_no_further_than_its_reach(after_ms: int, owned_ms: int) -> None:
    newest = START + MINUTE
    timeline = account([mark(START), mark(newest)], newest + after_ms)
    assert timeline.segments[-1].end_ms == newest + owned_ms


@pytest.mark.parametrize(("gap_ms", "down_ms"), [(270_000, 360_000), (270_001, 180_000)])
def test_a_hole_of_three_intervals_is_bridged_and_a_longer_one_is_not(gap_ms: int, down_ms: int) -> None:
    first = START + HOUR
    counted = four_hours([mark(START), mark(first, DOWN), mark(first + gap_ms, DOWN), mark(START + 3 * HOUR)])
    assert (counted.down_ms, counted.proven_down_ms) == (down_ms, 0)


@pytest.mark.parametrize(
    ("between", "down_ms", "blips"),
    [
        ([], 45 * MINUTE, 0),
        ([UP], 0, 2),
        ([REFUSED], 0, 2),
        ([UNSURE], 30 * MINUTE, 0),
        ([NETWORK], 30 * MINUTE, 0),
    ],
    ids=["nothing", "an answer", "a refusal", "an unobserved one", "a network failure"],
)
def test_what_stands_between_two_failures_decides_whether_they_are_one_run(
    between: list[Finding], down_ms: int, blips: int
) -> None:
    """Looks a quarter of an hour apart, so that no other failure is near enough to make an outage of one."""
    quarter = 15 * MINUTE
    looks = [one for one in row(START, START + 4 * HOUR, quarter) if not 3 <= (one.at_ms - START) // quarter <= 5]
    looks += [mark(START + slot * quarter, DOWN, quarter) for slot in (3, 5)]
    looks += [mark(START + 4 * quarter, finding, quarter) for finding in between]
    counted = four_hours(looks)
    assert (counted.down_ms, counted.blips) == (down_ms, blips)


@pytest.mark.parametrize(
    ("posted", "down_ms"),
    [
        ((), 0),
        ((Span(START + 50 * MINUTE, START + 70 * MINUTE),), MINUTE),
        ((Span(START + 60 * MINUTE, START + 60 * MINUTE + 1),), MINUTE),
        ((Span(START + 50 * MINUTE, START + 59 * MINUTE),), 0),
        ((Span(START + 61 * MINUTE, START + 70 * MINUTE),), 0),
    ],
    ids=["none", "around it", "at its instant", "before it", "after it"],
)
def test_a_short_run_within_an_outage_that_meta_posted_is_not_forgiven(
    posted: tuple[Span, ...], down_ms: int
) -> None:
    timeline = account(good_but(DOWN, [60]), START + 5 * HOUR, posted=posted)
    assert figures(timeline, FOUR_HOURS).down_ms == down_ms


@pytest.mark.parametrize(("apart_ms", "blips"), [(600_000, 0), (600_001, 2)])
def test_another_failure_within_ten_minutes_forbids_forgiving(apart_ms: int, blips: int) -> None:
    looks = [*GOOD, mark(START + HOUR + 1, DOWN), mark(START + HOUR + 1 + apart_ms, NETWORK)]
    assert four_hours(sorted(looks, key=lambda one: one.at_ms)).blips == blips
