"""The error budget on time: what is left of a month, when it burns too fast, and what people hear of it."""

from datetime import date
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.support.reports import figures
from wamon.core.budget import PAIRS, Burn, MonthBudget, budget_of, burn, month_budget, month_span
from wamon.core.burning import Pace, burn_notices
from wamon.core.finding import Cause, Column, Verdict
from wamon.core.segments import Segment, Timeline
from wamon.core.timeline import DAY, HOUR, MINUTE, SECOND, Span, parse_iso
from wamon.core.uptime import Figures

NOW = parse_iso("2026-11-20T12:00:00Z")


def lived(*stretches: tuple[Column, int]) -> Timeline:
    """A timeline that ends now: columns with how long each lasted, the oldest first."""
    end_ms, segments = NOW, []
    for column, length_ms in reversed(stretches):
        segments.append(Segment(end_ms - length_ms, end_ms, column, Verdict.OK, Cause.NONE, False, "", -1))
        end_ms -= length_ms
    return Timeline(tuple(reversed(segments)))


UP, DOWN, USER, NETWORK = Column.UP, Column.DOWN, Column.USER, Column.NETWORK
GONE = Column.UNOBSERVED
FAST, SIX_HOURS, DAYS, THREE_DAYS = PAIRS

# At 99.9 % thirty days allow 43 min 12 s: 2 % of that are 51.8 s, 5 % are 129.6 s, 10 % are 259.2 s.
FIGURES = {
    "52 s within the last minutes": ([(UP, 4 * DAY), (DOWN, 52 * SECOND)], FAST),
    "51 s are not two percent": ([(UP, 4 * DAY), (DOWN, 51 * SECOND)], None),
    "they ended six minutes ago": ([(UP, 4 * DAY), (DOWN, 52 * SECOND), (UP, 6 * MINUTE)], None),
    "130 s, over for twenty minutes": ([(UP, 4 * DAY), (DOWN, 130 * SECOND), (UP, 20 * MINUTE)], SIX_HOURS),
    "130 s, over for half an hour": ([(UP, 4 * DAY), (DOWN, 130 * SECOND), (UP, 31 * MINUTE)], None),
    "260 s, over for an hour": ([(UP, 4 * DAY), (DOWN, 260 * SECOND), (UP, HOUR)], DAYS),
    "260 s, over for five hours": ([(UP, 4 * DAY), (DOWN, 260 * SECOND), (UP, 5 * HOUR)], THREE_DAYS),
    "260 s, over for six hours": ([(UP, 4 * DAY), (DOWN, 260 * SECOND), (UP, 6 * HOUR)], None),
    "blips of a minute every twelve hours": ([(UP, 12 * HOUR - MINUTE), (DOWN, MINUTE)] * 8, FAST),
    "blips of a minute, the last long ago": ([(DOWN, MINUTE), (UP, 10 * HOUR)] * 8, None),
    "our own errors burn nothing": ([(UP, 4 * DAY), (USER, DAY)], None),
    "nor does the network": ([(UP, 4 * DAY), (NETWORK, DAY)], None),
    "nor does what nobody saw": ([(UP, 4 * DAY), (GONE, DAY)], None),
    "unobserved time freezes a fire": ([(UP, 4 * DAY), (DOWN, 52 * SECOND), (GONE, 9 * HOUR)], FAST),
    "and does not light one": ([(UP, 4 * DAY), (DOWN, 51 * SECOND), (GONE, 9 * HOUR)], None),
    "a watch a minute old": ([(UP, MINUTE - SECOND), (DOWN, SECOND)], None),
    "a watch that saw nothing but failure": ([(DOWN, MINUTE)], FAST),
    "nothing at all": ([], None),
}


@pytest.mark.parametrize(("stretches", "pair"), FIGURES.values(), ids=FIGURES)
def test_what_burns(stretches: list[tuple[Column, int]], pair: object) -> None:
    found = burn(lived(*stretches), 99.9, NOW)
    assert (found.pair if found else None) == pair


@pytest.mark.parametrize(("objective", "burns"), [(99.0, False), (99.9, True), (99.99, True), (100.0, True)])
def test_a_higher_objective_burns_sooner(objective: float, burns: bool) -> None:
    assert (burn(lived((UP, 4 * DAY), (DOWN, 2 * MINUTE)), objective, NOW) is not None) is burns


def test_an_objective_of_everything_is_not_burnt_by_nothing() -> None:
    assert burn(lived((UP, 4 * DAY)), 100.0, NOW) is None


def test_maintenance_burns_nothing() -> None:
    bad = lived((UP, 4 * DAY), (DOWN, 10 * MINUTE))
    assert burn(bad, 99.9, NOW) is not None
    assert burn(bad, 99.9, NOW, [Span(NOW - HOUR, NOW)]) is None


@given(
    st.lists(st.tuples(st.sampled_from([UP, DOWN, USER]), st.integers(SECOND, 8 * HOUR)), max_size=30),
    st.integers(0, 29),
    st.integers(SECOND, 3 * DAY),
)
def test_a_hole_in_watching_changes_nothing(
    stretches: list[tuple[Column, int]], where: int, length_ms: int
) -> None:
    holed = [*stretches[:where], (GONE, length_ms), *stretches[where:]]
    assert burn(lived(*holed), 99.9, NOW) == burn(lived(*stretches), 99.9, NOW)


MONTH = month_span(date(2026, 11, 20), ZoneInfo("UTC"))

BUDGETS = {
    "nothing spent": (figures(), 99.9, 1.0),
    "half spent": (figures(down_ms=43_200), 99.9, 0.5),
    "all spent": (figures(down_ms=86_400), 99.9, 0.0),
    "overspent": (figures(down_ms=4 * 86_400), 99.9, -3.0),
    "unobserved time neither earns nor burns": (
        figures(down_ms=43_200, unobserved_ms=HOUR, total_ms=DAY + HOUR),
        99.9,
        0.5,
    ),
    "time without a path to Meta neither": (
        figures(down_ms=43_200, network_ms=HOUR, total_ms=DAY + HOUR),
        99.9,
        0.5,
    ),
    "no allowance, nothing lost": (figures(), 100.0, 1.0),
    "no allowance, something lost": (figures(down_ms=1), 100.0, float("-inf")),
}


@pytest.mark.parametrize(("sums", "objective", "left"), BUDGETS.values(), ids=BUDGETS.keys())
def test_the_error_budget_burns_on_time(sums: Figures, objective: float, left: float) -> None:
    """At the end of a month of one observed day."""
    assert month_budget(sums, objective, MONTH, MONTH.end_ms).remaining == pytest.approx(left, abs=1e-9)


@pytest.mark.parametrize("sums", [Figures(), figures(unobserved_ms=DAY)])
def test_a_month_nothing_of_which_was_observed_has_no_budget_to_tell(sums: Figures) -> None:
    assert budget_of(sums, 99.9, NOW, ZoneInfo("UTC")) is None


def test_the_whole_month_s_budget_is_there_from_its_first_minute() -> None:
    """Two minutes down in the first hour are not a hundred times too much: the month has 43."""
    early = month_budget(Figures(total_ms=HOUR, down_ms=2 * MINUTE), 99.9, MONTH, MONTH.start_ms + HOUR)
    assert early.remaining == pytest.approx(1 - 2 / 43.2, abs=1e-4)


def test_a_month_s_budget_is_of_what_was_observed_and_what_is_to_come() -> None:
    month = MONTH
    assert month == Span(parse_iso("2026-11-01T00:00:00Z"), parse_iso("2026-12-01T00:00:00Z"))
    passed_ms = NOW - month.start_ms
    whole = month_budget(Figures(total_ms=passed_ms, down_ms=10 * MINUTE), 99.9, month, NOW)
    assert whole == MonthBudget(43 * MINUTE + 12 * SECOND, 10 * MINUTE)
    assert whole.left_ms == 33 * MINUTE + 12 * SECOND
    blind = month_budget(Figures(total_ms=passed_ms, unobserved_ms=10 * DAY), 99.9, month, NOW)
    assert blind == MonthBudget(28 * MINUTE + 48 * SECOND, 0)


FIRE = Burn(FAST, 2 * MINUTE)
LEFT = MonthBudget(43 * MINUTE, 45 * MINUTE)


def asked_every_five_minutes(minutes_on_fire: set[int], until: int) -> list[tuple[int, str]]:
    """What people hear of it: the minute and the phase."""
    told: set[str] = set()
    heard = []
    for minute in range(0, until, 5):
        pace = Pace(FIRE if minute in minutes_on_fire else None, LEFT)
        for notice in burn_notices({"api": pace}, told, 99.9, NOW + minute * MINUTE):
            assert notice.key not in told
            told.add(notice.key)
            heard.append((minute, notice.phase.value))
    return heard


def test_a_fire_is_told_when_it_begins_and_when_it_is_over() -> None:
    assert asked_every_five_minutes(set(range(10, 200)), 400) == [(10, "opened"), (200, "resolved")]


def test_a_fire_that_flickers_is_told_four_times_a_day_at_most() -> None:
    heard = asked_every_five_minutes({minute for minute in range(1440) if minute % 10 == 0}, 1440)
    assert len([one for one in heard if one[1] == "opened"]) <= 4
    assert len(heard) <= 8


def test_the_title_says_how_fast_and_what_is_left() -> None:
    (notice,) = burn_notices({"api": Pace(FIRE, LEFT)}, (), 99.9, NOW)
    assert notice.title == (
        "[STANDARD] api · the error budget burns: over 2% of a month's within 1 h"
        " · this month's is overspent by 2 min · do: see what comes and goes, wamon incidents"
    )
