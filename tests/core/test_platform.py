"""The platform's own row: accounts put together by quorum, send and receive apart, and days that tell them."""

from itertools import pairwise

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from wamon.core.days import PLATFORM, PLATFORM_RECEIVE, PLATFORM_SEND, Overlay, counted, day_figures
from wamon.core.finding import Cause, Column, Context, Finding, Mark, Verdict
from wamon.core.maintenance import Cover
from wamon.core.observation import ProbeKind
from wamon.core.platform import direction, either, one_canary, quorum
from wamon.core.segments import Timeline, account
from wamon.core.timeline import MINUTE, Span
from wamon.core.uptime import Figures
from wamon.core.watched import Watched

UP = Finding(Verdict.OK, Cause.NONE, Column.UP)
DOWN = Finding(Verdict.SYSTEM_ERROR, Cause.SERVICE, Column.DOWN)
LOST = Finding(Verdict.NETWORK_ERROR, Cause.PATH, Column.NETWORK)
USER = Finding(Verdict.USER_ERROR, Cause.PAYMENT, Column.USER)
UNSURE = Finding(Verdict.INCONCLUSIVE, Cause.LOCAL_NETWORK, Column.UNOBSERVED)
LETTERS = {".": UP, "D": DOWN, "N": LOST, "U": USER, "?": UNSURE}
HOUR = Span(30_000, 60 * MINUTE + 30_000)


def told(letters: str) -> Timeline:
    """One look a minute: up, Down, Network, User, unsure, blank for no look; up to an hour."""
    context = Context("message", MINUTE)
    text = letters.ljust(63, ".")
    marks = [Mark(i * MINUTE, context, LETTERS[one]) for i, one in enumerate(text) if one != " "]
    return account(marks, 62 * MINUTE)


def figured(
    rows: dict[str, list[tuple[str, ProbeKind, str]]], overlay: Overlay | None = None
) -> dict[str, Figures]:
    """The hour's figures of targets given as account -> (name, probe, letters)."""
    targets = [Watched(name, probe, MINUTE, who) for who, each in rows.items() for name, probe, _ in each]
    timelines = {name: told(letters) for each in rows.values() for name, _, letters in each}
    first = dict.fromkeys(timelines, HOUR.start_ms)
    return day_figures(targets, timelines, first, HOUR, HOUR.end_ms, overlay or Overlay())


def minutes(sums: Figures, *names: str) -> list[float]:
    return [getattr(sums, f"{name}_ms") / MINUTE for name in names]


def senders(*letters: str) -> Figures:
    """The send row of one account for each text."""
    rows = {str(i): [(f"send-{i}", ProbeKind.MESSAGE, one)] for i, one in enumerate(letters)}
    return figured(rows)[PLATFORM_SEND]


TEN = "." * 5 + "D" * 10


@pytest.mark.parametrize(
    ("letters", "down", "partial"),
    [
        ([TEN], 10, 0),
        ([TEN, ""], 0, 10),
        ([TEN, TEN], 10, 0),
        ([TEN, TEN, ""], 10, 0),
        ([TEN, TEN, "", ""], 10, 0),
        ([TEN, TEN, "", "", ""], 0, 10),
        ([TEN, TEN, TEN, "", ""], 10, 0),
        ([TEN, "." * 5 + "N" * 10], 10, 0),
        ([TEN, "." * 5 + "?" * 10], 10, 0),
        ([TEN, "." * 5 + "U" * 10], 0, 10),
        ([TEN, "." * 10 + "D" * 10], 5, 10),
        ([TEN, TEN, "." * 5 + "N" * 10, ""], 10, 0),
    ],
)
def test_at_least_half_of_the_reporting_and_two_of_them(letters: list[str], down: int, partial: int) -> None:
    assert minutes(senders(*letters), "down", "partial") == [down, partial]


@pytest.mark.parametrize(
    ("down", "reporting", "expected"),
    [
        (0, 0, False),
        (0, 3, False),
        (1, 1, True),
        (1, 2, False),
        (2, 2, True),
        (2, 4, True),
        (2, 5, False),
        (3, 5, True),
    ],
)
def test_a_quorum(down: int, reporting: int, expected: bool) -> None:
    assert quorum(down, reporting) is expected


def test_who_cannot_reach_meta_does_not_report() -> None:
    sums = senders("." * 5 + "N" * 10, "." * 5 + "?" * 10)
    assert minutes(sums, "network", "unobserved", "down") == [10, 0, 0]
    sums = senders("." * 5 + "?" * 10, "." * 5 + "?" * 10)
    assert minutes(sums, "network", "unobserved", "down") == [0, 10, 0]
    sums = senders("." * 5 + "N" * 10, "")
    assert minutes(sums, "network", "unobserved", "down") == [0, 0, 0]


def test_one_of_two_numbers_of_an_account_is_some_disruption() -> None:
    rows = {"a": [("one", ProbeKind.MESSAGE, TEN), ("two", ProbeKind.MESSAGE, "")]}
    assert minutes(figured(rows)[PLATFORM_SEND], "down", "partial") == [0, 10]
    rows["b"] = [("three", ProbeKind.MESSAGE, "")]
    assert minutes(figured(rows)[PLATFORM], "down", "partial") == [0, 10]


def test_send_and_receive_are_kept_apart_and_either_is_the_platforms() -> None:
    rows = {
        "": [("send", ProbeKind.MESSAGE, TEN), ("send.roundtrip", ProbeKind.ROUNDTRIP, "." * 10 + "D" * 10)],
    }
    found = figured(rows)
    assert minutes(found[PLATFORM_SEND], "down", "meta_down") == [15, 15]
    assert minutes(found[PLATFORM_RECEIVE], "down", "meta_down") == [10, 10]
    assert minutes(found[PLATFORM], "down", "meta_down") == [15, 15]


@pytest.mark.parametrize(
    ("send", "back", "expected"),
    [
        (".", "D", Column.DOWN),
        ("D", ".", Column.DOWN),
        ("D", " ", Column.DOWN),
        ("U", " ", Column.USER),
        (".", "U", Column.USER),
        (".", "?", Column.UP),
        (".", " ", Column.UP),
        ("N", ".", Column.NETWORK),
        ("?", " ", Column.UNOBSERVED),
        (" ", " ", None),
    ],
)
def test_a_canary_was_sent_only_when_nothing_that_was_seen_of_it_failed(
    send: str, back: str, expected: Column | None
) -> None:
    """Meta accepts what never comes back: the way back speaks for sending too."""
    whole = one_canary([told("." * 5 + send * 30), told("." * 5 + back * 30)])
    columns = [one.column for one in whole.segments if one.span.holds(20 * MINUTE)]
    assert columns == ([] if expected is None else [expected])


def test_a_canary_and_its_way_back_are_one_number_in_the_quorum() -> None:
    rows = {"a": [("send", ProbeKind.MESSAGE, ""), ("send.roundtrip", ProbeKind.ROUNDTRIP, TEN)]}
    assert minutes(figured(rows)[PLATFORM_SEND], "down", "partial") == [10, 0]
    rows["a"] += [("two", ProbeKind.MESSAGE, ""), ("two.roundtrip", ProbeKind.ROUNDTRIP, "")]
    assert minutes(figured(rows)[PLATFORM_SEND], "down", "partial") == [0, 10]
    assert minutes(figured(rows)[PLATFORM], "down", "partial") == [0, 10]


@pytest.mark.parametrize("half", ["send", "receive"])
def test_traffic_speaks_for_the_half_of_the_platform_that_it_names(half: str) -> None:
    targets = [
        Watched("real", ProbeKind.TRAFFIC, MINUTE, direction=half),
        Watched("canary", ProbeKind.MESSAGE, MINUTE, "graph"),
        Watched("canary.roundtrip", ProbeKind.ROUNDTRIP, MINUTE, "graph"),
    ]
    timelines = {"real": told(TEN), "canary": told(""), "canary.roundtrip": told("")}
    found = day_figures(targets[:1], timelines, {"real": 0}, HOUR, HOUR.end_ms)
    other = PLATFORM_RECEIVE if half == "send" else PLATFORM_SEND
    assert other not in found
    first = dict.fromkeys(timelines, 0)
    every = [msgspec.structs.replace(targets[0], account="shop"), *targets[1:]]
    rows = day_figures(every, timelines, first, HOUR, HOUR.end_ms)
    assert minutes(rows[other], "down", "partial") == [0, 0]
    assert minutes(rows[PLATFORM_SEND if half == "send" else PLATFORM_RECEIVE], "down", "partial") == [0, 10]


def test_traffic_of_a_recording_without_a_configuration_speaks_for_both_directions() -> None:
    found = figured({"": [("real", ProbeKind.TRAFFIC, TEN)]})
    assert [minutes(found[name], "down") for name in (PLATFORM, PLATFORM_SEND, PLATFORM_RECEIVE)] == [[10]] * 3


@pytest.mark.parametrize("probe", [ProbeKind.EDGE, ProbeKind.API, ProbeKind.WEBHOOK])
def test_what_neither_sends_nor_receives_never_enters_the_platforms_row(probe: ProbeKind) -> None:
    found = figured({"": [("other", probe, TEN)]})
    assert set(found) == {"other", PLATFORM}
    assert found[PLATFORM].availability is None
    assert found["other"].down_ms == 10 * MINUTE


def test_what_is_down_under_maintenance_is_neither_down_nor_partial() -> None:
    overlay = Overlay(dict.fromkeys(("one", "two"), Cover((Span(5 * MINUTE, 10 * MINUTE),))))
    rows = {"a": [("one", ProbeKind.MESSAGE, TEN)], "b": [("two", ProbeKind.MESSAGE, "")]}
    found = figured(rows, overlay)
    assert minutes(found["one"], "down", "maintenance") == [5, 5]
    assert minutes(found[PLATFORM], "partial", "maintenance") == [5, 5]


def test_time_outside_the_running_periods_is_not_partial_either() -> None:
    overlay = Overlay(unobserved=(Span(5 * MINUTE, 10 * MINUTE),))
    rows = {"a": [("one", ProbeKind.MESSAGE, TEN)], "b": [("two", ProbeKind.MESSAGE, "")]}
    assert minutes(figured(rows, overlay)[PLATFORM], "partial", "unobserved") == [5, 5]


def test_the_platforms_row_begins_with_the_first_target_that_speaks_for_it() -> None:
    """An hour in which nobody sent anything was not badly observed: it was not watched."""
    targets = [
        Watched("graph", ProbeKind.EDGE, MINUTE),
        Watched("a", ProbeKind.MESSAGE, MINUTE),
        Watched("b", ProbeKind.MESSAGE, MINUTE),
    ]
    timelines = {name: told("") for name in ("graph", "a", "b")}
    first = {"graph": 0, "a": 20 * MINUTE, "b": 30 * MINUTE}
    found = day_figures(targets, timelines, first, HOUR, HOUR.end_ms)
    assert found[PLATFORM].total_ms == found[PLATFORM_SEND].total_ms == HOUR.end_ms - 20 * MINUTE
    assert found[PLATFORM].coverage == 1
    early = day_figures(targets, timelines, first, Span(0, 15 * MINUTE), HOUR.end_ms)
    assert set(early) == {"graph", PLATFORM}
    assert early[PLATFORM].availability is None


def test_a_target_not_yet_watched_has_no_row() -> None:
    targets = [Watched("a", ProbeKind.API, MINUTE), Watched("b", ProbeKind.API, MINUTE)]
    timelines = {"a": told(""), "b": told("")}
    assert set(day_figures(targets, timelines, {"a": 0}, HOUR, HOUR.end_ms)) == {"a", PLATFORM}
    late = day_figures(targets, timelines, {"a": 0, "b": 30 * MINUTE}, HOUR, HOUR.end_ms)
    assert late["b"].total_ms == 30 * MINUTE + 30_000


def test_evidence_is_not_counted() -> None:
    kinds = [Watched(kind.value, kind, MINUTE) for kind in ProbeKind]
    assert {one.name for one in counted(kinds)} == {"edge", "api", "message", "roundtrip", "traffic", "webhook"}


LINES = st.lists(st.text(alphabet=".DNU? ", max_size=40), min_size=1, max_size=5)


@given(LINES)
def test_the_whole_is_sorted_and_never_both_down_and_partial(letters: list[str]) -> None:
    whole = direction({str(i): [told(one)] for i, one in enumerate(letters)})
    segments = whole.timeline.segments
    assert all(a.end_ms <= b.start_ms for a, b in pairwise(segments))
    down = [one.span for one in segments if one.column is Column.DOWN]
    assert not any(one.overlaps(other) for one in down for other in whole.partial)


@given(st.text(alphabet=".DNU? ", max_size=40))
def test_one_account_alone_is_the_platform_in_that_direction(letters: str) -> None:
    sums = senders(letters)
    (own,) = (row for name, row in figured({"": [("a", ProbeKind.MESSAGE, letters)]}).items() if name == "a")
    assert sums == own


@given(st.text(alphabet=".DU", max_size=40), st.text(alphabet=".DU", max_size=40))
def test_either_is_down_while_one_of_both_is(send: str, receive: str) -> None:
    both = either(direction({"": [told(send)]}), direction({"": [told(receive)]}))
    assert both is not None
    for i in range(60):
        at = [
            [one.column for one in line.segments if one.span.holds(i * MINUTE)]
            for line in (told(send), told(receive))
        ]
        (column,) = [one.column for one in both.timeline.segments if one.span.holds(i * MINUTE)]
        assert (column is Column.DOWN) is ([Column.DOWN] in at)
