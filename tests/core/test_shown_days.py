"""Days that are put together once a day say the same as those put together anew for every report."""

from collections.abc import Mapping
from datetime import date, timedelta
from zoneinfo import ZoneInfo

from hypothesis import given
from hypothesis import strategies as st

from wamon.core.publication import DayState, Publication
from wamon.core.shown_days import Day, ShownDays
from wamon.core.timeline import DAY, HOUR, MINUTE, day_span
from wamon.core.uptime import Figures, period

UTC = ZoneInfo("UTC")
TODAY = date(2026, 3, 10)
SUMS = st.builds(
    lambda down, unseen: Figures(total_ms=DAY, down_ms=down * MINUTE, unobserved_ms=unseen * HOUR),
    st.integers(0, 60),
    st.integers(0, 5),
)
TRAILS = st.dictionaries(st.integers(0, 75), st.tuples(SUMS, SUMS), max_size=30)


def published(
    days: Mapping[int, tuple[Figures, Figures]],
) -> dict[tuple[str, date], tuple[Publication, Publication]]:
    found = {}
    for back, (first, latest) in days.items():
        day = TODAY - timedelta(days=back)
        at_ms = day_span(day, UTC).end_ms + HOUR
        found["api", day] = (
            Publication("api", day, "UTC", 1, at_ms, first, "closed"),
            Publication("api", day, "UTC", 2, at_ms, latest, "judged again"),
        )
    return found


@given(TRAILS, SUMS, SUMS)
def test_every_report_of_a_day_gets_what_a_fresh_one_would(
    days: dict[int, tuple[Figures, Figures]], now: Figures, later: Figures
) -> None:
    trail = published(days)
    kept = ShownDays(trail, days=60)
    for sums, today in ((now, TODAY), (later, TODAY), (later, TODAY + timedelta(days=1))):
        fresh = {today: {"api": sums}}
        at_ms = day_span(today, UTC).start_ms + 12 * HOUR
        rows = kept.rows(["api"], fresh, at_ms, today, UTC)
        assert rows == ShownDays(trail, days=60).rows(["api"], fresh, at_ms, today, UTC)
        row = rows["api"]
        assert [one.date for one in row.days] == sorted(one.date for one in row.days)
        assert row.periods["days"] == period(one.figures for one in row.days).figures
        in_month = [one for one in row.days if (one.date.year, one.date.month) == (today.year, today.month)]
        assert row.periods["month"] == period(one.figures for one in in_month).figures
        february = [one.figures for one in row.days if one.date.month == 2]
        assert row.periods["last_month"] == period(february).figures


def test_a_day_that_was_published_is_not_shown_a_second_time_as_open() -> None:
    trail = published({0: (Figures(total_ms=DAY), Figures(total_ms=DAY, down_ms=MINUTE))})
    fresh = {TODAY: {"api": Figures(total_ms=HOUR)}}
    (day,) = ShownDays(trail).rows(["api"], fresh, day_span(TODAY, UTC).end_ms + HOUR, TODAY, UTC)["api"].days
    assert isinstance(day, Day)
    assert (day.revision, day.figures.down_ms) == (2, MINUTE)
    assert day.state is DayState.CLOSED
