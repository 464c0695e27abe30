"""What a pass asks of the book before it reads any day: who was in trouble, what is news, how much was counted."""

from collections.abc import Mapping, Sequence
from datetime import date

from wamon.core.afresh import SLACK_MS, Band, News, OnRecord, band_around
from wamon.core.doubt import First, Trouble
from wamon.core.finding import Origin, Ruling, Verdict
from wamon.core.knowledge import Look
from wamon.core.spoken import Said
from wamon.core.tallies import COUNTED
from wamon.core.timeline import Span
from wamon.core.watched import Watched
from wamon.ledger.observations import Observed

# CROSS JOIN: from the few that were kept to their observations. Left to itself SQLite reads every observation.
_KEPT = """
    SELECT DISTINCT o.context, o.finding FROM exchanges e
    CROSS JOIN observations o ON o.target = e.target AND o.at_ms = e.at_ms
    WHERE e.target = ? AND e.at_ms >= ? AND e.at_ms < ?"""
_LOOKS = "SELECT at_ms, context, finding FROM observations WHERE target = ? AND at_ms >= ? AND at_ms < ?"
_AGAIN = "SELECT EXISTS (SELECT 1 FROM rulings WHERE target = ? AND at_ms >= ? AND at_ms < ?)"
_FIRST_NEWS = "SELECT at_ms, ruled_at_ms FROM exchanges WHERE target = ? AND at_ms >= ? AND at_ms < ?"
_LATER_NEWS = """
    SELECT r.at_ms, max(r.ruled_at_ms - CASE r.origin WHEN ? THEN ? ELSE 0 END, coalesce(w.withdrawn_at_ms, 0))
    FROM rulings r LEFT JOIN withdrawals w ON w.declaration = r.declaration
    WHERE r.target = ? AND r.at_ms >= ? AND r.at_ms < ?"""


class Reviewed(Observed):
    """The part of the book that tells where a pass must look."""

    def troubles(self, span: Span) -> dict[str, Trouble]:
        """The targets with looks that were kept whole, and the different words on those."""
        contexts, grounds = self._contexts.words(), self._grounds.words()
        found: dict[str, Trouble] = {}
        for number, name in self._names.words().items():
            rows = self._connection.execute(_KEPT, (number, *span)).fetchall()
            firsts = {
                First(contexts[context], grounds[finding].finding, grounds[finding].edition)
                for context, finding in rows
                if not contexts[context].repeated
            }
            if firsts:
                (again,) = self._connection.execute(_AGAIN, (number, *span)).fetchone()
                found[name] = Trouble(firsts, bool(again))
        return found

    def looks(self, control: str, span: Span) -> list[Look]:
        """A control's looks as evidence, by what was first found. How long a good one took is not needed."""
        contexts, grounds = self._contexts.words(), self._grounds.words()
        intervals = {number: one.interval_ms for number, one in contexts.items() if not one.repeated}
        failed = {number: one.finding.verdict is not Verdict.OK for number, one in grounds.items()}
        rows = self._connection.execute(_LOOKS, (self._names.find(control), *span))
        return [
            Look(at_ms, at_ms, intervals[context], failed[finding])
            for at_ms, context, finding in rows.fetchall()
            if context in intervals
        ]

    def news(self, target: str, span: Span) -> list[News]:
        """Since when each look that was kept whole, and each later word on one, is known.

        What a pass ruled was published with it, in one transaction.
        """
        number = self._names.find(target)
        first = self._connection.execute(_FIRST_NEWS, (number, *span))
        later = self._connection.execute(_LATER_NEWS, (Origin.RECLASSIFICATION, SLACK_MS, number, *span))
        return [News(*row) for row in (*first, *later)]

    def counted(self, target: str, spans: Sequence[Span]) -> list[int]:
        """How many looks of each span were first found to be an answer or a failure of Meta's."""
        beside = [
            number for number, ground in self._grounds.words().items() if ground.finding.column not in COUNTED
        ]
        repeated = [number for number, context in self._contexts.words().items() if context.repeated]
        query = (
            "SELECT count(*) FROM observations WHERE target = ? AND at_ms >= ? AND at_ms < ?"  # noqa: S608
            + (f" AND finding NOT IN ({', '.join(map(str, beside))})" if beside else "")
            + (f" AND context NOT IN ({', '.join(map(str, repeated))})" if repeated else "")
        )
        number = self._names.find(target)
        return [self._connection.execute(query, (number, *span)).fetchone()[0] for span in spans]

    def known_of(self, target: Watched, days: Mapping[date, Span], span: Span) -> OnRecord:
        """What is known of a target's days without their being read. ``span`` is how far looks may be read."""
        bands = {day: band_around(whole.end_ms, target.interval_ms, span.end_ms) for day, whole in days.items()}
        return OnRecord(
            target,
            sorted(self.news(target.name, span)),
            dict(zip(days, self.counted(target.name, list(days.values())), strict=True)),
            {day: Band(band, self.marks(target.name, band)) for day, band in bands.items()},
        )


def unruled(book: Reviewed, said: Said, target: str, since_ms: int, edition: str) -> list[Ruling]:
    """A person's rulings on the looks of their range that came since and that they do not have yet."""
    span = Span(max(since_ms, said.spoken.start_ms), said.spoken.end_ms)
    done = {one.ruling.at_ms for one in book.rulings(span, targets=[target]) if one.declaration == said.number}
    fresh = said.rulings(target, book.marks(target, span, people=False), edition)
    return [one for one in fresh if one.at_ms not in done]
