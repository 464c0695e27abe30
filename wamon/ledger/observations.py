"""Observations and rulings: written once, read as marks by the thousand or as whole exchanges by the few."""

from collections import Counter
from collections.abc import Iterable, Sequence
from typing import Any

import msgspec

from wamon.core.finding import Context, Finding, Mark, Origin, Ruling, Verdict
from wamon.core.observation import Exchange
from wamon.core.timeline import Span
from wamon.ledger.packing import pack_durations, pack_exchange, unpack_durations, unpack_exchange
from wamon.ledger.seals import Seals
from wamon.ledger.sheet import Ground
from wamon.ledger.words import Appended, Recorded, Witnessed

_OBSERVATION = "INSERT INTO observations VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING"
_EXCHANGE = "INSERT INTO exchanges VALUES (?, ?, ?, ?, ?)"
_TALLY = """INSERT INTO tallies VALUES (?, ?, 1)
            ON CONFLICT (target, verdict) DO UPDATE SET observations = observations + 1"""
_RULING = "INSERT INTO rulings VALUES (NULL, ?, ?, ?, ?, ?, ?, ?, ?, ?)"
_MARKS = "SELECT at_ms, context, finding FROM observations WHERE target = ? AND at_ms >= ? AND at_ms < ?"

# The last row of an observation in this order is the one that stands, unless it was withdrawn: a person's, else
# the latest. The order is the book's own (n), not a clock's.
_RULINGS = """
    SELECT r.n, r.target, r.at_ms, r.finding, r.origin, r.ruled_at_ms, r.evidence, r.author, r.because,
           r.declaration, w.declaration IS NOT NULL
    FROM rulings r LEFT JOIN withdrawals w ON w.declaration = r.declaration
    WHERE r.target = ? AND r.at_ms >= ? AND r.at_ms < ?
    ORDER BY r.at_ms, w.declaration IS NULL, r.origin = 'person', r.n"""

_COUNT = "SELECT target, finding, count(*) FROM observations GROUP BY target, finding"
_OLD = "SELECT finding, count(*) FROM observations WHERE target = ? AND at_ms < ? GROUP BY finding"
_CUT = "SELECT at_ms FROM observations WHERE target = ? AND at_ms < ? ORDER BY at_ms LIMIT 1 OFFSET ?"

PRUNED = ("exchanges", "observations")
"""What pruning drops, in this order: an exchange refers to its observation."""

_LARGEST = 2**63 - 1

_decode_evidence = msgspec.json.Decoder(tuple[str, ...]).decode


def _evidence_cell(evidence: tuple[str, ...]) -> str | None:
    return msgspec.json.encode(evidence).decode() if evidence else None


def _storable(finding: Finding) -> Finding:
    """Whatever a hostile answer calls its code: beyond 64 bits it is none, and must not cost the observation."""
    codes = (finding.code or 0, finding.subcode or 0)
    if all(-_LARGEST <= code <= _LARGEST for code in codes):
        return finding
    kept = {"code": finding.code, "subcode": finding.subcode}
    return msgspec.structs.replace(
        finding, **{name: None for name, code in kept.items() if code and abs(code) > _LARGEST}
    )


class Observed(Seals):
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
        if (exchange.target, exchange.at_ms) != (ruling.target, ruling.at_ms):
            raise ValueError(f"the ruling is on {ruling.target}@{ruling.at_ms}, not on this exchange")
        finding, at_ms = _storable(ruling.finding), ruling.at_ms
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
            self.came_late(target, at_ms)
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
            Ground(_storable(ruling.finding), ruling.edition),
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

    def marks(
        self,
        target: str,
        span: Span,
        *,
        standing: bool = True,
        people: bool = True,
        without: int | None = None,
    ) -> list[Mark]:
        """A target's observations that began in the span, by instant; with the standing or the first finding.

        Those of time that a clock set back repeated are left out: the first observation stands.
        ``people`` false leaves their rulings aside; ``without``: as if that declaration were withdrawn.
        """
        number = self._names.find(target)
        if number is None:
            return []
        rows = self._connection.execute(_MARKS, (number, *span)).fetchall()
        return self._as_marks(rows, self._standing(number, span, people, without) if standing else {})

    def _as_marks(self, rows: Sequence[tuple[int, int, int]], later: dict[int, Finding]) -> list[Mark]:
        contexts = self._contexts.words()
        if repeated := {number for number, context in contexts.items() if context.repeated}:
            rows = [row for row in rows if row[1] not in repeated]
        firsts = {number: ground.finding for number, ground in self._grounds.words().items()}
        if not later:
            return [Mark(at_ms, contexts[context], firsts[finding]) for at_ms, context, finding in rows]
        return [
            Mark(at_ms, contexts[context], later.get(at_ms) or firsts[finding]) for at_ms, context, finding in rows
        ]

    def _standing(self, number: int, span: Span, people: bool, without: int | None) -> dict[int, Finding]:
        grounds = self._grounds.words()
        rows = self._connection.execute(_RULINGS, (number, *span))
        return {
            at_ms: grounds[finding].finding
            for _, _, at_ms, finding, *_, declaration, withdrawn in rows
            if declaration is None or (people and not withdrawn and declaration != without)
        }

    def ruled_by(self, declaration: int) -> list[tuple[str, Span, int]]:
        """What a declaration ruled on: by target, from its first look to behind its last, and how many."""
        rows = self._connection.execute(
            "SELECT t.name, min(r.at_ms), max(r.at_ms) + 1, count(*) FROM rulings r "
            "JOIN targets t ON t.id = r.target WHERE r.declaration = ? GROUP BY r.target ORDER BY r.target",
            (declaration,),
        )
        return [(name, Span(first, end), looks) for name, first, end, looks in rows.fetchall()]

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
            "SELECT e.at_ms, e.exchange, o.context, o.finding FROM exchanges e "  # in this order: few before many
            "CROSS JOIN observations o ON o.target = e.target AND o.at_ms = e.at_ms "
            "WHERE e.target = ? AND e.at_ms >= ? AND e.at_ms < ? ORDER BY e.at_ms",
            (number, *span),
        ).fetchall()
        appended = self._appended(number, span) if rows else ()
        later = {one.ruling.at_ms: one.ruling for one in appended if not one.withdrawn}
        contexts, grounds = self._contexts.words(), self._grounds.words()
        for at_ms, blob, context, finding in rows:
            yield Witnessed(unpack_exchange(blob), contexts[context], grounds[finding].finding, later.get(at_ms))

    def codes(self, target: str, span: Span) -> Counter[int]:
        """How often each of Meta's codes was seen in a span. Good looks, which bring none, are not read."""
        rows = self._connection.execute(
            "SELECT o.finding, count(*) FROM exchanges e "
            "CROSS JOIN observations o ON o.target = e.target AND o.at_ms = e.at_ms "
            "WHERE e.target = ? AND e.at_ms >= ? AND e.at_ms < ? GROUP BY o.finding",
            (self._names.find(target), *span),
        ).fetchall()
        grounds, found = self._grounds.words(), Counter[int]()
        for finding, count in rows:
            if (code := grounds[finding].finding.code) is not None:
                found[code] += count
        return found

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

        By target, then instant; of an observation's the last one stands, unless it was withdrawn.
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
        rows = self._connection.execute(
            "SELECT t.name, n.verdict, n.observations FROM tallies n JOIN targets t ON t.id = n.target"
        )
        return {(name, Verdict(verdict)): count for name, verdict, count in rows.fetchall()}

    def rebuild_tallies(self) -> int:
        """Count anew: the observations that are here, and those that were pruned; how many there are in all."""
        with self.transaction():
            verdicts = {number: ground.finding.verdict for number, ground in self._grounds.words().items()}
            counted = Counter[tuple[int, str]]()
            for target, finding, count in self._connection.execute(_COUNT):
                counted[target, verdicts[finding]] += count
            for target, verdict, count in self._connection.execute(
                "SELECT target, verdict, observations FROM pruned"
            ):
                counted[target, verdict] += count
            self._connection.execute("DELETE FROM tallies")
            self._connection.executemany(
                "INSERT INTO tallies VALUES (?, ?, ?)", [(*key, count) for key, count in counted.items()]
            )
        return counted.total()

    def prune(self, before_ms: int, *, most: int | None = None) -> int:
        """Drop observations older than an instant, in one transaction that lifts the guards for itself alone.

        About ``most`` of them, the oldest of every target first; how many went. Later rulings, publications and
        segments stay for good, and what goes is counted first. The caller sees to it that the days are settled.
        """
        with self.transaction():
            numbers = list(self._names.words())
            share = None if most is None else max(1, most // max(1, len(numbers)))
            cuts = [(number, self._cut(number, before_ms, share)) for number in numbers]
            pruned = sum(self._summarise(number, cut_ms) for number, cut_ms in cuts)
            if pruned:
                self._drop(cuts)
        return pruned

    def pruned(self) -> dict[str, int]:
        """Up to which instant observations were dropped, by target; only targets of which some were."""
        rows = self._connection.execute(
            "SELECT t.name, max(p.before_ms) FROM pruned p JOIN targets t ON t.id = p.target GROUP BY p.target"
        )
        return dict(rows.fetchall())

    def last_looks(self) -> dict[str, int]:
        """When every target ever watched was last looked at; one never looked at is left out."""
        rows = self._connection.execute(
            "SELECT t.name, (SELECT max(at_ms) FROM observations WHERE target = t.id) FROM targets t ORDER BY t.id"
        )
        return {name: at_ms for name, at_ms in rows if at_ms is not None}

    def looked_at(self, span: Span) -> dict[str, Context]:
        """Who was looked at in a span, with the context of one of the looks."""
        rows = self._connection.execute(
            "SELECT t.name, (SELECT context FROM observations WHERE target = t.id AND at_ms >= ? AND at_ms < ? "
            "LIMIT 1) FROM targets t ORDER BY t.id",
            tuple(span),
        ).fetchall()
        contexts = self._contexts.words()
        return {name: contexts[number] for name, number in rows if number is not None}

    def last_contexts(self) -> dict[str, Context]:
        """What every target ever watched was when it was last looked at; one never looked at is left out."""
        rows = self._connection.execute(
            "SELECT t.name, (SELECT context FROM observations WHERE target = t.id ORDER BY at_ms DESC LIMIT 1) "
            "FROM targets t ORDER BY t.id"
        ).fetchall()
        contexts = self._contexts.words()
        return {name: contexts[number] for name, number in rows if number is not None}

    def _cut(self, number: int, before_ms: int, most: int | None) -> int:
        row = None if most is None else self._connection.execute(_CUT, (number, before_ms, most)).fetchone()
        return row[0] if row else before_ms

    def _summarise(self, number: int, cut_ms: int) -> int:
        rows = self._connection.execute(_OLD, (number, cut_ms)).fetchall()
        verdicts = self._grounds.words()
        self._connection.executemany(
            "INSERT INTO pruned VALUES (NULL, ?, ?, ?, ?)",
            [(number, cut_ms, verdicts[finding].finding.verdict, count) for finding, count in rows],
        )
        return sum(count for _, count in rows)

    def _drop(self, cuts: Sequence[tuple[int, int]]) -> None:
        for table in PRUNED:
            with self.prunable(table):
                self._connection.executemany(f"DELETE FROM {table} WHERE target = ? AND at_ms < ?", cuts)  # noqa: S608
