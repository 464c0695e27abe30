"""Opening a ledger's file: made whole or not at all, recognised, checked, brought to this version's schema."""

import os
import sqlite3
import struct
from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager
from itertools import zip_longest
from pathlib import Path

from sqlite_utils import Database, Migrations

from wamon.ledger.failures import LedgerError, telling
from wamon.ledger.lock import keep_owner
from wamon.ledger.schema import APPLICATION_ID, MIGRATIONS

MEMORY = ":memory:"
_BUSY_S = 5.0
_JOURNAL_LIMIT = 16 * 1024 * 1024
_HEADER = 100
_MAGIC = b"SQLite format 3\x00"
_DAMAGE = (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB)
_RESTORE = "put a backup in its place, or move the file away to begin a new ledger"


def connect(path: Path | str, *, readonly: bool = False) -> Database:
    """A connection with the settings every part of the ledger relies on. ``readonly`` refuses all writes."""
    if path == MEMORY:
        connection = sqlite3.connect(MEMORY, isolation_level=None, check_same_thread=False)
    else:
        place = f"{Path(path).absolute().as_uri()}?mode={'ro' if readonly else 'rw'}"
        connection = sqlite3.connect(
            place, uri=True, timeout=_BUSY_S, isolation_level=None, check_same_thread=False
        )
    with ExitStack() as undoing:
        undoing.callback(connection.close)
        db = Database(connection, execute_plugins=False)
        db.execute("PRAGMA foreign_keys = ON")
        db.execute("PRAGMA synchronous = FULL")
        db.execute(f"PRAGMA journal_size_limit = {_JOURNAL_LIMIT}")
        undoing.pop_all()
    return db


def create(path: Path, migrations: Migrations = MIGRATIONS) -> None:
    """A new ledger, complete before it has its name: a crash leaves no half of one. Mode 0600."""
    draft = path.with_name(f".{path.name}.new")
    for leftover in (draft, Path(f"{draft}-journal"), Path(f"{draft}-wal"), Path(f"{draft}-shm")):
        leftover.unlink(missing_ok=True)
    try:
        os.close(os.open(draft, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600))
    except OSError as failure:
        raise LedgerError(
            f"{path}: a new database cannot be made here ({failure.strerror}): "
            "check that the folder exists and that this user may write in it"
        ) from None
    with telling(str(path)), closing(connect(draft)) as db:
        db.execute(f"PRAGMA application_id = {APPLICATION_ID}")
        lay(db, migrations)
    keep_owner(draft, path)
    settle(draft, path)


def settle(draft: Path, path: Path) -> None:
    """Give a finished file its name, so that a power cut leaves either all of it or none."""
    for place in (draft, path.parent):
        handle = os.open(place, os.O_RDONLY)
        os.fsync(handle)
        os.close(handle)
        if place == draft:
            draft.replace(path)


def recognise(path: Path) -> None:
    """Refuse, before SQLite touches it, what is no ledger of ours. Raises LedgerError."""
    head = _head(path)
    if not head:
        raise LedgerError(f"{path}: the file is empty, and an emptied file is not a new ledger: {_RESTORE}")
    if not head.startswith(_MAGIC) or len(head) < _HEADER:
        raise LedgerError(f"{path}: this is no SQLite database: check [service] database, or {_RESTORE}")
    (application,) = struct.unpack_from(">I", head, 68)
    if application != APPLICATION_ID:
        raise LedgerError(
            f"{path}: this database belongs to another program (application id {application:#x}, "
            f"wamon's is {APPLICATION_ID:#x}): give wamon a file of its own in [service] database"
        )


def _head(path: Path) -> bytes:
    try:
        with path.open("rb") as file:
            return file.read(_HEADER)
    except IsADirectoryError:
        raise LedgerError(f"{path}: this is a folder: name a file, such as {path / 'wamon.db'}") from None
    except FileNotFoundError:
        raise LedgerError(f"{path}: there is no such file: check [service] database, or start wamon run") from None
    except OSError as failure:
        raise LedgerError(
            f"{path}: it cannot be read ({failure.strerror}): check the owner and mode of the file and its folder"
        ) from None


def refuse_orphans(path: Path) -> None:
    """A journal without its database holds the newest rows: a new database must not swallow it."""
    journal = Path(f"{path}-wal")
    if not path.exists() and journal.exists() and journal.stat().st_size:
        raise LedgerError(
            f"{path}: the database is gone but its journal {journal.name} is here: "
            "put the database back beside it, or move the journal away to begin a new ledger"
        )


def verify(db: Database, path: Path | str) -> None:
    """SQLite's quick check; a damaged file is named and left as it is. Raises LedgerError."""
    with naming_damage(path):
        found = [str(line) for (line,) in db.execute("PRAGMA quick_check(3)")]
    if found != ["ok"]:
        raise _damaged(path, "; ".join(found))


@contextmanager
def naming_damage(path: Path | str) -> Iterator[None]:
    """Raises LedgerError where SQLite finds the file damaged; its other errors pass."""
    try:
        yield
    except sqlite3.DatabaseError as failure:
        if failure.sqlite_errorcode & 0xFF not in _DAMAGE:
            raise
        raise _damaged(path, str(failure)) from None
    except UnicodeDecodeError as failure:
        raise _damaged(path, f"a text in it is none: {failure}") from None


def _damaged(path: Path | str, found: str) -> LedgerError:
    told = "; ".join(line for line in found.splitlines() if not line.startswith("***"))
    return LedgerError(
        f"{path}: the database is {_shortened(Path(path)) or 'damaged'} ({told}): nothing was changed; "
        "keep the file, and put a backup in its place"
    )


def _shortened(path: Path) -> str | None:
    head, size = _head(path), path.stat().st_size
    page = int.from_bytes(head[16:18], "big")
    whole = int.from_bytes(head[28:32], "big") * (65536 if page == 1 else page)
    return f"cut short, {size} of {whole} bytes" if size < whole else None


def refuse_newer(db: Database, path: Path | str, migrations: Migrations = MIGRATIONS) -> None:
    """A schema this version does not know is never touched. Raises LedgerError."""
    with closing(Database(memory=True, execute_plugins=False)) as blank:
        ours = [one.name for one in migrations.pending(blank)]
    version = db.execute("PRAGMA user_version").fetchone()[0]
    if version > len(ours) or any(one.name not in ours for one in migrations.applied(db)):
        raise LedgerError(
            f"{path}: its schema is number {version}, this wamon knows up to {len(ours)}: "
            "it was written by a newer wamon; install that version again, or restore the backup made before"
        )


def refuse_older(db: Database, path: Path | str, migrations: Migrations = MIGRATIONS) -> None:
    """A reader changes nothing, so it cannot bring a schema up to date. Raises LedgerError."""
    waiting = migrations.pending(db)
    if waiting:
        raise LedgerError(
            f"{path}: its schema is older than this wamon ({waiting[0].name} is to come): "
            "start wamon run once, which brings it up to date after a backup"
        )


def go_ahead(db: Database, path: Path | str) -> None:
    """Readers beside the writer, and a file that can be written now. Raises LedgerError."""
    version = db.execute("PRAGMA user_version").fetchone()[0]
    db.execute("BEGIN IMMEDIATE")  # of a file that may only be read it opens a reading transaction, and succeeds
    try:
        db.execute(f"PRAGMA user_version = {version}")
    finally:
        db.rollback()
    (mode,) = db.execute("PRAGMA journal_mode = WAL").fetchone()
    if mode != "wal":
        raise LedgerError(
            f"{path}: its file system cannot keep a write-ahead log (journal mode {mode}): "
            "put the database on a local disk"
        )


def lay(db: Database, migrations: Migrations = MIGRATIONS, backup_of: Path | None = None) -> list[Path]:
    """Apply what is pending, each migration in one transaction, with a copy of the file made before it.

    ``backup_of`` is the file to copy; a new database has nothing to save. Returns the copies.
    """
    copies: list[Path] = []
    names = [one.name for one in migrations.pending(db)]
    for name, following in zip_longest(names, names[1:]):
        if backup_of is not None:
            copies.append(copy(db, backup_of.with_name(f"{backup_of.name}.before-{name}"), backup_of))
        with db.atomic():
            migrations.apply(db, stop_before=following)
            db.execute(f"PRAGMA user_version = {len(migrations.applied(db))}")
    return copies


def copy(db: Database, target: Path, like: Path | None) -> Path:
    """A verified copy of an open database under a name of its own, mode 0600; replaces an older one at once."""
    draft = target.with_name(f".{target.name}.part")
    draft.unlink(missing_ok=True)
    try:
        os.close(os.open(draft, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600))
    except OSError as failure:
        raise LedgerError(
            f"{target}: no backup can be written here ({failure.strerror}): name another folder"
        ) from None
    try:
        with telling(str(target)):
            db.execute("VACUUM INTO ?", [str(draft)])
            with closing(connect(draft, readonly=True)) as saved:
                verify(saved, draft)
    except LedgerError:
        draft.unlink(missing_ok=True)
        raise
    keep_owner(draft, like or target)
    settle(draft, target)
    return target
