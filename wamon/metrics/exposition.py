"""What Prometheus reads: the table of metrics as text, made off the loop and at most once in five seconds."""

import asyncio
import time
from collections.abc import Callable, Iterable, Iterator
from functools import lru_cache
from itertools import accumulate

import msgspec
from prometheus_client import CollectorRegistry, GCCollector, PlatformCollector, ProcessCollector, generate_latest
from prometheus_client.openmetrics.exposition import generate_latest as generate_openmetrics

from wamon.core.report import Report
from wamon.metrics.table import METRICS, Labels, Metric
from wamon.metrics.tally import Tally

FRESH_S = 5.0
"""An exposition serves everybody who scrapes for so long."""

TEXT = "text/plain; version=0.0.4; charset=utf-8"
OPENMETRICS = "application/openmetrics-text; version=1.0.0; charset=utf-8"

_END = b"# EOF\n"
_BREATH_PIECES = 100
_BREATH_S = 100e-6
"""After so many pieces the rendering thread sleeps a moment: a look must not wait for a scrape to end."""


class Exposition(msgspec.Struct, frozen=True):
    """All metrics at one instant, in both formats."""

    text: bytes
    openmetrics: bytes

    def preferred(self, accept: str) -> tuple[bytes, str]:
        """Body and content type for an Accept header; plain text unless OpenMetrics is asked for."""
        wanted = _weight(accept, "application/openmetrics-text")
        if wanted > 0 and wanted >= _weight(accept, "text/plain"):
            return self.openmetrics, OPENMETRICS
        return self.text, TEXT


def _weight(accept: str, media_type: str) -> float:
    """The greatest quality at which an Accept header names a media type; 0 where it does not."""
    weights = [0.0]
    for offer in accept.lower().split(","):
        name, *parameters = (part.strip() for part in offer.split(";"))
        if name == media_type:
            given = next((one[2:] for one in parameters if one.startswith("q=")), "1")
            weights.append(float(given) if given.replace(".", "", 1).isdecimal() else 0.0)
    return max(weights)


class Rendered:
    """The exposition of now, or of a moment ago. ``monotonic_s`` is any clock that never goes back."""

    def __init__(
        self, tally: Tally, report: Callable[[], Report], monotonic_s: Callable[[], float] = time.monotonic
    ) -> None:
        self._tally = tally
        self._report = report
        self._monotonic_s = monotonic_s
        self._since_s = 0.0
        self._making: asyncio.Task[Exposition] | None = None

    async def exposition(self) -> Exposition:
        """At most one rendering in ``FRESH_S``, shared by all who ask. The report is taken on the loop."""
        now_s = self._monotonic_s()
        if self._making is None or now_s - self._since_s >= FRESH_S:
            self._since_s = now_s
            self._making = asyncio.create_task(self._make(), name="metrics")
        return await asyncio.shield(self._making)

    async def _make(self) -> Exposition:
        return await asyncio.to_thread(render, self._tally, self._report())


def render(tally: Tally, report: Report) -> Exposition:
    """Every metric of the table, and the process's own, as text."""
    text, openmetrics = [generate_latest(_process())], [_openmetrics(_process()).removesuffix(_END)]
    for metric in METRICS:
        pieces = _pieces(metric, tally, report)
        series = "".join(_breathing(pieces)).encode()
        text += [_head(metric, metric.name), series]
        openmetrics += [_head(metric, metric.name.removesuffix("_total")), series]
    return Exposition(b"".join(text), b"".join([*openmetrics, _END]))


@lru_cache(maxsize=1)
def _process() -> CollectorRegistry:
    """A registry of our own, for what the client library knows of a process: memory, CPU, descriptors, garbage."""
    registry = CollectorRegistry()
    for collector in (ProcessCollector, PlatformCollector, GCCollector):
        collector(registry=registry)
    return registry


def _openmetrics(registry: CollectorRegistry) -> bytes:
    made: bytes = generate_openmetrics(registry)  # type: ignore[no-untyped-call]
    return made


def _head(metric: Metric, family: str) -> bytes:
    return f"# HELP {family} {metric.help}\n# TYPE {family} {metric.kind}\n".encode()


def _breathing(pieces: Iterable[str]) -> Iterator[str]:
    for number, piece in enumerate(pieces, 1):
        if number % _BREATH_PIECES == 0:
            time.sleep(_BREATH_S)
        yield piece


def _pieces(metric: Metric, tally: Tally, report: Report) -> Iterator[str]:
    """The series of one metric, a line each, written the way that both formats read."""
    if metric.rows is not None:
        yield from _histograms(metric, metric.rows(tally))
    if metric.read is None:
        return
    shape = f"{metric.name}{_braced(_label_shape(metric))} %s\n"
    for values, value in metric.read(tally, report):
        if value is not None:
            yield shape % (*map(_quoted, values), _number(value))


def _histograms(metric: Metric, rows: Iterable[tuple[Labels, list[float]]]) -> Iterator[str]:
    """All lines of one row in a piece: the counts add up from bound to bound."""
    label_shape = _label_shape(metric)
    buckets = [f'{metric.name}_bucket{{%s,le="{bound}"}} %d\n' for bound in (*metric.bounds_s, "+Inf")]
    shape = "".join([*buckets, f"{metric.name}_count{{%s}} %d\n", f"{metric.name}_sum{{%s}} %r\n"])
    for values, row in rows:
        labels = label_shape % tuple(map(_quoted, values))
        *counts, sum_ms = tuple(row)
        sums = tuple(accumulate(counts))
        filled: list[object] = [labels] * (2 * len(sums) + 4)
        filled[1::2] = *sums, sums[-1], sum_ms / 1000
        yield shape % tuple(filled)


def _label_shape(metric: Metric) -> str:
    return ",".join(f"{name}=%s" for name in metric.labels)


def _braced(labels: str) -> str:
    return f"{{{labels}}}" if labels else ""


@lru_cache(maxsize=4096)
def _quoted(value: str) -> str:
    escaped = value.replace("\\", r"\\").replace("\n", r"\n").replace('"', r"\"")
    return f'"{escaped}"'


def _number(value: float) -> str:
    return "-Inf" if value == float("-inf") else repr(value)
