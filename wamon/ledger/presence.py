"""When an observer ran and listened, when the weekly pass did, and which slots passed without a look."""

from wamon.core.publication import Passed
from wamon.core.timeline import Span
from wamon.ledger.sheet import Sheet
from wamon.ledger.words import Missed, MissedReason


class Presence(Sheet):
    """The part of the book that tells unobserved time from good time."""

    def heartbeat(self, began_ms: int, now_ms: int) -> None:
        """An observer that began at an instant still runs; its period is one row whose end moves on."""
        self._extend("running", began_ms, now_ms)

    def running(self, span: Span) -> list[Span]:
        """The periods in which an observer ran, as far as they touch a span."""
        return self._periods("running", span)

    def listen(self, began_ms: int, now_ms: int) -> None:
        """The webhook receiver has listened, and could store, from one instant to another."""
        self._extend("listening", began_ms, now_ms)

    def listening(self, span: Span) -> list[Span]:
        """The periods in which the webhook receiver listened, as far as they touch a span."""
        return self._periods("listening", span)

    def _extend(self, table: str, began_ms: int, now_ms: int) -> None:
        with self.transaction():
            moved = self._connection.execute(
                f"UPDATE {table} SET end_ms = max(end_ms, ?) "  # noqa: S608
                f"WHERE n = (SELECT n FROM {table} WHERE start_ms = ? ORDER BY n DESC LIMIT 1)",
                (now_ms, began_ms),
            )
            if not moved.rowcount:
                self._connection.execute(
                    f"INSERT INTO {table} VALUES (NULL, ?, ?)",  # noqa: S608
                    (began_ms, max(began_ms, now_ms)),
                )

    def _periods(self, table: str, span: Span) -> list[Span]:
        rows = self._connection.execute(
            f"SELECT start_ms, end_ms FROM {table} WHERE end_ms >= ? AND start_ms < ? ORDER BY n",  # noqa: S608
            tuple(span),
        )
        return [Span(*row) for row in rows.fetchall()]

    def miss(self, target: str, at_ms: int, reason: MissedReason, slots: int = 1) -> None:
        """Slots passed without a look; one row of an instant stands."""
        with self.transaction():
            cells = (self._names.number(target, at_ms), at_ms, reason.value, slots)
            self._connection.execute("INSERT INTO missed VALUES (?, ?, ?, ?) ON CONFLICT DO NOTHING", cells)

    def passed(self, one: Passed) -> None:
        """A weekly pass was made."""
        with self.transaction():
            self._connection.execute(
                "INSERT INTO passes VALUES (?, ?, ?) ON CONFLICT DO NOTHING", (one.at_ms, *one.within)
            )

    def passes(self) -> list[Passed]:
        """The weekly passes that were made. One without a window, as once written, is taken to have seen all."""
        rows = self._connection.execute(
            "SELECT at_ms, coalesce(start_ms, 0), coalesce(end_ms, at_ms) FROM passes ORDER BY at_ms"
        )
        return [Passed(at_ms, Span(start_ms, end_ms)) for at_ms, start_ms, end_ms in rows.fetchall()]

    def missed(self, span: Span) -> list[Missed]:
        """The slots of a span that passed without a look."""
        names = self._names.words()
        rows = self._connection.execute(
            "SELECT target, at_ms, reason, slots FROM missed WHERE at_ms >= ? AND at_ms < ? ORDER BY at_ms",
            tuple(span),
        )
        return [
            Missed(names[number], at_ms, MissedReason(why), slots) for number, at_ms, why, slots in rows.fetchall()
        ]
