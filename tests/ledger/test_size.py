"""What the file costs: bytes a good look, and a day of heartbeats."""

from pathlib import Path

from tests.ledger.paced import paced
from tests.ledger.sample import NOON, tell
from wamon.core.timeline import SECOND
from wamon.ledger import Ledger, open_ledger

MOST_BYTES_A_LOOK = 36
"""48 are allowed and 34 the aim; the sample is always the same, so that an index more does not go unnoticed."""
BEAT_MS = 15 * SECOND


async def nothing(_: Ledger) -> None:
    """A ledger that is closed leaves no journal: the file is all of it."""


def test_a_good_look_takes_few_bytes_with_everything_beside_it(tmp_path: Path) -> None:
    database, looks = tmp_path / "wamon.db", list(paced(20, 8))

    async def story(ledger: Ledger) -> None:
        for start in range(0, len(looks), 20):
            await ledger.write(lambda book, start=start: [book.record(*one) for one in looks[start : start + 20]])

    tell(nothing, lambda: open_ledger(database))
    empty = database.stat().st_size
    tell(story, lambda: open_ledger(database))
    assert len(looks) == 20 * 8 * 120
    assert {path.name for path in tmp_path.iterdir()} == {"wamon.db", "wamon.db.lock"}
    assert (database.stat().st_size - empty) / len(looks) <= MOST_BYTES_A_LOOK


def test_heartbeats_of_a_day_do_not_grow_the_file(tmp_path: Path) -> None:
    database = tmp_path / "wamon.db"

    async def one_beat(ledger: Ledger) -> None:
        await ledger.heartbeat(NOON, NOON)

    async def a_day_of_them(ledger: Ledger) -> None:
        def beat(book, first: int) -> None:
            for number in range(first, first + 60):
                book.heartbeat(NOON, NOON + number * BEAT_MS)

        for first in range(0, 24 * 240, 60):
            await ledger.write(lambda book, first=first: beat(book, first))

    tell(one_beat, lambda: open_ledger(database))
    before = database.stat().st_size
    tell(a_day_of_them, lambda: open_ledger(database))
    assert database.stat().st_size == before
