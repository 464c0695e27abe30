"""What the ledger says when it cannot do its work: one sentence each, for the person who must act."""

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager


class LedgerError(Exception):
    """The ledger refuses or cannot; the text says where, what was found and what to do."""


class LedgerUnavailableError(LedgerError):
    """The world around the file stands in the way (disk full, read-only, damaged); the next write may succeed."""


_SENTENCES = {
    "SQLITE_FULL": "the disk (or the quota) is full: nothing was stored; free some space, then it goes on",
    "SQLITE_READONLY": "it cannot be written: check the owner and mode of the file and its folder, and the mount",
    "SQLITE_PERM": "it cannot be written: check the owner and mode of the file and its folder, and the mount",
    "SQLITE_CANTOPEN": "it cannot be opened: check that the folder exists and that this user may write in it",
    "SQLITE_IOERR": "the disk failed to read or write: check the device and free space, then it goes on",
    "SQLITE_CORRUPT": "it is damaged: stop wamon, keep the file, and put a backup in its place",
    "SQLITE_NOTADB": "it is not a database, or its beginning was overwritten: put a backup in its place",
    "SQLITE_BUSY": "another program keeps it locked: find it with `fuser {place}` and let it finish",
    "SQLITE_LOCKED": "another program keeps it locked: find it with `fuser {place}` and let it finish",
}


def told(place: str, failure: sqlite3.Error) -> LedgerError:
    """SQLite's failure as a sentence that names the file."""
    name = getattr(failure, "sqlite_errorname", "") or ""
    for code, sentence in _SENTENCES.items():
        if name.startswith(code):
            return LedgerUnavailableError(f"{place}: {sentence.format(place=place)} (SQLite says: {failure})")
    return LedgerError(f"{place}: {failure}")


@contextmanager
def telling(place: str) -> Iterator[None]:
    """Raises LedgerError in the place of SQLite's own errors."""
    try:
        yield
    except sqlite3.Error as failure:
        raise told(place, failure) from failure
