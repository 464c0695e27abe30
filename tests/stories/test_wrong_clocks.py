"""Recordings with lines dated by a clock that was wrong, and many lines inside five minutes of disorder."""

import io
import json
from pathlib import Path
from typing import Any

import pytest

from tests.stories.recorded import MINUTE, NODE, Watch, at, play
from wamon.core.timeline import SECOND, Span, iso
from wamon.recording import exchanges, survey

SHORT = Watch(first_ms=at("08:00"), last_ms=at("12:00"))

FAR = {
    "in the last year there is": "9999-12-31T23:59:59Z",
    "a hundred years ahead": "2126-11-03T09:00:00Z",
    "two years ahead": "2028-11-03T09:00:00Z",
    "when computers began": "1970-01-01T00:00:07Z",
    "before that": "1801-01-01T00:00:00Z",
}


def told(instant: str) -> dict[str, Any]:
    return {"target": "cloud-api", "probe": "api", "at": instant, **NODE}


@pytest.mark.parametrize("place", [0, 100, -1])
@pytest.mark.parametrize("instant", FAR.values(), ids=FAR)
def test_a_line_years_from_all_others_is_reported_by_its_number_and_moves_no_clock(
    tmp_path: Path, instant: str, place: int
) -> None:
    good = list(SHORT.lines())
    lines = [*good]
    lines.insert(place % (len(good) + 1), told(instant))
    story = play(tmp_path, lines)
    number = lines.index(told(instant)) + 1
    assert story.complaints == (
        f"line {number}: 'at' {instant} lies more than a year from most of the lines; skipped\n"
    )
    assert story.document == play(tmp_path, good).document


def test_a_file_of_nothing_but_impossible_instants_has_no_days(tmp_path: Path) -> None:
    story = play(tmp_path, [told("9999-12-31T23:59:59Z"), told("0001-01-01T00:00:00Z")])
    assert story.document["days"] == []
    assert len(story.complaints.splitlines()) == 2


def test_a_recording_with_months_of_silence_is_one_recording(tmp_path: Path) -> None:
    """A gap below a year is unobserved time, not a wrong clock."""
    later = [told(iso(at("08:00") + 300 * 24 * 60 * MINUTE + number * MINUTE)) for number in range(5)]
    story = play(tmp_path, [*SHORT.lines(), *later])
    assert story.complaints == ""
    assert len({row["date"] for row in story.document["days"]}) == 301


def test_five_minutes_of_disorder_are_sorted_however_many_lines_they_hold(tmp_path: Path) -> None:
    """Forty targets twice a second: a line that comes four minutes late has 19,000 before it."""
    path = tmp_path / "many.jsonl"
    begin_ms = at("08:00")
    lines = [
        {"target": f"t{number % 40}", "at": iso(begin_ms + number // 40 * SECOND // 2 + number % 40), **NODE}
        for number in range(40 * 2 * 300)
    ]
    late = lines.pop(2_000)
    lines.insert(2_000 + 40 * 2 * 240, late)
    path.write_text("\n".join(map(json.dumps, lines)))
    complaints = io.StringIO()
    order = [one.at_ms for one in exchanges(path, complaints, survey(path, ()).believed)]
    assert (len(order), complaints.getvalue()) == (24_000, "")
    assert order == sorted(order)


def test_an_hour_of_lines_of_one_instant_is_held_in_bounded_memory(tmp_path: Path) -> None:
    """What waits to be sorted never holds all of them."""
    path = tmp_path / "same.jsonl"
    path.write_text((json.dumps(told("2026-11-03T09:00:00Z")) + "\n") * 70_000)
    waiting = exchanges(path, io.StringIO(), Span(0, 1 << 62))
    assert next(waiting).target == "cloud-api"
    assert sum(1 for _ in waiting) == 69_999


ORDERS = {
    "sorted": (["08:00:00Z", "08:00:01Z", "08:20:00Z"], False),
    "five minutes late": (["08:20:00Z", "08:15:00Z"], False),
    "a millisecond later than that": (["08:20:00Z", "08:14:59.999Z"], True),
    "sorted in two zones, not by text": (["10:00:00+02:00", "08:01:00Z", "10:02:00+02:00", "08:03:00Z"], False),
    "sorted by text, an hour late in its zone": (["08:00:00Z", "09:00:00+02:00"], True),
    "what is no instant says nothing": (["08:00:00Z", "yesterday", "08:01:00Z", "08:30:00Z"], False),
    "nor does it hide disorder after it": (["~Z", "08:30:00Z", "08:00:00Z"], True),
}


@pytest.mark.parametrize(("instants", "scattered"), ORDERS.values(), ids=ORDERS)
def test_a_file_is_scattered_where_a_line_comes_more_than_five_minutes_late(
    tmp_path: Path, instants: list[str], scattered: bool
) -> None:
    path = tmp_path / "some.jsonl"
    path.write_text("".join(json.dumps(told(f"2026-11-03T{one}")) + "\n" for one in instants))
    seen = survey(path, ())
    assert seen.scattered is scattered
    order = [one.at_ms for one in exchanges(path, io.StringIO(), seen.believed, scattered=seen.scattered)]
    assert order == sorted(order)
    assert len(order) == sum("Z" in one[8:] or "+" in one for one in instants)
