"""Ninety daily bars of one row: height, pattern and words say the same as the colour."""

from collections.abc import Iterator, Sequence
from datetime import date, timedelta

import msgspec

from wamon.core.publication import DayState
from wamon.core.report import Day
from wamon.core.uptime import Figures, clock_text
from wamon.web.words import coverage_share, day_text, experienced_share, platform_share, stopped_ms

SHOWN = 90

_HEIGHTS = ((0.0, 10), (0.0005, 9), (0.005, 8), (0.02, 7), (0.05, 6), (0.1, 5), (0.25, 4), (0.5, 3))
"""Share of the observed time in which something stopped us, at most, and the bar's height in tenths.

The steps are finer near the top: a day is judged by minutes, not by quarters.
"""


class Bar(msgspec.Struct, frozen=True):
    """One day: the classes it is drawn with, and everything it shows in words."""

    classes: str
    text: str


class Word(msgspec.Struct, frozen=True):
    """A day with something to say, in words."""

    day: str
    text: str


def bars(days: Sequence[Day], today: date) -> list[Bar]:
    """The last ninety days from old to today; a day of which nothing is known has an empty place."""
    known = {one.date: one for one in days}
    dates = (today - timedelta(days=number) for number in range(SHOWN - 1, -1, -1))
    return [_bar(known[day]) if day in known else Bar("none", f"{day_text(day)}: not watched") for day in dates]


def remarkable(days: Sequence[Day]) -> list[Word]:
    """The days on which anything was lost, unseen or restated, newest first: what the bars show, as text."""
    return [Word(day_text(one.date), "; ".join(_facts(one))) for one in reversed(days) if _worth_a_word(one)]


def _worth_a_word(one: Day) -> bool:
    return one.restated or _tone(one.figures) != "good" or not one.figures.sufficient


def _bar(one: Day) -> Bar:
    sums = one.figures
    classes = [_tone(sums), f"h{_height(sums)}", f"seen-{_seen(sums)}"]
    if one.restated:
        classes.append("restated")
    return Bar(" ".join(classes), f"{day_text(one.date)}: {'; '.join(_facts(one))}")


def _tone(sums: Figures) -> str:
    """Whose fault most of what was lost is; a day seen too little is grey, whatever was seen of it."""
    if not sums.sufficient:
        return "blank"
    lost = {"down": sums.down_ms, "net": sums.network_ms, "user": sums.user_error_ms}
    tone = max(lost, key=lambda name: lost[name])
    return tone if lost[tone] else "good"


def _height(sums: Figures) -> int:
    lost = stopped_ms(sums) / sums.observed_ms if sums.observed_ms > 0 else 0.0
    return next((height for limit, height in _HEIGHTS if lost <= limit), 2)


def _seen(sums: Figures) -> str:
    """How much of the day was observed: the line under a bar."""
    if not sums.sufficient:
        return "little"
    return "all" if sums.coverage is not None and sums.coverage >= 0.99 else "most"


def _facts(one: Day) -> Iterator[str]:
    sums = one.figures
    platform, experienced, coverage = platform_share(sums), experienced_share(sums), coverage_share(sums)
    yield f"{platform.text}, down {platform.lost}" if platform.lost else platform.text
    if experienced.lost != platform.lost:
        yield f"experienced {experienced.text}, lost {experienced.lost}"
    if sums.unobserved_ms:
        yield f"coverage {coverage.text}, unobserved {coverage.lost}"
    if sums.maintenance_ms:
        yield f"maintenance {clock_text(sums.maintenance_ms)}"
    if one.state is DayState.OPEN:
        yield "not over yet"
    if one.restated and one.first is not None:
        yield f"restated, revision {one.revision}, first {platform_share(one.first).text}"
