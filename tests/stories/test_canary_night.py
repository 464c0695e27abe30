"""A night of canaries: what the watch counted, what a replay counts, what the weekly pass turned, what stays."""

import base64
import io
import json
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest

from tests.stories.canary_nights import CURED, DEAF, LATE, LOST, MIDNIGHT, REFUSED, CanaryNight
from tests.support.contents import contents
from wamon.core.timeline import SECOND, Span
from wamon.ledger import open_book
from wamon.metrics.tally import RETURN_BOUNDS_S
from wamon.replay import Plan, replay
from wamon.simulator.sending import user_id
from wamon.simulator.world import HANDSET, SMALL_WORLD
from wamon.wiring import lasting, watched

SUMS = ("down_s", "meta_down_s", "network_s", "user_error_s", "unproved_s", "proven_down_s", "blind_spot_s")
Found = list[tuple[str, str, bool]]


@pytest.fixture(scope="module")
def night(tmp_path_factory: pytest.TempPathFactory) -> CanaryNight:
    return CanaryNight(tmp_path_factory.mktemp("canaries"))


@pytest.fixture(scope="module")
def replayed(night: CanaryNight) -> dict:
    complaints = io.StringIO()
    plan = Plan(tuple(watched(night.settings)), ZoneInfo("UTC"), lasting(night.settings))
    document = replay(night.recording, plan, complaints)
    assert complaints.getvalue() == ""
    return json.loads(json.dumps(document))


def found(night: CanaryNight, target: str, span: Span, *, standing: bool) -> Found:
    """Verdict, rule and doubt of every look of a span."""
    book = open_book(night.database, readonly=True)
    marks = [one.finding for one in book.marks(target, span, standing=standing)]
    book.close()
    return [(one.verdict.value, one.rule, one.provisional) for one in marks]


def test_every_canary_has_its_mark_and_its_time(night: CanaryNight) -> None:
    assert len({one.callback_data for one in night.sent}) == len(night.sent) >= 30
    assert all(after.at_ms - before.at_ms >= 6 * SECOND for before, after in pairwise(night.sent))
    assert len({one.at_ms // SECOND % 60 for one in night.sent}) > 10, "never at fixed seconds"


@pytest.mark.parametrize(
    ("episode", "target", "live", "after_the_pass"),
    [
        (REFUSED, "send", ("system_error", "known_code", False), ("system_error", "known_code", False)),
        (LOST, "send.roundtrip", ("missed_success", "no_answer", True), ("missed_success", "no_answer", True)),
        (
            DEAF,
            "send.roundtrip",
            ("missed_success", "no_answer", True),
            ("user_error", "endpoint_was_down", False),
        ),
        (CURED, "send.roundtrip", ("system_error", "known_code", True), ("ok", "delivered_wins", False)),
        (LATE, "send.roundtrip", ("missed_success", "no_answer", True), ("missed_success", "no_answer", True)),
        (MIDNIGHT, "send", ("system_error", "known_code", False), ("system_error", "known_code", False)),
    ],
)
def test_what_was_seen_is_ruled_at_once_and_turned_only_on_evidence(
    night: CanaryNight, episode: Span, target: str, live: tuple, after_the_pass: tuple
) -> None:
    first = found(night, target, episode, standing=False)
    assert set(first) == {live}
    assert 2 <= len(first) <= 13, "confirmed by fresh ones, which are capped"
    assert set(found(night, target, episode, standing=True)) == {after_the_pass}


def test_a_refused_canary_has_no_way_back(night: CanaryNight) -> None:
    for episode in (REFUSED, MIDNIGHT):
        assert found(night, "send", episode, standing=False)
        assert found(night, "send.roundtrip", episode, standing=False) == []


def test_late_ones_are_known_to_have_come(night: CanaryNight) -> None:
    row = night.tally.returns["send.roundtrip", "delivered"]
    assert sum(row[RETURN_BOUNDS_S.index(120.0) + 1 : -1]) >= 2, "more than two minutes after they left"


@pytest.mark.parametrize("target", ["send", "send.roundtrip", "webhook", "platform"])
def test_a_replay_counts_what_the_watch_counted(night: CanaryNight, replayed: dict, target: str) -> None:
    rows = {one.name: one.days for one in night.report.targets} | {"platform": night.report.platform}
    theirs = {row["date"]: row for row in replayed["days"] if row["target"] == target}
    assert [day.date.isoformat() for day in rows[target]] == list(theirs)
    for day in rows[target]:
        row = theirs[day.date.isoformat()]
        counted = {name: getattr(day.figures, name.removesuffix("_s") + "_ms") / 1000 for name in SUMS}
        assert {name: row[name] for name in SUMS} == counted
        assert row["revision"] == day.revision


def test_the_platform_is_built_of_send_and_receive_kept_apart(night: CanaryNight, replayed: dict) -> None:
    first = next(row for row in replayed["days"] if row["target"] == "platform" and row["date"] == "2026-11-01")
    send = next(row for row in replayed["days"] if row["target"] == "send" and row["date"] == "2026-11-01")
    back = next(
        row for row in replayed["days"] if row["target"] == "send.roundtrip" and row["date"] == "2026-11-01"
    )
    assert send["down_s"] > 0
    assert back["down_s"] > 0
    assert first["send"]["down_s"] == pytest.approx(send["down_s"] + back["down_s"], rel=0.35)
    assert first["receive"]["down_s"] == back["down_s"]
    assert first["down_s"] >= max(first["send"]["down_s"], first["receive"]["down_s"])


def test_both_tell_the_same_incidents_and_the_same_turns(night: CanaryNight, replayed: dict) -> None:
    ours = {(one.target, one.verdict.value, one.cause.value) for one in night.report.incidents}
    theirs = {(row["target"], row["verdict"], row["cause"]) for row in replayed["incidents"]}
    assert (
        ours
        == theirs
        >= {
            ("send", "system_error", "service"),
            ("send.roundtrip", "missed_success", "timeout"),
            ("webhook", "user_error", "endpoint"),
        }
    )
    assert {(row["target"], row["rule"]) for row in replayed["reclassified"]} == {
        ("send.roundtrip", "endpoint_was_down"),
        ("send.roundtrip", "delivered_wins"),
    }


def test_nothing_of_the_handset_is_in_the_database(night: CanaryNight) -> None:
    kept = contents(night.database)
    assert night.sent[0].callback_data.encode() in kept
    wamids = [one.wamid for one in night.sent]
    inside = [base64.b64decode(one.removeprefix("wamid."))[3:14] for one in wamids]
    display = SMALL_WORLD.numbers[0].display
    for secret in (HANDSET, user_id(HANDSET), display, "Ada", "wamid.", *wamids):
        assert secret.encode() not in kept, secret
    assert not any(one in kept for one in inside)


def test_a_line_says_itself_how_our_receiver_fared(night: CanaryNight) -> None:
    said = {line.get("receiver") for _, line in night.lines if line["probe"] == "roundtrip"}
    assert said <= {None, "listening", "heard", "deaf"}
    assert "listening" in said
