"""Publications: what was said of each day, with the segments behind it, and a cache of the latest."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from typing import Any, NamedTuple

import msgspec
from sqlite_utils import Database

from wamon.core import publication as core
from wamon.core.finding import Cause, Column, Verdict
from wamon.core.segments import Segment
from wamon.ledger.failures import LedgerError
from wamon.ledger.seals import Seals
from wamon.ledger.words import FigureValue, Publication, Trail

_PUBLICATION = "INSERT INTO publications VALUES (NULL, ?, ?, ?, ?, ?, ?, ?, ?, ?)"
_SEGMENT = "INSERT INTO segments VALUES (?, ?, ?, ?, ?)"
_DAYS = "INSERT INTO days VALUES (?, ?, ?) ON CONFLICT (month, target) DO UPDATE SET trails = excluded.trails"
_ROW = "n, target, day, revision, zone, published_at_ms, state, figures, reason, author"

_encode = msgspec.json.Encoder().encode
_decode_figures = msgspec.json.Decoder(dict[str, FigureValue]).decode

# A month of a row in the cache: for each day the latest publication, and the first where that is another one.
# Figures of zero, and the usual author, are left out. It is read straight into the core's words, so that a year
# of 20 rows takes milliseconds.
_Line = tuple[core.Publication, core.Publication | None]
_USUAL = {"author": "wamon"}
_pack = msgspec.msgpack.Encoder().encode
_unpack = msgspec.msgpack.Decoder(list[_Line]).decode


MONTHS_KEPT = 320
"""So many rows' months stay unpacked, a year of twenty rows: months that are over hardly ever change, and are read
with every report. A question about more keeps none of them, and with the first look at a new month those go that
are not asked for any more: what is kept does not grow with history."""


class _Month(NamedTuple):
    """A month of a row as the cache holds it, and what it says."""

    packed: bytes
    trails: Mapping[tuple[str, date], Trail]


class Published(Seals):
    """The part of the book that holds what was said of days. ``days`` is a cache over it, a row a month."""

    def __init__(self, db: Database, place: str) -> None:
        super().__init__(db, place)
        self.unpacked: dict[tuple[str, str], _Month] = {}
        """Months as they were last read, each with the bytes it was read from."""

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
        self.seal(row.target, row.day, row.zone, number)
        written = msgspec.structs.replace(row, revision=revision, n=number)
        self._remember(written)
        return written

    def _remember(self, row: Publication) -> None:
        """Keep the cache's month in step."""
        month = row.day.strftime("%Y-%m")
        found = self._connection.execute(
            "SELECT trails FROM days WHERE month = ? AND target = ?", (month, row.target)
        ).fetchone()
        lines = {latest.day: (latest, first) for latest, first in self._lines(found[0])} if found else {}
        lines[row.day] = _line(row, lines.get(row.day))
        self._store(month, row.target, lines.values())

    def _store(self, month: str, target: str, lines: Iterable[_Line]) -> None:
        lean = [[one and _lean(one) for one in line] for line in lines]
        self._connection.execute(_DAYS, (month, target, _pack(lean)))

    def _lines(self, trails: bytes) -> list[_Line]:
        try:
            return _unpack(trails)
        except (msgspec.MsgspecError, UnicodeDecodeError) as failure:
            raise LedgerError(
                f"{self.place}: the cache of days cannot be read ({failure}): "
                "stop wamon, then make it anew with: wamon db rebuild"
            ) from None

    def trails(self, first: date, last: date) -> dict[tuple[str, date], Trail]:
        """The first and the latest publication of every row's day, both days included; from the cache."""
        edges = (first.strftime("%Y-%m"), last.strftime("%Y-%m"))
        rows = self._connection.execute(
            "SELECT month, target, trails FROM days WHERE month >= ? AND month <= ?", edges
        ).fetchall()
        found: dict[tuple[str, date], Trail] = {}
        for (month, _), read in self._months(rows).items():
            if month in edges:
                found.update((key, trail) for key, trail in read.trails.items() if first <= key[1] <= last)
            else:
                found.update(read.trails)
        return found

    def _months(self, rows: Sequence[tuple[str, str, bytes]]) -> dict[tuple[str, str], _Month]:
        """Rows of the cache unpacked; one whose bytes are those of last time is as it was last time."""
        read: dict[tuple[str, str], _Month] = {}
        for month, target, packed in rows:
            before = self.unpacked.get((month, target))
            same = before is not None and before.packed == packed
            read[month, target] = before if before is not None and same else self._month(packed)
        if len(read) <= MONTHS_KEPT:
            kept = self.unpacked | read
            anew = len(kept) > MONTHS_KEPT or _newest(read) > _newest(self.unpacked)
            self.unpacked = read if anew else kept
        return read

    def _month(self, packed: bytes) -> _Month:
        lines = self._lines(packed)
        return _Month(packed, {(one.target, one.day): (before or one, one) for one, before in lines})

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

    def closed_rows(self, at_ms: int) -> list[tuple[date, str, str]]:
        """Day, target and zone of every row that was published by an instant, not by a clock that was ahead."""
        rows = self._connection.execute(
            "SELECT day, target, zone FROM publications WHERE published_at_ms <= ? "
            "GROUP BY day, target ORDER BY day, min(n)",
            (at_ms,),
        )
        return [(date.fromisoformat(day), target, zone) for day, target, zone in rows.fetchall()]

    def segments(self, publication: int) -> list[Segment]:
        """The stretches behind a publication, by its number."""
        rows = self._connection.execute(
            'SELECT start_ms, end_ms, "column", facts FROM segments WHERE publication = ? ORDER BY start_ms',
            (publication,),
        )
        return [_segment(cells) for cells in rows.fetchall()]

    def standing_segments(self, first: date, last: date) -> dict[str, list[Segment]]:
        """The stretches behind what stands of every target's days, both days included, by time."""
        rows = self._connection.execute(
            'SELECT p.target, s.start_ms, s.end_ms, s."column", s.facts FROM publications p '
            "JOIN segments s ON s.publication = p.n WHERE p.day >= ? AND p.day <= ? AND p.revision = "
            "(SELECT max(revision) FROM publications WHERE day = p.day AND target = p.target) "
            "ORDER BY s.start_ms",
            (first.isoformat(), last.isoformat()),
        )
        found: dict[str, list[Segment]] = {}
        for target, *cells in rows.fetchall():
            found.setdefault(target, []).append(_segment(cells))
        return found

    def rebuild_days(self) -> int:
        """Make the cache anew from the trail; how many days it holds."""
        months: dict[tuple[str, str], dict[date, _Line]] = {}
        with self.transaction():
            for row in self.publications():
                lines = months.setdefault((row.day.strftime("%Y-%m"), row.target), {})
                lines[row.day] = _line(row, lines.get(row.day))
            self._connection.execute("DELETE FROM days")
            for (month, target), lines in months.items():
                self._store(month, target, lines.values())
        return sum(len(lines) for lines in months.values())


def _newest(months: Iterable[tuple[str, str]]) -> str:
    return max((month for month, _ in months), default="")


def _line(row: Publication, before: _Line | None) -> _Line:
    """A day's line once this publication is the latest."""
    latest = core.Publication(
        row.target,
        row.day,
        row.zone,
        row.revision,
        row.published_at_ms,
        core.figures_from(row.figures),
        row.reason,
        row.author,
        core.secondary_from(row.figures),
    )
    return latest, (before[1] or before[0]) if before else None


def _lean(row: core.Publication) -> dict[str, object]:
    figures = {name: sum_ms for name, sum_ms in msgspec.structs.asdict(row.figures).items() if sum_ms}
    lean = msgspec.structs.asdict(row) | {"figures": figures}
    return {name: value for name, value in lean.items() if value != _USUAL.get(name)}


def _publication(cells: Sequence[Any]) -> Publication:
    n, target, day, revision, zone, published_at_ms, state, figures, reason, author = cells
    sums: Mapping[str, FigureValue] = _decode_figures(figures)
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
