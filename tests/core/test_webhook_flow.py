"""Silence: what an hour of the week usually brings, when none of it comes, what is said with little history."""

from collections.abc import Mapping
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wamon.core.account_lines import Light
from wamon.core.notice import NoticePhase
from wamon.core.timeline import DAY, HOUR, MINUTE, Span, parse_iso
from wamon.core.webhook_flow import Flow, State, flow, flow_lines, norm, silence_notices, told_of

UTC = ZoneInfo("UTC")
NOW = parse_iso("2026-11-09T10:20:00Z")
"""A Monday; ten o'clock is a busy hour, three o'clock is not."""

WEEK = 7 * DAY
TEN = NOW // HOUR * HOUR
ALWAYS = [Span(NOW - 60 * DAY, NOW)]


def busy(*events: int, hours: int = 24) -> dict[int, int]:
    """Events of the hours up to now in each week before: last week's, the one's before, and so on."""
    return {TEN - back * WEEK - hour * HOUR: one for back, one in enumerate(events, 1) for hour in range(hours)}


@pytest.mark.parametrize(
    ("events", "usual", "weak", "weeks"),
    [
        ((100, 120, 80, 90), 95, 80, 8),
        ((), 0, 0, 8),
    ],
)
def test_weeks_without_a_count_had_none(events: tuple[int, ...], usual: float, weak: int, weeks: int) -> None:
    found = norm(busy(*events), ALWAYS, TEN, UTC)
    assert found.weeks == weeks
    assert norm(busy(*events), [Span(TEN - len(events) * WEEK, NOW)], TEN, UTC) == (usual, weak, len(events))


def test_one_dead_week_of_five_does_not_make_silence_usual() -> None:
    listened = [Span(TEN - 5 * WEEK, NOW)]
    assert norm(busy(100, 0, 100, 100, 90), listened, TEN, UTC) == (100, 90, 5)
    assert norm(busy(100, 0, 100, 100), [Span(TEN - 4 * WEEK, NOW)], TEN, UTC) == (100, 0, 4)


def test_hours_in_which_nobody_listened_are_not_known() -> None:
    half = [Span(NOW - 60 * DAY, TEN - 2 * WEEK + HOUR // 2), Span(TEN - 2 * WEEK + HOUR, NOW)]
    assert norm(busy(7, 1, 7), half, TEN, UTC).weeks == 7


def test_an_hour_of_the_week_is_the_wall_clocks() -> None:
    """Berlin set its clocks back on 2026-10-25: what came at ten then came an hour earlier in UTC."""
    berlin = ZoneInfo("Europe/Berlin")
    counts = {TEN - 2 * WEEK: 100, TEN - 3 * WEEK - HOUR: 100, TEN - 3 * WEEK: 5}
    found = norm(counts, [Span(TEN - 3 * WEEK - HOUR, NOW)], TEN, berlin)
    assert (found.weeks, found.usual) == (3, 100)


WEEKS: dict[str, tuple[Mapping[int, int], int, State]] = {
    "busy, and a moment ago": (busy(100, 120, 80), 2 * MINUTE, State.USUAL),
    "busy, and half an hour of nothing": (busy(100, 120, 80), 30 * MINUTE, State.SILENT),
    "one minute less": (busy(100, 120, 80), 29 * MINUTE, State.USUAL),
    "quiet, half an hour": (busy(6, 7, 5), 30 * MINUTE, State.USUAL),
    "quiet, two hours": (busy(6, 7, 5), 2 * HOUR, State.SILENT),
    "one week of three was as silent": (busy(100, 0, 80), 3 * HOUR, State.USUAL),
}


@pytest.mark.parametrize(("counts", "ago_ms", "state"), WEEKS.values(), ids=WEEKS)
def test_silence_is_when_even_a_weak_week_would_have_brought_ten(
    counts: Mapping[int, int], ago_ms: int, state: State
) -> None:
    listened = [Span(TEN - 3 * WEEK - DAY, NOW)]
    assert flow("graph", counts, listened, NOW - ago_ms, NOW, UTC).state is state


def test_with_too_little_history_it_says_so() -> None:
    listened = [Span(TEN - 2 * WEEK, NOW)]
    found = flow("graph", busy(900, 900), listened, NOW - 2 * HOUR, NOW, UTC)
    assert (found.state, found.weeks) == (State.YOUNG, 2)
    (line,) = flow_lines([found], NOW)
    assert line.text == "the last came 2 h ago; what is usual at this hour is not known yet (2 of 3 weeks)"
    assert line.light is Light.GREEN
    never = flow("graph", {}, listened, None, NOW, UTC)
    assert (never.state, next(flow_lines([never], NOW)).text) == (State.YOUNG, "none has come yet")


def test_time_in_which_nobody_listened_is_no_silence() -> None:
    counts, last_ms = busy(100, 120, 80), NOW - 3 * HOUR
    absent = [Span(TEN - 3 * WEEK - DAY, NOW - 3 * HOUR), Span(NOW - 5 * MINUTE, NOW)]
    assert flow("graph", counts, absent, last_ms, NOW, UTC).state is State.USUAL
    deaf = flow("graph", counts, absent[:1], last_ms, NOW, UTC)
    assert deaf.state is State.DEAF
    (line,) = flow_lines([deaf], NOW)
    assert (line.light, line.text) == (Light.AMBER, "the last came 3 h ago; nobody listens now")


def silent(ago_ms: int = 47 * MINUTE, state: State = State.SILENT) -> Flow:
    return Flow("graph", state, NOW - ago_ms, 118.4, 64.0, 8)


def test_a_silence_is_told_once_and_once_more_when_it_is_over() -> None:
    (opened,) = silence_notices([silent()], {}, NOW)
    assert opened.title == (
        "[URGENT] Our endpoint · no webhook from Meta · account graph · since 09:33 UTC (47 min)"
        " · about 118 are usual · do: see who is subscribed and where the callback points: wamon doctor"
    )
    known = told_of([opened.key])
    assert silence_notices([silent()], known, NOW + HOUR) == []
    assert silence_notices([silent(state=State.USUAL)], known, NOW + HOUR) == [], "the night is quiet anyway"
    again = silent(-HOUR, State.USUAL)
    (over,) = silence_notices([again], known, NOW + HOUR)
    assert (over.phase, over.title.startswith("[RESOLVED]")) == (NoticePhase.RESOLVED, True)
    assert told_of([opened.key, over.key]) == {}
    assert over.key.partition("@")[2].partition("Z")[0] == opened.key.partition("@")[2].partition("Z")[0]


@given(
    st.dictionaries(st.integers(-24 * 60, 0), st.integers(1, 500), max_size=60),
    st.one_of(st.none(), st.integers(0, 20 * 24 * 60)),
    st.lists(st.tuples(st.integers(0, 60 * 24), st.integers(1, 60 * 24)), max_size=5),
)
def test_it_never_raises_and_is_silent_only_with_enough_history(
    counts: dict[int, int], ago: int | None, heard: list[tuple[int, int]]
) -> None:
    listened = sorted(Span(NOW - (begin + length) * HOUR, NOW - begin * HOUR) for begin, length in heard)
    by_hour = {TEN + hour * HOUR: events for hour, events in counts.items()}
    found = flow("graph", by_hour, listened, None if ago is None else NOW - ago * MINUTE, NOW, UTC)
    if found.state is State.SILENT:
        assert found.weak >= 10
        assert found.usual >= found.weak
    assert len(list(flow_lines([found], NOW))) == 1
