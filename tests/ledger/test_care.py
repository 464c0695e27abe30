"""Looking after the file: what a check sees, and where a backup goes."""

import asyncio
import os
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from tests.ledger.sample import THEIRS, look, tell
from wamon.ledger import Ledger, LedgerError, open_book, open_ledger

WRITERS = 8
ROUNDS = 20


@pytest.fixture
def database(tmp_path: Path) -> Path:
    """A ledger with one look, closed."""

    async def story(ledger: Ledger) -> None:
        await look(ledger, THEIRS)

    tell(story, lambda: open_ledger(tmp_path / "wamon.db"))
    return tmp_path / "wamon.db"


REMOVALS = {
    "rulings": "DROP TRIGGER rulings_no_update",
    "running": "DROP TRIGGER running_no_delete",
    "segments": "DROP TRIGGER segments_no_delete; "
    "CREATE TRIGGER segments_no_delete BEFORE DELETE ON segments BEGIN SELECT 1; END",
}


@pytest.mark.parametrize(("table", "removal"), REMOVALS.items(), ids=REMOVALS.keys())
def test_a_check_notices_a_guard_that_was_removed_or_disarmed(database: Path, table: str, removal: str) -> None:
    with closing(sqlite3.connect(database)) as stranger:
        stranger.executescript(removal)
    with closing(open_book(database, readonly=True)) as book:
        assert book.check() == [
            f"{table}: its guards were removed, so it is append-only no more; what was changed cannot be known"
        ]


@pytest.mark.parametrize("suffix", ["", "-wal", ".lock"])
def test_a_backup_is_never_written_over_the_ledger_itself(database: Path, suffix: str) -> None:
    with closing(open_book(database, readonly=True)) as book:
        target = Path(f"{database}{suffix}")
        before = target.stat().st_ino
        with pytest.raises(LedgerError, match="the ledger itself"):
            book.backup(target)
        assert target.stat().st_ino == before


def test_a_backup_belongs_to_the_owner_of_the_ledger(database: Path) -> None:
    """Only root can give files away; for everybody else it is true anyhow."""
    if os.geteuid() == 0:
        os.chown(database, 12345, 12346)
    own = database.stat()
    with closing(open_book(database, readonly=True)) as book:
        copy = book.backup(database.with_name("copy.db")).stat()
    assert (copy.st_uid, copy.st_gid) == (own.st_uid, own.st_gid)


def test_those_who_write_again_at_once_share_the_next_commit(tmp_path: Path) -> None:
    async def story(ledger: Ledger) -> None:
        async def writer() -> None:
            for _ in range(ROUNDS):
                await ledger.write(lambda book: None)

        before = ledger.commits
        await asyncio.gather(*(writer() for _ in range(WRITERS)))
        assert ledger.commits - before <= ROUNDS + 1

    tell(story, lambda: open_ledger(tmp_path / "wamon.db"))
