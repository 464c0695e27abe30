"""Recordings of real messages: lines become minutes on the data's clock, whole minutes stay what they are."""

import io
import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from wamon.core.knowledge import knowledge
from wamon.core.minutes import Minute, observation
from wamon.core.observation import ProbeKind
from wamon.core.reading import write_exchange
from wamon.core.timeline import DAY, MINUTE, SECOND, iso, parse_iso
from wamon.core.traffic import Facts, Source
from wamon.core.watched import Watched
from wamon.replay import Plan, replay

NINE = parse_iso("2026-11-04T09:00:00Z")
REAL = Watched("real", ProbeKind.TRAFFIC, MINUTE, direction="send")
Line = dict[str, Any]


def call(at_ms: int, code: int | None, target: str = "real", **more: Any) -> Line:
    """A call as an application reports it."""
    body = {"error": {"code": code}} if code else {"messages": [{"id": "wamid.x"}]}
    return {
        "target": target,
        "probe": "traffic",
        "at": iso(at_ms),
        "http_status": 500 if code else 200,
        "body": body,
    } | more


def calls(bad: Iterable[int], each: int = 6, minutes: int = 30) -> list[Line]:
    """So many calls in each minute; in bad minutes half of them fail."""
    wrong = set(bad)
    return [
        call(NINE + minute * MINUTE + n * 9 * SECOND, 131016 if minute in wrong and n % 2 else None)
        for minute in range(minutes)
        for n in range(each)
    ]


def replayed(folder: Path, lines: Iterable[Line], *targets: Watched) -> Line:
    path = folder / "lines.jsonl"
    path.write_text("".join(json.dumps(one) + "\n" for one in lines))
    return replay(path, Plan(targets), io.StringIO())


def row(document: Line, name: str = "real") -> Line:
    (found,) = [one for one in document["days"] if one["target"] == name]
    return dict(found)


def test_single_calls_become_minutes_of_which_half_failed_are_down(tmp_path: Path) -> None:
    found = row(replayed(tmp_path, calls(range(10, 22)), REAL))
    assert (found["down_s"], found["meta_down_s"], found["unobserved_s"]) == (720, 720, 30), (
        "before the first minute"
    )


def test_a_target_that_only_the_recording_names_is_counted_by_the_minute_too(tmp_path: Path) -> None:
    document = replayed(tmp_path, calls(range(10, 22)))
    assert row(document)["down_s"] == 720
    assert row(document, "platform")["down_s"] == 720


def test_minutes_with_four_outcomes_are_not_observed(tmp_path: Path) -> None:
    found = row(replayed(tmp_path, calls((), each=4), REAL))
    assert found["availability"] is None


def test_minutes_that_a_watch_judged_are_looks_as_they_are(tmp_path: Path) -> None:
    good, bad = Facts(Source.APPLICATION, good=True), Facts(Source.APPLICATION, codes=(131016,), http_status=500)
    minutes = [Minute(NINE + n * MINUTE, {bad: 3, good: 3} if 10 <= n < 22 else {good: 6}) for n in range(30)]
    lines = [write_exchange(observation("real", one, knowledge())) for one in minutes]
    whole, single = replayed(tmp_path, lines, REAL), replayed(tmp_path, calls(range(10, 22)), REAL)
    for name in ("down_s", "meta_down_s", "proven_down_s", "user_error_s"):
        assert row(whole)[name] == row(single)[name]
    assert whole["incidents"][0] == single["incidents"][0]
    assert [one["at"] for one in whole["notifications"]] == [one["at"] for one in single["notifications"]]


def test_a_webhook_line_counts_for_the_direction_of_its_target_only(tmp_path: Path) -> None:
    incoming = {"entry": [{"changes": [{"field": "messages", "value": {"messages": [{}] * 6}}]}]}
    lines = [call(NINE + n * MINUTE, None, body=incoming) for n in range(10)]
    assert row(replayed(tmp_path, lines, REAL))["availability"] is None
    both = Watched("real", ProbeKind.TRAFFIC, MINUTE, direction="receive")
    assert row(replayed(tmp_path, lines, both))["availability"] == 1


def test_what_happened_on_a_day_that_is_closed_comes_too_late(tmp_path: Path) -> None:
    def status(told_ms: int, at_ms: int, n: int) -> Line:
        statuses = [{"id": f"m{told_ms}.{n}", "status": "failed", "timestamp": str(at_ms // SECOND)}]
        value = {"statuses": [statuses[0] | {"errors": [{"code": 131016}]}]}
        return call(told_ms, None, body={"entry": [{"changes": [{"field": "messages", "value": value}]}]})

    soon = [status(NINE + 120 * MINUTE, NINE + (40 + n % 2) * MINUTE, n) for n in range(12)]
    late = [status(NINE + 2 * DAY, NINE + (50 + n % 2) * MINUTE, n) for n in range(12)]
    found = [
        one for one in replayed(tmp_path, [*calls(()), *soon, *late], REAL)["days"] if one["target"] == "real"
    ]
    assert found[0]["down_s"] == 150, "the two minutes that were in time"
    assert sum(one["down_s"] for one in found) == 150
