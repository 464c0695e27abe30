"""What Graph said of accounts now and then: one row a reading, its words kept once."""

from collections.abc import Iterable

import msgspec

from wamon.core.account_facts import AccountFact, Stated
from wamon.core.timeline import Span
from wamon.ledger.receipts import Received

_FACTS = "SELECT at_ms, account, subject, fact FROM account_facts WHERE "
_NEWEST = "(SELECT max(n) FROM account_facts GROUP BY account, subject)"
_LATEST = f"n IN {_NEWEST} ORDER BY account, subject"
_OLD = f"DELETE FROM account_facts WHERE at_ms < ? AND n NOT IN {_NEWEST}"  # noqa: S608

_encode = msgspec.json.Encoder().encode
_decode = msgspec.json.Decoder(AccountFact).decode


class AccountFacts(Received):
    """The part of the book that holds what is known of accounts besides the looks."""

    def keep_account_facts(self, rows: Iterable[Stated]) -> None:
        """Write down what was read."""
        number = self._terms.number
        with self.transaction():
            cells = [
                (one.at_ms, number(one.account), number(one.subject), number(_encode(one.fact).decode()))
                for one in rows
            ]
            self._insert("account_facts", cells)

    def account_facts(self, span: Span) -> list[Stated]:
        """What was read in a span, in the order in which it was."""
        return self._stated("at_ms >= ? AND at_ms < ? ORDER BY n", span)

    def latest_account_facts(self) -> list[Stated]:
        """What was read last of each account's every subject."""
        return self._stated(_LATEST, ())

    def _stated(self, where: str, cells: Iterable[int]) -> list[Stated]:
        rows = self._connection.execute(_FACTS + where, tuple(cells)).fetchall()
        terms = self._terms.words()
        return [
            Stated(at_ms, terms[account], terms[subject], _decode(terms[fact].encode()))
            for at_ms, account, subject, fact in rows
        ]

    def prune_account_facts(self, before_ms: int) -> int:
        """Drop what was read before an instant, but for the latest of each subject; how many went."""
        with self.transaction(), self.prunable("account_facts"):
            return self._connection.execute(_OLD, (before_ms,)).rowcount
