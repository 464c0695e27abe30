"""Days of 23 to 25 hours, and days on which the service's zone was changed: no instant on two, none on no day."""

from datetime import date, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wamon.core.calendar import Calendar, zones_of
from wamon.core.timeline import HOUR, day_of, iso, parse_iso

TENTH = date(2026, 6, 10)
ZONES = ("UTC", "Asia/Tokyo", "America/Los_Angeles", "Pacific/Kiritimati", "Etc/GMT+12", "Australia/Lord_Howe")


def changed(closed_until: date, before: str, after: str) -> Calendar:
    return Calendar(ZoneInfo(after), {closed_until - timedelta(days=back): before for back in range(40)})


@pytest.mark.parametrize(
    ("zone", "day", "hours"),
    [
        ("Europe/Berlin", date(2026, 3, 29), 23),
        ("Europe/Berlin", date(2026, 10, 25), 25),
        ("Australia/Lord_Howe", date(2026, 4, 5), 24.5),
        ("Australia/Lord_Howe", date(2026, 10, 4), 23.5),
        ("UTC", date(2026, 3, 29), 24),
    ],
)
def test_a_day_is_as_long_as_its_zone_makes_it(zone: str, day: date, hours: float) -> None:
    assert Calendar(ZoneInfo(zone)).span(day).length_ms == hours * HOUR


@pytest.mark.parametrize(
    ("before", "after", "first", "begins", "hours"),
    [
        ("UTC", "Asia/Tokyo", date(2026, 6, 11), "2026-06-11T00:00:00Z", 15),
        ("UTC", "America/Los_Angeles", date(2026, 6, 11), "2026-06-11T00:00:00Z", 31),
        ("Asia/Tokyo", "UTC", date(2026, 6, 11), "2026-06-10T15:00:00Z", 33),
        ("Pacific/Honolulu", "Pacific/Kiritimati", date(2026, 6, 12), "2026-06-11T10:00:00Z", 24),
        ("Pacific/Kiritimati", "Pacific/Honolulu", date(2026, 6, 11), "2026-06-10T10:00:00Z", 48),
        ("Etc/GMT+12", "Pacific/Kiritimati", date(2026, 6, 12), "2026-06-11T12:00:00Z", 22),
    ],
)
def test_the_first_day_after_a_change_begins_where_the_last_closed_one_ended(
    before: str, after: str, first: date, begins: str, hours: int
) -> None:
    calendar = changed(TENTH, before, after)
    span = calendar.span(first)
    assert (iso(span.start_ms), span.length_ms) == (begins, hours * HOUR)
    assert calendar.day_of(span.start_ms) == first
    assert calendar.span(first - timedelta(days=1)).end_ms == span.start_ms


@given(st.sampled_from(ZONES), st.sampled_from(ZONES), st.integers(-96, 96))
def test_whatever_is_changed_to_what_every_instant_has_one_day(before: str, after: str, hours: int) -> None:
    calendar = changed(TENTH, before, after)
    at_ms = parse_iso("2026-06-11T00:00:00Z") + hours * HOUR
    day = calendar.day_of(at_ms)
    assert calendar.span(day).holds(at_ms)
    others = [day + timedelta(days=step) for step in range(-4, 5) if step]
    assert not any(calendar.span(other).holds(at_ms) for other in others)
    assert abs((day - day_of(at_ms, ZoneInfo(after))).days) <= 1


def test_a_day_keeps_the_zone_of_its_first_publication() -> None:
    rows = [(TENTH, "UTC"), (TENTH, "Asia/Tokyo"), (TENTH - timedelta(days=1), "UTC")]
    assert zones_of(rows) == {TENTH: "UTC", TENTH - timedelta(days=1): "UTC"}
