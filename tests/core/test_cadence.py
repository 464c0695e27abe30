"""What is due when: looking again, backing off, closing days and the weekly pass across changing clocks."""

from datetime import date, datetime, time, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wamon.core.cadence import (
    Beat,
    Cap,
    Due,
    beat,
    next_close,
    next_look,
    next_slot,
    next_weekly,
    offset_ms,
    recalled,
)
from wamon.core.finding import Cause, Column, Context, Finding, Mark, Verdict
from wamon.core.observation import ProbeKind
from wamon.core.timeline import DAY, HOUR, MINUTE, SECOND, day_span, from_ms, to_ms

UP = Finding(Verdict.OK, Cause.NONE, Column.UP)
DOWN = Finding(Verdict.SYSTEM_ERROR, Cause.SERVICE, Column.DOWN, code=2)
MISSED = Finding(Verdict.MISSED_SUCCESS, Cause.TIMEOUT, Column.DOWN)
PATH = Finding(Verdict.NETWORK_ERROR, Cause.PATH, Column.NETWORK)
USER = Finding(Verdict.USER_ERROR, Cause.PAYMENT, Column.USER)
UNSURE = Finding(Verdict.INCONCLUSIVE, Cause.PROXY, Column.UNOBSERVED)
THROTTLED = Finding(Verdict.USER_ERROR, Cause.THROTTLING, Column.USER)
NAME = "cloud-api"
SLOT = offset_ms(NAME, MINUTE)
START = next_slot(1_793_700_000_000, MINUTE, SLOT)


def walked(
    findings: list[Finding],
    probe: ProbeKind = ProbeKind.API,
    interval_ms: int = MINUTE,
    used: int = 0,
    regain_ms: int = 0,
) -> list[tuple[float, bool]]:
    """Seconds from the first look to each next one, and whether it was an extra one."""
    first = next_slot(1_793_700_000_000, interval_ms, offset_ms(NAME, interval_ms))
    before, at, extra, steps = None, first, False, []
    for finding in findings:
        before = beat(before, finding, at, extra=extra, regain_ms=regain_ms)
        others = [at] * used
        due = next_look(
            NAME,
            probe,
            interval_ms,
            before,
            recheck_ms=10 * SECOND,
            extras_of_token=[*others, *before.extras_ms],
        )
        at, extra = due.at_ms, due.extra
        steps.append(((at - first) / SECOND, extra))
    return steps


def test_a_failing_target_is_looked_at_again_as_the_vector_shows() -> None:
    """Vector 3: :10 :20 :30 :50 and, instead of the regular slot, 1:10; then 1:30."""
    assert [at for at, _ in walked([DOWN] * 6)] == [10, 20, 30, 50, 70, 90]


def test_a_look_that_replaces_the_regular_slot_is_no_extra_one() -> None:
    assert [extra for _, extra in walked([DOWN] * 5)] == [True, True, True, True, False]


@pytest.mark.parametrize("finding", [UP, USER, UNSURE])
def test_after_an_answer_the_regular_slots_come_back(finding: Finding) -> None:
    assert walked([DOWN, DOWN, finding, finding]) == [(10, True), (20, True), (60, False), (120, False)]


def test_path_trouble_is_looked_at_again_too() -> None:
    assert walked([PATH]) == [(10, True)]


def test_the_quota_of_extra_looks_ends_them_and_not_the_watch() -> None:
    assert walked([DOWN, DOWN], used=60) == [(60, False), (120, False)]
    assert walked([DOWN, DOWN], used=59) == [(10, True), (60, False)]


def test_one_hour_of_failing_takes_at_most_sixty_extra_looks() -> None:
    steps = walked([DOWN] * 400)
    for at, _ in steps:
        assert sum(extra for other, extra in steps if at - 3600 < other <= at) <= 60


def test_a_fast_target_is_not_slowed_down_by_looking_again() -> None:
    assert [at for at, _ in walked([DOWN] * 5, interval_ms=5 * SECOND)] == [5, 10, 15, 20, 25]


def test_a_canary_is_sent_anew_after_two_minutes_and_then_every_five() -> None:
    steps = walked([DOWN] * 4, ProbeKind.MESSAGE, 2 * HOUR)
    assert steps == [(120, True), (420, True), (720, True), (1020, True)]


def test_a_canary_is_sent_anew_at_most_ten_times_in_a_day_however_long_it_fails() -> None:
    steps = walked([DOWN] * 60, ProbeKind.MESSAGE, 2 * HOUR)
    for at, _ in steps:
        assert sum(extra for other, extra in steps if at - 86_400 < other <= at) <= 10
    assert sum(extra for at, extra in steps if at <= 86_400) == 10
    assert all(later - earlier <= 7_200 + 300 for (earlier, _), (later, _) in pairwise(steps))


def test_the_caps_bite_per_stretch_of_time_and_not_for_ever() -> None:
    assert not Cap(2, HOUR).spent([START - HOUR, START], START)
    assert Cap(2, HOUR).spent([START - HOUR + 1, START], START)
    assert not Cap(2, HOUR).spent([START + 1, START], START), (
        "what lies ahead, after a step of the clock, is not spent"
    )


def test_an_extra_look_that_a_cap_refuses_is_said_to_be_refused() -> None:
    now = beat(None, DOWN, START, extra=False)
    spent = [START] * 60
    due = next_look(NAME, ProbeKind.API, MINUTE, now, recheck_ms=10 * SECOND, extras_of_token=spent)
    assert due == Due(START + MINUTE, refused=True)
    calm = beat(None, UP, START, extra=False)
    assert next_look(NAME, ProbeKind.API, MINUTE, calm, recheck_ms=10 * SECOND, extras_of_token=spent) == Due(
        START + MINUTE
    )


@pytest.mark.parametrize("regain_s", [0, 1800])
def test_a_throttled_target_waits_twice_its_interval_and_as_long_as_meta_says(regain_s: int) -> None:
    regain_ms = START + regain_s * SECOND if regain_s else 0
    assert walked([THROTTLED], regain_ms=regain_ms) == [(max(120, regain_s), False)]


@pytest.mark.parametrize("silence", [PATH, MISSED, UNSURE])
def test_back_off_lasts_until_an_answer_is_no_longer_throttled(silence: Finding) -> None:
    assert [at for at, _ in walked([THROTTLED, silence, silence, UP, UP])] == [120, 240, 360, 420, 480]


@pytest.mark.parametrize("answer", [UP, USER])
def test_any_other_answer_ends_the_back_off(answer: Finding) -> None:
    assert [at for at, _ in walked([THROTTLED, answer])] == [120, 180]


def test_an_error_of_the_platform_ends_the_back_off_and_is_looked_at_again_soon() -> None:
    assert walked([THROTTLED, DOWN]) == [(120, False), (130, True)]


def test_a_restart_remembers_failures_and_what_was_spent() -> None:
    context = Context("api", MINUTE)
    instants = [
        START,
        START + 10_000,
        START + 20_000,
        START + 30_000,
        START + 50_000,
        START + 70_000,
        START + 90_000,
    ]
    marks = [Mark(at_ms, context, DOWN) for at_ms in instants]
    now = recalled(NAME, MINUTE, marks)
    assert now is not None
    assert (now.failures, now.started_ms) == (7, START + 90_000)
    assert now.extras_ms == (*instants[1:5], *instants[5:])
    assert recalled(NAME, MINUTE, []) is None


def test_regular_looks_of_a_restart_are_not_taken_for_extra_ones() -> None:
    marks = [Mark(START + i * MINUTE + 300, Context("api", MINUTE), DOWN) for i in range(30)]
    assert recalled(NAME, MINUTE, marks) == Beat(START + 29 * MINUTE + 300, 30)


@given(st.integers(0, 10**13), st.sampled_from([SECOND, 30 * SECOND, MINUTE, 2 * HOUR]), st.text(min_size=1))
def test_slots_never_pile_up_and_keep_their_place(after_ms: int, interval_ms: int, name: str) -> None:
    offset = offset_ms(name, interval_ms)
    slot = next_slot(after_ms, interval_ms, offset)
    assert after_ms < slot <= after_ms + interval_ms
    assert slot % interval_ms == offset


BERLIN, HOWE, KOLKATA = (ZoneInfo(key) for key in ("Europe/Berlin", "Australia/Lord_Howe", "Asia/Kolkata"))


@pytest.mark.parametrize(
    ("zone", "after", "expected"),
    [
        (BERLIN, "2026-03-29T12:00+02:00", "2026-03-30T00:15+02:00"),
        (BERLIN, "2026-03-28T23:59+01:00", "2026-03-29T00:15+01:00"),
        (BERLIN, "2026-10-25T12:00+01:00", "2026-10-26T00:15+01:00"),
        (BERLIN, "2026-11-03T00:14:59+01:00", "2026-11-03T00:15+01:00"),
        (BERLIN, "2026-11-03T00:15+01:00", "2026-11-04T00:15+01:00"),
        (KOLKATA, "2026-11-03T00:00+05:30", "2026-11-03T00:15+05:30"),
    ],
)
def test_a_day_is_closed_a_quarter_of_an_hour_after_its_end(zone: ZoneInfo, after: str, expected: str) -> None:
    assert next_close(to_ms(datetime.fromisoformat(after)), zone) == to_ms(datetime.fromisoformat(expected))


@pytest.mark.parametrize(
    ("zone", "at", "after", "expected"),
    [
        (BERLIN, time(6), "2026-03-29T12:00+02:00", "2026-03-30T06:00+02:00"),
        (BERLIN, time(6), "2026-10-25T12:00+01:00", "2026-10-26T06:00+01:00"),
        (BERLIN, time(6), "2026-11-02T05:59:59+01:00", "2026-11-02T06:00+01:00"),
        (BERLIN, time(6), "2026-11-02T06:00+01:00", "2026-11-09T06:00+01:00"),
        (BERLIN, time(6), "2026-11-08T23:59+01:00", "2026-11-09T06:00+01:00"),
        (BERLIN, time(6), "2026-03-23T06:00+01:00", "2026-03-30T06:00+02:00"),
    ],
)
def test_the_weekly_pass_keeps_its_hour_by_the_clock_on_the_wall(
    zone: ZoneInfo, at: time, after: str, expected: str
) -> None:
    found = next_weekly(to_ms(datetime.fromisoformat(after)), zone, 0, at)
    assert found == to_ms(datetime.fromisoformat(expected))


@pytest.mark.parametrize("day", [date(2026, 3, 29), date(2026, 10, 25)])
def test_an_hour_that_is_missing_or_doubled_still_gives_one_pass(day: date) -> None:
    after = day_span(day, BERLIN).start_ms
    found = next_weekly(after, BERLIN, 6, time(2, 30))
    assert day_span(day, BERLIN).holds(found)
    assert next_weekly(found, BERLIN, 6, time(2, 30)) - found >= 6 * DAY


INSTANTS = st.integers(
    to_ms(datetime.fromisoformat("2026-01-01T00:00Z")), to_ms(datetime.fromisoformat("2028-01-01T00:00Z"))
)


@given(INSTANTS, st.sampled_from([BERLIN, HOWE, KOLKATA]))
def test_every_day_is_closed_once_and_in_order(after_ms: int, zone: ZoneInfo) -> None:
    closes = [after_ms]
    for _ in range(4):
        closes.append(next_close(closes[-1], zone))
    assert all(0 < later - earlier <= 25 * HOUR for earlier, later in pairwise(closes))
    days = [from_ms(one - 15 * MINUTE - 1).astimezone(zone).date() for one in closes[1:]]
    assert all(later - earlier == timedelta(days=1) for earlier, later in pairwise(days))


@given(INSTANTS, st.sampled_from([BERLIN, HOWE, KOLKATA]), st.integers(0, 6), st.times())
def test_the_weekly_pass_is_always_ahead_on_its_weekday(
    after_ms: int, zone: ZoneInfo, weekday: int, at: time
) -> None:
    found = next_weekly(after_ms, zone, weekday, at.replace(second=0, microsecond=0))
    assert 0 < found - after_ms <= 7 * DAY + HOUR
    assert from_ms(found).astimezone(zone).weekday() == weekday
