"""Observations and rulings: written once, read as marks by the thousand or as whole exchanges by the few."""

from collections.abc import Iterable, Sequence
from typing import Any

import msgspec

from wamon.core.finding import Context, Finding, Mark, Origin, Ruling, Verdict
from wamon.core.observation import Exchange
from wamon.core.timeline import Span
from wamon.ledger.packing import pack_durations, pack_exchange, unpack_durations, unpack_exchange
from wamon.ledger.sheet import Ground, Sheet
from wamon.ledger.words import Appended, Recorded, Witnessed

_OBSERVATION = "INSERT INTO observations VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING"
_EXCHANGE = "INSERT INTO exchanges VALUES (?, ?, ?, ?, ?)"
_TALLY = """INSERT INTO tallies VALUES (?, ?, 1)
            ON CONFLICT (target, verdict) DO UPDATE SET observations = observations + 1"""
_RULING = "INSERT INTO rulings VALUES (NULL, ?, ?, ?, ?, ?, ?, ?, ?, ?)"
_MARKS = "SELECT at_ms, context, finding FROM observations WHERE target = ? AND at_ms >= ? AND at_ms < ?"

# The last row of an observation in this order is the one that stands: a person's that was not withdrawn, else
# the latest. The order is the book's own (n), not a clock's.
_RULINGS = """
    SELECT r.n, r.target, r.at_ms, r.finding, r.origin, r.ruled_at_ms, r.evidence, r.author, r.because,
           r.declaration, w.declaration IS NOT NULL
    FROM rulings r LEFT JOIN withdrawals w ON w.declaration = r.declaration
    WHERE r.target = ? AND r.at_ms >= ? AND r.at_ms < ?
    ORDER BY r.at_ms, r.origin = 'person' AND w.declaration IS NULL, r.n"""

_decode_evidence = msgspec.json.Decoder(tuple[str, ...]).decode


def _evidence_cell(evidence: tuple[str, ...]) -> str | None:
    return msgspec.json.encode(evidence).decode() if evidence else None


class Observed(Sheet):
    """The part of the book that holds observations and rulings."""

    def activate(self, targets: Iterable[str], at_ms: int) -> None:
        """Targets that the book has not seen exist from now on; of the others nothing changes."""
        with self.transaction():
            for name in targets:
                self._names.number(name, at_ms)

    def record(
        self, exchange: Exchange, context: Context, ruling: Ruling, *, keep_exchange: bool = False
    ) -> Recorded:
        """Write an observation and its first ruling. Whatever is not ``ok`` is kept whole, the rest on request.

        The first of a key stands: a second one is not written and is told so.
        """
        if ruling.origin is not Origin.LIVE:
            raise ValueError(f"a first ruling is live, not {ruling.origin}")
        finding, at_ms = ruling.finding, ruling.at_ms
        with self.transaction():
            target = self._names.number(ruling.target, at_ms)
            row = (
                target,
                at_ms,
                self._contexts.number(context),
                self._grounds.number(Ground(finding, ruling.edition)),
                *pack_durations(exchange.durations_ms),
            )
            if not self._connection.execute(_OBSERVATION, row).rowcount:
                return Recorded(ruling.target, at_ms, False)
            if keep_exchange or finding.verdict is not Verdict.OK:
                evidence = _evidence_cell(ruling.evidence)
                kept = (target, at_ms, ruling.ruled_at_ms, evidence, pack_exchange(exchange))
                self._connection.execute(_EXCHANGE, kept)
            self._connection.execute(_TALLY, (target, finding.verdict))
        return Recorded(ruling.target, at_ms, True)

    def append_rulings(self, rulings: Iterable[Ruling], *, declaration: int | None = None) -> int:
        """Later rulings on observations already written; how many were appended.

        A person's come with the declaration they were given in: withdrawing that lets the others stand again.
        """
        rows = [self._ruling_row(ruling, declaration) for ruling in rulings]
        with self.transaction():
            rows = [
                (self._names.number(name, at_ms), at_ms, self._grounds.number(ground), *rest)
                for name, at_ms, ground, *rest in rows
            ]
            self._connection.executemany(_RULING, rows)
        return len(rows)

    def _ruling_row(self, ruling: Ruling, declaration: int | None) -> tuple[Any, ...]:
        if (ruling.origin is Origin.PERSON) is not (declaration is not None):
            raise ValueError("a person's ruling comes with its declaration, and no other ruling does")
        return (
            ruling.target,
            ruling.at_ms,
            Ground(ruling.finding, ruling.edition),
            ruling.origin,
            ruling.ruled_at_ms,
            _evidence_cell(ruling.evidence),
            ruling.author,
            ruling.because,
            declaration,
        )

    def targets(self) -> dict[str, int]:
        """Every target ever watched, and when it first was (ms)."""
        rows = self._connection.execute("SELECT name, first_activated_ms FROM targets ORDER BY id")
        return dict(rows.fetchall())

    def marks(self, target: str, span: Span, *, standing: bool = True) -> list[Mark]:
        """A target's observations that began in the span, by instant; with the standing or the first finding."""
        number = self._names.find(target)
        if number is None:
            return []
        rows = self._connection.execute(_MARKS, (number, *span)).fetchall()
        return self._as_marks(rows, self._standing(number, span) if standing else {})

    def _as_marks(self, rows: Sequence[tuple[int, int, int]], later: dict[int, Finding]) -> list[Mark]:
        contexts = self._contexts.words()
        firsts = {number: ground.finding for number, ground in self._grounds.words().items()}
        if not later:
            return [Mark(at_ms, contexts[context], firsts[finding]) for at_ms, context, finding in rows]
        return [
            Mark(at_ms, contexts[context], later.get(at_ms) or firsts[finding]) for at_ms, context, finding in rows
        ]

    def _standing(self, number: int, span: Span) -> dict[int, Finding]:
        grounds = self._grounds.words()
        return {row[2]: grounds[row[3]].finding for row in self._connection.execute(_RULINGS, (number, *span))}

    def last_mark(self, target: str, *, before_ms: int | None = None) -> Mark | None:
        """The latest observation of a target, or the latest before an instant."""
        return self._one_mark(
            target, "at_ms < ? ORDER BY at_ms DESC", before_ms if before_ms is not None else 2**62
        )

    def next_mark(self, target: str, *, since_ms: int) -> Mark | None:
        """The first observation of a target at an instant or after it."""
        return self._one_mark(target, "at_ms >= ? ORDER BY at_ms", since_ms)

    def _one_mark(self, target: str, where: str, at_ms: int, *cells: object) -> Mark | None:
        number = self._names.find(target)
        if number is None:
            return None
        found = self._connection.execute(
            f"SELECT at_ms, context, finding FROM observations WHERE target = ? AND {where} LIMIT 1",  # noqa: S608
            (number, at_ms, *cells),
        ).fetchall()
        later = self._standing(number, Span(found[0][0], found[0][0] + 1)) if found else {}
        return next(iter(self._as_marks(found, later)), None)

    def nearest_accepted(
        self, target: str, at_ms: int, request_fingerprint: str, reach_ms: int
    ) -> tuple[Mark | None, Mark | None]:
        """The nearest ``ok`` observations of the same request before and after an instant, at most so far away.

        They are as first ruled: ``ok`` is final.
        """
        number = self._names.find(target)
        same = [
            str(n)
            for n, context in self._contexts.words().items()
            if context.request_fingerprint == request_fingerprint
        ]
        good = [str(n) for n, ground in self._grounds.words().items() if ground.finding.verdict is Verdict.OK]
        query = (
            "SELECT at_ms, context, finding FROM observations WHERE target = ? AND at_ms > ? AND at_ms < ? "  # noqa: S608
            f"AND context IN ({', '.join(same)}) AND finding IN ({', '.join(good)}) ORDER BY at_ms "
        )
        before = self._connection.execute(query + "DESC LIMIT 1", (number, at_ms - reach_ms - 1, at_ms)).fetchall()
        after = self._connection.execute(query + "LIMIT 1", (number, at_ms, at_ms + reach_ms + 1)).fetchall()
        return (next(iter(self._as_marks(before, {})), None), next(iter(self._as_marks(after, {})), None))

    def durations(self, target: str, span: Span) -> list[tuple[int, dict[str, float]]]:
        """Instant and durations (ms, to a tenth) of a target's observations in a span."""
        rows = self._connection.execute(
            'SELECT at_ms, dns, "connect", tls, first_byte, total FROM observations '
            "WHERE target = ? AND at_ms >= ? AND at_ms < ?",
            (self._names.find(target), *span),
        )
        return [(at_ms, unpack_durations(tuple(tenths))) for at_ms, *tenths in rows]

    def witnessed(self, span: Span, *, targets: Iterable[str] | None = None) -> list[Witnessed]:
        """Every observation of a span that was kept whole, by instant, without a look at the good ones."""
        names = self._names.words()
        chosen = names if targets is None else [n for name in targets if (n := self._names.find(name))]
        found = [one for number in chosen for one in self._witnessed(number, span)]
        return sorted(found, key=lambda one: one.exchange.at_ms or 0)

    def _witnessed(self, number: int, span: Span) -> Iterable[Witnessed]:
        rows = self._connection.execute(
            "SELECT e.at_ms, e.exchange, o.context, o.finding FROM exchanges e "
            "JOIN observations o ON o.target = e.target AND o.at_ms = e.at_ms "
            "WHERE e.target = ? AND e.at_ms >= ? AND e.at_ms < ? ORDER BY e.at_ms",
            (number, *span),
        ).fetchall()
        later = {one.ruling.at_ms: one.ruling for one in self._appended(number, span)} if rows else {}
        contexts, grounds = self._contexts.words(), self._grounds.words()
        for at_ms, blob, context, finding in rows:
            yield Witnessed(unpack_exchange(blob), contexts[context], grounds[finding].finding, later.get(at_ms))

    def first_ruling(self, target: str, at_ms: int) -> Ruling | None:
        """The ruling an observation was written with. Of one not kept whole, ``ruled_at_ms`` is its end."""
        row = self._connection.execute(
            "SELECT o.finding, coalesce(e.ruled_at_ms, o.at_ms + coalesce(o.total, 0) / 10), e.evidence "
            "FROM observations o LEFT JOIN exchanges e ON e.target = o.target AND e.at_ms = o.at_ms "
            "WHERE o.target = ? AND o.at_ms = ?",
            (self._names.find(target), at_ms),
        ).fetchone()
        if row is None:
            return None
        ground = self._grounds.words()[row[0]]
        evidence = _decode_evidence(row[2]) if row[2] else ()
        return Ruling(target, at_ms, ground.finding, Origin.LIVE, ground.edition, row[1], evidence)

    def exchange(self, target: str, at_ms: int) -> Exchange | None:
        """The whole exchange of an observation, where it was kept."""
        row = self._connection.execute(
            "SELECT exchange FROM exchanges WHERE target = ? AND at_ms = ?", (self._names.find(target), at_ms)
        ).fetchone()
        return unpack_exchange(row[0]) if row else None

    def rulings(self, span: Span, *, targets: Iterable[str] | None = None) -> list[Appended]:
        """Every later ruling on the observations of a span, withdrawn ones too.

        By target, then instant; the last one of an observation is the one that stands.
        """
        names = self._names.words()
        chosen = names if targets is None else [n for name in targets if (n := self._names.find(name))]
        return [one for number in chosen for one in self._appended(number, span)]

    def _appended(self, number: int, span: Span) -> Iterable[Appended]:
        names, grounds = self._names.words(), self._grounds.words()
        for (
            n,
            target,
            at_ms,
            finding,
            origin,
            ruled,
            evidence,
            author,
            because,
            declaration,
            withdrawn,
        ) in self._connection.execute(_RULINGS, (number, *span)).fetchall():
            ruling = Ruling(
                names[target],
                at_ms,
                grounds[finding].finding,
                Origin(origin),
                grounds[finding].edition,
                ruled,
                _decode_evidence(evidence) if evidence else (),
                author,
                because,
            )
            yield Appended(n, ruling, declaration, bool(withdrawn))

    def tallies(self) -> dict[tuple[str, Verdict], int]:
        """How many observations were first ruled what, since the book began; pruning takes nothing away."""
        names = self._names.words()
        rows = self._connection.execute("SELECT target, verdict, observations FROM tallies")
        return {(names[target], Verdict(verdict)): count for target, verdict, count in rows}
