"""A day as a ribbon: every stretch in its place, told apart by height and pattern as well as by colour."""

from collections.abc import Iterator, Sequence
from zoneinfo import ZoneInfo

import msgspec

from wamon.core.chronicle import Chronicle
from wamon.core.finding import Cause, Column, Verdict
from wamon.core.notice_words import WHOSE
from wamon.core.segments import Segment
from wamon.core.timeline import Span, from_ms, subtract
from wamon.core.uptime import clock_text

WIDTH = 1440
_TICKS = 4

TONES = {
    Column.UP: "up",
    Column.DOWN: "down",
    Column.NETWORK: "net",
    Column.USER: "user",
    Column.UNOBSERVED: "blank",
}
_SAID = {
    Column.UP: "up",
    Column.DOWN: "down",
    Column.NETWORK: "the path to Meta failed",
    Column.USER: "refused, our side",
    Column.UNOBSERVED: "nothing could be said",
}


class Piece(msgspec.Struct, frozen=True):
    """A rectangle of the ribbon, in units of its width, and what it stands for."""

    x: float
    width: float
    tone: str
    said: str


class Stretch(msgspec.Struct, frozen=True):
    """A stretch in words. ``tone`` is that of its piece."""

    start: str
    end: str
    lasted: str
    tone: str
    said: str
    why: str


class Ribbon(msgspec.Struct, frozen=True):
    """The drawn day: pieces, instants below them, and the stretches that were not up in words.

    ``parts`` are the same stretches one by one, by verdict and cause; none where joining told nothing less.
    """

    pieces: list[Piece]
    ticks: list[str]
    stretches: list[Stretch]
    parts: list[Stretch]
    summary: str


_Row = tuple[Span, Segment | None]


def ribbon(told: Chronicle, now_ms: int) -> Ribbon:
    """A chronicle's segments and, between them, the time up to now that nobody observed."""
    zone, span = ZoneInfo(told.zone), told.span
    past = Span(span.start_ms, max(span.start_ms, min(span.end_ms, now_ms)))
    gaps = subtract([past], [one.span for one in told.segments])
    rows: list[_Row] = [(one.span, one) for one in told.segments]
    rows = sorted([*rows, *((gap, None) for gap in gaps)], key=lambda row: row[0])
    joined = _joined(rows)
    planned = [_piece(at, span, "planned", f"{_times(at, zone)}: declared maintenance") for at in told.maintenance]
    drawn = [_piece(at, span, _tone(row[0]), f"{_times(at, zone)}: {_said(row[0])}") for at, row in joined]
    troubled = [(at, row) for at, row in joined if row[0] is None or row[0].column is not Column.UP]
    apart = [(one.span if one else at, [one]) for at, row in troubled for one in row]
    return Ribbon(
        pieces=[*drawn, *planned],
        ticks=[_clock(span.start_ms + number * span.length_ms // _TICKS, zone) for number in range(_TICKS + 1)],
        stretches=[_stretch(at, row, zone) for at, row in troubled],
        parts=[_stretch(at, row, zone) for at, row in apart] if len(apart) > len(troubled) else [],
        summary=_summary(rows),
    )


def _joined(rows: Sequence[_Row]) -> list[tuple[Span, list[Segment | None]]]:
    """Rows that touch and count as the same are one stretch, whatever was seen in each."""
    found: list[tuple[Span, list[Segment | None]]] = []
    for at, one in rows:
        before = found[-1] if found else None
        if before and before[0].end_ms == at.start_ms and _said(before[1][-1]) == _said(one):
            found[-1] = (Span(before[0].start_ms, at.end_ms), [*before[1], one])
        else:
            found.append((at, [one]))
    return found


def _piece(at: Span, day: Span, tone: str, said: str) -> Piece:
    """No stretch is too short to be seen."""
    unit = WIDTH / day.length_ms
    return Piece(
        round((at.start_ms - day.start_ms) * unit, 1), max(1.0, round(at.length_ms * unit, 1)), tone, said
    )


def _tone(one: Segment | None) -> str:
    return TONES[one.column] if one else "blank"


def _clock(at_ms: int, zone: ZoneInfo) -> str:
    return f"{from_ms(at_ms).astimezone(zone):%H:%M:%S}".removesuffix(":00")


def _times(at: Span, zone: ZoneInfo) -> str:
    return f"{_clock(at.start_ms, zone)} to {_clock(at.end_ms, zone)}"


def _said(one: Segment | None) -> str:
    return _SAID[one.column] if one else "nobody looked"


def _stretch(at: Span, row: Sequence[Segment | None], zone: ZoneInfo) -> Stretch:
    seen = [one for one in row if one]
    return Stretch(
        _clock(at.start_ms, zone),
        _clock(at.end_ms, zone),
        clock_text(at.length_ms),
        _tone(row[0]),
        _said(row[0]),
        "; ".join(_whys(seen)),
    )


def _whys(seen: Sequence[Segment]) -> Iterator[str]:
    """``Meta: system error, cause service, 18 looks``: each verdict and cause once, the longest first."""
    alike: dict[tuple[Verdict, Cause, bool], list[Segment]] = {}
    for one in seen:
        alike.setdefault((one.verdict, one.cause, one.provisional), []).append(one)
    longest = sorted(alike.items(), key=lambda row: -sum(one.span.length_ms for one in row[1]))
    for (verdict, cause, provisional), row in longest:
        number = sum(one.looks for one in row)
        firm = ", not yet certain" if provisional else ""
        named = "" if cause is Cause.NONE else f", cause {cause.value.replace('_', ' ')}"
        looks = "1 look" if number == 1 else f"{number} looks"
        yield f"{WHOSE[verdict]}: {verdict.value.replace('_', ' ')}{named}{firm}, {looks}"


def _summary(rows: Sequence[tuple[Span, Segment | None]]) -> str:
    sums: dict[str, int] = {}
    for at, one in rows:
        sums[_said(one)] = sums.get(_said(one), 0) + at.length_ms
    return "; ".join(f"{said} {clock_text(lasted_ms)}" for said, lasted_ms in sums.items())
