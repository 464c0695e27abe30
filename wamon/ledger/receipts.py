"""What Meta's webhooks said: receipts, status reports, incoming counts and account events, each written once."""

import secrets
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

import msgspec
from sqlite_utils import Database

from wamon.core.receipt import AccountEvent, MessageReport, message_hash
from wamon.core.timeline import HOUR, Span
from wamon.ledger.sheet import Interned, Sheet
from wamon.ledger.words import Arrival, Happened, ReceivedHour, Reported

_KEY_BYTES = 32

_TOGETHER = (64, 8, 1)
"""Rows are written so many at a time: with each step SQLite hands the interpreter to the loop and waits for it."""

_KNOWN = "SELECT body_sha256 FROM receipts WHERE body_sha256 IN "

_REPORTS = """SELECT n, received_at_ms, account, number, message, recipient, message_status, at_ms, codes, canary,
    opaque FROM status_reports WHERE """
_EVENTS = """SELECT n, received_at_ms, account, field, waba, number, at_ms, facts FROM account_events
    WHERE received_at_ms >= ? AND received_at_ms < ? ORDER BY n"""

# An hour is summed up when its receipts go; those that are still there are summed up when somebody asks.
_SUMS = """SELECT received_at_ms - received_at_ms % 3600000, account, count(*), sum(reports), sum(inbound)
    FROM receipts WHERE received_at_ms >= ?1 AND received_at_ms < ?2 GROUP BY 1, 2"""
_HOURS = f"""SELECT hour_ms, t.term, sum(receipts), sum(reports), sum(inbound) FROM (
      SELECT hour_ms, account, receipts, reports, inbound FROM received_hours
      WHERE hour_ms >= ?1 AND hour_ms < ?2 UNION ALL {_SUMS})
    JOIN terms t ON t.id = account GROUP BY 1, 2 ORDER BY 1, 2"""  # noqa: S608

# The first row that is young ends the search, since rows lie in the order of arrival; what a clock that was set
# back has put behind it goes later.
_OLD = """DELETE FROM {table} WHERE received_at_ms < ?1
    AND n < coalesce((SELECT n FROM {table} WHERE received_at_ms >= ?1 ORDER BY n LIMIT 1), 9e18)"""

_codes = msgspec.json.Decoder(tuple[int, ...]).decode
_facts = msgspec.json.Decoder(dict[str, object]).decode


class Received(Sheet):
    """The part of the book that holds what arrived by webhook."""

    def __init__(self, db: Database, place: str) -> None:
        super().__init__(db, place)
        self._terms = Interned[str](db, "terms", ("term",), lambda term: (term,), str)

    def forget(self) -> None:
        """Drop what is remembered of a transaction that was rolled back."""
        super().forget()
        self._terms.forget()

    def hash_key(self) -> bytes:
        """The key of this installation's hashes: made once, by whoever needs it first and may write."""
        with self.transaction():
            if (found := self.hash_key_made()) is not None:
                return found
            made = secrets.token_bytes(_KEY_BYTES)
            self._connection.execute("INSERT INTO installation VALUES (?)", (made,))
            return made

    def hash_key_made(self) -> bytes | None:
        """The key, where anybody has needed one yet."""
        row = self._connection.execute("SELECT hash_key FROM installation").fetchone()
        return row[0] if row else None

    def receive(self, arrivals: Sequence[Arrival]) -> list[bool]:
        """Write what arrived, all or nothing; for each whether it was new. A body that was here before is not."""
        with self.transaction():
            seen = self._known([one.body_sha256 for one in arrivals])
            new: list[bool] = []
            for one in arrivals:
                new.append(one.body_sha256 not in seen)
                seen.add(one.body_sha256)
            fresh = [one for one, is_new in zip(arrivals, new, strict=True) if is_new]
            self._insert("receipts", [self._receipt(one) for one in fresh])
            self._insert("status_reports", [row for one in fresh for row in self._reports(one)])
            self._insert("inbound", [row for one in fresh for row in self._inbound(one)])
            self._insert("account_events", [row for one in fresh for row in self._events(one)])
        return new

    def _known(self, digests: list[bytes]) -> set[bytes]:
        found: set[bytes] = set()
        for piece in _pieces(digests):
            rows = self._connection.execute(f"{_KNOWN} ({', '.join('?' * len(piece))})", piece)
            found.update(digest for (digest,) in rows)
        return found

    def _insert(self, table: str, rows: Sequence[tuple[Any, ...]]) -> None:
        """Several rows a statement. What has the key of a row that is there is left out."""
        for piece in _pieces(rows):
            marks = f"(NULL, {', '.join('?' * len(piece[0]))})"
            sql = f"INSERT INTO {table} VALUES {', '.join([marks] * len(piece))} ON CONFLICT DO NOTHING"  # noqa: S608
            self._connection.execute(sql, [cell for row in piece for cell in row])

    def _receipt(self, one: Arrival) -> tuple[Any, ...]:
        kept = one.gist
        return (
            one.body_sha256,
            one.received_at_ms,
            self._terms.number(one.account),
            self._terms.number(" ".join(kept.fields)),
            len(kept.reports),
            sum(row.messages for row in kept.inbound),
            len(kept.events),
            kept.unread,
        )

    def _reports(self, one: Arrival) -> Iterator[tuple[Any, ...]]:
        number = self._terms.number
        for row in one.gist.reports:
            yield (
                one.received_at_ms,
                number(one.account),
                number(row.number),
                row.message,
                row.recipient,
                number(row.message_status),
                row.at_ms,
                msgspec.json.encode(row.codes).decode() if row.codes else None,
                row.canary,
                row.opaque,
            )

    def _inbound(self, one: Arrival) -> Iterator[tuple[Any, ...]]:
        number = self._terms.number
        for row in one.gist.inbound:
            yield one.received_at_ms, number(one.account), number(row.number), row.messages, row.at_ms

    def _events(self, one: Arrival) -> Iterator[tuple[Any, ...]]:
        number = self._terms.number
        for row in one.gist.events:
            yield (
                one.received_at_ms,
                number(one.account),
                number(row.field),
                number(row.waba_id),
                number(row.number),
                row.at_ms,
                msgspec.json.encode(row.facts).decode(),
            )

    def reports_of_canary(self, canary: str) -> list[Reported]:
        """Every status of the message that was sent with this id of ours, in the order of arrival."""
        return self._reported("canary = ? ORDER BY n", (canary,))

    def reports_of_canaries(self, span: Span) -> list[Reported]:
        """Every status of a canary of ours that arrived in a span, in the order of arrival."""
        return self._reported("canary IS NOT NULL AND received_at_ms >= ? AND received_at_ms < ? ORDER BY n", span)

    def reports_of_message(self, wamid: str) -> list[Reported]:
        """Every status of one message, whoever sent it, in the order of arrival."""
        key = self.hash_key_made()
        return [] if key is None else self._reported("message = ? ORDER BY n", (message_hash(key, wamid),))

    def reports_after(self, n: int, most: int) -> list[Reported]:
        """The next status reports after number ``n``, at most so many: to follow what arrives."""
        return self._reported("n > ? ORDER BY n LIMIT ?", (n, most))

    def _reported(self, where: str, cells: Sequence[object]) -> list[Reported]:
        rows = self._connection.execute(_REPORTS + where, tuple(cells)).fetchall()
        terms = self._terms.words()
        return [
            Reported(
                n,
                received_at_ms,
                terms[account],
                MessageReport(
                    terms[number],
                    message,
                    recipient,
                    terms[status],
                    at_ms,
                    _codes(codes) if codes else (),
                    canary,
                    opaque,
                ),
            )
            for (
                n,
                received_at_ms,
                account,
                number,
                message,
                recipient,
                status,
                at_ms,
                codes,
                canary,
                opaque,
            ) in rows
        ]

    def account_events(self, span: Span) -> list[Happened]:
        """Account events that arrived in a span, in the order of arrival."""
        rows = self._connection.execute(_EVENTS, tuple(span)).fetchall()
        terms = self._terms.words()
        return [
            Happened(
                n,
                received_at_ms,
                terms[account],
                AccountEvent(terms[field], terms[waba], terms[number], at_ms, _facts(facts)),
            )
            for n, received_at_ms, account, field, waba, number, at_ms, facts in rows
        ]

    def last_arrival_ms(self, span: Span, *, account: str | None = None) -> int | None:
        """When the last authentic webhook of a span arrived that told of something; None when none did.

        An empty event, such as an endpoint probe's, tells of nothing.
        """
        row = self._connection.execute(
            "SELECT max(received_at_ms) FROM receipts WHERE received_at_ms >= ?1 AND received_at_ms < ?2 "
            "AND fields IS NOT ?3 AND (?4 IS NULL OR account = ?5)",
            (*span, self._terms.find(""), account, None if account is None else self._terms.find(account)),
        ).fetchone()
        return None if row is None else row[0]

    def received_hours(self, span: Span) -> list[ReceivedHour]:
        """What arrived in each hour of a span, by account; hours without anything are left out."""
        return [ReceivedHour(*row) for row in self._connection.execute(_HOURS, tuple(span)).fetchall()]

    def prune_receipts(self, before_ms: int, *, canaries_before_ms: int) -> int:
        """Drop the oldest whole hour of what arrived before an instant, summed up first; how many webhooks it was.

        Reports of our own canaries and account events stay until ``canaries_before_ms``. 0: none was left.
        """
        with self.transaction():
            row = self._connection.execute("SELECT min(received_at_ms) FROM receipts").fetchone()
            if row[0] is None or (end_ms := row[0] - row[0] % HOUR + HOUR) > before_ms:
                return 0
            summed_up = f"INSERT INTO received_hours SELECT NULL, * FROM ({_SUMS})"  # noqa: S608
            self._connection.execute(summed_up, (0, end_ms))
            kept = "AND (canary IS NULL OR received_at_ms < ?2)"
            self._drop_old("inbound", "", end_ms)
            self._drop_old("status_reports", kept, end_ms, canaries_before_ms)
            self._drop_old("account_events", "", canaries_before_ms)
            with self.prunable("receipts"):
                gone = self._connection.execute("DELETE FROM receipts WHERE received_at_ms < ?", (end_ms,))
        return gone.rowcount

    def _drop_old(self, table: str, more: str, *cells: int) -> None:
        with self.prunable(table):
            self._connection.execute(_OLD.format(table=table) + more, cells)


def _pieces(rows: Iterable[Any]) -> Iterator[list[Any]]:
    """Pieces of few lengths, so that few statements need to be prepared."""
    waiting = list(rows)
    start = 0
    for length in _TOGETHER:
        while len(waiting) - start >= length:
            yield waiting[start : start + length]
            start += length
