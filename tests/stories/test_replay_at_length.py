"""A recording as files really are: out of order, with lines twice and cut, and longer than memory should be."""

import json
import subprocess
import sys
from pathlib import Path
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from .recorded import (
    DAY,
    EXPIRED,
    MINUTE,
    MONDAY,
    SITE,
    SYSTEM,
    UNREACHED,
    VALID,
    Line,
    Story,
    Watch,
    at,
    bad,
    every,
    merged,
    play,
)

HOURS = {"first_ms": at("08:00"), "last_ms": at("12:00")}
DISORDER_MS = 4 * MINUTE

CLEAN = merged(
    Watch("cloud-api", **HOURS).lines(
        bad(SYSTEM, every("09:00", "09:14"))
        | bad(EXPIRED, every("10:00", "10:09"))
        | bad(UNREACHED, every("11:00", "11:04"))
    ),
    Watch("other", **HOURS).lines(bad(SYSTEM, every("09:03", "09:03"))),
    Watch("token", "token", VALID, 5 * MINUTE, **HOURS).lines(),
    Watch("control-1", "control", SITE, **HOURS).lines(bad(UNREACHED, every("11:00", "11:04"))),
)


@pytest.fixture(scope="module")
def clean(tmp_path_factory: pytest.TempPathFactory) -> Story:
    return play(tmp_path_factory.mktemp("clean"), CLEAN)


def late(one: Line, chance: Random) -> int:
    """When a line is written: some minutes after its instant at most."""
    return at(one["at"][11:19]) + chance.randrange(DISORDER_MS)


def by_target(story: Story, part: str) -> list[Line]:
    """Rows stand in the order in which the file first names their targets, which disorder may change."""
    return sorted(story.document[part], key=lambda one: one["target"])


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 2**32), st.booleans())
def test_lines_that_come_late_or_twice_change_nothing(
    tmp_path_factory: pytest.TempPathFactory, clean: Story, seed: int, twice: bool
) -> None:
    chance = Random(seed)
    lines = sorted(CLEAN, key=lambda one: late(one, chance))
    if twice:
        lines = [again for one in lines for again in ((one, one) if chance.random() < 0.3 else (one,))]
    story = play(tmp_path_factory.mktemp("mixed"), lines)
    for part in ("days", "incidents", "reclassified"):
        assert by_target(story, part) == by_target(clean, part), part


def test_the_recording_has_something_to_say(clean: Story) -> None:
    assert [one["rule"] for one in clean.document["reclassified"]] == ["same_token_valid"]
    assert len(clean.document["incidents"]) >= 3


def test_a_line_that_was_cut_and_one_of_megabytes_are_passed_over(tmp_path: Path, clean: Story) -> None:
    garbage = "x" * 10_000_000
    story = play(tmp_path, [garbage, *CLEAN, json.dumps(CLEAN[-1])[:40]])
    assert story.document == clean.document
    assert [one.split(":")[0] for one in story.complaints.splitlines()] == ["line 1", f"line {len(CLEAN) + 2}"]
    assert len(story.complaints) < 500


WEIGHED = """
import io, resource, sys
from pathlib import Path
from wamon.replay import Plan, replay
replay(Path(sys.argv[1]), Plan(), io.StringIO())
print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)
"""


def test_memory_holds_a_fortnight_and_not_the_file(tmp_path: Path) -> None:
    """Five weeks of looks every four minutes, one in fifty bad, and three times as many: the same memory."""
    peaks = []
    for weeks in (5, 15):
        watch = Watch("cloud-api", step_ms=4 * MINUTE, first_ms=MONDAY, last_ms=MONDAY + weeks * 7 * DAY)
        said = bad(SYSTEM, range(MONDAY, MONDAY + weeks * 7 * DAY, 200 * MINUTE))
        path = tmp_path / f"{weeks}.jsonl"
        path.write_text("".join(json.dumps(one) + "\n" for one in watch.lines(said)))
        found = subprocess.run(
            [sys.executable, "-c", WEIGHED, str(path)], capture_output=True, text=True, check=True
        )
        peaks.append(int(found.stdout))
    assert peaks[1] < peaks[0] * 1.15, f"{peaks} KiB"
