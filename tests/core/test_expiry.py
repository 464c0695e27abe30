"""Ends that come nearer: told at ninety, thirty and seven days, each once for ever, and when they are off."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wamon.core.expiry import Ending, Thing, ending_text, expiry_notices
from wamon.core.incident import Severity
from wamon.core.notice import Notice, NoticePhase
from wamon.core.timeline import DAY, HOUR, iso, parse_iso

NOW = parse_iso("2026-11-09T10:20:00Z")
END = NOW + 100 * DAY


def lived(endings: list[Ending], since_ms: int, until_ms: int, every_ms: int = HOUR) -> list[tuple[int, Notice]]:
    """What is told of things with an end, asked again and again, with the day on which it was."""
    told: set[str] = set()
    found = []
    for now_ms in range(since_ms, until_ms, every_ms):
        for notice in expiry_notices(endings, told, now_ms):
            assert notice.key not in told
            told.add(notice.key)
            found.append(((now_ms - NOW) // DAY, notice))
    return found


def test_each_threshold_is_told_once() -> None:
    found = lived([Ending(Thing.TOKEN, "graph", END)], NOW, END + 10 * DAY)
    assert [(day, one.phase.value, one.severity.value) for day, one in found] == [
        (10, "opened", "standard"), (70, "reminder", "standard"), (93, "reminder", "urgent"),
    ]  # fmt: skip
    assert found[0][1].title == (
        "[STANDARD] Our side · the access token of account graph ends in 90 days, on 2027-02-17"
        " · do: make a new system-user token, put it in the place of the old one, reload"
    )


@pytest.mark.parametrize(
    ("left_days", "phases"),
    [(91, []), (90, ["90d"]), (31, ["90d"]), (30, ["30d"]), (7, ["7d"]), (0, ["7d"]), (-3, ["7d"])],
)
def test_who_comes_late_is_told_of_the_nearest_threshold_alone(left_days: int, phases: list[str]) -> None:
    found = expiry_notices([Ending(Thing.GRAPH_VERSION, "graph", NOW + left_days * DAY, which="v21.0")], (), NOW)
    assert [one.key.rpartition(":")[2] for one in found] == phases
    assert {one.phase for one in found} <= {NoticePhase.OPENED}


def test_a_token_that_has_ended_is_an_incident_and_no_warning() -> None:
    assert expiry_notices([Ending(Thing.TOKEN, "graph", NOW)], (), NOW) == []


def test_a_renewal_is_told_to_whoever_was_told_of_the_end_and_once() -> None:
    old, new = Ending(Thing.CERTIFICATE, "webhook", NOW + 5 * DAY), NOW + 80 * DAY
    told = {one.key for one in expiry_notices([old], (), NOW)}
    (notice,) = expiry_notices([old._replace(ends_ms=new, seen_ms=NOW)], told, NOW + DAY)
    assert (notice.phase, notice.severity) == (NoticePhase.RESOLVED, Severity.URGENT), "as the end was told last"
    assert notice.key == f"expiry:certificate:webhook@{iso(NOW + 5 * DAY)}:resolved"
    assert notice.title == (
        "[RESOLVED] Our side · renewed: the certificate of webhook ends in 79 days, on 2027-01-28"
    )
    assert expiry_notices([old._replace(ends_ms=new, seen_ms=NOW)], {*told, notice.key}, NOW + DAY) == []
    assert expiry_notices([old._replace(ends_ms=new)], (), NOW - 20 * DAY) == [], "nobody had been told"


def test_a_certificate_made_for_ninety_days_is_told_of_at_thirty() -> None:
    short = Ending(Thing.CERTIFICATE, "webhook", NOW + 90 * DAY, seen_ms=NOW)
    assert [day for day, _ in lived([short], NOW, NOW + 90 * DAY)] == [60, 83]
    long = Ending(Thing.CERTIFICATE, "webhook", NOW + 98 * DAY, seen_ms=NOW)
    assert [day for day, _ in lived([long], NOW, NOW + 98 * DAY)] == [8, 68, 91]


def test_two_servers_of_one_endpoint_with_two_certificates_are_no_storm() -> None:
    one, other = (Ending(Thing.CERTIFICATE, "webhook", NOW + days * DAY, NOW) for days in (20, 60))
    told: set[str] = set()
    for hour in range(24 * 12):
        told |= {notice.key for notice in expiry_notices([one if hour % 2 else other], told, NOW + hour * HOUR)}
    assert sorted(key.rpartition(":")[2] for key in told) == ["30d", "resolved"]


SAID = {
    29 * DAY: "ends in 29 days, on 2026-12-08",
    DAY + HOUR: "ends in a day, on 2026-11-10",
    HOUR: "ends within a day, on 2026-11-09",
    -2 * DAY: "ended on 2026-11-07",
    None: "never ends",
}


@pytest.mark.parametrize(("left_ms", "said"), SAID.items())
def test_how_an_end_is_said(left_ms: int | None, said: str) -> None:
    ending = Ending(Thing.CERTIFICATE, "webhook", None if left_ms is None else NOW + left_ms)
    assert ending_text(ending, NOW) == f"the certificate of webhook {said}"


@given(st.lists(st.integers(-10, 120), min_size=1, max_size=60), st.integers(0, 100))
def test_nothing_is_ever_told_twice_nor_more_than_four_times_an_end(days: list[int], left: int) -> None:
    """Whatever the clock does: asked on any days, in any order."""
    told: list[str] = []
    for day in days:
        ending = Ending(Thing.TOKEN, "graph", NOW + left * DAY)
        told += [one.key for one in expiry_notices([ending], told, NOW + day * DAY)]
    assert len(told) == len(set(told)) <= 3
