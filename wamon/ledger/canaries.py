"""Every canary, written before it leaves: no slot is sent for twice."""

from wamon.core.roundtrip import Canary
from wamon.ledger.sheet import Sheet

_LAUNCH = "INSERT INTO canaries VALUES (NULL, ?, ?, ?, ?, ?, ?) ON CONFLICT (target, slot_ms) DO NOTHING"
_SINCE = """SELECT c.mark, t.name, c.slot_ms, c.sent_ms, c.deadline_ms, c.extra FROM canaries c
    JOIN targets t ON t.id = c.target WHERE c.sent_ms >= ? ORDER BY c.n"""


class Canaries(Sheet):
    """The part of the book that holds canaries."""

    def launch(self, canary: Canary) -> bool:
        """Write that a canary is about to leave; False where its slot had one before, and nothing may be sent."""
        cells = (canary.slot_ms, canary.sent_ms, canary.deadline_ms, int(canary.extra))
        with self.transaction():
            target = self._names.number(canary.target, canary.sent_ms)
            written = self._connection.execute(_LAUNCH, (canary.mark, target, *cells))
        return bool(written.rowcount)

    def canaries(self, since_ms: int) -> list[Canary]:
        """The canaries that left at an instant or later, in the order of leaving."""
        rows = self._connection.execute(_SINCE, (since_ms,)).fetchall()
        return [
            Canary(mark, target, slot_ms, sent_ms, deadline_ms, bool(extra))
            for mark, target, slot_ms, sent_ms, deadline_ms, extra in rows
        ]
