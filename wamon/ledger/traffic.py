"""Real messages: what applications reported, what webhooks told, and how long messages took, by the minute."""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date

import msgspec

from wamon.core.graph_error import DELIVERED
from wamon.core.latency import Sketch, merged, unpacked
from wamon.core.minutes import minute_of
from wamon.core.receipt import Gist, Inbound
from wamon.core.timeline import HOUR, Span
from wamon.core.traffic import FAILED, RECIPIENT_FROM, SENT, Direction, Facts, Outcome, heard
from wamon.ledger.receipts import Received

_LAST = """SELECT max(at_ms) FROM (SELECT max(received_at_ms) AS at_ms FROM receipts
    UNION ALL SELECT * FROM (SELECT received_at_ms FROM reported ORDER BY n DESC LIMIT 1))"""
# Rows lie in the order of arrival: the last one that is older is found from the end, without an index.
_FROM = "n > coalesce((SELECT n FROM {0} WHERE received_at_ms < ?1 ORDER BY n DESC LIMIT 1), 0) ORDER BY n"
_INBOUND = f"SELECT received_at_ms, account, number, messages, at_ms FROM inbound WHERE {_FROM.format('inbound')}"  # noqa: S608
_REPORTED = f"SELECT minute_ms, account, number, facts, outcomes FROM reported WHERE {_FROM.format('reported')}"  # noqa: S608
_SENT = "SELECT at_ms FROM status_reports WHERE message = ? AND message_status = ? AND recipient = ?"
_ACQUITTED = """SELECT f.message, f.recipient, d.received_at_ms, d.account FROM status_reports f
    JOIN status_reports d ON d.message = f.message AND d.recipient = f.recipient
    WHERE f.message_status = ?1 AND f.canary IS NULL AND f.received_at_ms >= ?2 AND f.received_at_ms < ?3
      AND d.message_status IN (?4, ?5, ?6)"""
_KEEP = "INSERT INTO message_latencies VALUES (?, ?, ?, ?) ON CONFLICT DO NOTHING"
_TOOK = """SELECT at_ms - at_ms % 3600000, sketch FROM message_latencies
    WHERE target = ? AND message_status = ? AND at_ms >= ? AND at_ms < ?"""
_LAST_DAY = "SELECT day, zone FROM publications ORDER BY day DESC LIMIT 1"
_EVER = 1 << 62

_encode = msgspec.json.Encoder().encode
_decode = msgspec.json.Decoder(Facts).decode


class Traffic(Received):
    """The part of the book that minutes of real messages are made from."""

    def report(self, batch: bytes, outcomes: Sequence[Outcome], received_ms: int) -> bool:
        """Write down what an application reported, counted by minute; False where this batch was here before."""
        counts = Counter(
            (one.account, one.number, minute_of(one.at_ms), _encode(one.facts).decode()) for one in outcomes
        )
        number = self._terms.number
        with self.transaction():
            known = self._connection.execute("SELECT 1 FROM reported WHERE batch = ? LIMIT 1", (batch,)).fetchone()
            if known is not None:
                return False
            rows = [
                (batch, received_ms, number(account), number(phone), minute_ms, number(facts), told)
                for (account, phone, minute_ms, facts), told in counts.items()
            ]
            self._insert("reported", rows)
        return True

    def last_told_ms(self) -> int | None:
        """When the last webhook or report arrived; None when none ever did."""
        row = self._connection.execute(_LAST).fetchone()
        return None if row is None else row[0]

    def last_published(self) -> tuple[date, str] | None:
        """The last day that was published, and its zone; None before the first."""
        row = self._connection.execute(_LAST_DAY).fetchone()
        return None if row is None else (date.fromisoformat(row[0]), row[1])

    def outcomes_since(self, received_ms: int) -> Iterator[Outcome]:
        """Every outcome that arrived at an instant or later, as it was heard of then."""
        for one in self._reported(_FROM.format("status_reports"), (received_ms,)):
            yield from heard(one.account, one.received_at_ms, Gist(reports=(one.report,)))
        terms = self._terms.words()
        for at_ms, account, number, messages, meta_ms in self._connection.execute(_INBOUND, (received_ms,)):
            row = Inbound(terms[number], messages, meta_ms)
            yield from heard(terms[account], at_ms, Gist(inbound=(row,)))
        for event in self.account_events(Span(received_ms, _EVER)):
            yield from heard(event.account, event.received_at_ms, Gist(events=(event.event,)))
        for minute_ms, account, number, facts, told in self._connection.execute(_REPORTED, (received_ms,)):
            said = _decode(terms[facts].encode())
            yield from [Outcome(minute_ms, terms[account], terms[number], Direction.SEND, said)] * told

    def sent_ms(self, messages: Iterable[bytes]) -> dict[bytes, int]:
        """When Meta says that each of some messages was sent; those of which it is not known are left out."""
        sent = self._terms.find(SENT)
        found: dict[bytes, int] = {}
        for one in messages:
            row = self._connection.execute(_SENT, (one[:RECIPIENT_FROM], sent, one[RECIPIENT_FROM:])).fetchone()
            if row is not None and row[0] is not None:
                found[one] = row[0]
        return found

    def delivered_after_all(self, span: Span) -> dict[bytes, tuple[str, int]]:
        """Messages that were reported failed in a span and delivered at any time: at which callback, and when."""
        failed, *arrived = (self._terms.find(status) for status in (FAILED, *sorted(DELIVERED)))
        rows = self._connection.execute(_ACQUITTED, (failed, *span, *arrived)).fetchall()
        terms = self._terms.words()
        return {message + recipient: (terms[at], received_ms) for message, recipient, received_ms, at in rows}

    def keep_message_latencies(self, target: str, at_ms: int, sketches: Mapping[str, Sketch]) -> None:
        """How long the messages of a minute took, by status; a minute that is there already stays as it is."""
        with self.transaction():
            self._connection.executemany(
                _KEEP,
                [
                    (self._names.find(target), at_ms, self._terms.number(status), one.packed())
                    for status, one in sketches.items()
                    if one.counts
                ],
            )

    def messages_took(self, target: str, status: str, span: Span) -> dict[int, Sketch]:
        """How long a target's messages of a span took to a status, by hour of UTC (its beginning)."""
        cells = (self._names.find(target), self._terms.find(status), *span)
        hours: dict[int, list[Sketch]] = {}
        for hour_ms, sketch in self._connection.execute(_TOOK, cells):
            hours.setdefault(hour_ms, []).append(unpacked(sketch))
        return {hour_ms: merged(every) for hour_ms, every in hours.items()}

    def prune_traffic(self, before_ms: int) -> int:
        """Drop whole hours of reports, and latencies by the minute, from before an instant; how many reports."""
        end_ms = before_ms - before_ms % HOUR
        with self.transaction():
            with self.prunable("reported"):
                gone = self._connection.execute("DELETE FROM reported WHERE received_at_ms < ?", (end_ms,))
            with self.prunable("message_latencies"):
                self._connection.execute("DELETE FROM message_latencies WHERE at_ms < ?", (end_ms,))
        return gone.rowcount
