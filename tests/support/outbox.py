"""A small outbox of its own on SQLite: what `work/drain` asks of a ledger, and a disk that can be full."""

import sqlite3
from collections.abc import Mapping, Sequence
from pathlib import Path

import msgspec

from wamon.core.dispatching import FINAL, Dispatch, Outcome, Pending
from wamon.ledger.words import Notice

_TABLES = """
CREATE TABLE IF NOT EXISTS notices (channel TEXT, key TEXT, notice BLOB, PRIMARY KEY (channel, key));
CREATE TABLE IF NOT EXISTS dispatches (n INTEGER PRIMARY KEY, channel TEXT, key TEXT, dispatch BLOB);
"""


class SqliteOutbox:
    """Notices once per key and channel, dispatches appended. ``full`` makes writing fail as a full disk does."""

    def __init__(self, path: Path | str = ":memory:") -> None:
        self._file = sqlite3.connect(path, timeout=10)
        self._file.executescript(_TABLES)
        self.full = False

    def queue(self, notice: Notice, *channels: str) -> None:
        rows = [(channel, notice.key, msgspec.json.encode(notice)) for channel in channels]
        with self._file:
            self._file.executemany("INSERT OR IGNORE INTO notices VALUES (?, ?, ?)", rows)

    async def pending_dispatches(self) -> Sequence[Pending]:
        last = {(row.channel, row.notice_key): row for row in self.dispatches()}
        found = []
        for channel, key, notice in self._file.execute("SELECT * FROM notices ORDER BY rowid"):
            row = last.get((channel, key))
            if row is None or row.outcome not in FINAL:
                attempt, next_ms = (row.attempt, row.next_attempt_ms or 0) if row else (0, 0)
                found.append(Pending(msgspec.json.decode(notice, type=Notice), channel, attempt, next_ms))
        return found

    async def append_dispatches(self, dispatches: Sequence[Dispatch]) -> None:
        if self.full:
            raise sqlite3.OperationalError("database or disk is full")
        rows = [(row.channel, row.notice_key, msgspec.json.encode(row)) for row in dispatches]
        with self._file:
            self._file.executemany("INSERT INTO dispatches (channel, key, dispatch) VALUES (?, ?, ?)", rows)

    async def sent_since(self, at_ms: int) -> Mapping[str, Sequence[int]]:
        found: dict[str, list[int]] = {}
        for row in self.dispatches():
            if row.outcome is Outcome.SENT and row.at_ms >= at_ms:
                found.setdefault(row.channel, []).append(row.at_ms)
        return found

    def dispatches(self) -> list[Dispatch]:
        """Every row, oldest first."""
        rows = self._file.execute("SELECT dispatch FROM dispatches ORDER BY n")
        return [msgspec.json.decode(row, type=Dispatch) for (row,) in rows]

    def close(self) -> None:
        self._file.close()
