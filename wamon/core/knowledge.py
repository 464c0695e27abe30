"""What a judge knows besides the exchange itself: the catalogue, and how the controls fared around it."""

from bisect import bisect_left, bisect_right
from collections.abc import Iterator, Sequence
from typing import NamedTuple

import msgspec

from wamon.core.catalogue import Catalogue, load
from wamon.core.timeline import SECOND

BEFORE_MS = 5 * SECOND
AFTER_MS = 15 * SECOND
"""A control's look counts for an exchange when it overlaps [start - 5 s, end + 15 s]."""

LONGEST_LOOK_MS = 120 * SECOND
"""No look lasts longer: how far back an overlapping one can have begun."""


class Look(NamedTuple):
    """One look of one control: when, at which cadence, and whether the site could not be reached."""

    start_ms: int
    end_ms: int
    interval_ms: int
    failed: bool


class Controls:
    """Every control's looks, by name and time. Grows at the right end as looks arrive; order is kept."""

    def __init__(self) -> None:
        self.looks: dict[str, list[Look]] = {}

    def add(self, control: str, look: Look) -> None:
        """Take in a look; late ones find their place."""
        row = self.looks.setdefault(control, [])
        if not row or row[-1].start_ms <= look.start_ms:
            row.append(look)
        else:
            row.insert(bisect_right(row, look.start_ms, key=_start), look)

    def forget_before(self, at_ms: int) -> None:
        """Drop looks that no rule will ask for again."""
        for row in self.looks.values():
            del row[: bisect_left(row, at_ms, key=_start)]

    def forget_from(self, at_ms: int) -> None:
        """Drop looks from an instant on: a clock that was set back brings it a second time."""
        for row in self.looks.values():
            del row[bisect_left(row, at_ms, key=_start) :]

    def failed(self, start_ms: int, end_ms: int) -> bool | None:
        """Whether the controls failed around an exchange; None while none has spoken.

        All looks that overlap the widened exchange must have failed. Without such a look, each control's
        nearest looks on both sides within one of its intervals speak for it, where they agree.
        """
        spoken = self.speaking(start_ms, end_ms)
        return all(look.failed for _, look in spoken) if spoken else None

    def speaking(self, start_ms: int, end_ms: int) -> list[tuple[str, Look]]:
        """The looks that speak for an exchange, each with its control's name."""
        overlapping = [
            (name, look) for name, row in self.looks.items() for look in _overlapping(row, start_ms, end_ms)
        ]
        return overlapping or [
            (name, look)
            for name, row in self.looks.items()
            if (look := _around(row, start_ms, end_ms)) is not None
        ]


def _start(look: Look) -> int:
    return look.start_ms


def _overlapping(row: Sequence[Look], start_ms: int, end_ms: int) -> Iterator[Look]:
    first = bisect_left(row, start_ms - BEFORE_MS - LONGEST_LOOK_MS, key=_start)
    last = bisect_right(row, end_ms + AFTER_MS, key=_start)
    return (look for look in row[first:last] if look.end_ms >= start_ms - BEFORE_MS)


def _around(row: Sequence[Look], start_ms: int, end_ms: int) -> Look | None:
    after = bisect_right(row, start_ms, key=_start)
    if not 0 < after < len(row):
        return None
    left, right = row[after - 1], row[after]
    near = start_ms - left.start_ms <= left.interval_ms and right.start_ms - end_ms <= right.interval_ms
    return left if near and left.failed == right.failed else None


class Knowledge(msgspec.Struct, frozen=True):
    """Everything a live rule may consult. The weekly pass brings more of the same, and evidence."""

    catalogue: Catalogue
    controls: Controls


def knowledge() -> Knowledge:
    """The catalogue and no control at all: what `wamon classify` knows."""
    return Knowledge(load(), Controls())
