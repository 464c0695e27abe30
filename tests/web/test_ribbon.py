"""A day as a ribbon: what counts the same is one stretch, and every look's own say stays readable behind it."""

from datetime import date

from wamon.core.chronicle import Chronicle
from wamon.core.finding import Cause, Column, Verdict
from wamon.core.publication import DayState
from wamon.core.report import Day
from wamon.core.segments import Segment
from wamon.core.timeline import HOUR, MINUTE, Span, parse_iso
from wamon.core.uptime import Figures
from wamon.web.ribbon import ribbon

DAY = parse_iso("2026-11-03T00:00:00Z")
TEN = DAY + 10 * HOUR


def stretch(start: int, end: int, column: Column, verdict: Verdict, cause: Cause, looks: int = 1) -> Segment:
    """Minutes after ten."""
    return Segment(TEN + start * MINUTE, TEN + end * MINUTE, column, verdict, cause, False, "", -1, looks)


UP = (Column.UP, Verdict.OK, Cause.NONE)
SERVICE = (Column.DOWN, Verdict.SYSTEM_ERROR, Cause.SERVICE)
EDGE = (Column.DOWN, Verdict.SYSTEM_ERROR, Cause.EDGE)
OURS = (Column.USER, Verdict.USER_ERROR, Cause.AUTHENTICATION)


def told(*segments: Segment) -> Chronicle:
    span = Span(DAY, DAY + 24 * HOUR)
    day = Day(date(2026, 11, 3), DayState.CLOSED, 1, Figures(total_ms=span.length_ms))
    return Chronicle("api", span, "UTC", day, segments)


def test_an_outage_of_changing_causes_is_one_stretch_with_its_causes_counted() -> None:
    drawn = ribbon(
        told(
            stretch(-600, 0, *UP),
            stretch(0, 2, *SERVICE, looks=2),
            stretch(2, 3, *EDGE),
            stretch(3, 5, *SERVICE, looks=3),
            stretch(5, 10, *OURS, looks=5),
            stretch(10, 840, *UP),
        ),
        DAY + 24 * HOUR,
    )
    metas = "Meta: system error, cause "
    assert [(one.start, one.end, one.lasted, one.said, one.why) for one in drawn.stretches] == [
        ("10:00", "10:05", "0:05:00", "down", f"{metas}service, 5 looks; {metas}edge, 1 look"),
        ("10:05", "10:10", "0:05:00", "refused, our side", "Our side: user error, cause authentication, 5 looks"),
    ]
    assert [(one.start, one.why) for one in drawn.parts] == [
        ("10:00", "Meta: system error, cause service, 2 looks"),
        ("10:02", "Meta: system error, cause edge, 1 look"),
        ("10:03", "Meta: system error, cause service, 3 looks"),
        ("10:05", "Our side: user error, cause authentication, 5 looks"),
    ]
    assert [one.tone for one in drawn.pieces] == ["up", "down", "user", "up"]
    assert drawn.summary == "up 23:50:00; down 0:05:00; refused, our side 0:05:00"


def test_what_is_told_whole_is_not_told_twice() -> None:
    drawn = ribbon(told(stretch(-600, 0, *UP), stretch(0, 2, *SERVICE), stretch(5, 840, *UP)), DAY + 24 * HOUR)
    assert [(one.start, one.end, one.said, one.why) for one in drawn.stretches] == [
        ("10:00", "10:02", "down", "Meta: system error, cause service, 1 look"),
        ("10:02", "10:05", "nobody looked", ""),
    ]
    assert drawn.parts == []
