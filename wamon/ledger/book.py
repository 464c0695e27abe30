"""The whole book on one connection, and the care it needs: check, copy, sizes."""

from pathlib import Path

from wamon.core.timeline import Span
from wamon.ledger.account_facts import AccountFacts
from wamon.ledger.canaries import Canaries
from wamon.ledger.declared import Declared
from wamon.ledger.failures import LedgerError, telling
from wamon.ledger.latencies import Latencies
from wamon.ledger.opening import copy, naming_damage, verify
from wamon.ledger.outbox import Outbox
from wamon.ledger.presence import Presence
from wamon.ledger.published import Published
from wamon.ledger.reference import Reference
from wamon.ledger.reviewing import Reviewed
from wamon.ledger.schema import GUARDED, guards
from wamon.ledger.traffic import Traffic
from wamon.ledger.words import Sizes

_COUNTED = (
    "targets",
    "observations",
    "exchanges",
    "rulings",
    "declarations",
    "publications",
    "segments",
    "notices",
    "dispatches",
    "missed",
    "reference_versions",
    "receipts",
    "status_reports",
    "account_events",
    "account_facts",
    "canaries",
    "reported",
)

_REACH = """SELECT min(first_ms), max(last_ms) FROM (SELECT
    (SELECT min(at_ms) FROM observations WHERE target = t.id) AS first_ms,
    (SELECT max(at_ms) FROM observations WHERE target = t.id) AS last_ms FROM targets t)"""


class Book(Declared, Reviewed, Published, Outbox, Presence, Reference, AccountFacts, Latencies, Canaries, Traffic):
    """Every part of the book; used from one thread at a time."""

    def check(self) -> list[str]:
        """What is wrong with the file; empty when nothing is."""
        try:
            with telling(self.place), naming_damage(self.place):
                found = [row[0] for row in self._connection.execute("PRAGMA integrity_check").fetchall()]
                wrong = [text for text in found if text != "ok"]
                return wrong or [*self._loose(), *self._unguarded(), *self.broken_seals()]
        except LedgerError as damage:
            return [str(damage)]

    def _loose(self) -> list[str]:
        orphans = self._connection.execute("PRAGMA foreign_key_check").fetchall()
        return [f"{table}: row {row} refers to a {parent} that is not there" for table, row, parent, _ in orphans]

    def _unguarded(self) -> list[str]:
        """A guard of the same name that guards nothing is found too."""
        there = {
            text for (text,) in self._connection.execute("SELECT sql FROM sqlite_master WHERE type = 'trigger'")
        }
        return [
            f"{table}: its guards were removed, so it is append-only no more; what was changed cannot be known"
            for table in GUARDED
            if not there >= set(guards(table))
        ]

    def backup(self, path: Path) -> Path:
        """A verified copy, made while writing goes on; it belongs to the ledger's owner. Raises LedgerError."""
        own = Path(self.place)
        for part in (own, *(Path(f"{own}{suffix}") for suffix in ("-wal", "-shm", ".lock"))):
            if path.exists() and part.exists() and path.samefile(part):
                raise LedgerError(f"{path}: this is the ledger itself: name another file for the backup")
        verify(self.db, self.place)
        return copy(self.db, path, own if own.exists() else None)

    def rebuild(self) -> dict[str, int]:
        """Make every cache anew from the facts, in one transaction; how much each holds."""
        with self.transaction():
            return {
                "days": self.rebuild_days(),
                "outbox": self.rebuild_outbox(),
                "tallies": self.rebuild_tallies(),
            }

    def reach(self) -> Span | None:
        """From the first to the last look there is; None without any."""
        first, last = self._connection.execute(_REACH).fetchone()
        return Span(first, last + 1) if first is not None else None

    def sizes(self) -> Sizes:
        """Bytes on the disk, rows per table, and the span of the observations."""
        page, pages, free = (
            self._connection.execute(f"PRAGMA {name}").fetchone()[0]
            for name in ("page_size", "page_count", "freelist_count")
        )
        rows = {
            table: self._connection.execute(f"SELECT count(*) FROM {table}").fetchone()[0]  # noqa: S608
            for table in _COUNTED
        }
        wal = Path(f"{self.place}-wal")
        return Sizes(
            page * pages,
            wal.stat().st_size if wal.exists() else 0,
            page * free,
            rows,
            self.reach(),
        )
