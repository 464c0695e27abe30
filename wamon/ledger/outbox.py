"""The outbox: each fact once for ever, who is still to be told of it, and what every attempt came to."""

from collections.abc import Iterable

import msgspec

from wamon.ledger.failures import LedgerError
from wamon.ledger.sheet import Sheet
from wamon.ledger.words import OPEN_STATES, Dispatch, DispatchState, Notice, Owed

_NOTICE = "INSERT INTO notices VALUES (NULL, ?, ?, ?) ON CONFLICT (key) DO NOTHING"
_DISPATCH = "INSERT INTO dispatches VALUES (NULL, ?, ?, ?, ?, ?, ?, ?)"
_OWED = "INSERT INTO outbox VALUES (?, ?, ?, ?)"
_STILL_OWED = "UPDATE outbox SET dispatch = ?, next_attempt_ms = ? WHERE notice = ? AND channel = ?"
_TOLD = "DELETE FROM outbox WHERE notice = ? AND channel = ?"
_REBUILD = """
    INSERT INTO outbox
    SELECT notice, channel, max(n), coalesce(next_attempt_ms, 0) FROM dispatches
    GROUP BY notice, channel HAVING sum(state = ?1) AND NOT sum(state NOT IN (?1, ?2))"""

_encode = msgspec.json.Encoder().encode
_decode = msgspec.json.Decoder(Notice).decode


class Outbox(Sheet):
    """The part of the book that holds notices. ``outbox`` is a cache of what is not final yet."""

    def enqueue(self, notices: Iterable[Notice]) -> list[Notice]:
        """Write notices whose key is new, and owe them to their channels; gives back the new ones."""
        with self.transaction():
            return [one for one in notices if self._enqueue(one)]

    def _enqueue(self, notice: Notice) -> bool:
        cells = (notice.key, notice.created_at_ms, _encode(notice).decode())
        written = self._connection.execute(_NOTICE, cells)
        if not written.rowcount:
            return False
        number = written.lastrowid or 0
        due_ms = notice.not_before_ms or 0
        for channel in dict.fromkeys(notice.channels):
            row = (number, channel, DispatchState.QUEUED.value, 0, notice.created_at_ms, due_ms, None)
            dispatch = self._connection.execute(_DISPATCH, row).lastrowid
            self._connection.execute(_OWED, (number, channel, dispatch, due_ms))
        return True

    def known(self, keys: Iterable[str]) -> set[str]:
        """Those of the keys under which a notice was written."""
        asked = _encode(list(keys)).decode()
        rows = self._connection.execute(
            "SELECT key FROM notices WHERE key IN (SELECT value FROM json_each(?))", (asked,)
        )
        return {key for (key,) in rows.fetchall()}

    def notice_keys(self, prefix: str) -> list[str]:
        """The keys that begin so, in the order in which they were written. Keys are of ASCII."""
        rows = self._connection.execute(
            "SELECT key FROM notices WHERE key >= ?1 AND key < ?1 || char(127) ORDER BY n", (prefix,)
        )
        return [key for (key,) in rows.fetchall()]

    def channels_told(self, incident: str) -> frozenset[str]:
        """The channels that any notice of an incident was owed to. Their keys are its name and more."""
        rows = self._connection.execute(
            "SELECT DISTINCT d.channel FROM notices n JOIN dispatches d ON d.notice = n.n "
            "WHERE n.key > ?1 || ':' AND n.key < ?1 || ';'",
            (incident,),
        )
        return frozenset(channel for (channel,) in rows.fetchall())

    def sent_since(self, at_ms: int) -> dict[str, list[int]]:
        """When each channel was sent a letter since an instant, in order."""
        rows = self._connection.execute(
            "SELECT channel, at_ms FROM dispatches WHERE state = ? AND at_ms >= ? ORDER BY n",
            (DispatchState.SENT.value, at_ms),
        )
        found: dict[str, list[int]] = {}
        for channel, sent_ms in rows.fetchall():
            found.setdefault(channel, []).append(sent_ms)
        return found

    def append_dispatches(self, rows: Iterable[Dispatch]) -> None:
        """Write what attempts came to; a final state takes the notice out of the outbox."""
        with self.transaction():
            for row in rows:
                self._append(row)

    def _append(self, row: Dispatch) -> None:
        found = self._connection.execute("SELECT n FROM notices WHERE key = ?", (row.key,)).fetchone()
        if found is None:
            raise LedgerError(
                f"{self.place}: there is no notice {row.key} that {row.channel} could have been told"
            )
        cells = (found[0], row.channel, row.state.value, row.attempt, row.at_ms, row.next_attempt_ms, row.error)
        dispatch = self._connection.execute(_DISPATCH, cells).lastrowid
        if row.state in OPEN_STATES:
            self._connection.execute(_STILL_OWED, (dispatch, row.next_attempt_ms or 0, found[0], row.channel))
        else:
            self._connection.execute(_TOLD, (found[0], row.channel))

    def rebuild_outbox(self) -> int:
        """Make the cache anew from the dispatches: what has none that is final; how much is owed."""
        with self.transaction():
            self._connection.execute("DELETE FROM outbox")
            return self._connection.execute(_REBUILD, (DispatchState.QUEUED, DispatchState.FAILED)).rowcount

    def owed(self) -> list[Owed]:
        """Every notice on every channel without a final state, oldest first."""
        rows = self._connection.execute(
            "SELECT o.channel, n.notice, d.state, d.attempt, d.at_ms, o.next_attempt_ms, d.error "
            "FROM outbox o JOIN notices n ON n.n = o.notice JOIN dispatches d ON d.n = o.dispatch "
            "ORDER BY o.notice"
        )
        found = []
        for channel, text, state, attempt, at_ms, next_ms, error in rows.fetchall():
            notice = _decode(text)
            last = Dispatch(notice.key, channel, DispatchState(state), attempt, at_ms, next_ms, error)
            found.append(Owed(notice, last))
        return found

    def notices(self, *, since_ms: int = 0, most: int = 1_000) -> list[Notice]:
        """The latest notices created since an instant, newest first."""
        rows = self._connection.execute(
            "SELECT notice FROM notices WHERE created_at_ms >= ? ORDER BY n DESC LIMIT ?", (since_ms, most)
        )
        return [_decode(text) for (text,) in rows.fetchall()]

    def dispatches(self, key: str) -> list[Dispatch]:
        """Every step of one notice, in order."""
        rows = self._connection.execute(
            "SELECT d.channel, d.state, d.attempt, d.at_ms, d.next_attempt_ms, d.error "
            "FROM dispatches d JOIN notices n ON n.n = d.notice WHERE n.key = ? ORDER BY d.n",
            (key,),
        )
        return [
            Dispatch(key, channel, DispatchState(state), attempt, at_ms, next_ms, error)
            for channel, state, attempt, at_ms, next_ms, error in rows.fetchall()
        ]
