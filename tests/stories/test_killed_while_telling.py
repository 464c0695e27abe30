"""A watch killed again and again amid looking, deciding, writing and telling: no outage is missed."""

import random
import time
from collections import Counter
from pathlib import Path

import pytest

from tests.ledger.victims import end_of, heard, victim
from tests.stories.teller import (
    CHANNELS,
    OUTAGE_EVERY_MS,
    OUTAGE_FROM_MS,
    START_MS,
    failing,
    last_look_ms,
    watch_for_ever,
    watch_until,
)
from tests.support.soak import many
from wamon.core.timeline import SECOND, parse_iso

KILLS = many(50, 1_000)

Said = tuple[str, str, list[str]]


def outage_of(key: str) -> tuple[int, str]:
    """Which outage of the story a notice is about, and its phase."""
    name, _, phase = key.rpartition(":")
    opened_ms = parse_iso(name.rpartition("@")[2])
    return (opened_ms - START_MS) // OUTAGE_EVERY_MS, phase


@pytest.mark.grows
def test_kills_at_any_moment_miss_no_opening_and_no_end_and_repeat_at_most_one_each(tmp_path: Path) -> None:
    path, moments = tmp_path / "wamon.db", random.Random(20260303)
    lives: list[list[Said]] = []
    for _ in range(KILLS):
        with victim(watch_for_ever, path) as (process, hears):
            said = [hears.recv() for _ in range(moments.randint(1, 4))]
            time.sleep(moments.uniform(0, 0.05))  # a moment in the middle of something, never the same
            process.kill()
            lives.append(said + heard(hears))
            process.join()
            assert process.exitcode == -9
    rounds = (last_look_ms(path) - START_MS) // OUTAGE_EVERY_MS + 1
    said, code = end_of(watch_until, path, START_MS + rounds * OUTAGE_EVERY_MS)
    assert code == 0
    lives.append(said)

    told = Counter((channel, key) for life in lives for channel, _, keys in life for key in keys)
    for channel in CHANNELS:
        facts = Counter(outage_of(key) for at, key in told if at == channel)
        assert facts == Counter({(n, phase): 1 for n in range(rounds) for phase in ("opened", "resolved")})
    extra = {channel: sum(n - 1 for (at, _), n in told.items() if at == channel) for channel in CHANNELS}
    assert all(count <= KILLS for count in extra.values()), extra
    within = [Counter((channel, key) for channel, _, keys in life for key in keys) for life in lives]
    assert max((max(life.values(), default=0) for life in within), default=0) == 1, "twice within one life"


def test_fifty_restarts_inside_an_incident_tell_nothing_new(tmp_path: Path) -> None:
    path = tmp_path / "wamon.db"
    amid_ms = START_MS + OUTAGE_FROM_MS + 150 * SECOND
    said, _ = end_of(watch_until, path, amid_ms)
    assert sorted((channel, outage_of(key)) for channel, key, _ in said) == [
        (channel, (0, "opened")) for channel in sorted(CHANNELS)
    ]
    for number in range(1, 51):
        said, code = end_of(watch_until, path, amid_ms + number * 2 * SECOND)
        assert (said, code) == ([], 0)
    assert failing(last_look_ms(path)), "it was an incident all the time"
