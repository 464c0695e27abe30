"""How long good looks took, by day: kept when a day has ended, for good, so that it outlives the looks."""

from collections.abc import Iterable
from datetime import date

from wamon.core.latency import Sketch, unpacked
from wamon.core.timeline import HOUR, Span
from wamon.ledger.sheet import Sheet

_KEEP = "INSERT INTO latencies VALUES (?, ?, ?, ?) ON CONFLICT DO NOTHING"
_KEPT = """SELECT t.name, l.day, l.sketch FROM latencies l JOIN targets t ON t.id = l.target
           WHERE l.day >= ? AND l.day <= ? ORDER BY l.day"""
_TOOK = """SELECT o.at_ms / ?, o.total, count(*) FROM observations o JOIN findings f ON f.id = o.finding
           WHERE o.target = ? AND o.at_ms >= ? AND o.at_ms < ? AND f.ok AND o.total IS NOT NULL GROUP BY 1, 2"""
_OWN = """SELECT o.total - coalesce(o.dns, 0) - coalesce(o."connect", 0) - coalesce(o.tls, 0)
          FROM observations o JOIN findings f ON f.id = o.finding
          WHERE o.target = ? AND o.at_ms >= ? AND o.at_ms < ? AND f.ok AND o.total IS NOT NULL"""
_TENTHS = 10


class Latencies(Sheet):
    """The part of the book that holds durations once the looks that took them may be gone."""

    def keep_latencies(self, rows: Iterable[tuple[str, date, Sketch]]) -> None:
        """Write down days of targets; one that is there already stays as it is."""
        with self.transaction():
            self._connection.executemany(
                _KEEP,
                [(self._names.find(name), day.isoformat(), one.looks, one.packed()) for name, day, one in rows],
            )

    def latencies(self, first: date, last: date) -> dict[tuple[str, date], Sketch]:
        """What was kept, by target and day, both days included."""
        rows = self._connection.execute(_KEPT, (first.isoformat(), last.isoformat())).fetchall()
        return {(name, date.fromisoformat(day)): unpacked(packed) for name, day, packed in rows}

    def took(self, target: str, span: Span) -> dict[int, Sketch]:
        """How long the good looks of a span took, by hour of UTC (its beginning); from the looks themselves."""
        found: dict[int, Sketch] = {}
        for hour, tenths, looks in self._connection.execute(_TOOK, (HOUR, self._names.find(target), *span)):
            found.setdefault(hour * HOUR, Sketch()).add(tenths / _TENTHS, looks)
        return found

    def answer_times(self, target: str, span: Span) -> list[float]:
        """How long the other side took for each good answer of a span, in ms: without name, connection and TLS."""
        rows = self._connection.execute(_OWN, (self._names.find(target), *span)).fetchall()
        return [tenths / _TENTHS for (tenths,) in rows]
