"""When something ran: what lies outside is unobserved, and what a clock set back shows twice counts once."""

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from wamon.core.periods import Periods
from wamon.core.timeline import Span, total_ms

NOON = 1_793_707_200_000
HOUR = 3_600_000


def test_time_before_the_start_and_between_two_periods_is_unobserved() -> None:
    periods = Periods([Span(NOON, NOON + HOUR)], NOON + 2 * HOUR)
    assert periods.unobserved(NOON - HOUR, NOON + 3 * HOUR) == (
        Span(NOON - HOUR, NOON),
        Span(NOON + HOUR, NOON + 2 * HOUR),
    )
    assert not any(periods.repeated(at) for at in (NOON + 2 * HOUR, NOON + 3 * HOUR))


def test_a_clock_set_ahead_leaves_a_hole_as_long_as_the_step() -> None:
    periods = Periods([], NOON)
    periods.cut(NOON + HOUR, NOON + HOUR + 30_000)
    assert periods.unobserved(NOON, NOON + 2 * HOUR) == (Span(NOON + HOUR, NOON + HOUR + 30_000),)


def test_a_clock_set_back_leaves_none_and_repeats_what_was_watched_and_only_that() -> None:
    periods = Periods([Span(NOON - 3 * HOUR, NOON - 2 * HOUR)], NOON)
    periods.cut(NOON + HOUR, NOON - 3 * HOUR)
    said = {at: periods.repeated(NOON + at) for at in (-3 * HOUR, -2 * HOUR - 1, -2 * HOUR, -1, 0, HOUR - 1, HOUR)}
    assert list(said.values()) == [True, True, False, False, True, True, False]
    assert periods.unobserved(NOON - 3 * HOUR, NOON + 2 * HOUR) == (), "all of it was watched, some of it twice"


instants = st.integers(NOON, NOON + HOUR)
cuts = st.lists(st.tuples(instants, instants), max_size=6)


@given(cuts, instants)
def test_of_any_instant_it_is_known_whether_it_was_watched_and_never_two_at_once(
    cuts: list[tuple[int, int]], now_ms: int
) -> None:
    """However often the clock was set: unobserved and watched time add up, to the millisecond."""
    periods, ran, began = Periods([], NOON), [], NOON
    for ended, resumed in cuts:
        periods.cut(ended, resumed)
        ran.append(Span(began, ended))
        began = resumed
    window = Span(NOON - 1_000, now_ms)
    watched = {at for span in (*ran, Span(began, now_ms)) for at in range(*span.clip(window), 977)}
    unobserved = periods.unobserved(*window)
    assert not any(span.holds(at) for at in watched for span in unobserved)
    assert all(a.end_ms < b.start_ms for a, b in pairwise(unobserved))
    assert all(any(one.holds(at) for one in ran) for at in (now_ms,) if periods.repeated(at))
    assert total_ms(unobserved, window) <= window.length_ms
