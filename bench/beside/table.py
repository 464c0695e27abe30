"""The lines that speed is measured by: where each figure is printed, what it must be and what it aims at."""

import re
from collections.abc import Mapping
from typing import NamedTuple


class Line(NamedTuple):
    """One figure, in the output of one benchmark. ``most`` false: it is a rate, and more of it is better."""

    what: str
    bench: str
    pattern: str
    must: float
    aim: float
    most: bool = True


LINES = (
    Line("CPU of an https exchange / blackbox_exporter's", "blackbox", r'"exchange".*"ratio": ([\d.]+)', 1.0, 0.8),
    Line(
        "CPU of a paced observation / blackbox_exporter and Prometheus",
        "blackbox",
        r'"paced".*"ratio": ([\d.]+)',
        1.0,
        0.8,
    ),
    Line("lateness p99, 1,000 targets, ms", "daemon", r'"targets": 1000.*?"p99_ms": ([\d.]+)', 10, 3),
    Line(
        "lateness p99 while scraped, ms",
        "daemon",
        r'"targets": 1000.*"while_scraped".*?"p99_ms": ([\d.]+)',
        10,
        10,
    ),
    Line("memory, 20 targets, MiB", "daemon", r'"targets": 20,.*?"memory": \{"resident": ([\d.]+)', 60, 52),
    Line("memory, 1,000 targets, MiB", "daemon", r'"targets": 1000.*?"memory": \{"resident": ([\d.]+)', 90, 70),
    Line("webhooks / without storage", "webhook", r'"ratio": ([\d.]+)', 0.45, 0.65, most=False),
    Line("webhook p99, ms", "webhook", r'"p99_ms": ([\d.]+)', 250, 250),
    Line("fsyncs a webhook", "webhook", r'"commits_per_post": ([\d.]+)', 0.1, 0.1),
    Line("/metrics, 10,000 series / generate_latest", "metrics", r'"ratio": ([\d.]+)', 1.0, 0.15),
    Line("first status page, ms of CPU", "page", r'"days": 90, "cpu_first_ms": ([\d.]+)', 30, 20),
    Line("status page anew, ms of CPU", "page", r'"days": 90, .*?"cpu_anew_ms": ([\d.]+)', 30, 20),
    Line("... with ten times the history", "page", r'"days": 900, .*?"cpu_anew_ms": ([\d.]+)', 30, 20),
    Line("90 days of 20 targets, ms", "rollups", r"90 days of .*: ([\d.]+) ms of CPU", 5, 1),
    Line("a year of 20 targets, ms", "rollups", r"365 days of .*: ([\d.]+) ms of CPU", 20, 5),
    Line("a day closed, 1,000 days of history / 10", "rollups", r"close: .*: ([\d.]+) x", 1.5, 1.0),
    Line(
        "weekly pass, two failing in a hundred, s",
        "reclassify",
        r"two in a hundred: .*CPU ([\d.]+) s dry",
        1.0,
        0.4,
    ),
    Line("replayed lines a second", "replay", r"([\d,]+) a second of CPU", 25_000, 50_000, most=False),
    Line("memory of a replay, MiB", "replay", r"peak memory: (\d+)", 300, 300),
    Line("bytes a good look", "ledger", r'"bytes_per_good_look": ([\d.]+)', 48, 34),
)


class Reached(NamedTuple):
    """What a line came to; None where its benchmark printed no such figure."""

    line: Line
    figure: float | None

    @property
    def missed(self) -> bool:
        """Whether the figure is beyond what it must be."""
        return self.figure is not None and (
            self.figure > self.line.must if self.line.most else self.figure < self.line.must
        )


def reached(printed: Mapping[str, str]) -> list[Reached]:
    """Every line with its figure, out of what the benchmarks printed, by their names."""
    found = [(one, re.search(one.pattern, printed.get(one.bench, ""))) for one in LINES]
    return [Reached(one, float(hit[1].replace(",", "")) if hit else None) for one, hit in found]


def table(rows: list[Reached]) -> str:
    """The rows as people read them, a ratio to what each must be beside it."""
    lines = [f"{'':62}{'figure':>10}{'must':>10}{'aim':>10}{'ratio':>8}"]
    for one, figure in rows:
        said = ["-", ""] if figure is None else [f"{figure:,g}", f"{figure / one.must:.2f} x"]
        word = "" if figure is None or not Reached(one, figure).missed else "  MISSED"
        lines.append(f"{one.what:62}{said[0]:>10}{one.must:>10,g}{one.aim:>10,g}{said[1]:>8}{word}")
    return "\n".join(lines)
