"""Seals: whatever of a closed day is not as it was is noticed; nothing that may happen to one looks like it."""

import sqlite3
from contextlib import closing
from pathlib import Path
from random import Random

import pytest

from tests.ledger.sample import EVER, NOON, OURS, THEIRS, look, published, ruled, stretch, tell
from wamon.core.finding import Origin
from wamon.core.timeline import DAY, MINUTE
from wamon.ledger import Ledger, LedgerError, open_book, open_ledger
from wamon.ledger.schema import guards

LOOKS = 40
FLIPS = 400


async def closed_day(ledger: Ledger) -> None:
    """Forty looks, two of them bad, and the day as it was closed."""
    await ledger.activate(["graph"], NOON)
    for n in range(LOOKS):
        at_ms = NOON + n * MINUTE
        await (look(ledger, THEIRS, at_ms) if n in (3, 4) else look(ledger, at_ms=at_ms))
    await ledger.publish([(published(down_ms=MINUTE), [stretch()]), (published("platform"), [])])


@pytest.fixture
def database(tmp_path: Path) -> Path:
    tell(closed_day, lambda: open_ledger(tmp_path / "wamon.db"))
    return tmp_path / "wamon.db"


def checked(database: Path) -> list[str]:
    with closing(open_book(database, readonly=True)) as book:
        return book.check()


LOOKS_CHANGED = (
    "graph 2026-03-02: its looks are not what they were when the day was closed (40 then, {now} now); "
    "what was published of it stands, but trust no new reckoning of it"
)
WORDS_CHANGED = "{row} 2026-03-02: revision 1 is not what was published; take it from a backup"
CHANGES = {
    "a duration": ("observations", "UPDATE observations SET total = total + 1 WHERE at_ms / 60000 % 7 = 0", 40),
    "an instant": ("observations", "UPDATE observations SET at_ms = at_ms + 1 WHERE at_ms / 60000 % 9 = 8", 40),
    "a verdict": ("findings", "UPDATE findings SET finding = replace(finding, 'system_error', 'user_error')", 40),
    "an interval": ("contexts", "UPDATE contexts SET context = replace(context, '30000', '90000')", 40),
    "an answer": ("exchanges", "UPDATE exchanges SET evidence = '[]'", 40),
    "a look that went": (
        "observations",
        "DELETE FROM observations WHERE at_ms = (SELECT max(at_ms) FROM observations)",
        39,
    ),
}


def strangely(database: Path, table: str, change: str) -> None:
    """Change a fact behind the book's back, and leave no other trace."""
    with closing(sqlite3.connect(database)) as stranger, stranger:
        for verb in ("update", "delete"):
            stranger.execute(f"DROP TRIGGER {table}_no_{verb}")
        assert stranger.execute(change).rowcount
        for guard in guards(table):
            stranger.execute(guard)


@pytest.mark.parametrize(("table", "change", "now"), CHANGES.values(), ids=CHANGES.keys())
def test_a_look_of_a_closed_day_that_changed_is_named(database: Path, table: str, change: str, now: int) -> None:
    assert checked(database) == []
    strangely(database, table, change)
    assert LOOKS_CHANGED.format(now=now) in checked(database)


@pytest.mark.parametrize(
    ("table", "change", "row"),
    [
        ("publications", "UPDATE publications SET figures = '{}' WHERE target = 'platform'", "platform"),
        ("segments", "UPDATE segments SET end_ms = end_ms - 1", "graph"),
    ],
)
def test_words_that_are_not_what_was_published_are_named(
    database: Path, table: str, change: str, row: str
) -> None:
    strangely(database, table, change)
    assert checked(database) == [WORDS_CHANGED.format(row=row)]


def test_what_may_happen_to_a_closed_day_breaks_no_seal(tmp_path: Path) -> None:
    async def story(ledger: Ledger) -> None:
        await closed_day(ledger)
        await look(ledger, OURS, NOON + 30_000)
        await ledger.write(
            lambda book: book.append_rulings([ruled(OURS, NOON + 3 * MINUTE, origin=Origin.RECLASSIFICATION)])
        )
        await ledger.publish([(published(), [])])
        await look(ledger, at_ms=NOON + DAY)
        with pytest.raises(LedgerError):
            await ledger.write(lambda book: book.db.execute("INSERT INTO nowhere VALUES (1)"))
        await look(ledger, THEIRS, NOON + 90_000)
        assert await ledger.read(lambda book: book.check()) == []
        assert await ledger.prune(NOON + 2 * MINUTE) == 4
        assert await ledger.read(lambda book: book.check()) == []

    tell(story, lambda: open_ledger(tmp_path / "wamon.db"))


def test_no_flipped_bit_changes_a_closed_day_unnoticed(database: Path) -> None:
    """Wherever it is in the file: the check says something, or everything reads as before."""

    def read(path: Path) -> list[object]:
        with closing(open_book(path, readonly=True)) as book:
            words = [(row, book.segments(row.n or 0)) for row in book.publications()]
            return [book.marks("graph", EVER), words]

    with closing(sqlite3.connect(database)) as whole:
        whole.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    raw, before, chance = database.read_bytes(), read(database), Random(7)
    changed = 0
    for _ in range(FLIPS):
        damaged = bytearray(raw)
        place = chance.randrange(100, len(raw))
        damaged[place] ^= 1 << chance.randrange(8)
        database.write_bytes(damaged)
        try:
            noticed = bool(checked(database))
            same = noticed or read(database) == before
        except LedgerError:
            noticed = same = True
        changed += noticed
        assert same, place
    assert changed > FLIPS // 20
