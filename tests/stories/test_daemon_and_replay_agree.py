"""What the running watch counted is what a replay of its recorded exchanges counts: one code, two clocks."""

import io
import json
import subprocess
import sys
from zoneinfo import ZoneInfo

import pytest

from tests.stories.nights import Night
from wamon.core.timeline import MINUTE
from wamon.replay import Plan, replay
from wamon.wiring import lasting, watched


@pytest.fixture(scope="module")
def night(tmp_path_factory: pytest.TempPathFactory) -> Night:
    return Night(tmp_path_factory.mktemp("night"))


@pytest.fixture(scope="module")
def replayed(night: Night) -> dict[str, list[dict[str, object]]]:
    plan = Plan(tuple(watched(night.settings)), ZoneInfo("UTC"), lasting(night.settings))
    assert plan.targets[0].slow_after_ms == 2_000
    complaints = io.StringIO()
    document = replay(night.recording, plan, complaints)
    assert complaints.getvalue() == ""
    return document


SUMS = (
    "down_s",
    "meta_down_s",
    "network_s",
    "user_error_s",
    "unproved_s",
    "proven_down_s",
    "blind_spot_s",
    "slow_s",
)


@pytest.mark.parametrize("target", ["cloud-api", "webhook"])
def test_a_replay_counts_what_the_watch_counted(night: Night, replayed: dict, target: str) -> None:
    ours = next(one for one in night.report.targets if one.name == target)
    theirs = {row["date"]: row for row in replayed["days"] if row["target"] == target}
    assert [day.date.isoformat() for day in ours.days] == list(theirs)
    for day in ours.days:
        row = theirs[day.date.isoformat()]
        counted = {name: getattr(day.figures, name.removesuffix("_s") + "_ms") / 1000 for name in SUMS}
        assert {name: row[name] for name in SUMS} == counted
    slow_ms = sum(day.figures.slow_ms for day in ours.days)
    assert slow_ms == (30 * MINUTE if target == "cloud-api" else 0), "half an hour of answers was late"


def test_the_night_holds_every_kind_of_trouble(replayed: dict) -> None:
    seen = {(row["target"], row["cause"], row["verdict"]) for row in replayed["incidents"]}
    assert {
        ("cloud-api", "service", "system_error"),
        ("cloud-api", "authentication", "system_error"),
        ("webhook", "endpoint", "user_error"),
        ("cloud-api", "local_network", "network_error"),
    } <= seen


def test_the_weekly_pass_turns_the_fault_of_metas_authentication_in_both(night: Night, replayed: dict) -> None:
    [row] = replayed["reclassified"]
    assert row["rule"] == "same_token_valid"
    assert (row["target"], row["from"], row["to"]) == ("cloud-api", "user_error", "system_error")
    first = next(one for one in night.report.targets if one.name == "cloud-api").days[0]
    assert first.revision == 2
    assert first.first is not None
    assert first.figures.down_ms - first.first.down_ms == row["seconds"] * 1000


def test_every_recorded_exchange_goes_through_classify(night: Night) -> None:
    told = subprocess.run(
        [sys.executable, "-m", "wamon", "classify", str(night.recording)],
        capture_output=True,
        text=True,
        timeout=60,
    )
    verdicts = [json.loads(line) for line in told.stdout.splitlines()]
    assert told.returncode == 0
    assert len(verdicts) == len(night.recording.read_text().splitlines())
    assert {one["verdict"] for one in verdicts} == {"ok", "system_error", "user_error", "network_error"}
