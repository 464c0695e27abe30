"""The watch in virtual time, day after day: what it holds in memory stays as large as it is."""

import asyncio
import gc
import os
import sys
from datetime import timedelta
from pathlib import Path
from typing import NamedTuple

import msgspec
import pytest

from tests.support.by_hand import BAD, GOOD, LEISURELY, Answer, Hand, by_hand, edges
from tests.support.soak import many
from wamon.assembly import SHOWN_DAYS
from wamon.core.timeline import DAY, HOUR, MINUTE, parse_iso
from wamon.ledger import Book

START = parse_iso("2026-06-10T00:00:00Z")
SETTINGS = edges("graph", "other", interval="5m")
LOOKS_A_DAY = 576
LIVED_IN = 3
"""After so many days everything that is kept for some days is there."""

DAYS = many(3, 90)
NOISE = LOOKS_A_DAY * 3 // 4 + 20 * DAYS
"""So many objects more or fewer are chance, and what small caches of calendar days still take. One left behind by
each look would be seen within a day."""

NOISE_BYTES = 16 * 1024 * 1024


class Held(NamedTuple):
    """What the process holds: small objects, and bytes of memory."""

    objects: int
    resident: int


def says(_name: str, at_ms: int) -> Answer:
    """Outages and single failures, every day."""
    return BAD if at_ms % DAY < 30 * MINUTE or at_ms % (7 * HOUR) < 3 * MINUTE else GOOD


def copied_back(book: Book) -> None:
    """What is on record of the first whole day, as if every day that is still shown had been like it."""
    model = min(one.day for one in book.publications())
    for row in book.publications(day=model):
        segments = book.segments(row.n)
        for back in range(1, SHOWN_DAYS + 1):
            earlier = msgspec.structs.replace(
                row, day=model - timedelta(days=back), published_at_ms=row.published_at_ms - back * DAY
            )
            moved = [
                one._replace(
                    start_ms=one.start_ms - back * DAY,
                    end_ms=one.end_ms - back * DAY,
                    outage=one.outage if one.outage < 0 else one.outage - back * DAY,
                )
                for one in segments
            ]
            book.publish([(earlier, moved)])
    for (target, day), sketch in book.latencies(model, model).items():
        book.keep_latencies([(target, day - timedelta(days=back), sketch) for back in range(1, SHOWN_DAYS + 1)])


async def held_after_each_day(database: Path) -> list[Held]:
    """Two days to copy from, then a watch with all its past that lives on."""
    async with by_hand(SETTINGS, database, START, says, pace=LEISURELY) as first:
        await first.pass_time(DAY + HOUR)
        await first.ledger.write(copied_back)
    async with by_hand(SETTINGS, database, first.now_ms, says, pace=LEISURELY) as hand:
        return [await a_day(hand) for _ in range(LIVED_IN + DAYS)]


async def a_day(hand: Hand) -> Held:
    """A day is lived and shown; what the test itself remembers of it is forgotten."""
    for _ in range(4):
        await hand.pass_time(DAY // 4)
        assert len(hand.house.report().targets[0].days) == SHOWN_DAYS
    assert len(hand.answers.asked) >= LOOKS_A_DAY
    hand.told.clear()
    hand.answers.asked.clear()
    gc.collect()
    return held_now()


def held_now() -> Held:
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return Held(sys.getallocatedblocks(), pages * os.sysconf("SC_PAGE_SIZE"))


@pytest.mark.grows
def test_p25_memory_is_flat_day_after_day(tmp_path: Path) -> None:
    held = asyncio.run(held_after_each_day(tmp_path / "wamon.db"))
    before, after = held[LIVED_IN - 1], held[-1]
    assert after.objects - before.objects < NOISE, [one.objects for one in held]
    assert after.resident - before.resident < NOISE_BYTES, [one.resident for one in held]
