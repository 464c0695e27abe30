"""Publications: what was said of each day, with the segments behind it, and a cache of the latest."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from typing import Any

import msgspec

from wamon.core.finding import Cause, Column, Verdict
from wamon.core.segments import Segment
from wamon.ledger.sheet import Sheet
from wamon.ledger.words import Publication, Trail

_PUBLICATION = "INSERT INTO publications VALUES (NULL, ?, ?, ?, ?, ?, ?, ?, ?, ?)"
_SEGMENT = "INSERT INTO segments VALUES (?, ?, ?, ?, ?)"
_DAYS = "INSERT INTO days VALUES (?, ?, ?) ON CONFLICT (month, target) DO UPDATE SET latest = excluded.latest"
_ROW = "n, target, day, revision, zone, published_at_ms, state, figures, reason, author"

_encode = msgspec.json.Encoder().encode
_decode_figures = msgspec.json.Decoder(dict[str, int | float | str | None]).decode
_decode_month = msgspec.json.Decoder(dict[str, Trail]).decode


class Published(Sheet):
    """The part of the book that holds what was said of days. ``days`` is a cache over it, a row a month."""

    def publish(self, rows: Iterable[tuple[Publication, Sequence[Segment]]]) -> list[Publication]:
        """Append publications with their segments; gives them back with their number and revision."""
        with self.transaction():
            return [self._publish(row, segments) for row, segments in rows]

    def _publish(self, row: Publication, segments: Sequence[Segment]) -> Publication:
        day = row.day.isoformat()
        (revision,) = self._connection.execute(
            "SELECT coalesce(max(revision), 0) + 1 FROM publications WHERE day = ? AND target = ?",
            (day, row.target),
        ).fetchone()
        cells = (
            row.target,
            day,
            revision,
            row.zone,
            row.published_at_ms,
            row.state,
            _encode(row.figures).decode(),
            row.reason,
            row.author,
        )
        number = self._connection.execute(_PUBLICATION, cells).lastrowid or 0
        self._connection.executemany(_SEGMENT, (_segment_cells(number, one) for one in segments))
        written = msgspec.structs.replace(row, revision=revision, n=number)
        self._remember(written)
        return written

    def _remember(self, row: Publication) -> None:
        """Keep the cache's month in step: the first publication of a day, and the latest."""
        month, day = row.day.strftime("%Y-%m"), row.day.isoformat()
        found = self._connection.execute(
            "SELECT latest FROM days WHERE month = ? AND target = ?", (month, row.target)
        ).fetchone()
        days = _decode_month(found[0]) if found else {}
        first = days[day].first if day in days else row
        days[day] = Trail(first, row)
        self._connection.execute(_DAYS, (month, row.target, _encode(days).decode()))

    def trails(self, first: date, last: date) -> dict[tuple[str, date], Trail]:
        """The first and the latest publication of every row's day, both days included; from the cache."""
        rows = self._connection.execute(
            "SELECT target, latest FROM days WHERE month >= ? AND month <= ?",
            (first.strftime("%Y-%m"), last.strftime("%Y-%m")),
        )
        return {
            (target, trail.latest.day): trail
            for target, latest in rows.fetchall()
            for trail in _decode_month(latest).values()
            if first <= trail.latest.day <= last
        }

    def publications(
        self, *, target: str | None = None, day: date | None = None, as_of_ms: int | None = None
    ) -> list[Publication]:
        """The trail, oldest first; with ``as_of_ms`` only what had been published then."""
        wanted = {
            "target = ?": target,
            "day = ?": day.isoformat() if day else None,
            "published_at_ms <= ?": as_of_ms,
        }
        chosen = {clause: value for clause, value in wanted.items() if value is not None}
        where = f"WHERE {' AND '.join(chosen)}" if chosen else ""
        rows = self._connection.execute(
            f"SELECT {_ROW} FROM publications {where} ORDER BY n",  # noqa: S608  # the clauses are ours
            tuple(chosen.values()),
        )
        return [_publication(cells) for cells in rows.fetchall()]

    def segments(self, publication: int) -> list[Segment]:
        """The stretches behind a publication, by its number."""
        rows = self._connection.execute(
            'SELECT start_ms, end_ms, "column", facts FROM segments WHERE publication = ? ORDER BY start_ms',
            (publication,),
        )
        return [_segment(cells) for cells in rows.fetchall()]

    def rebuild_days(self) -> int:
        """Make the cache anew from the trail; how many days it holds."""
        trails: dict[tuple[str, str], dict[str, Trail]] = {}
        for row in self.publications():
            days = trails.setdefault((row.day.strftime("%Y-%m"), row.target), {})
            known = days.get(row.day.isoformat())
            days[row.day.isoformat()] = Trail(known.first if known else row, row)
        with self.transaction():
            self._connection.execute("DELETE FROM days")
            for (month, target), days in trails.items():
                self._connection.execute(_DAYS, (month, target, _encode(days).decode()))
        return sum(len(days) for days in trails.values())


def _publication(cells: Sequence[Any]) -> Publication:
    n, target, day, revision, zone, published_at_ms, state, figures, reason, author = cells
    sums: Mapping[str, int | float | str | None] = _decode_figures(figures)
    return Publication(
        target, date.fromisoformat(day), zone, published_at_ms, state, sums, reason, author, revision, n
    )


def _segment_cells(publication: int, one: Segment) -> tuple[Any, ...]:
    facts = _encode((one.verdict, one.cause, one.provisional, one.rule, one.outage, one.looks)).decode()
    return (publication, one.start_ms, one.end_ms, one.column.value, facts)


def _segment(cells: Sequence[Any]) -> Segment:
    start_ms, end_ms, column, facts = cells
    verdict, cause, provisional, rule, outage, looks = msgspec.json.decode(facts)
    return Segment(
        start_ms, end_ms, Column(column), Verdict(verdict), Cause(cause), provisional, rule, outage, looks
    )
