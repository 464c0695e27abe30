"""What persons declare: maintenance, silences, rulings, notes; each may be withdrawn, and both stay visible."""

from collections.abc import Iterable

import msgspec

from wamon.core.finding import Ruling
from wamon.ledger.failures import LedgerError
from wamon.ledger.observations import Observed
from wamon.ledger.words import Declaration

_DECLARATIONS = """
    SELECT d.kind, d.content, d.declared_at_ms, d.author, d.because, d.n, w.withdrawn_at_ms, w.author, w.because
    FROM declarations d LEFT JOIN withdrawals w ON w.declaration = d.n
    WHERE ?1 IS NULL OR d.kind = ?1 ORDER BY d.n"""

_decode = msgspec.json.Decoder(dict[str, object]).decode


class Declared(Observed):
    """The part of the book that holds declarations."""

    def declare(self, declaration: Declaration, rulings: Iterable[Ruling] = ()) -> int:
        """Write what a person declared, with the rulings it gives, all or nothing; returns its number."""
        content = msgspec.json.encode(declaration.content).decode()
        with self.transaction():
            cells = (
                declaration.kind,
                content,
                declaration.declared_at_ms,
                declaration.author,
                declaration.because,
            )
            written = self._connection.execute("INSERT INTO declarations VALUES (NULL, ?, ?, ?, ?, ?)", cells)
            number = written.lastrowid or 0
            self.append_rulings(rulings, declaration=number)
        return number

    def withdraw(self, number: int, *, at_ms: int, author: str, because: str) -> None:
        """Take a declaration back, its rulings with it. Raises LedgerError where there is nothing to take back."""
        with self.transaction():
            found = next((one for one in self.declarations() if one.n == number), None)
            if found is None:
                raise LedgerError(f"{self.place}: there is no declaration {number}: list shows the numbers")
            if found.withdrawn_at_ms is not None:
                raise LedgerError(
                    f"{self.place}: {found.withdrawn_by} has withdrawn declaration {number} before: nothing to do"
                )
            self._connection.execute(
                "INSERT INTO withdrawals VALUES (?, ?, ?, ?)", (number, at_ms, author, because)
            )

    def declarations(self, kind: str | None = None) -> list[Declaration]:
        """Every declaration of a kind (or of all), oldest first, the withdrawn ones too."""
        rows = self._connection.execute(_DECLARATIONS, (kind,))
        return [Declaration(what, _decode(content), *rest) for what, content, *rest in rows.fetchall()]
