"""Seals: a hash of what each closed day rests on and of what was said of it, so that a flipped bit is noticed."""

from collections.abc import Iterator, Sequence
from datetime import date
from hashlib import sha256
from typing import Any
from zoneinfo import ZoneInfo

from wamon.core.timeline import Span, day_span
from wamon.ledger.sheet import Sheet

_SPAN = "WHERE target = :target AND at_ms >= :start_ms AND at_ms < :end_ms"
_LOOKS = f"SELECT * FROM observations {_SPAN} ORDER BY at_ms"  # noqa: S608  # no text from outside
_BESIDE = (
    f"SELECT * FROM contexts WHERE id IN (SELECT context FROM observations {_SPAN}) ORDER BY id",  # noqa: S608
    f"SELECT * FROM findings WHERE id IN (SELECT finding FROM observations {_SPAN}) ORDER BY id",  # noqa: S608
    f"SELECT * FROM exchanges {_SPAN} ORDER BY at_ms",  # noqa: S608
)
"""The words of a day's looks, and the exchanges that were kept whole."""

_SAID = (
    "SELECT * FROM publications WHERE n = ?",
    "SELECT * FROM segments WHERE publication = ? ORDER BY start_ms",
)

# The newest seal of a day is the one that holds: a look that came late breaks the one before.
_STANDING = """SELECT t.name, s.target, s.day, s.start_ms, s.end_ms, s.looks, s.sha256
               FROM seals s JOIN targets t ON t.id = s.target
               WHERE s.n IN (SELECT max(n) FROM seals GROUP BY target, day) ORDER BY s.start_ms, s.target"""
_SEALED_WORDS = """SELECT p.n, p.target, p.day, p.revision, s.sha256
                   FROM publication_seals s JOIN publications p ON p.n = s.publication"""
_PRUNED = "SELECT target, max(before_ms) FROM pruned GROUP BY target"


class Seals(Sheet):
    """The part of the book that knows what closed days looked like when they were closed."""

    _until_ms: dict[int, int] | None = None

    def seal(self, target: str, day: date, zone: str, publication: int) -> None:
        """Seal a publication, and once for each day of a target the looks behind it. Inside a transaction."""
        _, said = self._hashed(_SAID, (publication,))
        self._connection.execute("INSERT INTO publication_seals VALUES (?, ?)", (publication, said))
        number = self._names.find(target)
        if number is None:
            return
        known = "SELECT 1 FROM seals WHERE target = ? AND day = ?"
        if self._connection.execute(known, (number, day.isoformat())).fetchone() is None:
            self._seal_looks(number, day.isoformat(), day_span(day, ZoneInfo(zone)))

    def came_late(self, target: int, at_ms: int) -> None:
        """A look was written: where its day is sealed already, that is done again. Inside a transaction."""
        if self._until_ms is None:
            rows = self._connection.execute("SELECT target, max(end_ms) FROM seals GROUP BY target")
            self._until_ms = dict(rows.fetchall())
        if at_ms >= self._until_ms.get(target, 0):
            return
        within = (
            "SELECT DISTINCT day, start_ms, end_ms FROM seals WHERE target = ? AND start_ms <= ? AND end_ms > ?"
        )
        for day, start_ms, end_ms in self._connection.execute(within, (target, at_ms, at_ms)).fetchall():
            self._seal_looks(target, day, Span(start_ms, end_ms))

    def broken_seals(self) -> Iterator[str]:
        """What is not as it was when it was sealed, in sentences."""
        yield from self._broken_looks()
        for n, name, day, revision, sealed in self._connection.execute(_SEALED_WORDS).fetchall():
            if self._hashed(_SAID, (n,))[1] != sealed:
                yield f"{name} {day}: revision {revision} is not what was published; take it from a backup"

    def _broken_looks(self) -> Iterator[str]:
        """Of days whose looks were pruned nothing can be asked."""
        pruned = dict(self._connection.execute(_PRUNED).fetchall())
        for name, target, day, start_ms, end_ms, looks, sealed in self._connection.execute(_STANDING).fetchall():
            if start_ms < pruned.get(target, 0):
                continue
            count, now = self._looks(target, Span(start_ms, end_ms))
            if now != sealed:
                yield (
                    f"{name} {day}: its looks are not what they were when the day was closed ({looks:,} then, "
                    f"{count:,} now); what was published of it stands, but trust no new reckoning of it"
                )

    def forget(self) -> None:
        """What was rolled back is not sealed."""
        super().forget()
        self._until_ms = None

    def _seal_looks(self, target: int, day: str, span: Span) -> None:
        count, digest = self._looks(target, span)
        self._connection.execute(
            "INSERT INTO seals VALUES (NULL, ?, ?, ?, ?, ?, ?)", (target, day, *span, count, digest)
        )
        self._until_ms = None

    def _looks(self, target: int, span: Span) -> tuple[int, bytes]:
        """How many looks a span holds, and the hash of them and of all they refer to."""
        which = {"target": target, "start_ms": span.start_ms, "end_ms": span.end_ms}
        count, looks = self._hashed((_LOOKS,), which)
        _, beside = self._hashed(_BESIDE, which)
        return count, sha256(looks + beside).digest()

    def _hashed(self, queries: Sequence[str], values: Any) -> tuple[int, bytes]:
        """How many rows the queries find, and the hash of them all: `repr` tells every value from every other."""
        count, digest = 0, sha256()
        for query in queries:
            for row in self._connection.execute(query, values):
                digest.update(repr(row).encode())
                count += 1
        return count, digest.digest()
