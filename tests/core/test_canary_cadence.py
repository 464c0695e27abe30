"""When canaries leave: never at fixed seconds, spaced for their handset, capped, and fresh ones after failures."""

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wamon.core.cadence import (
    Beat,
    Due,
    Flown,
    Usage,
    cap_reached,
    departure_ms,
    launched,
    next_look,
    offset_ms,
    recalled_canaries,
    regular_after,
    returned,
    slot_of,
)
from wamon.core.finding import Cause, Column, Finding, Verdict
from wamon.core.observation import ProbeKind
from wamon.core.timeline import DAY, HOUR, MINUTE, SECOND

NOON = 1_793_700_000_000
ACCEPTED = Finding(Verdict.OK, Cause.NONE, Column.UP)
REFUSED = Finding(Verdict.SYSTEM_ERROR, Cause.SERVICE, Column.DOWN, code=131016)
SILENT = Finding(Verdict.MISSED_SUCCESS, Cause.TIMEOUT, Column.DOWN, provisional=True)
BACK = ACCEPTED
UNHEARD = Finding(Verdict.INCONCLUSIVE, Cause.ENDPOINT, Column.UNOBSERVED)
THROTTLED = Finding(Verdict.USER_ERROR, Cause.THROTTLING, Column.USER)


def departures(interval_ms: int, days: int = 7) -> list[int]:
    found, at_ms = [], NOON
    while at_ms < NOON + days * DAY:
        at_ms = regular_after("send", ProbeKind.MESSAGE, interval_ms, at_ms)
        found.append(at_ms)
    return found


@pytest.mark.parametrize("interval_ms", [10 * MINUTE, 45 * MINUTE, 2 * HOUR, 7 * HOUR])
def test_canaries_leave_once_a_slot_and_ever_differently_after_it(interval_ms: int) -> None:
    found = departures(interval_ms)
    offset = offset_ms("send", interval_ms)
    slots = [slot_of(one, interval_ms, offset) for one in found]
    assert {after - before for before, after in pairwise(slots)} == {interval_ms}
    jitters = [one - slot for one, slot in zip(found, slots, strict=True)]
    assert max(jitters) < min(interval_ms // 10, 5 * MINUTE)
    assert len(set(jitters)) > 0.97 * len(jitters)
    assert len({one // SECOND % 60 for one in found}) > 15


@given(st.integers(NOON, NOON + DAY), st.integers(6 * SECOND, DAY))
def test_the_next_one_is_after_now_and_no_slot_is_passed_over(after_ms: int, interval_ms: int) -> None:
    at_ms = regular_after("send", ProbeKind.MESSAGE, interval_ms, after_ms)
    assert after_ms < at_ms <= after_ms + interval_ms + interval_ms // 10
    assert regular_after("send", ProbeKind.MESSAGE, interval_ms, at_ms - 1) == at_ms


def test_a_cap_that_the_interval_gives_lets_every_regular_canary_through() -> None:
    for interval_ms, cap in ((2 * HOUR, 12), (7 * HOUR, 4), (45 * MINUTE, 32)):
        gone: list[int] = []
        for one in departures(interval_ms):
            slot = slot_of(one, interval_ms, offset_ms("send", interval_ms))
            assert not cap_reached(slot, gone, cap)
            gone.append(slot)
        assert cap_reached(gone[-1] + 1, gone, cap)


@pytest.mark.parametrize(
    ("last_ms", "leaves_ms"),
    [(None, 0), (-7_000, 0), (-6_000, 0), (-2_000, 4_000), (0, 6_000), (5_000, 6_000), (HOUR, 6_000)],
)
def test_one_message_in_six_seconds_to_one_handset(last_ms: int | None, leaves_ms: int) -> None:
    """Two wait behind each other; a clock that was set back makes nobody wait for longer."""
    assert departure_ms(NOON, None if last_ms is None else NOON + last_ms) == NOON + leaves_ms


def due(now: Beat, spared: bool = False) -> Due:
    return next_look("send", ProbeKind.MESSAGE, 2 * HOUR, now, recheck_ms=10 * SECOND, spared=spared)


def test_a_canary_that_was_accepted_is_followed_by_the_regular_one_until_its_way_back_is_known() -> None:
    regular = regular_after("send", ProbeKind.MESSAGE, 2 * HOUR, NOON)
    first = launched(None, ACCEPTED, NOON, extra=False)
    assert due(first) == Due(regular)
    assert due(returned(first, BACK)) == Due(regular)
    assert due(returned(first, SILENT)) == Due(NOON + 2 * MINUTE, extra=True)
    second = launched(returned(first, SILENT), ACCEPTED, NOON + 2 * MINUTE, extra=True)
    assert due(second) == Due(regular)
    assert due(returned(second, SILENT)) == Due(NOON + 7 * MINUTE, extra=True)
    assert due(returned(second, BACK)) == Due(regular)
    assert due(returned(second, UNHEARD)) == Due(regular)


def test_one_that_left_right_at_its_slot_is_not_followed_by_another_of_the_same_slot() -> None:
    slot = slot_of(NOON, 2 * HOUR, offset_ms("send", 2 * HOUR))
    early = launched(None, ACCEPTED, slot, extra=False)
    assert due(early).at_ms >= slot + 2 * HOUR
    assert due(launched(None, REFUSED, slot, extra=False)) == Due(slot + 2 * MINUTE, extra=True)


def test_a_refused_one_says_enough_and_its_late_way_back_nothing() -> None:
    refused = launched(None, REFUSED, NOON, extra=False)
    assert due(refused) == Due(NOON + 2 * MINUTE, extra=True)
    assert returned(refused, BACK) == refused
    again = launched(refused, REFUSED, NOON + 2 * MINUTE, extra=True)
    assert due(again) == Due(NOON + 7 * MINUTE, extra=True)


def test_after_ten_extra_canaries_only_regular_ones_are_left() -> None:
    spent = tuple(NOON - number * HOUR for number in range(10))
    failed = Beat(NOON, failures=3, extras_ms=spent)
    assert due(failed) == Due(regular_after("send", ProbeKind.MESSAGE, 2 * HOUR, NOON), refused=True)
    assert due(Beat(NOON, failures=3, extras_ms=spent[1:])) == Due(NOON + 5 * MINUTE, extra=True)


def test_a_throttled_way_back_slows_canaries_down() -> None:
    limited = returned(launched(None, ACCEPTED, NOON, extra=False), THROTTLED)
    assert due(limited) == Due(NOON + 4 * HOUR)


def test_a_quota_that_is_nearly_full_is_left_to_the_business() -> None:
    failed = returned(launched(None, ACCEPTED, NOON, extra=False), SILENT)
    assert due(failed, spared=True) == Due(regular_after("send", ProbeKind.MESSAGE, 2 * HOUR, NOON), refused=True)
    assert [Usage(NOON, percent).spares(NOON + MINUTE) for percent in (79, 80, 100)] == [False, True, True]
    assert not Usage(NOON, 100).spares(NOON + HOUR)


@given(st.lists(st.tuples(st.sampled_from([ACCEPTED, REFUSED]), st.sampled_from([None, BACK, SILENT, UNHEARD]))))
def test_a_restart_recalls_what_a_running_watch_knows(canaries: list[tuple[Finding, Finding | None]]) -> None:
    live: Beat | None = None
    flown = []
    for number, (sending, way_back) in enumerate(canaries):
        at_ms, extra = NOON + number * 5 * MINUTE, number % 3 == 1
        live = launched(live, sending, at_ms, extra=extra)
        live = live if way_back is None else returned(live, way_back)
        flown.append(Flown(at_ms, extra, sending, way_back))
    assert recalled_canaries(flown) == live


def test_a_canary_of_which_a_crash_left_nothing_on_record_has_not_failed() -> None:
    recalled = recalled_canaries([Flown(NOON, False, REFUSED, None), Flown(NOON + 2 * MINUTE, True, None, None)])
    assert recalled is not None
    assert (recalled.failures, recalled.awaited, recalled.extras_ms) == (1, True, (NOON + 2 * MINUTE,))
