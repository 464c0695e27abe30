"""What a recording may look like, and what a replay must make of it: disorder, gaps, strangers, weeks."""

from datetime import time
from pathlib import Path
from random import Random
from typing import Any

import pytest

from wamon.core.observation import ProbeKind
from wamon.core.watched import Watched
from wamon.replay import Plan

from .recorded import (
    DAY,
    EXPIRED,
    HOUR,
    MALFORMED,
    MINUTE,
    MONDAY,
    NODE,
    SITE,
    SYSTEM,
    THROTTLED,
    TUESDAY,
    UNREACHED,
    UPDATE,
    VALID,
    Watch,
    at,
    bad,
    every,
    line,
    merged,
    play,
)

TEN = every("10:00", "10:09")
SHORT = Watch(first_ms=at("08:00"), last_ms=at("12:00"))
SENT = {"reached": "answered", "http_status": 200, "body": {"messages": [{"id": "wamid.A"}]}}
BACK = {"body": {"entry": [{"changes": [{"value": {"statuses": [{"id": "w", "status": "delivered"}]}}]}]}}
MISSED = {"reached": "sent", "failure": "read_timeout"}


def test_a_small_disorder_is_sorted(tmp_path: Path) -> None:
    ordered = list(SHORT.lines(bad(SYSTEM, TEN)))
    shuffled = sorted(ordered, key=lambda one: (at(one["at"][11:16]) // (4 * MINUTE), Random(one["at"]).random()))
    assert shuffled != ordered
    assert play(tmp_path, shuffled).document == play(tmp_path, ordered).document


def test_of_several_lines_with_one_target_and_instant_the_first_stands(tmp_path: Path) -> None:
    ordered = list(SHORT.lines(bad(SYSTEM, TEN)))
    twice = [one for single in ordered for one in (single, {**single, **EXPIRED})]
    assert play(tmp_path, twice).document == play(tmp_path, ordered).document


def test_lines_that_cannot_be_used_are_named_by_number_and_skipped(tmp_path: Path) -> None:
    good = list(SHORT.lines(bad(SYSTEM, TEN)))
    odd = ["not json", '["a list"]', '"text"', {"target": "cloud-api", **NODE}, {**good[0], "at": "yesterday"}, ""]
    story = play(tmp_path, [*odd, *good])
    assert [one.split(":")[0] for one in story.complaints.splitlines()] == [f"line {n}" for n in range(1, 6)]
    assert story.complaints.splitlines()[3] == (
        "line 4: no 'at' with an instant such as 2026-11-01T00:00:30.250Z; skipped"
    )
    assert story.document == play(tmp_path, good).document


@pytest.mark.parametrize("step_ms", [30_000, 60_000, 300_000])
def test_an_unknown_target_takes_its_interval_from_the_median_spacing(tmp_path: Path, step_ms: int) -> None:
    """After its last look it owns three quarters of that interval, at least 45 s."""
    watch = Watch(step_ms=step_ms, first_ms=at("08:00"), last_ms=at("10:00"))
    clock = Watch("other", first_ms=at("08:00"), last_ms=at("12:00"))
    story = play(tmp_path, merged(watch.lines(), clock.lines()))
    reach = max(step_ms, MINUTE) * 3 // 4
    assert story.day()["unobserved_s"] == (2 * HOUR - reach) / 1000


def test_a_configured_target_keeps_its_interval_whatever_the_spacing(tmp_path: Path) -> None:
    plan = Plan(targets=(Watched("cloud-api", ProbeKind.API, 5 * MINUTE),))
    clock = Watch("other", first_ms=at("08:00"), last_ms=at("12:00"))
    story = play(tmp_path, merged(Watch(first_ms=at("08:00"), last_ms=at("10:00")).lines(), clock.lines()), plan)
    assert story.day()["unobserved_s"] == (2 * HOUR - 225_000) / 1000


def test_a_target_begins_at_its_first_line(tmp_path: Path) -> None:
    story = play(tmp_path, merged(SHORT.lines(), Watch("late", first_ms=at("10:00"), last_ms=at("12:00")).lines()))
    assert (story.day()["seconds"], story.day("late")["seconds"]) == (4 * 3600, 2 * 3600)
    assert story.day("late")["coverage"] == 1.0
    assert [row["partial"] for row in story.document["days"]] == [True] * 3, "the first day, and the last"


def test_controls_and_tokens_have_no_days(tmp_path: Path) -> None:
    evidence = [
        Watch("c", "control", SITE, first_ms=at("08:00"), last_ms=at("09:00")),
        Watch("t", "token", VALID, first_ms=at("08:00"), last_ms=at("09:00")),
    ]
    story = play(tmp_path, merged(SHORT.lines(), *(one.lines() for one in evidence)))
    assert {one["target"] for one in story.document["days"]} == {"cloud-api", "platform"}


def test_without_sending_or_receiving_the_platform_has_no_figures(tmp_path: Path) -> None:
    row = play(tmp_path, SHORT.lines()).day("platform")
    assert (row["availability"], row["coverage"], row["send"], row["receive"]) == (None, 0.0, None, None)


def sending(**said: Any) -> list[Watch]:
    return [
        Watch("send", "message", SENT, first_ms=at("08:00"), last_ms=at("12:00")),
        Watch("send.roundtrip", "roundtrip", BACK, first_ms=at("08:00"), last_ms=at("12:00")),
    ]


def test_the_platform_is_down_when_sending_or_receiving_is(tmp_path: Path) -> None:
    """A way back that is missed speaks for both directions: nobody can tell which of them failed."""
    send, back = sending()
    lines = merged(send.lines(bad(SYSTEM, TEN)), back.lines(bad(MISSED, every("10:05", "10:14"))))
    row = play(tmp_path, lines).day("platform")
    assert (row["down_s"], row["send"]["down_s"], row["receive"]["down_s"]) == (900.0, 900.0, 600.0)


def test_one_of_three_accounts_down_is_some_disruption(tmp_path: Path) -> None:
    names = ("a", "b", "c")
    plan = Plan(targets=tuple(Watched(f"send-{one}", ProbeKind.MESSAGE, MINUTE, one) for one in names))
    window = {"probe": "message", "good": SENT, "first_ms": at("08:00"), "last_ms": at("12:00")}
    rows = {one: Watch(f"send-{one}", **window) for one in names}
    alone = merged(rows["a"].lines(bad(SYSTEM, TEN)), rows["b"].lines(), rows["c"].lines())
    row = play(tmp_path, alone, plan).day("platform")
    assert (row["down_s"], row["partial_s"]) == (0.0, 600.0)
    both = merged(*(rows[one].lines(bad(SYSTEM, TEN)) for one in "ab"), rows["c"].lines())
    row = play(tmp_path, both, plan).day("platform")
    assert (row["down_s"], row["partial_s"]) == (600.0, 0.0)


def test_a_file_of_weeks_is_passed_over_every_monday_and_at_its_end(tmp_path: Path) -> None:
    token = Watch("token", "token", VALID, 15 * MINUTE, MONDAY, MONDAY + 8 * DAY)
    api = Watch(step_ms=5 * MINUTE, first_ms=MONDAY, last_ms=MONDAY + 8 * DAY)
    refused = bad(
        EXPIRED,
        [*every("10:00", "10:30", 5 * MINUTE), *range(MONDAY + 8 * DAY - HOUR, MONDAY + 8 * DAY, 5 * MINUTE)],
    )
    story = play(tmp_path, merged(api.lines(refused), token.lines()))
    restated = [one for one in story.document["notifications"] if one["kind"] == "restated"]
    assert [one["at"] for one in restated] == ["2026-11-09T06:00:00Z"]
    (row,) = story.document["reclassified"]
    assert (row["observations"], row["rule"]) == (7 + 12, "same_token_valid")
    day = story.day()
    assert (day["state"], day["revision"], day["first_published"]["availability"]) == ("closed", 2, 1.0)
    assert story.day(date="2026-11-09")["revision"] == 0
    assert story.day(date="2026-11-09")["first_published"] is None
    assert story.day(date="2026-11-09")["down_s"] == 3600.0


def test_the_weekly_pass_keeps_its_configured_time(tmp_path: Path) -> None:
    token = Watch("token", "token", VALID, 15 * MINUTE)
    plan = Plan(weekday=2, at=time(1, 30))
    story = play(tmp_path, merged(Watch().lines(bad(EXPIRED, TEN)), token.lines()), plan)
    restated = [one for one in story.document["notifications"] if one["kind"] == "restated"]
    assert [one["at"] for one in restated] == ["2026-11-04T01:30:00Z"]


def test_the_same_request_accepted_on_both_sides_is_metas_fault(tmp_path: Path) -> None:
    story = play(tmp_path, SHORT.lines(bad(MALFORMED, TEN), request_fingerprint="R"))
    assert [(one["rule"], one["observations"]) for one in story.document["reclassified"]] == [
        ("same_request_accepted", 10)
    ]
    assert story.day()["down_s"] == 600.0
    assert play(tmp_path, SHORT.lines(bad(MALFORMED, TEN))).document["reclassified"] == []


@pytest.mark.parametrize(
    ("field", "happened", "turns"),
    [
        ("account_update", "10:05", 0),
        ("account_review_update", "09:59", 0),
        ("account_update", "09:58", 1),
        ("account_update", "10:11", 1),
        ("message_template_status_update", "10:05", 1),
    ],
)
def test_an_event_of_the_account_speaks_for_the_refusal_of_its_token(
    tmp_path: Path, field: str, happened: str, turns: int
) -> None:
    """What counts is when it happened, not when its webhook came."""
    entry = {"id": "1", "time": at(happened) // 1000, "changes": [{"field": field, "value": {"event": "E"}}]}
    told = line(at("11:30"), {"body": {"entry": [entry]}}, "hook", "status")
    token = Watch("token", "token", VALID, MINUTE, first_ms=SHORT.first_ms, last_ms=SHORT.last_ms)
    story = play(tmp_path, merged(SHORT.lines(bad(EXPIRED, TEN)), token.lines(), [told]))
    assert len(story.document["reclassified"]) == turns


def test_controls_that_look_later_turn_the_path_into_our_own_line(tmp_path: Path) -> None:
    """Recorded controls that look rarely speak for what lies between two looks that agree."""
    slow = Watch("control-1", "control", SITE, 2 * MINUTE, at("08:01"), at("11:59"))
    lost = bad(UNREACHED, every("09:59", "10:11", 2 * MINUTE))
    story = play(tmp_path, merged(SHORT.lines(bad(UNREACHED, TEN)), slow.lines(lost)))
    assert (story.day()["network_s"], story.day()["unobserved_s"]) == (0.0, 600.0)
    assert [one[1:] for one in story.told()] == [("unobserved", "note")]


def test_path_trouble_without_a_control_is_counted_and_never_paged(tmp_path: Path) -> None:
    story = play(tmp_path, SHORT.lines(bad(UNREACHED, TEN)))
    assert story.day()["network_s"] == 600.0
    assert story.incidents("verdict", "cause") == [("network_error", "path")]
    assert story.told() == []


def test_a_gap_is_unobserved_and_told_once_for_all_targets(tmp_path: Path) -> None:
    gap = every("10:01", "10:29")
    other = Watch("edge", first_ms=at("08:00"), last_ms=at("12:00"))
    story = play(tmp_path, merged(SHORT.lines(skip=gap), other.lines(skip=gap)))
    assert story.day()["unobserved_s"] == 1710.0
    assert story.told() == [("10:31:15", "unobserved", "note")]
    assert story.incidents("target", "opened_at", "closed_at") == [
        (name, "2026-11-03T10:00:45Z", "2026-11-03T10:29:15Z") for name in ("cloud-api", "edge")
    ]


@pytest.mark.parametrize(
    ("said", "last", "expected"),
    [
        (SYSTEM, "10:09", [("10:01:30", "outage", "opened"), ("10:11:30", "outage", "resolved")]),
        (SYSTEM, "10:00", []),
        (EXPIRED, "10:09", [("10:01:30", "user_error", "opened"), ("10:11:30", "user_error", "resolved")]),
        (EXPIRED, "10:00", []),
        (UPDATE, "10:03", []),
        (THROTTLED, "10:08", []),
    ],
)
def test_people_are_told_in_time_and_no_sooner(
    tmp_path: Path, said: Any, last: str, expected: list[tuple[str, str, str]]
) -> None:
    assert play(tmp_path, SHORT.lines(bad(said, every("10:00", last)))).told() == expected


def test_being_throttled_is_told_once_it_has_lasted_ten_minutes(tmp_path: Path) -> None:
    story = play(tmp_path, SHORT.lines(bad(THROTTLED, every("10:00", "10:19"))))
    assert [one[1:] for one in story.told()] == [("user_error", "opened"), ("user_error", "resolved")]
    assert "10:09:30" <= story.told()[0][0] < "10:14:30"
    assert "our probing is limited" in story.titles()[0]


def test_what_comes_back_within_ten_minutes_is_the_same_incident(tmp_path: Path) -> None:
    words = bad(SYSTEM, [*every("10:00", "10:04"), *every("10:10", "10:14")])
    story = play(tmp_path, SHORT.lines(words))
    assert story.incidents("opened_at", "closed_at") == [("2026-11-03T09:59:30Z", "2026-11-03T10:14:30Z")]
    assert [one[1:] for one in story.told()] == [
        ("outage", "opened"),
        ("outage", "resolved"),
        ("outage", "changed"),
        ("outage", "resolved"),
    ]


def test_what_comes_back_later_is_another_incident(tmp_path: Path) -> None:
    words = bad(SYSTEM, [*every("10:00", "10:04"), *every("10:16", "10:20")])
    story = play(tmp_path, SHORT.lines(words))
    assert len(story.document["incidents"]) == 2
    assert [one[2] for one in story.told()] == ["opened", "resolved", "opened", "resolved"]


def test_an_outage_that_lasts_to_the_end_stays_open(tmp_path: Path) -> None:
    story = play(tmp_path, SHORT.lines(bad(SYSTEM, every("11:50", "12:00"))))
    assert story.incidents("opened_at", "closed_at") == [("2026-11-03T11:49:30Z", None)]
    assert [one[2] for one in story.told()] == ["opened"]


def test_the_endpoints_downtime_is_its_own_and_a_blind_spot(tmp_path: Path) -> None:
    hook = Watch(
        "webhook", "webhook", {"http_status": 200, "body": "1"}, first_ms=at("08:00"), last_ms=at("12:00")
    )
    story = play(tmp_path, merged(SHORT.lines(), hook.lines(bad({"http_status": 503}, TEN))))
    row = story.day("webhook")
    assert (row["down_s"], row["blind_spot_s"]) == (600.0, 600.0)
    assert story.day("platform")["availability"] is None
    assert story.day()["down_s"] == 0.0
    assert story.incidents("target", "verdict", "cause") == [("webhook", "user_error", "endpoint")]
    assert [one[1:] for one in story.told()] == [("endpoint", "opened"), ("endpoint", "resolved")]


def test_metas_maintenance_of_a_number_is_unobserved_for_ten_minutes(tmp_path: Path) -> None:
    busy = {"http_status": 400, "body": {"error": {"code": 131057}}}
    row = play(tmp_path, SHORT.lines(bad(busy, every("10:00", "10:10")))).day()
    assert (row["unobserved_s"], row["down_s"]) == (660.0, 0.0)
    row = play(tmp_path, SHORT.lines(bad(busy, every("10:00", "10:19")))).day()
    assert (row["unobserved_s"], row["down_s"]) == (660.0, 540.0)


def test_the_days_of_all_targets_add_up_to_their_seconds(tmp_path: Path) -> None:
    rng = Random(7)
    words = {
        one: rng.choice([SYSTEM, EXPIRED, UNREACHED, MISSED, UPDATE])
        for one in every("09:00", "11:00")
        if rng.random() < 0.5
    }
    for row in play(tmp_path, SHORT.lines(words, skip=every("11:10", "11:20"))).document["days"]:
        assert row["proven_down_s"] <= row["down_s"] <= row["worst_down_s"]
        assert row["meta_down_s"] <= row["down_s"]
        assert 0 <= row["coverage"] <= 1
        assert row["seconds"] >= row["down_s"] + row["network_s"] + row["user_error_s"] + row["unobserved_s"]


def test_a_replay_of_nothing_but_evidence_has_a_platform_row_at_most(tmp_path: Path) -> None:
    story = play(tmp_path, Watch("c", "control", SITE, first_ms=at("08:00"), last_ms=at("09:00")).lines())
    assert {one["target"] for one in story.document["days"]} <= {"platform"}
    assert line(TUESDAY, SITE)["at"] == "2026-11-03T00:00:00Z"
