"""Opening a ledger: what is refused, in which words, and that a refused file stays as it was."""

import asyncio
import os
import sqlite3
import stat
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.ledger.sample import EVER, NOON, SCHEMA, look, tell
from tests.ledger.victims import end_of, hold, open_and_die, open_as_nobody, victim
from wamon.ledger import Ledger, LedgerError, LedgerUnavailableError, open_book, open_ledger
from wamon.ledger.failures import told
from wamon.ledger.schema import APPLICATION_ID

PAGE = 4096
MANY = [f"target-{number:04}" for number in range(3_000)]


def made(path: Path) -> Path:
    """A ledger of many pages, closed."""

    async def story(ledger: Ledger) -> None:
        await ledger.activate(MANY, NOON)

    tell(story, lambda: open_ledger(path))
    return path


def refused(path: Path) -> str:
    with pytest.raises(LedgerError) as refusal:
        asyncio.run(open_ledger(path).close())
    return str(refusal.value).replace(str(path.parent), "...")


def mended(path: Path, offset: int, piece: bytes) -> None:
    with made(path).open("r+b") as file:
        file.seek(offset)
        file.write(piece)


def foreign(path: Path) -> None:
    db = sqlite3.connect(path)
    db.executescript("CREATE TABLE t(c); PRAGMA application_id = 1196444487")
    db.close()


def newer(path: Path) -> None:
    db = sqlite3.connect(made(path))
    db.execute(f"PRAGMA user_version = {SCHEMA + 1}")
    db.close()


def orphaned(path: Path) -> None:
    Path(f"{made(path)}-wal").write_bytes(b"the newest rows")
    path.unlink()


RESTORE = "put a backup in its place, or move the file away to begin a new ledger"
KEEP = "nothing was changed; keep the file, and put a backup in its place"
REFUSED: dict[str, tuple[Callable[[Path], object], str]] = {
    "another program's": (
        foreign,
        "this database belongs to another program (application id 0x47504b47, wamon's is 0x77414d4e): "
        "give wamon a file of its own in [service] database",
    ),
    "no database": (
        lambda path: path.write_text("[service]\n" * 50),
        f"this is no SQLite database: check [service] database, or {RESTORE}",
    ),
    "cut within the header": (
        lambda path: made(path) and os.truncate(path, 60),
        f"this is no SQLite database: check [service] database, or {RESTORE}",
    ),
    "emptied": (
        lambda path: made(path) and os.truncate(path, 0),
        f"the file is empty, and an emptied file is not a new ledger: {RESTORE}",
    ),
    "newer": (
        newer,
        f"its schema is number {SCHEMA + 1}, this wamon knows up to {SCHEMA}: it was written by a newer wamon; "
        "install that version again, or restore the backup made before",
    ),
    "cut short": (
        lambda path: made(path) and os.truncate(path, 20 * PAGE),
        f"the database is cut short, 81920 of SIZE bytes (database disk image is malformed): {KEEP}",
    ),
    "a damaged schema": (
        lambda path: mended(path, 100, b"\xff" * 100),
        f"the database is damaged (database disk image is malformed): {KEEP}",
    ),
    "an orphaned journal": (
        orphaned,
        "the database is gone but its journal wamon.db-wal is here: "
        "put the database back beside it, or move the journal away to begin a new ledger",
    ),
    "a folder": (lambda path: path.mkdir(), "this is a folder: name a file, such as .../wamon.db/wamon.db"),
}


@pytest.mark.parametrize("case", REFUSED)
def test_what_is_no_whole_ledger_of_ours_is_refused_and_left_as_it_is(tmp_path: Path, case: str) -> None:
    spoil, words = REFUSED[case]
    path = tmp_path / "wamon.db"
    spoil(path)
    before = path.read_bytes() if path.is_file() else None
    size = int.from_bytes(before[28:32], "big") * PAGE if before else 0
    sentence = f".../wamon.db: {words.replace('SIZE', str(size))}"
    assert refused(path) == sentence
    with pytest.raises(LedgerError) as refusal:
        open_book(path, readonly=True)
    assert str(refusal.value).replace(str(tmp_path), "...") == sentence, "a reader is told the same"
    assert (path.read_bytes() if path.is_file() else None) == before


@pytest.mark.parametrize("page", [5, 10, 20, 30, 50])
def test_p18_no_damaged_page_goes_unnoticed(tmp_path: Path, page: int) -> None:
    mended(tmp_path / "wamon.db", page * PAGE, os.urandom(PAGE))
    assert refused(tmp_path / "wamon.db").startswith(".../wamon.db: the database is damaged (")


def test_a_missing_folder_is_named(tmp_path: Path) -> None:
    path = tmp_path / "no" / "wamon.db"
    assert refused(path) == ".../wamon.db: the folder ... does not exist: make it, or name another"


def test_a_reader_makes_no_file(tmp_path: Path) -> None:
    path = tmp_path / "wamon.db"
    with pytest.raises(
        LedgerError, match=r"there is no such file: check \[service\] database, or start wamon run"
    ):
        open_book(path, readonly=True)
    assert list(tmp_path.iterdir()) == []


@pytest.fixture
def open_folder() -> Iterator[Path]:
    """A folder that everybody may enter, and only its owner write in."""
    with tempfile.TemporaryDirectory() as name:
        os.chmod(name, 0o755)
        yield Path(name)


UNWRITABLE = (
    "its lock file wamon.db.lock cannot be opened (Permission denied): "
    "run wamon as the user who owns the folder, and check that the folder may be written"
)


def test_a_folder_that_may_not_be_written_is_refused(open_folder: Path) -> None:
    if os.geteuid() != 0:
        open_folder.chmod(0o555)
    path = open_folder / "wamon.db"
    assert end_of(open_as_nobody, path) == ([f"{path}: {UNWRITABLE}"], 0)
    assert list(open_folder.iterdir()) == []


def test_a_file_that_may_not_be_written_is_refused(open_folder: Path) -> None:
    path = made(open_folder / "wamon.db")
    for name, mode in (("", 0o777), ("wamon.db.lock", 0o666), ("wamon.db", 0o444)):
        (open_folder / name).chmod(mode)
    (said,), _ = end_of(open_as_nobody, path)
    assert said.startswith(f"{path}: {READONLY} (SQLite says: ")


def test_a_file_that_may_not_be_read_is_refused(open_folder: Path) -> None:
    path = made(open_folder / "wamon.db")
    for name, mode in (("", 0o777), ("wamon.db.lock", 0o666), ("wamon.db", 0o000)):
        (open_folder / name).chmod(mode)
    words = "it cannot be read (Permission denied): check the owner and mode of the file and its folder"
    assert end_of(open_as_nobody, path) == ([f"{path}: {words}"], 0)


def test_a_second_writer_is_told_who_the_first_is_and_takes_over_when_it_dies(tmp_path: Path) -> None:
    path = made(tmp_path / "wamon.db")
    with victim(hold, path) as (process, hears):
        pid = hears.recv()
        assert refused(path) == (
            f".../wamon.db: process {pid} is writing to it, and there is one writer at a time: "
            "speak to the running daemon, or stop it first"
        )
        book = open_book(path, readonly=True)
        assert len(book.targets()) == len(MANY), "reading goes on beside it"
        book.close()
        process.kill()
        process.join()
    asyncio.run(open_ledger(path).close())


def test_opening_twice_in_one_process_is_refused_too(tmp_path: Path) -> None:
    path = tmp_path / "wamon.db"

    async def story(_: Ledger) -> None:
        assert f"process {os.getpid()} is writing to it" in refused(path)

    tell(story, lambda: open_ledger(path))
    tell(story, lambda: open_ledger(path))


def test_a_new_ledger_is_ours_alone_to_read(tmp_path: Path) -> None:
    async def story(ledger: Ledger) -> None:
        await look(ledger)

    tell(story, lambda: open_ledger(tmp_path / "wamon.db"))
    assert {path.name: stat.S_IMODE(path.stat().st_mode) for path in tmp_path.iterdir()} == {
        "wamon.db": 0o600,
        "wamon.db.lock": 0o600,
    }
    head = (tmp_path / "wamon.db").read_bytes()[:100]
    assert int.from_bytes(head[68:72], "big") == APPLICATION_ID
    assert int.from_bytes(head[60:64], "big") == SCHEMA, "user_version is the number of the schema"


def test_killed_at_any_step_of_making_it_there_is_no_half_of_a_ledger(tmp_path: Path) -> None:
    """Every seventh statement of creation in turn is the last one."""
    path, step = tmp_path / "wamon.db", 0
    while True:
        step += 7
        said, code = end_of(open_and_die, path, step)
        if said:
            break
        assert code == -9
        if path.exists():
            book = open_book(path)
            assert book.targets() == {}
            book.close()
            path.unlink()
    assert step > 60, "there were steps to be killed at"
    tell(lambda ledger: look(ledger), lambda: open_ledger(path))  # type: ignore[arg-type, return-value]
    assert sorted(one.name for one in tmp_path.iterdir()) == ["wamon.db", "wamon.db.lock"]


def test_what_was_written_is_there_when_it_is_opened_again(tmp_path: Path) -> None:
    async def write(ledger: Ledger) -> None:
        assert await look(ledger)

    async def read(ledger: Ledger) -> None:
        assert len(await ledger.marks("graph", EVER)) == 1
        assert not await look(ledger), "an id is never made twice"

    tell(write, lambda: open_ledger(tmp_path / "wamon.db"))
    tell(read, lambda: open_ledger(tmp_path / "wamon.db"))


READONLY = "it cannot be written: check the owner and mode of the file and its folder, and the mount"
SENTENCES = {
    "SQLITE_FULL": "the disk (or the quota) is full: nothing was stored; free some space, then it goes on",
    "SQLITE_READONLY_DBMOVED": READONLY,
    "SQLITE_CANTOPEN": "it cannot be opened: check that the folder exists and that this user may write in it",
    "SQLITE_IOERR_FSYNC": "the disk failed to read or write: check the device and free space, then it goes on",
    "SQLITE_CORRUPT": "it is damaged: stop wamon, keep the file, and put a backup in its place",
    "SQLITE_NOTADB": "it is not a database, or its beginning was overwritten: put a backup in its place",
    "SQLITE_BUSY": "another program keeps it locked: find it with `fuser /x/wamon.db` and let it finish",
}


@pytest.mark.parametrize("code", SENTENCES)
def test_trouble_of_the_world_is_told_with_what_to_do(code: str) -> None:
    failure = sqlite3.OperationalError("what SQLite says")
    failure.sqlite_errorname = code
    sentence = told("/x/wamon.db", failure)
    assert str(sentence) == f"/x/wamon.db: {SENTENCES[code]} (SQLite says: what SQLite says)"
    assert isinstance(sentence, LedgerUnavailableError)


def test_other_trouble_is_told_as_it_is() -> None:
    sentence = told("/x/wamon.db", sqlite3.OperationalError("no such table: t"))
    assert (str(sentence), type(sentence)) == ("/x/wamon.db: no such table: t", LedgerError)
