"""How long good looks took: counts by duration, small enough to be kept of every day for good."""

import math
from collections.abc import Iterable, Mapping
from datetime import date
from itertools import pairwise

import msgspec

_FINEST_MS = 0.1
_GROWTH = 1.04
"""A count stands for durations that differ by 4 % at most, so a quantile is off by 2 % at most."""

_PER_STEP = 1 / math.log(_GROWTH)
_MIDDLE = 2 * _GROWTH / (_GROWTH + 1)

QUANTILES = (0.50, 0.90, 0.99)


class Quantiles(msgspec.Struct, frozen=True, gc=False):
    """Of so many looks, half took at most ``p50_ms``, nine of ten ``p90_ms``, 99 of 100 ``p99_ms``."""

    looks: int
    p50_ms: float
    p90_ms: float
    p99_ms: float


class Sketch:
    """Durations counted by size, each size 4 % above the one before. Merging loses nothing."""

    __slots__ = ("counts",)

    def __init__(self, counts: Mapping[int, int] | None = None) -> None:
        self.counts: dict[int, int] = dict(counts or {})

    def add(self, duration_ms: float, looks: int = 1) -> None:
        """Count a duration; what is shorter than a tenth of a millisecond counts as that."""
        size = 0 if duration_ms <= _FINEST_MS else math.ceil(math.log(duration_ms / _FINEST_MS) * _PER_STEP)
        self.counts[size] = self.counts.get(size, 0) + looks

    @property
    def looks(self) -> int:
        """How many durations were counted."""
        return sum(self.counts.values())

    def quantiles(self) -> Quantiles | None:
        """The three that are shown; None where nothing was counted."""
        looks, below = self.looks, 0
        wanted = [max(1, math.ceil(share * looks)) for share in QUANTILES]
        found: list[float] = []
        for size in sorted(self.counts):
            below += self.counts[size]
            while len(found) < len(wanted) and below >= wanted[len(found)]:
                found.append(_middle_ms(size))
        return Quantiles(looks, *found) if looks else None

    def packed(self) -> bytes:
        """Some hundred bytes a day: sizes by their distance from the one before, each with its count."""
        sizes = sorted(self.counts)
        gaps = [after - before for before, after in pairwise([0, *sizes])]
        return msgspec.msgpack.encode(
            [part for gap, size in zip(gaps, sizes, strict=True) for part in (gap, self.counts[size])]
        )


def _middle_ms(size: int) -> float:
    return round(_FINEST_MS * _GROWTH ** (size - 1) * _MIDDLE, 1) if size else _FINEST_MS


def unpacked(packed: bytes) -> Sketch:
    """The sketch that was packed. Raises msgspec.MsgspecError for what is none."""
    parts = msgspec.msgpack.decode(packed, type=list[int])
    size, counts = 0, {}
    for gap, looks in zip(parts[::2], parts[1::2], strict=True):
        size += gap
        counts[size] = looks
    return Sketch(counts)


def merged(sketches: Iterable[Sketch]) -> Sketch:
    """All of them in one."""
    counts: dict[int, int] = {}
    for one in sketches:
        for size, looks in one.counts.items():
            counts[size] = counts.get(size, 0) + looks
    return Sketch(counts)


class Latency(msgspec.Struct, frozen=True):
    """How long a target's good looks took: over ``spans`` (24h, 7d, 90d), by day, and by hour of the last 24.

    Days and hours run from old to new; one without a good look is left out. Hours are named by their beginning.
    Of real messages these are the times from sent to delivered, and ``sent`` is how long after Meta's instant the
    webhook of each `sent` was here, over 24 hours.
    """

    spans: Mapping[str, Quantiles]
    days: tuple[tuple[date, Quantiles], ...] = ()
    hours: tuple[tuple[int, Quantiles], ...] = ()
    sent: Quantiles | None = None
