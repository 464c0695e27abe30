"""Day states, revisions and the pass that restates days: what is said, when, and never twice."""

from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wamon.core.publication import (
    DayState,
    Passed,
    Publication,
    day_document,
    day_state,
    figures_document,
    figures_from,
    freezes_on,
    is_partial,
    publish,
)
from wamon.core.timeline import DAY, MINUTE, Span, day_span, to_ms
from wamon.core.uptime import Figures

UTC = ZoneInfo("UTC")
BERLIN = ZoneInfo("Europe/Berlin")
TUESDAY = date(2026, 11, 3)


def moment(text: str, zone: ZoneInfo = UTC) -> int:
    return to_ms(datetime.fromisoformat(text).replace(tzinfo=zone))


def usual(text: str) -> Passed:
    """A weekly pass over the fourteen days before."""
    today = moment(text[:10])
    return Passed(moment(text), Span(today - 14 * DAY, today))


def row(down_ms: int, revision: int = 0) -> Publication:
    return Publication("cloud-api", TUESDAY, "UTC", revision, 0, Figures(total_ms=DAY, down_ms=down_ms), "why")


@pytest.mark.parametrize(
    ("day", "frozen"),
    [
        (date(2026, 11, 3), date(2026, 12, 14)),
        (date(2026, 11, 30), date(2026, 12, 14)),
        (date(2026, 12, 31), date(2027, 1, 14)),
        (date(2026, 1, 31), date(2026, 2, 13)),
        (date(2027, 1, 15), date(2027, 2, 12)),
        (date(2026, 7, 1), date(2026, 8, 14)),
    ],
)
def test_a_month_is_final_on_the_tenth_business_day_of_the_next(day: date, frozen: date) -> None:
    assert freezes_on(day) == frozen


@pytest.mark.parametrize(
    ("first", "frozen"),
    [
        (date(2026, 6, 1), 12),
        (date(2026, 9, 1), 14),
        (date(2026, 4, 1), 14),
        (date(2026, 10, 1), 14),
        (date(2026, 5, 1), 14),
        (date(2026, 8, 1), 14),
        (date(2026, 11, 1), 13),
    ],
    ids=["Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"],
)
def test_whatever_day_a_month_begins_on_the_one_before_is_final_on_its_tenth_business_day(
    first: date, frozen: int
) -> None:
    for before in (first - timedelta(days=1), (first - timedelta(days=1)).replace(day=1)):
        assert freezes_on(before) == first.replace(day=frozen)


@given(st.dates(date(2020, 1, 1), date(2035, 1, 1)))
def test_ten_business_days_lie_in_the_month_up_to_that_day(day: date) -> None:
    frozen = freezes_on(day)
    assert frozen.weekday() < 5
    assert sum(date(frozen.year, frozen.month, n).weekday() < 5 for n in range(1, frozen.day + 1)) == 10
    assert (frozen.year * 12 + frozen.month) - (day.year * 12 + day.month) == 1


@pytest.mark.parametrize(
    ("now", "passes", "state"),
    [
        ("2026-11-03T12:00", [], DayState.OPEN),
        ("2026-11-04T00:14:59", [], DayState.OPEN),
        ("2026-11-04T00:15", [], DayState.CLOSED),
        ("2026-11-09T06:00", ["2026-11-09T06:00"], DayState.CLOSED),
        ("2026-11-10T23:59", ["2026-11-10T23:59"], DayState.CLOSED),
        ("2026-11-16T05:59", ["2026-11-09T06:00"], DayState.CLOSED),
        ("2026-11-16T06:00", ["2026-11-09T06:00", "2026-11-16T06:00"], DayState.SETTLED),
        ("2026-11-11T00:00", ["2026-11-11T00:00"], DayState.SETTLED),
        ("2026-12-13T23:59", ["2026-11-16T06:00"], DayState.SETTLED),
        ("2026-12-14T00:00", ["2026-11-16T06:00"], DayState.FROZEN),
        ("2026-12-14T00:00", [], DayState.FROZEN),
    ],
)
def test_a_day_opens_closes_settles_and_freezes(now: str, passes: list[str], state: DayState) -> None:
    assert day_state(TUESDAY, UTC, moment(now), [usual(one) for one in passes]) is state


def test_a_pass_of_the_future_settles_nothing_yet() -> None:
    assert day_state(TUESDAY, UTC, moment("2026-11-12T00:00"), [usual("2026-11-16T06:00")]) is DayState.CLOSED


@pytest.mark.parametrize(
    ("first", "last", "state"),
    [
        ("2026-11-03T00:00", "2026-11-04T00:00", DayState.SETTLED),
        ("2026-11-03T00:01", "2026-11-16T00:00", DayState.CLOSED),
        ("2026-11-01T00:00", "2026-11-03T23:59", DayState.CLOSED),
        ("2026-11-10T00:00", "2026-11-16T00:00", DayState.CLOSED),
    ],
)
def test_only_a_pass_that_saw_all_of_a_day_settles_it(first: str, last: str, state: DayState) -> None:
    """Somebody asked for a few days to be judged again: the others have not been seen by that."""
    seen = Passed(moment("2026-11-16T06:00"), Span(moment(first), moment(last)))
    assert day_state(TUESDAY, UTC, seen.at_ms, [seen]) is state


@pytest.mark.parametrize("day", [date(2026, 3, 29), date(2026, 10, 25)])
def test_a_day_of_the_zone_closes_a_quarter_of_an_hour_after_its_own_end(day: date) -> None:
    end = day_span(day, BERLIN).end_ms
    assert day_state(day, BERLIN, end + 15 * MINUTE - 1) is DayState.OPEN
    assert day_state(day, BERLIN, end + 15 * MINUTE) is DayState.CLOSED


def test_the_first_word_on_a_day_is_revision_one() -> None:
    said = publish(row(0), None)
    assert said is not None
    assert said.revision == 1


@pytest.mark.parametrize("state", [DayState.CLOSED, DayState.SETTLED])
def test_changed_figures_are_the_next_revision_and_equal_ones_are_silence(state: DayState) -> None:
    said = publish(row(5), row(0, revision=3), state=state)
    assert said is not None
    assert said.revision == 4
    assert publish(row(0), row(0, revision=3), state=state) is None


def test_a_frozen_day_changes_only_when_it_is_reopened() -> None:
    assert publish(row(5), row(0, revision=1), state=DayState.FROZEN) is None
    said = publish(row(5), row(0, revision=1), state=DayState.FROZEN, reopen=True)
    assert said is not None
    assert said.revision == 2
    assert publish(row(0), row(0, revision=1), state=DayState.FROZEN, reopen=True) is None


def test_a_day_is_partial_when_its_time_is_shorter_than_its_day_however_long_that_is() -> None:
    """A day of 23 hours in Berlin is whole with 23 hours, and one of 25 is not whole with 24."""
    spring, autumn, hour = date(2026, 3, 29), date(2026, 10, 25), DAY // 24
    assert [is_partial(TUESDAY, UTC, Figures(total_ms=one)) for one in (0, DAY - 1, DAY)] == [True, True, False]
    assert not is_partial(spring, BERLIN, Figures(total_ms=23 * hour))
    assert is_partial(spring, BERLIN, Figures(total_ms=23 * hour - 1))
    assert is_partial(autumn, BERLIN, Figures(total_ms=24 * hour))


def test_the_document_has_the_keys_of_the_contract_in_its_order_and_ours_behind() -> None:
    document = day_document("cloud-api", TUESDAY, DayState.CLOSED, 2, Figures(total_ms=DAY), Figures(total_ms=DAY))
    assert list(document) == (
        [
            "target",
            "date",
            "state",
            "revision",
            "seconds",
            "down_s",
            "meta_down_s",
            "network_s",
            "user_error_s",
            "unproved_s",
            "maintenance_s",
            "unobserved_s",
            "blind_spot_s",
            "partial_s",
            "coverage",
            "availability",
            "availability_meta",
            "availability_experienced",
            "proven_down_s",
            "worst_down_s",
            "first_published",
            "slow_s",
            "partial",
        ]
    )
    assert document["seconds"] == 86400
    assert document["date"] == "2026-11-03"
    assert document["first_published"] == {"availability": 1.0}


def test_ratios_are_unrounded_and_nothing_observed_is_null() -> None:
    said = figures_document(Figures(total_ms=DAY, down_ms=1))
    assert said["availability"] == 1 - 1 / DAY
    nothing = figures_document(Figures(total_ms=DAY, unobserved_ms=DAY))
    assert (nothing["coverage"], nothing["availability"], nothing["availability_meta"]) == (0.0, None, None)
    assert nothing["availability_experienced"] is None


def test_a_day_all_under_maintenance_has_no_figures() -> None:
    said = figures_document(Figures(total_ms=DAY, maintenance_ms=DAY))
    assert [said[name] for name in ("coverage", "availability", "availability_meta")] == [None, None, None]


def test_figures_kept_by_an_earlier_version_are_still_read() -> None:
    assert figures_from({"total_ms": 5, "down_ms": 2, "sum_of_another_time": 9}) == Figures(total_ms=5, down_ms=2)
