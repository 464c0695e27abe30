"""Declared maintenance: what windows cover, to the millisecond and through every change of clocks."""

from collections.abc import Sequence
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.arithmetic.strategies import DOWN, UP, Scene, mark, row, scenes
from wamon.core.days import PLATFORM, PLATFORM_RECEIVE, PLATFORM_SEND, Overlay, day_figures
from wamon.core.finding import Mark
from wamon.core.maintenance import Cover, Once, Recurring, Window, cover, covers, expand, local_ms, shared
from wamon.core.observation import ProbeKind
from wamon.core.segments import account
from wamon.core.timeline import DAY, HOUR, MINUTE, Span, day_span, from_ms, iso, parse_iso, union
from wamon.core.uptime import Figures, figures
from wamon.core.watched import Watched

MIDNIGHT = parse_iso("2026-11-03T00:00:00Z")
TUESDAY = Span(MIDNIGHT, MIDNIGHT + DAY)


def at(text: str) -> int:
    return parse_iso(f"2026-11-03T{text}Z")


def once(start_ms: int, end_ms: int, declared_at_ms: int = 0, **about: tuple[str, ...]) -> Window:
    return Window(Once(start_ms, end_ms), "UTC", declared_at_ms=declared_at_ms, **about)


def every(
    zone: str, wall: str, hours: float, first: str = "2025-01-01", weekdays: str = "", last: str | None = None
) -> Window:
    """A recurring window; weekdays as digits, 0 is Monday."""
    return Window(
        Recurring(
            time.fromisoformat(wall),
            int(hours * HOUR),
            date.fromisoformat(first),
            tuple(map(int, weekdays)),
            date.fromisoformat(last) if last else None,
        ),
        zone,
    )


def told(spans: Sequence[Span]) -> list[str]:
    return [f"{iso(one.start_ms)} {one.seconds / 3600:g}h" for one in spans]


def on(day: str, window: Window) -> list[str]:
    return told(expand([window], day_span(date.fromisoformat(day), ZoneInfo(window.zone))))


CLOCKS = [
    # An ordinary night, and the nights on which the clocks change: twice what they skip, twice what they repeat.
    (every("Europe/Berlin", "02:30", 1), "2026-03-28", ["2026-03-28T01:30:00Z 1h"]),
    (every("Europe/Berlin", "02:30", 1), "2026-03-29", ["2026-03-29T01:30:00Z 1h"]),
    (every("Europe/Berlin", "02:30", 1), "2026-10-25", ["2026-10-25T00:30:00Z 1h"]),
    (every("Europe/Berlin", "03:30", 1), "2026-03-29", ["2026-03-29T01:30:00Z 1h"]),
    (every("Europe/Berlin", "01:00", 3), "2026-10-25", ["2026-10-24T23:00:00Z 3h"]),
    (every("Australia/Lord_Howe", "02:15", 1), "2026-10-04", ["2026-10-03T15:45:00Z 1h"]),
    (every("Australia/Lord_Howe", "01:45", 1), "2026-04-05", ["2026-04-04T14:45:00Z 1h"]),
    # Sao Paulo changed at midnight: a day without its first hour, and one that had it twice.
    (every("America/Sao_Paulo", "00:30", 1, "2018-01-01"), "2018-11-04", ["2018-11-04T03:30:00Z 1h"]),
    (every("America/Sao_Paulo", "23:30", 0.25, "2018-01-01"), "2018-02-17", ["2018-02-18T01:30:00Z 0.25h"]),
    # Apia went without a whole day: it coincides with the next one.
    (every("Pacific/Apia", "02:30", 1, "2011-12-29"), "2011-12-31", ["2011-12-30T12:30:00Z 1h"]),
]


@pytest.mark.parametrize(("window", "day", "expected"), CLOCKS)
def test_a_window_begins_by_its_own_clock_whatever_the_clocks_do(
    window: Window, day: str, expected: list[str]
) -> None:
    assert on(day, window) == expected


RECURRING = [
    (every("UTC", "02:00", 2, weekdays="03"), "2026-11-02", ["2026-11-02T02:00:00Z 2h"]),
    (every("UTC", "02:00", 2, weekdays="03"), "2026-11-03", []),
    (every("UTC", "02:00", 2, weekdays="03"), "2026-11-05", ["2026-11-05T02:00:00Z 2h"]),
    (every("UTC", "02:00", 2, "2026-11-04"), "2026-11-03", []),
    (every("UTC", "02:00", 2, "2026-11-03"), "2026-11-03", ["2026-11-03T02:00:00Z 2h"]),
    (every("UTC", "02:00", 2, last="2026-11-03"), "2026-11-03", ["2026-11-03T02:00:00Z 2h"]),
    (every("UTC", "02:00", 2, last="2026-11-02"), "2026-11-03", []),
    (every("UTC", "23:00", 2), "2026-11-03", ["2026-11-03T00:00:00Z 1h", "2026-11-03T23:00:00Z 1h"]),
    (every("UTC", "23:00", 2, "2026-11-03"), "2026-11-03", ["2026-11-03T23:00:00Z 1h"]),
    (every("UTC", "12:00", 48, weekdays="5"), "2026-11-08", ["2026-11-08T00:00:00Z 24h"]),
    (every("UTC", "00:00", 24), "2026-11-03", ["2026-11-03T00:00:00Z 24h"]),
]


@pytest.mark.parametrize(("window", "day", "expected"), RECURRING)
def test_a_recurring_window_keeps_to_its_days(window: Window, day: str, expected: list[str]) -> None:
    assert on(day, window) == expected


ZONES = ("UTC", "Europe/Berlin", "Australia/Lord_Howe", "America/Sao_Paulo", "Pacific/Apia", "Africa/Casablanca")
EARLIEST = date(2008, 1, 1)


@st.composite
def windows(draw: st.DrawFn) -> Window:
    zone = draw(st.sampled_from(ZONES))
    if draw(st.booleans()):
        start_ms = parse_iso("2008-01-01T00:00:00Z") + draw(st.integers(0, 12 * 365 * DAY))
        return Window(Once(start_ms, start_ms + draw(st.integers(1, 3 * DAY))), zone)
    first = EARLIEST + timedelta(days=draw(st.integers(0, 4000)))
    last = draw(st.none() | st.integers(0, 400).map(lambda days: first + timedelta(days=days)))
    wall = time(draw(st.integers(0, 23)), draw(st.sampled_from((0, 15, 30, 45))))
    days = draw(st.sets(st.integers(0, 6)).map(lambda found: tuple(sorted(found))))
    return Window(Recurring(wall, draw(st.integers(1, 7 * DAY)), first, days, last), zone)


@st.composite
def spans(draw: st.DrawFn) -> Span:
    start_ms = parse_iso("2008-01-01T00:00:00Z") + draw(st.integers(0, 13 * 365 * DAY))
    return Span(start_ms, start_ms + draw(st.integers(0, 20 * DAY)))


@given(st.lists(windows(), max_size=4), spans())
def test_what_is_expanded_is_sorted_disjoint_and_within_the_span(every: list[Window], span: Span) -> None:
    found = expand(every, span)
    assert found == union(found)
    assert all(one.length_ms and one.clip(span) == one for one in found)


@given(st.lists(windows(), max_size=4), spans(), st.integers(0, 20 * DAY))
def test_expanded_in_two_pieces_it_is_the_same(every: list[Window], span: Span, cut_ms: int) -> None:
    cut = min(span.start_ms + cut_ms, span.end_ms)
    pieces = [*expand(every, Span(span.start_ms, cut)), *expand(every, Span(cut, span.end_ms))]
    assert union(pieces) == expand(every, span)


@given(
    st.sampled_from(ZONES),
    st.integers(0, 4700).map(lambda days: EARLIEST + timedelta(days=days)),
    st.integers(0, 1439),
)
def test_the_wall_shows_the_time_or_the_same_after_a_jump(zone: str, day: date, minutes: int) -> None:
    """Judged by another road: which instants of the day show that time, found by looking at all of them."""
    there, wall = ZoneInfo(zone), time(minutes // 60, minutes % 60)
    start = local_ms(day, wall, there)
    wanted = datetime.combine(day, wall)
    instants = (wanted.replace(tzinfo=UTC) + timedelta(minutes=15 * around) for around in range(-60, 60))
    showing = [one for one in instants if one.astimezone(there).replace(tzinfo=None) == wanted]
    if showing:
        assert from_ms(start) == showing[0], "the first, where there are two"
    else:
        jumped = from_ms(start).astimezone(there).replace(tzinfo=None) - wanted
        assert jumped in (timedelta(minutes=30), timedelta(hours=1), timedelta(days=1))


def test_of_windows_that_touch_nothing_is_counted_twice() -> None:
    both = [once(at("01:00"), at("03:00")), once(at("02:00"), at("04:00")), once(at("04:00"), at("05:00"))]
    assert told(expand(both, TUESDAY)) == ["2026-11-03T01:00:00Z 4h"]
    assert expand([], TUESDAY) == []


def test_what_was_over_when_it_was_declared_is_marked() -> None:
    def found(*windows: Window) -> list[str]:
        return told(cover(windows, TUESDAY).afterwards)

    assert found(once(at("01:00"), at("03:00"), at("00:59"))) == []
    assert found(once(at("01:00"), at("03:00"), at("01:00"))) == []
    assert found(once(at("01:00"), at("03:00"), at("02:00"))) == ["2026-11-03T01:00:00Z 1h"]
    assert found(once(at("01:00"), at("03:00"), at("09:00"))) == ["2026-11-03T01:00:00Z 2h"]
    known = once(at("01:00"), at("02:00"), at("00:00"))
    assert found(once(at("01:00"), at("03:00"), at("09:00")), known) == ["2026-11-03T02:00:00Z 1h"]


ABOUT = {"api": "graph", "webhook": "graph", "theirs": "client", "theirs.roundtrip": "client"}


@pytest.mark.parametrize(
    ("about", "covered"),
    [
        ({}, ["api", "webhook", "theirs", "theirs.roundtrip"]),
        ({"targets": ("theirs",)}, ["theirs", "theirs.roundtrip"]),
        ({"targets": ("theirs.roundtrip",)}, ["theirs.roundtrip"]),
        ({"targets": ("api",)}, ["api"]),
        ({"accounts": ("graph",)}, ["api", "webhook"]),
        ({"targets": ("api",), "accounts": ("client",)}, ["api", "theirs", "theirs.roundtrip"]),
        ({"targets": ("gone",)}, []),
    ],
)
def test_a_window_is_about_the_targets_and_accounts_it_names_or_all(
    about: dict[str, tuple[str, ...]], covered: list[str]
) -> None:
    window = once(at("01:00"), at("02:00"), **about)
    assert list(covers([window], ABOUT, TUESDAY)) == covered
    assert covers([window], ABOUT, Span(at("02:00"), at("03:00"))) == {}


def test_a_row_of_several_rests_only_while_all_of_them_do() -> None:
    one = Cover((Span(0, 10), Span(20, 30)), (Span(0, 5),))
    other = Cover((Span(3, 25),), (Span(22, 25),))
    assert shared([one, other]) == Cover((Span(3, 10), Span(20, 25)), (Span(3, 5), Span(22, 25)))
    assert shared([one]) == one
    assert shared([]) == Cover()


def minutes_of(down: range) -> list[Mark]:
    looks = row(MIDNIGHT - HOUR, MIDNIGHT + DAY + HOUR, MINUTE)
    return [mark(one.at_ms, DOWN if one.at_ms in down else UP) for one in looks]


def figured(overlay: Overlay) -> dict[str, Figures]:
    """Two accounts send and one of them receives; the first one's send is down from 10:00 to 11:00."""
    targets = [
        Watched("a", ProbeKind.MESSAGE, MINUTE, "a"),
        Watched("a.roundtrip", ProbeKind.ROUNDTRIP, MINUTE, "a"),
        Watched("b", ProbeKind.MESSAGE, MINUTE, "b"),
    ]
    good, bad = minutes_of(range(0)), minutes_of(range(at("10:00"), at("11:00")))
    now_ms = MIDNIGHT + DAY + HOUR
    timelines = {one.name: account(bad if one.name == "a" else good, now_ms) for one in targets}
    first = dict.fromkeys(timelines, MIDNIGHT - HOUR)
    return day_figures(targets, timelines, first, TUESDAY, now_ms, overlay)


def test_a_target_in_maintenance_says_nothing_for_the_platform_while_others_do() -> None:
    assert figured(Overlay())[PLATFORM_SEND].partial_ms == HOUR
    covered = Cover((Span(at("09:00"), at("12:00")),))
    found = figured(Overlay({"a": covered}))
    assert (found["a"].down_ms, found["a"].maintenance_ms) == (0, 3 * HOUR)
    send = found[PLATFORM_SEND]
    assert (send.down_ms, send.partial_ms, send.maintenance_ms, send.unobserved_ms) == (0, 0, 0, 0)
    other = figured(Overlay({"b": covered}))
    assert other[PLATFORM_SEND].down_ms == HOUR, "the only one that reports is down"


def test_the_platform_rests_while_all_that_it_is_made_of_do() -> None:
    covered = Cover((Span(at("09:00"), at("12:00")),), (Span(at("09:00"), at("10:00")),))
    part = figured(Overlay({"a.roundtrip": covered}))
    assert part[PLATFORM_RECEIVE].maintenance_ms == 3 * HOUR
    assert part[PLATFORM_RECEIVE].retroactive_ms == HOUR
    assert part[PLATFORM_SEND].maintenance_ms == part[PLATFORM].maintenance_ms == 0
    assert part[PLATFORM].down_ms == 0
    whole = figured(Overlay(dict.fromkeys(("a", "b", "a.roundtrip"), covered)))
    assert whole[PLATFORM].maintenance_ms == 3 * HOUR
    assert whole[PLATFORM].unobserved_ms == 0


@given(scenes(), st.lists(st.tuples(st.integers(0, DAY), st.integers(1, HOUR)), max_size=3))
def test_added_and_removed_again_the_figures_are_equal_to_the_millisecond(
    scene: Scene, times: list[tuple[int, int]]
) -> None:
    timeline = account(scene.marks, scene.now_ms, confirm=scene.confirm, posted=scene.posted)
    added = [once(scene.within.start_ms + start, scene.within.start_ms + start + long) for start, long in times]

    def sums(windows: Sequence[Window]) -> Figures:
        found = cover(windows, scene.within)
        return figures(timeline, scene.within, maintenance=found.spans, unobserved=scene.unobserved)

    plain, covered, removed = sums([]), sums(added), sums([])
    assert plain == removed
    assert covered.maintenance_ms == sum(one.length_ms for one in expand(added, scene.within))
    for name in ("down_ms", "network_ms", "user_error_ms", "unobserved_ms", "proven_down_ms", "worst_down_ms"):
        assert getattr(covered, name) <= getattr(plain, name), name
