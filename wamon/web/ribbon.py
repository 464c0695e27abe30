"""A day as a ribbon: every stretch in its place, told apart by height and pattern as well as by colour."""

from collections.abc import Sequence
from zoneinfo import ZoneInfo

import msgspec

from wamon.core.chronicle import Chronicle
from wamon.core.finding import Column
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
    """The drawn day: pieces, instants below them, and the stretches that were not up in words."""

    pieces: list[Piece]
    ticks: list[str]
    stretches: list[Stretch]
    summary: str


def ribbon(told: Chronicle, now_ms: int) -> Ribbon:
    """A chronicle's segments and, between them, the time up to now that nobody observed."""
    zone, span = ZoneInfo(told.zone), told.span
    past = Span(span.start_ms, max(span.start_ms, min(span.end_ms, now_ms)))
    gaps = subtract([past], [one.span for one in told.segments])
    rows: list[tuple[Span, Segment | None]] = [(one.span, one) for one in told.segments]
    rows = sorted([*rows, *((gap, None) for gap in gaps)], key=lambda row: row[0])
    planned = [_piece(at, span, "planned", f"{_times(at, zone)}: declared maintenance") for at in told.maintenance]
    drawn = [_piece(at, span, _tone(one), f"{_times(at, zone)}: {_said(one)}") for at, one in rows]
    troubled = [(at, one) for at, one in rows if one is None or one.column is not Column.UP]
    return Ribbon(
        pieces=[*drawn, *planned],
        ticks=[_clock(span.start_ms + number * span.length_ms // _TICKS, zone) for number in range(_TICKS + 1)],
        stretches=[_stretch(at, one, zone) for at, one in troubled],
        summary=_summary(rows),
    )


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


def _stretch(at: Span, one: Segment | None, zone: ZoneInfo) -> Stretch:
    return Stretch(
        _clock(at.start_ms, zone),
        _clock(at.end_ms, zone),
        clock_text(at.length_ms),
        _tone(one),
        _said(one),
        _why(one) if one else "",
    )


def _why(one: Segment) -> str:
    firm = ", not yet certain" if one.provisional else ""
    looks = "1 look" if one.looks == 1 else f"{one.looks} looks"
    cause = "" if one.cause.value == "none" else f", cause {one.cause.value.replace('_', ' ')}"
    return f"{WHOSE[one.verdict]}: {one.verdict.value.replace('_', ' ')}{cause}{firm}; {looks}"


def _summary(rows: Sequence[tuple[Span, Segment | None]]) -> str:
    sums: dict[str, int] = {}
    for at, one in rows:
        sums[_said(one)] = sums.get(_said(one), 0) + at.length_ms
    return "; ".join(f"{said} {clock_text(lasted_ms)}" for said, lasted_ms in sums.items())
