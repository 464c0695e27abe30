"""The published vectors end to end: recorded days in, the document of a replay out, to the millisecond."""

from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from wamon.core.finding import Verdict
from wamon.replay import Plan

from .recorded import (
    DAY,
    EXPIRED,
    HOUR,
    INVALID,
    MINUTE,
    SITE,
    SYSTEM,
    TUESDAY,
    UNREACHED,
    VALID,
    Line,
    Story,
    Watch,
    at,
    bad,
    every,
    line,
    merged,
    play,
)

API = Watch()
ZEROS = {
    "down_s": 0.0,
    "meta_down_s": 0.0,
    "network_s": 0.0,
    "user_error_s": 0.0,
    "unproved_s": 0.0,
    "maintenance_s": 0.0,
    "unobserved_s": 0.0,
    "blind_spot_s": 0.0,
    "partial_s": 0.0,
    "proven_down_s": 0.0,
    "worst_down_s": 0.0,
    "slow_s": 0.0,
}


def sums(story: Story, date: str = "2026-11-03", target: str = "cloud-api") -> dict[str, float]:
    row = story.day(target, date)
    return {name: row[name] for name in ZEROS if row[name] != 0}


def test_1_a_good_day(tmp_path: Path) -> None:
    story = play(tmp_path, API.lines())
    assert story.day() == {
        "target": "cloud-api",
        "date": "2026-11-03",
        "state": "closed",
        "revision": 1,
        "seconds": 86400,
        "partial": False,
        **ZEROS,
        "coverage": 1.0,
        "availability": 1.0,
        "availability_meta": 1.0,
        "availability_experienced": 1.0,
        "first_published": {"availability": 1.0},
    }
    assert [story.document[key] for key in ("incidents", "reclassified", "notifications")] == [[], [], []]


def test_2_one_failure_is_a_blip_and_no_incident(tmp_path: Path) -> None:
    again = {at("10:00:10"): API.good}
    story = play(tmp_path, API.lines(bad(SYSTEM, [at("10:00")]) | again))
    assert sums(story) == {"worst_down_s": 70.0}
    assert story.day()["availability"] == 1.0
    assert story.document["incidents"] == []
    assert story.document["notifications"] == []


def test_3_extra_looks_sharpen_the_edges(tmp_path: Path) -> None:
    instants = [at(f"10:0{tail}") for tail in ("0:00", "0:10", "0:20", "0:30", "0:50", "1:10")]
    said = bad(SYSTEM, instants) | {at("10:01:30"): API.good}
    story = play(tmp_path, API.lines(said, skip=[at("10:01")]))
    assert sums(story) == {"down_s": 110.0, "proven_down_s": 70.0, "worst_down_s": 150.0}
    assert story.incidents("opened_at", "closed_at", "verdict", "cause") == [
        ("2026-11-03T09:59:30Z", "2026-11-03T10:01:20Z", "system_error", "service")
    ]


def test_4_two_hours_off_are_unobserved(tmp_path: Path) -> None:
    story = play(tmp_path, API.lines(skip=every("10:01", "11:59")))
    assert sums(story) == {"unobserved_s": 7110.0, "worst_down_s": 7110.0}
    assert story.day()["coverage"] == 1 - 7110 / 86400
    assert story.day()["availability"] == 1.0


def test_5_three_hours_off_are_too_many_for_metas_formula(tmp_path: Path) -> None:
    story = play(tmp_path, API.lines(skip=every("10:01", "12:59")))
    assert story.day()["coverage"] == 1 - 10710 / 86400
    assert story.day()["availability_meta"] is None
    assert story.day()["availability"] == 1.0


FORTY = every("10:00", "10:39")
TOKEN = Watch("token", "token", VALID, step_ms=15 * MINUTE)
SIX = {"user_error_s": 2400.0, "unproved_s": 2400.0, "worst_down_s": 2400.0}


def test_6_an_expired_token_is_ours_and_proves_only_the_front(tmp_path: Path) -> None:
    story = play(tmp_path, API.lines(bad(EXPIRED, FORTY)))
    assert sums(story) == SIX
    row = story.day()
    assert (row["availability"], row["availability_experienced"]) == (1.0, 1 - 2400 / 86400)
    assert row["revision"] == 1
    assert story.incidents("opened_at", "closed_at", "verdict", "cause") == [
        ("2026-11-03T09:59:30Z", "2026-11-03T10:39:30Z", "user_error", "authentication")
    ]
    assert story.told() == [("10:01:30", "user_error", "opened"), ("10:41:30", "user_error", "resolved")]


def test_7_debug_token_turns_it_into_metas_fault(tmp_path: Path) -> None:
    story = play(tmp_path, merged(API.lines(bad(EXPIRED, FORTY)), TOKEN.lines()))
    assert sums(story) == {
        "down_s": 2400.0,
        "meta_down_s": 2400.0,
        "proven_down_s": 2340.0,
        "worst_down_s": 2460.0,
    }
    row = story.day()
    assert (row["availability"], row["revision"]) == (1 - 2400 / 86400, 2)
    assert row["first_published"] == {"availability": 1.0}
    assert story.document["reclassified"] == [
        {
            "target": "cloud-api",
            "from": "user_error",
            "to": "system_error",
            "rule": "same_token_valid",
            "observations": 40,
            "seconds": 2400.0,
        }
    ]
    assert story.incidents("verdict", "cause") == [("system_error", "authentication")]
    assert story.told()[-1][1:] == ("restated", "note")
    assert story.titles()[-1].startswith("Restated · ")


def test_7_undone_a_token_proved_invalid_stays_ours(tmp_path: Path) -> None:
    said = bad(INVALID, every("10:00", "10:30", 15 * MINUTE))
    story = play(tmp_path, merged(API.lines(bad(EXPIRED, FORTY)), TOKEN.lines(said)))
    assert sums(story) == SIX
    assert story.day()["revision"] == 1
    assert story.document["reclassified"] == []


CONTROL = Watch("control-1", "control", SITE)
OTHER = Watch("control-2", "control", SITE)
FIVE = every("10:00", "10:04")


def offline() -> list[Line]:
    return merged(*(one.lines(bad(UNREACHED, FIVE)) for one in (API, CONTROL, OTHER)))


def test_12_our_own_line_down_is_unobserved_and_told_once_afterwards(tmp_path: Path) -> None:
    story = play(tmp_path, offline())
    assert sums(story) == {"unobserved_s": 300.0, "worst_down_s": 300.0}
    assert story.day()["availability"] == 1.0
    assert story.incidents("opened_at", "closed_at", "verdict", "cause") == [
        ("2026-11-03T09:59:30Z", "2026-11-03T10:04:30Z", "network_error", "local_network")
    ]
    assert story.told() == [("10:06:30", "unobserved", "note")]
    assert story.titles() == [
        "We were offline 5 min since 09:59 UTC: counted as unobserved, not as downtime",
    ]


def test_12_with_other_targets_there_is_still_one_notice(tmp_path: Path) -> None:
    edge = Watch("edge", "edge", {"reached": "answered", "http_status": 400, "body": {"error": {"code": 2500}}})
    hook = Watch("webhook", "webhook", {"reached": "answered", "http_status": 200, "body": "1"})
    late = [(one, 3 * 1000) for one in (edge, hook)]
    rows = [
        Watch(one.target, one.probe, one.good, first_ms=one.first_ms + by).lines(
            bad(UNREACHED, (instant + by for instant in FIVE))
        )
        for one, by in late
    ]
    story = play(tmp_path, merged(offline(), *rows))
    assert [one[1:] for one in story.told()] == [("unobserved", "note")]
    for target in ("cloud-api", "edge", "webhook"):
        assert sums(story, target=target)["unobserved_s"] == 300.0
        assert "down_s" not in sums(story, target=target)


def test_12_with_controls_that_answered_it_is_the_path(tmp_path: Path) -> None:
    story = play(tmp_path, merged(API.lines(bad(UNREACHED, FIVE)), CONTROL.lines()))
    assert sums(story) == {"network_s": 300.0, "blind_spot_s": 300.0}
    assert story.day()["availability"] == 1.0
    assert story.day()["availability_experienced"] == 1 - 300 / 86400
    assert story.incidents("verdict", "cause") == [("network_error", "path")]
    assert [one[1:] for one in story.told()] == [("disruption", "opened"), ("disruption", "resolved")]


def test_13_the_pace_may_change(tmp_path: Path) -> None:
    morning = API.lines(bad(SYSTEM, every("09:00", "09:09")), skip=range(at("12:00"), TUESDAY + 3 * DAY, MINUTE))
    slow = Watch("slow", step_ms=5 * MINUTE)
    story = play(tmp_path, merged(morning, slow.lines(bad(SYSTEM, [at("15:00"), at("15:05")]))))
    assert sums(story, target="slow") == {"down_s": 600.0, "proven_down_s": 300.0, "worst_down_s": 900.0}
    assert sums(story)["down_s"] == 600.0


def test_14_nothing_recorded(tmp_path: Path) -> None:
    story = play(tmp_path, [])
    assert story.document == {"days": [], "incidents": [], "reclassified": [], "notifications": []}


def test_14_a_day_without_a_look_between_two_others_has_no_figures(tmp_path: Path) -> None:
    story = play(tmp_path, API.lines(skip=range(TUESDAY - MINUTE, TUESDAY + DAY + MINUTE, MINUTE)))
    row = story.day()
    assert row["unobserved_s"] == 86400.0
    assert (row["coverage"], row["availability"]) == (0.0, None)
    assert (row["availability_meta"], row["availability_experienced"]) == (None, None)


def test_15_across_midnight_is_one_incident_on_two_days(tmp_path: Path) -> None:
    instants = range(at("23:54"), TUESDAY + DAY + 6 * MINUTE, MINUTE)
    story = play(tmp_path, API.lines(bad(SYSTEM, instants)))
    assert (story.day()["down_s"], story.day()["meta_down_s"]) == (390.0, 390.0)
    after = story.day(date="2026-11-04")
    assert (after["down_s"], after["meta_down_s"]) == (330.0, 330.0)
    assert story.incidents("opened_at", "closed_at") == [("2026-11-03T23:53:30Z", "2026-11-04T00:05:30Z")]


def test_16_nine_minutes_are_too_short_for_meta(tmp_path: Path) -> None:
    story = play(tmp_path, API.lines(bad(SYSTEM, every("09:00", "09:08"))))
    assert sums(story) == {"down_s": 540.0, "proven_down_s": 480.0, "worst_down_s": 600.0}
    assert story.day()["availability_meta"] == 1.0


def test_17_every_fifth_failing_is_no_blip(tmp_path: Path) -> None:
    story = play(tmp_path, API.lines(bad(SYSTEM, every("09:00", "09:59", 5 * MINUTE))))
    assert sums(story) == {"down_s": 720.0, "worst_down_s": 1440.0}
    assert story.incidents("opened_at", "closed_at") == [("2026-11-03T08:59:30Z", "2026-11-03T09:55:30Z")]


@pytest.mark.parametrize(("second", "down_s", "incidents"), [("09:09", 120.0, 1), ("09:30", 0.0, 0)])
def test_18_two_failures_near_each_other_count(tmp_path: Path, second: str, down_s: float, incidents: int) -> None:
    story = play(tmp_path, API.lines(bad(SYSTEM, [at("09:00"), at(second)])))
    assert story.day()["down_s"] == down_s
    assert len(story.document["incidents"]) == incidents


@pytest.mark.parametrize(
    ("date", "seconds", "first", "printed"),
    [("2026-03-29", 82800, 1774738800000, 1 - 600 / 82800), ("2026-10-25", 90000, 1792879200000, 1 - 600 / 90000)],
)
def test_9_and_10_days_are_as_long_as_berlins_clocks_make_them(
    tmp_path: Path, date: str, seconds: int, first: int, printed: float
) -> None:
    watch = Watch(first_ms=first - HOUR, last_ms=first + 27 * HOUR)
    ten = range(first + 90 * MINUTE, first + 100 * MINUTE, MINUTE)
    story = play(tmp_path, watch.lines(bad(SYSTEM, ten)), Plan(zone=ZoneInfo("Europe/Berlin")))
    row = story.day(date=date)
    assert (row["seconds"], row["down_s"], row["unobserved_s"]) == (seconds, 600.0, 0.0)
    assert row["availability"] == printed


def test_a_verdict_stands_for_the_most_seconds_of_an_incident(tmp_path: Path) -> None:
    missed = {"reached": "sent", "failure": "read_timeout"}
    story = play(tmp_path, API.lines(bad(SYSTEM, every("10:00", "10:02")) | bad(missed, every("10:03", "10:10"))))
    assert story.incidents("verdict", "cause") == [(Verdict.MISSED_SUCCESS.value, "timeout")]
    assert line(at("10:00"), SYSTEM)["at"] == "2026-11-03T10:00:00Z"
