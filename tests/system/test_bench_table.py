"""The table of benchmarks: every line finds its figure, and says when it is beyond its bound."""

import re
from pathlib import Path

import pytest

from bench.beside.table import LINES, Line, Reached, reached, table

HOUSE = Path(__file__).resolve().parent.parent.parent
SAID = {
    "replay": "103680 lines: 33,000 a second, 33,102 a second of CPU\npeak memory: 60 MiB, must 300 (0.20 x)\n",
    "rollups": "90 days of 20 targets, out of 1,000: 6.44 ms of CPU, must 5 ms\n",
    "webhook": '{"posts_per_s": {"durable": 9}, "ratio": 0.31, "p50_ms": 3.1, "p99_ms": 9.4}\n',
    "daemon": '{"targets": 20, "lateness": {"p99_ms": 1.5}, "memory": {"resident": 54.1, "peak": 60}}\n'
    '{"targets": 1000, "lateness": {"p99_ms": 2.5}, "memory": {"resident": 81.2, "peak": 90},'
    ' "while_scraped": {"p50_ms": 1.0, "p99_ms": 4.5}}\n',
}


def test_figures_are_found_in_what_was_printed() -> None:
    found = {one.line.what: one.figure for one in reached(SAID) if one.figure is not None}
    assert found == {
        "replayed lines a second": 33_102,
        "memory of a replay, MiB": 60,
        "90 days of 20 targets, ms": 6.44,
        "webhooks / without storage": 0.31,
        "webhook p99, ms": 9.4,
        "lateness p99, 1,000 targets, ms": 2.5,
        "lateness p99 while scraped, ms": 4.5,
        "memory, 20 targets, MiB": 54.1,
        "memory, 1,000 targets, MiB": 81.2,
    }


def test_what_is_beyond_its_bound_is_named() -> None:
    rows = table([one for one in reached(SAID) if one.figure is not None]).splitlines()[1:]
    assert [row[:30].strip() for row in rows if row.endswith("MISSED")] == [
        "webhooks / without storage",
        "90 days of 20 targets, ms",
    ]
    assert any("1.29 x" in row for row in rows)


@pytest.mark.parametrize("line", LINES, ids=lambda line: line.what)
def test_every_line_has_a_benchmark_and_a_bound(line: Line) -> None:
    assert (HOUSE / "bench" / f"{line.bench}.py").is_file()
    assert re.compile(line.pattern).groups == 1
    assert (line.aim <= line.must) is line.most or line.aim == line.must
    assert not Reached(line, line.must).missed
    assert "-" in table([Reached(line, None)])
