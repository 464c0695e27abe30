"""A day on which a target comes and goes, through the real house and outbox: a few letters and a summary."""

import asyncio
from itertools import pairwise
from pathlib import Path

import pytest

from tests.support.by_hand import BAD, GOOD, Answer, by_hand, edges
from tests.support.soak import many
from wamon.core.dispatching import Delivery, Letter
from wamon.core.timeline import DAY, HOUR, MINUTE, SECOND, parse_iso
from wamon.timekeeping import Pace

MIDNIGHT = parse_iso("2026-06-10T00:00:00Z")
SETTINGS = edges("graph", more='[[channels]]\nname = "ops"\nurl = "env:OPS"')
PACE = Pace(heartbeat_ms=HOUR, drain_ms=MINUTE)


class Post:
    """A channel that takes every letter."""

    def __init__(self) -> None:
        self.letters: list[Letter] = []

    async def send(self, _channel: str, letter: Letter) -> Delivery:
        self.letters.append(letter)
        return Delivery(ok=True)


HOURS = many(3, 24)
"""How much of the day it comes and goes; by midnight it is well."""


def a_day(folder: Path, bad_s: int, good_s: int) -> list[tuple[int, Letter]]:
    """Everything a channel is told until the morning after, each letter with its minute of the day."""
    begins_ms = MIDNIGHT + (24 - HOURS) * HOUR

    def says(_name: str, at_ms: int) -> Answer:
        passed_s = (at_ms - begins_ms) // SECOND
        return BAD if 0 <= passed_s < HOURS * 3600 and passed_s % (bad_s + good_s) < bad_s else GOOD

    async def lived() -> list[tuple[int, Letter]]:
        post, came = Post(), list[tuple[int, Letter]]()
        async with by_hand(SETTINGS, folder / "wamon.db", begins_ms - HOUR, says, pace=PACE, post=post) as hand:
            while hand.now_ms < MIDNIGHT + DAY + 9 * HOUR:
                await hand.pass_time(MINUTE)
                came += [((hand.now_ms - MIDNIGHT) // MINUTE, letter) for letter in post.letters]
                post.letters.clear()
        return came

    return asyncio.run(lived())


@pytest.mark.grows
def test_a_minute_bad_and_a_minute_good_is_told_at_most_once_in_ten_minutes_and_summed_up(tmp_path: Path) -> None:
    came = a_day(tmp_path, 60, 60)
    told = [minute for minute, letter in came if "Digest" not in letter.title]
    assert all(later - earlier >= 10 for earlier, later in pairwise(told))
    assert 3 <= len(told) <= 7, "an opening, reminders with growing gaps, the end"
    first, *between, last = [letter.title for _, letter in came if "Digest" not in letter.title]
    assert first.startswith("[URGENT] Meta · Graph fails · graph · since ")
    assert all(title.startswith("[URGENT] Still: Meta · Graph fails") for title in between)
    assert last.startswith("[RESOLVED] Meta · Graph fails · graph · over since 23:5")
    minute, digest = came[-1]
    assert minute == 24 * 60 + 8 * 60
    assert digest.title.startswith("Digest · 2026-06-10 · 1 incident · at most ")


@pytest.mark.grows
def test_longer_turns_of_good_and_bad_are_a_handful_of_letters_too(tmp_path: Path) -> None:
    came = a_day(tmp_path, 150, 90)
    assert len([one for _, one in came if "Digest" not in one.title]) <= 7
    assert "Digest · 2026-06-10 · 1 incident" in came[-1][1].title
