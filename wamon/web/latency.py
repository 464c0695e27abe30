"""How long good looks take, drawn: steps for P50, P90 and P99 on a scale of powers, and the same in words."""

import math
from collections.abc import Sequence
from datetime import date, timedelta
from functools import lru_cache

import msgspec

from wamon.core.latency import Latency, Quantiles
from wamon.core.observation import ProbeKind
from wamon.core.timeline import HOUR

DAYS, HOURS = 90, 24
_SLOT, _HEIGHT = 10, 100
_SENT = "24 hours, until a webhook of sent was here"
_WORDS: dict[ProbeKind | None, tuple[str, str]] = {
    ProbeKind.TRAFFIC: ("how long from sent to delivered, by Meta's own timestamps", "messages")
}
SPANS = {"24h": "24 hours", "7d": "7 days", "90d": "90 days"}


class Curve(msgspec.Struct, frozen=True):
    """Paths of an SVG that is ``width`` by 100 units, and the words that say the same."""

    width: int
    p50: str
    p90: str
    p99: str
    band: str
    top: str
    bottom: str
    summary: str
    hint: str


class Span(msgspec.Struct, frozen=True):
    """One line of the table."""

    title: str
    cells: tuple[str, ...]
    looks: str


class Drawn(msgspec.Struct, frozen=True):
    """A target's latency: three spans as a table, ninety days and 24 hours as curves."""

    spans: list[Span]
    days: Curve | None
    hours: Curve | None
    brief: str
    caption: str
    counted: str


def drawn(latency: Latency | None, today: date, now_ms: int, probe: ProbeKind | None = None) -> Drawn | None:
    """What is shown; None where no look went well, and no message was delivered, yet."""
    if latency is None or not latency.spans:
        return None
    first = today - timedelta(days=DAYS - 1)
    hour_ms = now_ms - now_ms % HOUR - (HOURS - 1) * HOUR
    day_slots = tuple(((day - first).days, one) for day, one in latency.days)
    hour_slots = tuple(((at_ms - hour_ms) // HOUR, one) for at_ms, one in latency.hours)
    spans = [_span(name, latency.spans[name]) for name in SPANS if name in latency.spans]
    if latency.sent is not None:
        spans.append(_span(_SENT, latency.sent))
    brief = ", ".join(f"{head} {text}" for head, text in zip(("P50", "P90", "P99"), spans[0].cells, strict=True))
    return Drawn(
        spans,
        _curve(DAYS, day_slots, "90 days, a step for each day"),
        _curve(HOURS, hour_slots, "24 hours, a step for each hour"),
        f"{brief} over {spans[0].title}",
        *_WORDS.get(probe, ("how long good looks take", "looks")),
    )


def _span(name: str, one: Quantiles) -> Span:
    cells = tuple(map(duration_text, (one.p50_ms, one.p90_ms, one.p99_ms)))
    return Span(SPANS.get(name, name), cells, f"{one.looks:,}")


def duration_text(ms: float) -> str:
    """``0.4 ms``, ``86 ms``, ``1.32 s``."""
    if ms < 10:
        return f"{ms:.1f} ms"
    return f"{ms:.0f} ms" if ms < 1000 else f"{ms / 1000:.2f} s"


@lru_cache(maxsize=256)  # of ninety days, eighty-nine are as they were at the last request
def _curve(slots: int, points: tuple[tuple[int, Quantiles], ...], over: str) -> Curve | None:
    shown = [(slot, one) for slot, one in points if 0 <= slot < slots]
    if not shown:
        return None
    low, high = min(one.p50_ms for _, one in shown), max(one.p99_ms for _, one in shown)
    scale = _Scale(low / 1.15, high * 1.15)
    said = f"P50 from {duration_text(low)}, P99 up to {duration_text(high)}"
    return Curve(
        slots * _SLOT,
        _steps([(slot, scale.y(one.p50_ms)) for slot, one in shown]),
        _steps([(slot, scale.y(one.p90_ms)) for slot, one in shown]),
        _steps([(slot, scale.y(one.p99_ms)) for slot, one in shown]),
        _area([(slot, scale.y(one.p50_ms), scale.y(one.p99_ms)) for slot, one in shown]),
        duration_text(high),
        duration_text(low),
        f"Latency over {over}: {said}.",
        over,
    )


class _Scale:
    """From milliseconds to units from the top, by powers: 100 ms is as far from 200 ms as 1 s from 2 s."""

    def __init__(self, low_ms: float, high_ms: float) -> None:
        self._low = math.log(low_ms)
        self._unit = _HEIGHT / (math.log(high_ms) - self._low)

    def y(self, ms: float) -> int:
        return round(_HEIGHT - (math.log(ms) - self._low) * self._unit)


def _steps(points: Sequence[tuple[int, int]]) -> str:
    """A path: flat over each slot, upright between neighbours, broken where a slot is missing."""
    parts, before = [], None
    for slot, y in points:
        parts.append(f"V{y}h{_SLOT}" if before == slot - 1 else f"M{slot * _SLOT} {y}h{_SLOT}")
        before = slot
    return "".join(parts)


def _area(points: Sequence[tuple[int, int, int]]) -> str:
    return "".join(f"M{slot * _SLOT} {low}h{_SLOT}V{high}h-{_SLOT}z" for slot, low, high in points)
