"""``wamon replay``: one document, or tables, from recorded exchanges."""

import json
from datetime import timedelta
from pathlib import Path

import pytest

from tests.cli.program import asked, on_a_terminal, wamon
from tests.cli.recorded import START, line, two_days, write


@pytest.fixture(scope="module")
def recorded(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write(tmp_path_factory.mktemp("replay") / "two-days.jsonl", two_days(), "no json", "{}")


def test_the_document_has_days_incidents_turns_and_notices_and_complaints_go_to_stderr(recorded: Path) -> None:
    ended = wamon("replay", recorded, "--json")
    assert ended.code == 0
    assert list(ended.document) == ["days", "incidents", "reclassified", "notifications"]
    day = next(
        one for one in ended.document["days"] if (one["target"], one["date"]) == ("cloud-api", "2026-09-07")
    )
    assert (day["down_s"], day["seconds"], day["state"]) == (3000.0, 86400, "closed")
    assert ended.document["reclassified"] == [
        {
            "target": "cloud-api",
            "from": "user_error",
            "to": "system_error",
            "rule": "same_token_valid",
            "observations": 6,
            "seconds": 1800.0,
        }
    ]
    complaints = ended.err.splitlines()
    assert [text.partition(":")[0] for text in complaints] == ["line 1729", "line 1730"]
    assert complaints[1] == "line 1730: no 'at' with an instant such as 2026-11-01T00:00:30.250Z; skipped"


@pytest.mark.parametrize("name", ["-", "/dev/stdin"])
def test_stdin_and_pipes_are_read_like_a_file(recorded: Path, name: str) -> None:
    assert (
        wamon("replay", name, "--json", stdin=recorded.read_bytes()).out == wamon("replay", recorded, "--json").out
    )


@pytest.mark.parametrize("columns", [60, 80, 140])
def test_people_get_tables_that_fit(recorded: Path, columns: int) -> None:
    ended = wamon("replay", recorded, COLUMNS=str(columns))
    assert max(map(len, ended.out.splitlines())) <= columns
    words = " ".join(ended.out.split())
    assert "2026-09-07 96.52 % 0:50:00" in words.replace("platform 9", "9")
    assert "2026-09 98.26 % 0:50:00" in words.replace("platform 9", "9"), "the month adds up its days"
    assert "platform: no figures, as no target sends and receives messages." in words
    assert "cloud-api 2026-09-07: 98.61 % -> 96.52 % (0:50:00), revision 2" in words
    assert "same token valid" in words
    assert "…" not in words


def test_a_pipe_gets_neither_colours_nor_broken_lines(recorded: Path) -> None:
    out = wamon("replay", recorded).out
    assert "\x1b" not in out
    assert not [text for text in out.splitlines() if text != text.rstrip()]
    assert any(len(text) > 100 for text in out.splitlines()), "the legend stands on one line"


def test_a_terminal_gets_colours(recorded: Path) -> None:
    assert "\x1b[31m96.52 %" in on_a_terminal("replay", recorded)
    assert "\x1b[31m" not in on_a_terminal("replay", recorded, more={"NO_COLOR": "1"})


def test_the_configuration_gives_zone_and_targets_and_no_secret_is_needed(recorded: Path, tmp_path: Path) -> None:
    config = tmp_path / "wamon.toml"
    config.write_text(
        '[service]\ntimezone = "Asia/Tokyo"\ndatabase = "/nowhere/at/all.db"\n'
        '[graph]\naccess_token = "env:NOT_SET"\n'
        '[[targets]]\nname = "cloud-api"\nprobe = "api"\nphone_number_id = "1"\ninterval = "5m"\n'
    )
    ended = wamon("replay", recorded, "-c", config, "--json")
    days = [one["date"] for one in ended.document["days"] if one["target"] == "cloud-api"]
    assert days == ["2026-09-07", "2026-09-08", "2026-09-09"], "9 hours ahead, two days touch three"


def test_a_zone_alone_is_configuration_enough(recorded: Path, tmp_path: Path) -> None:
    config = tmp_path / "zone.toml"
    config.write_text('[service]\ntimezone = "Europe/Berlin"\n')
    with_zone = wamon("replay", recorded, "-c", config, "--json").document["days"]
    without = wamon("replay", recorded, "--json").document["days"]
    assert with_zone[0]["seconds"] == 86400 - 2 * 3600
    assert without[0]["seconds"] == 86400


def test_a_byte_order_mark_hides_no_line(tmp_path: Path) -> None:
    marked = tmp_path / "marked.jsonl"
    marked.write_bytes(b"\xef\xbb\xbf" + write(tmp_path / "plain.jsonl", two_days()).read_bytes())
    ended = wamon("replay", marked, "--json")
    assert (ended.err, ended.document) == ("", wamon("replay", tmp_path / "plain.jsonl", "--json").document)


def test_nothing_recorded_is_an_empty_document(tmp_path: Path) -> None:
    empty = write(tmp_path / "empty.jsonl", [])
    assert asked("replay", empty, "--json").document["days"] == []
    ended = asked("replay", empty)
    assert (ended.code, ended.out) == (0, "No exchanges, so no days.\n")


def test_what_is_wrong_with_the_file_or_the_configuration_is_said_in_a_sentence(tmp_path: Path) -> None:
    missing = asked("replay", tmp_path / "none.jsonl", "--json")
    assert (missing.code, missing.out) == (2, "")
    assert missing.err == f"wamon: {tmp_path}/none.jsonl cannot be read: no such file or directory\n"
    one = write(tmp_path / "one.jsonl", [line("a", "api", START, 200, {"id": "1"})])
    config = tmp_path / "wamon.toml"
    config.write_text("[servise]\n")
    refused = asked("replay", one, "-c", config)
    assert refused.code == 2
    assert "servise" in refused.err


def test_a_hostile_name_cannot_steer_the_terminal(tmp_path: Path) -> None:
    hostile = write(
        tmp_path / "x.jsonl",
        [
            line("\x1b[2J\x07evil\n", "api", START + timedelta(minutes=number), 200, {"id": "1"})
            for number in range(9)
        ],
    )
    ended = asked("replay", hostile)
    assert "\x1b" not in ended.out
    assert "evil" in ended.out
    assert json.loads(asked("replay", hostile, "--json").out)["days"][0]["target"] == "\x1b[2J\x07evil\n"


def test_half_of_a_surrogate_pair_costs_no_line_and_no_document(tmp_path: Path) -> None:
    looks = [
        line("\ud800", "api", START + timedelta(minutes=number), 200, {"id": "\udfff"}) for number in range(9)
    ]
    half = write(tmp_path / "half.jsonl", looks)
    ended = asked("replay", half, "--json")
    assert (ended.code, ended.err) == (0, "")
    assert json.loads(ended.out)["days"][0]["target"] == "\ud800"
    assert asked("replay", half).code == 0


JOINED = {
    "a file for each target, joined": lambda lines: sorted(lines, key=lambda one: one["target"], reverse=True),
    "the latest first": lambda lines: lines[::-1],
    "two halves the wrong way round": lambda lines: lines[len(lines) // 2 :] + lines[: len(lines) // 2],
    "one early line at the end": lambda lines: [*lines[:3], *lines[4:], lines[3]],
}


@pytest.mark.parametrize("order", JOINED)
def test_files_joined_in_any_order_are_replayed_like_one_that_is_sorted(order: str, tmp_path: Path) -> None:
    lines = list(two_days())
    plain = wamon("replay", write(tmp_path / "sorted.jsonl", lines), "--json")
    joined = wamon("replay", write(tmp_path / "joined.jsonl", JOINED[order](lines), "no json"), "--json")
    assert joined.document == plain.document
    assert joined.err == f"line {len(lines) + 1}: not JSON (expecting value at character 1); skipped\n"


def test_a_line_that_takes_the_name_of_all_targets_is_skipped_and_hides_no_row(tmp_path: Path) -> None:
    names, minute = ("platform", "cloud-api"), timedelta(minutes=1)
    lines = [line(name, "api", START + after * minute, 200, {"id": "1"}) for after in (0, 1) for name in names]
    ended = wamon("replay", write(tmp_path / "named.jsonl", lines), "--json")
    assert [one["target"] for one in ended.document["days"]] == ["cloud-api", "platform"]
    said = "'platform' is the row of all targets together; skipped"
    assert ended.err == f"line 1: {said}\nline 3: {said}\n"
