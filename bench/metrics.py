"""/metrics at 10,000 series: rendered as wamon does it, in both formats, against the client library's own writer.

Prints one JSON line: CPU milliseconds of each, and the ratio. The library writes the same series from a collector
that holds them ready; its own time to put them together is counted apart and left out of the ratio.
"""

import json
import statistics
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import prometheus_client
from prometheus_client.core import Metric as Family

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from tests.support.reports import report, target
from tests.test_metrics import STEPS_MS, Plain
from wamon.core.finding import Verdict
from wamon.metrics import Tally, render

SERIES = 10_000
ROUNDS = 15


class _Ready:
    """Families that were put together before."""

    def __init__(self, families: list[Family]) -> None:
        self._families = families

    def collect(self) -> Iterator[Family]:
        yield from self._families


def lines(text: bytes) -> int:
    """How many series an exposition has."""
    return sum(1 for line in text.splitlines() if not line.startswith(b"#"))


def cpu_ms(work: Callable[[], object]) -> float:
    """CPU milliseconds, the median of some rounds."""
    spent = []
    for _ in range(ROUNDS):
        began = time.process_time()
        work()
        spent.append((time.process_time() - began) * 1000)
    return statistics.median(spent)


def main() -> None:
    """Measure and print."""
    tally, names = Tally(), []
    now = report([])
    while lines(render(tally, now).text) < SERIES:
        names += [f"client-{len(names):04}-cloud-api" for _ in range(10)]
        names = [f"client-{n:04}-cloud-api" for n in range(len(names))]
        for name in names[-10:]:
            for verdict in Verdict:
                tally.attempt(name, verdict.value, STEPS_MS)
        now = report([target(name) for name in names])
    text = render(tally, now).text
    registry = prometheus_client.CollectorRegistry()
    registry.register(_Ready(list(Plain(tally, now).collect())))  # type: ignore[arg-type]
    ours_ms = cpu_ms(lambda: render(tally, now))
    library_ms = cpu_ms(lambda: prometheus_client.generate_latest(registry))
    figures = {
        "series": lines(text),
        "wamon_cpu_ms": round(ours_ms, 1),
        "generate_latest_cpu_ms": round(library_ms, 1),
        "ratio": round(ours_ms / library_ms, 2),
        "kilobytes": round(len(text) / 1000),
    }
    print(json.dumps(figures))


if __name__ == "__main__":
    main()
